"""The way out of workers in private subnets: NAT gateways with addresses that stay.

Only for workers that the fixed address stands before: one that has the address itself would answer by the gateway's, and
its partners' connections would hang.
"""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from infra.addressing import ANYWHERE
from infra.naming import tags
from infra.shapes import child


class NatArgs(TypedDict):
    """Arguments of `Nat`."""

    site: str
    subnet_ids: Mapping[str, pulumi.Output[str]]
    """Public subnets by zone; each gets a gateway, at least one."""
    route_table_ids: Mapping[str, pulumi.Output[str]]
    """Tables of the workers' subnets by zone; a zone without a gateway goes out by the first one."""
    public_ready: Sequence[pulumi.Resource]
    """What makes the public subnets public: a gateway cannot be made without it, nor outlive it."""
    protect: bool
    tags: dict[str, str]


class Nat(pulumi.ComponentResource):
    """NAT gateways, their addresses, and the routes to them."""

    addresses: pulumi.Output[list[str]]
    """What partners see when a worker calls them; in the order of the zones."""

    def __init__(self, name: str, args: NatArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:Nat", name, {}, opts)
        self._name = name
        self._args = args
        addresses = {zone: self._address(zone) for zone in args["subnet_ids"]}
        gateways = {zone: self._gateway(zone, address) for zone, address in addresses.items()}
        first = next(iter(gateways.values()))
        for zone, table_id in args["route_table_ids"].items():
            self._route(zone, table_id, gateways.get(zone, first))
        self.addresses = pulumi.Output.all(*(address.public_ip for address in addresses.values()))
        self.register_outputs({"addresses": self.addresses})

    def _tags(self, part: str) -> dict[str, str]:
        return tags(self._args["site"], self._args["tags"], f"{self._args['site']}-{part}")

    def _address(self, zone: str) -> aws.ec2.Eip:
        part = f"nat-{zone}"
        return aws.ec2.Eip(
            f"{self._name}-{part}",
            domain="vpc",
            tags=self._tags(part),
            # Partners have it on their allow-lists. Released, it never comes back.
            opts=child(self, depends_on=self._args["public_ready"], protect=self._args["protect"]),
        )

    def _gateway(self, zone: str, address: aws.ec2.Eip) -> aws.ec2.NatGateway:
        part = f"nat-{zone}"
        return aws.ec2.NatGateway(
            f"{self._name}-{part}",
            allocation_id=address.allocation_id,
            subnet_id=self._args["subnet_ids"][zone],
            connectivity_type="public",
            tags=self._tags(part),
            # The address waits for a public subnet, so does the gateway. A successor needs the same address, which the
            # predecessor has until it is gone.
            opts=child(self, delete_before_replace=True),
        )

    def _route(self, zone: str, table_id: pulumi.Output[str], gateway: aws.ec2.NatGateway) -> None:
        aws.ec2.Route(
            f"{self._name}-worker-{zone}-default",
            route_table_id=table_id,
            destination_cidr_block=ANYWHERE,
            nat_gateway_id=gateway.id,
            opts=child(self),
        )
