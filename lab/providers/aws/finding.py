"""Finds in the cloud what an interrupted run may have made: a resource whose inputs are known and whose id is not.

An engine that is killed leaves *pending creates*: it had asked for them and never heard an answer. Each may exist or not,
and one that exists would be made a second time. Here is, by type, how it is found again, and why that can be believed:

    by a key      the id is made of the inputs, or the cloud finds it by a name that an account has once
    by its marks  the tags that it was made with (one call makes and tags it) and what else it cannot be without
    again         the cloud's create is a put: made a second time, it is the same one, so nothing has to be found

What is found is read before it counts. Not here: what becomes of it (`lab.repairing`). A type that is not here is a question
for a person. The statements about AWS are of its API references, read 2026-11-29.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

from lab.providers.aws.cloud import AwsHandler, Cloud, found, tag_map
from lab.providers.aws.ec2_groups import revoke_all
from lab.providers.aws.events import DEFAULT_BUS
from lab.providers.aws.kms import ALIAS_PREFIX
from lab.providers.aws.process import REGION_VARIABLES, configure
from lab.providers.handler import State
from lab.providers.naming import DEFAULTED
from lab.providers.plain import SIGNATURE, Mark

Inputs = Mapping[str, Any]
Find = Callable[[Cloud, Inputs], Iterator[State]]

IAMS_REGION = "us-east-1"
"""Where IAM is asked, whose resources are in no region (AWS General Reference, "IAM endpoints")."""

GOING = frozenset({"shutting-down", "terminated", "deleting", "deleted", "failed"})
"""States of what nobody can have any more."""


class UnfindableError(LookupError):
    """Nothing says whether the cloud has it; the message says why."""


@dataclass(frozen=True)
class LookUp:
    """How the resources of one type are found again."""

    source: str
    """Why what is found is the one that was asked for, and why one that is not found was not made."""
    find: Find
    complete: Callable[[Cloud, str], None] | None = None
    """What its making may have left undone and no update would do."""


class Finder:
    """Looks for the resources of a state, whichever region they are in.

    Args:
        environment: Where the emulators answer, as the provider process gets it.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def ids(self, resource: Mapping[str, Any]) -> list[str]:
        """The ids of everything that may be this resource, which is as a state has it: `type` and `inputs`.

        Raises:
            UnfindableError: there is no way to find one of this type, or of these inputs.
        """
        handler, inputs = self._asked(resource)
        return [each.id for each in find(handler, inputs)]

    def complete(self, resource: Mapping[str, Any], resource_id: str) -> None:
        """Do what the making of this one may have left undone and no update would do."""
        look_up = LOOK_UPS.get(resource["type"])
        if look_up and look_up.complete:
            handler, _ = self._asked(resource)
            look_up.complete(handler.cloud, resource_id)

    def _asked(self, resource: Mapping[str, Any]) -> tuple[AwsHandler, dict[str, Any]]:
        """Its handler, and its inputs as a handler knows them. What is secret is not known here: nothing is found by it."""
        if resource["type"] not in LOOK_UPS:
            raise UnfindableError(f"the lab has no way to find one of {resource['type']}")
        inputs = {name: value for name, value in (resource.get("inputs") or {}).items() if not _holds_a_secret(value)}
        region = inputs.get("region") or next(
            (self._environment[each] for each in REGION_VARIABLES if each in self._environment), IAMS_REGION
        )
        customs = configure({"region": region}, self._environment)
        handler = cast("AwsHandler", customs.registry(inputs).handlers[resource["type"]])
        return handler, customs.for_handler({name: value for name, value in inputs.items() if name != DEFAULTED})


def find(handler: AwsHandler, inputs: Inputs) -> list[State]:
    """Everything in the cloud that may be the resource with these inputs, as a state that can be read.

    Raises:
        UnfindableError: there is no way to find one of these inputs.
    """
    try:
        candidates = list(LOOK_UPS[handler.type].find(handler.cloud, inputs))
    except KeyError as exc:
        raise UnfindableError(f"it would be found by its {exc.args[0]}, and it has none, or a secret one") from exc
    whole = {**handler.defaults, **inputs}
    return [each for each in candidates if handler.read(State(each.id, {**whole, **each.outputs})) is not None]


def _key(name: str) -> Find:
    """The id is an input."""
    return lambda _, inputs: iter([State(inputs[name])])


