"""Instances. What is changed of a living one stands in `lab.providers.aws.ec2_instance_changes`.

Only `lab.providers.aws` imports this file.
"""

import base64
from collections.abc import Mapping
from typing import Any

from lab.providers.aws import ec2_instance_changes, tagging
from lab.providers.aws import ec2_look_up as look_up
from lab.providers.aws.cloud import REGION, AwsHandler, fixed, tag_list, tag_map, tagged, told, wait_until
from lab.providers.handler import Ask, NotReadyError, State

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

ROOT_DEVICE = "/dev/sda1"
"""Where the root disk stands when the emulator does not know the image: moto takes any image id and then this name."""

ENDED = frozenset({"shutting-down", "terminated"})


class Instance(AwsHandler):
    """One virtual machine, running when it is made."""

    type = "aws:ec2/instance:Instance"
    replaces = REGION | {
        *("ami", "associatePublicIpAddress", "availabilityZone", "cpuOptions", "ebsBlockDevices", "ebsOptimized"),
        *("enclaveOptions", "ephemeralBlockDevices", "hibernation", "hostId", "ipv6AddressCount", "ipv6Addresses"),
        *("keyName", "launchTemplate", "networkInterfaces", "placementGroup", "placementPartitionNumber"),
        *("privateDnsNameOptions", "privateIp", "rootBlockDevice.encrypted", "rootBlockDevice.kmsKeyId", "securityGroups"),
        *("subnetId", "tenancy"),
    }
    defaults = fixed(forceDestroy=False, getPasswordData=False, sourceDestCheck=True, userDataReplaceOnChange=False)
    changes = frozenset(ec2_instance_changes.STEPS)
    retag = staticmethod(tagging.ec2)
    untold = frozenset({"forceDestroy", "userDataReplaceOnChange"})
    gone = ("InvalidInstanceID.NotFound",)

    def _make(self, ask: Ask) -> State:
        return State(
            self.client("ec2").run_instances(MinCount=1, MaxCount=1, **self._launch(ask))["Instances"][0]["InstanceId"]
        )

    def ready(self, state: State) -> bool:
        """Whether it has left `pending`; a state later it may be stopped, by the watchdog say.

        Raises:
            NotReadyError: it never will: EC2 takes back what it cannot start, with its reason.
        """
        instance = look_up.instance(self.client("ec2"), state.id)
        if (now := instance["State"]["Name"]) in ENDED:
            why = instance.get("StateReason", {}).get("Message", "no reason given")
            raise NotReadyError(f"instance {state.id} is {now}: {why}")
        return now != "pending"

    def _finish(self, made: State, ask: Ask) -> None:
        ec2 = self.client("ec2")
        if more := ask.get("secondaryPrivateIps"):
            card_id = look_up.cards(look_up.instance(ec2, made.id))[0]["NetworkInterfaceId"]
            ec2.assign_private_ip_addresses(NetworkInterfaceId=card_id, PrivateIpAddresses=list(more))
        if not ask.get("sourceDestCheck", True):
            ec2.modify_instance_attribute(InstanceId=made.id, SourceDestCheck={"Value": False})
        if tags := tag_list(ask.inner("rootBlockDevice").get("tags")):
            ec2.create_tags(Resources=[_root_outputs(ec2, look_up.instance(ec2, made.id))["volumeId"]], Tags=tags)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        ec2 = self.client("ec2")
        instance = look_up.instance(ec2, state.id)
        if instance["State"]["Name"] == "terminated":
            return None
        first = look_up.cards(instance)[0]
        outputs = told(
            instance,
            *("instanceType", "subnetId", "ebsOptimized", "sourceDestCheck"),
            ImageId="ami",
            PrivateIpAddress="privateIp",
        )
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
        outputs |= {name: look_up.attribute(ec2, state.id, name) for name in ATTRIBUTES}
        if user_data := look_up.attribute(ec2, state.id, "userData"):
            outputs["userData"] = base64.b64decode(user_data).decode()
        if profile := look_up.profile(ec2, state.id):
            outputs["iamInstanceProfile"] = profile["IamInstanceProfile"]["Arn"].rpartition("/")[2]
        return outputs | tagged(tag_map(instance.get("Tags")))

    def _remove(self, state: State) -> None:
        ec2 = self.client("ec2")
        ec2.terminate_instances(InstanceIds=[state.id])
        wait_until(f"end of {state.id}", lambda: look_up.state(ec2, state.id) == "terminated")

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        ec2_instance_changes.change(self.client("ec2"), state, ask, changed)

    def replaced_by(self, before: Mapping[str, Any], wanted: Mapping[str, Any]) -> frozenset[str]:
        """Other user data make another instance if the program says so."""
        if not wanted.get("userDataReplaceOnChange"):
            return frozenset()
        return frozenset(name for name in ("userData", "userDataBase64") if before.get(name) != wanted.get(name))

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


def _instance_and_volume_tags(ask: Ask) -> list[dict[str, Any]]:
    kinds = {"instance": tag_list(ask.get("tags")), "volume": tag_list(ask.get("volumeTags"))}
    return [{"ResourceType": kind, "Tags": tags} for kind, tags in kinds.items() if tags]


def _root_outputs(ec2: Any, instance: Mapping[str, Any]) -> dict[str, Any]:
    for disk in instance["BlockDeviceMappings"]:
        if disk["DeviceName"] == instance["RootDeviceName"]:
            volume = look_up.volume(ec2, disk["Ebs"]["VolumeId"])
            kept = {"deviceName": disk["DeviceName"], "deleteOnTermination": disk["Ebs"]["DeleteOnTermination"]}
            told_of_it = told(volume, *look_up.VOLUME_OPTIONS, "volumeId", "volumeType", Size="volumeSize")
            return kept | told_of_it | tagged(tag_map(volume.get("Tags")))
    return {}


HANDLERS = (Instance,)
