"""The port `RecordStore` on DynamoDB: a few items of one table, changed by conditional writes only.

    record#SITE        document (the record as JSON) or packed (the same, compressed), version (number),
                       writer (OWNER#TOKEN of the lease it was written under)
    epoch#SITE         epoch (number): the floor, the highest epoch that was ever reached
    quarantine#SITE#N  what once stood in the record's place, and why it was moved away
    lease#SHARD        owner, token, rvn (the beat), wish, asked, answered, inbox (string set: entries of operators)

The inbox lies in the lease's item because every renewal brings that item along: an entry is seen without a read of its own.
A string set takes and loses entries one by one, whoever writes at the same time.

Theory of a lost answer. A write that we gave up on may have been applied, may be applied later, or never. Sending it again
is safe, because both copies carry the same conditions: of two, one at most can find them true. So a failed condition has
two readings: somebody else was faster, or our own earlier copy was. `save`, `supersede` and `take_lease` tell them apart by
reading back:

- The record is ours if it is the very document, one version on, written under our lease, **and the lease is still ours**.
  Every write checks the lease, so while we hold it nobody else can have written. If the lease has gone meanwhile, it does
  not matter whose write it was: we may not act on it (docs/RULE.md 2.5), and its next reader will.
- The lease is ours if it carries our name and the next token. Names are unique, one per life of an arbiter.

For the same reason no ClientRequestToken is chosen here: with one, DynamoDB would answer a repeated transaction with success
for ten minutes *without* looking at the lease again, and a deposed leader would believe that it still leads. The SDK makes
up a new one for each call.

Theory of the floor. It is read before the record, and both only grow, in one transaction where the epoch does: so a record
below the floor was put there by another hand, whatever was written between the two reads.

May import `contract`, `model`, `errors`, `document`, `requests` and `items`.
"""

import dataclasses
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from failover_lambda import requests
from failover_lambda.aws.items import (
    ABSENT,
    EXISTS,
    Item,
    asked,
    expression,
    floor_in,
    found_in,
    lease_of,
    record_item,
    typed,
    unchanged,
)
from failover_lambda.contract import RECORD_KEY, epoch_key, lease_key, quarantine_key, record_key
from failover_lambda.document import QUARANTINED_MAX, Found, judged, lost_in, quarantine_is_full
from failover_lambda.errors import ConflictError
from failover_lambda.model import Lease, Lost, Record, Request

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_LEASE_IS: Final = "#owner = :owner AND #token = :token"
_NEVER_HELD: Final = "attribute_not_exists(#owner)"
"""Whatever else lies in its item: somebody may have asked for something before anybody led."""
_LEASE_SEEN: Final = f"{_LEASE_IS} AND #rvn = :rvn"
_NO_NUMBER: Final = "attribute_not_exists(#epoch) OR NOT attribute_type(#epoch, :number)"


class Kept(Protocol):
    """Whose record, and where: `contract.Settings`; `sites.FleetSettings` for the lease of a shard alone."""

    @property
    def site(self) -> str:
        """Names the record."""
        ...

    @property
    def record_table(self) -> str:
        """The table."""
        ...

    @property
    def shard(self) -> str:
        """Names the lease."""
        ...


