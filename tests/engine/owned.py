"""What the watchdog owns in a running lab, to be compared before and after an update; and the engine on that lab."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.pulumi_cli import Pulumi
from lab.site import Site
from tests.engine.projects import configure


@dataclass(frozen=True)
class Owned:
    """What the watchdog owns, as the cloud and the record have it."""

    association: str
    address_on: str
    powers: Mapping[str, str]
    groups: Mapping[str, tuple[str, ...]]
    instances: frozenset[str]
    holder: str
    epoch: int


@dataclass(frozen=True)
class Operated:
    """A running lab, and the engine on it."""

    site: Site
    pulumi: Pulumi

    def owned(self) -> Owned:
        """As it is now."""
        ec2 = self.site.client("ec2")
        (address,) = ec2.describe_addresses(AllocationIds=[self.site.outputs["addressId"]])["Addresses"]
        ids = {worker["instanceId"]: name for name, worker in self.pulumi.outputs()["workers"].items()}
        found = ec2.describe_instances(InstanceIds=list(ids))["Reservations"]
        instances = [instance for each in found for instance in each["Instances"]]
        record = self.site.stored()
        return Owned(
            association=address.get("AssociationId", ""),
            address_on=ids.get(address.get("InstanceId", ""), ""),
            powers={ids[each["InstanceId"]]: each["State"]["Name"] for each in instances},
            groups={
                ids[each["InstanceId"]]: tuple(sorted(group["GroupId"] for group in each["SecurityGroups"]))
                for each in instances
            },
            instances=frozenset(ids),
            holder=record["holder"],
            epoch=record["epoch"],
        )

    def tag(self, value: str) -> None:
        """The stack file has another tag from now on, as an operator writes it."""
        configure(self.pulumi, tags=[f"cost-center={value}"])

    def stored(self, what: str) -> Any:
        """One value of the record as last seen."""
        return self.site.stored()[what]


def no_progress(_what: str) -> None:
    """Nobody looks."""
