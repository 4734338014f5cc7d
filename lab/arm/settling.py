"""Brings the world to a time: every operation that is due ends, in the order in which they are due."""

from lab.arm import effects
from lab.arm.bodies import as_object, objects, properties, reference, text
from lab.arm.carrying import TRANSITIONS, touch
from lab.arm.etags import renew_unwritten
from lab.arm.ids import GROUP_TYPE, key_of, parse
from lab.arm.messages import Json
from lab.arm.preparing import with_child
from lab.arm.references import document_links
from lab.arm.settings import Settings
from lab.arm.world import FAILED, SUCCEEDED, Document, Operation, World, place_of

_MACHINE = "microsoft.compute/virtualmachines"


def settle(world: World, settings: Settings, now_s: float) -> None:
    """End what is due by now."""
    while True:
        due = [each for each in world.operations.values() if each.pending and each.due_s <= now_s]
        if not due:
            return
        _end(world, settings, min(due, key=lambda each: each.due_s))


def next_due_s(world: World) -> float | None:
    """When something will end next; None: nothing runs."""
    return min((each.due_s for each in world.operations.values() if each.pending), default=None)


def _end(world: World, settings: Settings, operation: Operation) -> None:
    document = world.documents.get(operation.document)
    operation.status = FAILED if operation.will_fail else SUCCEEDED
    operation.error = operation.will_fail
    if document is None:
        return
    document.ended_s = operation.due_s
    if operation.will_fail:
        _fail(world, document, operation)
    elif operation.verb == "delete":
        _remove(world, settings, document, operation)
    elif operation.verb in TRANSITIONS:
        _powered(world, document, TRANSITIONS[operation.verb][1])
    else:
        _written(world, settings, document, operation)
    renew_unwritten(world, document)


def _fail(world: World, document: Document, operation: Operation) -> None:
    document.state = FAILED
    if key_of(operation.target) != document.key:
        document.children = {key_of(operation.target): FAILED}
    if operation.power_before:
        _powered(world, document, operation.power_before)
        document.state = FAILED


def _powered(world: World, document: Document, power: str) -> None:
    document.state, document.power = SUCCEEDED, power
    world.tell("machine", id=document.id, power=power, alive=power == "running", verb=None, hard=False)


def _written(world: World, settings: Settings, document: Document, operation: Operation) -> None:
    document.state, document.children = SUCCEEDED, {}
    kind, carries_at = document.type.lower(), operation.due_s + settings.times.propagation_s
    if kind == "microsoft.network/publicipaddresses" and not text(document.body, "properties", "ipAddress"):
        properties(document.body)["ipAddress"] = free_address(world, settings)
    if kind == _MACHINE and (operation.verb == "create" or operation.power_before):
        _powered(world, document, "running")
    if kind == _MACHINE:
        for each in _interfaces(world, document):
            effects.tell(world, each, carries_at)
    effects.tell(world, document, carries_at)


def _interfaces(world: World, machine: Document) -> list[Document]:
    keys = [link.key for link in document_links(machine) if link.target_type == "microsoft.network/networkinterfaces"]
    return [world.documents[key] for key in keys if key in world.documents]


def free_address(world: World, settings: Settings) -> str:
    """The lowest Public IP that nobody has."""
    taken = {text(each.body, "properties", "ipAddress") for each in world.of_type("Microsoft.Network/publicIPAddresses")}
    return next((str(host) for host in settings.public_network.hosts() if str(host) not in taken), "")


def _remove(world: World, settings: Settings, document: Document, operation: Operation) -> None:
    if key_of(operation.target) != document.key:
        place = place_of(parse(operation.target))
        if place:
            document.body = with_child(document.body, place.steps, None)
        document.state, document.children = SUCCEEDED, {}
        effects.tell(world, document, operation.due_s + settings.times.propagation_s)
        return
    if document.type == GROUP_TYPE:
        for key in [key for key in world.documents if key.startswith(document.key + "/")]:
            _drop(world, world.documents[key])
    elif document.type.lower() == _MACHINE:
        world.tell("machine", id=document.id, power="deleted", alive=False, verb=None, hard=False)
        for key in _goes_with(document.body):
            if key in world.documents:
                _drop(world, world.documents[key])
    for key in [key for key in world.documents if key.startswith(document.key + "/")]:
        _drop(world, world.documents[key])
    _drop(world, document)


def _drop(world: World, document: Document) -> None:
    if world.documents.pop(document.key, None):
        touch(world, document_links(document))
        world.tell("gone", id=document.id, type=document.type)


def _goes_with(body: Json) -> list[str]:
    """The keys of what is deleted with a machine: what its body says, else nothing."""
    inside = properties(body)
    cards = objects(as_object(inside.get("networkProfile")).get("networkInterfaces"))
    storage = as_object(inside.get("storageProfile"))
    disks = [as_object(storage.get("osDisk")), *objects(storage.get("dataDisks"))]
    gone = [text(card, "id") for card in cards if text(card, "properties", "deleteOption") == "Delete"]
    gone += [reference(disk, "managedDisk") for disk in disks if text(disk, "deleteOption") == "Delete"]
    return [key_of(each) for each in gone if each]
