"""VPC endpoints, of the gateway and of the interface kind.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Mapping
from typing import Any

from lab.providers.aws.cloud import AwsHandler, ec2_tags, tag_map, tagged, told
from lab.providers.aws.invokes import prefix_list_id
from lab.providers.handler import Ask, State

SAME = ("vpcEndpointType", "vpcId", "serviceName", "routeTableIds", "subnetIds", "privateDnsEnabled")


class VpcEndpoint(AwsHandler):
    """A private way from a VPC to a service of the cloud."""

    type = "aws:ec2/vpcEndpoint:VpcEndpoint"
    untold = frozenset({"autoAccept"})
    gone = ("InvalidVpcEndpointId.NotFound",)

    def _make(self, ask: Ask) -> State:
        wanted = {"VpcEndpointType": "Gateway"} | ask.pick(*SAME, "securityGroupIds", PolicyDocument="policy")
        endpoint = self.client("ec2").create_vpc_endpoint(**wanted, **ec2_tags(ask, "vpc-endpoint"))["VpcEndpoint"]
        return State(endpoint["VpcEndpointId"])

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        endpoints = self.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[state.id])["VpcEndpoints"]
        if not endpoints or endpoints[0]["State"] == "deleted":
            return None
        endpoint = endpoints[0]
        outputs = told(endpoint, *SAME, "state", "networkInterfaceIds", "ownerId", PolicyDocument="policy")
        if endpoint["VpcEndpointType"] == "Gateway":
            outputs["prefixListId"] = prefix_list_id(self.cloud, endpoint["ServiceName"])
        else:
            outputs["securityGroupIds"] = [group["GroupId"] for group in endpoint.get("Groups", [])]
        outputs["arn"] = self.cloud.arn("ec2", f"vpc-endpoint/{state.id}")
        return outputs | tagged(tag_map(endpoint.get("Tags")))

    def _remove(self, state: State) -> None:
        if self._outputs(state) is not None:  # moto stumbles over one that it has deleted already
            self.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[state.id])


HANDLERS = (VpcEndpoint,)
