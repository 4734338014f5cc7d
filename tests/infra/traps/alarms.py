"""Traps of alarms and of who is told (sections 4 and 5 of the table)."""

from failover_lambda.contract import METRIC_NAMESPACE, Metric
from tests.infra.traps.look import (
    ALARM,
    SUBSCRIPTION,
    part,
)
from tests.infra.traps.registry import trap
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand

ALARMS = "infra/aws/alarms.py"
TELLING = "infra/aws/telling.py"


@trap(
    "5/arbiters-life",
    slips=(
        Slip(
            "the silence alarm looks at two minutes",
            ALARMS,
            """        periods=5,
        datapoints=5,
        # Silence is""",
            """        periods=2,
        datapoints=2,
        # Silence is""",
        ),
    ),
)
def silence_is_longer_than_the_longest_gap_between_two_starts(stand: Stand) -> None:
    alarm = part(stand.usual, ALARM, "watchdog-silent").inputs

    # Two starts of the schedule may lie nearly two minutes apart.
    assert alarm["period"] * alarm["evaluationPeriods"] >= 180
    assert alarm["datapointsToAlarm"] == alarm["evaluationPeriods"]


@trap(
    "5/alarm-missing-data",
    slips=(
        Slip(
            "silence is taken for too little data",
            ALARMS,
            'BREACHING = "breaching"',
            'BREACHING = "missing"',
        ),
        Slip(
            "the alarm listens to the function's own count, which nobody writes when it does not run",
            ALARMS,
            "namespace=METRIC_NAMESPACE if alarm.metric else QUEUE_NAMESPACE,",
            'namespace="AWS/Lambda" if alarm.metric else QUEUE_NAMESPACE,',
        ),
    ),
)
def silence_is_an_alarm_missing_data_breaches(stand: Stand) -> None:
    alarm = part(stand.usual, ALARM, "watchdog-silent").inputs

    assert (alarm["namespace"], alarm["metricName"]) == (METRIC_NAMESPACE, Metric.HEARTBEAT.value)
    assert alarm.get("treatMissingData") == "breaching"
    assert (alarm["comparisonOperator"], alarm["threshold"]) == ("LessThanThreshold", 1)


@trap(
    "5/alarm-missing-data",
    slips=(
        Slip(
            "a silent watchdog raises this alarm too",
            ALARMS,
            "    missing: str = NOT_BREACHING\n",
            "    missing: str = BREACHING\n",
        ),
    ),
)
def failure_alarm_is_not_raised_by_silence(stand: Stand) -> None:
    others = [each for each in stand.usual.of_type(ALARM) if not each.name.endswith("-watchdog-silent")]

    assert others
    assert [each.name for each in others if each.inputs.get("treatMissingData") != "notBreaching"] == []


@trap(
    "5/alarm-period",
    slips=(Slip("a period that is no multiple of a minute", ALARMS, "PERIOD_S = 60", "PERIOD_S = 90"),),
)
def alarm_periods_are_whole_minutes_which_metrics_of_log_lines_are_stored_at(stand: Stand) -> None:
    periods = [each.inputs["period"] for each in stand.usual.of_type(ALARM)]

    assert periods
    assert [period for period in periods if period % 60] == []


@trap(
    "4/email-subscription",
    slips=(
        Slip(
            "subscriptions are named by their place in the list, so that a new first one replaces all",
            TELLING,
            '                f"{name}-{address}", topic=',
            "                f\"{name}-{args['alert_emails'].index(address)}\", topic=",
        ),
    ),
)
def subscriptions_are_named_after_who_is_told_so_that_nobody_confirms_twice(stand: Stand) -> None:
    subscriptions = stand.usual.of_type(SUBSCRIPTION)

    assert len(subscriptions) == 2
    for each in subscriptions:
        assert each.name.endswith(f"-{each.inputs['endpoint']}")
        assert each.inputs["protocol"] == "email"
