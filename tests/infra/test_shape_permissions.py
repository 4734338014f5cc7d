"""Traps of real permissions: emulators allow everything, so only the recorded documents show what would be denied."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from infra.aws.permissions import MANAGED_POLICY_LENGTH_MAX
from tests.infra.stand import ACCOUNT, REGION, SITE, create, inputs, invoke, run, statements, usual

pytestmark = pytest.mark.shape

EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
POLICY = "aws:iam/policy:Policy"
FUNCTIONS = ("arbiter", *(f"prober-{REGION}{letter}" for letter in "abc"))
ADDRESS = [f"{EC2}:elastic-ip/eipalloc-{SITE}-address"]
INSTANCES = [f"{EC2}:instance/i-{SITE}-{name}" for name in ("wk1", "wk2")]
INTERFACES = [f"{EC2}:network-interface/eni-{SITE}-{name}" for name in ("wk1", "wk2")]
GROUPS = [f"{EC2}:security-group/sg-{SITE}-{part}" for part in ("worker", "isolation")]


def arbiter() -> Mapping[str, Mapping[str, Any]]:
    return statements(usual(), "arbiter")


def key_arn() -> str:
    return usual().only("aws:kms/key:Key").outputs["arn"]


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def documents() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every policy document of the stack, by where it stands."""
    for each in usual().registrations:
        for name in ("policy", "assumeRolePolicy"):
            if name in each.inputs:
                yield f"{each.type} {each.name} {name}", json.loads(each.inputs[name])


def test_missing_resource_denies_the_move_associate_names_address_instances_and_interfaces() -> None:
    statement = arbiter()["GiveTheAddress"]

    assert statement["Action"] == "ec2:AssociateAddress"
    assert statement["Resource"] == [*ADDRESS, *INSTANCES, *INTERFACES]


def test_disassociate_takes_no_instances() -> None:
    statement = arbiter()["TakeTheAddress"]

    assert statement["Action"] == "ec2:DisassociateAddress"
    assert statement["Resource"] == [*ADDRESS, *INTERFACES]


def test_tag_condition_on_interfaces_would_deny_every_move_there_is_none() -> None:
    for statement in arbiter().values():
        if any(":network-interface/" in resource for resource in listed(statement["Resource"])):
            assert "Condition" not in statement


def test_stop_and_start_reach_only_the_workers() -> None:
    statement = arbiter()["StopAndStart"]

    assert statement["Action"] == ["ec2:StartInstances", "ec2:StopInstances"]
    assert statement["Resource"] == INSTANCES


def test_fence_changes_groups_of_interfaces_and_nothing_else_of_a_machine() -> None:
    statement = arbiter()["Isolate"]

    assert statement["Action"] == "ec2:ModifyNetworkInterfaceAttribute"
    assert statement["Resource"] == [*INTERFACES, *GROUPS]
    actions = {action for each in arbiter().values() for action in listed(each["Action"])}
    assert "ec2:ModifyInstanceAttribute" not in actions


def test_starting_with_encrypted_disks_needs_a_grant_for_aws_itself() -> None:
    statement = arbiter()["StartWithEncryptedDisks"]

    assert (statement["Action"], statement["Resource"]) == ("kms:CreateGrant", key_arn())
    assert statement["Condition"] == {
        "StringEquals": {"kms:ViaService": f"ec2.{REGION}.amazonaws.com"},
        "Bool": {"kms:GrantIsForAWSResource": "true"},
    }


def test_actions_without_resources_stand_alone_with_the_region() -> None:
    starred = [each for each in arbiter().values() if "*" in listed(each["Resource"])]

    assert [(each["Action"], each["Resource"], each["Condition"]) for each in starred] == [
        (["ec2:DescribeAddresses", "ec2:DescribeInstances"], "*", {"StringEquals": {"ec2:Region": REGION}})
    ]


