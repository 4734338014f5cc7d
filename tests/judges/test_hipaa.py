"""The rules of AWS's HIPAA conformance pack that the program keeps, over the recorded resources, named after the rule."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.recording import Registration
from tests.infra.stand import balanced, listed, usual

pytestmark = pytest.mark.judge

RULES: dict[str, Any] = tomllib.loads(Path(__file__).with_name("hipaa.toml").read_text())
ANSWERS = ("kept", "exception", "account", "absent")
OPEN = ("0.0.0.0/0", "::/0")


def of(type_token: str) -> tuple[Registration, ...]:
    found = usual().of_type(type_token)
    assert found, f"there is no {type_token} to judge"
    return found


def ingress() -> tuple[Registration, ...]:
    return of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")


def key_arn() -> str:
    return usual().only("aws:kms/key:Key").outputs["arn"]


def test_encrypted_volumes() -> None:
    disks = [volume.inputs for volume in of("aws:ebs/volume:Volume")]
    disks += [instance.inputs["rootBlockDevice"] for instance in of("aws:ec2/instance:Instance")]
    assert all((disk["encrypted"], disk["kmsKeyId"]) == (True, key_arn()) for disk in disks)


def test_sns_encrypted_kms() -> None:
    assert [topic.inputs["kmsMasterKeyId"] for topic in of("aws:sns/topic:Topic")] == [key_arn()]


def test_dynamodb_pitr_enabled() -> None:
    assert [table.inputs["pointInTimeRecovery"] for table in of("aws:dynamodb/table:Table")] == [{"enabled": True}]


def test_ec2_imdsv2_check() -> None:
    assert {instance.inputs["metadataOptions"]["httpTokens"] for instance in of("aws:ec2/instance:Instance")} == {"required"}


def test_ec2_instance_managed_by_ssm() -> None:
    attached = {(it.inputs["role"], it.inputs["policyArn"].rpartition("/")[2]) for it in of(ATTACHMENT)}
    for instance in of("aws:ec2/instance:Instance"):
        (profile,) = (it for it in of(PROFILE) if it.outputs["name"] == instance.inputs["iamInstanceProfile"])
        assert (profile.inputs["role"], "AmazonSSMManagedInstanceCore") in attached


ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
PROFILE = "aws:iam/instanceProfile:InstanceProfile"


def test_incoming_ssh_disabled() -> None:
    assert not [rule.name for rule in ingress() if rule.inputs["fromPort"] <= 22 <= rule.inputs["toPort"]]
    assert not [instance.name for instance in of("aws:ec2/instance:Instance") if "keyName" in instance.inputs]


def test_restricted_incoming_traffic() -> None:
    """The usual stack has no public health port, so nothing is open to the world."""
    assert not [
        rule.name for rule in ingress() if rule.inputs.get("cidrIpv4") in OPEN or rule.inputs.get("cidrIpv6") in OPEN
    ]
    assert not [group.name for group in of("aws:ec2/securityGroup:SecurityGroup") if group.inputs.get("ingress")]


def test_vpc_flow_logs_enabled() -> None:
    logged = {flow.inputs["vpcId"]: flow.inputs["trafficType"] for flow in of("aws:ec2/flowLog:FlowLog")}
    assert {vpc.id: "ALL" for vpc in of("aws:ec2/vpc:Vpc")} == logged


def test_vpc_default_security_group_closed() -> None:
    closed = {group.inputs["vpcId"]: (group.inputs["ingress"], group.inputs["egress"]) for group in of(DEFAULT_GROUP)}
    assert closed == {vpc.id: ([], []) for vpc in of("aws:ec2/vpc:Vpc")}


DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"


def test_subnet_auto_assign_public_ip_disabled() -> None:
    assert {subnet.inputs["mapPublicIpOnLaunch"] for subnet in of("aws:ec2/subnet:Subnet")} == {False}


def test_iam_no_inline_policy_check() -> None:
    inline = ("aws:iam/rolePolicy:RolePolicy", "aws:iam/userPolicy:UserPolicy", "aws:iam/groupPolicy:GroupPolicy")
    assert not [it.name for kind in inline for it in usual().of_type(kind)]
    assert not [role.name for role in of("aws:iam/role:Role") if "inlinePolicies" in role.inputs]


def test_iam_policy_no_statements_with_admin_access() -> None:
    assert not [name for name, statement in statements() if "*" in listed(statement["Action"])]


def statements() -> Iterator[tuple[str, Any]]:
    for policy in of("aws:iam/policy:Policy"):
        for statement in json.loads(policy.inputs["policy"])["Statement"]:
            yield f"{policy.name} {statement['Sid']}", statement


def test_lambda_function_public_access_prohibited() -> None:
    rules = {rule.outputs["arn"] for rule in of("aws:cloudwatch/eventRule:EventRule")}
    for permission in of("aws:lambda/permission:Permission"):
        assert permission.inputs["principal"] == "events.amazonaws.com"
        assert permission.inputs["sourceArn"] in rules
    assert not usual().of_type("aws:lambda/functionUrl:FunctionUrl")


def test_elb_deletion_protection_enabled() -> None:
    assert balanced().only("aws:lb/loadBalancer:LoadBalancer").inputs["enableDeletionProtection"] is True


ABSENT = {
    "EFS_ENCRYPTED_CHECK": "aws:efs/",
    "S3_DEFAULT_ENCRYPTION_KMS": "aws:s3/",
    "S3_BUCKET_DEFAULT_LOCK_ENABLED": "aws:s3/",
    "SECRETSMANAGER_USING_CMK": "aws:secretsmanager/",
    "RDS_MULTI_AZ_SUPPORT": "aws:rds/",
}


def test_what_is_called_absent_is_not_built() -> None:
    assert set(ABSENT) == {name for name, rule in RULES.items() if rule["answer"] == "absent"}
    assert not [each.name for each in usual().registrations if each.type.startswith(tuple(ABSENT.values()))]


def test_every_rule_that_is_kept_has_its_test_here_and_every_answer_its_reason() -> None:
    kept = {name for name, rule in RULES.items() if rule["answer"] == "kept"}
    assert {f"test_{name.lower()}" for name in kept} <= set(globals())
    assert all(rule["answer"] in ANSWERS and rule["by"].endswith(".") for rule in RULES.values())
