"""Everything that an account has, asked of the cloud itself: neither a state nor the lab's handlers take part.

By kind; a kind that is a type token has the ids that Pulumi knows. What AWS has by itself (default network, its own
policies) is there too: who wants what was made compares two of these.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lab.bare_cloud import Cloud

Inventory = Mapping[str, Mapping[str, str]]
"""Kind, to id, to a name that two runs have in common."""

_TAIL = re.compile(r"-[0-9a-f]{7}\b")
_IDS = re.compile(
    r"\b(vpc|subnet|sg|rtb|igw|eni|i|vol|eipalloc|pl)-[0-9a-f]{8,}\b|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)

_GOING = frozenset({"terminated", "shutting-down", "deleted", "deleting"})

EC2 = {
    "aws:ec2/vpc:Vpc": ("describe_vpcs", "Vpcs", "VpcId"),
    "aws:ec2/subnet:Subnet": ("describe_subnets", "Subnets", "SubnetId"),
    "aws:ec2/internetGateway:InternetGateway": ("describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    "route tables": ("describe_route_tables", "RouteTables", "RouteTableId"),
    "groups": ("describe_security_groups", "SecurityGroups", "GroupId"),
    "group rules": ("describe_security_group_rules", "SecurityGroupRules", "SecurityGroupRuleId"),
    "aws:ec2/eip:Eip": ("describe_addresses", "Addresses", "AllocationId"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": ("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    "aws:ec2/flowLog:FlowLog": ("describe_flow_logs", "FlowLogs", "FlowLogId"),
    "volumes": ("describe_volumes", "Volumes", "VolumeId"),
    "interfaces": ("describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
}


def take(here: Cloud) -> Inventory:
    """What is there now."""
    client = here.emulators.client
    made = {kind: dict(_ec2(client("ec2"), *how)) for kind, how in EC2.items()}
    made["aws:ec2/instance:Instance"] = dict(_instances(client("ec2")))
    made["routes"] = dict(_routes(client("ec2")))
    made["aws:kms/key:Key"] = dict(_keys(client("kms")))
    for kind, ids in _listed(client):
        made[kind] = {each: each for each in ids}
    return made


def without(made: Inventory, before: Inventory) -> Inventory:
    """What has come since."""
    return {kind: {key: name for key, name in there.items() if key not in before[kind]} for kind, there in made.items()}


def names(made: Inventory) -> Mapping[str, Counter[str]]:
    """What two runs have in common: names without their random tails, and how often."""
    return {kind: Counter(_TAIL.sub("-*", _IDS.sub("*", name)) for name in there.values()) for kind, there in made.items()}


def _ec2(ec2: Any, call: str, answer: str, key: str) -> Iterator[tuple[str, str]]:
    for each in getattr(ec2, call)()[answer]:
        if each.get("State") not in _GOING:
            yield each[key], _name(each)


def _instances(ec2: Any) -> Iterator[tuple[str, str]]:
    for reservation in ec2.describe_instances()["Reservations"]:
        for each in reservation["Instances"]:
            if each["State"]["Name"] not in _GOING:
                disks = sorted(disk["DeviceName"] for disk in each["BlockDeviceMappings"])
                cards = [len(card["PrivateIpAddresses"]) for card in each["NetworkInterfaces"]]
                yield each["InstanceId"], f"{_name(each)} {each['State']['Name']} disks {disks} addresses {cards}"


def _routes(ec2: Any) -> Iterator[tuple[str, str]]:
    for table in ec2.describe_route_tables()["RouteTables"]:
        for each in table["Routes"]:
            key = f"{table['RouteTableId']} {each.get('DestinationCidrBlock') or each.get('DestinationPrefixListId')}"
            yield key, f"{_name(table)} {key}"
        for each in table["Associations"]:
            yield each["RouteTableAssociationId"], f"association with {_name(table)}"


def _keys(kms: Any) -> Iterator[tuple[str, str]]:
    for each in kms.list_keys()["Keys"]:
        told = kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"]
        if told["KeyState"] != "PendingDeletion":
            rotates = kms.get_key_rotation_status(KeyId=each["KeyId"])["KeyRotationEnabled"]
            yield each["KeyId"], f"{told['Description']} rotates {rotates}"


def _listed(client: Callable[[str], Any]) -> Iterator[tuple[str, list[str]]]:
    """What has a name of its own, or is known by its ARN."""
    iam, events = client("iam"), client("events")
    roles = [each["RoleName"] for each in iam.list_roles()["Roles"]]
    rules = [each["Name"] for each in events.list_rules()["Rules"]]
    attached = [
        f"{role}/{each['PolicyArn']}"
        for role in roles
        for each in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    ]
    yield "aws:iam/role:Role", roles
    yield "attached policies", attached
    yield "aws:iam/policy:Policy", [each["Arn"] for each in iam.list_policies(Scope="Local")["Policies"]]
    profiles = iam.list_instance_profiles()["InstanceProfiles"]
    yield "profiles", [f"{each['InstanceProfileName']} {len(each['Roles'])}" for each in profiles]
    yield "aws:kms/alias:Alias", [each["AliasName"] for each in client("kms").list_aliases()["Aliases"]]
    yield "aws:dynamodb/table:Table", client("dynamodb").list_tables()["TableNames"]
    yield "aws:sqs/queue:Queue", client("sqs").list_queues().get("QueueUrls", [])
    yield "aws:sns/topic:Topic", [each["TopicArn"] for each in client("sns").list_topics()["Topics"]]
    subscriptions = client("sns").list_subscriptions()["Subscriptions"]
    yield "subscriptions", [f"{each['Protocol']} {each['SubscriptionArn']}" for each in subscriptions]
    functions = client("lambda").list_functions()["Functions"]
    yield "aws:lambda/function:Function", [each["FunctionName"] for each in functions]
    yield "aws:cloudwatch/eventRule:EventRule", rules
    yield "targets", [f"{r} {each['Id']}" for r in rules for each in events.list_targets_by_rule(Rule=r)["Targets"]]
    groups = client("logs").describe_log_groups()["logGroups"]
    yield "log groups", [f"{each['logGroupName']} {each.get('retentionInDays')}" for each in groups]
    cloudwatch = client("cloudwatch")
    alarms = cloudwatch.describe_alarms()["MetricAlarms"]
    yield "aws:cloudwatch/metricAlarm:MetricAlarm", [each["AlarmName"] for each in alarms]
    yield "dashboards", [each["DashboardName"] for each in cloudwatch.list_dashboards()["DashboardEntries"]]


def _name(of: Mapping[str, Any]) -> str:
    """The tag `Name`, and what else tells two of a kind apart."""
    tags = {tag["Key"]: tag["Value"] for tag in of.get("Tags") or of.get("TagSet") or ()}
    more = [of[key] for key in ("GroupName", "IsEgress", "FromPort", "CidrIpv4", "CidrBlock", "Attachments") if key in of]
    told = [str(each) if not isinstance(each, list) else f"attached {len(each)}" for each in more]
    return " ".join([tags.get("Name", "-"), *told])