def test_table_with_a_key_needs_the_key_of_its_caller() -> None:
    statement = arbiter()["RecordIsEncrypted"]

    assert set(statement["Action"]) == {
        "kms:Decrypt",
        "kms:Encrypt",
        "kms:ReEncrypt*",
        "kms:GenerateDataKey*",
        "kms:DescribeKey",
    }
    assert statement["Resource"] == key_arn()
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": f"dynamodb.{REGION}.amazonaws.com"}}


def test_a_transaction_is_allowed_by_its_parts() -> None:
    statement = arbiter()["Record"]

    assert set(statement["Action"]) == {f"dynamodb:{each}Item" for each in ("ConditionCheck", "Get", "Put", "Update")}
    assert statement["Resource"] == usual().only("aws:dynamodb/table:Table").outputs["arn"]


def test_publishing_to_an_encrypted_topic_needs_the_key() -> None:
    told, key = arbiter()["Tell"], arbiter()["TopicIsEncrypted"]

    assert (told["Action"], told["Resource"]) == ("sns:Publish", usual().only("aws:sns/topic:Topic").outputs["arn"])
    assert (set(key["Action"]), key["Resource"]) == ({"kms:Decrypt", "kms:GenerateDataKey*"}, key_arn())
    assert key["Condition"] == {"StringEquals": {"kms:ViaService": f"sns.{REGION}.amazonaws.com"}}


def test_the_arbiter_invokes_the_probers_and_no_other_function() -> None:
    probers = [each.outputs["arn"] for each in usual().of_type("aws:lambda/function:Function") if "-prober-" in each.name]

    assert sorted(arbiter()["AskTheProbers"]["Resource"]) == sorted(probers)


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


def test_a_log_group_that_comes_back_nobody_may_create_one() -> None:
    for where, document in documents():
        actions = [action for each in document["Statement"] for action in listed(each["Action"])]
        assert "logs:CreateLogGroup" not in actions, where
        assert not [action for action in actions if action in {"*", "logs:*"}], where
    attached = [each.inputs["policyArn"] for each in usual().of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")]
    assert not [arn for arn in attached if "AWSLambda" in arn]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_logs_into_its_own_group_only(function: str) -> None:
    statement = statements(usual(), function)["Log"]

    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert statement["Resource"] == f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{SITE}-{function}:*"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_metrics_travel_in_log_lines_no_function_puts_them(function: str) -> None:
    actions = [action for each in statements(usual(), function).values() for action in listed(each["Action"])]

    assert not [action for action in actions if action.startswith("cloudwatch:")]


@pytest.mark.parametrize("function", FUNCTIONS[1:])
def test_a_function_in_the_network_is_placed_by_lambda_and_its_code_cannot_use_those_rights(function: str) -> None:
    placed, denied = (statements(usual(), function)[sid] for sid in ("LambdaPlacesIt", "CodeDoesNot"))

    assert set(placed["Action"]) == {
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
    }
    assert (placed["Resource"], denied["Resource"], denied["Effect"]) == ("*", "*", "Deny")
    assert denied["Action"] == placed["Action"]
    arn = usual().named("aws:lambda/function:Function", f"{SITE}-{function}").outputs["arn"]
    assert denied["Condition"] == {"ArnEquals": {"lambda:SourceFunctionArn": arn}}


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


def test_partition_is_asked_and_never_written_down() -> None:
    def elsewhere(asked: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        partition = asked == "aws:index/getPartition:getPartition"
        return {"partition": "aws-us-gov"} if partition else invoke(asked, arguments)

    def create_elsewhere(kind: str, name: str, chosen: Mapping[str, Any]) -> Any:
        created = create(kind, name, chosen)
        arn = str(created.outputs.get("arn", "")).replace("arn:aws:", "arn:aws-us-gov:")
        return type(created)(created.id, {**created.outputs, "arn": arn})

    deployment = run(invoke=elsewhere, create=create_elsewhere)

    wrong = [
        f"{each.type} {each.name} {name}"
        for each in deployment.registrations
        for name, value in each.inputs.items()
        if "arn:aws:" in json.dumps(value, default=str)
    ]
    assert wrong == []
