"""Traps of disks and of what a machine is told about them (sections 2 and 7 of the table)."""

from tests.infra.traps.look import (
    INSTANCE,
    VOLUME,
    VOLUME_ATTACHMENT,
    WORKERS,
    key_arn,
    part,
    workers,
)
from tests.infra.traps.registry import trap
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand

DISKS = "infra/aws/disks.py"
WORKERS_FILE = "infra/aws/workers.py"


@trap(
    "2/shutdown-terminates",
    slips=(
        Slip(
            "data disks lose their protection",
            DISKS,
            """f"{args['site']}-data-{worker}"),
            opts=child(self, protect=args["protect"]),""",
            """f"{args['site']}-data-{worker}"),
            opts=child(self),""",
        ),
    ),
)
def data_disks_outlive_a_mistake(stand: Stand) -> None:
    assert [each.protect for each in stand.usual.of_type(VOLUME)] == [True, True]


@trap(
    "7/other-replacing-properties",
    slips=(
        Slip(
            "the data disk is written into the instance",
            WORKERS_FILE,
            "            # Session tokens only;",
            '            ebs_block_devices=[{"device_name": "/dev/sdg", "volume_size": 8, "encrypted": True, '
            '"kms_key_id": args["key_arn"]}],\n'
            "            # Session tokens only;",
        ),
        Slip(
            "both disks are attached to the first worker",
            WORKERS_FILE,
            "            instance_id=instance.id,\n            volume_id",
            "            instance_id=self.resources[0].id if self.resources else instance.id,\n            volume_id",
        ),
    ),
)
def data_disks_are_never_part_of_the_instance(stand: Stand) -> None:
    usual = stand.usual
    assert all("ebsBlockDevices" not in chosen for chosen in workers(usual).values())
    attached = {each.inputs["volumeId"]: each.inputs["instanceId"] for each in usual.of_type(VOLUME_ATTACHMENT)}
    assert attached == {part(usual, VOLUME, f"data-{name}").id: part(usual, INSTANCE, name).id for name in WORKERS}


@trap(
    "7/other-replacing-properties",
    slips=(
        Slip(
            "every data disk stands in the first worker's zone",
            DISKS,
            "availability_zone=zone,",
            'availability_zone=next(iter(args["zones"].values())),',
        ),
    ),
)
def volume_of_another_zone_cannot_be_attached_so_it_stands_in_its_workers(stand: Stand) -> None:
    for name, chosen in workers(stand.usual).items():
        assert part(stand.usual, VOLUME, f"data-{name}").inputs["availabilityZone"] == chosen["availabilityZone"]


@trap(
    "7/disks-and-metadata",
    slips=(
        Slip("the root disk is left unencrypted", WORKERS_FILE, '                "encrypted": True,\n', ""),
        Slip("data disks go by the account's own key", DISKS, "            kms_key_id=self.key_arn,\n", ""),
    ),
)
def every_disk_is_encrypted_with_the_stacks_key(stand: Stand) -> None:
    key = key_arn(stand.usual)

    roots = [chosen["rootBlockDevice"] for chosen in workers(stand.usual).values()]
    disks = [*roots, *(each.inputs for each in stand.usual.of_type(VOLUME))]
    assert {(disk.get("encrypted"), disk.get("kmsKeyId")) for disk in disks} == {(True, key)}
    assert {disk.get("volumeType", disk.get("type")) for disk in disks} == {"gp3"}


@trap(
    "2/force-alone",
    slips=(
        Slip(
            "a data disk is pulled out of a running machine",
            WORKERS_FILE,
            "            stop_instance_before_detaching=True,\n",
            "",
        ),
    ),
)
def a_mounted_disk_is_let_go_by_a_stopped_machine(stand: Stand) -> None:
    assert {each.inputs.get("stopInstanceBeforeDetaching") for each in stand.usual.of_type(VOLUME_ATTACHMENT)} == {True}


@trap(
    "7/nitro-names",
    slips=(
        Slip(
            "the guest goes by the name that EC2 was told",
            "infra/aws/guest.py",
            '        links=(BY_ID + volume_id.replace("-", ""),),\n',
            "        links=(DATA_DEVICE,),\n",
        ),
    ),
)
def the_guest_finds_its_disk_by_the_volumes_id_and_not_by_a_device_name(stand: Stand) -> None:
    for name, chosen in workers(stand.usual).items():
        volume = part(stand.usual, VOLUME, f"data-{name}").id
        link = f"/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{volume.replace('-', '')}"
        assert f"\nDISK_LINKS={link}\n" in chosen["userData"]
