"""The provider's functions: what a program asks before it builds.

Only `lab.providers.aws` and `ec2_endpoints` import this file.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from lab.providers.aws.cloud import Cloud
from lab.providers.handler import Ask
from lab.providers.registry import Function

DNS_SUFFIX = {"aws": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-us-gov": "amazonaws.com"}


def functions(cloud: Cloud) -> dict[str, Function]:
    """Every function that the lab has, by its token."""
    named: dict[str, Callable[[Cloud, Ask], Mapping[str, Any]]] = {
        "aws:index/getCallerIdentity:getCallerIdentity": caller_identity,
        "aws:index/getPartition:getPartition": partition,
        "aws:index/getRegion:getRegion": region,
        "aws:index/getAvailabilityZones:getAvailabilityZones": availability_zones,
        "aws:ec2/getPrefixList:getPrefixList": prefix_list,
        "aws:ec2/getManagedPrefixList:getManagedPrefixList": managed_prefix_list,
        "aws:ec2/getAmi:getAmi": ami,
        "aws:ec2/getElasticIp:getElasticIp": elastic_ip,
    }
    return {token: partial(function, cloud) for token, function in named.items()}


def caller_identity(cloud: Cloud, _ask: Ask) -> Mapping[str, Any]:
    """Whose account this is."""
    identity = cloud.client("sts").get_caller_identity()
    return {
        "id": identity["Account"],
        "accountId": identity["Account"],
        "arn": identity["Arn"],
        "userId": identity["UserId"],
    }


def partition(cloud: Cloud, _ask: Ask) -> Mapping[str, Any]:
    """Which of AWS's worlds this is."""
    suffix = DNS_SUFFIX[cloud.partition]
    return {
        "id": cloud.partition,
        "partition": cloud.partition,
        "dnsSuffix": suffix,
        "reverseDnsPrefix": ".".join(reversed(suffix.split("."))),
    }


def region(cloud: Cloud, ask: Ask) -> Mapping[str, Any]:
    """Which region this is; asking for another one is refused."""
    _only_this_region(cloud, ask, ask.get("name"))
    return {
        "id": cloud.region,
        "name": cloud.region,
        "region": cloud.region,
        "endpoint": f"ec2.{cloud.region}.{DNS_SUFFIX[cloud.partition]}",
        "description": cloud.region,
    }


def availability_zones(cloud: Cloud, ask: Ask) -> Mapping[str, Any]:
    """The zones of the region."""
    _only_this_region(cloud, ask)
    state = ask.get("state")
    excluded = {*ask.get("excludeNames", ()), *ask.get("excludeZoneIds", ())}
    answer = cloud.client("ec2").describe_availability_zones(**ask.pick("allAvailabilityZones"), **_filters(ask))
    zones = [
        zone
        for zone in answer["AvailabilityZones"]
        if state in {None, zone["State"]} and not excluded & {zone["ZoneName"], zone["ZoneId"]}
    ]
    return {
        "id": cloud.region,
        "region": cloud.region,
        "names": [zone["ZoneName"] for zone in zones],
        "zoneIds": [zone["ZoneId"] for zone in zones],
        "groupNames": sorted({zone.get("GroupName", cloud.region) for zone in zones}),
    }


def prefix_list(cloud: Cloud, ask: Ask) -> Mapping[str, Any]:
    """The addresses of a service of the cloud, by the service's name."""
    _only_this_region(cloud, ask)
    found = _prefix_lists(cloud, ask)
    entries = cloud.client("ec2").get_managed_prefix_list_entries(PrefixListId=found["PrefixListId"])["Entries"]
    return {
        "id": found["PrefixListId"],
        "name": found["PrefixListName"],
        "prefixListId": found["PrefixListId"],
        "cidrBlocks": [entry["Cidr"] for entry in entries],
        "region": cloud.region,
    }


def managed_prefix_list(cloud: Cloud, ask: Ask) -> Mapping[str, Any]:
    """As `prefix_list`, in the newer form."""
    _only_this_region(cloud, ask)
    found = _prefix_lists(cloud, ask)
    entries = cloud.client("ec2").get_managed_prefix_list_entries(PrefixListId=found["PrefixListId"])["Entries"]
    return {
        "id": found["PrefixListId"],
        "name": found["PrefixListName"],
        "arn": found["PrefixListArn"],
        "addressFamily": found["AddressFamily"],
        "ownerId": found["OwnerId"],
        "maxEntries": found.get("MaxEntries", 0),
        "version": found.get("Version", 1),
        "entries": [{"cidr": entry["Cidr"], "description": entry.get("Description", "")} for entry in entries],
        "tags": {},
        "region": cloud.region,
    }


