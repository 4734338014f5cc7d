"""Instances, data volumes and their attachments.

Only `lab.providers.aws` imports this file.
"""

import base64
import zlib
from collections.abc import Mapping
from typing import Any

from lab.providers.aws.cloud import AwsHandler, ec2_tags, tag_list, tag_map, tagged, told, wait_until
from lab.providers.handler import Ask, State
from lab.providers.plain import pascal

LAUNCH_OPTIONS = (
    "instanceType",
    "subnetId",
    "keyName",
    "ebsOptimized",
    "disableApiTermination",
    "disableApiStop",
    "instanceInitiatedShutdownBehavior",
    "userData",
)
ATTRIBUTES = ("disableApiTermination", "disableApiStop", "instanceInitiatedShutdownBehavior")
METADATA_OPTIONS = ("httpTokens", "httpEndpoint", "httpPutResponseHopLimit", "httpProtocolIpv6", "instanceMetadataTags")
ROOT_OPTIONS = ("volumeSize", "volumeType", "encrypted", "kmsKeyId", "iops", "throughput", "deleteOnTermination")
VOLUME_OPTIONS = ("encrypted", "kmsKeyId", "iops", "throughput")

ROOT_DEVICE = "/dev/sda1"
"""Where the root disk stands when the emulator does not know the image: moto takes any image id and then this name."""


class Instance(AwsHandler):
    """One virtual machine, running when it is made."""

    type = "aws:ec2/instance:Instance"
    untold = frozenset({"forceDestroy", "userDataReplaceOnChange"})
    gone = ("InvalidInstanceID.NotFound",)

    def _make(self, ask: Ask) -> State:
        ec2 = self.client("ec2")
        instance_id = ec2.run_instances(MinCount=1, MaxCount=1, **self._launch(ask))["Instances"][0]["InstanceId"]
        wait_until(f"instance {instance_id}", lambda: _state(ec2, instance_id) == "running")
        if more := ask.get("secondaryPrivateIps"):
            card_id = _cards(_instance(ec2, instance_id))[0]["NetworkInterfaceId"]
            ec2.assign_private_ip_addresses(NetworkInterfaceId=card_id, PrivateIpAddresses=list(more))
        if tags := tag_list(ask.inner("rootBlockDevice").get("tags")):
            ec2.create_tags(Resources=[_root_outputs(ec2, _instance(ec2, instance_id))["volumeId"]], Tags=tags)
        return State(instance_id)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        ec2 = self.client("ec2")
        instance = _instance(ec2, state.id)
        if instance["State"]["Name"] == "terminated":
            return None
        first = _cards(instance)[0]
        outputs = told(instance, "instanceType", "subnetId", "ebsOptimized", ImageId="ami", PrivateIpAddress="privateIp")
        outputs |= told(instance, PrivateDnsName="privateDns", PublicIpAddress="publicIp", PublicDnsName="publicDns")
        outputs |= told(instance["Placement"], "availabilityZone", "tenancy")
        outputs |= {
            "arn": self.cloud.arn("ec2", f"instance/{state.id}"),
            "instanceState": instance["State"]["Name"],
            "primaryNetworkInterfaceId": first["NetworkInterfaceId"],
            "secondaryPrivateIps": [each["PrivateIpAddress"] for each in first["PrivateIpAddresses"] if not each["Primary"]],
            "vpcSecurityGroupIds": [group["GroupId"] for group in instance["SecurityGroups"]],
            "monitoring": instance["Monitoring"]["State"] == "enabled",
            "metadataOptions": told(instance.get("MetadataOptions", {}), *METADATA_OPTIONS),
            "maintenanceOptions": told(instance.get("MaintenanceOptions", {}), "autoRecovery"),
            "rootBlockDevice": _root_outputs(ec2, instance),
        }
        outputs |= {name: _attribute(ec2, state.id, name) for name in ATTRIBUTES}
        if user_data := _attribute(ec2, state.id, "userData"):
            outputs["userData"] = base64.b64decode(user_data).decode()
        if profile := instance.get("IamInstanceProfile"):
            outputs["iamInstanceProfile"] = profile["Arn"].rpartition("/")[2]
        return outputs | tagged(tag_map(instance.get("Tags")))

    def _remove(self, state: State) -> None:
        ec2 = self.client("ec2")
        ec2.terminate_instances(InstanceIds=[state.id])
        wait_until(f"end of {state.id}", lambda: _state(ec2, state.id) == "terminated")

    def _launch(self, ask: Ask) -> dict[str, Any]:
        launch = ask.pick(
            *LAUNCH_OPTIONS, ImageId="ami", PrivateIpAddress="privateIp", SecurityGroupIds="vpcSecurityGroupIds"
        )
        objects = {
            "Placement": ask.pick("availabilityZone", "tenancy"),
            "MetadataOptions": ask.inner("metadataOptions").pick(*METADATA_OPTIONS),
            "IamInstanceProfile": ask.pick(Name="iamInstanceProfile"),
            "Monitoring": ask.pick(Enabled="monitoring"),
            "CreditSpecification": ask.inner("creditSpecification").pick("cpuCredits"),
            "TagSpecifications": _instance_and_volume_tags(ask),
        }
        if "rootBlockDevice" in ask:
            objects["BlockDeviceMappings"] = [self._root_disk(ask["ami"], ask.inner("rootBlockDevice"))]
        if "maintenanceOptions" in ask:
            launch["MaintenanceOptions"] = ask.inner("maintenanceOptions").pick("autoRecovery")
        return launch | {name: value for name, value in objects.items() if value}

    def _root_disk(self, image_id: str, disk: Ask) -> dict[str, Any]:
        images = self.client("ec2").describe_images(Filters=[{"Name": "image-id", "Values": [image_id]}])["Images"]
        device = images[0]["RootDeviceName"] if images else ROOT_DEVICE
        return {"DeviceName": device, "Ebs": disk.pick(*ROOT_OPTIONS)}


