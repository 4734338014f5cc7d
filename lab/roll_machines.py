"""The machines of a worker, as its cloud has them now: one kind for each cloud, for `lab.rolling`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from lab.providers.azure_native.cloud import Cloud

_GONE = ("terminated", "shutting-down")
_COMPUTE_API = "2024-11-01"
_POWER = "PowerState/"


class Machines(Protocol):
    """Where a rolling change looks for a worker's machine."""

    def of(self, worker: str, known_id: str) -> dict[str, str]:
        """Id to state of whatever machine there is; empty if none. `known_id`: as the stack's outputs have it."""
        ...


@dataclass(frozen=True)
class Ec2Machines:
    """By the tag Name: an instance that is made anew has another id."""

    ec2: Any
    site: str

    def of(self, worker: str, known_id: str) -> dict[str, str]:
        """One read."""
        del known_id
        names = [{"Name": "tag:Name", "Values": [f"{self.site}-{worker}"]}]
        found = self.ec2.describe_instances(Filters=names)["Reservations"]
        states = {each["InstanceId"]: each["State"]["Name"] for one in found for each in one["Instances"]}
        return {instance_id: state for instance_id, state in states.items() if state not in _GONE}


@dataclass(frozen=True)
class AzureMachines:
    """By the id, which has the name in it: a machine that is made anew has the same one."""

    cloud: "Cloud"

    def of(self, worker: str, known_id: str) -> dict[str, str]:
        """One read of its instance view."""
        del worker
        view = self.cloud.get(f"{known_id}/instanceView", _COMPUTE_API)
        if view is None:
            return {}
        codes = [str(each["code"]) for each in view["statuses"]]
        power = next((code.removeprefix(_POWER) for code in codes if code.startswith(_POWER)), "without power")
        return {known_id.rpartition("/")[2]: power}
