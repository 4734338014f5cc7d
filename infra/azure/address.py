"""The fixed address: allocated here, moved by the watchdog.

Nothing in the program says whose it is: every way of declaring it ends, after a failover and one more `pulumi up`, with an
address on nobody (tried on the real engine). With a balancer in front it stands there for good, and is declared there.

No counterpart in `AddressArgs`: `network_ready` (an address needs no network to be there).
"""

import pulumi
import pulumi_azure_native as azure

from infra.azure.account import ALL_ZONES, Place
from infra.azure.nat import IDLE_MINUTES
from infra.naming import Kind, physical, tags
from infra.shapes import child


class AddressArgs(Place):
    """Arguments of `Address`."""

    protect: bool


class Address(pulumi.ComponentResource):
    """The public address, in all zones."""

    address_id: pulumi.Output[str]
    public_ip: pulumi.Output[str]

    def __init__(self, name: str, args: AddressArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:azure:Address", name, {}, opts)
        self.resource = azure.network.PublicIPAddress(
            f"{name}-address",
            public_ip_address_name=physical(Kind.NETWORK_PART, f"{args['site']}-address"),
            resource_group_name=args["group"],
            location=args["region"],
            sku={"name": "Standard", "tier": "Regional"},
            public_ip_allocation_method="Static",
            public_ip_address_version="IPv4",
            idle_timeout_in_minutes=IDLE_MINUTES,
            # All of them, and in every write: left out, they count as changed, and that is refused (azure-cli#16653).
            zones=list(ALL_ZONES),
            tags=tags(args["site"], args["tags"]),
            # Released, it never comes back, and every partner's allow-list is void.
            opts=child(self, protect=args["protect"]),
        )
        self.address_id = self.resource.id
        self.public_ip = self.resource.ip_address.apply(lambda found: found or "")
        self.register_outputs({"address_id": self.address_id, "public_ip": self.public_ip})
