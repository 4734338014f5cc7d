"""Rules about region, zones and network: of both clouds, and of AWS."""

from collections import Counter
from collections.abc import Collection, Iterator
from ipaddress import IPv4Network

from infra.addressing import PREFIX_LONGEST, PREFIX_SHORTEST, is_private
from infra.config.faults import Fault
from infra.config.keys import ENDPOINT_VARIABLES, WORKERS, AwsConfig, Cloud, Front, NatGateways, StackConfig
from infra.config.relations.registry import relation
from infra.regions import AWS_REGIONS

SET_NETWORK = "pulumi config set networkCidr 10.80.0.0/16"


@relation(AwsConfig, "region", "zones")
def _zones_lie_in_the_region(config: AwsConfig) -> Iterator[Fault]:
    known = AWS_REGIONS[config.region].zones
    for zone in config.zones:
        if zone not in known:
            yield _zone_fault("zones", f"{zone}, which is not in region {config.region}", f"zones among {', '.join(known)}")


@relation(AwsConfig, "zones")
def _no_zone_is_named_twice(config: AwsConfig) -> Iterator[Fault]:
    for zone, times in Counter(config.zones).items():
        if times > 1:
            both = zone in config.zones[:1] and zone in config.zones[1:WORKERS]
            because = "one zone for both workers" if both else "one zone twice"
            yield _zone_fault("zones", f"{' and '.join(config.zones)}, {because}", _among(zone))


@relation(AwsConfig, "region", "tie_breaker_zone")
def _the_tie_breaker_lies_in_the_region(config: AwsConfig) -> Iterator[Fault]:
    known, zone = AWS_REGIONS[config.region].zones, config.tie_breaker_zone
    if zone and zone not in known:
        found = f"{zone}, which is not in region {config.region}"
        yield _zone_fault("tieBreakerZone", found, f"zones among {', '.join(known)}, without those of the workers")


@relation(AwsConfig, "zones", "tie_breaker_zone")
def _the_tie_breaker_has_no_worker(config: AwsConfig) -> Iterator[Fault]:
    if config.tie_breaker_zone in config.zones and len(config.zones) <= WORKERS:
        found = f"{config.tie_breaker_zone}, which is in zones too"
        yield _zone_fault("tieBreakerZone", found, _among(config.tie_breaker_zone, config.zones))


@relation(AwsConfig, "zones", "tie_breaker_zone", whole=True)
def _three_zones_need_no_tie_breaker(config: AwsConfig) -> Iterator[Fault]:
    if len(config.zones) > WORKERS and config.tie_breaker_zone:
        yield Fault(
            "tieBreakerZone",
            f"{config.tie_breaker_zone}, and zones has a zone without a worker already",
            "empty with three zones: the third one's prober breaks the tie",
            "pulumi config rm tieBreakerZone",
        )


def _among(zone: str, taken: Collection[str] = ()) -> str:
    """The free zones beside one; by its own name, because the region may be unreadable."""
    region = AWS_REGIONS.get(zone[:-1])
    free = [each for each in region.zones if each not in taken] if region else []
    return f"zones among {', '.join(free)}" if free else "zones of the region, each once"


def _zone_fault(key: str, found: str, allowed: str) -> Fault:
    return Fault(key, found, allowed, "aws ec2 describe-availability-zones shows those of the account")


@relation(AwsConfig, "front", "nat_gateways")
def _no_nat_behind_the_address(config: AwsConfig) -> Iterator[Fault]:
    wanted = config.nat_gateways
    if config.front is Front.ADDRESS and wanted in (NatGateways.ONE, NatGateways.PER_ZONE):
        yield Fault(
            "natGateways",
            f"{wanted.value} with front {config.front.value}: what partners send comes in through the internet gateway, the "
            "answers would leave by the NAT gateway's address, and every connection would hang",
            "fitting or none with front address",
            "pulumi config set natGateways fitting",
        )


@relation(AwsConfig, "network_cidr")
def _the_network_can_be_cut(config: AwsConfig) -> Iterator[Fault]:
    network = config.network_cidr
    if not PREFIX_SHORTEST <= network.prefixlen <= PREFIX_LONGEST:
        yield Fault(
            "networkCidr",
            f"{network}, a /{network.prefixlen}",
            f"a /{PREFIX_SHORTEST} to a /{PREFIX_LONGEST}, because it is cut into 16 subnets and AWS has none below a /28",
            SET_NETWORK,
        )


@relation(StackConfig, "network_cidr")
def _the_network_is_private(config: StackConfig) -> Iterator[Fault]:
    network = config.network_cidr
    if not (network.is_loopback or is_private(network)):
        yield Fault(
            "networkCidr",
            f"{network}, which belongs to hosts on the internet",
            "a network in 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10",
            SET_NETWORK,
        )


@relation(StackConfig, "cloud", "network_cidr", real_cloud_only=True)
def _the_network_is_no_lab(config: StackConfig) -> Iterator[Fault]:
    """Such a network stands in a stack file that the lab has derived; on a real cloud no packet would leave the worker."""
    if config.network_cidr.is_loopback:
        yield loopback_fault(config.cloud, "networkCidr", config.network_cidr)


def loopback_fault(cloud: Cloud, key: str, network: IPv4Network) -> Fault:
    """A network of the lab in a stack file for a real cloud."""
    return Fault(
        key,
        f"{network}, a loopback network, and the cloud's endpoint is not on this machine",
        f"loopback networks in the lab only, where {ENDPOINT_VARIABLES[cloud]} is a loopback address",
        "use the stack file that the lab's one was derived from: networkCidr, partnerCidrs, protect and "
        "deletionProtection differ",
    )
