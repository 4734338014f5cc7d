"""The Elastic IP: one read, and the two conditional halves of a move.

Both calls carry the condition that makes a late copy of them harmless: the association that is to end, by the id in the
command, and `AllowReassociation=False`, always said, because an absent flag moves the address without asking
(docs/RULE.md 5.3). The worker is named by network card and private address, never by instance: a worker may have a
public address of its own, and an association without a private address would land on that one's place. May import
`contract`, `model` and `outcomes`, where errors become outcomes.
"""

from typing import TYPE_CHECKING, Any

from failover_lambda.aws.outcomes import dry_run, from_ec2
from failover_lambda.contract import OWNER_TAG, Settings, Worker
from failover_lambda.model import AddressView, Association

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client


class Address:
    """The one Elastic IP of a site."""

    def __init__(self, settings: Settings, ec2: "EC2Client") -> None:
        self._settings = settings
        self._ec2 = ec2
        self._instances = {worker.network_interface_id: worker.instance_id for worker in settings.workers}

    def read(self) -> AddressView:
        """One DescribeAddresses, owner tag included. Whose address it is, is decided in the rule (docs/RULE.md 1.9).

        Raises:
            KeyError, ValueError: the answer is not about our address; SDK errors as they are.
        """
        settings = self._settings
        answer: Any = from_ec2(self._ec2.describe_addresses(AllocationIds=[settings.address_id]))
        (shown,) = answer["Addresses"]
        if shown["AllocationId"] != settings.address_id:
            raise ValueError(f"asked for {settings.address_id}, was told of {shown['AllocationId']}")
        return self.view_of(shown)

    def view_of(self, shown: dict[str, Any]) -> AddressView:
        """What an answer of EC2 says of our address; KeyError where that is not complete."""
        owner = next((tag["Value"] for tag in shown.get("Tags", []) if tag["Key"] == OWNER_TAG), "")
        return AddressView(public_ip=shown["PublicIp"], association=self._association(shown), owner=owner)

    def associate(self, worker: Worker, *, dry: bool = False) -> str:
        """Put the address on `worker` if it is on nobody; returns the association. `dry`: ask for permission only."""
        answer: Any = self._ec2.associate_address(
            AllocationId=self._settings.address_id,
            NetworkInterfaceId=worker.network_interface_id,
            PrivateIpAddress=worker.address_private_ip,
            AllowReassociation=False,
            **dry_run(dry),
        )
        return from_ec2(answer)["AssociationId"]

    def disassociate(self, association_id: str, *, dry: bool = False) -> None:
        """End exactly this association."""
        from_ec2(self._ec2.disassociate_address(AssociationId=association_id, **dry_run(dry)))

    def _association(self, shown: dict[str, Any]) -> Association | None:
        association_id = shown.get("AssociationId")
        if not association_id:
            return None
        card = shown.get("NetworkInterfaceId", "")
        return Association(
            association_id=association_id,
            instance_id=self._instances.get(card) or shown.get("InstanceId", ""),
            network_interface_id=card,
            private_ip=shown.get("PrivateIpAddress", ""),
        )
