"""Traps of real functions, schedules, alarms, topics, tables and logs."""

import fnmatch
import json
from typing import Any

import pytest

from failover_lambda.contract import METRIC_NAMESPACE, RECORD_KEY, SITE_DIMENSION, Metric
from infra.aws.alarms import ALARMS
from infra.config.kinds import LOG_RETENTION_DAYS
from tests.infra.stand import ACCOUNT, REGION, SITE, inputs, run, usual

pytestmark = pytest.mark.shape

FUNCTION = "aws:lambda/function:Function"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
STARTERS = ("schedule", "state-change")
PROBERS = tuple(f"prober-{REGION}{letter}" for letter in "abc")


def key_arn() -> str:
    return usual().only("aws:kms/key:Key").outputs["arn"]


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


def test_two_zones_of_an_account_that_has_no_third_get_two_probers() -> None:
    deployment = run({"region": "us-west-1", "zones": '["us-west-1a", "us-west-1b"]'})

    probers = [each for each in deployment.of_type(FUNCTION) if "-prober-" in each.name]
    assert len(probers) == 2


def test_runtime_and_processor_are_settings_with_these_defaults() -> None:
    other = run({"lambdaRuntime": "python3.12", "lambdaArchitecture": "x86_64"})

    for deployment, runtime, architecture in ((usual(), "python3.13", "arm64"), (other, "python3.12", "x86_64")):
        assert {each.inputs["runtime"] for each in deployment.of_type(FUNCTION)} == {runtime}
        assert {tuple(each.inputs["architectures"]) for each in deployment.of_type(FUNCTION)} == {(architecture,)}


def test_reserved_concurrency_in_a_small_account_can_be_left_out() -> None:
    some = run({"reservedConcurrency": "3"})

    assert {each.inputs["reservedConcurrentExecutions"] for each in usual().of_type(FUNCTION)} == {-1}
    assert {each.inputs["reservedConcurrentExecutions"] for each in some.of_type(FUNCTION)} == {3}


def test_rate_is_written_in_the_singular_on_the_default_bus() -> None:
    rule = inputs(usual(), RULE, "schedule")

    assert rule["scheduleExpression"] == "rate(1 minute)"
    assert "eventBusName" not in rule
    assert rule["state"] == "ENABLED"


@pytest.mark.parametrize("part", STARTERS)
def test_retries_of_a_day_are_switched_off_at_the_rule_and_at_the_function(part: str) -> None:
    target = inputs(usual(), TARGET, part)
    limits = usual().only("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig").inputs

    assert target["retryPolicy"] == {"maximumEventAgeInSeconds": 60, "maximumRetryAttempts": 0}
    assert (limits["maximumEventAgeInSeconds"], limits["maximumRetryAttempts"]) == (60, 0)
    assert limits["functionName"] == f"{SITE}-arbiter"


@pytest.mark.parametrize("part", STARTERS)
def test_permission_to_invoke_is_given_to_this_rule_and_there_before_it_fires(part: str) -> None:
    rule, permission, target = (
        usual().named(kind, f"{SITE}-{part}") for kind in (RULE, "aws:lambda/permission:Permission", TARGET)
    )

    assert permission.inputs["principal"] == "events.amazonaws.com"
    assert permission.inputs["sourceArn"] == rule.outputs["arn"]
    assert (permission.inputs["action"], permission.inputs["function"]) == ("lambda:InvokeFunction", f"{SITE}-arbiter")
    assert permission.urn in target.depends_on
    statements = [each.inputs["statementId"] for each in usual().of_type("aws:lambda/permission:Permission")]
    assert len(set(statements)) == len(statements) == len(STARTERS)


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


def test_table_identity_never_changes_and_it_is_kept_twice() -> None:
    table = usual().only("aws:dynamodb/table:Table")

    assert table.protect
    assert table.inputs["name"] == f"{SITE}-record"
    assert (table.inputs["hashKey"], "rangeKey" in table.inputs) == (RECORD_KEY, False)
    assert table.inputs["attributes"] == [{"name": RECORD_KEY, "type": "S"}]
    assert table.inputs["pointInTimeRecovery"] == {"enabled": True}
    assert table.inputs["billingMode"] == "PAY_PER_REQUEST"


def test_table_names_its_key_by_arn_and_not_by_alias() -> None:
    chosen = usual().only("aws:dynamodb/table:Table").inputs["serverSideEncryption"]

    assert chosen == {"enabled": True, "kmsKeyArn": key_arn()}


