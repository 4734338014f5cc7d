"""Network resources: VPC, subnets, internet gateway.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Mapping
from typing import Any

from lab.providers.aws import tagging
from lab.providers.aws.cloud import REGION, AwsHandler, ec2_tags, fixed, tag_map, tagged, unless_gone
from lab.providers.handler import Ask, State

VPC_ATTRIBUTES = {
    "enableDnsSupport": "EnableDnsSupport",
    "enableDnsHostnames": "EnableDnsHostnames",
    "enableNetworkAddressUsageMetrics": "EnableNetworkAddressUsageMetrics",
}
DEFAULT_TENANCY = "default"


class Vpc(AwsHandler):
    """A network, with the route table, group and ACL that come with it."""

    type = "aws:ec2/vpc:Vpc"
    replaces = REGION | {"cidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength"}
    defaults = fixed(enableDnsSupport=True, instanceTenancy=DEFAULT_TENANCY)
    changes = frozenset({*VPC_ATTRIBUTES, "instanceTenancy"})
    retag = staticmethod(tagging.ec2)
    gone = ("InvalidVpcID.NotFound",)

    def _make(self, ask: Ask) -> State:
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(**ask.pick("cidrBlock", "instanceTenancy"), **ec2_tags(ask, "vpc"))["Vpc"]
        for name in VPC_ATTRIBUTES:
            if name in ask:
                self._set(vpc["VpcId"], name, ask[name])
        return State(vpc["VpcId"])

    def _set(self, vpc_id: str, name: str, value: bool) -> None:
        self.client("ec2").modify_vpc_attribute(VpcId=vpc_id, **{VPC_ATTRIBUTES[name]: {"Value": value}})

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        for name in changed & VPC_ATTRIBUTES.keys():
            self._set(state.id, name, ask.get(name, name == "enableDnsSupport"))
        if "instanceTenancy" in changed:
            self.client("ec2").modify_vpc_tenancy(
                VpcId=state.id, InstanceTenancy=ask.get("instanceTenancy", DEFAULT_TENANCY)
            )

    def replaced_by(self, before: Mapping[str, Any], wanted: Mapping[str, Any]) -> frozenset[str]:
        """A dedicated network can become an ordinary one, but not the other way round."""
        was, becomes = (inputs.get("instanceTenancy", DEFAULT_TENANCY) for inputs in (before, wanted))
        return frozenset({"instanceTenancy"} if becomes not in {was, DEFAULT_TENANCY} else ())

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
            **{name: self._attribute(state.id, name) for name in VPC_ATTRIBUTES},
            "mainRouteTableId": self._main_route_table(state.id),
            "defaultRouteTableId": self._main_route_table(state.id),
            "defaultSecurityGroupId": self._default_group(state.id),
            "defaultNetworkAclId": self._default_acl(state.id),
        } | tagged(tag_map(vpc.get("Tags")))

    def _attribute(self, vpc_id: str, name: str) -> bool:
        return self.client("ec2").describe_vpc_attribute(VpcId=vpc_id, Attribute=name)[VPC_ATTRIBUTES[name]]["Value"]

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
    replaces = REGION | {
        *("vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId", "ipv4IpamPoolId", "ipv4NetmaskLength"),
        *("ipv6IpamPoolId", "ipv6Native", "ipv6NetmaskLength", "outpostArn"),
    }
    required = frozenset({"vpcId"})
    defaults = fixed(
        assignIpv6AddressOnCreation=False,
        enableDns64=False,
        enableResourceNameDnsARecordOnLaunch=False,
        enableResourceNameDnsAaaaRecordOnLaunch=False,
        ipv6Native=False,
        mapPublicIpOnLaunch=False,
    )
    changes = frozenset({"mapPublicIpOnLaunch"})
    retag = staticmethod(tagging.ec2)
    gone = ("InvalidSubnetID.NotFound",)

    def _make(self, ask: Ask) -> State:
        ec2 = self.client("ec2")
        wanted = ask.pick("vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId")
        subnet_id = ec2.create_subnet(**wanted, **ec2_tags(ask, "subnet"))["Subnet"]["SubnetId"]
        if "mapPublicIpOnLaunch" in ask:
            self._map_public_ip(subnet_id, ask["mapPublicIpOnLaunch"])
        return State(subnet_id)

    def _map_public_ip(self, subnet_id: str, value: bool) -> None:
        self.client("ec2").modify_subnet_attribute(SubnetId=subnet_id, MapPublicIpOnLaunch={"Value": value})

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        del changed
        self._map_public_ip(state.id, ask.get("mapPublicIpOnLaunch", False))

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
    replaces = REGION
    changes = frozenset({"vpcId"})
    retag = staticmethod(tagging.ec2)
    gone = ("InvalidInternetGatewayID.NotFound",)

    def _make(self, ask: Ask) -> State:
        ec2 = self.client("ec2")
        gateway_id = ec2.create_internet_gateway(**ec2_tags(ask, "internet-gateway"))["InternetGateway"]["InternetGatewayId"]
        if "vpcId" in ask:
            ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=ask["vpcId"])
        return State(gateway_id)

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        del changed
        self._detach(state)
        if "vpcId" in ask:
            self.client("ec2").attach_internet_gateway(InternetGatewayId=state.id, VpcId=ask["vpcId"])

    def _remove(self, state: State) -> None:
        self._detach(state)
        self.client("ec2").delete_internet_gateway(InternetGatewayId=state.id)

    def _detach(self, state: State) -> None:
        if vpc_id := state.outputs.get("vpcId"):
            with unless_gone("Gateway.NotAttached"):
                self.client("ec2").detach_internet_gateway(InternetGatewayId=state.id, VpcId=vpc_id)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        gateway = self.client("ec2").describe_internet_gateways(InternetGatewayIds=[state.id])["InternetGateways"][0]
        outputs = {"arn": self.cloud.arn("ec2", f"internet-gateway/{state.id}"), "ownerId": gateway["OwnerId"]}
        if gateway["Attachments"]:
            outputs["vpcId"] = gateway["Attachments"][0]["VpcId"]
        return outputs | tagged(tag_map(gateway.get("Tags")))


HANDLERS = (Vpc, Subnet, InternetGateway)
