"""What is changed of a living instance, in the provider's own order and with the provider's own side effects.

Theory of operation. Each changed input is one step. Another type, and other user data, are possible only while the instance
does not run: the provider stops it, changes it and *starts* it, whatever its state was before (terraform-provider-aws,
ec2_instance.go, `modifyInstanceAttributeWithStopStart`), once for each of the two. A stopped one therefore runs afterwards.

Only `lab.providers.aws.ec2_instances` imports this file.
"""

import base64
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from lab.providers.aws import ec2_look_up as look_up
from lab.providers.aws.cloud import NO_CALL, tag_list, tag_map, wait_until
from lab.providers.handler import Ask, State
from lab.providers.plain import pascal

Step = Callable[[Any, State, Ask], None]
"""(EC2 client, the instance as it was last known, what is wanted now)."""


def change(ec2: Any, state: State, ask: Ask, changed: frozenset[str]) -> None:
    """Take the steps of these inputs."""
    for name, step in STEPS.items():
        if name in changed:
            step(ec2, state, ask)


def _profile(ec2: Any, state: State, ask: Ask) -> None:
    there = look_up.profile(ec2, state.id)
    wanted = ask.pick(Name="iamInstanceProfile")
    if there and wanted:
        ec2.replace_iam_instance_profile_association(AssociationId=there["AssociationId"], IamInstanceProfile=wanted)
    elif there:
        ec2.disassociate_iam_instance_profile(AssociationId=there["AssociationId"])
    elif wanted:
        ec2.associate_iam_instance_profile(InstanceId=state.id, IamInstanceProfile=wanted)


def _switch(name: str, *, without: bool) -> Step:
    """Something that can be switched while the instance runs; `without` holds where the program says nothing."""

    def step(ec2: Any, state: State, ask: Ask) -> None:
        ec2.modify_instance_attribute(InstanceId=state.id, **{pascal(name): {"Value": ask.get(name, without)}})

    return step


def _shutdown_behavior(ec2: Any, state: State, ask: Ask) -> None:
    name = "instanceInitiatedShutdownBehavior"
    ec2.modify_instance_attribute(InstanceId=state.id, Attribute=name, Value=ask.get(name, "stop"))


def _second_addresses(ec2: Any, state: State, ask: Ask) -> None:
    card = look_up.cards(look_up.instance(ec2, state.id))[0]
    before = {each["PrivateIpAddress"] for each in card["PrivateIpAddresses"] if not each["Primary"]}
    after = set(ask.get("secondaryPrivateIps") or ())
    if gone := sorted(before - after):
        ec2.unassign_private_ip_addresses(NetworkInterfaceId=card["NetworkInterfaceId"], PrivateIpAddresses=gone)
    if new := sorted(after - before):
        ec2.assign_private_ip_addresses(NetworkInterfaceId=card["NetworkInterfaceId"], PrivateIpAddresses=new)


def _groups(ec2: Any, state: State, ask: Ask) -> None:
    card_id = look_up.cards(look_up.instance(ec2, state.id))[0]["NetworkInterfaceId"]
    if groups := list(ask.get("vpcSecurityGroupIds") or ()):
        ec2.modify_network_interface_attribute(NetworkInterfaceId=card_id, Groups=groups)


def _instance_type(ec2: Any, state: State, ask: Ask) -> None:
    _while_stopped(ec2, state.id, InstanceType={"Value": ask["instanceType"]})


def _user_data(ec2: Any, state: State, ask: Ask) -> None:
    encoded = base64.b64encode(ask.get("userData", "").encode()).decode()
    _while_stopped(ec2, state.id, Attribute="userData", Value=encoded)


def _while_stopped(ec2: Any, instance_id: str, **attribute: Any) -> None:
    look_up.stop(ec2, instance_id)
    ec2.modify_instance_attribute(InstanceId=instance_id, **attribute)
    ec2.start_instances(InstanceIds=[instance_id])
    wait_until(f"start of {instance_id}", lambda: look_up.state(ec2, instance_id) == "running")


def _no_call(name: str) -> Step:
    def step(ec2: Any, state: State, ask: Ask) -> None:
        del ec2, state
        ask.gap(name, NO_CALL)

    return step


def _metadata(ec2: Any, state: State, ask: Ask) -> None:
    options = ask.inner("metadataOptions")
    names = ("httpTokens", "httpEndpoint", "httpPutResponseHopLimit", "httpProtocolIpv6", "instanceMetadataTags")
    kept = Ask(ask.type, ask.name, state.outputs.get("metadataOptions") or {}).pick(*names)
    ec2.modify_instance_metadata_options(InstanceId=state.id, **(kept | options.pick(*names)))


def _root_disk(ec2: Any, state: State, ask: Ask) -> None:
    disk = ask.inner("rootBlockDevice")
    before: Mapping[str, Any] = state.outputs["rootBlockDevice"]
    names = {"Size": "volumeSize", "VolumeType": "volumeType", "Iops": "iops", "Throughput": "throughput"}
    wanted = {name: value for name, value in disk.pick(**names).items() if value != before.get(names[name])}
    if wanted:
        look_up.change_volume(ec2, before["volumeId"], wanted)
    for name in ("encrypted", "kmsKeyId"):
        disk.get(name)  # they replace the instance, so they are as they were
    if disk.get("deleteOnTermination", True) != before["deleteOnTermination"]:
        mapping = {"DeviceName": before["deviceName"], "Ebs": {"DeleteOnTermination": disk.get("deleteOnTermination", True)}}
        ec2.modify_instance_attribute(InstanceId=state.id, BlockDeviceMappings=[mapping])
    if "volumeTags" not in ask:  # the two conflict: either of them is meant for the root disk
        _change_tags(ec2, before["volumeId"], disk.get("tags"))


def _volume_tags(ec2: Any, state: State, ask: Ask) -> None:
    for each in look_up.instance(ec2, state.id)["BlockDeviceMappings"]:
        _change_tags(ec2, each["Ebs"]["VolumeId"], ask.get("volumeTags"))


def _change_tags(ec2: Any, volume_id: str, tags: Mapping[str, str] | None) -> None:
    wanted = tags or {}
    before = tag_map(look_up.volume(ec2, volume_id).get("Tags"))
    if gone := [key for key in before if key not in wanted]:
        ec2.delete_tags(Resources=[volume_id], Tags=[{"Key": key} for key in gone])
    if wanted != before and wanted:
        ec2.create_tags(Resources=[volume_id], Tags=tag_list(wanted))


STEPS: Mapping[str, Step] = MappingProxyType(
    {
        "volumeTags": _volume_tags,
        "iamInstanceProfile": _profile,
        "sourceDestCheck": _switch("sourceDestCheck", without=True),
        "secondaryPrivateIps": _second_addresses,
        "vpcSecurityGroupIds": _groups,
        "instanceType": _instance_type,
        "instanceInitiatedShutdownBehavior": _shutdown_behavior,
        "userData": _user_data,
        "disableApiStop": _switch("disableApiStop", without=False),
        "disableApiTermination": _switch("disableApiTermination", without=False),
        "maintenanceOptions": _no_call("maintenanceOptions"),
        "monitoring": _no_call("monitoring"),
        "creditSpecification": _no_call("creditSpecification"),
        "metadataOptions": _metadata,
        "rootBlockDevice": _root_disk,
    }
)
"""Every input that is changed in place, in the order in which the provider changes them."""
