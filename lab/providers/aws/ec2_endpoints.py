"""VPC endpoints, of the gateway and of the interface kind.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Mapping
from typing import Any

from lab.providers.aws import tagging
from lab.providers.aws.cloud import REGION, AwsHandler, ec2_tags, fixed, tag_map, tagged, told
from lab.providers.aws.invokes import prefix_list_id
from lab.providers.handler import Ask, State

GATEWAY = "Gateway"
MEMBERS = {"routeTableIds": "RouteTableIds", "subnetIds": "SubnetIds", "securityGroupIds": "SecurityGroupIds"}
"""Lists that an endpoint can be given more of and less of."""
SAME = ("vpcEndpointType", "vpcId", "serviceName", "routeTableIds", "subnetIds", "privateDnsEnabled")


class VpcEndpoint(AwsHandler):
    """A private way from a VPC to a service of the cloud."""

    type = "aws:ec2/vpcEndpoint:VpcEndpoint"
    replaces = REGION | {
        *("vpcId", "vpcEndpointType", "serviceName", "serviceRegion", "serviceNetworkArn", "resourceConfigurationArn"),
        *("dnsOptions.privateDnsPreference", "dnsOptions.privateDnsSpecifiedDomains"),
    }
    required = frozenset({"vpcId"})
    defaults = fixed(vpcEndpointType=GATEWAY)
    changes = frozenset({*MEMBERS, "policy", "privateDnsEnabled"})
    retag = staticmethod(tagging.ec2)
    untold = frozenset({"autoAccept"})
    gone = ("InvalidVpcEndpointId.NotFound",)

    def _make(self, ask: Ask) -> State:
        wanted = {"VpcEndpointType": GATEWAY} | ask.pick(*SAME, "securityGroupIds", PolicyDocument="policy")
        endpoint = self.client("ec2").create_vpc_endpoint(**wanted, **ec2_tags(ask, "vpc-endpoint"))["VpcEndpoint"]
        return State(endpoint["VpcEndpointId"])

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        wanted: dict[str, Any] = {}
        for name in changed & MEMBERS.keys():
            before, after = set(state.outputs.get(name) or ()), set(ask.get(name) or ())
            parts = {"Add": sorted(after - before), "Remove": sorted(before - after)}
            wanted |= {f"{verb}{MEMBERS[name]}": ids for verb, ids in parts.items() if ids}
        if "privateDnsEnabled" in changed:
            wanted["PrivateDnsEnabled"] = ask.get("privateDnsEnabled", False)
        if "policy" in changed:
            wanted |= {"PolicyDocument": ask["policy"]} if ask.get("policy") else {"ResetPolicy": True}
        self.client("ec2").modify_vpc_endpoint(VpcEndpointId=state.id, **wanted)

    def replaced_by(self, before: Mapping[str, Any], wanted: Mapping[str, Any]) -> frozenset[str]:
        """Private names can be switched on and off for an endpoint of the interface kind only."""
        differs = bool(before.get("privateDnsEnabled")) != bool(wanted.get("privateDnsEnabled"))
        is_interface = wanted.get("vpcEndpointType", GATEWAY) == "Interface"
        return frozenset({"privateDnsEnabled"} if differs and not is_interface else ())

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        endpoints = self.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[state.id])["VpcEndpoints"]
        if not endpoints or endpoints[0]["State"] == "deleted":
            return None
        endpoint = endpoints[0]
        outputs = told(endpoint, *SAME, "state", "networkInterfaceIds", "ownerId", PolicyDocument="policy")
        if endpoint["VpcEndpointType"] == GATEWAY:
            outputs["prefixListId"] = prefix_list_id(self.cloud, endpoint["ServiceName"])
        else:
            outputs["securityGroupIds"] = [group["GroupId"] for group in endpoint.get("Groups", [])]
        outputs["arn"] = self.cloud.arn("ec2", f"vpc-endpoint/{state.id}")
        return outputs | tagged(tag_map(endpoint.get("Tags")))

    def _remove(self, state: State) -> None:
        if self._outputs(state) is not None:  # moto stumbles over one that it has deleted already
            self.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[state.id])


HANDLERS = (VpcEndpoint,)
