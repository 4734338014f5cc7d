"""The port `RecordStore` on Azure Storage: a few blobs of one container, changed by conditional writes only.

    lease#SHARD        lease, inbox and the records of the shard's sites, one blob (`shard`)
    epoch#SITE         {"epoch": number}: the floor, the highest epoch that was ever reached
    quarantine#SITE#N  what once stood in the record's place, and why it was moved away

Theory of a change. The shard's blob is read, a pure function makes the next one of it, and that is written on condition of
the ETag that was read. Where somebody else was faster it is read and changed anew, so each change looks at what it replaces.

Theory of a lost answer. A write that we gave up on may have been applied, may be applied later, or never. Sending it again
is safe, because one of two copies at most can find the ETag that both were made for; and a change knows itself in what it
reads.

Theory of the floor. It has a blob of its own, so that whoever puts back an old copy of the shard leaves it where it is. It
is read before the record, and raised *after* a record of a higher epoch is written: two writes. Whoever dies between them
has not acted yet, since `save` has not come back, and the next `load` raises the floor before it gives anybody the record.
The other order would leave a floor above the record, and that is what tells a lost one.

May import `contract`, `model`, `errors`, `document`, and `blobs` and `shard` beside it.
"""

import json
import threading
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Final, Protocol

from failover_lambda.azure import shard as shards
from failover_lambda.azure.blobs import Blob, Blobs
from failover_lambda.azure.shard import Entry, Shard
from failover_lambda.contract import epoch_key, lease_key, quarantine_key
from failover_lambda.document import QUARANTINED_MAX, Found, judged, lost_in, quarantine_is_full
from failover_lambda.errors import ConflictError, StoreUnavailableError
from failover_lambda.model import Lease, Lost, Record, Request

TRIES: Final = 5
"""Of one change, where others write at the same time: another arbiter's wish, an operator's entry."""


class Kept(Protocol):
    """Whose record, and where: `contract.Settings`; `sites.FleetSettings` for the lease of a shard alone."""

    @property
    def site(self) -> str:
        """Names the record."""
        ...

    @property
    def shard(self) -> str:
        """Names the lease."""
        ...


