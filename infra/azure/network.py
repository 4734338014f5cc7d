"""The network: a subnet for the worker of each zone, none of them public, and one for the watchdog's function.

A subnet of Azure lies in no zone; there is one for each worker so that each can go out by the gateway of its own zone. What
makes a worker public is the address on its card. Subnets that are written at the same time disturb each other, so each waits
for the one before (pulumi-azure-native#1024).

No counterpart in `Network`: `vpc_id` (is called `network_id`), `table_prefix_list_id` (the function reaches the record by
the platform's own way). Azure's alone: `function_subnet_id`.
"""

from collections.abc import Sequence

import pulumi
import pulumi_azure_native as azure

from infra.addressing import Band, NetworkPlan, SubnetPlan
from infra.azure.account import Place
from infra.azure.nat import Nat
from infra.naming import Kind, physical, tags
from infra.shapes import child

ENVIRONMENTS = "Microsoft.App/environments"
"""What the subnet of an app with this plan is delegated to, from the beginning: with an app in it, it cannot be changed."""


class NetworkArgs(Place):
    """Arguments of `Network`."""

    plan: NetworkPlan
    nat_zones: Sequence[str]
    """Zones with a NAT gateway; empty: the network has none."""
    protect: bool


class Network(pulumi.ComponentResource):
    """Virtual network, subnets and NAT gateways."""

    network_id: pulumi.Output[str]
    function_subnet_id: pulumi.Output[str]
    egress_addresses: pulumi.Output[list[str]]
    """Addresses of the NAT gateways."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:azure:Network", name, {}, opts)
        self._name = name
        self._args = args
        self._network = self._virtual_network()
        self.nat = self._nat()
        self._subnets: dict[SubnetPlan, azure.network.Subnet] = {}
        for subnet in args["plan"].subnets:
            self._subnets[subnet] = self._subnet(subnet)
        self.ready: list[pulumi.Resource] = [self._network, *self._subnets.values()]
        """What must be there before a worker can be given the address, and as long as it has it."""
        self.network_id = self._network.id
        self.egress_addresses = self.nat.addresses if self.nat else pulumi.Output.from_input([])
        (function_plan,) = args["plan"].of(Band.PROBER)
        self.function_subnet_id = self._subnets[function_plan].id
        self.register_outputs({"network_id": self.network_id})

    def subnet_ids(self, band: Band) -> dict[str, pulumi.Output[str]]:
        """The subnets of one kind, by zone."""
        return {plan.zone: subnet.id for plan, subnet in self._subnets.items() if plan.band is band}

    def _virtual_network(self) -> azure.network.VirtualNetwork:
        args = self._args
        return azure.network.VirtualNetwork(
            f"{self._name}-network",
            virtual_network_name=physical(Kind.VIRTUAL_NETWORK, f"{args['site']}-network"),
            resource_group_name=args["group"],
            location=args["region"],
            address_space={"address_prefixes": [str(args["plan"].vpc)]},
            enable_ddos_protection=False,
            enable_vm_protection=False,
            tags=tags(args["site"], args["tags"]),
            opts=child(self),
        )

    def _nat(self) -> Nat | None:
        args = self._args
        if not args["nat_zones"]:
            return None
        return Nat(
            self._name,
            {
                "site": args["site"],
                "region": args["region"],
                "group": args["group"],
                "tags": args["tags"],
                "zones": args["nat_zones"],
                "protect": args["protect"],
            },
            child(self),
        )

    def _subnet(self, plan: SubnetPlan) -> azure.network.Subnet:
        args = self._args
        part = _part(plan)
        of_function = plan.band is Band.PROBER
        gateway_id = None if of_function else self._gateway_of(plan.zone)
        return azure.network.Subnet(
            f"{self._name}-{part}",
            subnet_name=physical(Kind.NETWORK_PART, f"{args['site']}-{part}"),
            virtual_network_name=self._network.name,
            resource_group_name=args["group"],
            address_prefix=str(plan.cidr),
            # Said at creation or never: without it a standby would go out by an address that nobody knows. It means nothing
            # on a delegated subnet, and the app needs the platform's way out.
            default_outbound_access=None if of_function else False,
            nat_gateway={"id": gateway_id} if gateway_id else None,
            delegations=[{"name": "functions", "service_name": ENVIRONMENTS}] if of_function else None,
            private_endpoint_network_policies="Disabled",
            private_link_service_network_policies="Enabled",
            opts=child(self, depends_on=list(self._subnets.values())),
        )

    def _gateway_of(self, zone: str) -> pulumi.Output[str] | None:
        """The gateway of that zone; of the first one where it has none of its own."""
        if self.nat is None:
            return None
        return self.nat.gateway_ids.get(zone, next(iter(self.nat.gateway_ids.values())))


def _part(plan: SubnetPlan) -> str:
    """A subnet's identity: its kind and its zone, not its place in a list. No underscores: an app refuses them."""
    return "function" if plan.band is Band.PROBER else f"{plan.band.name.lower()}-{plan.zone}"
