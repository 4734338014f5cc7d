"""The alarms: what is said when the watchdog cannot say it, or when nobody read its mails.

Each stands on one figure that exists already: a metric of the watchdog (`contract.Metric`), or the length of the queue of
dead letters. Lambda's own error and throttle metrics get no alarm: a start that fails or is throttled for a minute is a dead
letter, and an arbiter that cannot start at all is silence. Their curves are on the dashboard.

How CloudWatch evaluates an alarm is not emulated by the lab; the tests hold the definitions against its rules.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from failover_lambda.contract import METRIC_NAMESPACE, SITE_DIMENSION, Metric
from infra.naming import Kind, physical, tags
from infra.shapes import child

PERIOD_S = 60
"""The arbiter writes its metrics once a minute; a stored minute is the shortest period without high resolution."""

RUNBOOK = "docs/RUNBOOK.md"

QUEUE_NAMESPACE = "AWS/SQS"
QUEUE_DIMENSION = "QueueName"
QUEUE_LENGTH = "ApproximateNumberOfMessagesVisible"

BELOW = "LessThanThreshold"
AT_LEAST = "GreaterThanOrEqualToThreshold"
BREACHING = "breaching"
NOT_BREACHING = "notBreaching"
"""Silence has an alarm of its own, so no other one is raised by it."""


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One alarm. It is raised when `datapoints` of the last `periods` minutes compare so with the threshold."""

    part: str
    """The end of its name, and the name of its section in the runbook."""
    means: str
    first: str
    """The first thing to do."""
    metric: Metric | None
    """None: the length of the queue of dead letters."""
    statistic: str
    comparison: str
    threshold: float
    periods: int
    datapoints: int
    missing: str = NOT_BREACHING

    @property
    def section(self) -> str:
        """The heading of its section in the runbook."""
        return f"Alarm {self.part}"


ALARMS = (
    Alarm(
        part="watchdog-silent",
        means="No arbiter has completed a round for 5 minutes: the address serves where it is, and nobody would move it.",
        first="Look at the last lines of the arbiter's log group, then at the schedule rule.",
        metric=Metric.HEARTBEAT,
        statistic="Maximum",
        comparison=BELOW,
        threshold=1,
        # Two starts of a one-minute schedule may lie nearly two minutes apart; more than one such gap is silence.
        periods=5,
        datapoints=5,
        # Silence is the failure itself; the default would call it "insufficient data" and stay quiet.
        missing=BREACHING,
    ),
    Alarm(
        part="failed-cycle",
        means="In 3 of 5 minutes the watchdog could not read, store or tell something that it must.",
        first="Read the field faults of the ticks in the arbiter's log: an AccessDenied there never heals by itself.",
        metric=Metric.FAILED_TICKS,
        # Two arbiters may write in one minute, at a hand-over.
        statistic="Sum",
        comparison=AT_LEAST,
        threshold=1,
        periods=5,
        datapoints=3,
    ),
    Alarm(
        part="standby-not-ready",
        means="A standby has not answered, or was not ready, for 5 minutes: the next failure is an outage.",
        first="Start the standby, or its service; where readyPath is set, ask it what is missing.",
        metric=Metric.STANDBYS_NOT_READY,
        statistic="Maximum",
        comparison=AT_LEAST,
        threshold=1,
        periods=5,
        datapoints=5,
    ),
    Alarm(
        part="suspect-for-long",
        means="For 3 minutes the holder was in doubt more than half of the time, and it came to no verdict.",
        first="Ask the service through the public address yourself, then read which vantage misses it.",
        metric=Metric.SUSPECT_SECONDS,
        statistic="Sum",
        comparison=AT_LEAST,
        threshold=30,
        periods=3,
        datapoints=3,
    ),
    Alarm(
        part="budget-spent",
        means="No automatic move is left in this hour or day: the next failure moves nothing and goes to phase manual.",
        first="Find out why the address moves so often, before the budget is fresh again.",
        metric=Metric.MOVES_LEFT,
        statistic="Minimum",
        comparison=BELOW,
        threshold=1,
        periods=1,
        datapoints=1,
    ),
    Alarm(
        part="needs-person",
        means="Phase manual or both-down: no automatic move ends it.",
        first="Read phase and reason in the record; both-down is an outage.",
        metric=Metric.NEEDS_PERSON,
        statistic="Maximum",
        comparison=AT_LEAST,
        threshold=1,
        periods=1,
        datapoints=1,
    ),
    Alarm(
        part="dead-letters",
        means="A start of the arbiter failed, or was not carried out within a minute.",
        first="Read the letter: it has the error. Then purge the queue.",
        metric=None,
        statistic="Maximum",
        comparison=AT_LEAST,
        threshold=1,
        periods=1,
        datapoints=1,
    ),
)


class AlarmsArgs(TypedDict):
    """Arguments of `Alarms`."""

    site: str
    topic_arn: pulumi.Input[str]
    dead_letters_name: str
    after: Sequence[pulumi.Resource]
    """The schedule: without it there is no heartbeat yet, and the alarm would begin by crying."""
    tags: dict[str, str]


class Alarms(pulumi.ComponentResource):
    """One resource for each of ALARMS."""

    arns: Sequence[pulumi.Output[str]]

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:Alarms", name, {}, opts)
        self._name = name
        self._args = args
        self.arns = [self._alarm(alarm) for alarm in ALARMS]
        self.register_outputs({})

    def _alarm(self, alarm: Alarm) -> pulumi.Output[str]:
        args = self._args
        own = {SITE_DIMENSION: args["site"]}
        return aws.cloudwatch.MetricAlarm(
            f"{self._name}-{alarm.part}",
            name=physical(Kind.ALARM, f"{args['site']}-{alarm.part}"),
            alarm_description=describe(alarm, args["site"]),
            namespace=METRIC_NAMESPACE if alarm.metric else QUEUE_NAMESPACE,
            metric_name=alarm.metric.value if alarm.metric else QUEUE_LENGTH,
            dimensions=own if alarm.metric else {QUEUE_DIMENSION: args["dead_letters_name"]},
            statistic=alarm.statistic,
            period=PERIOD_S,
            evaluation_periods=alarm.periods,
            datapoints_to_alarm=alarm.datapoints,
            comparison_operator=alarm.comparison,
            threshold=alarm.threshold,
            treat_missing_data=alarm.missing,
            alarm_actions=[args["topic_arn"]],
            ok_actions=[args["topic_arn"]],
            tags=tags(args["site"], args["tags"]),
            opts=child(self, depends_on=args["after"]),
        ).arn


def describe(alarm: Alarm, site: str) -> str:
    """What the mail says below the alarm's name: what it means, what to do first, and where the rest is written."""
    return f'{site}: {alarm.means} First: {alarm.first} The rest: {RUNBOOK}, section "{alarm.section}".'
