"""Long-running operations: begun, superseded, shown. When one ends is in `lab.arm.settling`.

An accepted PUT answers with the resource (201 or 200), an accepted DELETE or POST with nothing (202); each with the URL of
its operation, which answers `{"status": ...}` and, for one that ended badly, `error`.
"""

from lab.arm.ids import Target
from lab.arm.kinds import Kind
from lab.arm.messages import Json, Refusal
from lab.arm.settings import Settings
from lab.arm.world import CANCELED, IN_PROGRESS, Operation, World

KEPT_MAX = 500
"""Operations that have ended and whose URLs still answer; the oldest go first."""
OPERATIONS, RESULTS = "operations", "operationResults"
_WORDS = {"create": "Put", "update": "Put", "delete": "Delete"}


def begin(
    world: World, target: Target, kind: Kind, *, document_key: str, verb: str, location: str, now_s: float, seconds: float
) -> Operation:
    """A new operation on a resource; one that runs on the very same resource is cancelled by it."""
    name = f"{_WORDS[verb]}{kind.operation}Operation" if verb in _WORDS else verb
    operation = Operation(
        world.guid(), name, verb, target.id, document_key, location or "westeurope", now_s, now_s + seconds
    )
    for running in world.pending(document_key):
        running.status = CANCELED
        running.error = _superseded(running, operation, kind)
    world.operations[operation.id] = operation
    for old in [each.id for each in world.operations.values() if not each.pending][:-KEPT_MAX]:
        del world.operations[old]
    return operation


def _superseded(running: Operation, by: Operation, kind: Kind) -> Json:
    if kind.namespace == "Microsoft.Compute":
        return Refusal(409, "OperationPreempted", "The operation has been preempted by a more recent operation.").error()
    detail = f"Operation {running.name} ({running.id}) was canceled and superseded by operation {by.name} ({by.id})."
    return Refusal(
        409, "Canceled", "Operation was canceled.", (("CanceledAndSupersededDueToAnotherOperation", detail),)
    ).error()


def seconds_of(settings: Settings, resource_type: str, verb: str, *, attached: bool) -> float:
    """How long it takes; an interface that no machine has is written at once (test_network_nic_subresources.yaml)."""
    if resource_type.lower() == "microsoft.network/networkinterfaces" and verb in {"create", "update"} and not attached:
        return 0.0
    return settings.times.of(resource_type, verb)


def headers_of(
    settings: Settings, operation: Operation, namespace: str, base_url: str, api_version: str, *, with_location: bool
) -> dict[str, str]:
    """The headers of an accepted call."""
    where = f"{base_url}/subscriptions/{settings.subscription}/providers/{namespace}/locations/{operation.location}"
    version = f"?api-version={api_version}"
    headers = {"Azure-AsyncOperation": f"{where}/{OPERATIONS}/{operation.id}{version}", "Azure-AsyncNotification": "Enabled"}
    if with_location and namespace == "Microsoft.Compute":
        headers["Location"] = f"{where}/{OPERATIONS}/{operation.id}{version}&monitor=true"
    elif with_location:
        headers["Location"] = f"{where}/{RESULTS}/{operation.id}{version}"
    retry_after_s = settings.times.retry_after_s.get(namespace.lower())
    if retry_after_s is not None:
        headers["Retry-After"] = str(retry_after_s)
    return headers


def status_of(operation: Operation, namespace: str) -> Json:
    """What the operation's URL answers."""
    shown: Json = {"status": operation.status} | ({"error": operation.error} if operation.error else {})
    if namespace.lower() == "microsoft.network":
        return shown
    return {"name": operation.id, **shown}


def is_running(operation: Operation) -> bool:
    """Whether its result is still to come."""
    return operation.status == IN_PROGRESS
