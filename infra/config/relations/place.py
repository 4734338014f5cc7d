"""Rules about region, zones and network."""

from collections.abc import Collection, Iterator
from ipaddress import IPv4Network

from infra.addressing import PREFIX_LONGEST, PREFIX_SHORTEST, is_private
from infra.config.faults import Fault
from infra.config.keys import StackConfig
from infra.config.relations.registry import relation
from infra.regions import AWS_REGIONS


@relation("region", "zones")
def _zones_lie_in_the_region(config: StackConfig) -> Iterator[Fault]:
    known = AWS_REGIONS[config.region].zones
    for zone in config.zones:
        if zone not in known:
            yield _zone_fault("zones", f"{zone}, which is not in region {config.region}", f"zones among {', '.join(known)}")


@relation("zones")
def _each_worker_has_a_zone_of_its_own(config: StackConfig) -> Iterator[Fault]:
    if len(set(config.zones)) < len(config.zones):
        yield _zone_fault("zones", f"{' and '.join(config.zones)}, one zone for both workers", _among(config.zones[0]))


@relation("region", "tie_breaker_zone")
def _the_tie_breaker_lies_in_the_region(config: StackConfig) -> Iterator[Fault]:
    known, zone = AWS_REGIONS[config.region].zones, config.tie_breaker_zone
    if zone and zone not in known:
        found = f"{zone}, which is not in region {config.region}"
        yield _zone_fault("tieBreakerZone", found, f"zones among {', '.join(known)}, without those of the workers")


@relation("zones", "tie_breaker_zone")
def _the_tie_breaker_has_no_worker(config: StackConfig) -> Iterator[Fault]:
    if config.tie_breaker_zone in config.zones:
        found = f"{config.tie_breaker_zone}, which is in zones too"
        yield _zone_fault("tieBreakerZone", found, _among(config.tie_breaker_zone, config.zones))


def _among(zone: str, taken: Collection[str] = ()) -> str:
    """The free zones beside one; by its own name, because the region may be unreadable."""
    region = AWS_REGIONS.get(zone[:-1])
    free = [each for each in region.zones if each not in taken] if region else []
    return f"zones among {', '.join(free)}" if free else "zones of the region, each once"


def _zone_fault(key: str, found: str, allowed: str) -> Fault:
    return Fault(key, found, allowed, "aws ec2 describe-availability-zones shows those of the account")


@relation("vpc_cidr")
def _the_network_is_large_enough_and_private(config: StackConfig) -> Iterator[Fault]:
    network = config.vpc_cidr
    if not PREFIX_SHORTEST <= network.prefixlen <= PREFIX_LONGEST:
        yield Fault(
            "vpcCidr",
            f"{network}, a /{network.prefixlen}",
            f"a /{PREFIX_SHORTEST} to a /{PREFIX_LONGEST}, because it is cut into 16 subnets and AWS has none below a /28",
            "pulumi config set vpcCidr 10.80.0.0/16",
        )
    if not (network.is_loopback or is_private(network)):
        yield Fault(
            "vpcCidr",
            f"{network}, which belongs to hosts on the internet",
            "a network in 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10",
            "pulumi config set vpcCidr 10.80.0.0/16",
        )


@relation("vpc_cidr", real_cloud_only=True)
def _the_network_is_no_lab(config: StackConfig) -> Iterator[Fault]:
    """Such a network stands in a stack file that the lab has derived; on a real cloud no packet would leave the worker."""
    if config.vpc_cidr.is_loopback:
        yield loopback_fault("vpcCidr", config.vpc_cidr)


def loopback_fault(key: str, network: IPv4Network) -> Fault:
    """A network of the lab in a stack file for a real cloud."""
    return Fault(
        key,
        f"{network}, a loopback network, and the cloud's endpoint is not on this machine",
        "loopback networks in the lab only, where AWS_ENDPOINT_URL_EC2 is a loopback address",
        "use the stack file that the lab's one was derived from: vpcCidr, partnerCidrs, protect and "
        "deletionProtection differ",
    )
