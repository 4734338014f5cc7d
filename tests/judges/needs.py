"""What a request needs of IAM: actions, the resources that AWS evaluates, and the context that it sends along.

Written from AWS's documentation, not from `infra.aws.permissions`, which it judges:

- EC2, Lambda, SNS: Service Authorization Reference. Which resources of AssociateAddress are evaluated depends on the form of
  the call; here all that may be.
- A transaction is allowed by the actions of its parts (DynamoDB guide, "Using IAM with transactions").
- What the services do with the key in the caller's name: KMS guide, "How DynamoDB uses KMS", SNS guide, "Key management",
  EC2 guide, "Requirements for Amazon EBS encryption". No client sees these requests; so they are listed, not recorded.
- What Lambda does in a function's name: write its log, place it into the network (policies AWSLambdaBasicExecutionRole and
  AWSLambdaVPCAccessExecutionRole).
"""

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.infra.stand import listed
from tests.judges.recorder import Request

TABLE_KEY_USES = (
    "Decrypt",
    "DescribeKey",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
)
TOPIC_KEY_USES = ("Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext")
PLACEMENT = (
    "AssignPrivateIpAddresses",
    "CreateNetworkInterface",
    "DeleteNetworkInterface",
    "DescribeNetworkInterfaces",
    "DescribeSubnets",
    "UnassignPrivateIpAddresses",
)
TRANSACTION_PARTS = {
    "ConditionCheck": "ConditionCheckItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
}


@dataclass(frozen=True, order=True)
class Need:
    """One decision of IAM that has to be yes."""

    step: str
    """What the watchdog does with it, in one word or two."""
    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Where the requests are made: what a request leaves out and AWS knows."""

    partition: str
    region: str
    account: str
    key_arn: str
    address_id: str
    instance_of: Mapping[str, str]
    """Instance by network card."""

    def arn(self, service: str, resource: str) -> str:
        """An ARN of this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def key_needs(self, step: str, uses: Iterable[str], service: str) -> list[Need]:
        """What a service does with the key in the caller's name."""
        context = (("kms:ViaService", f"{service}.{self.region}.amazonaws.com"),)
        return [Need(step, f"kms:{use}", self.key_arn, context) for use in uses]


def covers(statement: Mapping[str, Any], need: Need) -> bool:
    """Whether a statement is about a need: action, a resource, and every condition."""
    known = dict(need.context)
    asked = [(key, value) for keys in statement.get("Condition", {}).values() for key, value in keys.items()]
    return (
        any(fnmatch.fnmatchcase(need.action, action) for action in listed(statement["Action"]))
        and any(_is_like(need.resource, resource) for resource in listed(statement["Resource"]))
        and all(known.get(key) == value for key, value in asked)
    )


def _is_like(resource: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(resource.replace("[", "("), pattern)


def of_requests(requests: Iterable[Request], ground: Ground) -> set[Need]:
    """What all these requests need."""
    return {need for request in requests for need in _of(request, ground)}


def of_logging(ground: Ground, function: str) -> set[Need]:
    """What Lambda needs of a function's role to write its log."""
    stream = ground.arn("logs", f"log-group:/aws/lambda/{function}:log-stream:2026/01/01/[$LATEST]0")
    return {Need("log", f"logs:{action}", stream) for action in ("CreateLogStream", "PutLogEvents")}


def of_dead_letters(ground: Ground, queue: str) -> set[Need]:
    """What Lambda needs of a function's role to keep an event that failed."""
    return {Need("keep what failed", "sqs:SendMessage", ground.arn("sqs", queue))}


def of_flow_logs(ground: Ground, log_group: str) -> set[Need]:
    """What the flow logs' service needs of its role (VPC guide, "IAM role for publishing flow logs to CloudWatch Logs")."""
    group = ground.arn("logs", f"log-group:{log_group}")
    return {
        *(Need("log", f"logs:{action}", f"{group}:log-stream:eni-1-all") for action in ("CreateLogStream", "PutLogEvents")),
        Need("find the group", "logs:DescribeLogStreams", f"{group}:log-stream:"),
        Need("find the group", "logs:DescribeLogGroups", "*"),
    }


def of_placement() -> set[Need]:
    """What Lambda needs of a function's role to place it into the network; none of it names a resource beforehand."""
    return {Need("be placed", f"ec2:{action}", "*") for action in PLACEMENT}


def _of(request: Request, ground: Ground) -> Sequence[Need]:
    match request.service:
        case "ec2":
            return _of_ec2(request, ground)
        case "dynamodb":
            return _of_dynamodb(request, ground)
        case "sns":
            topic = str(request.params["TopicArn"])
            return [Need("tell", "sns:Publish", topic), *ground.key_needs("tell", TOPIC_KEY_USES, "sns")]
        case "events":
            buses = {str(entry["EventBusName"]) for entry in request.params["Entries"]}
            return [
                Need("tell machines", "events:PutEvents", ground.arn("events", f"event-bus/{bus}")) for bus in sorted(buses)
            ]
        case "lambda":
            function = ground.arn("lambda", f"function:{request.params['FunctionName']}")
            return [Need("ask the probers", f"lambda:{request.operation}Function", function)]
        case _:
            raise AssertionError(f"nobody said what {request.service} {request.operation} needs")


def _of_ec2(request: Request, ground: Ground) -> Sequence[Need]:
    params = request.params

    def on(step: str, kind: str, *ids: str) -> list[Need]:
        names = [ground.arn("ec2", f"{kind}/{each}") for each in ids] if kind else ["*"]
        return [Need(step, f"ec2:{request.operation}", name, (("ec2:Region", ground.region),)) for name in names]

    match request.operation:
        case "DescribeAddresses" | "DescribeInstances" | "DescribeInstanceStatus":
            return on("look", "")
        case "AssociateAddress":
            card = str(params["NetworkInterfaceId"])
            step = "give the address"
            return [
                *on(step, "elastic-ip", params["AllocationId"]),
                *on(step, "network-interface", card),
                *on(step, "instance", ground.instance_of[card]),
            ]
        case "DisassociateAddress":
            step = "take the address"
            return [*on(step, "elastic-ip", ground.address_id), *on(step, "network-interface", request.about)]
        case "ModifyNetworkInterfaceAttribute":
            card, groups = str(params["NetworkInterfaceId"]), params["Groups"]
            return [*on("isolate", "network-interface", card), *on("isolate", "security-group", *groups)]
        case "StopInstances":
            return on("stop", "instance", *params["InstanceIds"])
        case "StartInstances":
            return [*on("start", "instance", *params["InstanceIds"]), _grant(ground)]
        case _:
            raise AssertionError(f"nobody said what ec2 {request.operation} needs")


def _grant(ground: Ground) -> Need:
    (need,) = ground.key_needs("start", ["CreateGrant"], "ec2")
    return Need(need.step, need.action, need.resource, (*need.context, ("kms:GrantIsForAWSResource", "true")))


def _of_dynamodb(request: Request, ground: Ground) -> Sequence[Need]:
    if request.operation == "TransactWriteItems":
        parts = [(TRANSACTION_PARTS[kind], part) for item in request.params["TransactItems"] for kind, part in item.items()]
    else:
        parts = [(request.operation, request.params)]
    own = [Need("record", f"dynamodb:{action}", _table(part, ground)) for action, part in parts]
    return [*own, *ground.key_needs("record", TABLE_KEY_USES, "dynamodb")]


def _table(params: Mapping[str, Any], ground: Ground) -> str:
    return ground.arn("dynamodb", f"table/{params['TableName']}")
