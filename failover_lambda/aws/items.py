"""DynamoDB's ways for `state`: items as the low-level client takes them, conditions, and errors as the port knows them.

May import `contract`, `model`, `errors`, `document`, `requests` and `outcomes`, and botocore's exceptions.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

from failover_lambda import requests
from failover_lambda.aws.outcomes import status_and_code
from failover_lambda.document import Found, written
from failover_lambda.errors import ConflictError, StoreUnavailableError
from failover_lambda.model import Lease, Record

Item = dict[str, Any]
"""An item as the low-level client gives and takes it: {"owner": {"S": "..."}, "token": {"N": "7"}}."""

RECORD_ATTRIBUTES = ("document", "packed", "version", "writer")
"""What the record's item has besides its key; of `document` and `packed` one."""

EXISTS: Final = "attribute_exists(#pk)"
ABSENT: Final = "attribute_not_exists(#pk)"

Value = str | int | Item
"""A value in a condition; an `Item` = with its type, as it was read."""


# Items


def record_item(record: Record, lease: Lease) -> Item:
    """What is stored of a record, without its key."""
    text = written(record)
    return {
        "version": typed(record.version),
        **({"document": typed(text)} if isinstance(text, str) else {"packed": {"B": text}}),
        "writer": typed(f"{lease.owner}#{lease.token}"),
    }


def found_in(item: Item) -> Found:
    """What stands in the record's place, whatever it is."""
    text, packed = _given(item, "document", "S"), _given(item, "packed", "B")
    return Found(version=_version_of(item), document=text if isinstance(text, str) else packed)


def _given(item: Item, name: str, kind: str) -> Any:
    value = item.get(name, {}).get(kind)
    return bytes(value) if kind == "B" and value is not None else value


def _version_of(item: Item) -> int:
    """A record's own version is above 0, so 0 never is one."""
    try:
        return number(item, "version")
    except (KeyError, TypeError, ValueError):
        return 0


def floor_in(item: Item | None) -> int | None:
    """The floor in its item; None = there is none, or no number."""
    try:
        return number(item, "epoch") if item else None
    except (KeyError, TypeError, ValueError):
        return None


def lease_item(lease: Lease) -> Item:
    """What is stored of a lease, without its key."""
    return {
        "owner": typed(lease.owner),
        "token": typed(lease.token),
        "rvn": typed(lease.beat),
        "wish": typed(lease.wish),
        "asked": typed(lease.asked),
        "answered": typed(lease.answered),
    }


def lease_of(item: Item) -> Lease:
    """The lease in its item; StoreUnavailableError where it cannot be read, because then nobody knows who leads."""
    try:
        return Lease(
            owner=item["owner"]["S"],
            token=number(item, "token"),
            beat=number(item, "rvn"),
            wish=item["wish"]["S"],
            asked=item["asked"]["S"],
            answered=item["answered"]["S"],
            inbox=tuple(requests.parse(text) for text in sorted(item.get("inbox", {}).get("SS", []))),
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise StoreUnavailableError(f"the lease cannot be read: {type(exc).__name__} {exc}") from exc


def typed(value: str | int) -> dict[str, str]:
    """A value with its type."""
    return {"S": value} if isinstance(value, str) else {"N": str(value)}


def number(item: Item, name: str) -> int:
    """A whole number in an item; KeyError, TypeError or ValueError where there is none."""
    return int(item[name]["N"])


def expression(condition: str, update: str = "", **values: Value) -> dict[str, Any]:
    """The arguments for a conditional write: what the two texts name, and nothing else, because DynamoDB refuses the rest.

    Every name is written #name, since some of ours are reserved words.
    """
    words = sorted(set(re.findall(r"[#:]\w+", f"{condition} {update}")))
    arguments: dict[str, Any] = {
        "ConditionExpression": condition,
        "ExpressionAttributeNames": {word: word[1:] for word in words if word.startswith("#")},
    }
    placed = {word: _placed(values[word[1:]]) for word in words if word.startswith(":")}
    return arguments | ({"ExpressionAttributeValues": placed} if placed else {})


def _placed(value: Value) -> Item:
    return value if isinstance(value, dict) else typed(value)


def unchanged(item: Item | None) -> dict[str, Any]:
    """The condition that what stands in the record's place is what was read, as far as a record goes."""
    if item is None:
        return expression(ABSENT)
    there = {name: item[name] for name in RECORD_ATTRIBUTES if name in item}
    terms = [f"#{name} = :{name}" if name in there else f"attribute_not_exists(#{name})" for name in RECORD_ATTRIBUTES]
    return expression(" AND ".join([EXISTS, *terms]), **there)


# Answers


def asked(what: str, call: Callable[..., Any]) -> Any:
    """Call once.

    Every call asks for the capacity that it used, for one reason: an answer that does not name it did not come whole from
    DynamoDB. The SDK reads a 200 with a mangled body as an empty answer, which would be "surely no such record".

    Raises:
        ConflictError: a condition failed; nothing was written by this call.
        StoreUnavailableError: anything else that is not a whole success.
    """
    try:
        answer = call(ReturnConsumedCapacity="TOTAL")
    except ClientError as exc:
        status, code = status_and_code(exc)
        if _condition_failed(code, exc):
            raise ConflictError(f"{what}: the condition failed") from exc
        raise StoreUnavailableError(f"{what}: answered {status} {code}") from exc
    except Exception as exc:  # no answer, or one that cannot be read; an SDK raises more than its own errors
        raise StoreUnavailableError(f"{what}: no answer: {type(exc).__name__}: {exc}") from exc
    if "ConsumedCapacity" not in answer:
        raise StoreUnavailableError(f"{what}: an answer that did not come whole from DynamoDB")
    return answer


def _condition_failed(code: str, exc: ClientError) -> bool:
    """Whether a condition was false, rather than not looked at: a transaction is also cancelled when two of them meet."""
    if code == "TransactionCanceledException":
        reasons: Any = exc.response.get("CancellationReasons", [])
        return any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons)
    return code == "ConditionalCheckFailedException"
