"""The way out of workers in private subnets: NAT gateways with addresses that stay.

On Azure a gateway may stand beside the fixed address: what came in by that is answered by it, and only new connections of a
worker leave by the gateway (Azure, "Design virtual networks with NAT gateway", read 2026-11-21).

No counterpart in `NatArgs`: `subnet_ids` and `route_table_ids` (a subnet names its gateway), `public_ready` (nothing makes a
subnet public). Azure's alone: `zones`.
"""

from collections.abc import Sequence

import pulumi
import pulumi_azure_native as azure

from infra.azure.account import Place
from infra.naming import Kind, physical, tags
from infra.shapes import child

IDLE_MINUTES = 30
"""A flow that is quiet for longer is forgotten; the default of 4 cuts links that are quiet between two messages."""


class NatArgs(Place):
    """Arguments of `Nat`."""

    zones: Sequence[str]
    """Each gets a gateway, at least one."""
    protect: bool


class Nat(pulumi.ComponentResource):
    """NAT gateways and their addresses."""

    addresses: pulumi.Output[list[str]]
    """What partners see when a worker calls them; in the order of the zones."""

    def __init__(self, name: str, args: NatArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:azure:Nat", name, {}, opts)
        self._name = name
        self._args = args
        addresses = {zone: self._address(zone) for zone in args["zones"]}
        self.gateway_ids = {zone: self._gateway(zone, address).id for zone, address in addresses.items()}
        self.address_of = {zone: _known(address) for zone, address in addresses.items()}
        self.addresses = pulumi.Output.all(*self.address_of.values())
        self.register_outputs({"addresses": self.addresses})

    def _address(self, zone: str) -> azure.network.PublicIPAddress:
        args = self._args
        part = f"nat-{zone}"
        return azure.network.PublicIPAddress(
            f"{self._name}-{part}",
            public_ip_address_name=physical(Kind.NETWORK_PART, f"{args['site']}-{part}"),
            resource_group_name=args["group"],
            location=args["region"],
            sku={"name": "Standard", "tier": "Regional"},
            public_ip_allocation_method="Static",
            public_ip_address_version="IPv4",
            # As its gateway: in one zone.
            zones=[zone],
            tags=tags(args["site"], args["tags"]),
            # Partners have it on their allow-lists. Released, it never comes back. Its gateway, Azure alone says.
            opts=child(self, protect=args["protect"], ignore_changes=["natGateway"], replace_on_changes=["zones"]),
        )

    def _gateway(self, zone: str, address: azure.network.PublicIPAddress) -> azure.network.NatGateway:
        args = self._args
        part = f"nat-{zone}"
        return azure.network.NatGateway(
            f"{self._name}-{part}",
            nat_gateway_name=physical(Kind.NETWORK_PART, f"{args['site']}-{part}"),
            resource_group_name=args["group"],
            location=args["region"],
            sku={"name": "Standard"},
            public_ip_addresses=[{"id": address.id}],
            idle_timeout_in_minutes=IDLE_MINUTES,
            zones=[zone],
            tags=tags(args["site"], args["tags"]),
            # A successor needs the same address, which the predecessor has until it is gone.
            opts=child(self, delete_before_replace=True, replace_on_changes=["zones"]),
        )


def _known(address: azure.network.PublicIPAddress) -> pulumi.Output[str]:
    """The address itself: an output that Azure may leave out while it allocates."""
    return address.ip_address.apply(lambda found: found or "")
