"""Traps of real permissions: emulators allow everything, so only the recorded documents show what would be denied."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from infra.aws.permissions import MANAGED_POLICY_LENGTH_MAX
from tests.infra.stand import ACCOUNT, REGION, SITE, inputs, run, statements, usual

pytestmark = pytest.mark.shape

POLICY = "aws:iam/policy:Policy"
FUNCTIONS = ("arbiter", *(f"prober-{REGION}{letter}" for letter in "abc"))


def arbiter() -> Mapping[str, Mapping[str, Any]]:
    return statements(usual(), "arbiter")


def test_a_transaction_is_allowed_by_its_parts() -> None:
    statement = arbiter()["Record"]

    assert set(statement["Action"]) == {f"dynamodb:{each}Item" for each in ("ConditionCheck", "Get", "Put", "Update")}
    assert statement["Resource"] == usual().only("aws:dynamodb/table:Table").outputs["arn"]


def test_the_arbiter_may_do_this_and_nothing_more() -> None:
    assert set(arbiter()) == {
        "GiveTheAddress",
        "TakeTheAddress",
        "Look",
        "AskTheProbers",
        "Isolate",
        "StopAndStart",
        "StartWithEncryptedDisks",
        "Record",
        "RecordIsEncrypted",
        "Tell",
        "TopicIsEncrypted",
        "DeadLetters",
        "Log",
    }
    assert {each["Effect"] for each in arbiter().values()} == {"Allow"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_logs_into_its_own_group_only(function: str) -> None:
    statement = statements(usual(), function)["Log"]

    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert statement["Resource"] == f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{SITE}-{function}:*"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_one_role_per_function_with_one_policy(function: str) -> None:
    role = usual().named("aws:iam/role:Role", f"{SITE}-{function}")
    policy = usual().named(POLICY, f"{SITE}-{function}")
    attachment = inputs(usual(), "aws:iam/rolePolicyAttachment:RolePolicyAttachment", function)

    assert attachment == {"role": role.outputs["name"], "policyArn": policy.outputs["arn"]}
    assert inputs(usual(), "aws:lambda/function:Function", function)["role"] == role.outputs["arn"]


def test_a_policy_fits_its_limit_with_ids_as_long_as_real_ones() -> None:
    longest = run(stack="s" * 100)

    # The stand's ids carry the site's name, so they are longer than those of the cloud.
    sizes = {each.name: len("".join(each.inputs["policy"].split())) for each in longest.of_type(POLICY)}
    assert max(sizes.values()) < MANAGED_POLICY_LENGTH_MAX, sizes


def test_roles_trust_the_service_that_takes_them() -> None:
    trusted = {
        each.name.removeprefix(f"{SITE}-"): json.loads(each.inputs["assumeRolePolicy"])["Statement"]
        for each in usual().of_type("aws:iam/role:Role")
    }

    assert set(trusted) == {"worker", "flows", *FUNCTIONS}
    for name, (statement,) in trusted.items():
        service = {"worker": "ec2", "flows": "vpc-flow-logs"}.get(name, "lambda")
        assert statement["Principal"] == {"Service": f"{service}.amazonaws.com"}
