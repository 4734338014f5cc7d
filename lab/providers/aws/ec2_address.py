"""The fixed public address.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Mapping
from typing import Any

from lab.providers.aws.cloud import AwsHandler, ec2_tags, tag_map, tagged, told, unless_gone
from lab.providers.handler import Ask, State


class Eip(AwsHandler):
    """An Elastic IP. The association of the fixed one is the watchdog's, so none is made here; a worker's own one is.

    As the provider, the removal ends only an association that it knows from its state; with any other the cloud refuses
    (InvalidIPAddress.InUse) as long as the instance lives.
    """

    type = "aws:ec2/eip:Eip"
    gone = ("InvalidAllocationID.NotFound",)

    def _make(self, ask: Ask) -> State:
        wanted = {"Domain": "vpc"} | ask.pick("domain", "address", "publicIpv4Pool", "networkBorderGroup")
        ec2 = self.client("ec2")
        allocation_id = ec2.allocate_address(**wanted, **ec2_tags(ask, "elastic-ip"))["AllocationId"]
        target = ask.pick(
            InstanceId="instance", NetworkInterfaceId="networkInterface", PrivateIpAddress="associateWithPrivateIp"
        )
        if target:
            ec2.associate_address(AllocationId=allocation_id, **target)
        return State(allocation_id)

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
        ec2 = self.client("ec2")
        if known := state.outputs.get("associationId"):
            with unless_gone("InvalidAssociationID.NotFound"):
                ec2.disassociate_address(AssociationId=known)
        ec2.release_address(AllocationId=state.id)


HANDLERS = (Eip,)
