"""Who is told: a topic for people, and the alarms that speak when the watchdog cannot."""

from collections.abc import Sequence
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from failover_lambda.contract import HEARTBEAT_METRIC, METRIC_NAMESPACE, NOT_READY_METRIC, SITE_DIMENSION
from infra.aws.permissions import Arns, topic_policy
from infra.naming import Kind, physical, tags
from infra.shapes import AccountHandle, child

PERIOD_S = 60
"""The arbiter writes its metrics once a minute; a stored minute is the shortest period without high resolution."""

SILENT_PERIODS = 5
"""Two starts of a one-minute schedule may lie nearly two minutes apart; more than one such gap is silence."""

ALARMS = 2
METRICS = 2


class TellingArgs(TypedDict):
    """Arguments of `Telling`."""

    site: str
    region: str
    account: AccountHandle
    key_arn: pulumi.Input[str]
    alert_emails: list[str]
    tags: dict[str, str]


class Telling(pulumi.ComponentResource):
    """The topic and who listens to it."""

    topic_arn: pulumi.Output[str]

    def __init__(self, name: str, args: TellingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:Telling", name, {}, opts)
        self._name = name
        self._args = args
        topic = aws.sns.Topic(
            f"{name}-notices",
            name=physical(Kind.TOPIC, f"{args['site']}-notices"),
            # With the cloud's own key no alarm could publish to it.
            kms_master_key_id=args["key_arn"],
            tags=tags(args["site"], args["tags"]),
            opts=child(self),
        )
        self.topic_arn = topic.arn
        self._let_alarms_publish()
        for address in args["alert_emails"]:
            # Named after the address, not after its place in the list. Nothing is sent until its owner confirms.
            aws.sns.TopicSubscription(
                f"{name}-{address}", topic=topic.arn, protocol="email", endpoint=address, opts=child(self)
            )
        self.register_outputs({"topic_arn": self.topic_arn})

    def _let_alarms_publish(self) -> None:
        args = self._args
        account = args["account"]
        policy = pulumi.Output.all(account.partition, account.account_id, self.topic_arn).apply(
            lambda found: topic_policy(Arns(found[0], args["region"], found[1]), found[2], f"{args['site']}-")
        )
        aws.sns.TopicPolicy(f"{self._name}-notices", arn=self.topic_arn, policy=policy, opts=child(self))


class AlarmsArgs(TypedDict):
    """Arguments of `Alarms`."""

    site: str
    topic_arn: pulumi.Input[str]
    after: Sequence[pulumi.Resource]
    """The schedule: without it there is no heartbeat yet, and the alarm would begin by crying."""
    tags: dict[str, str]


class Alarms(pulumi.ComponentResource):
    """What is said when the watchdog says nothing, or when there is nobody to fail over to."""

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:Alarms", name, {}, opts)
        self._name = name
        self._args = args
        self._alarm(
            "watchdog-silent",
            f"No arbiter has led for {SILENT_PERIODS} minutes: nobody would move the address.",
            metric=HEARTBEAT_METRIC,
            comparison="LessThanThreshold",
            threshold=1,
            # Silence is the failure itself; the default would call it "insufficient data" and stay quiet.
            missing="breaching",
        )
        self._alarm(
            "standby-not-ready",
            f"A standby has not answered for {SILENT_PERIODS} minutes: the next failure is an outage.",
            metric=NOT_READY_METRIC,
            comparison="GreaterThanOrEqualToThreshold",
            threshold=1,
            # A silent watchdog has an alarm of its own.
            missing="notBreaching",
        )
        self.register_outputs({})

    def _alarm(self, part: str, description: str, *, metric: str, comparison: str, threshold: float, missing: str) -> None:
        args = self._args
        aws.cloudwatch.MetricAlarm(
            f"{self._name}-{part}",
            name=physical(Kind.ALARM, f"{args['site']}-{part}"),
            alarm_description=f"{args['site']}: {description}",
            namespace=METRIC_NAMESPACE,
            metric_name=metric,
            dimensions={SITE_DIMENSION: args["site"]},
            statistic="Maximum",
            period=PERIOD_S,
            evaluation_periods=SILENT_PERIODS,
            datapoints_to_alarm=SILENT_PERIODS,
            comparison_operator=comparison,
            threshold=threshold,
            treat_missing_data=missing,
            alarm_actions=[args["topic_arn"]],
            ok_actions=[args["topic_arn"]],
            tags=tags(args["site"], args["tags"]),
            opts=child(self, depends_on=args["after"]),
        )
