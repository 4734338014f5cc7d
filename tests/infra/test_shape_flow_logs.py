"""Traps of flow logs: a role that may not write, and a group that comes back, both show only afterwards."""

import random
from collections.abc import Mapping
from typing import Any

import pytest

from lab.engine import destroy
from tests.infra.stand import ACCOUNT, REGION, SITE, inputs, run, statements, usual

pytestmark = pytest.mark.shape

FLOW_LOG = "aws:ec2/flowLog:FlowLog"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
ROLE = "aws:iam/role:Role"
GROUP_ARN = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/vpc/{SITE}-flows"


def group() -> Mapping[str, Any]:
    return inputs(usual(), LOG_GROUP, "flows-log")


def test_every_flow_of_the_network_is_logged_within_a_minute() -> None:
    chosen = usual().only(FLOW_LOG).inputs

    assert chosen["vpcId"] == usual().only("aws:ec2/vpc:Vpc").id
    assert (chosen["trafficType"], chosen["maxAggregationInterval"]) == ("ALL", 60)
    assert (chosen["logDestinationType"], chosen["logDestination"]) == ("cloud-watch-logs", GROUP_ARN)
    assert chosen["iamRoleArn"] == usual().named(ROLE, f"{SITE}-flows").outputs["arn"]


def test_log_group_comes_back_after_destroy_unless_nobody_may_make_one() -> None:
    said = statements(usual(), "flows")

    assert {sid: (each["Action"], each["Resource"]) for sid, each in said.items()} == {
        "Write": (["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], f"{GROUP_ARN}:*"),
        "FindTheGroup": ("logs:DescribeLogGroups", "*"),
    }


def test_flows_are_kept_as_long_as_logs_and_with_the_sites_own_key() -> None:
    assert group()["retentionInDays"] == 365
    assert group()["kmsKeyId"] == usual().only("aws:kms/key:Key").outputs["arn"]


def test_without_flow_logs_there_is_no_group_no_role_and_no_word_in_the_key() -> None:
    deployment = run({"flowLogs": "none"})

    assert not [each for each in deployment.registrations if "flow" in each.name or "flow" in each.type.lower()]
    assert "flows" not in deployment.only("aws:kms/key:Key").inputs["policy"]


@pytest.mark.parametrize("seed", range(6))
def test_late_lines_find_their_group_until_the_flow_log_is_gone(seed: int) -> None:
    deployment = run({"protect": "false"})
    chance = random.Random(seed)
    gone: list[tuple[str, str]] = []

    destroy(deployment, lambda each: gone.append((each.type, each.name)), pick=chance.choice)

    flow_log = gone.index((FLOW_LOG, f"{SITE}-flows"))
    assert flow_log < gone.index((LOG_GROUP, f"{SITE}-flows-log"))
    assert flow_log < gone.index((ROLE, f"{SITE}-flows"))
    assert flow_log < gone.index(("aws:ec2/vpc:Vpc", f"{SITE}-vpc"))
