"""The network: public subnets for the workers, private ones for endpoints, and subnets for the probers that lead nowhere.

There is no NAT gateway. A worker that holds the address receives through the internet gateway, and its answers must leave
the same way: behind a NAT they would leave by another address, and every connection would hang.
"""

from typing import TypedDict

import pulumi
import pulumi_aws as aws

from infra.addressing import Band, NetworkPlan, SubnetPlan
from infra.naming import tags
from infra.shapes import child

ANYWHERE = "0.0.0.0/0"


class NetworkArgs(TypedDict):
    """Arguments of `Network`."""

    site: str
    region: str
    plan: NetworkPlan
    tags: dict[str, str]


class Network(pulumi.ComponentResource):
    """VPC, subnets and routes."""

    vpc_id: pulumi.Output[str]
    table_prefix_list_id: pulumi.Output[str]
    """The addresses of DynamoDB in this region: the anchor of a prober that has no way out."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:Network", name, {}, opts)
        self._name = name
        self._args = args
        self._vpc = self._closed_vpc()
        self._subnets = {subnet: self._subnet(subnet) for subnet in args["plan"].subnets}
        tables = {band: self._route_table(band) for band in Band}
        associations = [self._association(subnet, tables[subnet.band]) for subnet in args["plan"].of(Band.PUBLIC)]
        for subnet in (*args["plan"].of(Band.PRIVATE), *args["plan"].of(Band.PROBER)):
            self._association(subnet, tables[subnet.band])
        self.ready = [*self._way_out(tables[Band.PUBLIC]), *associations]
        """What must be there before a worker can be given the address, and as long as it has it."""
        self._gateway_endpoint("s3", tables[Band.PUBLIC])
        self.vpc_id = self._vpc.id
        self.table_prefix_list_id = self._gateway_endpoint("dynamodb", tables[Band.PROBER]).prefix_list_id
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

    def _route_table(self, band: Band) -> aws.ec2.RouteTable:
        part = band.name.lower()
        return aws.ec2.RouteTable(f"{self._name}-{part}", vpc_id=self._vpc.id, tags=self._tags(part), opts=child(self))

    def _association(self, plan: SubnetPlan, table: aws.ec2.RouteTable) -> aws.ec2.RouteTableAssociation:
        return aws.ec2.RouteTableAssociation(
            f"{self._name}-{_part(plan)}", subnet_id=self._subnets[plan].id, route_table_id=table.id, opts=child(self)
        )

    def _way_out(self, table: aws.ec2.RouteTable) -> list[pulumi.Resource]:
        gateway = aws.ec2.InternetGateway(
            f"{self._name}-gateway", vpc_id=self._vpc.id, tags=self._tags("gateway"), opts=child(self)
        )
        route = aws.ec2.Route(
            f"{self._name}-public-default",
            route_table_id=table.id,
            destination_cidr_block=ANYWHERE,
            gateway_id=gateway.id,
            opts=child(self),
        )
        return [gateway, route]

    def _gateway_endpoint(self, service: str, table: aws.ec2.RouteTable) -> aws.ec2.VpcEndpoint:
        """A way to one service that costs nothing and leads nowhere else; it needs its entry in the route table."""
        return aws.ec2.VpcEndpoint(
            f"{self._name}-{service}",
            vpc_id=self._vpc.id,
            service_name=f"com.amazonaws.{self._args['region']}.{service}",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id],
            tags=self._tags(service),
            opts=child(self),
        )


def _part(plan: SubnetPlan) -> str:
    """A subnet's identity: its kind and its zone, not its place in a list."""
    return f"{plan.band.name.lower()}-{plan.zone}"
