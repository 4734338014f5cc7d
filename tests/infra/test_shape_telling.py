"""Traps of telling: alarms that never come, letters that nobody may write, rules that hear too much, a page of nothing.

How CloudWatch evaluates an alarm and draws a page is emulated by nobody here; what is held against its rules is what the
program hands over.
"""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import pulumi
import pytest

from failover_lambda.aws.report import LiveReporter
from failover_lambda.contract import METRIC_NAMESPACE, SITE_DIMENSION, Channel, Metric, TickKind
from failover_lambda.leadership import lead
from infra.aws import dashboard
from infra.aws.alarms import ALARMS, RUNBOOK, Alarm
from infra.aws.dashboard import COLUMNS, CONSOLES, page_url
from infra.aws.function import log_group_name
from infra.naming import LIMITS, Kind, site_name
from tests.contract.judge import Judge
from tests.infra.stand import ACCOUNT, REGION, ROOT, SITE, environment, inputs, run, statements, usual
from tests.worlds import World

pytestmark = pytest.mark.shape

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
STARTERS = ("schedule", "state-change")
DESCRIPTION_CHARACTERS_MAX = 1024
"""CloudWatch's limit for an alarm's description (botocore, cloudwatch, `AlarmDescription`)."""

# Alarms


def recorded(alarm: Alarm) -> Mapping[str, Any]:
    return inputs(usual(), ALARM, alarm.part)


def test_alarms_are_made_as_they_are_declared() -> None:
    assert {each.name for each in usual().of_type(ALARM)} == {f"{SITE}-{alarm.part}" for alarm in ALARMS}


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: alarm.part)
def test_alarm_period_is_a_whole_minute_and_so_much_must_be_bad(alarm: Alarm) -> None:
    """The metrics are not of high resolution: below 60 seconds there is no data."""
    chosen = recorded(alarm)

    assert chosen["period"] % 60 == 0
    assert 1 <= chosen["datapointsToAlarm"] <= chosen["evaluationPeriods"]
    # CloudWatch refuses an alarm that looks at more than a day.
    assert chosen["period"] * chosen["evaluationPeriods"] <= 86400


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: alarm.part)
def test_an_alarm_looks_at_a_metric_that_somebody_writes(alarm: Alarm) -> None:
    chosen = recorded(alarm)

    if alarm.metric is None:
        assert (chosen["namespace"], chosen["metricName"]) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
    else:
        assert chosen["namespace"] == METRIC_NAMESPACE
        assert Metric(chosen["metricName"]) is alarm.metric


def test_every_metric_that_is_paid_for_has_an_alarm() -> None:
    assert {alarm.metric for alarm in ALARMS if alarm.metric} == set(Metric)


@pytest.mark.parametrize(
    ("part", "bad", "good"),
    [
        ("watchdog-silent", 0, 1),
        ("failed-cycle", 1, 0),
        ("standby-not-ready", 1, 0),
        ("suspect-for-long", 45, 5),
        ("budget-spent", 0, 1),
        ("needs-person", 1, 0),
        ("dead-letters", 1, 0),
    ],
)
def test_an_alarm_is_on_the_right_side_of_its_threshold(part: str, bad: float, good: float) -> None:
    chosen = inputs(usual(), ALARM, part)
    compare = {"LessThanThreshold": float.__lt__, "GreaterThanOrEqualToThreshold": float.__ge__}[
        chosen["comparisonOperator"]
    ]

    assert compare(float(bad), float(chosen["threshold"]))
    assert not compare(float(good), float(chosen["threshold"]))


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: alarm.part)
def test_an_alarm_says_what_it_means_what_to_do_and_where_the_rest_is(alarm: Alarm) -> None:
    text = recorded(alarm)["alarmDescription"]
    headings = re.findall(r"^## (.+)$", (ROOT / RUNBOOK).read_text(), re.MULTILINE)

    assert text.startswith(f"{SITE}: {alarm.means} First: {alarm.first}")
    assert text.endswith(f'{RUNBOOK}, section "{alarm.section}".')
    assert len(text) <= DESCRIPTION_CHARACTERS_MAX
    assert headings.count(alarm.section) == 1


def test_the_runbook_has_no_section_for_an_alarm_that_is_not_there() -> None:
    headings = re.findall(r"^## (Alarm .+)$", (ROOT / RUNBOOK).read_text(), re.MULTILINE)

    assert headings == [alarm.section for alarm in ALARMS]


# Dead letters


def queue() -> tuple[Mapping[str, Any], str]:
    found = usual().only("aws:sqs/queue:Queue")
    return found.inputs, found.outputs["arn"]


def test_dead_letters_are_kept_for_two_weeks_under_a_key_that_every_writer_may_use() -> None:
    chosen, _ = queue()

    assert (chosen["name"], chosen["messageRetentionSeconds"]) == (f"{SITE}-dead-letters", 1_209_600)
    assert chosen["sqsManagedSseEnabled"] is True
    assert "kmsMasterKeyId" not in chosen