def _ec2(call: str, answer: str, key: str, **same: str) -> Find:
    """By its tags, and by what the cloud says of it under other names than the inputs."""

    def find(cloud: Cloud, inputs: Inputs) -> Iterator[State]:
        tags = _tags(inputs)
        wanted = {name: inputs[own] for name, own in same.items() if own in inputs}
        for page in cloud.client("ec2").get_paginator(call).paginate():
            for each in page[answer]:
                if tags.items() <= tag_map(each.get("Tags")).items() and wanted.items() <= each.items():
                    yield from _unless_going(each, key)

    return find


def _unless_going(each: Mapping[str, Any], key: str) -> Iterator[State]:
    state = each.get("State")
    if not (isinstance(state, str) and state.lower() in GOING):
        yield State(each[key])


def _instances(cloud: Cloud, inputs: Inputs) -> Iterator[State]:
    tags = _tags(inputs)
    for page in cloud.client("ec2").get_paginator("describe_instances").paginate():
        for each in (instance for reservation in page["Reservations"] for instance in reservation["Instances"]):
            if tags.items() <= tag_map(each.get("Tags")).items() and each["State"]["Name"] not in GOING:
                yield State(each["InstanceId"])


def _addresses(cloud: Cloud, inputs: Inputs) -> Iterator[State]:
    tags = _tags(inputs)
    for each in cloud.client("ec2").describe_addresses()["Addresses"]:
        if tags.items() <= tag_map(each.get("Tags")).items():
            yield State(each["AllocationId"])


def _associations(cloud: Cloud, inputs: Inputs) -> Iterator[State]:
    names = {"InstanceId": "instanceId", "NetworkInterfaceId": "networkInterfaceId", "PrivateIpAddress": "privateIpAddress"}
    wanted = {name: inputs[own] for name, own in names.items() if own in inputs}
    address = {"Name": "allocation-id", "Values": [inputs["allocationId"]]}
    for each in cloud.client("ec2").describe_addresses(Filters=[address])["Addresses"]:
        if "AssociationId" in each and wanted.items() <= each.items():
            yield State(each["AssociationId"])


def _route_associations(cloud: Cloud, inputs: Inputs) -> Iterator[State]:
    names = {"SubnetId": "subnetId", "GatewayId": "gatewayId"}
    wanted = {name: inputs[own] for name, own in names.items() if own in inputs}
    for table in cloud.client("ec2").describe_route_tables()["RouteTables"]:
        for each in table["Associations"]:
            if wanted and wanted.items() <= each.items():
                yield State(each["RouteTableAssociationId"])


def _route(_: Cloud, inputs: Inputs) -> Iterator[State]:
    kinds = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")
    yield from (State(f"r-{inputs['routeTableId']}-{inputs[kind]}") for kind in kinds if kind in inputs)


def _attachment(_: Cloud, inputs: Inputs) -> Iterator[State]:
    key = f"{inputs['deviceName']}-{inputs['instanceId']}-{inputs['volumeId']}-"
    yield State(f"vai-{zlib.crc32(key.encode())}")


def _keys(cloud: Cloud, inputs: Inputs) -> Iterator[State]:
    kms, tags = cloud.client("kms"), _tags(inputs)
    for page in kms.get_paginator("list_keys").paginate():
        for each in page["Keys"]:
            told = kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"]
            if told.get("KeyManager", "CUSTOMER") == "CUSTOMER" and told["KeyState"] != "PendingDeletion":
                has = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=each["KeyId"])["Tags"]}
                if tags.items() <= has.items():
                    yield State(each["KeyId"])


def _alias(_: Cloud, inputs: Inputs) -> Iterator[State]:
    yield State(ALIAS_PREFIX + str(inputs["name"]).removeprefix(ALIAS_PREFIX))


def _policy(cloud: Cloud, inputs: Inputs) -> Iterator[State]:
    yield State(f"arn:{cloud.partition}:iam::{cloud.account_id}:policy{inputs.get('path', '/')}{inputs['name']}")


def _queue(cloud: Cloud, inputs: Inputs) -> Iterator[State]:
    sqs = cloud.client("sqs")
    missing = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
    if answer := found(lambda: sqs.get_queue_url(QueueName=inputs["name"]), *missing):
        yield State(answer["QueueUrl"])


