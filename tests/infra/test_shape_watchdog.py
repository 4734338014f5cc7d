"""Traps of real functions, schedules, alarms, topics, tables and logs."""

import json
from typing import Any

import pytest

from failover_lambda.contract import SITE_DIMENSION
from infra.aws.alarms import ALARMS
from tests.infra.stand import REGION, SITE, inputs, run, usual

pytestmark = pytest.mark.shape

FUNCTION = "aws:lambda/function:Function"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
PROBERS = tuple(f"prober-{REGION}{letter}" for letter in "abc")


def test_arbiter_stands_outside_the_network_with_time_for_a_whole_life() -> None:
    arbiter = inputs(usual(), FUNCTION, "arbiter")

    assert "vpcConfig" not in arbiter
    assert arbiter["handler"] == "failover_lambda.aws.arbiter.handler"
    # An arbiter lives at most 150 s.
    assert arbiter["timeout"] == 180


@pytest.mark.parametrize("name", PROBERS)
def test_prober_stands_in_its_zone_with_a_group_that_reaches_the_workers(name: str) -> None:
    prober = inputs(usual(), FUNCTION, name)

    zone = name.removeprefix("prober-")
    assert prober["vpcConfig"] == {
        "subnetIds": [usual().named("aws:ec2/subnet:Subnet", f"{SITE}-prober-{zone}").id],
        "securityGroupIds": [usual().named(GROUP, f"{SITE}-prober").id],
    }
    assert (prober["handler"], prober["timeout"]) == ("failover_lambda.aws.prober.handler", 5)
    assert prober["environment"] == {"variables": {}}


def test_schedule_asks_for_a_loop_and_the_deployment_for_one_tick() -> None:
    target = inputs(usual(), TARGET, "schedule")
    first = usual().only("aws:lambda/invocation:Invocation").inputs

    assert (json.loads(target["input"]), json.loads(first["input"])) == ({"tick": "loop"}, {"tick": "once"})
    assert target["arn"] == usual().named(FUNCTION, f"{SITE}-arbiter").outputs["arn"]
    assert first["lifecycleScope"] == "CREATE_ONLY"


def triggers(changes: dict[str, str] | None = None) -> dict[str, Any]:
    deployment = run(changes) if changes else usual()
    return deployment.only("aws:lambda/invocation:Invocation").inputs["triggers"]


def test_a_tick_is_asked_again_when_the_watchdog_is_told_something_else_and_only_then() -> None:
    assert triggers({"holdSeconds": "61"}) != triggers()
    assert triggers({"logRetentionDays": "30"}) == triggers()


def test_the_record_can_be_brought_back_to_any_second_and_costs_by_use() -> None:
    table = usual().only("aws:dynamodb/table:Table").inputs

    assert table["pointInTimeRecovery"] == {"enabled": True}
    assert table["billingMode"] == "PAY_PER_REQUEST"


@pytest.mark.parametrize("part", [alarm.part for alarm in ALARMS])
def test_an_alarm_looks_at_this_site_and_tells_the_topic(part: str) -> None:
    chosen = inputs(usual(), ALARM, part)
    topic = usual().only("aws:sns/topic:Topic").outputs["arn"]

    own = {SITE_DIMENSION: SITE}
    assert chosen["dimensions"] == ({"QueueName": f"{SITE}-dead-letters"} if part == "dead-letters" else own)
    assert (chosen["alarmActions"], chosen["okActions"]) == ([topic], [topic])
    assert chosen["period"] in {10, 20, 30} or chosen["period"] % 60 == 0
