"""Answers what changes something: PUT, PATCH of tags, DELETE, and the verbs of a machine's power.

Theory of operation, in the order a write meets it: the type is one we have and its provider registered; no lock stands over
it; the caller may name what its body names; the parent stands; If-Match holds; the provider's rules agree; then it is
carried out. Nothing has changed when any of them refuses.
"""

import copy
from dataclasses import replace

from lab.arm import carrying, operations
from lab.arm.action_names import action_of
from lab.arm.bodies import same
from lab.arm.call import Call, group_not_found, not_emulated, not_found
from lab.arm.change import Change
from lab.arm.deployments import DEPLOYMENT, steps
from lab.arm.etags import renew
from lab.arm.ids import GROUP_TYPE, Target, parse
from lab.arm.kinds import KINDS, Kind, kind_of
from lab.arm.locks import locked
from lab.arm.messages import Json, Refusal, RefusedError, Reply
from lab.arm.posts import post
from lab.arm.preconditions import unmet
from lab.arm.preparing import prepared, with_child
from lab.arm.rules import refusal_of
from lab.arm.rules.machines import MACHINE
from lab.arm.settling import settle
from lab.arm.views import view
from lab.arm.world import Document, Operation, Place, place_of

_ACCEPTED_PUT = frozenset({"microsoft.compute/disks", "microsoft.compute/diskencryptionsets"})
"""Types whose PUT answers 202."""


def write(call: Call, will_fail: Refusal | None = None) -> Reply:
    """Answer a PUT, PATCH, DELETE or POST.

    Args:
        call: what is asked.
        will_fail: the error that its operation is to end with, if it has one.

    Raises:
        RefusedError: it is refused, and nothing has changed.
    """
    kind, place = kind_of(call.target.type), place_of(call.target)
    if kind is None or place is None or (call.request.method != "POST" and call.target.rest):
        raise not_emulated(f"{call.request.method} {call.target.type} {call.target.rest}".strip())
    if kind.namespace.lower() in call.settings.unregistered:
        raise RefusedError(
            Refusal(
                409,
                "MissingSubscriptionRegistration",
                f"The subscription is not registered to use namespace '{kind.namespace}'. See "
                "https://aka.ms/rps-not-found for how to register subscriptions.",
            )
        )
    lock = locked(call.world, call.request.method, call.target.id, kind.type)
    if lock:
        raise RefusedError(lock)
    if will_fail and carrying.is_at_once(kind):
        raise RefusedError(will_fail)  # there is no operation that could fail instead
    match call.request.method:
        case "PUT":
            return _put(call, kind, place, will_fail)
        case "PATCH":
            return _patch(call, kind, place)
        case "DELETE":
            return _delete(call, kind, place, will_fail)
        case "POST" if kind.type.lower() == MACHINE:
            return _power(call, place, will_fail)
        case "POST":
            return post(call, kind, place)
        case _:
            raise not_emulated(f"{call.request.method} {call.target.type} {call.target.rest}".strip())


def _put(call: Call, kind: Kind, place: Place, will_fail: Refusal | None) -> Reply:
    asked = call.request.body
    if asked is None:
        raise RefusedError(Refusal(400, "MissingRequestBody", "The request body is missing."))
    if not kind.written:
        raise not_emulated(f"PUT of {kind.type} at its own path; write its parent")
    document = call.world.documents.get(place.key)
    _check_parent(call, kind)
    whole = kind_of(document.type) if document else kind
    stands = view(call.world, place) is not None
    change = _change(call, "update" if stands else "create", asked, document=document, place=place, kind=whole or kind)
    _may_name(call, change)
    _check(call, change, stands=stands)
    if kind.type == DEPLOYMENT:
        _deploy(call, asked)
    operation = carrying.carry_out(change, will_fail)
    settle(call.world, call.settings, call.now_s)  # what takes no time has ended in its answer
    return _accepted(call, kind, operation, status=_put_status(kind, stands=stands), body=view(call.world, place))


def _deploy(call: Call, asked: Json) -> None:
    """Write what a deployment's template names, in the caller's own name.

    Raises:
        RefusedError: with the first resource that is refused; those before it stand.
    """
    for step in steps(asked, call.target.id.partition("/providers/")[0]):
        target = parse(step.path)
        query = {**call.request.query, "api-version": step.api_version}
        request = replace(call.request, path=step.path, query=query, headers={}, body=step.body)
        action = action_of("PUT", target)
        try:
            _write_allowed(replace(call, request=request, target=target, action=action))
        except RefusedError as exc:
            said = f"{step.path}: {exc.refusal.code}: {exc.refusal.message}"
            message = f"At least one resource deployment operation failed. {said}"
            raise RefusedError(Refusal(exc.refusal.status, "DeploymentFailed", message)) from exc


def _write_allowed(call: Call) -> None:
    refusal = call.caller.forbidden(call.action, call.target.id)
    if refusal:
        raise RefusedError(refusal)
    write(call)


def _put_status(kind: Kind, *, stands: bool) -> int:
    if kind.type.lower() in _ACCEPTED_PUT:
        return 202
    return 200 if stands else 201