def prefix_list_id(cloud: Cloud, service_name: str) -> str:
    """The id of a service's prefix list; empty when the emulator keeps none for it."""
    filters = [{"Name": "prefix-list-name", "Values": [service_name]}]
    lists = cloud.client("ec2").describe_managed_prefix_lists(Filters=filters)["PrefixLists"]
    return lists[0]["PrefixListId"] if lists else ""


def ami(cloud: Cloud, ask: Ask) -> Mapping[str, Any]:
    """The image that matches; the newest of several when `mostRecent` is set."""
    _only_this_region(cloud, ask)
    images = cloud.client("ec2").describe_images(**ask.pick("owners", "executableUsers"), **_filters(ask))["Images"]
    if pattern := ask.get("nameRegex"):
        images = [image for image in images if re.search(pattern, image["Name"])]
    newest_first = sorted(images, key=lambda image: image["CreationDate"], reverse=True)
    if not newest_first or (len(newest_first) > 1 and not ask.get("mostRecent")):
        raise LookupError(f"{len(newest_first)} images match; getAmi needs exactly one, or mostRecent")
    return _image_outputs(cloud, newest_first[0])


def elastic_ip(cloud: Cloud, ask: Ask) -> Mapping[str, Any]:
    """A public address and where it leads to now; what it does not have is left out."""
    _only_this_region(cloud, ask)
    asked = {**ask.pick(AllocationIds="id", PublicIps="publicIp"), **_filters(ask)}
    wanted = {name: [each] if isinstance(each, str) else each for name, each in asked.items()}
    found = cloud.client("ec2").describe_addresses(**wanted)["Addresses"]
    if len(found) != 1:
        raise LookupError(f"{len(found)} addresses match {wanted}; getElasticIp needs exactly one")
    names = {
        "AllocationId": "id",
        "AssociationId": "associationId",
        "Domain": "domain",
        "InstanceId": "instanceId",
        "NetworkInterfaceId": "networkInterfaceId",
        "PrivateIpAddress": "privateIp",
        "PublicIp": "publicIp",
    }
    known = {names[key]: value for key, value in found[0].items() if key in names and value}
    return {"tags": {each["Key"]: each["Value"] for each in found[0].get("Tags", [])}, "region": cloud.region} | known


def _image_outputs(cloud: Cloud, image: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "ImageId": "imageId",
        "Name": "name",
        "Architecture": "architecture",
        "CreationDate": "creationDate",
        "Description": "description",
        "Hypervisor": "hypervisor",
        "OwnerId": "ownerId",
        "Public": "public",
        "RootDeviceName": "rootDeviceName",
        "RootDeviceType": "rootDeviceType",
        "State": "state",
        "VirtualizationType": "virtualizationType",
    }
    known = {names[key]: value for key, value in image.items() if key in names}
    return {"id": image["ImageId"], "arn": cloud.arn("ec2", f"image/{image['ImageId']}"), "tags": {}} | known


def _prefix_lists(cloud: Cloud, ask: Ask) -> Mapping[str, Any]:
    wanted: dict[str, Any] = {}
    if identifier := ask.get("prefixListId") or ask.get("id"):
        wanted["PrefixListIds"] = [identifier]
    filters = _filters(ask).get("Filters", [])
    if name := ask.get("name"):
        filters = [*filters, {"Name": "prefix-list-name", "Values": [name]}]
    lists = cloud.client("ec2").describe_managed_prefix_lists(**wanted, Filters=filters)["PrefixLists"]
    if len(lists) != 1:
        raise LookupError(f"{len(lists)} prefix lists match {name or filters}; exactly one is needed")
    return lists[0]


def _filters(ask: Ask) -> dict[str, Any]:
    filters = [{"Name": each["name"], "Values": each["values"]} for each in ask.each("filters")]
    return {"Filters": filters} if filters else {}


def _only_this_region(cloud: Cloud, ask: Ask, by_name: str | None = None) -> None:
    asked = ask.get("region") or by_name or cloud.region
    if asked != cloud.region:
        raise LookupError(f"the lab is in {cloud.region} only; the program asked about {asked}")
