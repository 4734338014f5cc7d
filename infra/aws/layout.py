"""Which zone holds what, before anything of it exists; pure.

The only file that knows how a site's zones, its front and its NAT gateways go together. The layers take their part of it.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import assert_never

from infra.addressing import Band, NetworkPlan, plan
from infra.aws.arguments import PairArgs
from infra.config.keys import WORKERS, Egress, FlowLogs, Front, Mode, NatGateways
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
    """Subnets of a network of the site's own; where the site stands in an existing one, nothing looks at it."""
    private_ips: dict[str, str]
    """Worker to private address."""
    address_ips: dict[str, str]
    """Worker to the private address that the fixed one leads to: a second one where the first has an egress of its own."""
    second_ips: dict[str, str]
    """Worker to the private address that it has besides with an egress of its own, and only then."""
    flow_logs: bool
    """Whether the flows of the network are logged."""
    worker_band: Band
    """The kind of subnet that workers stand in."""

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
    network = plan(IPv4Network(args["network_cidr"]), zones, probed, band)
    planned = [str(network.worker_ip(zone)) for zone in workers.values()]
    private_ips = dict(zip(workers, args["worker_private_ips"] or planned, strict=True))
    return Layout(
        workers=workers,
        prober_zones=probed,
        nat_zones=nat_zones(args["nat_gateways"], band, tuple(workers.values())),
        plan=network,
        private_ips=private_ips,
        address_ips=_second(private_ips) if args["egress"] is Egress.OWN else private_ips,
        second_ips=_second(private_ips),
        flow_logs=_flow_logs(args["flow_logs"], own_network=not args["vpc_id"]),
        worker_band=band,
    )


def _second(private_ips: dict[str, str]) -> dict[str, str]:
    """The next address of each, in a network of the site's own and in an existing one alike."""
    return {worker: str(IPv4Address(address) + 1) for worker, address in private_ips.items()}


def _flow_logs(wanted: FlowLogs, *, own_network: bool) -> bool:
    match wanted:
        case FlowLogs.FITTING:
            return own_network
        case FlowLogs.ALL:
            return True
        case FlowLogs.NONE:
            return False
        case _:
            assert_never(wanted)


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
