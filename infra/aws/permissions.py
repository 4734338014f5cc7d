"""Every policy document of the stack, as plain data; pure.

Rules: an action that takes resources names exact ARNs, built from the partition that the account is in; an action that takes
none stands alone with `*` and a condition on the region. No statement looks at tags of network interfaces: an instance's
tags are not theirs, so such a condition denies every move. Nobody may create log groups: a late line of a deleted function
would bring its group back without retention (terraform-aws-vpc#435).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from failover_lambda.contract import INBOX, RECORD_KEY, Settings, lease_key, record_key

Statement = Mapping[str, Any]

MANAGED_POLICY_LENGTH_MAX = 6144
"""Characters of a managed policy, blanks apart (IAM guide, "IAM and STS quotas")."""

TABLE_KEY_ACTIONS = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")
"""What the caller of an encrypted table needs (KMS guide, "How DynamoDB uses KMS")."""

NETWORK_INTERFACE_ACTIONS = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
"""What Lambda itself does in a function's name, to place it into a network (policy AWSLambdaVPCAccessExecutionRole)."""

TOPIC_OWNER_ACTIONS = (
    "sns:DeleteTopic",
    "sns:GetTopicAttributes",
    "sns:ListSubscriptionsByTopic",
    "sns:Publish",
    "sns:SetTopicAttributes",
    "sns:Subscribe",
)


@dataclass(frozen=True)
class Arns:
    """Builds ARNs of one account and region."""

    partition: str
    region: str
    account_id: str

    def of(self, service: str, resource: str) -> str:
        """The ARN of a resource of this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"

    def ec2(self, kind: str, ids: Iterable[str]) -> list[str]:
        """The ARNs of some resources of EC2."""
        return [self.of("ec2", f"{kind}/{each}") for each in ids]

    @property
    def root(self) -> str:
        """The account itself: whoever its own policies let in."""
        return f"arn:{self.partition}:iam::{self.account_id}:root"

    def via(self, service: str) -> Statement:
        """The condition that a key is used through one service."""
        return {"StringEquals": {"kms:ViaService": f"{service}.{self.region}.amazonaws.com"}}


def document(statements: Sequence[Statement]) -> str:
    """A policy document; equal statements give equal text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


def allow(
    sid: str, actions: str | Sequence[str], resources: str | Sequence[str], condition: Statement | None = None
) -> Statement:
    """One statement of an identity's policy."""
    statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
    return {**statement, "Condition": condition} if condition else statement


def trust(service: str, condition: Statement | None = None) -> str:
    """Who may take a role: one service of AWS."""
    principal = {"Service": f"{service}.amazonaws.com"}
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    return document([{**statement, "Condition": condition} if condition else statement])


@dataclass(frozen=True, kw_only=True)
class ArbiterScope:
    """Everything that the arbiter may touch, by id or ARN; from the live resources, never by pattern."""

    arns: Arns
    allocation_id: str
    instance_ids: Sequence[str]
    network_interface_ids: Sequence[str]
    group_ids: Sequence[str]
    """The workers' normal groups and the isolation group."""
    table_arn: str
    topic_arn: str
    dead_letters_arn: str
    event_bus: str
    """The name of the bus that notices are put on; empty = none."""
    key_arn: str
    log_group: str
    prober_arns: Sequence[str]


def arbiter_policy(scope: ArbiterScope) -> str:
    """What the arbiter may do."""
    return document([*_moving(scope), *_fencing(scope), *_remembering(scope), *_telling(scope)])


def _moving(scope: ArbiterScope) -> Sequence[Statement]:
    address = scope.arns.ec2("elastic-ip", [scope.allocation_id])
    interfaces = scope.arns.ec2("network-interface", scope.network_interface_ids)
    instances = scope.arns.ec2("instance", scope.instance_ids)
    return [
        # Which of the three are evaluated depends on the form of the call; a missing one is a denial.
        allow("GiveTheAddress", "ec2:AssociateAddress", [*address, *instances, *interfaces]),
        # Instances are no resource of this action.
        allow("TakeTheAddress", "ec2:DisassociateAddress", [*address, *interfaces]),
        # Describe actions take no resources: an ARN here would deny them without a word.
        allow(
            "Look",
            ["ec2:DescribeAddresses", "ec2:DescribeInstanceStatus", "ec2:DescribeInstances"],
            "*",
            {"StringEquals": {"ec2:Region": scope.arns.region}},
        ),
        allow("AskTheProbers", "lambda:InvokeFunction", list(scope.prober_arns)),
    ]


