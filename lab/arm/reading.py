"""Answers what only reads: a resource, a list, a machine's instance view, an operation."""

from lab.arm import operations
from lab.arm.bodies import items, properties
from lab.arm.call import Call, not_emulated, not_found
from lab.arm.etags import is_network
from lab.arm.ids import GROUP_TYPE, SUBSCRIPTION_TYPE, key_of, parse
from lab.arm.kinds import Kind, kind_of
from lab.arm.messages import Json, Refusal, RefusedError, Reply
from lab.arm.views import instance_view, shown, view
from lab.arm.world import Document, place_of

_MACHINE = "microsoft.compute/virtualmachines"
_EXPAND = "instanceview"
_PERMISSIONS = "microsoft.authorization/permissions"


def read(call: Call) -> Reply:
    """Answer a GET or HEAD."""
    operation = _operation(call)
    if operation:
        return operation
    if call.target.rest:
        return _list_or_part(call)
    if call.target.type == SUBSCRIPTION_TYPE:
        body = {"id": call.target.id, "subscriptionId": call.target.name, "displayName": "lab", "state": "Enabled"}
        return Reply(200, {**body, "tenantId": call.settings.tenant})
    kind, place = kind_of(call.target.type), place_of(call.target)
    if kind is None or place is None:
        raise not_emulated(call.target.type)
    found = view(call.world, place)
    if call.request.method == "HEAD":
        return Reply(204 if found else 404)
    if found is None:
        raise not_found(call.target, kind)
    if kind.type.lower() == _MACHINE and call.request.query.get("$expand", "").lower() == _EXPAND:
        properties(found)["instanceView"] = instance_view(call.world.documents[place.key], call.settings)
    return Reply(200, found, {"ETag": found["etag"]} if is_network(call.world.documents[place.key]) else {})


def _operation(call: Call) -> Reply | None:
    """An operation's URL, or that of its result, which is empty, and 202 while there is none."""
    kind = call.target.type.rpartition("/")[2].lower()
    if kind not in {operations.OPERATIONS.lower(), operations.RESULTS.lower()}:
        return None
    operation = call.world.operations.get(call.target.name)
    if operation is None:
        raise RefusedError(Refusal(404, "NotFound", f"Operation {call.target.name} not found."))
    if kind == operations.OPERATIONS.lower() and not call.request.flag("monitor"):
        return Reply(200, operations.status_of(operation, call.target.namespace))
    if operations.is_running(operation):
        return Reply(202)
    if operation.error:
        return Reply(409, {"error": operation.error})
    return Reply(200 if kind == operations.OPERATIONS.lower() else 204)


def _list_or_part(call: Call) -> Reply:
    target = call.target
    if target.rest.lower() == _PERMISSIONS:
        found = call.caller.permissions_at(target.id)
        return Reply(200, {"value": [{"actions": [*actions], "notActions": [*refused]} for actions, refused in found]})
    if target.type.lower() == _MACHINE and target.rest.lower() == _EXPAND:
        document = call.world.documents.get(target.key)
        if document is None:
            raise not_found(target, kind_of(target.type))
        return Reply(200, instance_view(document, call.settings))
    own = target.type not in {GROUP_TYPE, SUBSCRIPTION_TYPE}
    kind = kind_of(f"{target.type}/{target.rest}" if own and "/" not in target.rest else target.rest)
    if kind is None:
        raise not_emulated(f"{target.type} {target.rest}")
    if kind.collection:
        return Reply(200, {"value": _inside(call, kind)})
    return Reply(200, {"value": _documents(call, kind, below=own)})


def _inside(call: Call, kind: Kind) -> list[Json]:
    place = place_of(call.target)
    parent = view(call.world, place) if place else None
    if parent is None:
        raise not_found(call.target, kind_of(call.target.type))
    return items(parent, kind.collection)


def _documents(call: Call, kind: Kind, *, below: bool) -> list[Json]:
    found = call.world.of_type(kind.type)
    return [shown(call.world, each) for each in found if _lies_at(call.target.key, each, kind, below=below)]


def _lies_at(key: str, document: Document, kind: Kind, *, below: bool) -> bool:
    """Whether a list there shows it: an assignment holds above and below, a child stands in its parent."""
    if kind.namespace == "Microsoft.Authorization":
        return _scope(document).startswith(key) or key.startswith(_scope(document))
    return parse(document.id).parent_id.lower() == key if below else document.key.startswith(key + "/")


def _scope(document: Document) -> str:
    return key_of(document.id.rpartition("/providers/")[0])
