"""Where it comes from, what the handlers say of their types. Data only; the page (`lab.providers.page`) prints it.

What a type *requires* is compared with the constructor of the pinned pulumi_aws by a test, and so is every name. What
*replaces* it, what is *filled in* and what is *changed in place* stands in the schema of terraform-provider-aws, which
pulumi-aws wraps. Its releases cannot be fetched here; stored versions of single files can be read, so each source names the
commit that was read, which is not always the one of the pinned release.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class Standing(Enum):
    """How well something is known, as the page says it."""

    VERIFIED = "verified"
    DOCUMENTED = "documented"
    ASSUMED = "assumed"


@dataclass(frozen=True)
class Source:
    """How well the schema of a type is known, and from where."""

    standing: Standing
    where: str


def _read(file: str, commit: str) -> Source:
    return Source(Standing.VERIFIED, f"terraform-provider-aws `internal/service/{file}` at {commit}")


DOCSTRINGS = Source(Standing.DOCUMENTED, "docstrings of pulumi_aws 7.51.1")
UNREAD = Source(Standing.ASSUMED, "from knowledge of the provider; its schema was not read")

SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "aws:ec2/vpc:Vpc": _read("ec2/vpc_.go", "00081ce41cc6"),
        "aws:ec2/subnet:Subnet": _read("ec2/vpc_subnet.go", "00cda125a19d"),
        "aws:ec2/internetGateway:InternetGateway": _read("ec2/vpc_internet_gateway.go", "08923b68b5ad"),
        "aws:ec2/route:Route": _read("ec2/vpc_route.go", "0128541e0711"),
        "aws:ec2/routeTableAssociation:RouteTableAssociation": _read("ec2/vpc_route_table_association.go", "0be71beb458a"),
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _read(
            "ec2/vpc_security_group_ingress_rule.go", "00a322094b4b"
        ),
        "aws:ec2/vpcEndpoint:VpcEndpoint": _read("ec2/vpc_endpoint.go", "008db85aad5e"),
        "aws:ec2/instance:Instance": _read("ec2/ec2_instance.go", "0015dfcd06d5"),
        "aws:ebs/volume:Volume": _read("ec2/ebs_volume.go", "0073593e7d69"),
        "aws:ec2/volumeAttachment:VolumeAttachment": _read("ec2/ebs_volume_attachment.go", "0620f2a6a126"),
        "aws:ec2/eip:Eip": _read("ec2/ec2_eip.go", "01606926a0c0"),
        "aws:ec2/natGateway:NatGateway": _read("ec2/vpc_nat_gateway.go", "04088eaa5494"),
        "aws:ec2/flowLog:FlowLog": _read("ec2/vpc_flow_log.go", "00a35305dc1b"),
        "aws:lb/loadBalancer:LoadBalancer": _read("elbv2/load_balancer.go", "00edc94be7a8"),
        "aws:lb/targetGroup:TargetGroup": _read("elbv2/target_group.go", "013cfb4cddc9"),
        "aws:lb/listener:Listener": _read("elbv2/listener.go", "01c08000ddb1"),
        "aws:lb/targetGroupAttachment:TargetGroupAttachment": _read("elbv2/target_group_attachment.go", "07e0d0b940f5"),
        "aws:iam/role:Role": _read("iam/role.go", "0040ea6911af"),
        "aws:iam/policy:Policy": _read("iam/policy.go", "01ccd9a2d118"),
        "aws:iam/instanceProfile:InstanceProfile": _read("iam/instance_profile.go", "013f1736b904"),
        "aws:kms/alias:Alias": _read("kms/alias.go", "01c08000ddb1"),
        "aws:kms/key:Key": _read("kms/key.go", "00a35305dc1b"),
        "aws:dynamodb/table:Table": _read("dynamodb/table.go", "01335dd3cd3d"),
        "aws:lambda/function:Function": _read("lambda/function.go", "0156d84e6bb4"),
        "aws:lambda/permission:Permission": _read("lambda/permission.go", "04592f03e5d8"),
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": _read(
            "lambda/function_event_invoke_config.go", "01606926a0c0"
        ),
        "aws:lambda/invocation:Invocation": _read("lambda/invocation.go", "0133e9ef3555"),
        "aws:cloudwatch/eventRule:EventRule": _read("events/rule.go", "0cdab4ae09a9"),
        "aws:cloudwatch/eventTarget:EventTarget": _read("events/target.go", "0762c41e2027"),
        "aws:sns/topic:Topic": _read("sns/topic.go", "00a35305dc1b"),
        "aws:sns/topicSubscription:TopicSubscription": _read("sns/topic_subscription.go", "04a2e6e5bc62"),
        "aws:sqs/queue:Queue": _read("sqs/queue.go", "00a35305dc1b"),
        "aws:cloudwatch/logGroup:LogGroup": _read("logs/group.go", "0073593e7d69"),
        "aws:cloudwatch/metricAlarm:MetricAlarm": _read("cloudwatch/metric_alarm.go", "055611a65473"),
    }
)
"""The types whose schema was read; the others are `UNREAD`."""

EXCEPTIONS: Mapping[tuple[str, str], Source] = MappingProxyType(
    {
        ("aws:ec2/instance:Instance", "forceDestroy"): DOCSTRINGS,
        ("aws:lb/loadBalancer:LoadBalancer", "subnetMappings"): DOCSTRINGS,
        ("aws:lb/loadBalancer:LoadBalancer", "securityGroups"): DOCSTRINGS,
        ("aws:lb/listener:Listener", "tcpIdleTimeoutSeconds"): UNREAD,
        ("aws:lb/targetGroupAttachment:TargetGroupAttachment", "quicServerId"): DOCSTRINGS,
        ("aws:ec2/natGateway:NatGateway", "availabilityMode"): UNREAD,
        ("aws:ec2/natGateway:NatGateway", "vpcId"): UNREAD,
        ("aws:dynamodb/table:Table", "deletionProtectionEnabled"): UNREAD,
        ("aws:dynamodb/table:Table", "importTable"): UNREAD,
        ("aws:dynamodb/table:Table", "restoreBackupArn"): UNREAD,
        ("aws:dynamodb/table:Table", "restoreSourceTableArn"): UNREAD,
        ("aws:sqs/queue:Queue", "maxMessageSize"): DOCSTRINGS,
        ("aws:sqs/queue:Queue", "messageRetentionSeconds"): DOCSTRINGS,
    }
)
"""Inputs that stand on something else than the rest of their type."""

REGION_SOURCE = DOCSTRINGS
NAMING_SOURCE = Source(
    Standing.VERIFIED, "pulumi-aws `provider/autonaming.go` at 0c5f6583ebfb; `statementId`: `resources.go`"
)


def of_type(type_token: str) -> Source:
    """What is said of the type rests on this, its exceptions apart."""
    return SOURCES.get(type_token, UNREAD)
