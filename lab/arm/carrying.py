"""Carries out a change that no rule refused: the document becomes what was asked for at once, its operation ends later.

That is how Azure shows it: after an accepted PUT the new reference is to be read, in the state Updating; if the operation
fails, the reference stays and the state is Failed.
"""

from collections.abc import Iterable

from lab.arm import operations
from lab.arm.bodies import as_object, properties, same, text
from lab.arm.call import Call
from lab.arm.change import Change
from lab.arm.etags import renew, renew_unwritten
from lab.arm.ids import GROUP_TYPE, key_of
from lab.arm.kinds import KINDS, Kind, kind_of
from lab.arm.messages import Json, Refusal
from lab.arm.references import Link, document_links, links_to
from lab.arm.rules.apps import EXTENSION, linked_subnet
from lab.arm.rules.machines import MACHINE
from lab.arm.rules.vaults import VAULT
from lab.arm.world import CREATING, DELETING, SUCCEEDED, UPDATING, Document, Operation, World

_STATELESS = frozenset({"microsoft.authorization", "microsoft.managedidentity"})
"""Namespaces whose resources have neither a provisioningState nor an ETag, and no operations."""
_DICTIONARIES = frozenset({"microsoft.web/sites/config"})
"""Types whose properties are names of their owner's own."""
_INTERFACE = "microsoft.network/networkinterfaces"


def carry_out(change: Change, will_fail: Refusal | None = None) -> Operation | None:
    """Change the world; the operation that began, or None where the change was done at once."""
    kind = kind_of(change.target.type) or change.kind
    before = _referred(change.old)
    operation = _delete(change, kind) if change.is_delete else _put(change, kind)
    if operation and will_fail:
        operation.will_fail = will_fail.error()
    after = change.world.documents.get(change.place.key)
    touch(change.world, before ^ _referred(after))
    return operation


def _put(change: Change, kind: Kind) -> Operation | None:
    world, at_once, resized = change.world, is_at_once(change.kind), _is_resized(change)
    document = change.old or Document(
        change.place.document, change.kind.type, {}, made_s=change.now_s, state=SUCCEEDED if _has_state(change.kind) else ""
    )
    if change.old and not world.pending(document.key):
        document.previous = document.body
    document.body, document.changed_s = change.new_body, change.now_s
    world.documents[document.key] = document
    renew(world, document)
    if change.is_of(VAULT) and change.target.name.lower() in world.deleted_vaults:
        world.deleted_vaults.remove(change.target.name.lower())
    if change.is_of(MACHINE):
        _bring_system_disk(change, document)
    if change.is_of(EXTENSION):
        world.tell("package", app=change.target.parent_id, uri=text(change.new_body, "properties", "packageUri"))
    if at_once:
        return None
    verb = "create" if change.verb == "create" else "update"
    seconds = operations.seconds_of(change.settings, kind.type, verb, attached=_machine_of(world, document.key) is not None)
    operation = _begin(change, kind, verb, seconds)
    blocked = _blocked(change, document)
    operation.will_fail = blocked.error() if blocked else None
    if resized and document.power in {"starting", "running"}:
        _restart(world, document, operation)
    _enter(document, change, CREATING if verb == "create" and change.is_of(MACHINE) else UPDATING)
    return operation


def _delete(change: Change, kind: Kind) -> Operation | None:
    document = change.old
    if document is None:
        return None
    if is_at_once(change.kind) and change.kind.type != GROUP_TYPE:
        del change.world.documents[document.key]
        change.world.tell("gone", id=document.id, type=document.type)
        _leave_behind(change, document)
        return None
    operation = _begin(change, kind, "delete", operations.seconds_of(change.settings, kind.type, "delete", attached=False))
    renew(change.world, document)
    _enter(document, change, DELETING)
    return operation


def _leave_behind(change: Change, document: Document) -> None:
    """A vault leaves its name, an app its link to a subnet."""
    if change.is_of(VAULT):
        change.world.deleted_vaults.append(change.target.name.lower())
    subnet_key = linked_subnet(document)
    if subnet_key:
        change.world.lingering[subnet_key] = change.now_s + change.settings.times.link_s


def _begin(change: Change, kind: Kind, verb: str, seconds: float) -> Operation:
    location = text(change.new_body or change.old_body, "location")
    return operations.begin(
        change.world,
        change.target,
        kind,
        document_key=change.place.key,
        verb=verb,
        location=location,
        now_s=change.now_s,
        seconds=seconds,
    )


