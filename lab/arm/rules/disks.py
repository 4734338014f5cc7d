"""Rules on managed disks."""

from collections.abc import Iterator

from lab.arm.bodies import as_object, properties, reference, text
from lab.arm.change import Change, Rule
from lab.arm.messages import Refusal

DISK = "microsoft.compute/disks"


def a_disk_says_how_it_is_made(change: Change) -> Iterator[Refusal]:
    """`creationData.createOption` is required."""
    if change.is_of(DISK) and change.is_create and not text(change.new_body, "properties", "creationData", "createOption"):
        yield Refusal(400, "InvalidParameter", "Required parameter 'creationData' is missing (null).")


def zone_redundant_disks_have_no_zone(change: Change) -> Iterator[Refusal]:
    """A ZRS disk is in all zones (terraform-azurerm-avm-res-compute-virtualmachine#236)."""
    sku = text(change.new_body, "sku", "name")
    if change.is_of(DISK) and sku.endswith("_ZRS") and change.new_body.get("zones"):
        yield Refusal(409, "OperationNotAllowed", f"A disk with sku '{sku}' cannot be created in an availability zone.")


def a_disk_stays_in_its_zone(change: Change) -> Iterator[Refusal]:
    """Zones of a disk never change."""
    if not change.is_of(DISK) or change.old is None or change.new is None:
        return
    had, wanted = ([str(zone) for zone in body.get("zones") or []] for body in (change.old_body, change.new_body))
    if had != wanted:
        yield Refusal(
            400,
            "ResourceAvailabilityZonesCannotBeModified",
            f"Resource {change.place.document} has zones {had} and the request has {wanted}. Zones cannot be "
            "added/updated/removed once the resource is created.",
        )


def an_encryption_set_has_its_key(change: Change) -> Iterator[Refusal]:
    """A disk encryption set names a key and has an identity to reach it with."""
    if not change.is_of("microsoft.compute/diskencryptionsets") or change.new is None:
        return
    if not text(properties(change.new_body), "activeKey", "keyUrl"):
        yield Refusal(400, "InvalidParameter", "Required parameter 'activeKey.keyUrl' is missing (null).")
    if not as_object(change.new_body.get("identity")):
        yield Refusal(400, "InvalidParameter", "Required parameter 'identity' is missing (null).")


def zone_of_a_disk(body: dict[str, object]) -> str | None:
    """Its one zone; None for one that is in all of them; empty for one that is in none."""
    if text(body, "sku", "name").endswith("_ZRS"):
        return None
    zones = body.get("zones")
    return str(zones[0]) if isinstance(zones, list) and zones else ""


def disk_ids(body: dict[str, object]) -> list[str]:
    """The managed disks that a machine's body names, the system's first."""
    storage = as_object(properties(body).get("storageProfile"))
    disks = [storage.get("osDisk"), *(storage.get("dataDisks") or [])]
    return [found for disk in disks if (found := reference(as_object(disk), "managedDisk"))]


RULES: tuple[Rule, ...] = (
    a_disk_says_how_it_is_made,
    zone_redundant_disks_have_no_zone,
    a_disk_stays_in_its_zone,
    an_encryption_set_has_its_key,
)
