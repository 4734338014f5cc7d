"""Data volumes and their attachments.

Only `lab.providers.aws` imports this file.
"""

import zlib
from collections.abc import Mapping
from typing import Any

from lab.providers.aws import ec2_look_up as look_up
from lab.providers.aws import tagging
from lab.providers.aws.cloud import REGION, AwsHandler, ec2_tags, fixed, tag_map, tagged, told, wait_until
from lab.providers.handler import Ask, NotReadyError, State


class Volume(AwsHandler):
    """A data volume."""

    type = "aws:ebs/volume:Volume"
    replaces = REGION | {"availabilityZone", "encrypted", "kmsKeyId", "multiAttachEnabled", "outpostArn", "snapshotId"}
    required = frozenset({"availabilityZone"})
    defaults = fixed(finalSnapshot=False)
    changes = frozenset({"size", "type", "iops", "throughput"})
    retag = staticmethod(tagging.ec2)
    untold = frozenset({"finalSnapshot"})
    gone = ("InvalidVolume.NotFound",)

    def _make(self, ask: Ask) -> State:
        ec2 = self.client("ec2")
        wanted = ask.pick(*look_up.VOLUME_OPTIONS, "availabilityZone", "size", "snapshotId", VolumeType="type")
        return State(ec2.create_volume(**wanted, **ec2_tags(ask, "volume"))["VolumeId"])

    def ready(self, state: State) -> bool:
        """Whether EC2 has made it; it may be in use since.

        Raises:
            NotReadyError: it never will be: the state is `error`, as without the right to use the key.
        """
        now = look_up.volume(self.client("ec2"), state.id)["State"]
        if now == "error":
            raise NotReadyError(f"volume {state.id} is in state error: may the caller use its key?")
        return now in {"available", "in-use"}

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        wanted = ask.pick(*(changed & {"size", "iops"}), "throughput", VolumeType="type")
        look_up.change_volume(self.client("ec2"), state.id, wanted)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        volume = look_up.volume(self.client("ec2"), state.id)
        outputs = told(volume, *look_up.VOLUME_OPTIONS, "availabilityZone", "size", VolumeType="type")
        outputs |= {
            "arn": self.cloud.arn("ec2", f"volume/{state.id}"),
            "createTime": volume["CreateTime"].isoformat(),
        }
        return outputs | tagged(tag_map(volume.get("Tags")))

    def _remove(self, state: State) -> None:
        self.client("ec2").delete_volume(VolumeId=state.id)


class VolumeAttachment(AwsHandler):
    """A data volume at an instance, under a device name."""

    type = "aws:ec2/volumeAttachment:VolumeAttachment"
    replaces = REGION | {"deviceName", "instanceId", "volumeId"}
    required = frozenset({"deviceName", "instanceId", "volumeId"})
    untold = frozenset({"stopInstanceBeforeDetaching", "forceDetach", "skipDestroy"})
    gone = ("InvalidVolume.NotFound", "InvalidAttachment.NotFound", "IncorrectState")

    def _make(self, ask: Ask) -> State:
        ec2 = self.client("ec2")
        wanted = ask.pick("instanceId", "volumeId", Device="deviceName")
        ec2.attach_volume(**wanted)
        wait_until(
            f"attachment of {wanted['VolumeId']}", lambda: look_up.volume(ec2, wanted["VolumeId"])["State"] == "in-use"
        )
        key = f"{wanted['Device']}-{wanted['InstanceId']}-{wanted['VolumeId']}-"
        return State(f"vai-{zlib.crc32(key.encode())}")

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        for each in look_up.volume(self.client("ec2"), state.outputs["volumeId"])["Attachments"]:
            if each["InstanceId"] == state.outputs["instanceId"]:
                return told(each, "instanceId", "volumeId", Device="deviceName")
        return None

    def _remove(self, state: State) -> None:
        ec2 = self.client("ec2")
        known = {key: state.outputs[name] for key, name in (("InstanceId", "instanceId"), ("Device", "deviceName"))}
        volume_id = state.outputs["volumeId"]
        if state.outputs.get("stopInstanceBeforeDetaching"):
            look_up.stop(ec2, known["InstanceId"])
        ec2.detach_volume(VolumeId=volume_id, **known)
        wait_until(f"detachment of {volume_id}", lambda: look_up.volume(ec2, volume_id)["State"] == "available")


HANDLERS = (Volume, VolumeAttachment)
