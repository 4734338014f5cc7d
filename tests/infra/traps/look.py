"""What the checks look with: type tokens, and short ways to what a stack recorded.

Like the checks, this imports nothing of the program.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from lab.recording import Deployment, Registration
from tests.infra.stand import ACCOUNT, REGION, SITE, listed

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
ALIAS = "aws:kms/alias:Alias"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
EIP = "aws:ec2/eip:Eip"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
FIRST_TICK = "aws:lambda/invocation:Invocation"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
FUNCTION = "aws:lambda/function:Function"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
INSTANCE = "aws:ec2/instance:Instance"
INVOKE_LIMITS = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
KEY = "aws:kms/key:Key"
LOAD_BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
NAT_GATEWAY = "aws:ec2/natGateway:NatGateway"
PERMISSION = "aws:lambda/permission:Permission"
POLICY = "aws:iam/policy:Policy"
PROFILE = "aws:iam/instanceProfile:InstanceProfile"
QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"
ROLE = "aws:iam/role:Role"
ROUTE = "aws:ec2/route:Route"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
RULE = "aws:cloudwatch/eventRule:EventRule"
SUBNET = "aws:ec2/subnet:Subnet"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
TABLE = "aws:dynamodb/table:Table"
TABLE_ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
TARGET_ATTACHMENT = "aws:lb/targetGroupAttachment:TargetGroupAttachment"
TARGET_GROUP = "aws:lb/targetGroup:TargetGroup"
TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
VOLUME = "aws:ebs/volume:Volume"
VOLUME_ATTACHMENT = "aws:ec2/volumeAttachment:VolumeAttachment"
VPC = "aws:ec2/vpc:Vpc"

WORKERS = ("wk1", "wk2")
PROBERS = tuple(f"prober-{REGION}{letter}" for letter in "abc")
FUNCTIONS = ("arbiter", *PROBERS)
ANYWHERE = "0.0.0.0/0"
EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
ADDRESSES = [f"{EC2}:elastic-ip/eipalloc-{SITE}-address"]
INSTANCES = [f"{EC2}:instance/i-{SITE}-{name}" for name in WORKERS]
INTERFACES = [f"{EC2}:network-interface/eni-{SITE}-{name}" for name in WORKERS]
GROUPS = [f"{EC2}:security-group/sg-{SITE}-{part}" for part in ("worker", "isolation")]

Statement = Mapping[str, Any]


def site(deployment: Deployment) -> str:
    """The name of the deployment's site."""
    return deployment.only("tandem:index:Pair").name


def part(deployment: Deployment, type_token: str, name: str) -> Registration:
    """The resource of that type named after that part of the site."""
    return deployment.named(type_token, f"{site(deployment)}-{name}")


def workers(deployment: Deployment) -> dict[str, Mapping[str, Any]]:
    """What was chosen for each worker."""
    return {name: part(deployment, INSTANCE, name).inputs for name in WORKERS}


def rules_of(usual: Deployment, type_token: str, group: str) -> list[Registration]:
    """The rules of one group."""
    group_id = part(usual, GROUP, group).id
    return [each for each in usual.of_type(type_token) if each.inputs["securityGroupId"] == group_id]


def key_arn(deployment: Deployment) -> str:
    """The stack's key."""
    return deployment.only(KEY).outputs["arn"]


def by_sid(text: str) -> dict[str, Statement]:
    """The statements of a document by their ids; those without one count through."""
    statements = json.loads(text)["Statement"]
    return {statement.get("Sid", str(place)): statement for place, statement in enumerate(statements)}


def statements(deployment: Deployment, function: str) -> dict[str, Statement]:
    """The statements of a function's policy, by their ids."""
    return by_sid(part(deployment, POLICY, function).inputs["policy"])


def allowing(deployment: Deployment, function: str, action: str) -> Statement:
    """The one statement of a function's policy that allows an action; ValueError when there is none or several."""
    (found,) = (
        each
        for each in statements(deployment, function).values()
        if each["Effect"] == "Allow" and action in listed(each["Action"])
    )
    return found


def documents(deployment: Deployment) -> Iterator[tuple[str, Statement]]:
    """Every policy document of a stack, by where it stands."""
    for each in deployment.registrations:
        for name in ("policy", "assumeRolePolicy"):
            if name in each.inputs:
                yield f"{each.type} {each.name} {name}", json.loads(each.inputs[name])
