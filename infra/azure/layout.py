"""Which zone holds what, before anything of it exists; pure.

The only file that knows how a site's zones, its front and its NAT gateways go together. The layers take their part of it.

No counterpart: `worker_band` (no subnet is public: what makes a worker public is an address on its card), and in `Layout`
`prober_zones` (one function looks), `address_ips` and `second_ips` (a worker has one private address, for egress own is a
NAT gateway), `flow_logs`.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import assert_never

from infra.addressing import NetworkPlan, plan_across_zones
from infra.azure.arguments import PairArgs
from infra.config.keys import WORKERS, Egress, Front, NatGateways
from infra.naming import worker_names


@dataclass(frozen=True)
class Layout:
    """A site in its zones."""

    workers: dict[str, str]
    """Worker to zone."""
    nat_zones: tuple[str, ...]
    """Zones with a NAT gateway."""
    plan: NetworkPlan
    private_ips: dict[str, str]
    """Worker to private address."""

    @property
    def worker_zones(self) -> tuple[str, ...]:
        """Zones with a worker, in the order of the workers."""
        return tuple(self.workers.values())


def layout(args: PairArgs) -> Layout:
    """Lay a site out."""
    zones = tuple(args["zones"])
    workers = dict(zip(worker_names(WORKERS), zones[:WORKERS], strict=True))
    network = plan_across_zones(IPv4Network(args["network_cidr"]), zones)
    return Layout(
        workers=workers,
        nat_zones=nat_zones(args["nat_gateways"], args["front"], args["egress"], tuple(workers.values())),
        plan=network,
        private_ips={worker: str(network.worker_ip(zone)) for worker, zone in workers.items()},
    )


def nat_zones(wanted: NatGateways, front: Front, egress: Egress, worker_zones: tuple[str, ...]) -> tuple[str, ...]:
    """The zones that get a NAT gateway: among those with a worker, for nobody else goes out.

    A gateway stands in one zone, and whoever goes out by that of another zone is cut off with it. So a worker with an egress
    of its own has one in its own zone, whatever is said of the others.
    """
    if egress is Egress.OWN:
        return worker_zones
    match wanted:
        case NatGateways.FITTING:
            return worker_zones if front is Front.BALANCER else ()
        case NatGateways.NONE:
            return ()
        case NatGateways.ONE:
            return worker_zones[:1]
        case NatGateways.PER_ZONE:
            return worker_zones
        case _:
            assert_never(wanted)