def _subscriptions(cloud: Cloud, inputs: Inputs) -> Iterator[State]:
    wanted = {"Protocol": inputs["protocol"], "Endpoint": inputs["endpoint"]}
    for page in cloud.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=inputs["topic"]):
        for each in page["Subscriptions"]:
            if wanted.items() <= each.items() and each["SubscriptionArn"].startswith("arn:"):
                yield State(each["SubscriptionArn"])


def _targets(cloud: Cloud, inputs: Inputs) -> Iterator[State]:
    rule, bus = inputs["rule"], inputs.get("eventBusName", DEFAULT_BUS)
    for each in cloud.client("events").list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"]:
        if inputs.get("targetId", each["Id"]) == each["Id"] and each["Arn"] == inputs["arn"]:
            yield State(f"{rule}-{each['Id']}", {"targetId": each["Id"], "eventBusName": bus})


def _elbv2(call: str, answer: str, key: str, gone: str) -> Find:
    def find(cloud: Cloud, inputs: Inputs) -> Iterator[State]:
        describe = getattr(cloud.client("elbv2"), call)
        told = found(lambda: describe(Names=[inputs["name"]]), gone)
        yield from (State(each[key]) for each in (told or {answer: []})[answer])

    return find


def _listeners(cloud: Cloud, inputs: Inputs) -> Iterator[State]:
    told = cloud.client("elbv2").describe_listeners(LoadBalancerArn=inputs["loadBalancerArn"])
    yield from (State(each["ListenerArn"]) for each in told["Listeners"] if each["Port"] == inputs["port"])


def _again(_cloud: Cloud, _inputs: Inputs) -> Iterator[State]:
    return iter(())


def _holds_a_secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value)
        return items.get(SIGNATURE) == Mark.SECRET or any(_holds_a_secret(each) for each in items.values())
    return isinstance(value, list) and any(_holds_a_secret(each) for each in cast("list[Any]", value))


def _tags(inputs: Inputs) -> dict[str, str]:
    """Its tags; without any it is one among all of its kind."""
    tags = cast("Mapping[str, str]", inputs.get("tagsAll") or inputs.get("tags") or {})
    if not tags:
        raise UnfindableError("it would be found by its tags, and it has none")
    return dict(tags)


def _unmarked_egress(cloud: Cloud, group_id: str) -> None:
    """EC2 opens a new group outwards; the provider closes that in a second call, which may never have been made."""
    revoke_all(cloud.client("ec2"), group_id)


_ONCE = "an account and region have one of this name; the inputs hold it, the automatic tail included"
_TAGGED = "tagged by the call that makes it (TagSpecifications), so it is never there without its tags"
_PUT = "again: the call adds or updates, by a key that the program gives"
_RULE = LookUp(
    f"{_TAGGED}; its group, ports and range are compared too",
    _ec2(
        *("describe_security_group_rules", "SecurityGroupRules", "SecurityGroupRuleId"),
        GroupId="securityGroupId",
        FromPort="fromPort",
        ToPort="toPort",
        CidrIpv4="cidrIpv4",
    ),
)

