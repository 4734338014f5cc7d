"""The alarms: what is said when the watchdog cannot say it, and the way by which its notices reach people.

All but two stand on lines of the watchdog: one a minute with its figures (`contract.Metric`), one for each notice. Lines are
minutes late as a rule, so nothing looks at less than ten minutes, and a silence is seen a second time from outside: by a
question over the internet to the app itself. A query that fails for a week is switched off by the platform without a word;
an alert on the health of the rules says so.

A rule that counts lines looks at raw lines: the service counts, and a query that ends in a count has one line always.

No counterpart: `PERIOD_S`, `QUEUE_NAMESPACE`, `QUEUE_DIMENSION`, `QUEUE_LENGTH`, `BELOW`, `AT_LEAST`, `BREACHING`,
`NOT_BREACHING`, and the alarm dead-letters (a start that failed leaves an error among the lines, and silence); in `Alarm`
`metric`, `statistic`, `comparison`, `periods`, `datapoints` and `missing`; in `Alarms` `arns`; in `AlarmsArgs` `topic_arn`,
`dead_letters_name`. Azure's alone: in `Alarm` `query`, `operator`, `severity`, `calls`, in `AlarmsArgs` `group_id`,
`topic_id`, `caller_id`, `workspace_id`, `component_id`, `host_name`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure

from failover_lambda.contract import Metric
from infra.azure.account import Place
from infra.azure.telling import EVERYWHERE
from infra.naming import Kind, physical, tags
from infra.shapes import child

RUNBOOK = "docs/RUNBOOK.md"

LINES = "AppTraces"
"""The table of the workspace that takes what a function prints."""

WINDOW = "PT10M"
"""What a rule looks at. Lines are late: over four minutes are normal, and a silence of less is none."""
EVERY = "PT5M"
AT_ONCE = "PT1M"
"""The shortest there is, for plain queries of one table only."""

LESS = "LessThan"
AT_LEAST = "GreaterThanOrEqual"

ALIVE = "/api/alive"
"""Answers 200 while the watchdog ticks, to everybody, and says nothing else."""
ASKED_FROM = ("emea-nl-ams-azr", "emea-gb-db3-azr", "emea-fr-pra-edge", "us-va-ash-azr", "apac-sg-sin-azr")
"""Five places of the world, as many as Azure recommends (Application Insights, "Standard tests", from memory)."""
ASKED_EACH_S = 300
"""Seconds from one question of a place to its next."""
MISSED_BY = 3
"""So many of them: fewer is the internet's own trouble."""


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One rule on lines. It is raised when their number in the window compares so with the threshold."""

    part: str
    """The end of its name, and the name of its section in the runbook."""
    means: str
    first: str
    """The first thing to do."""
    query: str
    operator: str = AT_LEAST
    threshold: float = 1
    severity: int = 2
    """0: critical, to 4: verbose."""
    calls: bool = False
    """Whether the watchdog is called besides."""

    @property
    def section(self) -> str:
        """The heading of its section in the runbook."""
        return f"Alarm {self.part}"


def figures(metric: Metric, condition: str) -> str:
    """The lines with that figure, where it is so. Works before the first line was ever written."""
    return (
        f'union isfuzzy=true {LINES} | extend line = parse_json(tostring(column_ifexists("Message", ""))) '
        f"| extend figure = todouble(line.{metric.value}) | where isnotnull(figure) and figure {condition}"
    )


NOTICES = f"""{LINES} | where Message contains '"event":"notice"'"""
"""What the watchdog has to say to people, a line each."""

ALARMS = (
    Alarm(
        part="watchdog-silent",
        means="No round was completed for 10 minutes: the address serves where it is, and nobody would move it.",
        first="Look at the last lines of the app, then whether its timer still runs.",
        query=figures(Metric.HEARTBEAT, ">= 1"),
        operator=LESS,
        severity=1,
        calls=True,
    ),
    Alarm(
        part="failed-cycle",
        means="In 3 of 10 minutes the watchdog could not read, store or tell something that it must.",
        first="Read the field faults of the ticks among the app's lines: a 403 there never heals by itself.",
        query=figures(Metric.FAILED_TICKS, ">= 1"),
        threshold=3,
    ),
    Alarm(
        part="standby-not-ready",
        means="A standby has not answered, or was not ready, for 5 minutes: the next failure is an outage.",
        first="Start the standby, or its service; where readyPath is set, ask it what is missing.",
        query=figures(Metric.STANDBYS_NOT_READY, ">= 1"),
        threshold=5,
    ),
    Alarm(
        part="suspect-for-long",
        means="For 3 minutes the holder was in doubt more than half of the time, and it came to no verdict.",
        first="Ask the service through the public address yourself, then read which vantage misses it.",
        query=figures(Metric.SUSPECT_SECONDS, ">= 30"),
        threshold=3,
    ),
    Alarm(
        part="budget-spent",
        means="No automatic move is left in this hour or day: the next failure moves nothing and goes to phase manual.",
        first="Find out why the address moves so often, before the budget is fresh again.",
        query=figures(Metric.MOVES_LEFT, "< 1"),
    ),
    Alarm(
        part="needs-person",
        means="Phase manual or both-down: no automatic move ends it.",
        first="Read phase and reason in the record; both-down is an outage.",
        query=figures(Metric.NEEDS_PERSON, ">= 1"),
        severity=1,
    ),
)


class AlarmsArgs(Place):
    """Arguments of `Alarms`."""

    group_id: str
    topic_id: pulumi.Output[str]
    caller_id: pulumi.Output[str]
    workspace_id: pulumi.Output[str]
    component_id: pulumi.Output[str]
    host_name: pulumi.Output[str]
    """Of the app."""
    after: Sequence[pulumi.Resource]
    """The app with its code: without it there is no heartbeat yet, and the alarm would begin by crying."""


class Alarms(pulumi.ComponentResource):
    """A rule for each of ALARMS and for notices, the question from outside, alerts on the health of rules and machines."""

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:azure:Alarms", name, {}, opts)
        self._name = name
        self._args = args
        for alarm in ALARMS:
            self._on_lines(alarm)
        self._on_notices()
        self._on_no_answer(self._question())
        self._on_health("rules-health", "The rules that watch over the watchdog", "microsoft.insights/scheduledqueryrules")
        self._on_health("worker-health", "A worker's machine", "microsoft.compute/virtualmachines")
        self.register_outputs({})

    def _on_lines(self, alarm: Alarm) -> None:
        called = [self._args["caller_id"]] if alarm.calls else []
        self._rule(
            alarm.part,
            describe(alarm, self._args["site"]),
            query=alarm.query,
            operator=alarm.operator,
            threshold=alarm.threshold,
            severity=alarm.severity,
            every=EVERY,
            told=[self._args["topic_id"], *called],
            # Said once, and once more when it is over.
            auto_mitigate=True,
        )

    def _on_notices(self) -> None:
        self._rule(
            "notices",
            f"{self._args['site']}: the watchdog has something to say; the lines are behind this alert.",
            query=NOTICES,
            operator=AT_LEAST,
            threshold=1,
            severity=2,
            every=AT_ONCE,
            told=[self._args["topic_id"]],
            # Half of what it looks at: whatever comes in the meantime is still seen afterwards, late lines too.
            mute="PT5M",
        )

    def _rule(
        self,
        part: str,
        description: str,
        *,
        query: str,
        operator: str,
        threshold: float,
        severity: int,
        every: str,
        told: Sequence[pulumi.Output[str]],
        auto_mitigate: bool = False,
        mute: str | None = None,
    ) -> None:
        args = self._args
        called = physical(Kind.ALERT_RULE, f"{args['site']}-{part}")
        azure.monitor.ScheduledQueryRule(
            f"{self._name}-{part}",
            rule_name=called,
            display_name=called,
            description=description,
            resource_group_name=args["group"],
            location=args["region"],
            kind="LogAlert",
            enabled=True,
            severity=severity,
            scopes=[args["workspace_id"]],
            evaluation_frequency=every,
            window_size=WINDOW,
            criteria={
                "all_of": [
                    {
                        "query": query,
                        "time_aggregation": "Count",
                        "operator": operator,
                        "threshold": threshold,
                        "failing_periods": {"number_of_evaluation_periods": 1, "min_failing_periods_to_alert": 1},
                    }
                ]
            },
            # One of the two: with both, the rule is refused.
            auto_mitigate=auto_mitigate,
            mute_actions_duration=mute,
            actions={"action_groups": list(told)},
            # The table is there with the first line; until then every query on it fails.
            skip_query_validation=True,
            check_workspace_alerts_storage_configured=False,
            tags=tags(args["site"], args["tags"]),
            opts=child(self, depends_on=args["after"]),
        )

    def _question(self) -> azure.applicationinsights.WebTest:
        """Asked over the internet, by machines that are not ours: it hears of a silence that no line can tell."""
        args = self._args
        called = physical(Kind.ALERT_RULE, f"{args['site']}-alive")
        return azure.applicationinsights.WebTest(
            f"{self._name}-alive",
            web_test_name=called,
            synthetic_monitor_id=called,
            resource_group_name=args["group"],
            location=args["region"],
            kind=azure.applicationinsights.WebTestKind.STANDARD,
            web_test_kind=azure.applicationinsights.WebTestKind.STANDARD,
            description=f"Whether the watchdog of {args['site']} ticks",
            enabled=True,
            frequency=ASKED_EACH_S,
            timeout=30,
            retry_enabled=True,
            locations=[{"location": place} for place in ASKED_FROM],
            request={
                "request_url": args["host_name"].apply(lambda host: f"https://{host}{ALIVE}"),
                "http_verb": "GET",
                "parse_dependent_requests": False,
                "follow_redirects": False,
            },
            validation_rules={"expected_http_status_code": 200, "s_sl_check": True},
            # By this tag a test belongs to its component.
            tags=args["component_id"].apply(self._hidden_link),
            opts=child(self, depends_on=args["after"]),
        )

    def _hidden_link(self, component_id: str) -> Mapping[str, str]:
        return {**tags(self._args["site"], self._args["tags"]), f"hidden-link:{component_id}": "Resource"}

    def _on_no_answer(self, question: azure.applicationinsights.WebTest) -> None:
        args = self._args
        azure.monitor.MetricAlert(
            f"{self._name}-alive",
            rule_name=physical(Kind.ALERT_RULE, f"{args['site']}-alive"),
            description=f'{args["site"]}: the watchdog does not answer. {RUNBOOK}, section "Alarm watchdog-silent".',
            resource_group_name=args["group"],
            location=EVERYWHERE,
            enabled=True,
            severity=1,
            scopes=[question.id, args["component_id"]],
            evaluation_frequency="PT1M",
            window_size="PT5M",
            criteria={
                "odata_type": "Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria",
                "web_test_id": question.id,
                "component_id": args["component_id"],
                "failed_location_count": MISSED_BY,
            },
            auto_mitigate=True,
            actions=[{"action_group_id": args["topic_id"]}, {"action_group_id": args["caller_id"]}],
            tags=tags(args["site"], args["tags"]),
            opts=child(self, depends_on=args["after"]),
        )

    def _on_health(self, part: str, what: str, resource_type: str) -> None:
        """What the platform itself says of them."""
        args = self._args
        azure.monitor.ActivityLogAlert(
            f"{self._name}-{part}",
            activity_log_alert_name=physical(Kind.ALERT_RULE, f"{args['site']}-{part}"),
            description=f'{args["site"]}: the health of a resource has changed. {what}: {RUNBOOK}, section "Alarm {part}".',
            resource_group_name=args["group"],
            location=EVERYWHERE,
            enabled=True,
            scopes=[args["group_id"]],
            condition={
                "all_of": [
                    {"field": "category", "equals": "ResourceHealth"},
                    {"field": "resourceType", "equals": resource_type},
                ]
            },
            actions={"action_groups": [{"action_group_id": args["topic_id"]}]},
            tags=tags(args["site"], args["tags"]),
            opts=child(self, depends_on=args["after"]),
        )


def describe(alarm: Alarm, site: str) -> str:
    """What the mail says below the alarm's name: what it means, what to do first, and where the rest is written."""
    return f'{site}: {alarm.means} First: {alarm.first} The rest: {RUNBOOK}, section "{alarm.section}".'
