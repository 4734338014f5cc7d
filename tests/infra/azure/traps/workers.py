"""Traps of machines and their cards (sections 1 and 4 of the table)."""

from collections.abc import Mapping
from typing import Any

import pulumi

from tests.infra.azure.stand import GROUP as GROUP_ID
from tests.infra.azure.stand import SITE, invoke, run
from tests.infra.azure.traps.look import (
    CARD,
    DISK,
    GROUP,
    HOST,
    HOST_GROUP,
    PUBLIC_IP,
    VM,
    WORKERS,
    machines,
    part,
    told,
    trap,
)
from tests.infra.azure.traps.variants import GALLERY, Variant
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand

WORKERS_FILE = "infra/azure/workers.py"
HOSTS_FILE = "infra/azure/hosts.py"


@trap(
    "10/attached-at-run-time",
    slips=(
        Slip(
            "a card is declared with the address on it",
            WORKERS_FILE,
            '                    "private_ip_address_version": "IPv4",\n',
            '                    "private_ip_address_version": "IPv4",\n'
            '                    "public_ip_address": {"id": args["after"][0].id},\n',
        ),
        Slip(
            "a difference of a card is written, and strips the holder",
            WORKERS_FILE,
            '            opts=child(self, depends_on=args["after"], ignore_changes=["*"]),\n',
            '            opts=child(self, depends_on=args["after"]),\n',
        ),
        Slip(
            "a card goes after its own group and before the address",
            WORKERS_FILE,
            '            opts=child(self, depends_on=args["after"], ignore_changes=["*"]),\n',
            '            opts=child(self, ignore_changes=["*"]),\n',
        ),
    ),
)
def card_is_declared_without_the_address_never_written_again_and_goes_before_what_hangs_on_it(stand: Stand) -> None:
    usual = stand.usual
    address = part(usual, PUBLIC_IP, "address")
    for worker in WORKERS:
        card = part(usual, CARD, worker)
        assert card.ignore_changes == ("*",)
        assert all("publicIPAddress" not in each for each in card.inputs["ipConfigurations"])
        assert {address.urn, *(each.urn for each in usual.of_type(GROUP))} <= usual.needs(card)


@trap(
    "4/encryption-at-host",
    slips=(
        Slip(
            "encryption at host is said to be off",
            WORKERS_FILE,
            'security_profile={"encryption_at_host": True},',
            'security_profile={"encryption_at_host": False},',
        ),
    ),
)
def encryption_at_host_is_on_from_the_beginning(stand: Stand) -> None:
    for chosen in machines(stand.usual).values():
        assert chosen["securityProfile"]["encryptionAtHost"] is True
        assert "encryptionSettings" not in chosen["storageProfile"]["osDisk"]


@trap(
    "4/immutable",
    slips=(
        Slip("the name inside the machine is shown as an update", WORKERS_FILE, '    "osProfile.computerName",\n', ""),
        Slip(
            "a new machine is made before the old one is gone",
            WORKERS_FILE,
            "                delete_before_replace=True,\n",
            "",
        ),
        Slip(
            "the holder is made anew by a rolling change, unasked",
            WORKERS_FILE,
            "        if not self._is_rolled(worker):\n            return found\n",
            "        if worker:\n            return found\n",
        ),
    ),
)
def what_azure_never_changes_of_a_machine_is_a_new_machine(stand: Stand) -> None:
    immutable = {
        "osProfile.customData",
        "osProfile.computerName",
        "osProfile.adminUsername",
        "osProfile.linuxConfiguration.ssh",
        "storageProfile.imageReference",
        "storageProfile.osDisk.createOption",
        "zones",
    }
    for each in stand.usual.of_type(VM):
        assert immutable <= set(each.replace_on_changes)
        assert each.delete_before_replace
    assert "the holder is never rolled" in _refusal_to_roll_wk1()


def _refusal_to_roll_wk1() -> str:
    """What the program says, while that one has the address."""
    try:
        run({"roll_worker": "wk1"}, invoke=_on_wk1)
    except pulumi.RunError as exc:
        return str(exc)
    return ""


