"""The balancer: a standard load balancer with the one fixed address, and a pool in which one worker is up.

Which worker takes new connections, the watchdog decides: it writes both members into the pool, by their addresses, and which
of them is up. So the pool is declared by its name and stays empty here: Azure drops members that come with the balancer
itself (pulumi-azure-native#3601), and a later write of it would empty the pool. For that reason it is never written again:
what is to be different about it (ports, probe) takes a new one, by hand (docs/RUNBOOK.md).

No counterpart: `TargetGroupHandle`, `health_check` (probe), `HEALTHY_ANSWERS` (Azure takes 200 alone); in `Balancer`
`addresses`, `dns_name`, `suffix` and `target_groups`; in `BalancerArgs` `vpc_id`, `subnet_ids`, `workers`,
`worker_group_id`, `partner_cidrs` (partners are let in at the workers), `idle_timeout_s` and `deletion_protection`. Azure's
alone: in `Balancer` `pool_id`, in `BalancerArgs` `group_id`, `address_id` and `public_health_port`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

import pulumi
import pulumi_azure_native as azure

from failover_lambda.contract import ProbeKind
from infra.azure.account import Place
from infra.azure.nat import IDLE_MINUTES
from infra.naming import Kind, physical, tags
from infra.shapes import child

FRONTEND = "address"
POOL = "workers"
PROBE = "service"

PROBE_INTERVAL_S = 5
"""The shortest there is (Azure, "Load Balancer health probes", read 2026-11-21)."""
PROBES_TO_CHANGE = 2


@dataclass(frozen=True)
class Question:
    """What the balancer asks a worker."""

    kind: ProbeKind
    port: int
    path: str


class BalancerArgs(Place):
    """Arguments of `Balancer`."""

    group_id: str
    """The resource group's id, known beforehand: the balancer's parts name each other by ids."""
    address_id: pulumi.Output[str]
    network_ready: Sequence[pulumi.Resource]
    """The network of the pool's members: it cannot go while they name it."""
    traffic_ports: list[int]
    public_health_port: int
    """The watchdog asks through the address too, and the balancer lets through what a rule names. 0: none."""
    question: Question
    protect: bool


def _ports(args: BalancerArgs) -> list[int]:
    return [*args["traffic_ports"], *([args["public_health_port"]] if args["public_health_port"] else [])]


class Balancer(pulumi.ComponentResource):
    """The load balancer with its frontend, its probe, its empty pool and one rule per port."""

    pool_id: pulumi.Output[str]

    def __init__(self, name: str, args: BalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:azure:Balancer", name, {}, opts)
        self._args = args
        called = physical(Kind.NETWORK_PART, f"{args['site']}-balancer")
        self._own = f"{args['group_id']}/providers/Microsoft.Network/loadBalancers/{called}"
        self.resource = azure.network.LoadBalancer(
            f"{name}-balancer",
            load_balancer_name=called,
            resource_group_name=args["group"],
            location=args["region"],
            sku={"name": "Standard", "tier": "Regional"},
            # No zones: a public frontend has those of its address, and is refused with zones of its own.
            frontend_ip_configurations=[{"name": FRONTEND, "public_ip_address": {"id": args["address_id"]}}],
            backend_address_pools=[{"name": POOL}],
            probes=[probe(args["question"])],
            load_balancing_rules=[self._rule(port) for port in _ports(args)],
            tags=tags(args["site"], args["tags"]),
            opts=child(self, depends_on=args["network_ready"], protect=args["protect"], ignore_changes=["*"]),
        )
        self.pool_id = self.resource.id.apply(lambda found: f"{found}/backendAddressPools/{POOL}")
        self.register_outputs({"pool_id": self.pool_id})

    def _rule(self, port: int) -> "azure.network.LoadBalancingRuleArgsDict":
        return {
            "name": f"port-{port}",
            "protocol": "Tcp",
            "frontend_port": port,
            "backend_port": port,
            "frontend_ip_configuration": {"id": f"{self._own}/frontendIPConfigurations/{FRONTEND}"},
            "backend_address_pool": {"id": f"{self._own}/backendAddressPools/{POOL}"},
            # Without a probe, being up or down means nothing.
            "probe": {"id": f"{self._own}/probes/{PROBE}"},
            # Workers go out by their gateways, not by the address that partners know.
            "disable_outbound_snat": True,
            "enable_floating_ip": False,
            "enable_tcp_reset": True,
            "idle_timeout_in_minutes": IDLE_MINUTES,
            "load_distribution": "Default",
        }


def probe(question: Question) -> "azure.network.ProbeArgsDict":
    """The probe, with nothing left to a default."""
    timing: azure.network.ProbeArgsDict = {
        "name": PROBE,
        "port": question.port,
        "protocol": "Tcp",
        "interval_in_seconds": PROBE_INTERVAL_S,
        "number_of_probes": 1,
        "probe_threshold": PROBES_TO_CHANGE,
    }
    match question.kind:
        case ProbeKind.HTTP | ProbeKind.HTTPS:
            return {**timing, "protocol": question.kind.name.title(), "request_path": question.path}
        case ProbeKind.TCP | ProbeKind.MLLP:
            # A balancer knows no HL7.
            return timing
        case _:
            assert_never(question.kind)