@pytest.mark.parametrize("part", STARTERS)
def test_no_rule_starts_an_arbiter_before_the_limits_of_all_starts_are_set(part: str) -> None:
    limits = usual().only("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig").urn

    assert limits in usual().needs(usual().named(TARGET, f"{SITE}-{part}"))


# The rule of state changes


def pattern() -> Mapping[str, Any]:
    return json.loads(inputs(usual(), RULE, "state-change")["eventPattern"])


def test_only_a_machine_on_its_way_down_starts_an_arbiter() -> None:
    """EC2's names of states; `running` would start one after every boot, which moves nothing."""
    assert pattern()["detail"]["state"] == ["stopping", "stopped", "shutting-down", "terminated"]


def test_state_changes_are_on_the_default_bus_only() -> None:
    assert "eventBusName" not in inputs(usual(), RULE, "state-change")
    assert "scheduleExpression" not in inputs(usual(), RULE, "state-change")


def test_a_state_change_asks_for_an_event_tick_and_says_whose() -> None:
    target = inputs(usual(), TARGET, "state-change")
    transformer = target["inputTransformer"]

    assert "input" not in target
    assert transformer["inputPaths"] == {"instance": "$.detail.instance-id", "state": "$.detail.state"}
    filled = transformer["inputTemplate"].replace("<instance>", '"i-1"').replace("<state>", '"stopped"')
    assert json.loads(filled) == {"tick": TickKind.EVENT.value, "instance": "i-1", "state": "stopped"}


# Who may publish


def test_rules_of_events_have_no_way_into_topic_and_key_because_none_has_the_topic_as_its_target() -> None:
    topic = usual().only("aws:sns/topic:Topic").outputs["arn"]
    policies = [usual().only(kind).inputs["policy"] for kind in ("aws:sns/topicPolicy:TopicPolicy", "aws:kms/key:Key")]

    assert topic not in {target.inputs["arn"] for target in usual().of_type(TARGET)}
    assert [policy for policy in policies if "events.amazonaws.com" in policy] == []


# The page


def page() -> Mapping[str, Any]:
    return json.loads(usual().only("aws:cloudwatch/dashboard:Dashboard").inputs["dashboardBody"])


def widgets(kind: str) -> list[Mapping[str, Any]]:
    return [each["properties"] for each in page()["widgets"] if each["type"] == kind]


def test_dashboard_name_fits_and_tells_regions_of_an_account_apart() -> None:
    """Pages have one list for all regions, and a page of the same name is overwritten in silence."""
    name = usual().only("aws:cloudwatch/dashboard:Dashboard").inputs["dashboardName"]

    assert name == f"{SITE}-{REGION}"
    longest = dashboard.dashboard_name(site_name("tandem", "s" * 100), "ap-southeast-2")
    assert len(longest) <= LIMITS[Kind.DASHBOARD].length_max


def test_widgets_stand_in_the_grid_and_on_nobodys_feet() -> None:
    places = [(each["x"], each["y"], each["width"], each["height"]) for each in page()["widgets"]]

    for left, top, width, height in places:
        assert 0 <= left < COLUMNS
        assert top >= 0
        assert 1 <= width <= COLUMNS - left
        assert 1 <= height <= 1000
    assert [pair for pair in combinations(places, 2) if _overlap(*pair)] == []
    # CloudWatch takes at most 500 widgets, and at most 500 metrics in each.
    assert 0 < len(places) <= 500


def _overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    (left, top, width, height), (left2, top2, width2, height2) = one, other
    return left < left2 + width2 and left2 < left + width and top < top2 + height2 and top2 < top + height


def test_a_widget_is_of_a_kind_that_there_is_with_what_that_kind_needs() -> None:
    needed = {
        "text": {"markdown"},
        "alarm": {"alarms"},
        "log": {"query", "region", "view"},
        "metric": {"metrics", "region", "stat", "period", "view"},
    }

    for each in page()["widgets"]:
        assert needed[each["type"]] <= set(each["properties"]), each
        assert set(each) == {"type", "x", "y", "width", "height", "properties"}
    assert {each["type"] for each in page()["widgets"]} == set(needed)
    assert {each["region"] for kind in ("log", "metric") for each in widgets(kind)} == {REGION}


def curves() -> Iterator[list[str]]:
    for widget in widgets("metric"):
        assert widget["stat"] in {"Maximum", "Minimum", "Sum", "Average"}
        yield from widget["metrics"]


