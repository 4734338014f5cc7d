"""The network: public subnets, private ones for endpoints, and subnets for the probers that lead nowhere.

Workers stand in the public ones where the fixed address lives on them: then what came in through the internet gateway is
answered through it, and no NAT gateway is near. Else they stand in private subnets of their own, behind `nat`.
"""

from collections.abc import Sequence
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from infra.addressing import ANYWHERE, Band, NetworkPlan, SubnetPlan
from infra.aws.nat import Nat
from infra.aws.services import service_name
from infra.naming import tags
from infra.shapes import child


class NetworkArgs(TypedDict):
    """Arguments of `Network`."""

    site: str
    region: str
    plan: NetworkPlan
    nat_zones: Sequence[str]
    """Zones with a NAT gateway; empty: the network has none."""
    protect: bool
    tags: dict[str, str]


class Network(pulumi.ComponentResource):
    """VPC, subnets and routes."""

    vpc_id: pulumi.Output[str]
    table_prefix_list_id: pulumi.Output[str] | None
    """The addresses of DynamoDB in this region: the anchor of a prober that has no way out. None: there are no probers."""
    egress_addresses: pulumi.Output[list[str]]
    """Addresses of the NAT gateways."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:Network", name, {}, opts)
        self._name = name
        self._args = args
        self._vpc = self._closed_vpc()
        self._subnets = {subnet: self._subnet(subnet) for subnet in args["plan"].subnets}
        self._tables = {part: self._route_table(part) for part in dict.fromkeys(map(_table_part, args["plan"].subnets))}
        associations = {subnet: self._association(subnet) for subnet in args["plan"].subnets}
        public = [associations[subnet] for subnet in args["plan"].of(Band.PUBLIC)]
        self.ready: list[pulumi.Resource] = [*self._way_out(), *public]
        """What must be there before a worker can be given the address, and as long as it has it."""
        self.egress_addresses = self._nat_addresses()
        self._gateway_endpoint("s3", args["plan"].worker_band)
        self.vpc_id = self._vpc.id
        self.table_prefix_list_id = (
            self._gateway_endpoint("dynamodb", Band.PROBER).prefix_list_id if args["plan"].of(Band.PROBER) else None
        )
        self.register_outputs({"vpc_id": self.vpc_id, "table_prefix_list_id": self.table_prefix_list_id})

    def subnet_ids(self, band: Band) -> dict[str, pulumi.Output[str]]:
        """The subnets of one kind, by zone."""
        return {plan.zone: subnet.id for plan, subnet in self._subnets.items() if plan.band is band}

    def _tags(self, part: str) -> dict[str, str]:
        return tags(self._args["site"], self._args["tags"], f"{self._args['site']}-{part}")

    def _closed_vpc(self) -> aws.ec2.Vpc:
        vpc = aws.ec2.Vpc(
            f"{self._name}-vpc",
            cidr_block=str(self._args["plan"].vpc),
            # Both are needed for the private names of interface endpoints.
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._tags("vpc"),
            opts=child(self),
        )
        # Whatever forgets to name a group gets this one. It is adopted and emptied; a destroy leaves it so.
        aws.ec2.DefaultSecurityGroup(
            f"{self._name}-default",
            vpc_id=vpc.id,
            ingress=[],
            egress=[],
            tags=self._tags("default"),
            opts=child(self),
        )
        return vpc

    def _subnet(self, plan: SubnetPlan) -> aws.ec2.Subnet:
        part = _part(plan)
        return aws.ec2.Subnet(
            f"{self._name}-{part}",
            vpc_id=self._vpc.id,
            cidr_block=str(plan.cidr),
            availability_zone=plan.zone,
            # Said although it is the default: with it on, a worker that loses the fixed address gets one of its own.
            map_public_ip_on_launch=False,
            tags=self._tags(part),
            opts=child(self),
        )

    def _route_table(self, part: str) -> aws.ec2.RouteTable:
        return aws.ec2.RouteTable(f"{self._name}-{part}", vpc_id=self._vpc.id, tags=self._tags(part), opts=child(self))

    def _association(self, plan: SubnetPlan) -> aws.ec2.RouteTableAssociation:
        return aws.ec2.RouteTableAssociation(
            f"{self._name}-{_part(plan)}",
            subnet_id=self._subnets[plan].id,
            route_table_id=self._tables[_table_part(plan)].id,
            opts=child(self),
        )

    def _nat_addresses(self) -> pulumi.Output[list[str]]:
        args = self._args
        if not args["nat_zones"]:
            return pulumi.Output.from_input([])
        public = self.subnet_ids(Band.PUBLIC)
        nat = Nat(
            self._name,
            {
                "site": args["site"],
                "subnet_ids": {zone: public[zone] for zone in args["nat_zones"]},
                "route_table_ids": {
                    subnet.zone: self._tables[_table_part(subnet)].id for subnet in args["plan"].of(Band.WORKER)
                },
                "public_ready": self.ready,
                "protect": args["protect"],
                "tags": args["tags"],
            },
            child(self),
        )
        # A worker's first boot may fetch something.
        self.ready = [*self.ready, nat]
        return nat.addresses

    def _way_out(self) -> list[pulumi.Resource]:
        gateway = aws.ec2.InternetGateway(
            f"{self._name}-gateway", vpc_id=self._vpc.id, tags=self._tags("gateway"), opts=child(self)
        )
        route = aws.ec2.Route(
            f"{self._name}-public-default",
            route_table_id=self._tables[Band.PUBLIC.name.lower()].id,
            destination_cidr_block=ANYWHERE,
            gateway_id=gateway.id,
            opts=child(self),
        )
        return [gateway, route]

    def _gateway_endpoint(self, service: str, band: Band) -> aws.ec2.VpcEndpoint:
        """A way to one service that costs nothing and leads nowhere else; it needs its entry in every table of the band."""
        parts = dict.fromkeys(_table_part(subnet) for subnet in self._args["plan"].of(band))
        return aws.ec2.VpcEndpoint(
            f"{self._name}-{service}",
            vpc_id=self._vpc.id,
            service_name=service_name(self._args["region"], service),
            vpc_endpoint_type="Gateway",
            route_table_ids=[self._tables[part].id for part in parts],
            tags=self._tags(service),
            opts=child(self),
        )


def _part(plan: SubnetPlan) -> str:
    """A subnet's identity: its kind and its zone, not its place in a list."""
    return f"{plan.band.name.lower()}-{plan.zone}"


def _table_part(plan: SubnetPlan) -> str:
    """The route table of a subnet: one a kind, and one a subnet where zones may go out by gateways of their own."""
    return _part(plan) if plan.band is Band.WORKER else plan.band.name.lower()
