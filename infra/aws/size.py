"""How many of everything a site is made of: for its bill, and for the quotas of the account; makes no resource.

Counts what the layers create, before they do; a test compares the counts with what comes into being.
"""

from collections.abc import Mapping

from failover_lambda.contract import Metric
from infra.aws.alarms import ALARMS
from infra.aws.arguments import PairArgs
from infra.aws.balancer_alarms import ALARMS_PER_PORT
from infra.aws.layout import Layout
from infra.aws.services import endpoint_services
from infra.aws.watchdog import PROBER_MEMORY_MB
from infra.config.keys import Egress, Front
from infra.pace import PACES
from infra.price import monthly_cost
from infra.quotas import Parts, Quota, concurrency, needs


def public_addresses(args: PairArgs) -> int:
    """Addresses besides those of NAT gateways."""
    if args["front"] is Front.BALANCER:
        return len(args["zones"])
    return 1 + (len(args["order"]) if args["egress"] is Egress.OWN else 0)


def cost(args: PairArgs, layout: Layout) -> Mapping[str, float]:
    """Dollars a month, by what they are for; see `infra.price`."""
    watched = bool(layout.prober_zones)
    balancers = _balancers(args)
    return monthly_cost(
        architecture=args["lambda_architecture"].value,
        arbiter_memory_mb=args["arbiter_memory_mb"],
        prober_memory_mb=PROBER_MEMORY_MB,
        probers=len(layout.prober_zones),
        probe_interval_s=args["probe_interval_s"],
        lease_renew_s=PACES[args["tier"]].lease_renew_s,
        metrics=len(Metric) if watched else 0,
        alarms=len(ALARMS) if watched else balancers * ALARMS_PER_PORT * len(args["traffic_ports"]),
        interface_endpoints=len(endpoint_services(args)) * len(layout.worker_zones),
        nat_gateways=len(layout.nat_zones),
        arbiters=1 if watched else 0,
        arbiter_standby=args["arbiter_standby"],
        addresses=public_addresses(args),
        balancers=balancers,
    )


def quota_needs(args: PairArgs, layout: Layout) -> Mapping[Quota, int]:
    """What the stack alone takes of the account's quotas."""
    functions = 1 + len(layout.prober_zones) if layout.prober_zones else 0
    return needs(
        Parts(
            addresses=public_addresses(args) + len(layout.nat_zones),
            workers=len(layout.workers),
            instance_type=args["instance_type"],
            concurrent_runs=concurrency(functions, args["reserved_concurrency"]),
            own_networks=0 if args["vpc_id"] else 1,
            nat_gateways_per_zone=1 if layout.nat_zones else 0,
            interface_endpoints=len(endpoint_services(args)),
            balancers=_balancers(args),
        )
    )


def _balancers(args: PairArgs) -> int:
    return 1 if args["front"] is Front.BALANCER else 0
