"""Network resources: VPC, subnets, internet gateway, route tables, routes.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Mapping
from typing import Any

from lab.providers.aws.cloud import AwsHandler, ec2_tags, tag_map, tagged, unless_gone
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


class Vpc(AwsHandler):
    """A network, with the route table, group and ACL that come with it."""

    type = "aws:ec2/vpc:Vpc"
    gone = ("InvalidVpcID.NotFound",)

    def _make(self, ask: Ask) -> State:
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(**ask.pick("cidrBlock", "instanceTenancy"), **ec2_tags(ask, "vpc"))["Vpc"]
        for attribute, key in (("EnableDnsSupport", "enableDnsSupport"), ("EnableDnsHostnames", "enableDnsHostnames")):
            if key in ask:
                ec2.modify_vpc_attribute(VpcId=vpc["VpcId"], **{attribute: {"Value": ask[key]}})
        return State(vpc["VpcId"])

    def _remove(self, state: State) -> None:
        self.client("ec2").delete_vpc(VpcId=state.id)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        vpc = self.client("ec2").describe_vpcs(VpcIds=[state.id])["Vpcs"][0]
        return {
            "arn": self.cloud.arn("ec2", f"vpc/{state.id}"),
            "cidrBlock": vpc["CidrBlock"],
            "instanceTenancy": vpc["InstanceTenancy"],
            "ownerId": vpc["OwnerId"],
            "dhcpOptionsId": vpc["DhcpOptionsId"],
            "enableDnsSupport": self._attribute(state.id, "enableDnsSupport", "EnableDnsSupport"),
            "enableDnsHostnames": self._attribute(state.id, "enableDnsHostnames", "EnableDnsHostnames"),
            "mainRouteTableId": self._main_route_table(state.id),
            "defaultRouteTableId": self._main_route_table(state.id),
            "defaultSecurityGroupId": self._default_group(state.id),
            "defaultNetworkAclId": self._default_acl(state.id),
        } | tagged(tag_map(vpc.get("Tags")))

    def _attribute(self, vpc_id: str, asked: str, answered: str) -> bool:
        return self.client("ec2").describe_vpc_attribute(VpcId=vpc_id, Attribute=asked)[answered]["Value"]

    def _main_route_table(self, vpc_id: str) -> str:
        filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "association.main", "Values": ["true"]}]
        return self.client("ec2").describe_route_tables(Filters=filters)["RouteTables"][0]["RouteTableId"]

    def _default_group(self, vpc_id: str) -> str:
        filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": ["default"]}]
        return self.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"]

    def _default_acl(self, vpc_id: str) -> str:
        filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "default", "Values": ["true"]}]
        return self.client("ec2").describe_network_acls(Filters=filters)["NetworkAcls"][0]["NetworkAclId"]


class Subnet(AwsHandler):
    """A part of a VPC in one zone."""

    type = "aws:ec2/subnet:Subnet"
    gone = ("InvalidSubnetID.NotFound",)

    def _make(self, ask: Ask) -> State:
        ec2 = self.client("ec2")
        wanted = ask.pick("vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId")
        subnet_id = ec2.create_subnet(**wanted, **ec2_tags(ask, "subnet"))["Subnet"]["SubnetId"]
        if "mapPublicIpOnLaunch" in ask:
            ec2.modify_subnet_attribute(SubnetId=subnet_id, MapPublicIpOnLaunch={"Value": ask["mapPublicIpOnLaunch"]})
        return State(subnet_id)

    def _remove(self, state: State) -> None:
        self.client("ec2").delete_subnet(SubnetId=state.id)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        subnet = self.client("ec2").describe_subnets(SubnetIds=[state.id])["Subnets"][0]
        return {
            "arn": subnet["SubnetArn"],
            "vpcId": subnet["VpcId"],
            "cidrBlock": subnet["CidrBlock"],
            "availabilityZone": subnet["AvailabilityZone"],
            "availabilityZoneId": subnet["AvailabilityZoneId"],
            "mapPublicIpOnLaunch": subnet["MapPublicIpOnLaunch"],
            "ownerId": subnet["OwnerId"],
        } | tagged(tag_map(subnet.get("Tags")))


class InternetGateway(AwsHandler):
    """The way between a VPC and the internet."""

    type = "aws:ec2/internetGateway:InternetGateway"
    gone = ("InvalidInternetGatewayID.NotFound",)

    def _make(self, ask: Ask) -> State:
        ec2 = self.client("ec2")
        gateway_id = ec2.create_internet_gateway(**ec2_tags(ask, "internet-gateway"))["InternetGateway"]["InternetGatewayId"]
        if "vpcId" in ask:
            ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=ask["vpcId"])
        return State(gateway_id)

    def _remove(self, state: State) -> None:
        ec2 = self.client("ec2")
        if vpc_id := state.outputs.get("vpcId"):
            with unless_gone("Gateway.NotAttached"):
                ec2.detach_internet_gateway(InternetGatewayId=state.id, VpcId=vpc_id)
        ec2.delete_internet_gateway(InternetGatewayId=state.id)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        gateway = self.client("ec2").describe_internet_gateways(InternetGatewayIds=[state.id])["InternetGateways"][0]
        outputs = {"arn": self.cloud.arn("ec2", f"internet-gateway/{state.id}"), "ownerId": gateway["OwnerId"]}
        if gateway["Attachments"]:
            outputs["vpcId"] = gateway["Attachments"][0]["VpcId"]
        return outputs | tagged(tag_map(gateway.get("Tags")))


class RouteTable(AwsHandler):
    """A table of routes; the routes themselves are resources of their own."""

    type = "aws:ec2/routeTable:RouteTable"
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
    gone = ("InvalidRoute.NotFound", "InvalidRouteTableID.NotFound")

    def _make(self, ask: Ask) -> State:
        wanted = ask.pick("routeTableId", **ROUTE_DESTINATIONS, **ROUTE_TARGETS)
        self.client("ec2").create_route(**wanted)
        return State(f"r-{wanted['RouteTableId']}-{_destination(wanted)}")

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
        names = {"RouteTableId": "routeTableId"} | ROUTE_DESTINATIONS
        known = {name: state.outputs[key] for name, key in names.items() if key in state.outputs}
        self.client("ec2").delete_route(**known)


def _destination(route: Mapping[str, Any]) -> str:
    return next(route[key] for key in ROUTE_DESTINATIONS if route.get(key))


class RouteTableAssociation(AwsHandler):
    """Which route table a subnet uses."""

    type = "aws:ec2/routeTableAssociation:RouteTableAssociation"
    gone = ("InvalidAssociationID.NotFound",)

    def _make(self, ask: Ask) -> State:
        wanted = ask.pick("routeTableId", "subnetId", "gatewayId")
        return State(self.client("ec2").associate_route_table(**wanted)["AssociationId"])

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        filters = [{"Name": "association.route-table-association-id", "Values": [state.id]}]
        for table in self.client("ec2").describe_route_tables(Filters=filters)["RouteTables"]:
            for each in table["Associations"]:
                if each["RouteTableAssociationId"] == state.id:
                    return {"routeTableId": each["RouteTableId"], "subnetId": each["SubnetId"]}
        return None

    def _remove(self, state: State) -> None:
        self.client("ec2").disassociate_route_table(AssociationId=state.id)


HANDLERS = (Vpc, Subnet, InternetGateway, RouteTable, Route, RouteTableAssociation)
