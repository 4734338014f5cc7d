"""The port `RecordStore` on DynamoDB: two items of one table, changed by conditional writes only.

    record#SITE    document (the record as JSON), version (number), writer (OWNER#TOKEN of the lease it was written under)
    lease#SHARD    owner, token, rvn (the beat), wish, asked, answered, inbox (string set: entries of operators)

The inbox lies in the lease's item because every renewal brings that item along: an entry is seen without a read of its own.
A string set takes and loses entries one by one, whoever writes at the same time.

Theory of a lost answer. A write that we gave up on may have been applied, may be applied later, or never. Sending it again
is safe, because both copies carry the same conditions: of two, one at most can find them true. So a failed condition has
two readings: somebody else was faster, or our own earlier copy was. `save` and `take_lease` tell them apart by reading back:

- The record is ours if it is the very document, one version on, written under our lease, **and the lease is still ours**.
  Every write checks the lease, so while we hold it nobody else can have written. If the lease has gone meanwhile, it does
  not matter whose write it was: we may not act on it (docs/RULE.md 2.5), and its next reader will.
- The lease is ours if it carries our name and the next token. Names are unique, one per life of an arbiter.

For the same reason no ClientRequestToken is chosen here: with one, DynamoDB would answer a repeated transaction with success
for ten minutes *without* looking at the lease again, and a deposed leader would believe that it still leads. The SDK makes
up a new one for each call.

May import `contract`, `model` and `errors`, and botocore's exceptions.
"""

import dataclasses
import json
import re
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from failover_lambda import requests
from failover_lambda.aws.outcomes import status_and_code
from failover_lambda.contract import RECORD_KEY, Settings, from_plain, lease_key, record_key, to_plain
from failover_lambda.errors import ConflictError, RecordUnreadableError, StoreUnavailableError
from failover_lambda.model import RECORD_SCHEMA, Lease, Record, Request

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]
"""An item as the low-level client gives and takes it: {"owner": {"S": "..."}, "token": {"N": "7"}}."""

_LEASE_IS: Final = "#owner = :owner AND #token = :token"
_LEASE_SEEN: Final = f"{_LEASE_IS} AND #rvn = :rvn"
_EXISTS: Final = "attribute_exists(#pk)"
_ABSENT: Final = "attribute_not_exists(#pk)"


class LiveStore:
    """See `ports.RecordStore`. Its methods may be called from many threads at once."""

    def __init__(self, settings: Settings, dynamodb: "DynamoDBClient") -> None:
        self._site = settings.site
        self._table = settings.record_table
        self._record_key: Item = {RECORD_KEY: {"S": record_key(settings.site)}}
        self._lease_key: Item = {RECORD_KEY: {"S": lease_key(settings.shard)}}
        self._dynamodb = dynamodb

    # The record

    def load(self) -> Record | None:
        """One GetItem with ConsistentRead."""
        item = self._get(self._record_key)
        return None if item is None else _record_of(item, self._site)

    def save(self, record: Record, lease: Lease) -> Record:
        """One TransactWriteItems; two reads more where its condition failed."""
        written = dataclasses.replace(record, version=record.version + 1)
        item = self._record_key | _record_item(written, lease)
        check = {
            "TableName": self._table,
            "Key": self._lease_key,
            **_expression(_LEASE_IS, owner=lease.owner, token=lease.token),
        }
        put = {
            "TableName": self._table,
            "Item": item,
            **_expression("#version = :version" if record.version else _ABSENT, version=record.version),
        }
        both: Any = [{"ConditionCheck": check}, {"Put": put}]
        try:
            _asked("save the record", partial(self._dynamodb.transact_write_items, TransactItems=both))
        except ConflictError as exc:
            self._require_own_write(item, lease, exc)
        return written

    def _require_own_write(self, item: Item, lease: Lease, conflict: ConflictError) -> None:
        """Read back: an earlier copy of this write was applied, and nothing has happened since. ConflictError otherwise.

        The record is read before the lease: while the lease is ours nobody else writes, so what was read still stands.
        """
        stored = self._get(self._record_key)
        held = self.read_lease()
        if held is None or (held.owner, held.token) != (lease.owner, lease.token):
            now = f"{held.owner or 'nobody'} with token {held.token}" if held else "nobody"
            raise ConflictError(f"the lease of {lease.owner} with token {lease.token} is gone: held by {now}") from conflict
        if stored != item:
            found = (stored or {}).get("version", {}).get("N", "none")
            raise ConflictError(f"version {item['version']['N']} was to follow, the stored one is {found}") from conflict

    # The lease

    def read_lease(self) -> Lease | None:
        """One GetItem with ConsistentRead."""
        item = self._get(self._lease_key)
        return None if item is None else _lease_of(item)

    def take_lease(self, owner: str, seen: Lease | None) -> Lease:
        """One PutItem or UpdateItem; one read more where its condition failed."""
        try:
            return self._first_lease(owner) if seen is None else self._next_lease(owner, seen)
        except ConflictError:
            held = self.read_lease()
            if held and held.owner == owner and held.token == (seen.token + 1 if seen else 1):
                return held  # an earlier copy of this write was applied
            raise

    def renew_lease(self, lease: Lease, answered: str = "") -> Lease:
        """One UpdateItem. Applied twice it is two beats, and does no harm."""
        changes = {"answered": answered} if answered else {}
        return self._update_lease(
            "SET #rvn = #rvn + :one" + "".join(f", #{name} = :{name}" for name in changes),
            _LEASE_IS,
            owner=lease.owner,
            token=lease.token,
            one=1,
            **changes,
        )

    def release_lease(self, lease: Lease) -> None:
        """One UpdateItem."""
        self._update_lease("SET #owner = :nobody", _LEASE_IS, owner=lease.owner, token=lease.token, nobody="")

    def wish_lease(self, owner: str) -> None:
        """One UpdateItem. A lease that nobody ever held needs no wish: it can be taken at once."""
        self._note(wish=owner)

    def ask_leader(self, question: str) -> None:
        """One UpdateItem. Without a lease there is no leader, and nobody is asked."""
        self._note(asked=question)

    def put_request(self, request: Request) -> None:
        """One UpdateItem."""
        self._inbox("ADD", [requests.to_text(request)], _EXISTS)

    def drop_requests(self, ids: Collection[str]) -> None:
        """One read and one UpdateItem: an entry is taken out by its text."""
        item = self._get(self._lease_key)
        texts = item.get("inbox", {}).get("SS", []) if item else []
        known = [text for text in texts if requests.parse(text).id in ids]
        if known:
            self._inbox("DELETE", known, _EXISTS)

    def _inbox(self, verb: str, texts: Sequence[str], condition: str) -> None:
        call = partial(
            self._dynamodb.update_item,
            TableName=self._table,
            Key=self._lease_key,
            UpdateExpression=f"{verb} #inbox :inbox",
            ConditionExpression=condition,
            ExpressionAttributeNames={"#inbox": "inbox", "#pk": RECORD_KEY},
            ExpressionAttributeValues={":inbox": {"SS": list(texts)}},
        )
        _asked("change the inbox", call)

    def _first_lease(self, owner: str) -> Lease:
        lease = Lease(owner=owner, token=1, beat=1, wish="")
        item = self._lease_key | _lease_item(lease)
        call = partial(self._dynamodb.put_item, TableName=self._table, Item=item, **_expression(_ABSENT))
        _asked("take the lease", call)
        return lease

    def _next_lease(self, owner: str, seen: Lease) -> Lease:
        return self._update_lease(
            "SET #owner = :next, #token = #token + :one, #rvn = #rvn + :one, #wish = :nobody",
            _LEASE_SEEN,
            next=owner,
            one=1,
            nobody="",
            owner=seen.owner,
            token=seen.token,
            rvn=seen.beat,
        )

    def _note(self, **field: str) -> None:
        (name,) = field
        try:
            self._update_lease(f"SET #{name} = :{name}", _EXISTS, **field)
        except ConflictError:
            return

    def _update_lease(self, update: str, condition: str, **values: str | int) -> Lease:
        call = partial(
            self._dynamodb.update_item,
            TableName=self._table,
            Key=self._lease_key,
            UpdateExpression=update,
            ReturnValues="ALL_NEW",
            **_expression(condition, update, **values),
        )
        return _lease_of(_asked("update the lease", call).get("Attributes", {}))

    def _get(self, key: Item) -> Item | None:
        call = partial(self._dynamodb.get_item, TableName=self._table, Key=key, ConsistentRead=True)
        return _asked("read the table", call).get("Item")