def _fencing(scope: ArbiterScope) -> Sequence[Statement]:
    interfaces = scope.arns.ec2("network-interface", scope.network_interface_ids)
    groups = scope.arns.ec2("security-group", scope.group_ids)
    instances = scope.arns.ec2("instance", scope.instance_ids)
    return [
        # Not ModifyInstanceAttribute, which could change user data and type as well.
        allow("Isolate", "ec2:ModifyNetworkInterfaceAttribute", [*interfaces, *groups]),
        # Starting undoes a stop of ours that hit the holder.
        allow("StopAndStart", ["ec2:StartInstances", "ec2:StopInstances"], instances),
        # Whoever starts an instance grants EC2 the use of its disks' key; without this the call succeeds and the instance
        # stops again with Client.InternalError (re:Post, "kms-iam-ec2-permission").
        allow(
            "StartWithEncryptedDisks",
            "kms:CreateGrant",
            scope.key_arn,
            {**scope.arns.via("ec2"), "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]


def _remembering(scope: ArbiterScope) -> Sequence[Statement]:
    # A transaction is allowed by the actions of its parts.
    actions = ["dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    return [
        allow("Record", actions, scope.table_arn),
        allow("RecordIsEncrypted", list(TABLE_KEY_ACTIONS), scope.key_arn, scope.arns.via("dynamodb")),
    ]


@dataclass(frozen=True, kw_only=True)
class OperatorScope:
    """What an operator may touch: the inbox of the shard, and one site's record for the reply."""

    arns: Arns
    site: str
    table_arn: str
    key_arn: str


def operator_policy(scope: OperatorScope) -> str:
    """What whoever asks the watchdog needs; nobody gets it by this program, it is an output.

    The lease's own fields lie in the item that holds the inbox, and the record in the same table. So a request may name the
    inbox and the key alone, and may not have the rest of the item returned (DynamoDB guide, "Using IAM policy conditions for
    fine-grained access control", read 2026-11-23). `Null` stands beside `ForAllValues`, which holds for a request without
    any value as well.
    """
    inbox = {
        "ForAllValues:StringEquals": {
            "dynamodb:LeadingKeys": [lease_key(Settings.shard)],
            "dynamodb:Attributes": [RECORD_KEY, INBOX],
        },
        "Null": {"dynamodb:LeadingKeys": "false", "dynamodb:Attributes": "false"},
        "StringEqualsIfExists": {"dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"]},
    }
    record = {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [record_key(scope.site)]},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }
    return document(
        [
            allow("Ask", "dynamodb:UpdateItem", scope.table_arn, inbox),
            allow("ReadTheReply", "dynamodb:GetItem", scope.table_arn, record),
            allow("TableIsEncrypted", list(TABLE_KEY_ACTIONS), scope.key_arn, scope.arns.via("dynamodb")),
        ]
    )


def _telling(scope: ArbiterScope) -> Sequence[Statement]:
    # A bus with a key of the account needs nothing more of its caller: EventBridge itself uses the key.
    bus = scope.arns.of("events", f"event-bus/{scope.event_bus}")
    return [
        *([allow("TellMachines", "events:PutEvents", bus)] if scope.event_bus else []),
        allow("Tell", "sns:Publish", scope.topic_arn),
        allow("TopicIsEncrypted", ["kms:Decrypt", "kms:GenerateDataKey*"], scope.key_arn, scope.arns.via("sns")),
        # Lambda does it in the function's name; without it the destination is refused when it is configured.
        allow("DeadLetters", "sqs:SendMessage", scope.dead_letters_arn),
        _logging(scope.arns, scope.log_group),
    ]


def _logging(arns: Arns, log_group: str) -> Statement:
    """Lines into one group that exists; metrics travel inside the lines, so PutMetricData is not needed."""
    streams = arns.of("logs", f"log-group:{log_group}:*")
    return allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], streams)


