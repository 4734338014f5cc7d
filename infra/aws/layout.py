"""Which zone holds what, before anything of it exists; pure.

The only file that knows how a site's zones, its front and its NAT gateways go together. The layers take their part of it.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import assert_never

from infra.addressing import Band, NetworkPlan, plan
from infra.aws.arguments import PairArgs
from infra.config.keys import WORKERS, Front, Mode, NatGateways
from infra.naming import worker_names
from infra.regions import prober_zones


@dataclass(frozen=True)
class Layout:
    """A site in its zones."""

    workers: dict[str, str]
    """Worker to zone."""
    prober_zones: tuple[str, ...]
    """Empty: nobody watches."""
    nat_zones: tuple[str, ...]
    """Zones with a NAT gateway; none where workers have public subnets."""
    plan: NetworkPlan
    """Subnets and addresses of a network of the site's own."""

    @property
    def worker_zones(self) -> tuple[str, ...]:
        """Zones with a worker, in the order of the workers."""
        return tuple(self.workers.values())


def layout(args: PairArgs) -> Layout:
    """Lay a site out."""
    zones = tuple(args["zones"])
    workers = dict(zip(worker_names(WORKERS), zones[:WORKERS], strict=True))
    # Where every worker serves, nobody is moved, and so nobody needs to be watched.
    watched = args["mode"] is Mode.ACTIVE_PASSIVE
    probed = prober_zones(args["region"], zones, args["tie_breaker_zone"]) if watched else ()
    band = worker_band(args["front"])
    return Layout(
        workers=workers,
        prober_zones=probed,
        nat_zones=nat_zones(args["nat_gateways"], band, tuple(workers.values())),
        plan=plan(IPv4Network(args["vpc_cidr"]), zones, probed, band),
    )


def worker_band(front: Front) -> Band:
    """Where workers stand: whoever has the fixed address stands in a public subnet, and is the only one."""
    return Band.PUBLIC if front is Front.ADDRESS else Band.WORKER


def nat_zones(wanted: NatGateways, band: Band, worker_zones: tuple[str, ...]) -> tuple[str, ...]:
    """The zones that get a NAT gateway: among those with a worker, for nobody else goes out."""
    match wanted:
        case NatGateways.FITTING:
            return worker_zones if band is Band.WORKER else ()
        case NatGateways.NONE:
            return ()
        case NatGateways.ONE:
            return worker_zones[:1]
        case NatGateways.PER_ZONE:
            return worker_zones
        case _:
            assert_never(wanted)