def _enter(document: Document, change: Change, state: str) -> None:
    if change.place.steps:
        document.children = {change.target.key: state}
        document.state = UPDATING
    else:
        document.children, document.state = {}, state


def is_at_once(kind: Kind) -> bool:
    """Whether a write of this type is done in its answer, without an operation."""
    return kind.plain or kind.namespace.lower() in _STATELESS or kind.type == GROUP_TYPE


def _has_state(kind: Kind) -> bool:
    return kind.namespace.lower() not in _STATELESS and kind.type.lower() not in _DICTIONARIES


def _referred(document: Document | None) -> set[Link]:
    return set(document_links(document)) if document else set()


def touch(world: World, changed: Iterable[Link]) -> None:
    """What is named by somebody new, or no longer, shows it, and so has another ETag."""
    for link in changed:
        key = link.key
        while key and key not in world.documents:
            key = key.rpartition("/")[0]
        if key in world.documents:
            renew_unwritten(world, world.documents[key])


def _machine_of(world: World, interface_key: str) -> Document | None:
    sources = [link.source for link in links_to(world, interface_key) if link.source_type == MACHINE]
    return world.documents.get(key_of(sources[0])) if sources else None


def _blocked(change: Change, document: Document) -> Refusal | None:
    """A PUT of an interface fails, in its operation, while its machine is being changed (viya4-iac-azure#140)."""
    machine = _machine_of(change.world, document.key) if change.is_of(_INTERFACE) else None
    running = change.world.pending(machine.key) if machine else []
    verbs = {operation.verb for operation in running} & change.settings.nic_blocked_by
    if machine is None or not verbs:
        return None
    why = "the VM is marked for deletion. You can only retry the Delete operation (or wait for an ongoing one to complete)."
    if "delete" not in verbs:
        why = f"another operation ({', '.join(sorted(verbs))}) is in progress on the VM."
    name = machine.id.rpartition("/")[2]
    return Refusal(409, "OperationNotAllowed", f"Operation 'startTenantUpdate' is not allowed on VM '{name}' since {why}")


def _is_resized(change: Change) -> bool:
    """Whether a machine that stands is to be of another size."""
    size = ("properties", "hardwareProfile", "vmSize")
    return (
        change.is_of(MACHINE) and bool(change.old) and not same(text(change.old_body, *size), text(change.new_body, *size))
    )


def _restart(world: World, machine: Document, operation: Operation) -> None:
    """It goes down at once and runs at the operation's end (`lab.arm.settling`)."""
    operation.power_before, machine.power = machine.power, TRANSITIONS["restart"][0]
    world.tell("machine", id=machine.id, power=machine.power, alive=None, verb="restart", hard=False)


def _bring_system_disk(change: Change, machine: Document) -> None:
    """A machine made from an image brings its system disk."""
    disk = as_object(as_object(properties(machine.body).get("storageProfile")).get("osDisk"))
    disk_id = text(disk, "managedDisk", "id")
    if not disk_id or key_of(disk_id) in change.world.documents:
        return
    body: Json = {
        "location": machine.body.get("location"),
        "sku": {"name": text(disk, "managedDisk", "storageAccountType") or "Premium_LRS"},
        **({"zones": machine.body["zones"]} if machine.body.get("zones") else {}),
        "properties": {"creationData": {"createOption": "FromImage"}, "osType": disk.get("osType", "Linux")},
    }
    kind = KINDS["microsoft.compute/disks"]
    document = Document(disk_id, kind.type, body, made_s=change.now_s, changed_s=change.now_s)
    change.world.documents[document.key] = document


def power(call: Call, machine: Document, verb: str, seconds: float) -> Operation:
    """Begin to change a machine's power; what is running on it is preempted."""
    world, location = call.world, text(machine.body, "location")
    kind = KINDS[machine.type.lower()]
    operation = operations.begin(
        world,
        call.target,
        kind,
        document_key=machine.key,
        verb=verb,
        location=location,
        now_s=call.now_s,
        seconds=seconds,
    )
    operation.power_before = machine.power
    renew(world, machine)
    machine.state, machine.power = UPDATING, TRANSITIONS[verb][0]
    hard = call.request.flag("skipShutdown")
    world.tell("machine", id=machine.id, power=machine.power, alive=None, verb=verb, hard=hard)
    return operation


TRANSITIONS = {
    "start": ("starting", "running"),
    "restart": ("starting", "running"),
    "powerOff": ("stopping", "stopped"),
    "deallocate": ("deallocating", "deallocated"),
}
"""Verb -> PowerState while it runs, and after."""