# Items


def _record_item(record: Record, lease: Lease) -> Item:
    document = json.dumps(to_plain(record), allow_nan=False, separators=(",", ":"), sort_keys=True)
    return {
        "version": _typed(record.version),
        "document": _typed(document),
        "writer": _typed(f"{lease.owner}#{lease.token}"),
    }


def _record_of(item: Item, site: str) -> Record:
    """The record in an item.

    Raises:
        RecordUnreadableError: it is of another schema, of another site, or no record at all. Nobody may act on it.
    """
    try:
        plain = json.loads(item["document"]["S"])
        schema = plain["schema"]
        if schema != RECORD_SCHEMA:
            raise RecordUnreadableError(f"the record has schema {schema!r}, this version reads {RECORD_SCHEMA}")
        record: Record = from_plain(Record, plain)
        version = _number(item, "version")
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise RecordUnreadableError(f"there is an item, and it is no record: {type(exc).__name__} {exc}") from exc
    if (record.site, record.version) != (site, version):
        raise RecordUnreadableError(
            f"the record says site {record.site!r} and version {record.version}, its item {site!r} and {version}"
        )
    return record


def _lease_item(lease: Lease) -> Item:
    return {
        "owner": _typed(lease.owner),
        "token": _typed(lease.token),
        "rvn": _typed(lease.beat),
        "wish": _typed(lease.wish),
        "asked": _typed(lease.asked),
        "answered": _typed(lease.answered),
    }


def _lease_of(item: Item) -> Lease:
    try:
        return Lease(
            owner=item["owner"]["S"],
            token=_number(item, "token"),
            beat=_number(item, "rvn"),
            wish=item["wish"]["S"],
            asked=item["asked"]["S"],
            answered=item["answered"]["S"],
            inbox=tuple(requests.parse(text) for text in sorted(item.get("inbox", {}).get("SS", []))),
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise StoreUnavailableError(f"the lease cannot be read: {type(exc).__name__} {exc}") from exc


def _typed(value: str | int) -> dict[str, str]:
    return {"S": value} if isinstance(value, str) else {"N": str(value)}


def _number(item: Item, name: str) -> int:
    return int(item[name]["N"])


def _expression(condition: str, update: str = "", **values: str | int) -> dict[str, Any]:
    """The arguments for a conditional write: what the two texts name, and nothing else, because DynamoDB refuses the rest.

    Every name is written #name, since some of ours are reserved words.
    """
    words = sorted(set(re.findall(r"[#:]\w+", f"{condition} {update}")))
    arguments: dict[str, Any] = {
        "ConditionExpression": condition,
        "ExpressionAttributeNames": {word: word[1:] for word in words if word.startswith("#")},
    }
    placed = {word: _typed(values[word[1:]]) for word in words if word.startswith(":")}
    return arguments | ({"ExpressionAttributeValues": placed} if placed else {})


# Answers


def _asked(what: str, call: Callable[..., Any]) -> Any:
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