def _change(call: Call, verb: str, asked: Json, *, document: Document | None, place: Place, kind: Kind) -> Change:
    if place.steps:
        new: Json | None = with_child((document.body if document else {}), place.steps, asked if verb != "delete" else None)
    elif verb == "delete":
        new = None
    else:
        if verb == "create" and kind.tracked and not asked.get("location"):
            raise RefusedError(Refusal(400, "LocationRequired", "The location property is required for this definition."))
        new = prepared(kind, place.document, asked, old=document, world=call.world, settings=call.settings)
    target, world, settings = call.target, call.world, call.settings
    return Change(verb, world, settings, target, place, kind, asked, document, new, call.now_s, call.request.base_url)


def _check_parent(call: Call, kind: Kind) -> None:
    if kind.collection:
        above = place_of(parse(call.target.parent_id))
        missing = above is None or view(call.world, above) is None
    elif kind.parent_type:
        missing = not _stands(call, parse(call.target.parent_id))
    else:
        missing = False
    if missing:
        raise RefusedError(
            Refusal(
                404,
                "ParentResourceNotFound",
                "Can not perform requested operation on nested resource. Parent resource "
                f"'{parse(call.target.parent_id).name}' not found.",
            )
        )


def _stands(call: Call, parent: Target) -> bool:
    """A parent named `default` is there without having been made, when its own parent is."""
    if parent.key in call.world.documents:
        return True
    return parent.name.lower() == "default" and bool(parent.parent_id) and _stands(call, parse(parent.parent_id))


def _may_name(call: Call, change: Change) -> None:
    refusal = call.caller.forbidden_link(call.action, call.target.id, change.asked_links())
    if refusal:
        raise RefusedError(refusal)


def _check(call: Call, change: Change, *, stands: bool) -> None:
    etag = change.old.etag if change.old else ""
    refusal = unmet(call.request.headers, etag, stands=stands, arm_id=call.target.id) or refusal_of(change)
    if refusal:
        raise RefusedError(refusal)


def _patch(call: Call, kind: Kind, place: Place) -> Reply:
    """Only tags; everything else of a PATCH is not played."""
    document, asked = call.world.documents.get(place.key), call.request.body or {}
    if document is None or place.steps:
        raise not_found(call.target, kind)
    if set(asked) - {"tags"}:
        raise not_emulated(f"PATCH of {', '.join(sorted(set(asked) - {'tags'}))} of {kind.type}")
    refusal = unmet(call.request.headers, document.etag, stands=True, arm_id=document.id)
    if refusal:
        raise RefusedError(refusal)
    document.body = {**copy.deepcopy(document.body), "tags": asked.get("tags") or {}}
    renew(call.world, document)
    return Reply(200, view(call.world, place))


def _delete(call: Call, kind: Kind, place: Place, will_fail: Refusal | None) -> Reply:
    document = call.world.documents.get(place.key)
    if document is None or view(call.world, place) is None:
        if kind.type == GROUP_TYPE:
            raise group_not_found(call.target)
        return Reply(204)
    if not kind.written:
        raise not_emulated(f"DELETE of {kind.type} at its own path; write its parent")
    running = [each for each in call.world.pending(place.key) if each.verb == "delete" and same(each.target, call.target.id)]
    if running:
        return _accepted(call, kind, running[0], status=202, body=None)
    whole = kind_of(document.type) or kind
    change = _change(call, "delete", {}, document=document, place=place, kind=whole)
    _check(call, change, stands=True)
    operation = carrying.carry_out(change, will_fail)
    return _accepted(call, kind, operation, status=202 if operation else 200, body=None)


def _power(call: Call, place: Place, will_fail: Refusal | None) -> Reply:
    machine = call.world.documents.get(place.key)
    verb = next((each for each in carrying.TRANSITIONS if same(each, call.target.rest)), None)
    if machine is None:
        raise not_found(call.target, kind_of(call.target.type))
    if verb is None:
        raise not_emulated(f"POST {call.target.type}/{call.target.rest}")
    refusal = _power_limitation(call, machine, verb)
    if refusal:
        raise RefusedError(refusal)
    settled = machine.power == carrying.TRANSITIONS[verb][1] and verb != "restart"
    seconds = 0.0 if settled else call.settings.times.of(machine.type, verb)
    operation = carrying.power(call, machine, verb, seconds)
    operation.will_fail = will_fail.error() if will_fail else None
    return _accepted(call, KINDS[machine.type.lower()], operation, status=202, body=None)


def _power_limitation(call: Call, machine: Document, verb: str) -> Refusal | None:
    name = machine.id.rpartition("/")[2]
    if any(each.verb == "delete" for each in call.world.pending(machine.key)):
        return Refusal(
            409,
            "OperationNotAllowed",
            f"Operation '{verb}' is not allowed on VM '{name}' since the VM is marked for deletion. You can only retry the "
            "Delete operation (or wait for an ongoing one to complete).",
        )
    if verb in {"restart", "powerOff"} and machine.power in {"deallocated", "deallocating"}:
        return Refusal(409, "OperationNotAllowed", "The operation requires the VM to be running (or set to run).")
    if verb == "restart" and machine.power not in {"running", "starting"}:
        return Refusal(409, "OperationNotAllowed", "The operation requires the VM to be running (or set to run).")
    return None


def _accepted(call: Call, kind: Kind, operation: Operation | None, *, status: int, body: Json | None) -> Reply:
    if operation is None:
        return Reply(status, body)
    headers = operations.headers_of(
        call.settings,
        operation,
        kind.namespace,
        call.request.base_url,
        call.request.api_version,
        with_location=status == 202,
    )
    if body is not None and kind.type.lower() == MACHINE:
        headers["ETag"] = body["etag"]
    return Reply(status, body, headers)
