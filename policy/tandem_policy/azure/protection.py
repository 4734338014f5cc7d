"""What cannot be had again is protected: by Pulumi from this program, by a lock of Azure from everybody else.

What a vault has lost can be taken back. A lock of Azure lies beside what it keeps, so who has one is seen in a whole stack.

No counterpart: `tables_refuse_deletion` (`kept_is_locked`). Azure's alone: `vaults_refuse_purge`, because a key of AWS
cannot be deleted at once.
"""

from collections.abc import Sequence

from tandem_policy.azure.kinds import (
    ACCOUNT,
    ADDRESS,
    DISK,
    GROUP,
    VAULT,
    dig,
    is_record,
    is_watched,
    is_within,
    kind_of,
    of_kinds,
    same,
)
from tandem_policy.values import UNKNOWN, Answers, Config, Finding, Resource, Undecided, text, unknown_at

KEPT = {
    ADDRESS: "released, it never comes back, and every partner's allow-list is void",
    ACCOUNT: "it holds who serves and in which epoch",
    VAULT: "without its keys nothing that they encrypted can be read",
    "keyvault:Key": "without it nothing that it encrypted can be read",
    DISK: "it holds what a worker accepted and has not delivered",
}
"""What a pair cannot have again, and why; of storage accounts only the record's."""

LOCK_OF_SCOPE = "authorization:ManagementLockByScope"
LOCK_OF_GROUP = "authorization:ManagementLockAtResourceGroupLevel"
KEEPING = frozenset({"cannotdelete", "readonly"})


def kept_is_protected(resource: Resource, config: Config) -> Answers:
    """Pulumi refuses to delete addresses, vaults, keys, data disks and the record of a pair."""
    kind = kind_of(resource)
    if kind not in KEPT or resource.protect:
        return
    if config["all"] or (resource.site and (kind != ACCOUNT or is_record(resource))):
        yield Finding(f"the resource is not protected, and {KEPT[kind]}: set the option protect")


def vaults_refuse_purge(resource: Resource, _: Config) -> Answers:
    """Key vaults and managed HSMs."""
    if kind_of(resource) not in (VAULT, "keyvault:ManagedHsm"):
        return
    path = "properties.enablePurgeProtection"
    refuses = dig(resource.props, *path.split("."))
    yield from unknown_at(path, refuses)
    if refuses is not UNKNOWN and refuses is not True:
        yield Finding(f"whoever may purge ends every disk for good: set {path}")


def kept_is_locked(resources: Sequence[Resource], config: Config) -> Answers:
    """Azure refuses to delete the address, the record, the vaults and the data disks of a pair."""
    locks = of_kinds(resources, LOCK_OF_SCOPE, LOCK_OF_GROUP)
    for resource in resources:
        if not _is_to_be_locked(resource, config):
            continue
        covering = [_covers(lock, resource, resources) for lock in locks]
        if True in covering:
            continue
        if None in covering:
            yield Undecided(f"{resource.name}: scopes of locks")
        else:
            yield Finding(
                f"Azure would delete {resource.name} for whoever asks: put a lock of the level CanNotDelete on it or on its "
                "group",
                resource.urn,
            )


def _is_to_be_locked(resource: Resource, config: Config) -> bool:
    kind = kind_of(resource)
    if config["all"]:
        return kind in (ADDRESS, VAULT, DISK)
    return is_watched(resource) or is_record(resource) or (kind in (VAULT, DISK) and bool(resource.site))


def _covers(lock: Resource, resource: Resource, resources: Sequence[Resource]) -> bool | None:
    """Whether a lock keeps a resource; None where nobody knows yet."""
    level = lock.props.get("level")
    if level is not UNKNOWN and text(level).lower() not in KEEPING:
        return False
    if kind_of(lock) == LOCK_OF_GROUP:
        return _is_in_group(lock, resource, resources)
    scope, known = lock.props.get("scope"), resource.props.get("id")
    if text(scope) and text(known):
        return is_within(known, scope)
    return _reads_of("scope", lock, resource, resources)


def _is_in_group(lock: Resource, resource: Resource, resources: Sequence[Resource]) -> bool | None:
    locked, its = lock.props.get("resourceGroupName"), resource.props.get("resourceGroupName")
    if text(locked) and text(its):
        return same(locked, its)
    return _reads_of("resourceGroupName", lock, resource, resources)


def _reads_of(property_name: str, lock: Resource, resource: Resource, resources: Sequence[Resource]) -> bool | None:
    """Whether the lock's property comes from the resource, or from its group; None where it comes from nothing."""
    if lock.reads(resource, property_name):
        return True
    groups = [group for group in of_kinds(resources, GROUP) if lock.reads(group, property_name)]
    if any(resource.reads(group, "resourceGroupName") for group in groups):
        return True
    return False if lock.property_depends_on.get(property_name) else None