class Volume(AwsHandler):
    """A data volume."""

    type = "aws:ebs/volume:Volume"
    untold = frozenset({"finalSnapshot"})
    gone = ("InvalidVolume.NotFound",)

    def _make(self, ask: Ask) -> State:
        ec2 = self.client("ec2")
        wanted = ask.pick(*VOLUME_OPTIONS, "availabilityZone", "size", "snapshotId", VolumeType="type")
        volume_id = ec2.create_volume(**wanted, **ec2_tags(ask, "volume"))["VolumeId"]
        wait_until(f"volume {volume_id}", lambda: _volume(ec2, volume_id)["State"] == "available")
        return State(volume_id)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        volume = _volume(self.client("ec2"), state.id)
        outputs = told(volume, *VOLUME_OPTIONS, "availabilityZone", "size", VolumeType="type")
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
    untold = frozenset({"stopInstanceBeforeDetaching", "forceDetach", "skipDestroy"})
    gone = ("InvalidVolume.NotFound", "InvalidAttachment.NotFound", "IncorrectState")

    def _make(self, ask: Ask) -> State:
        ec2 = self.client("ec2")
        wanted = ask.pick("instanceId", "volumeId", Device="deviceName")
        ec2.attach_volume(**wanted)
        wait_until(f"attachment of {wanted['VolumeId']}", lambda: _volume(ec2, wanted["VolumeId"])["State"] == "in-use")
        key = f"{wanted['Device']}-{wanted['InstanceId']}-{wanted['VolumeId']}-"
        return State(f"vai-{zlib.crc32(key.encode())}")

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        for each in _volume(self.client("ec2"), state.outputs["volumeId"])["Attachments"]:
            if each["InstanceId"] == state.outputs["instanceId"]:
                return told(each, "instanceId", "volumeId", Device="deviceName")
        return None

    def _remove(self, state: State) -> None:
        ec2 = self.client("ec2")
        known = {key: state.outputs[name] for key, name in (("InstanceId", "instanceId"), ("Device", "deviceName"))}
        volume_id = state.outputs["volumeId"]
        if state.outputs.get("stopInstanceBeforeDetaching"):
            instance_id = known["InstanceId"]
            ec2.stop_instances(InstanceIds=[instance_id])
            wait_until(f"stop of {instance_id}", lambda: _state(ec2, instance_id) == "stopped")
        ec2.detach_volume(VolumeId=volume_id, **known)
        wait_until(f"detachment of {volume_id}", lambda: _volume(ec2, volume_id)["State"] == "available")


def _instance(ec2: Any, instance_id: str) -> Mapping[str, Any]:
    return ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]


def _cards(instance: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The network cards, the first one first."""
    return sorted(instance["NetworkInterfaces"], key=lambda card: card["Attachment"]["DeviceIndex"])


def _attribute(ec2: Any, instance_id: str, name: str) -> Any:
    """What DescribeInstances leaves out and has to be asked for one by one."""
    answer = ec2.describe_instance_attribute(InstanceId=instance_id, Attribute=name)
    return answer.get(pascal(name), {}).get("Value")


def _state(ec2: Any, instance_id: str) -> str:
    return _instance(ec2, instance_id)["State"]["Name"]


def _volume(ec2: Any, volume_id: str) -> Mapping[str, Any]:
    return ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"][0]


def _instance_and_volume_tags(ask: Ask) -> list[dict[str, Any]]:
    kinds = {"instance": tag_list(ask.get("tags")), "volume": tag_list(ask.get("volumeTags"))}
    return [{"ResourceType": kind, "Tags": tags} for kind, tags in kinds.items() if tags]


def _root_outputs(ec2: Any, instance: Mapping[str, Any]) -> dict[str, Any]:
    for disk in instance["BlockDeviceMappings"]:
        if disk["DeviceName"] == instance["RootDeviceName"]:
            volume = _volume(ec2, disk["Ebs"]["VolumeId"])
            kept = {"deviceName": disk["DeviceName"], "deleteOnTermination": disk["Ebs"]["DeleteOnTermination"]}
            told_of_it = told(volume, *VOLUME_OPTIONS, "volumeId", "volumeType", Size="volumeSize")
            return kept | told_of_it | tagged(tag_map(volume.get("Tags")))
    return {}


HANDLERS = (Instance, Volume, VolumeAttachment)