def test_alarm_to_an_encrypted_topic_both_sides_let_it() -> None:
    topic = usual().only("aws:sns/topic:Topic")
    policy = json.loads(usual().only("aws:kms/key:Key").inputs["policy"])
    alarms = next(each for each in policy["Statement"] if each["Sid"] == "Alarms")

    assert topic.inputs["kmsMasterKeyId"] == key_arn()
    assert alarms["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]


def test_own_topic_policy_replaces_the_default_so_it_names_account_and_alarms() -> None:
    topic = usual().only("aws:sns/topic:Topic").outputs["arn"]
    policy = json.loads(usual().only("aws:sns/topicPolicy:TopicPolicy").inputs["policy"])
    account, alarms = policy["Statement"]

    assert account["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert "sns:Publish" in account["Action"]
    assert (alarms["Principal"], alarms["Action"]) == ({"Service": "cloudwatch.amazonaws.com"}, "sns:Publish")
    assert alarms["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{SITE}-*"},
    }
    assert {account["Resource"], alarms["Resource"]} == {topic}
    assert all(each.inputs["name"].startswith(f"{SITE}-") for each in usual().of_type(ALARM))


def test_silence_is_an_alarm_missing_data_breaches() -> None:
    alarm = inputs(usual(), ALARM, "watchdog-silent")

    assert (alarm["namespace"], alarm["metricName"]) == (METRIC_NAMESPACE, Metric.HEARTBEAT.value)
    assert alarm["treatMissingData"] == "breaching"
    assert (alarm["comparisonOperator"], alarm["threshold"]) == ("LessThanThreshold", 1)
    # Two starts of the schedule may lie nearly two minutes apart.
    assert alarm["period"] * alarm["evaluationPeriods"] >= 180
    assert alarm["datapointsToAlarm"] == alarm["evaluationPeriods"]


@pytest.mark.parametrize("part", [alarm.part for alarm in ALARMS if alarm.part != "watchdog-silent"])
def test_failure_alarm_is_not_raised_by_silence(part: str) -> None:
    assert inputs(usual(), ALARM, part)["treatMissingData"] == "notBreaching"


@pytest.mark.parametrize("part", [alarm.part for alarm in ALARMS])
def test_an_alarm_looks_at_this_site_and_tells_the_topic(part: str) -> None:
    chosen = inputs(usual(), ALARM, part)
    topic = usual().only("aws:sns/topic:Topic").outputs["arn"]

    own = {SITE_DIMENSION: SITE}
    assert chosen["dimensions"] == ({"QueueName": f"{SITE}-dead-letters"} if part == "dead-letters" else own)
    assert (chosen["alarmActions"], chosen["okActions"]) == ([topic], [topic])
    assert chosen["period"] in {10, 20, 30} or chosen["period"] % 60 == 0


def test_first_minutes_the_alarm_waits_for_the_schedule() -> None:
    targets = {target.urn for target in usual().of_type(TARGET)}

    assert all(targets <= set(usual().needs(alarm)) for alarm in usual().of_type(ALARM))


def test_every_function_has_its_group_before_its_first_line_with_retention_and_key() -> None:
    for function in usual().of_type(FUNCTION):
        group = usual().named(LOG_GROUP, f"{function.name}-log")
        assert group.inputs["name"] == f"/aws/lambda/{function.inputs['name']}"
        assert group.urn in function.depends_on
        assert group.inputs["retentionInDays"] in LOG_RETENTION_DAYS
        assert group.inputs["kmsKeyId"] == key_arn()


def test_log_group_with_a_key_the_key_lets_the_logs_service_in_for_these_groups() -> None:
    policy = json.loads(usual().only("aws:kms/key:Key").inputs["policy"])
    logs = next(each for each in policy["Statement"] if each["Sid"] == "LogGroups")

    patterns = logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    groups = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:"
    assert patterns == [f"{groups}/aws/lambda/{SITE}-*", f"{groups}/aws/vpc/{SITE}-flows"]
    for group in usual().of_type(LOG_GROUP):
        assert any(fnmatch.fnmatchcase(f"{groups}{group.inputs['name']}", pattern) for pattern in patterns), group.name


def test_subscriptions_are_named_after_who_is_told() -> None:
    one, other = usual().of_type("aws:sns/topicSubscription:TopicSubscription")

    assert {each.inputs["endpoint"] for each in (one, other)} == {"on-call@hospital.test", "second@hospital.test"}
    assert {each.name.removeprefix(f"{SITE}-") == each.inputs["endpoint"] for each in (one, other)} == {True}
    assert {each.inputs["protocol"] for each in (one, other)} == {"email"}
