"""The fixed public address, and who has it where a program says so.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Mapping
from typing import Any

from lab.providers.aws import tagging
from lab.providers.aws.cloud import REGION, AwsHandler, ec2_tags, tag_map, tagged, told, unless_gone
from lab.providers.handler import Ask, State

TARGET = {
    "InstanceId": "instance",
    "NetworkInterfaceId": "networkInterface",
    "PrivateIpAddress": "associateWithPrivateIp",
}


class Eip(AwsHandler):
    """An Elastic IP. The association of the fixed one is the watchdog's, so none is made here; a worker's own one is.

    As the provider, the removal ends only an association that it knows from its state; with any other the cloud refuses
    (InvalidIPAddress.InUse) as long as the instance lives.
    """

    type = "aws:ec2/eip:Eip"
    replaces = REGION | {"address", "domain", "ipamPoolId", "networkBorderGroup", "publicIpv4Pool"}
    changes = frozenset(TARGET.values())
    retag = staticmethod(tagging.ec2)
    gone = ("InvalidAllocationID.NotFound",)

    def _make(self, ask: Ask) -> State:
        wanted = {"Domain": "vpc"} | ask.pick("domain", "address", "publicIpv4Pool", "networkBorderGroup")
        ec2 = self.client("ec2")
        allocation_id = ec2.allocate_address(**wanted, **ec2_tags(ask, "elastic-ip"))["AllocationId"]
        self._associate(allocation_id, ask)
        return State(allocation_id)

    def _associate(self, allocation_id: str, ask: Ask) -> None:
        if target := ask.pick(**TARGET):
            self.client("ec2").associate_address(AllocationId=allocation_id, **target)

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        """As the provider: first the association that it knows ends, whoever made it, then there is the new one."""
        del changed
        self._end_known_association(state)
        self._associate(state.id, ask)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        address = self.client("ec2").describe_addresses(AllocationIds=[state.id])["Addresses"][0]
        host = f"ec2-{address['PublicIp'].replace('.', '-')}.{self.cloud.region}.compute.amazonaws.com"
        outputs = told(
            address,
            *("allocationId", "publicIp", "domain", "associationId"),
            InstanceId="instance",
            NetworkInterfaceId="networkInterface",
            PrivateIpAddress="privateIp",
        )
        outputs |= {"arn": self.cloud.arn("ec2", f"elastic-ip/{state.id}"), "publicDns": host}
        return outputs | tagged(tag_map(address.get("Tags")))

    def _remove(self, state: State) -> None:
        self._end_known_association(state)
        self.client("ec2").release_address(AllocationId=state.id)

    def _end_known_association(self, state: State) -> None:
        if known := state.outputs.get("associationId"):
            with unless_gone("InvalidAssociationID.NotFound"):
                self.client("ec2").disassociate_address(AssociationId=known)


class EipAssociation(AwsHandler):
    """Who has the address, as a resource of its own. Ours is declared by no program: this is here to show why not.

    As the provider (terraform-provider-aws, `eip_association.go`): known by its association id, so the association that
    somebody else makes is another one and this is gone; everything but a new resource is impossible.
    """

    type = "aws:ec2/eipAssociation:EipAssociation"
    replaces = REGION | {
        *("allocationId", "allowReassociation", "instanceId", "networkInterfaceId", "privateIpAddress", "publicIp"),
    }
    untold = frozenset({"allowReassociation"})
    gone = ("InvalidAssociationID.NotFound",)

    def _make(self, ask: Ask) -> State:
        wanted = ask.pick("allocationId", "instanceId", "networkInterfaceId", "privateIpAddress", "allowReassociation")
        return State(self.client("ec2").associate_address(**wanted)["AssociationId"])

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        answer = self.client("ec2").describe_addresses(Filters=[{"Name": "association-id", "Values": [state.id]}])
        if not answer["Addresses"]:
            return None
        return told(
            answer["Addresses"][0],
            *("allocationId", "instanceId", "networkInterfaceId", "privateIpAddress", "publicIp"),
        )

    def _remove(self, state: State) -> None:
        self.client("ec2").disassociate_address(AssociationId=state.id)


HANDLERS = (Eip, EipAssociation)
