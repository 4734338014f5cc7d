"""The fixed address: allocated here, moved by the watchdog.

Nothing in the program says whose it is. A declared association is taken back in silence by a later `refresh` and `up` after
a failover (tried on the real engine), so there is none, and the Elastic IP names neither instance nor interface.
"""

from collections.abc import Sequence
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from infra.naming import tags
from infra.shapes import child


class AddressArgs(TypedDict):
    """Arguments of `Address`."""

    site: str
    network_ready: Sequence[pulumi.Resource]
    """Internet gateway and routes: they must be there as long as a worker has the address."""
    protect: bool
    tags: dict[str, str]


class Address(pulumi.ComponentResource):
    """The Elastic IP."""

    address_id: pulumi.Output[str]
    """The allocation id."""
    public_ip: pulumi.Output[str]

    def __init__(self, name: str, args: AddressArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:Address", name, {}, opts)
        self.resource = aws.ec2.Eip(
            f"{name}-address",
            domain="vpc",
            tags=tags(args["site"], args["tags"], f"{args['site']}-address"),
            # Released, it never comes back, and every partner's allow-list is void.
            opts=child(self, depends_on=args["network_ready"], protect=args["protect"]),
        )
        self.address_id = self.resource.allocation_id
        self.public_ip = self.resource.public_ip
        self.register_outputs({"address_id": self.address_id, "public_ip": self.public_ip})
