"""Rules on virtual machines: what they hold, where it lies, and what never changes."""

from collections import Counter
from collections.abc import Iterator

from lab.arm.bodies import as_object, objects, properties, same, text
from lab.arm.change import Change, Rule
from lab.arm.ids import key_of
from lab.arm.messages import Refusal
from lab.arm.references import links_to
from lab.arm.rules.disks import disk_ids, zone_of_a_disk

MACHINE, INTERFACE = "microsoft.compute/virtualmachines", "microsoft.network/networkinterfaces"
ENCRYPTION_AT_HOST = "Microsoft.Compute/EncryptionAtHost"
_FIXED = (
    ("osProfile", "customData"),
    ("osProfile", "computerName"),
    ("osProfile", "adminUsername"),
    ("storageProfile", "imageReference"),
    ("storageProfile", "osDisk", "createOption"),
)


def encryption_at_host_is_registered(change: Change) -> Iterator[Refusal]:
    """The property needs the feature, even with the value false (terraform-provider-azurerm#17185)."""
    asked = as_object(properties(change.asked).get("securityProfile"))
    registered = {feature.lower() for feature in change.settings.features}
    if change.is_of(MACHINE) and "encryptionAtHost" in asked and ENCRYPTION_AT_HOST.lower() not in registered:
        yield Refusal(
            400,
            "InvalidParameter",
            f"The property 'securityProfile.encryptionAtHost' is not valid because the '{ENCRYPTION_AT_HOST}' feature is "
            "not enabled for this subscription.",
        )


def interfaces_are_free(change: Change) -> Iterator[Refusal]:
    """An interface belongs to one machine."""
    if not change.is_of(MACHINE) or change.new is None:
        return
    for link in change.new_links():
        if link.target_type != INTERFACE:
            continue
        for held in links_to(change.world, link.key):
            if held.source_type == MACHINE and key_of(held.source) != change.place.key:
                yield Refusal(
                    400, "NicInUse", f"Network Interface {link.target} is used by existing resource {held.source}."
                )


def disks_are_free_and_near(change: Change) -> Iterator[Refusal]:
    """A disk belongs to one machine and lies in its zone, or in all (public issue jrudlin/Azure#7)."""
    if not change.is_of(MACHINE) or change.new is None:
        return
    zone = next((str(each) for each in change.new_body.get("zones") or []), "")
    for disk_id in disk_ids(change.new_body):
        disk = change.world.documents.get(key_of(disk_id))
        if disk is None:
            continue
        lies_in = zone_of_a_disk(disk.body)
        if lies_in is not None and lies_in != zone:
            yield Refusal(400, "BadRequest", f"{disk_id} cannot be attached to the VM because it is not in zone '{zone}'.")
        for held in links_to(change.world, disk.key):
            if held.source_type == MACHINE and key_of(held.source) != change.place.key:
                yield Refusal(
                    409,
                    "ConflictingUserInput",
                    f"Disk '{disk_id}' cannot be attached as the disk is already owned by VM '{held.source}'.",
                )


def units_are_unique(change: Change) -> Iterator[Refusal]:
    """Two data disks do not share a unit number."""
    if not change.is_of(MACHINE) or change.new is None:
        return
    disks = objects(as_object(properties(change.new_body).get("storageProfile")).get("dataDisks"))
    twice = [unit for unit, times in Counter(str(disk.get("lun")) for disk in disks).items() if times > 1]
    if twice:
        yield Refusal(400, "InvalidParameter", f"LUN {twice[0]} is used by more than one data disk.")


def what_is_fixed_stays(change: Change) -> Iterator[Refusal]:
    """Custom data, names, image and zone are chosen once (pulumi-azure-native#577)."""
    if not change.is_of(MACHINE) or change.old is None or change.new is None:
        return
    for path in _FIXED:
        had: object = properties(change.old_body)
        wanted: object = properties(change.new_body)
        for name in path:
            had, wanted = as_object(had).get(name), as_object(wanted).get(name)
        if wanted is not None and not _equal(had, wanted):
            yield Refusal(409, "PropertyChangeNotAllowed", f"Changing property '{'.'.join(path)}' is not allowed.")
    if "zones" in change.new_body and change.new_body.get("zones") != change.old_body.get("zones"):
        yield Refusal(409, "PropertyChangeNotAllowed", "Changing property 'zones' is not allowed.")


def _equal(had: object, wanted: object) -> bool:
    if isinstance(had, str) and isinstance(wanted, str):
        return same(had, wanted)
    return had == wanted


def a_machine_has_an_interface(change: Change) -> Iterator[Refusal]:
    """A body without one is refused."""
    if change.is_of(MACHINE) and change.is_create and not any(link.target_type == INTERFACE for link in change.new_links()):
        yield Refusal(400, "InvalidParameter", "Virtual Machine must have at least one network interface specified.")
    if change.is_of(MACHINE) and change.is_create and not text(change.new_body, "properties", "hardwareProfile", "vmSize"):
        yield Refusal(400, "InvalidParameter", "Required parameter 'vmSize' is missing (null).")


RULES: tuple[Rule, ...] = (
    what_is_fixed_stays,
    encryption_at_host_is_registered,
    a_machine_has_an_interface,
    interfaces_are_free,
    disks_are_free_and_near,
    units_are_unique,
)
