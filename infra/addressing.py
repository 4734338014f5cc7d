"""From one network range to the subnets of every zone and the addresses of the workers; pure.

The range is cut into 16 equal blocks, and each kind of subnet owns a band of four of them, one block a zone. So a zone, or a
kind of subnet, can be added without moving what is there. Everybody in `infra` may import this file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv4Network

BLOCKS_BITS = 4
"""16 blocks."""

PREFIX_SHORTEST = 16
"""The largest range that a VPC may have (VPC guide, "VPC CIDR blocks", read 2026-11-21)."""
PREFIX_LONGEST = 24
"""Then a block is a /28, the smallest subnet (same page)."""

WORKER_HOST = 10
"""Workers are pinned to this host of their public subnet: above AWS's four reserved ones, and there in a /28."""

PRIVATE_RANGES = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
"""RFC 1918 and RFC 6598: a network elsewhere would hide real hosts of the internet from the workers."""


class Band(IntEnum):
    """First block of each kind of subnet; the Nth zone of the kind gets the Nth block of its band. 12 to 15 are free."""

    PUBLIC = 0
    """Workers."""
    PRIVATE = 4
    """Endpoints of the cloud's services."""
    PROBER = 8
    """Prober functions."""


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

    def of(self, band: Band) -> tuple[SubnetPlan, ...]:
        """The subnets of one kind, in the order of their zones."""
        return tuple(subnet for subnet in self.subnets if subnet.band is band)

    def worker_ip(self, zone: str) -> IPv4Address:
        """The address of the worker in that zone; StopIteration when the zone has no public subnet."""
        return next(subnet.cidr[WORKER_HOST] for subnet in self.of(Band.PUBLIC) if subnet.zone == zone)


def plan(vpc: IPv4Network, worker_zones: Sequence[str], prober_zones: Sequence[str]) -> NetworkPlan:
    """Lay out the range.

    Args:
        vpc: A range whose prefix lies between PREFIX_SHORTEST and PREFIX_LONGEST.
        worker_zones: Zones with a worker, at most four.
        prober_zones: Zones with a prober, at most four.

    >>> network = plan(IPv4Network("10.80.0.0/16"), ["a", "b"], ["a", "b", "c"])
    >>> [str(subnet.cidr) for subnet in network.subnets if subnet.zone == "b"]
    ['10.80.16.0/20', '10.80.80.0/20', '10.80.144.0/20']
    >>> str(network.worker_ip("b"))
    '10.80.16.10'
    """
    blocks = tuple(vpc.subnets(prefixlen_diff=BLOCKS_BITS))
    zones_of = {Band.PUBLIC: worker_zones, Band.PRIVATE: worker_zones, Band.PROBER: prober_zones}
    return NetworkPlan(
        vpc,
        tuple(
            SubnetPlan(band, zone, blocks[band + place])
            for band, zones in zones_of.items()
            for place, zone in enumerate(zones)
        ),
    )


def is_private(network: IPv4Network) -> bool:
    """Whether the network lies in one of PRIVATE_RANGES."""
    return any(network.subnet_of(private) for private in PRIVATE_RANGES)