def _on_wk1(asked: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """The cloud, where the address is on the first worker's card."""
    if asked != "azure-native:network:getPublicIPAddress":
        return invoke(asked, arguments)
    card = f"{GROUP_ID}/providers/Microsoft.Network/networkInterfaces/{SITE}-wk1"
    return {"ipAddress": "192.0.2.7", "ipConfiguration": {"id": f"{card}/ipConfigurations/primary"}}


@trap(
    "4/both-at-once",
    slips=(
        Slip(
            "a new image replaces both workers",
            WORKERS_FILE,
            '    "storageProfile.imageReference",\n    "osProfile.customData",\n    "osProfile.linuxConfiguration",\n',
            '    "osProfile.customData",\n    "osProfile.linuxConfiguration",\n',
        ),
        Slip("another size restarts both", WORKERS_FILE, '    "hardwareProfile.vmSize",\n', ""),
        Slip(
            "the workers are changed side by side",
            WORKERS_FILE,
            'depends_on=[*args["after"], *self.resources],',
            'depends_on=args["after"],',
        ),
    ),
)
def both_workers_never_change_at_once(stand: Stand) -> None:
    left_alone = {
        "storageProfile.imageReference",
        "osProfile.customData",
        "osProfile.linuxConfiguration",
        "hardwareProfile.vmSize",
        "storageProfile.osDisk.diskSizeGB",
    }
    for each in stand.usual.of_type(VM):
        assert left_alone <= set(each.ignore_changes)
    first, second = (part(stand.usual, VM, worker) for worker in WORKERS)
    assert first.urn in second.depends_on


@trap(
    "4/image-latest",
    slips=(
        Slip(
            "latest is an exact version",
            WORKERS_FILE,
            'or not all(parts) or parts[-1].lower() == "latest":',
            "or not all(parts):",
        ),
        Slip(
            "a gallery's image is taken for one that somebody shares",
            WORKERS_FILE,
            'return {"id": image}',
            'return {"shared_gallery_image_id": image}',
        ),
    ),
)
def image_is_an_exact_version_because_latest_is_another_one_each_day(stand: Stand) -> None:
    for chosen in machines(stand.usual).values():
        reference = chosen["storageProfile"]["imageReference"]
        assert [reference[each] for each in ("publisher", "offer", "sku", "version")] == [
            "Canonical",
            "ubuntu-24_04-lts",
            "server",
            "24.04.202610010",
        ]
    for chosen in machines(stand.of(Variant.OTHER)).values():
        assert chosen["storageProfile"]["imageReference"] == {"id": GALLERY}
    said = ""
    try:
        run({"image": "Canonical:ubuntu-24_04-lts:server:latest"})
    except ValueError as exc:
        said = str(exc)
    assert "an exact version" in said


@trap(
    "4/data-disks",
    slips=(
        Slip(
            "the data disk goes with its machine",
            WORKERS_FILE,
            '                        "delete_option": "Detach",\n                        "managed_disk"',
            '                        "delete_option": "Delete",\n                        "managed_disk"',
        ),
        Slip(
            "the card goes with its machine",
            WORKERS_FILE,
            '"primary": True, "delete_option": "Detach"}]}',
            '"primary": True, "delete_option": "Delete"}]}',
        ),
        Slip(
            "a new empty disk each time",
            WORKERS_FILE,
            '"create_option": "Attach",',
            '"create_option": "Empty",',
        ),
    ),
)
def data_disk_and_card_outlive_the_machine(stand: Stand) -> None:
    for worker, chosen in machines(stand.usual).items():
        (disk,) = chosen["storageProfile"]["dataDisks"]
        assert (disk["createOption"], disk["deleteOption"], disk["lun"]) == ("Attach", "Detach", 0)
        (card,) = chosen["networkProfile"]["networkInterfaces"]
        assert (card["id"], card["deleteOption"]) == (part(stand.usual, CARD, worker).id, "Detach")


@trap(
    "4/guest-finds-its-disk",
    slips=(
        Slip(
            "the guest goes by a name of the kernel",
            "infra/azure/guest.py",
            'links=(f"/dev/disk/azure/scsi1/lun{lun}", f"/dev/disk/azure/data/by-lun/{lun}")',
            'links=("/dev/sdc",)',
        ),
        Slip(
            "the guest looks for another number", WORKERS_FILE, "disk=data_disk(DATA_LUN),", "disk=data_disk(DATA_LUN + 1),"
        ),
    ),
)
def guest_finds_its_disk_by_the_number_under_which_it_is_attached(stand: Stand) -> None:
    for chosen in machines(stand.usual).values():
        (disk,) = chosen["storageProfile"]["dataDisks"]
        links = f"/dev/disk/azure/scsi1/lun{disk['lun']} /dev/disk/azure/data/by-lun/{disk['lun']}"
        assert f"\nDISK_LINKS='{links}'\n" in told(chosen)


@trap(
    "4/dedicated-host",
    slips=(
        Slip(
            "the hosts stand in no zone of their own",
            HOSTS_FILE,
            "            zones=[zone],\n",
            "",
        ),
        Slip(
            "every machine goes to the first host",
            "infra/azure/pair.py",
            "host_id=hosts.get(worker),",
            "host_id=next(iter(hosts.values()), None),",
        ),
        Slip(
            "a host of another family",
            HOSTS_FILE,
            """return f"{''.join(found.groups())}-Type1\"""",
            """return f"E{''.join(found.groups()[1:])}-Type1\"""",
        ),
    ),
)
def dedicated_host_stands_in_its_machines_zone_and_is_of_its_family(stand: Stand) -> None:
    other = stand.of(Variant.OTHER)
    for worker, chosen in machines(other).items():
        host, group = part(other, HOST, worker), part(other, HOST_GROUP, worker)
        assert chosen["host"]["id"] == host.id
        assert "hostGroup" not in chosen
        assert group.inputs["zones"] == chosen["zones"]
        assert host.inputs["hostGroupName"] == group.outputs["name"]
        assert host.inputs["sku"]["name"] == "Dsv5-Type1"
    assert not stand.usual.of_type(HOST)


@trap(
    "4/zone-of-a-machine",
    slips=(
        Slip(
            "the workers stand in the last zones that were named",
            "infra/azure/layout.py",
            "workers = dict(zip(worker_names(WORKERS), zones[:WORKERS], strict=True))",
            "workers = dict(zip(worker_names(WORKERS), zones[-WORKERS:], strict=True))",
        ),
    ),
)
def each_worker_stands_in_a_zone_of_its_own(stand: Stand) -> None:
    assert [chosen["zones"] for chosen in machines(stand.usual).values()] == [["1"], ["2"]]
    assert [chosen["zones"] for chosen in machines(stand.of(Variant.BALANCED)).values()] == [["3"], ["1"]]
    assert len(stand.of(Variant.BALANCED).of_type(DISK)) == 2