LOOK_UPS: Mapping[str, LookUp] = MappingProxyType(
    {
        "aws:ec2/vpc:Vpc": LookUp(_TAGGED, _ec2("describe_vpcs", "Vpcs", "VpcId", CidrBlock="cidrBlock")),
        "aws:ec2/subnet:Subnet": LookUp(
            _TAGGED, _ec2("describe_subnets", "Subnets", "SubnetId", VpcId="vpcId", CidrBlock="cidrBlock")
        ),
        "aws:ec2/internetGateway:InternetGateway": LookUp(
            _TAGGED, _ec2("describe_internet_gateways", "InternetGateways", "InternetGatewayId")
        ),
        "aws:ec2/routeTable:RouteTable": LookUp(
            _TAGGED, _ec2("describe_route_tables", "RouteTables", "RouteTableId", VpcId="vpcId")
        ),
        "aws:ec2/route:Route": LookUp("a table has one route to a destination; the id is made of both", _route),
        "aws:ec2/routeTableAssociation:RouteTableAssociation": LookUp("a subnet has one table", _route_associations),
        "aws:ec2/securityGroup:SecurityGroup": LookUp(
            f"{_TAGGED}; a VPC has one group of this name",
            _ec2("describe_security_groups", "SecurityGroups", "GroupId", VpcId="vpcId", GroupName="name"),
            _unmarked_egress,
        ),
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": LookUp("again: it comes with its VPC and is adopted", _again),
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _RULE,
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _RULE,
        "aws:ec2/vpcEndpoint:VpcEndpoint": LookUp(
            _TAGGED,
            _ec2("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", VpcId="vpcId", ServiceName="serviceName"),
        ),
        "aws:ec2/flowLog:FlowLog": LookUp(_TAGGED, _ec2("describe_flow_logs", "FlowLogs", "FlowLogId", ResourceId="vpcId")),
        "aws:ec2/instance:Instance": LookUp(_TAGGED, _instances),
        "aws:ebs/volume:Volume": LookUp(
            _TAGGED, _ec2("describe_volumes", "Volumes", "VolumeId", AvailabilityZone="availabilityZone")
        ),
        "aws:ec2/volumeAttachment:VolumeAttachment": LookUp("the id is made of volume, instance and device", _attachment),
        "aws:ec2/eip:Eip": LookUp(_TAGGED, _addresses),
        "aws:ec2/eipAssociation:EipAssociation": LookUp(
            "an address has one association; who has it is compared", _associations
        ),
        "aws:ec2/natGateway:NatGateway": LookUp(
            _TAGGED, _ec2("describe_nat_gateways", "NatGateways", "NatGatewayId", SubnetId="subnetId")
        ),
        "aws:lb/loadBalancer:LoadBalancer": LookUp(
            _ONCE, _elbv2("describe_load_balancers", "LoadBalancers", "LoadBalancerArn", "LoadBalancerNotFound")
        ),
        "aws:lb/targetGroup:TargetGroup": LookUp(
            _ONCE, _elbv2("describe_target_groups", "TargetGroups", "TargetGroupArn", "TargetGroupNotFound")
        ),
        "aws:lb/listener:Listener": LookUp("a balancer has one listener on a port", _listeners),
        "aws:lb/targetGroupAttachment:TargetGroupAttachment": LookUp(_PUT, _again),
        "aws:kms/key:Key": LookUp("tagged by the call that makes it; keys that wait for their deletion do not count", _keys),
        "aws:kms/alias:Alias": LookUp(_ONCE, _alias),
        "aws:iam/role:Role": LookUp(_ONCE, _key("name")),
        "aws:iam/rolePolicy:RolePolicy": LookUp(
            "a role has one policy of this name", lambda _, inputs: iter([State(f"{inputs['role']}:{inputs['name']}")])
        ),
        "aws:iam/policy:Policy": LookUp(_ONCE, _policy),
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment": LookUp("again: who has a policy can be given it", _again),
        "aws:iam/instanceProfile:InstanceProfile": LookUp(_ONCE, _key("name")),
        "aws:dynamodb/table:Table": LookUp(_ONCE, _key("name")),
        "aws:lambda/function:Function": LookUp(_ONCE, _key("name")),
        "aws:lambda/permission:Permission": LookUp("a function has one statement of this name", _key("statementId")),
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": LookUp(_PUT, _again),
        "aws:lambda/invocation:Invocation": LookUp(
            "again: a call leaves nothing, and the first tick may be asked twice", _again
        ),
        "aws:cloudwatch/eventRule:EventRule": LookUp(_ONCE, _key("name")),
        "aws:cloudwatch/eventTarget:EventTarget": LookUp("a rule has one target of this id", _targets),
        "aws:cloudwatch/logGroup:LogGroup": LookUp(_ONCE, _key("name")),
        "aws:cloudwatch/metricAlarm:MetricAlarm": LookUp(_ONCE, _key("name")),
        "aws:cloudwatch/dashboard:Dashboard": LookUp(_PUT, _again),
        "aws:sns/topic:Topic": LookUp(_ONCE, lambda cloud, inputs: iter([State(cloud.arn("sns", inputs["name"]))])),
        "aws:sns/topicPolicy:TopicPolicy": LookUp("again: a topic has one, and it is put", _again),
        "aws:sns/topicSubscription:TopicSubscription": LookUp(
            "a topic has an endpoint once; one that nobody has confirmed has no id, and asking again makes no second",
            _subscriptions,
        ),
        "aws:sqs/queue:Queue": LookUp(_ONCE, _queue),
        "aws:sqs/queuePolicy:QueuePolicy": LookUp("again: a queue has one, and it is put", _again),
    }
)
"""By type; a test says of every type that the lab has whether it is here."""
