"""Route tables, their routes, and which subnet uses which.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Mapping
from typing import Any

from lab.providers.aws import tagging
from lab.providers.aws.cloud import REGION, AwsHandler, NotReadyError, ec2_tags, tag_map, tagged, told
from lab.providers.handler import Ask, State

ROUTE_TARGETS = {
    "GatewayId": "gatewayId",
    "NatGatewayId": "natGatewayId",
    "NetworkInterfaceId": "networkInterfaceId",
    "VpcEndpointId": "vpcEndpointId",
    "TransitGatewayId": "transitGatewayId",
    "VpcPeeringConnectionId": "vpcPeeringConnectionId",
    "EgressOnlyInternetGatewayId": "egressOnlyGatewayId",
}
ROUTE_DESTINATIONS = {
    "DestinationCidrBlock": "destinationCidrBlock",
    "DestinationIpv6CidrBlock": "destinationIpv6CidrBlock",
    "DestinationPrefixListId": "destinationPrefixListId",
}
KEY = {"RouteTableId": "routeTableId"} | ROUTE_DESTINATIONS
"""What a route is known by."""
USERS = {"SubnetId": "subnetId", "GatewayId": "gatewayId"}


class RouteTable(AwsHandler):
    """A table of routes; the routes themselves are resources of their own."""

    type = "aws:ec2/routeTable:RouteTable"
    replaces = REGION | {"vpcId"}
    required = frozenset({"vpcId"})
    retag = staticmethod(tagging.ec2)
    gone = ("InvalidRouteTableID.NotFound",)

    def _make(self, ask: Ask) -> State:
        table = self.client("ec2").create_route_table(**ask.pick("vpcId"), **ec2_tags(ask, "route-table"))["RouteTable"]
        return State(table["RouteTableId"])

    def _remove(self, state: State) -> None:
        self.client("ec2").delete_route_table(RouteTableId=state.id)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        table = self.client("ec2").describe_route_tables(RouteTableIds=[state.id])["RouteTables"][0]
        return {
            "arn": self.cloud.arn("ec2", f"route-table/{state.id}"),
            "vpcId": table["VpcId"],
            "ownerId": table["OwnerId"],
        } | tagged(tag_map(table.get("Tags")))


class Route(AwsHandler):
    """One line of a route table."""

    type = "aws:ec2/route:Route"
    replaces = REGION | {"routeTableId", *ROUTE_DESTINATIONS.values()}
    required = frozenset({"routeTableId"})
    changes = frozenset(ROUTE_TARGETS.values())
    gone = ("InvalidRoute.NotFound", "InvalidRouteTableID.NotFound")

    def _make(self, ask: Ask) -> State:
        wanted = ask.pick("routeTableId", **ROUTE_DESTINATIONS, **ROUTE_TARGETS)
        self.client("ec2").create_route(**wanted)
        return State(f"r-{wanted['RouteTableId']}-{_destination(wanted)}")

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        del changed
        known = {name: state.outputs[key] for name, key in KEY.items() if key in state.outputs}
        self.client("ec2").replace_route(**known, **ask.pick(**ROUTE_TARGETS))

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        table_id = state.outputs["routeTableId"]
        table = self.client("ec2").describe_route_tables(RouteTableIds=[table_id])["RouteTables"][0]
        for route in table["Routes"]:
            if state.id == f"r-{table_id}-{_destination(route)}":
                names = ROUTE_DESTINATIONS | ROUTE_TARGETS
                present = {names[key]: value for key, value in route.items() if key in names}
                return {"routeTableId": table_id, "origin": route["Origin"], "state": route["State"]} | present
        return None

    def _remove(self, state: State) -> None:
        known = {name: state.outputs[key] for name, key in KEY.items() if key in state.outputs}
        self.client("ec2").delete_route(**known)


class RouteTableAssociation(AwsHandler):
    """Which route table a subnet uses.

    Another table gives the association another id, in EC2 and in the provider ("unsustainable", it says itself), while
    Pulumi's engine keeps the one that it has. So the subnet or gateway says which one is meant, where the id is not known.
    """

    type = "aws:ec2/routeTableAssociation:RouteTableAssociation"
    replaces = REGION | {"subnetId", "gatewayId"}
    required = frozenset({"routeTableId"})
    changes = frozenset({"routeTableId"})
    gone = ("InvalidAssociationID.NotFound",)

    def _make(self, ask: Ask) -> State:
        wanted = ask.pick("routeTableId", "subnetId", "gatewayId")
        return State(self.client("ec2").associate_route_table(**wanted)["AssociationId"])

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        del changed
        found = self._association(state)
        if found is None:
            raise NotReadyError(f"{state.id} is to lead to another route table, and there is no such association")
        self.client("ec2").replace_route_table_association(
            AssociationId=found["RouteTableAssociationId"], RouteTableId=ask["routeTableId"]
        )

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        found = self._association(state)
        return told(found, "routeTableId", "subnetId", "gatewayId") if found else None

    def _association(self, state: State) -> Mapping[str, Any] | None:
        tables = self.client("ec2").describe_route_tables()["RouteTables"]
        there = [each for table in tables for each in table["Associations"]]
        by_id = [each for each in there if each["RouteTableAssociationId"] == state.id]
        user = {name: state.outputs[key] for name, key in USERS.items() if key in state.outputs}
        return next(iter(by_id or [each for each in there if user and user.items() <= each.items()]), None)

    def _remove(self, state: State) -> None:
        if found := self._association(state):
            self.client("ec2").disassociate_route_table(AssociationId=found["RouteTableAssociationId"])


def _destination(route: Mapping[str, Any]) -> str:
    return next(route[key] for key in ROUTE_DESTINATIONS if route.get(key))


HANDLERS = (RouteTable, Route, RouteTableAssociation)