class LiveStore:
    """See `ports.RecordStore`. Its methods may be called from many threads at once."""

    def __init__(self, settings: Kept, dynamodb: "DynamoDBClient", now_s: Callable[[], float] = time.time) -> None:
        """`now_s` is our own wall clock, with which the store's is compared."""
        self._now_s = now_s
        self._clock_offset_s: float | None = None
        self._site = settings.site
        self._table = settings.record_table
        self._record_key = _key(record_key(settings.site))
        self._floor_key = _key(epoch_key(settings.site))
        self._lease_key = _key(lease_key(settings.shard))
        self._dynamodb = dynamodb
        self._floor: int | None = None
        """As it surely was at some time; None = not known. Saves the write of a floor that is high enough already."""

    # The record

    def load(self) -> Record | None:
        """Two GetItem with ConsistentRead, the floor first."""
        self._floor = floor_in(self._get(self._floor_key))
        return self._judged(self._get(self._record_key))

    def _judged(self, item: Item | None) -> Record | None:
        return judged(_found(item), self._site, self._floor)

    def save(self, record: Record, lease: Lease) -> Record:
        """One TransactWriteItems, with the floor in it where that has to rise; two reads more where its condition failed."""
        version_is = expression("#version = :version" if record.version else ABSENT, version=record.version)
        raises = self._floor is None or record.epoch > self._floor
        return self._write(record, lease, version_is, [self._raised(record.epoch, "<=")] if raises else [])

    def supersede(self, record: Record, lease: Lease) -> Record:
        """Two reads, one for each place in quarantine that is taken, and one TransactWriteItems."""
        self._floor = floor_in(self._get(self._floor_key))
        found = self._get(self._record_key)
        if found is not None and found == self._item(record, lease):
            self._require_own_write(found, lease, ConflictError("it stands there already"))
            return _next(record)
        lost = lost_in(_found(found), self._site, self._floor)
        if lost.version != record.version:
            raise ConflictError(f"version {record.version} was to be superseded, the stored one is {lost.version}")
        away = [] if found is None else [self._quarantined(found, lost)]
        return self._write(record, lease, unchanged(found), [self._raised(record.epoch, "<"), *away])

    def _quarantined(self, found: Item, lost: Lost) -> Item:
        """The part of a transaction that keeps what was found, in the first place that is free."""
        for number in range(1, QUARANTINED_MAX + 1):
            key = _key(quarantine_key(self._site, number))
            if self._get(key) is None:
                item = found | key | {"why": typed(lost.why)}
                return {"Put": {"TableName": self._table, "Item": item, **expression(ABSENT)}}
        raise quarantine_is_full(self._site)

    def _raised(self, epoch: int, than: str) -> Item:
        """The part of a transaction that raises the floor, from one that is smaller (`<`, or `<=`) or none."""
        update = "SET #epoch = :epoch"
        condition = f"{_NO_NUMBER} OR #epoch {than} :epoch"
        change = expression(condition, update, epoch=epoch, number="N")
        return {"Update": {"TableName": self._table, "Key": self._floor_key, "UpdateExpression": update, **change}}

    def _write(self, record: Record, lease: Lease, condition: Item, more: list[Item]) -> Record:
        """One transaction: the lease is ours, the record, and more. Nothing else ever writes a record."""
        item = self._item(record, lease)
        held = expression(_LEASE_IS, owner=lease.owner, token=lease.token)
        check = {"TableName": self._table, "Key": self._lease_key, **held}
        put = {"TableName": self._table, "Item": item, **condition}
        parts: Any = [{"ConditionCheck": check}, {"Put": put}, *more]
        try:
            self._asked("save the record", partial(self._dynamodb.transact_write_items, TransactItems=parts))
        except ConflictError as exc:
            self._require_own_write(item, lease, exc)
        self._floor = max(record.epoch, self._floor or 0)
        return _next(record)

    def _item(self, record: Record, lease: Lease) -> Item:
        """What is to stand in the table after `record` was written."""
        return self._record_key | record_item(_next(record), lease)

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

    def clock_offset_s(self) -> float | None:
        """By the Date header: whole seconds, written at most 3 s (our timeouts) before it was read."""
        return self._clock_offset_s

    # The lease

    def read_lease(self) -> Lease | None:
        """One GetItem with ConsistentRead."""
        item = self._get(self._lease_key)
        return None if item is None or "owner" not in item else lease_of(item)  # an inbox alone is no lease

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
        self._inbox("ADD", [requests.to_text(request)], EXISTS)

    def drop_requests(self, ids: Collection[str]) -> None:
        """One read and one UpdateItem: an entry is taken out by its text."""
        item = self._get(self._lease_key)
        texts = item.get("inbox", {}).get("SS", []) if item else []
        known = [text for text in texts if requests.parse(text).id in ids]
        if known:
            self._inbox("DELETE", known, EXISTS)

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
        self._asked("change the inbox", call)

    def _first_lease(self, owner: str) -> Lease:
        return self._update_lease(
            "SET #owner = :next, #token = :one, #rvn = :one, #wish = :nobody, #asked = :nobody, #answered = :nobody",
            _NEVER_HELD,
            next=owner,
            one=1,
            nobody="",
        )

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
            self._update_lease(f"SET #{name} = :{name}", EXISTS, **field)
        except ConflictError:
            return

    def _update_lease(self, update: str, condition: str, **values: str | int) -> Lease:
        call = partial(
            self._dynamodb.update_item,
            TableName=self._table,
            Key=self._lease_key,
            UpdateExpression=update,
            ReturnValues="ALL_NEW",
            **expression(condition, update, **values),
        )
        return lease_of(self._asked("update the lease", call).get("Attributes", {}))

    def _get(self, key: Item) -> Item | None:
        call = partial(self._dynamodb.get_item, TableName=self._table, Key=key, ConsistentRead=True)
        return self._asked("read the table", call).get("Item")

    def _asked(self, what: str, call: Callable[..., Any]) -> Any:
        """Call once, and learn how the clocks differ from an answer that came whole."""
        answer = asked(what, call)
        dated_s = _dated_s(answer)
        if dated_s is not None:
            self._clock_offset_s = dated_s - self._now_s()
        return answer


def _found(item: Item | None) -> Found | None:
    return None if item is None else found_in(item)


def _key(key: str) -> Item:
    return {RECORD_KEY: typed(key)}


def _next(record: Record) -> Record:
    return dataclasses.replace(record, version=record.version + 1)


def _dated_s(answer: Mapping[str, Any]) -> float | None:
    """When the store wrote the answer, by its own clock; None where it does not say, or nobody can read it."""
    try:
        return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return None
