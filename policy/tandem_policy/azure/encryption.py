"""What stores data is encrypted with a key of the customer.

Azure encrypts everything with keys of its own, so what is looked for is the set of keys that a disk names, or the vault that
an account names; one that is not known yet is set.

No counterpart: `key_fault`, `tables_are_encrypted`, `topics_are_encrypted`, `queues_are_encrypted` and `logs_are_encrypted`,
because there these are parts of an account or a workspace, encrypted with it. Azure's alone: `hosts_encrypt`.
"""

from tandem_policy.azure.kinds import ACCOUNT, DISK, dig, kind_of, same
from tandem_policy.values import UNKNOWN, Answers, Config, Finding, Resource, Undecided, maps, unknown_at

FOR_SHARES = "FileStorage"
OF_A_VAULT = "Microsoft.Keyvault"
ATTACHED = "Attach"
"""A disk that exists already, and is judged where it is made."""


def disks_are_encrypted(resource: Resource, _: Config) -> Answers:
    """Disks and snapshots, and the disks that machines and scale sets bring."""
    props = resource.props
    match kind_of(resource):
        case "compute:Disk" | "compute:Snapshot" as kind:
            if not dig(props, "encryption", "diskEncryptionSetId"):
                what = "the disk" if kind == DISK else "the snapshot"
                yield Finding(f"{what} has a key of Azure's own: set encryption.diskEncryptionSetId")
        case "compute:VirtualMachine":
            yield from _disks_of("storageProfile", props.get("storageProfile"))
        case "compute:VirtualMachineScaleSet":
            path = "virtualMachineProfile.storageProfile"
            yield from _disks_of(path, dig(props, *path.split(".")))
        case _:
            pass


def _disks_of(path: str, profile: object) -> Answers:
    yield from unknown_at(path, profile)
    if profile is None:
        return
    yield from _disk(f"{path}.osDisk", "the system's disk", dig(profile, "osDisk"))
    for place, disk in enumerate(maps(dig(profile, "dataDisks"))):
        yield from _disk(f"{path}.dataDisks.{place}", f"the disk {place}", disk)


def _disk(path: str, what: str, disk: object) -> Answers:
    made, key = dig(disk, "createOption"), dig(disk, "managedDisk", "diskEncryptionSet", "id")
    if made == ATTACHED or key:
        return
    if made is UNKNOWN:
        yield Undecided(f"{path}.createOption")
    else:
        yield Finding(f"{what} has a key of Azure's own: set {path}.managedDisk.diskEncryptionSet.id")


def hosts_encrypt(resource: Resource, _: Config) -> Answers:
    """Machines and scale sets: what a host keeps for them (temporary disks, caches) is encrypted there."""
    match kind_of(resource):
        case "compute:VirtualMachine":
            path = "securityProfile.encryptionAtHost"
        case "compute:VirtualMachineScaleSet":
            path = "virtualMachineProfile.securityProfile.encryptionAtHost"
        case _:
            return
    encrypts = dig(resource.props, *path.split("."))
    yield from unknown_at(path, encrypts)
    if encrypts is not UNKNOWN and encrypts is not True:
        yield Finding(f"temporary disk and caches lie on the host in clear: set {path}")


def shares_are_encrypted(resource: Resource, _: Config) -> Answers:
    """Accounts that are made for shares of Azure Files; a share in an account for everything is not seen."""
    if kind_of(resource) != ACCOUNT or resource.props.get("kind") != FOR_SHARES:
        return
    source = dig(resource.props, "encryption", "keySource")
    yield from unknown_at("encryption.keySource", source)
    if source is not UNKNOWN and not same(source, OF_A_VAULT):
        yield Finding(
            f"the shares have a key of Azure's own: set encryption.keySource to {OF_A_VAULT}, and "
            "encryption.keyVaultProperties"
        )
