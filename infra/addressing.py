"""From one network range to the subnets of every zone and the addresses of the workers; pure.

The range is cut into 16 equal blocks, and each kind of subnet owns a band of four of them, one block a zone. So a zone, or a
kind of subnet, can be added without moving what is there. Everybody in `infra` may import this file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv4Network

ANYWHERE = "0.0.0.0/0"
"""The whole internet."""

BLOCKS_BITS = 4
"""16 blocks."""
BAND_BITS = 2
"""Four of them are a band."""

PREFIX_SHORTEST = 16
"""The largest range that a VPC may have (VPC guide, "VPC CIDR blocks", read 2026-11-21)."""
PREFIX_LONGEST = 24
"""Then a block is a /28, the smallest subnet (same page)."""

WORKER_HOST = 10
"""Workers are pinned to this host of their subnet: above AWS's four reserved ones, and there in a /28. The next one is its
second address, where it has one."""

PRIVATE_RANGES = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
"""RFC 1918 and RFC 6598: a network elsewhere would hide real hosts of the internet from the workers."""


class Band(IntEnum):
    """First block of each kind of subnet; the Nth zone of the kind gets the Nth block of its band. All 16 are spoken for."""

    PUBLIC = 0
    """Whatever has a public address: workers with the fixed address on them, else a balancer and NAT gateways."""
    PRIVATE = 4
    """Endpoints of the cloud's services."""
    PROBER = 8
    """Prober functions."""
    WORKER = 12
    """Workers that the fixed address stands before, not on."""


@dataclass(frozen=True)
class SubnetPlan:
    """One subnet."""

    band: Band
    zone: str
    cidr: IPv4Network


@dataclass(frozen=True)
class NetworkPlan:
    """The whole network, before anything of it exists."""

    vpc: IPv4Network
    subnets: tuple[SubnetPlan, ...]
    worker_band: Band
    """The kind of subnet that workers stand in."""

    def of(self, band: Band) -> tuple[SubnetPlan, ...]:
        """The subnets of one kind, in the order of their zones."""
        return tuple(subnet for subnet in self.subnets if subnet.band is band)

    def worker_ip(self, zone: str) -> IPv4Address:
        """The address of a worker in that zone; StopIteration when the zone has no subnet for workers."""
        return next(subnet.cidr[WORKER_HOST] for subnet in self.of(self.worker_band) if subnet.zone == zone)


def plan(
    vpc: IPv4Network, zones: Sequence[str], prober_zones: Sequence[str], worker_band: Band = Band.PUBLIC
) -> NetworkPlan:
    """Lay out the range.

    Args:
        vpc: A range whose prefix lies between PREFIX_SHORTEST and PREFIX_LONGEST.
        zones: Zones of the site, at most four; each gets every kind of subnet, whether a worker stands in it or not.
        prober_zones: Zones with a prober, at most four.
        worker_band: Where workers stand: WORKER is laid out only for them.

    >>> network = plan(IPv4Network("10.80.0.0/16"), ["a", "b"], ["a", "b", "c"])
    >>> [str(subnet.cidr) for subnet in network.subnets if subnet.zone == "b"]
    ['10.80.16.0/20', '10.80.80.0/20', '10.80.144.0/20']
    >>> str(network.worker_ip("b"))
    '10.80.16.10'
    """
    blocks = tuple(vpc.subnets(prefixlen_diff=BLOCKS_BITS))
    zones_of = {Band.PUBLIC: zones, Band.PRIVATE: zones, Band.PROBER: prober_zones, worker_band: zones}
    return NetworkPlan(
        vpc,
        tuple(
            SubnetPlan(band, zone, blocks[band + place])
            for band, zones_of_kind in zones_of.items()
            for place, zone in enumerate(zones_of_kind)
        ),
        worker_band,
    )


def plan_across_zones(network: IPv4Network, zones: Sequence[str]) -> NetworkPlan:
    """Lay out a network whose subnets lie in no zone (Azure): one for the worker of each zone, and one for the function.

    No subnet is public there. The function's has the whole band of the probers: a /26 even in the smallest network, as many
    addresses as an app may take (Azure Functions, "Networking options", read 2026-11-21).

    >>> network = plan_across_zones(IPv4Network("10.80.0.0/24"), ["1", "2"])
    >>> [(subnet.band.name, subnet.zone, str(subnet.cidr)) for subnet in network.subnets]
    [('WORKER', '1', '10.80.0.192/28'), ('WORKER', '2', '10.80.0.208/28'), ('PROBER', '', '10.80.0.128/26')]
    """
    blocks = tuple(network.subnets(prefixlen_diff=BLOCKS_BITS))
    workers = [SubnetPlan(Band.WORKER, zone, blocks[Band.WORKER + place]) for place, zone in enumerate(zones)]
    whole_band = blocks[Band.PROBER].supernet(BAND_BITS)
    return NetworkPlan(network, (*workers, SubnetPlan(Band.PROBER, "", whole_band)), Band.WORKER)


def is_private(network: IPv4Network) -> bool:
    """Whether the network lies in one of PRIVATE_RANGES."""
    return any(network.subnet_of(private) for private in PRIVATE_RANGES)
