"""What EC2 says of one instance or one volume. Only the handlers of both import this file."""

from collections.abc import Mapping
from typing import Any

from lab.providers.aws.cloud import wait_until
from lab.providers.plain import pascal

VOLUME_OPTIONS = ("encrypted", "kmsKeyId", "iops", "throughput")
"""What a volume tells by the provider's own names."""

CHANGED = ("optimizing", "completed")
"""The states of a modification in which the volume is as it was asked to be (EC2, ModifyVolume)."""


def instance(ec2: Any, instance_id: str) -> Mapping[str, Any]:
    """One instance."""
    return ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]


def cards(of: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The network cards, the first one first."""
    return sorted(of["NetworkInterfaces"], key=lambda card: card["Attachment"]["DeviceIndex"])


def attribute(ec2: Any, instance_id: str, name: str) -> Any:
    """What DescribeInstances leaves out and has to be asked for one by one."""
    answer = ec2.describe_instance_attribute(InstanceId=instance_id, Attribute=name)
    return answer.get(pascal(name), {}).get("Value")


def state(ec2: Any, instance_id: str) -> str:
    """Its state by EC2's word: `running`."""
    return instance(ec2, instance_id)["State"]["Name"]


def volume(ec2: Any, volume_id: str) -> Mapping[str, Any]:
    """One volume."""
    return ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"][0]


def profile(ec2: Any, instance_id: str) -> Mapping[str, Any] | None:
    """The association that gives it its instance profile; DescribeInstances of moto tells the one that it began with."""
    filters = [{"Name": "instance-id", "Values": [instance_id]}, {"Name": "state", "Values": ["associated"]}]
    found = ec2.describe_iam_instance_profile_associations(Filters=filters)["IamInstanceProfileAssociations"]
    return found[0] if found else None


def stop(ec2: Any, instance_id: str) -> None:
    """Stop it and wait for that."""
    ec2.stop_instances(InstanceIds=[instance_id])
    wait_until(f"stop of {instance_id}", lambda: state(ec2, instance_id) == "stopped")


def change_volume(ec2: Any, volume_id: str, wanted: Mapping[str, Any]) -> None:
    """Make it larger, faster or of another type, and wait until it is."""
    ec2.modify_volume(VolumeId=volume_id, **wanted)

    def is_done() -> bool:
        told = ec2.describe_volumes_modifications(VolumeIds=[volume_id])["VolumesModifications"]
        return not told or told[-1]["ModificationState"] in CHANGED

    wait_until(f"change of {volume_id}", is_done)
