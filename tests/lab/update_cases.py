"""What `test_aws_updates` changes: one update each, of the resources of the small stack and of the spare ones. Data only."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.providers.plain import AssetArchive, TextAsset
from tests.lab.small_stack import TRUST

INSTANCE = "aws:ec2/instance:Instance"
GONE = object()
"""As a value: the program does not name the input any more."""

ALLOWED = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]})


@dataclass(frozen=True)
class Case:
    """One update: what changes, and which outputs may move with it."""

    type: str
    name: str
    change: Mapping[str, Any]
    moves: frozenset[str] = frozenset()
    gaps: frozenset[str] = frozenset()
    undo: bool = False
    """Back to what it was in the end: what this switches on keeps other updates from happening, in EC2 too."""

    def __str__(self) -> str:
        return f"{self.type.rpartition(':')[2]}-{'-'.join(self.change)}"


@dataclass(frozen=True)
class Of:
    """Stands in a case for an output of another resource (its id, without a name)."""

    type: str
    name: str
    output: str = ""


def case(type_token: str, called: str, /, *, moves: str = "", gaps: str = "", undo: bool = False, **change: Any) -> Case:
    return Case(type_token, called, change, frozenset(moves.split()), frozenset(gaps.split()), undo)


VPC, SUBNET, TABLE = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:ec2/routeTable:RouteTable"
GROUP, ENDPOINT, EIP = "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/vpcEndpoint:VpcEndpoint", "aws:ec2/eip:Eip"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
VOLUME, KEY, ROLE = "aws:ebs/volume:Volume", "aws:kms/key:Key", "aws:iam/role:Role"
ROUTE = "aws:ec2/route:Route"
BALANCER, TARGETS, LISTENER = (
    "aws:lb/loadBalancer:LoadBalancer",
    "aws:lb/targetGroup:TargetGroup",
    "aws:lb/listener:Listener",
)
RECORD, FUNCTION = "aws:dynamodb/table:Table", "aws:lambda/function:Function"
RETRIES = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
RULE, TARGET = "aws:cloudwatch/eventRule:EventRule", "aws:cloudwatch/eventTarget:EventTarget"
TOPIC, SUBSCRIPTION, QUEUE = "aws:sns/topic:Topic", "aws:sns/topicSubscription:TopicSubscription", "aws:sqs/queue:Queue"
LOGS, ALARM = "aws:cloudwatch/logGroup:LogGroup", "aws:cloudwatch/metricAlarm:MetricAlarm"
CODE = AssetArchive({"echo.py": TextAsset("def handler(event, context):\n    return 2\n")})
RESTARTED = "publicIp publicDns"
ASSOCIATED = "associationId networkInterface instance privateIp"
CODED = "codeSha256 sourceCodeSize lastModified"
KEPT_NOT_OBEYED = "retryPolicy deadLetterConfig"

CASES = [
    case(VPC, "vpc", enableDnsHostnames=False),
    case(VPC, "vpc", enableDnsSupport=False),
    case(VPC, "vpc", enableNetworkAddressUsageMetrics=True),
    case(VPC, "spare", instanceTenancy="default"),
    case(SUBNET, "subnet", mapPublicIpOnLaunch=True),
    case("aws:ec2/internetGateway:InternetGateway", "spare", vpcId=Of(VPC, "spare")),
    case(ROUTE, "spare", gatewayId=GONE, natGatewayId=Of("aws:ec2/natGateway:NatGateway", "nat")),
    case("aws:ec2/routeTableAssociation:RouteTableAssociation", "uses", routeTableId=Of(TABLE, "spare")),
    case(INGRESS, "probes", fromPort=8081, toPort=8082, moves="description"),
    case(
        INGRESS,
        "probes",
        referencedSecurityGroupId=Of(GROUP, "workers"),
        moves="description",
        gaps="referencedSecurityGroupId",
    ),
    case(INGRESS, "probes", description="others ask"),
    case(EGRESS, "out", cidrIpv4="10.0.0.0/8"),
    case(EGRESS, "out", ipProtocol="udp", fromPort=53, toPort=53),
    case(EGRESS, "to-tables", description="to the tables"),
    case(EGRESS, "to-tables", prefixListId="pl-0123abcd", gaps="prefixListId"),
    case(ENDPOINT, "management", securityGroupIds=[Of(GROUP, "probers")]),
    case(ENDPOINT, "management", subnetIds=[Of(SUBNET, "subnet"), Of(SUBNET, "spare")], moves="networkInterfaceIds"),
    case(ENDPOINT, "management", privateDnsEnabled=False, gaps="privateDnsEnabled"),
    case(ENDPOINT, "management", policy=ALLOWED),
    case(ENDPOINT, "tables", routeTableIds=[Of(TABLE, "routes"), Of(TABLE, "spare")]),
    case(INSTANCE, "wk1", instanceType="m6i.large", moves=RESTARTED),
    case(INSTANCE, "wk1", userData="#!/bin/sh\nfalse\n", moves=RESTARTED),
    case(INSTANCE, "wk1", vpcSecurityGroupIds=[Of(GROUP, "probers")]),
    case(INSTANCE, "wk1", secondaryPrivateIps=["{network}.0.11"]),
    case(INSTANCE, "wk1", iamInstanceProfile="spare"),
    case(INSTANCE, "wk1", sourceDestCheck=False),
    case(INSTANCE, "wk1", instanceInitiatedShutdownBehavior="terminate"),
    case(INSTANCE, "wk1", disableApiTermination=True),
    case(INSTANCE, "wk1", disableApiStop=True, undo=True),
    case(INSTANCE, "wk1", metadataOptions={"httpTokens": "optional", "httpPutResponseHopLimit": 2}),
    case(INSTANCE, "wk1", rootBlockDevice={"volumeSize": 25, "volumeType": "gp3", "iops": 4000, "throughput": 250}),
    case(INSTANCE, "wk1", maintenanceOptions={"autoRecovery": "disabled"}, gaps="maintenanceOptions"),
    case(INSTANCE, "wk1", monitoring=False, gaps="monitoring"),
    case(INSTANCE, "wk1", creditSpecification={"cpuCredits": "standard"}, gaps="creditSpecification"),
    case(INSTANCE, "wk1", volumeTags={"Name": "disks"}, moves="rootBlockDevice", gaps="volumeTags"),
    case(VOLUME, "wk1-data", size=12),
    case(VOLUME, "wk1-data", iops=4000, throughput=250),
    case(VOLUME, "wk1-data", type="gp2", moves="iops throughput"),
    case(EIP, "spare", instance=Of(INSTANCE, "wk1"), moves=ASSOCIATED),
    case(BALANCER, "balancer", enableCrossZoneLoadBalancing=False, enableDeletionProtection=True),
    case(BALANCER, "balancer", securityGroups=[Of(GROUP, "probers")]),
    case(
        BALANCER,
        "balancer",
        subnetMappings=[
            {"subnetId": Of(SUBNET, "subnet"), "allocationId": Of(EIP, "balancer")},
            {"subnetId": Of(SUBNET, "spare"), "allocationId": Of(EIP, "third")},
        ],
        gaps="subnetMappings",
    ),
    case(TARGETS, "mllp", deregistrationDelay=30, connectionTermination=GONE, moves="connectionTermination"),
    case(TARGETS, "mllp", preserveClientIp="false", proxyProtocolV2=True),
    case(TARGETS, "mllp", targetHealthStates=[{"enableUnhealthyConnectionTermination": False}]),
    case(TARGETS, "mllp", healthCheck={"protocol": "HTTP", "path": "/ready", "interval": 10, "healthyThreshold": 3}),
    case(LISTENER, "mllp", tcpIdleTimeoutSeconds=900),
    case(LISTENER, "mllp", port=2577, defaultActions=[{"type": "forward", "targetGroupArn": Of(TARGETS, "spare")}]),
    case(KEY, "spare", description="of nothing", enableKeyRotation=True),
    case(KEY, "key", rotationPeriodInDays=180, gaps="rotationPeriodInDays"),
    case(KEY, "spare", enableKeyRotation=False),
    case(KEY, "spare", policy=json.dumps({"Version": "2012-10-17", "Statement": []})),
    case(KEY, "spare", isEnabled=False),
    case("aws:kms/alias:Alias", "key", targetKeyId=Of(KEY, "spare"), moves="targetKeyArn"),
    case(ROLE, "spare", assumeRolePolicy=TRUST.replace("lambda.", "ec2.")),
    case(ROLE, "spare", description="spare", maxSessionDuration=7200),
    case(ROLE, "spare", permissionsBoundary=Of("aws:iam/policy:Policy", "arbiter")),
    case("aws:iam/rolePolicy:RolePolicy", "arbiter", policy=ALLOWED),
    case("aws:iam/policy:Policy", "arbiter", policy=ALLOWED),
    case("aws:iam/instanceProfile:InstanceProfile", "spare", role=Of(ROLE, "worker", "name")),
    case(RECORD, "record", deletionProtectionEnabled=True),
    case(RECORD, "record", pointInTimeRecovery={"enabled": False}),
    case(RECORD, "record", ttl={"attributeName": "ends", "enabled": True}),
    case(RECORD, "record", serverSideEncryption={"enabled": True, "kmsKeyArn": Of(KEY, "spare", "arn")}),
    case(RECORD, "record", streamEnabled=True, streamViewType="NEW_IMAGE", moves="streamArn"),
    case(RECORD, "record", billingMode="PROVISIONED", readCapacity=5, writeCapacity=6),
    case(FUNCTION, "arbiter", runtime="python3.12", moves="lastModified"),
    case(FUNCTION, "arbiter", architectures=["x86_64"], moves=CODED),
    case(FUNCTION, "arbiter", tracingConfig={"mode": "Active"}, ephemeralStorage={"size": 1024}, moves="lastModified"),
    case(FUNCTION, "arbiter", deadLetterConfig={"targetArn": Of(QUEUE, "spare", "arn")}, moves="lastModified"),
    case(FUNCTION, "arbiter", kmsKeyArn=Of(KEY, "spare", "arn"), moves="lastModified"),
    case(FUNCTION, "arbiter", timeout=30, memorySize=512, description="of the small stack", moves="lastModified"),
    case(FUNCTION, "arbiter", environment={"variables": {"TANDEM_SITE": "other"}}, moves="lastModified"),
    case(FUNCTION, "arbiter", code=CODE, moves=CODED),
    case(FUNCTION, "arbiter", role=Of(ROLE, "spare", "arn"), handler="echo.other", moves="lastModified"),
    case(FUNCTION, "arbiter", loggingConfig={"logFormat": "JSON"}, moves="lastModified"),
    case(FUNCTION, "arbiter", vpcConfig=GONE, moves="lastModified vpcConfig"),
    case(FUNCTION, "arbiter", reservedConcurrentExecutions=5),
    case(FUNCTION, "arbiter", reservedConcurrentExecutions=-1),
    case(RETRIES, "arbiter", maximumRetryAttempts=1, maximumEventAgeInSeconds=120),
    case(RETRIES, "arbiter", destinationConfig={"onFailure": {"destination": Of(QUEUE, "spare", "arn")}}),
    case(RULE, "every-minute", scheduleExpression="rate(2 minutes)", description="now and then"),
    case(RULE, "every-minute", state="ENABLED"),
    case(RULE, "every-minute", eventPattern=json.dumps({"source": ["aws.ec2"]})),
    case(TARGET, "every-minute", arn=Of(QUEUE, "spare", "arn"), gaps=KEPT_NOT_OBEYED),
    case(TARGET, "every-minute", inputTransformer=GONE, input="{}", moves="inputTransformer", gaps=KEPT_NOT_OBEYED),
    case(TARGET, "every-minute", retryPolicy={"maximumRetryAttempts": 1}, gaps=KEPT_NOT_OBEYED),
    case(TARGET, "every-minute", deadLetterConfig={"arn": Of(QUEUE, "spare", "arn")}, gaps=KEPT_NOT_OBEYED),
    case(TOPIC, "notices", displayName="Notices"),
    case(TOPIC, "notices", kmsMasterKeyId=Of(KEY, "spare", "arn")),
    case("aws:sns/topicPolicy:TopicPolicy", "notices", policy=ALLOWED),
    case(SUBSCRIPTION, "on-call", rawMessageDelivery=True),
    case(SUBSCRIPTION, "on-call", filterPolicy='{"site":["small"]}'),
    case(QUEUE, "dead-letters", visibilityTimeoutSeconds=60, messageRetentionSeconds=GONE, moves="messageRetentionSeconds"),
    case(QUEUE, "dead-letters", delaySeconds=5, receiveWaitTimeSeconds=10, maxMessageSize=1024),
    case(QUEUE, "spare", sqsManagedSseEnabled=False),
    case(QUEUE, "spare", kmsMasterKeyId=Of(KEY, "spare", "arn"), moves="sqsManagedSseEnabled"),
    case("aws:sqs/queuePolicy:QueuePolicy", "dead-letters", policy=ALLOWED),
    case(LOGS, "arbiter", retentionInDays=90),
    case(LOGS, "arbiter", retentionInDays=GONE, moves="retentionInDays"),
    case(LOGS, "flows", kmsKeyId=Of(KEY, "spare", "arn"), gaps="kmsKeyId"),
    case(ALARM, "silent", threshold=2, evaluationPeriods=5, period=120, statistic="Average"),
    case(ALARM, "silent", dimensions={"Site": "other"}, alarmActions=GONE, moves="alarmActions"),
    case(ALARM, "silent", okActions=[Of(TOPIC, "notices")], insufficientDataActions=[Of(TOPIC, "notices")]),
    case(ALARM, "silent", comparisonOperator="LessThanOrEqualToThreshold", datapointsToAlarm=2),
    case(ALARM, "silent", treatMissingData="notBreaching", alarmDescription="silence", actionsEnabled=False),
    case(
        "aws:cloudwatch/dashboard:Dashboard",
        "page",
        dashboardBody=json.dumps(
            {"widgets": [{"type": "text", "x": 0, "y": 0, "width": 6, "height": 2, "properties": {"markdown": "# other"}}]}
        ),
    ),
]

UNTRIED = {
    RULE: ["roleArn"],
    TARGET: ["inputPath", "roleArn"],
    ALARM: ["extendedStatistic", "metricName", "metricQueries", "namespace", "unit"],
    RECORD: ["tableClass"],
    EIP: ["associateWithPrivateIp", "networkInterface"],
    ROUTE: ["egressOnlyGatewayId", "networkInterfaceId", "transitGatewayId", "vpcEndpointId", "vpcPeeringConnectionId"],
    FUNCTION: ["publish", "sourceCodeHash"],
    LISTENER: ["protocol"],
    BALANCER: ["ipAddressType"],
    TOPIC: ["deliveryPolicy", "policy"],
    SUBSCRIPTION: ["deliveryPolicy", "filterPolicyScope", "redrivePolicy"],
    QUEUE: ["policy"],
    EGRESS: ["cidrIpv6", "referencedSecurityGroupId"],
    INGRESS: ["cidrIpv4", "cidrIpv6", "ipProtocol", "prefixListId"],
}
"""What a type changes in place by the same call as what is tried, and what the emulators or our program have no use for."""
