"""A stand for the whole program: a stack's texts, and a cloud that answers at once with ids and nothing else.

The cloud is a pure function of type, name and inputs. So a recorded resource shows what the program chose; whatever this
file makes up (ids, ARNs) is never asserted on for its own sake.
"""

import functools
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.regions import AWS_REGIONS
from lab.engine import deploy
from lab.recording import Created, Deployment

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "infra" / "__main__.py"
PROJECT = "tandem"
ACCOUNT = "123456789012"
REGION = "eu-central-1"
HOLDER = "wk1"

TEXTS: Mapping[str, str] = {
    "cloud": "aws",
    "region": REGION,
    "zones": json.dumps([f"{REGION}a", f"{REGION}b"]),
    "tier": "fault-tolerant",
    "front": "address",
    "workersActAlone": "false",
    "amiId": "ami-0fedcba9876543210",
    "partnerCidrs": '["194.126.158.7/32", "194.126.159.0/24"]',
    "alertEmails": '["on-call@hospital.test", "second@hospital.test"]',
}
"""The smallest stack, with somebody to tell. No placeholders: a real cloud's parser refuses them."""
BALANCED: Mapping[str, str] = {"front": "balancer", "mode": "active-active", "tier": "high-availability"}
"""What makes the smallest stack one in which both workers serve."""
THREE_ZONES = json.dumps([f"{REGION}a", f"{REGION}b", f"{REGION}c"])

_ID_PREFIXES = {
    "aws:ec2/vpc:Vpc": "vpc",
    "aws:ec2/subnet:Subnet": "subnet",
    "aws:ec2/securityGroup:SecurityGroup": "sg",
    "aws:ec2/instance:Instance": "i",
    "aws:ec2/eip:Eip": "eipalloc",
    "aws:ec2/natGateway:NatGateway": "nat",
    "aws:ec2/flowLog:FlowLog": "fl",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "vpce",
    "aws:ebs/volume:Volume": "vol",
    "aws:ec2/capacityReservation:CapacityReservation": "cr",
}
_ARNS = {
    "aws:kms/key:Key": ("kms", "key/"),
    "aws:dynamodb/table:Table": ("dynamodb", "table/"),
    "aws:sns/topic:Topic": ("sns", ""),
    "aws:sqs/queue:Queue": ("sqs", ""),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ("cloudwatch", "alarm:"),
    "aws:lambda/function:Function": ("lambda", "function:"),
    "aws:cloudwatch/eventRule:EventRule": ("events", "rule/"),
    "aws:iam/role:Role": ("iam", "role/"),
    "aws:iam/policy:Policy": ("iam", "policy/"),
    "aws:cloudwatch/logGroup:LogGroup": ("logs", "log-group:"),
    "aws:lb/loadBalancer:LoadBalancer": ("elasticloadbalancing", "loadbalancer/net/"),
    "aws:lb/targetGroup:TargetGroup": ("elasticloadbalancing", "targetgroup/"),
    "aws:lb/listener:Listener": ("elasticloadbalancing", "listener/net/"),
}


def create(type_token: str, name: str, inputs: Mapping[str, Any]) -> Created:
    """What the cloud would answer: an id, an ARN, and the few outputs that other resources need."""
    resource_id = f"{_ID_PREFIXES.get(type_token, 'x')}-{name}"
    outputs: dict[str, Any] = {"name": inputs.get("name", f"{name}-1a2b3c4")}
    if type_token in _ARNS:
        service, kind = _ARNS[type_token]
        outputs["arn"] = f"arn:aws:{service}:{REGION}:{ACCOUNT}:{kind}{outputs['name']}"
    match type_token:
        case "aws:ec2/instance:Instance":
            outputs["primaryNetworkInterfaceId"] = f"eni-{name}"
            outputs["secondaryPrivateIps"] = inputs.get("secondaryPrivateIps", [])
        case "aws:ec2/eip:Eip":
            outputs |= {"allocationId": resource_id, "publicIp": f"192.0.2.{zlib.crc32(name.encode()) % 256}"}
        case "aws:ec2/vpcEndpoint:VpcEndpoint":
            outputs["prefixListId"] = f"pl-{name}"
        case "aws:lb/loadBalancer:LoadBalancer":
            suffix = f"net/{outputs['name']}/50dc6c495c0c9188"
            outputs |= {"arnSuffix": suffix, "dnsName": f"{outputs['name']}.elb.{REGION}.amazonaws.com"}
        case "aws:lb/targetGroup:TargetGroup":
            outputs["arnSuffix"] = f"targetgroup/{outputs['name']}/73e2d6bc24d8a067"
        case "aws:kms/key:Key":
            outputs["keyId"] = resource_id
        case "aws:sqs/queue:Queue":
            outputs["url"] = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{outputs['name']}"
        case "aws:lambda/invocation:Invocation":
            outputs["result"] = json.dumps({"settled": True, "phase": "steady", "holder": HOLDER, "epoch": 1, "reason": ""})
        case _:
            pass
    return Created(resource_id, outputs)


ZONE_IDS = {zone: f"id-of-{zone}" for region in AWS_REGIONS.values() for zone in region.zones}
"""The stand's account has every zone of every region."""


def invoke(token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the program asks before it builds."""
    answers = {
        "aws:index/getPartition:getPartition": {"partition": "aws"},
        "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT},
        "aws:index/getAvailabilityZones:getAvailabilityZones": {
            "names": list(ZONE_IDS),
            "zoneIds": list(ZONE_IDS.values()),
        },
    }
    assert not arguments.keys() - {"region"}
    return answers[token]


def run(changes: Mapping[str, str] | None = None, *, stack: str = "aws-test", **more: Any) -> Deployment:
    """Deploy the program as it stands, with some texts changed; an empty text takes a key away."""
    texts = {**TEXTS, **(changes or {})}
    return deploy(
        PROGRAM,
        project=PROJECT,
        stack=stack,
        config={f"{PROJECT}:{key}": text for key, text in texts.items()},
        create=more.get("create", create),
        invoke=more.get("invoke", invoke),
        environment=more.get("environment", {}),
    )


@functools.cache
def usual() -> Deployment:
    """The usual stack, deployed once per process; a deployment is a frozen value."""
    return run()


@functools.cache
def balanced() -> Deployment:
    """The same stack with a balancer before both workers."""
    return run(BALANCED)


SITE = f"{PROJECT}-aws-test"
"""The name of the usual stack's site."""


def inputs(deployment: Deployment, type_token: str, part: str) -> Mapping[str, Any]:
    """What the program chose for the resource of that type named after that part of the site."""
    return deployment.named(type_token, f"{SITE}-{part}").inputs


def listed(value: str | list[str]) -> list[str]:
    """A policy's one or many as many."""
    return [value] if isinstance(value, str) else value


def statements(deployment: Deployment, function: str) -> Mapping[str, Mapping[str, Any]]:
    """The statements of a function's policy, by their ids."""
    document = json.loads(inputs(deployment, "aws:iam/policy:Policy", function)["policy"])
    assert document["Version"] == "2012-10-17"
    return {statement["Sid"]: statement for statement in document["Statement"]}


def environment(deployment: Deployment) -> Mapping[str, str]:
    """What the arbiter is told."""
    (arbiter,) = (it for it in deployment.of_type("aws:lambda/function:Function") if it.name.endswith("-arbiter"))
    return arbiter.inputs["environment"]["variables"]
