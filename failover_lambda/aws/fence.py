"""The workers' machines: one read, and what keeps a former holder from serving: isolate and stop, restore and start.

Isolation swaps the security groups of the network card. Connections that stand go on until they fall idle, so isolation
is never proof; `stopped` is (docs/RULE.md 6.8). All calls are idempotent and name cards and instances by the ids in
the settings. May import `contract`, `model` and `outcomes`, where errors become outcomes.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from failover_lambda.aws.outcomes import dry_run, from_ec2
from failover_lambda.contract import Settings, Worker
from failover_lambda.model import InstanceView, Power

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

POWER: Final = {
    "pending": Power.PENDING,
    "running": Power.RUNNING,
    "shutting-down": Power.STOPPING,
    "stopping": Power.STOPPING,
    "stopped": Power.STOPPED,
    "terminated": Power.TERMINATED,
}
"""EC2's instance states; another one would be UNKNOWN."""


class Machines:
    """The instances of a site and their network cards."""

    def __init__(self, settings: Settings, ec2: "EC2Client") -> None:
        self._settings = settings
        self._ec2 = ec2
        self._ids = [worker.instance_id for worker in settings.workers]
        self._how_to_stop = _how_to_stop(ec2)

    def read(self) -> tuple[InstanceView, ...]:
        """One DescribeInstances for all. By filter, because by id one missing instance would hide the others.

        Raises:
            KeyError, ValueError: the answer is not complete; SDK errors as they are.
        """
        answer: Any = from_ec2(self._ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": self._ids}]))
        if answer.get("NextToken"):
            raise ValueError("only a part of the instances was told")  # the rest must not be taken for gone
        return self.views_of(shown_in(answer))

    def views_of(self, shown: Mapping[str, dict[str, Any]]) -> tuple[InstanceView, ...]:
        """What an answer of EC2 says of our instances, by their ids; KeyError where that is not complete."""
        return tuple(self._view(worker, shown.get(worker.instance_id)) for worker in self._settings.workers)

    def isolate(self, worker: Worker, *, dry: bool = False) -> None:
        """Leave the worker's card with nothing but the isolation group. `dry`, here and below: ask for permission only."""
        self._set_groups(worker, (self._settings.isolation_group_id,), dry=dry)

    def restore(self, worker: Worker, *, dry: bool = False) -> None:
        """Give the worker's card its own groups back."""
        self._set_groups(worker, worker.group_ids, dry=dry)

    def stop(self, worker: Worker, *, dry: bool = False) -> None:
        """Cut the power rather than shut down: the service must not go on working off its queue for minutes."""
        from_ec2(self._ec2.stop_instances(InstanceIds=[worker.instance_id], **self._how_to_stop, **dry_run(dry)))

    def start(self, worker: Worker, *, dry: bool = False) -> None:
        """Start the machine. A success may still end in `stopped`, where the caller's role may not use the disks' key."""
        from_ec2(self._ec2.start_instances(InstanceIds=[worker.instance_id], **dry_run(dry)))

    def _set_groups(self, worker: Worker, groups: tuple[str, ...], *, dry: bool) -> None:
        card = worker.network_interface_id
        from_ec2(self._ec2.modify_network_interface_attribute(NetworkInterfaceId=card, Groups=list(groups), **dry_run(dry)))

    def _view(self, worker: Worker, shown: dict[str, Any] | None) -> InstanceView:
        if shown is None:  # an hour after its end an instance is not shown any more
            return InstanceView(worker=worker.name, power=Power.TERMINATED, launched_s=0.0, isolated=False)
        return InstanceView(
            worker=worker.name,
            power=POWER.get(shown["State"]["Name"], Power.UNKNOWN),
            launched_s=shown["LaunchTime"].timestamp(),
            isolated=_groups(worker, shown) == {self._settings.isolation_group_id},
        )


def shown_in(answer: Any) -> dict[str, dict[str, Any]]:
    """The instances of an answer, by their ids."""
    return {instance["InstanceId"]: instance for group in answer["Reservations"] for instance in group["Instances"]}


def _groups(worker: Worker, shown: dict[str, Any]) -> set[str]:
    """The groups of the card that we isolate, or those of the instance where its cards are not shown."""
    for card in shown.get("NetworkInterfaces", []):
        if card.get("NetworkInterfaceId") == worker.network_interface_id:
            return {group["GroupId"] for group in card.get("Groups", [])}
    return {group["GroupId"] for group in shown.get("SecurityGroups", [])}


def _how_to_stop(ec2: "EC2Client") -> dict[str, Any]:
    """Force, and without waiting for the operating system where this SDK can say so.

    SkipOsShutdown came in July 2025; an older SDK raises a bare KeyError for a parameter that it does not know.
    """
    shape: Any = ec2.meta.service_model.operation_model("StopInstances").input_shape
    how = {"Force": True, "SkipOsShutdown": True}
    return {name: value for name, value in how.items() if name in shape.members}