def test_a_curve_shows_a_metric_that_exists() -> None:
    functions = {each.inputs["name"] for each in usual().of_type("aws:lambda/function:Function")}
    known = {
        "AWS/Lambda": ("FunctionName", {"Errors", "Throttles", "Duration"}, functions),
        "AWS/SQS": ("QueueName", {"ApproximateNumberOfMessagesVisible"}, {queue()[0]["name"]}),
        METRIC_NAMESPACE: (SITE_DIMENSION, {metric.value for metric in Metric}, {SITE}),
    }

    for namespace, metric, dimension, value in curves():
        own_dimension, metrics, values = known[namespace]
        assert (dimension, metric in metrics, value in values) == (own_dimension, True, True), (namespace, metric, value)
    assert {metric for namespace, metric, *_ in curves() if namespace == METRIC_NAMESPACE} == {each.value for each in Metric}
    assert {value for namespace, _, _, value in curves() if namespace == "AWS/Lambda"} == functions


def test_the_page_shows_every_alarm() -> None:
    (shown,) = widgets("alarm")

    assert sorted(shown["alarms"]) == sorted(each.outputs["arn"] for each in usual().of_type(ALARM))
    assert all(arn.startswith(f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:") for arn in shown["alarms"])


def test_queries_read_the_arbiters_group() -> None:
    group = log_group_name(f"{SITE}-arbiter")

    assert [widget["query"].partition(" | ")[0] for widget in widgets("log")] == 3 * [f"SOURCE '{group}'"]


def test_queries_ask_for_lines_and_fields_that_the_arbiter_writes(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt field is an empty column, and a misspelt event an empty table."""
    written = lines_of_a_failover(capsys)
    # The entry's own line, seen in tests/lab/test_telling.py.
    written["start"] = {"tick", "owner"}

    for widget in widgets("log"):
        asked, _, shown = widget["query"].partition("| sort @timestamp desc")
        events = set(re.findall(r'"([a-z]+)"', asked))
        fields = {field.strip() for field in shown.partition("display ")[2].split(",")} - {"@timestamp", "event"}
        assert events <= set(written)
        assert fields <= set[str]().union(*(written[event] for event in events)), widget["title"]


def lines_of_a_failover(capsys: pytest.CaptureFixture[str]) -> dict[str, set[str]]:
    """Event to fields, as the real watchdog writes them in a failover and in telling of it."""
    world = World().settled()
    world.leadership.release()
    world.kill("wk1")
    lead(world.cycle, world.leadership, world.clock, world.reporter, life_s=30.0)
    answered = Judge("sns")
    LiveReporter(world.settings, answered.client).tell(world.reporter.told[-1], Channel.TOPIC)
    told: dict[str, object] = json.loads(capsys.readouterr().out)
    return {name: set(fields) for name, fields in world.reporter.events} | {str(told["event"]): set(told)}


@pytest.mark.parametrize(("partition", "host"), CONSOLES.items())
def test_the_pages_address_is_on_the_console_of_its_partition(partition: str, host: str) -> None:
    url = page_url(partition, "some-region-1", "page")

    assert url == f"https://some-region-1.{host}/cloudwatch/home?region=some-region-1#dashboards/dashboard/page"


def test_in_an_unknown_partition_no_address_is_made_up() -> None:
    assert page_url("aws-moon", "moon-1", "page") == ""


def test_the_pages_address_is_an_output() -> None:
    assert usual().outputs["dashboardUrl"] == page_url("aws", REGION, f"{SITE}-{REGION}")


def test_the_longest_stack_names_queue_page_rules_and_alarms() -> None:
    deployment = run(stack="s" * 100)

    lengths = {
        Kind.QUEUE: [each.inputs["name"] for each in deployment.of_type("aws:sqs/queue:Queue")],
        Kind.DASHBOARD: [each.inputs["dashboardName"] for each in deployment.of_type("aws:cloudwatch/dashboard:Dashboard")],
        Kind.RULE: [each.inputs["name"] for each in deployment.of_type(RULE)],
        Kind.ALARM: [each.inputs["name"] for each in deployment.of_type(ALARM)],
    }
    assert all(len(name) <= LIMITS[kind].length_max for kind, names in lengths.items() for name in names)


# The event bus for notices


def test_without_a_bus_the_arbiter_may_put_no_events_and_is_told_of_none() -> None:
    assert "TellMachines" not in statements(usual(), "arbiter")
    assert "TANDEM_NOTICE_EVENT_BUS" not in environment(usual())


@pytest.mark.parametrize("bus", ["default", "hospital.events_1"])
def test_notices_go_to_exactly_that_bus(bus: str) -> None:
    deployment = run({"noticeEventBus": bus})
    statement = statements(deployment, "arbiter")["TellMachines"]

    assert statement["Action"] == "events:PutEvents"
    assert statement["Resource"] == f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{bus}"
    assert "Condition" not in statement
    assert environment(deployment)["TANDEM_NOTICE_EVENT_BUS"] == bus


@pytest.mark.parametrize("bus", ["aws.partner/example.com/1", f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/x", "b" * 257])
def test_a_partners_bus_an_arn_and_a_name_too_long_are_refused(bus: str) -> None:
    with pytest.raises(pulumi.RunError, match=r"noticeEventBus is .* Allowed: default, or the name of an event bus"):
        run({"noticeEventBus": bus})