def prober_policy(arns: Arns, function: str, log_group: str) -> str:
    """What a prober may do: log. Lambda itself places it into the network, and its code may not use those rights."""
    return document(
        [
            _logging(arns, log_group),
            # These take no resources before the network interface exists.
            allow("LambdaPlacesIt", list(NETWORK_INTERFACE_ACTIONS), "*"),
            {
                "Sid": "CodeDoesNot",
                "Effect": "Deny",
                "Action": list(NETWORK_INTERFACE_ACTIONS),
                "Resource": "*",
                "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": arns.of("lambda", f"function:{function}")}},
            },
        ]
    )


def flow_log_trust(arns: Arns) -> str:
    """The flow logs of this account and region, and nobody else's: their service works for everybody."""
    condition = {
        "StringEquals": {"aws:SourceAccount": arns.account_id},
        "ArnLike": {"aws:SourceArn": arns.of("ec2", "vpc-flow-log/*")},
    }
    return trust("vpc-flow-logs", condition)


def flow_log_policy(arns: Arns, log_group: str) -> str:
    """What a flow log may do: write into one group that exists."""
    group = arns.of("logs", f"log-group:{log_group}:*")
    return document(
        [
            allow("Write", ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], group),
            # A list takes no resources: an ARN here would deny it without a word.
            allow("FindTheGroup", "logs:DescribeLogGroups", "*"),
        ]
    )


def key_policy(arns: Arns, log_groups: Sequence[str]) -> str:
    """Who may use the key: the account by its own policies, and the services that encrypt or decrypt by themselves.

    Roles are not named: one that does not exist yet makes the document malformed.

    Args:
        arns: Of the key's account and region.
        log_groups: Names of the groups that the key encrypts; `*` stands for any characters.
    """
    groups = [arns.of("logs", f"log-group:{name}") for name in log_groups]
    return document(
        [
            _to_all("Account", {"AWS": arns.root}, "kms:*"),
            _to_all(
                "LogGroups",
                {"Service": f"logs.{arns.region}.amazonaws.com"},
                ["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
                {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
            ),
            # Else an alarm reaches nobody, and only its own history says so.
            _to_all("Alarms", {"Service": "cloudwatch.amazonaws.com"}, ["kms:Decrypt", "kms:GenerateDataKey*"]),
        ]
    )


def _to_all(sid: str, principal: Statement, actions: str | Sequence[str], condition: Statement | None = None) -> Statement:
    """A statement of a key's own policy, where `*` means this key."""
    return {**allow(sid, actions, "*", condition), "Principal": principal}


def topic_policy(arns: Arns, topic_arn: str, alarm_prefix: str) -> str:
    """Who may publish: the account, and its alarms. A policy of our own replaces the default one, so both are named."""
    alarms = {
        "StringEquals": {"aws:SourceAccount": arns.account_id},
        "ArnLike": {"aws:SourceArn": arns.of("cloudwatch", f"alarm:{alarm_prefix}*")},
    }
    return document(
        [
            {**allow("Account", list(TOPIC_OWNER_ACTIONS), topic_arn), "Principal": {"AWS": arns.root}},
            {
                **allow("Alarms", "sns:Publish", topic_arn, alarms),
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
            },
        ]
    )


def dead_letters_policy(arns: Arns, queue_arn: str, rule_names: Sequence[str]) -> str:
    """Who may write into the queue besides the account's own roles: EventBridge, for these rules of the default bus."""
    rules = [arns.of("events", f"rule/{name}") for name in rule_names]
    return document(
        [
            {
                **allow("Rules", "sqs:SendMessage", queue_arn, {"ArnEquals": {"aws:SourceArn": rules}}),
                "Principal": {"Service": "events.amazonaws.com"},
            }
        ]
    )
