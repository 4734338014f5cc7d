"""Every AWS type that the lab changes in place, with the emulators: the cloud has the change, and nothing else moved."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from lab import networks
from lab.emulators import ACCOUNT_ID, REGION, CloudSettings, Emulators
from lab.engine import deploy
from lab.profiles import INSTANT
from lab.providers import aws
from lab.providers.aws import ec2_instance_changes
from lab.providers.confirm import unconfirmed
from lab.providers.handler import CannotUpdateError, State
from lab.providers.plain import AssetArchive, TextAsset, reveal
from lab.recording import Created, Deployment, Registration
from lab.stack_file import derive, load
from lab.supervisor import Supervisor
from tests.lab.small_stack import TRUST, small_stack

pytestmark = pytest.mark.lab

INSTANCE = "aws:ec2/instance:Instance"
HANDLERS = {handler.type: handler for handler in aws.HANDLERS}
TAGGABLE = sorted(handler.type for handler in aws.HANDLERS if handler.retag)
GONE = object()
"""As a value: the program does not name the input any more."""

ALLOWED = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]})


@dataclass(frozen=True)
class Thing:
    """One resource as it is now: what an engine would have in its state."""

    type: str
    name: str
    id: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]


class World:
    """The emulators with the small stack in them, some spare resources, and what is known of each."""

    def __init__(self, emulators: Emulators, network: str) -> None:
        self.emulators = emulators
        self.registry = aws.registry(emulators.client, region=REGION, account_id=ACCOUNT_ID)
        self.things: dict[tuple[str, str], Thing] = {}
        self.network = network

    def adopt(self, deployment: Deployment) -> None:
        for each in deployment.registrations:
            if each.type in HANDLERS:
                inputs, outputs = reveal(each.inputs), reveal(each.outputs)
                self.things[each.type, each.name] = Thing(each.type, each.name, each.id, inputs, outputs)

    def make(self, type_token: str, called: str, /, **inputs: Any) -> Thing:
        created = self.registry.create(type_token, called, inputs)
        thing = Thing(type_token, called, created.id, inputs, {**inputs, **created.outputs})
        self.things[type_token, called] = thing
        return thing

    def read(self, thing: Thing) -> Mapping[str, Any]:
        told = self.registry.read(registration_of(thing))
        assert told is not None
        return told

    def update(self, thing: Thing, change: Mapping[str, Any]) -> tuple[Thing, Created]:
        """Update it, and remember what an engine would."""
        inputs = {key: value for key, value in {**thing.inputs, **change}.items() if value is not GONE}
        state = State(thing.id, {**thing.outputs, **self.read(thing)})
        updated = self.registry.update(thing.type, thing.name, state, inputs, frozenset(change))
        changed = replace(thing, inputs=inputs, outputs={**inputs, **updated.outputs})
        self.things[thing.type, thing.name] = changed
        return changed, updated


def registration_of(thing: Thing) -> Registration:
    return Registration(
        type=thing.type,
        name=thing.name,
        urn=thing.name,
        custom=True,
        inputs=thing.inputs,
        parent="",
        depends_on=(),
        provider="",
        protect=False,
        retain_on_delete=False,
        delete_before_replace=False,
        ignore_changes=(),
        id=thing.id,
        outputs=thing.outputs,
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("lab")
    with networks.take([2575]) as network, Supervisor(folder, f"aws-{folder.name}", lock=network.lock) as supervisor:
        settings = CloudSettings(network=network.cidr, profile=INSTANT, schedule_divisor=1)
        world = World(Emulators.start(supervisor, settings), network.cidr)
        stack = derive(load("dev"), network=network.cidr, endpoints=world.emulators.endpoints)
        world.adopt(
            deploy(
                lambda: small_stack("small", network.cidr),
                project=stack.file.project,
                stack=stack.file.stack,
                config=stack.file.texts,
                create=world.registry.create,
                invoke=world.registry.invoke,
                environment=stack.environment,
            )
        )
        make_spares(world)
        yield world


def make_spares(world: World) -> None:
    """What the changed inputs are to point at."""
    vpc = world.things["aws:ec2/vpc:Vpc", "vpc"].id
    second = f"{world.network.rsplit('.', 2)[0]}.1.0/24"
    world.make("aws:ec2/vpc:Vpc", "spare", cidrBlock="10.9.0.0/16", instanceTenancy="dedicated")
    world.make("aws:ec2/subnet:Subnet", "spare", vpcId=vpc, cidrBlock=second, availabilityZone=f"{REGION}b")
    world.make("aws:ec2/internetGateway:InternetGateway", "spare")
    table = world.make("aws:ec2/routeTable:RouteTable", "spare", vpcId=vpc)
    gateway = world.things["aws:ec2/internetGateway:InternetGateway", "gateway"].id
    world.make("aws:ec2/route:Route", "spare", routeTableId=table.id, destinationCidrBlock="192.0.2.0/24", gatewayId=gateway)
    world.make("aws:ec2/eip:Eip", "spare", domain="vpc")
    world.make("aws:ec2/eip:Eip", "third", domain="vpc")
    world.make("aws:kms/key:Key", "spare", deletionWindowInDays=7)
    world.make("aws:iam/role:Role", "spare", name="spare", assumeRolePolicy=TRUST)
    world.make("aws:iam/instanceProfile:InstanceProfile", "spare", name="spare", role="spare")
    world.make("aws:lb/targetGroup:TargetGroup", "spare", port=2576, protocol="TCP", vpcId=vpc)
    world.make("aws:sqs/queue:Queue", "spare", name="spare")


def test_all_that_is_said_to_be_changed_in_place_is_tried_or_named() -> None:
    tried = {(each.type, name) for each in CASES for name in each.change}
    said = {(handler.type, name) for handler in aws.HANDLERS for name in handler.changes}
    assert said - tried == {(kind, name) for kind, names in UNTRIED.items() for name in names}
    assert tried - said == set()


@pytest.mark.parametrize("type_token", TAGGABLE, ids=lambda token: token.rpartition(":")[2])
def test_tags_come_change_and_go(world: World, type_token: str) -> None:
    thing = next(each for (kind, _), each in world.things.items() if kind == type_token)
    before = world.read(thing)
    own = thing.inputs.get("tags", {})
    for wanted in ({**own, "Name": "other", "new": "one"}, {"new": "one"}, {}, own):
        thing, updated = world.update(thing, {"tags": wanted or GONE})
        told = world.read(thing)
        assert (told.get("tags", {}), told["tagsAll"]) == (wanted, wanted)
        assert updated.gaps == ()
    after = world.read(thing)
    assert {name: after[name] for name in after if name not in {"tags", "tagsAll"}} == {
        name: before[name] for name in before if name not in {"tags", "tagsAll"}
    }


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


def found(world: World, value: Any) -> Any:
    """The value with every `Of` in it looked up."""
    if isinstance(value, Of):
        thing = world.things[value.type, value.name]
        return thing.outputs[value.output] if value.output else thing.id
    if isinstance(value, list):
        return [found(world, each) for each in value]
    if isinstance(value, dict):
        return {key: found(world, each) for key, each in value.items()}
    return value


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


@pytest.mark.parametrize("change", CASES, ids=str)
def test_what_is_changed_in_place_is_changed_in_the_cloud_and_nothing_else_is(world: World, change: Case) -> None:
    thing = world.things[change.type, change.name]
    before = world.read(thing)
    wanted = found(world, change.change)
    if "secondaryPrivateIps" in wanted:
        wanted = {"secondaryPrivateIps": [f"{world.network.rsplit('.', 2)[0]}.0.11"]}
    thing, updated = world.update(thing, wanted)
    assert {gap.what.partition(".")[0] for gap in updated.gaps} == change.gaps
    told = world.read(thing)
    assert told == updated.outputs
    handler = HANDLERS[change.type]
    asked = {key: value for key, value in wanted.items() if value is not GONE and key not in handler.untold | change.gaps}
    assert list(unconfirmed(asked, told)) == []
    others = (told.keys() | before.keys()) - change.change.keys() - change.moves
    assert {name: told.get(name) for name in others} == {name: before.get(name) for name in others}
    if change.undo:
        thing, _ = world.update(thing, {name: before[name] for name in change.change})
        assert world.read(thing) == before


def test_a_stopped_instance_runs_after_its_type_was_changed(world: World) -> None:
    """The trap of facts on real AWS: a fenced worker would wake up."""
    worker = world.things[INSTANCE, "wk1"]
    ec2 = world.emulators.client("ec2")
    ec2_instance_changes.look_up.stop(ec2, worker.id)
    assert world.read(worker)["instanceState"] == "stopped"
    worker, _ = world.update(worker, {"instanceType": "c6i.large"})
    assert world.read(worker)["instanceState"] == "running"


def test_nothing_is_changed_when_one_of_the_inputs_cannot_be(world: World) -> None:
    rule = world.things[RULE, "every-minute"]
    before = world.read(rule)
    with pytest.raises(CannotUpdateError, match="cannot change isEnabled of aws:cloudwatch/eventRule:EventRule in place"):
        world.update(rule, {"isEnabled": True, "tags": {"other": "tags"}, "description": "other"})
    assert world.read(rule) == before


def test_an_input_that_only_says_how_to_delete_needs_no_call(world: World) -> None:
    rule = world.things[RULE, "every-minute"]
    _, updated = world.update(rule, {"forceDestroy": True})
    assert (updated.id, updated.gaps) == (rule.id, ())


def test_what_the_provider_fills_in_is_no_gap(world: World) -> None:
    """With the provider's defaults among the inputs, as Pulumi's engine hands them over."""
    for type_token, name, inputs in (
        (SUBNET, "filled", {"vpcId": world.things[VPC, "spare"].id, "cidrBlock": "10.9.1.0/24"}),
        (QUEUE, "filled", {}),
        (TOPIC, "filled", {}),
        (KEY, "filled", {"deletionWindowInDays": 7}),
        (LOGS, "filled", {}),
        (ROLE, "filled", {"assumeRolePolicy": TRUST}),
        (TARGETS, "filled", {"port": 2600, "protocol": "TCP", "vpcId": world.things[VPC, "vpc"].id}),
    ):
        created = world.registry.create(type_token, name, {**HANDLERS[type_token].defaults, **inputs})
        assert created.gaps == (), type_token


def test_a_policy_of_its_own_has_five_versions_at_most(world: World) -> None:
    policy = world.make("aws:iam/policy:Policy", "versions", policy=ALLOWED)
    for action in ("a", "b", "c", "d", "e", "f"):
        policy, _ = world.update(policy, {"policy": ALLOWED.replace("s3:*", f"s3:{action}")})
    versions = world.emulators.client("iam").list_policy_versions(PolicyArn=policy.id)["Versions"]
    assert len(versions) == 5
    world.registry.delete(registration_of(policy))
    assert world.registry.read(registration_of(policy)) is None
