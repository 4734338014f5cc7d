"""NAT gateways.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Mapping
from typing import Any

from lab.providers.aws import tagging
from lab.providers.aws.cloud import REGION, AwsHandler, ec2_tags, fixed, tag_map, tagged, told, unless_gone, wait_until
from lab.providers.handler import Ask, NotReadyError, State

GONE_STATES = ("deleted", "failed")


class NatGateway(AwsHandler):
    """A gateway in one zone, with one address. As the provider, a removal ends when the address is free again."""

    type = "aws:ec2/natGateway:NatGateway"
    replaces = REGION | {
        *("allocationId", "availabilityMode", "connectivityType", "privateIp", "subnetId", "vpcId"),
        "secondaryPrivateIpAddressCount",
    }
    defaults = fixed(connectivityType="public")
    retag = staticmethod(tagging.ec2)
    gone = ("NatGatewayNotFound",)

    def _make(self, ask: Ask) -> State:
        wanted = ask.pick("allocationId", "subnetId", "connectivityType")
        made = self.client("ec2").create_nat_gateway(**wanted, **ec2_tags(ask, "natgateway"))["NatGateway"]
        return State(made["NatGatewayId"])

    def ready(self, state: State) -> bool:
        """Whether packets can go out by it.

        Raises:
            NotReadyError: they never will: it has failed, with EC2's reason.
        """
        gateway = self._gateway(state) or {}
        if gateway.get("State") == "failed":
            raise NotReadyError(f"NAT gateway {state.id} has failed: {gateway.get('FailureMessage', 'no reason given')}")
        return gateway.get("State") == "available"

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        gateway = self._gateway(state)
        if gateway is None or gateway["State"] in GONE_STATES:
            return None
        names = {"PrivateIp": "privateIp", "PublicIp": "publicIp", "NetworkInterfaceId": "networkInterfaceId"}
        address = gateway["NatGatewayAddresses"][0]
        outputs = told(gateway, "subnetId", "connectivityType")
        return outputs | told(address, "allocationId", "associationId", **names) | tagged(tag_map(gateway.get("Tags")))

    def _remove(self, state: State) -> None:
        if self._outputs(state) is not None:
            ec2 = self.client("ec2")
            ec2.delete_nat_gateway(NatGatewayId=state.id)
            wait_until(f"{state.id}, deleted,", lambda: self._state(state) in (*GONE_STATES, None))
            # AWS lets go of the address and takes the interface away; moto leaves both.
            with unless_gone("InvalidAssociationID.NotFound"):
                ec2.disassociate_address(AssociationId=state.outputs["associationId"])
            with unless_gone("InvalidNetworkInterfaceID.NotFound"):
                ec2.delete_network_interface(NetworkInterfaceId=state.outputs["networkInterfaceId"])

    def _state(self, state: State) -> str | None:
        gateway = self._gateway(state)
        return gateway["State"] if gateway else None

    def _gateway(self, state: State) -> Mapping[str, Any] | None:
        gateways = self.client("ec2").describe_nat_gateways(NatGatewayIds=[state.id])["NatGateways"]
        return gateways[0] if gateways else None


HANDLERS = (NatGateway,)
