"""Rules on what a body names: it must exist, and it must not be in the middle of a change of its own."""

from collections.abc import Iterator

from lab.arm.bodies import same
from lab.arm.change import Change, Rule
from lab.arm.ids import parse
from lab.arm.messages import Refusal
from lab.arm.references import Link
from lab.arm.views import view
from lab.arm.world import DELETING, UPDATING, place_of

_NETWORK = "microsoft.network/"


def named_things_exist(change: Change) -> Iterator[Refusal]:
    """Every id in the body leads to something; within the document, to something that the same PUT brings."""
    own = change.place.key
    brought = {link.key for link in change.new_links()} & _keys_within(change)
    for link in change.asked_links():
        place = place_of(parse(link.target)) if link.target_type else None
        if link.key.startswith(own + "/"):
            found = link.key in brought
        else:
            found = place is None or view(change.world, place) is not None
        if not found:
            yield Refusal(
                400,
                "InvalidResourceReference",
                f"Resource {link.target} referenced by resource {link.source} was not found. Please make sure that the "
                "referenced resource exists, and that both resources are in the same region.",
            )


def _keys_within(change: Change) -> set[str]:
    found: set[str] = set()
    for name, value in (change.new_body.get("properties") or {}).items():
        for each in value if isinstance(value, list) else ():
            if isinstance(each, dict) and "name" in each:
                found.add(f"{change.place.key}/{name.lower()}/{str(each['name']).lower()}")
    return found


def named_things_are_ready(change: Change) -> Iterator[Refusal]:
    """What is named is not being changed or deleted at this moment (hashicorp/terraform#7986)."""
    for link in change.asked_links():
        if not link.target_type.startswith(_NETWORK) or link.key.startswith(change.place.key + "/"):
            continue
        state, operation = _state(change, link)
        if state in {UPDATING, DELETING}:
            detail = (
                f"Cannot proceed with operation because resource {link.target} used by resource {link.source} is not in "
                f"Succeeded state. Resource is in {state} state and the last operation that updated/is updating the "
                f"resource is {operation}."
            )
            yield Refusal(
                429, "RetryableError", "A retryable error occurred.", (("ReferencedResourceNotProvisioned", detail),), 10
            )


def _state(change: Change, link: Link) -> tuple[str, str]:
    place = place_of(parse(link.target))
    document = change.world.documents.get(place.key) if place else None
    if document is None:
        return "", ""
    operations = [each.name for each in change.world.operations.values() if each.document == document.key]
    state = document.state if link.key == document.key else document.state_of(link.key)
    return state, operations[-1] if operations else ""


def the_document_is_free(change: Change) -> Iterator[Refusal]:
    """One change at a time on a document; only a second PUT of the very same resource takes the first one's place."""
    for operation in change.world.pending(change.place.key):
        leaving = operation.verb == "delete"
        if change.target.key == operation.target.lower() and (not leaving or change.is_delete):
            continue
        if same(change.kind.namespace, "Microsoft.Compute"):
            if leaving:
                yield Refusal(
                    409,
                    "OperationNotAllowed",
                    f"Operation 'write' is not allowed on VM '{change.target.name}' since the VM is marked for deletion. "
                    "You can only retry the Delete operation (or wait for an ongoing one to complete).",
                )
            continue
        uri = f"{change.base_url}/subscriptions/{change.settings.subscription}/providers/{change.kind.namespace}"
        yield Refusal(
            change.settings.in_progress_status,
            "AnotherOperationInProgress",
            "Another operation on this or dependent resource is in progress. To retrieve status of the operation use uri: "
            f"{uri}/locations/{operation.location}/operations/{operation.id}.",
        )


RULES: tuple[Rule, ...] = (the_document_is_free, named_things_exist, named_things_are_ready)