class LiveStore:
    """See `ports.RecordStore`. Its methods may be called from many threads at once."""

    def __init__(self, settings: Kept, blobs: Blobs, turn: AbstractContextManager[Any] | None = None) -> None:
        """`turn`: changes of one shard by one process take turns; shared by the stores of its sites."""
        self._blobs = blobs
        self._turn = turn or threading.Lock()
        self._site = settings.site
        self._shard_name = lease_key(settings.shard)
        self._floor_name = epoch_key(settings.site)
        self._floor: int | None = None
        """As it surely was at some time; None = not known. Saves the look at a floor that is high enough already."""

    # The record

    def load(self) -> Record | None:
        """Two reads, the floor first."""
        self._floor = self._read_floor()
        record = judged(_found(self._read_shard()[1].records.get(self._site)), self._site, self._floor)
        if record and self._floor is not None and record.epoch > self._floor:
            self._raise_floor(record.epoch)  # its writer died before it could
        return record

    def save(self, record: Record, lease: Lease) -> Record:
        """One read and one write; where the epoch rises, one of each more for the floor."""
        rises = self._floor is None or record.epoch > self._floor
        if rises:
            self._require_floor(record.epoch)
        self._change(partial(shards.saved, record=record, lease=lease))
        if rises:
            self._raise_floor(record.epoch)
        return shards.next_version(record)

    def supersede(self, record: Record, lease: Lease) -> Record:
        """A read for each place in quarantine that is taken, and two reads and two writes or three."""
        self._floor = self._read_floor()
        _, shard = self._read_shard()
        found = shard.records.get(self._site)
        if found != shards.entry_of(shards.next_version(record), lease):
            self._move_away(shard, found, record, lease)
        else:
            shards.require_held(shard, lease)  # an earlier copy of this write was applied
        self._raise_floor(record.epoch)
        return shards.next_version(record)

    def _move_away(self, shard: Shard, found: Entry | None, record: Record, lease: Lease) -> None:
        lost = lost_in(_found(found), self._site, self._floor)
        if lost.version != record.version:
            raise ConflictError(f"version {record.version} was to be superseded, the stored one is {lost.version}")
        self._require_floor(record.epoch - 1)
        change = partial(shards.superseded, record=record, lease=lease, found=found)
        change(shard)  # nothing is quarantined for a change that is refused
        if found is not None:
            self._quarantine(found, lost)
        self._change(change)

    def _quarantine(self, found: Entry, lost: Lost) -> None:
        """Keep it in the first place that is free, or where an earlier try of ours has put it already."""
        text = json.dumps({"found": found, "why": lost.why}, indent=1, sort_keys=True).encode()
        for number in range(1, QUARANTINED_MAX + 1):
            name = quarantine_key(self._site, number)
            there = self._blobs.get(name)
            if there is None:
                self._blobs.put(name, text, None)
            if there is None or there.text == text:
                return
        raise quarantine_is_full(self._site)

    # The floor

    def _read_floor(self) -> int | None:
        return _floor_in(self._blobs.get(self._floor_name))

    def _require_floor(self, epoch_max: int) -> None:
        floor = self._read_floor()
        if floor is not None and floor > epoch_max:
            raise ConflictError(f"epoch {floor} had been reached, and {epoch_max} was the highest that it may be")

    def _raise_floor(self, epoch: int) -> None:
        """StoreUnavailableError where it may not have risen: the record is written then, and is found so by the next try."""
        for _ in range(TRIES):
            blob = self._blobs.get(self._floor_name)
            floor = _floor_in(blob)
            if floor is not None and floor >= epoch:
                self._floor = floor
                return
            try:
                self._blobs.put(self._floor_name, json.dumps({"epoch": epoch}).encode(), blob)
            except ConflictError:
                continue
            self._floor = epoch
            return
        raise StoreUnavailableError(f"raise the floor of {self._site}: others wrote there {TRIES} times")

    def clock_offset_s(self) -> float | None:
        """By the Date header of the last answer."""
        return self._blobs.clock_offset_s

    def beat_age_s(self) -> float | None:
        """How long ago the shard was last changed, by the store's own clock; None = never. One read.

        By a beat, a record, or an operator's entry.

        Raises:
            StoreUnavailableError: no answer.
        """
        blob = self._blobs.get(self._shard_name)
        return blob.age_s if blob else None

    # The lease

    def read_lease(self) -> Lease | None:
        """One read."""
        return self._read_shard()[1].held

    def take_lease(self, owner: str, seen: Lease | None) -> Lease:
        """One read and one write."""
        return self._held(self._change(partial(shards.taken, owner=owner, seen=seen)))

    def renew_lease(self, lease: Lease, answered: str = "") -> Lease:
        """One read and one write."""
        return self._held(self._change(partial(shards.renewed, lease=lease, answered=answered)))

    def release_lease(self, lease: Lease) -> None:
        """One read and one write."""
        self._change(partial(shards.released, lease=lease))

    def wish_lease(self, owner: str) -> None:
        """One read and one write."""
        self._change(partial(shards.noted, wish=owner))

    def ask_leader(self, question: str) -> None:
        """One read and one write."""
        self._change(partial(shards.noted, asked=question))

    def put_request(self, request: Request) -> None:
        """One read and one write."""
        self._change(partial(shards.asked, request=request))

    def drop_requests(self, ids: Collection[str]) -> None:
        """One read and one write."""
        self._change(partial(shards.dropped, ids=ids))

    @staticmethod
    def _held(shard: Shard) -> Lease:
        held = shard.held
        if held is None:
            raise StoreUnavailableError("a lease that was just written is not there")
        return held

    # The shard

    def _read_shard(self) -> tuple[Blob | None, Shard]:
        blob = self._blobs.get(self._shard_name)
        return blob, Shard() if blob is None else shards.read(blob.text)

    def _change(self, change: Callable[[Shard], Shard]) -> Shard:
        """The shard as it is after the change; a write only where it is another than before.

        Raises:
            ConflictError: of the change; nothing was written.
            StoreUnavailableError: no answer, or others wrote each time between our read and our write.
        """
        with self._turn:
            for _ in range(TRIES):
                blob, before = self._read_shard()
                after = change(before)
                if after == before:
                    return after
                try:
                    self._blobs.put(self._shard_name, shards.to_text(after), blob)
                except ConflictError:
                    continue
                return after
        raise StoreUnavailableError(f"change {self._shard_name}: others wrote there {TRIES} times")


def _found(entry: Entry | None) -> Found | None:
    return None if entry is None else shards.found_in(entry)


def _floor_in(blob: Blob | None) -> int | None:
    """The floor in its blob; None = there is none, or no number."""
    try:
        epoch = json.loads(blob.text)["epoch"] if blob else None
    except (KeyError, TypeError, ValueError):
        return None
    return epoch if type(epoch) is int else None
