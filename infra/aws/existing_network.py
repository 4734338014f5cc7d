"""A network that is there already, in the shape of `network`: ids to build on, and nothing of its own.

No route, no default group, no gateway and no endpoint of it is made, adopted or changed. Whether a site can stand in it has
been checked before (`existing`).
"""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import pulumi

from infra.addressing import Band


class ExistingNetworkArgs(TypedDict):
    """Arguments of `ExistingNetwork`."""

    vpc_id: str
    subnet_ids: Mapping[Band, Mapping[str, str]]
    """By kind and zone."""
    table_prefix_list_id: str


class ExistingNetwork(pulumi.ComponentResource):
    """VPC and subnets by their ids."""

    vpc_id: pulumi.Output[str]
    table_prefix_list_id: pulumi.Output[str]
    """The addresses of DynamoDB in this region: the anchor of a prober that has no way out."""
    egress_addresses: pulumi.Output[list[str]]
    """None: by which address the network's own NAT gateways go out is not ours to say."""

    def __init__(self, name: str, args: ExistingNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:ExistingNetwork", name, {}, opts)
        self._subnet_ids = args["subnet_ids"]
        self.ready: Sequence[pulumi.Resource] = ()
        """It is there, and it stays."""
        self.vpc_id = pulumi.Output.from_input(args["vpc_id"])
        self.table_prefix_list_id = pulumi.Output.from_input(args["table_prefix_list_id"])
        self.egress_addresses = pulumi.Output.from_input([])
        self.register_outputs({"vpc_id": self.vpc_id, "table_prefix_list_id": self.table_prefix_list_id})

    def subnet_ids(self, band: Band) -> dict[str, pulumi.Output[str]]:
        """The subnets of one kind, by zone."""
        return {zone: pulumi.Output.from_input(subnet_id) for zone, subnet_id in self._subnet_ids[band].items()}
