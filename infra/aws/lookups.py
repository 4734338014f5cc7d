"""What the cloud says of a network that is there already, asked before anything is created.

Questions only: nothing here judges an answer (`existing`), and nothing makes a resource.
"""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network
from typing import TypeVar

import pulumi
import pulumi_aws as aws

from infra.addressing import ANYWHERE
from infra.aws.existing import GatewayFacts, RouteFacts, SubnetFacts, UnansweredError, VpcFacts

T = TypeVar("T")


class Lookups:
    """Asks in the name of one resource, so through its provider.

    Raises:
        UnansweredError: by each method, when there is no such thing, or when it may not be asked.
    """

    def __init__(self, asker: pulumi.Resource) -> None:
        self._options = pulumi.InvokeOptions(parent=asker)

    def zone_ids(self) -> dict[str, str]:
        """Zone to zone id, of every zone that the account has in the region."""
        zones = _answer(lambda: aws.get_availability_zones(opts=self._options))
        return dict(zip(zones.names, zones.zone_ids, strict=True))

    def vpc(self, vpc_id: str) -> VpcFacts:
        """A VPC."""
        vpc = _answer(lambda: aws.ec2.get_vpc(id=vpc_id, opts=self._options))
        more = [each.cidr_block for each in vpc.cidr_block_associations if each.state == "associated"]
        return VpcFacts(
            cidrs=tuple(IPv4Network(cidr) for cidr in dict.fromkeys((vpc.cidr_block, *more))),
            dns=vpc.enable_dns_support and vpc.enable_dns_hostnames,
        )

    def subnet(self, subnet_id: str) -> SubnetFacts:
        """A subnet and the route table that it uses."""
        subnet = _answer(lambda: aws.ec2.get_subnet(id=subnet_id, opts=self._options))
        table_id = self._table_id(subnet_id, subnet.vpc_id)
        table = _answer(lambda: aws.ec2.get_route_table(route_table_id=table_id, opts=self._options))
        default = next((route for route in table.routes if route.cidr_block == ANYWHERE), None)
        return SubnetFacts(
            vpc_id=subnet.vpc_id,
            zone=subnet.availability_zone,
            cidr=IPv4Network(subnet.cidr_block),
            public_on_launch=subnet.map_public_ip_on_launch,
            routes=RouteFacts(
                table_id=table.route_table_id,
                default=(default.gateway_id or default.nat_gateway_id or "something else") if default else "",
            ),
        )

    def gateway_endpoint(self, endpoint_id: str) -> GatewayFacts:
        """An endpoint of a VPC."""
        endpoint = _answer(lambda: aws.ec2.get_vpc_endpoint(id=endpoint_id, opts=self._options))
        return GatewayFacts(
            vpc_id=endpoint.vpc_id,
            service=endpoint.service_name,
            kind=endpoint.vpc_endpoint_type,
            table_ids=tuple(endpoint.route_table_ids),
            prefix_list_id=endpoint.prefix_list_id,
        )

    def _table_id(self, subnet_id: str, vpc_id: str) -> str:
        """The table of a subnet; the main one of the VPC where the subnet names none."""
        for name, value in (("association.subnet-id", subnet_id), ("association.main", "true")):
            wanted = [aws.ec2.GetRouteTablesFilterArgs(name=name, values=[value])]
            if found := self._tables(vpc_id, wanted):
                return found[0]
        raise UnansweredError(f"{vpc_id} has no main route table")

    def _tables(self, vpc_id: str, wanted: list[aws.ec2.GetRouteTablesFilterArgs]) -> Sequence[str]:
        return _answer(lambda: aws.ec2.get_route_tables(vpc_id=vpc_id, filters=wanted, opts=self._options)).ids


def _answer(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except Exception as exc:  # the SDK raises nothing narrower when the provider refuses a question
        raise UnansweredError(str(exc)) from exc
