"""The record table, and the port `RecordStore`: outages, lost answers, late writes.

The semantics are those of `failover_lambda.aws.state`, by its contract: compare-and-swap over version and lease; a copy of
one's own write is recognised while the lease is one's own.
"""

import random
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import TypeVar

from failover_lambda.errors import ConflictError, RecordLostError, StoreError, StoreUnavailableError
from failover_lambda.model import Lease, Loss, Lost, Record, Request
from failover_lambda.ports import Clock
from prove.simulation import figures
from prove.simulation.chronicle import Chronicle
from prove.simulation.events import Asked, LeaseTaken, RecordGone, Refused, Stored
from prove.simulation.ground import START_S, Region
from prove.simulation.replies import Port, Reply, Wire

T = TypeVar("T")

COPIES = 30
"""Versions of the record of which there are backups."""

LATE_S = (3.0, 20.0)
"""A write that was given up lands this much after it was sent."""


@dataclass
class Table:
    """One site's two items."""

    site: str
    region: Region
    chronicle: Chronicle
    record: Record | None = None
    lease: Lease | None = None
    unconditional: bool = False
    """A planted table that looks at neither version nor lease."""
    floor: int = 0
    """The highest epoch that was reached."""
    _copies: deque[Record] = field(default_factory=lambda: deque[Record](maxlen=COPIES))

    @property
    def _now_s(self) -> float:
        return self.region.agenda.time_s

    def now_s(self) -> float:
        """Its own clock: right."""
        return START_S + self._now_s

    def load(self) -> Record | None:
        """A consistent read of record and floor."""
        lost = self._lost()
        if lost:
            raise RecordLostError(lost)
        return self.record

    def _lost(self) -> Lost | None:
        if self.record is None:
            return Lost(what=Loss.LOST, floor=self.floor, version=0, why="the record is missing") if self.floor else None
        if self.record.epoch < self.floor:
            why = f"the record is an old copy of epoch {self.record.epoch}"
            return Lost(what=Loss.RESTORED, floor=self.floor, version=self.record.version, why=why)
        return None

    def save(self, record: Record, lease: Lease) -> Record:
        """One transaction."""
        stored, low = self.record.version if self.record else 0, record.epoch < self.floor
        return self._put(record, lease, f"the stored one is {stored}", may=stored == record.version and not low)

    def supersede(self, record: Record, lease: Lease) -> Record:
        """One transaction, in place of a record that is lost."""
        lost = self._lost()
        may = lost is not None and lost.version == record.version and record.epoch > lost.floor
        return self._put(record, lease, "the record is not lost so", may=may)

    def _put(self, record: Record, lease: Lease, why: str, *, may: bool) -> Record:
        after = replace(record, version=record.version + 1)
        if not self.unconditional and (not self._is_held(lease) or not (may or self.record == after)):
            self.chronicle.add(Refused(self._now_s, self.site, lease.owner, lease.token, after.version))
            raise ConflictError(f"version {after.version} was to follow, {why}")
        if self.record != after:
            self.record, self.floor = after, max(self.floor, after.epoch)
            self._copies.append(after)
            self.chronicle.add(Stored(self._now_s, self.site, lease.owner, lease.token, after))
        return after

    def lose(self, copy: int) -> None:
        """Somebody deletes the record (0), or puts a backup in its place: the newest but that many."""
        if self.record is None:
            return
        self.record = self._copies[-1 - copy] if 0 < copy < len(self._copies) else None
        event = RecordGone(self._now_s, self.site, self.record.version if self.record else 0, self._lost() is not None)
        self.chronicle.add(event)

    def _is_held(self, lease: Lease) -> bool:
        return self.lease is not None and (self.lease.owner, self.lease.token) == (lease.owner, lease.token)

    def _held(self, lease: Lease) -> Lease:
        if self.lease is None or not self._is_held(lease):
            raise ConflictError("the lease is another's")
        return self.lease

    def take(self, owner: str, seen: Lease | None) -> Lease:
        """One conditional write."""
        now = self.lease
        if now and now.owner == owner and now.token == (seen.token + 1 if seen else 1):
            return now
        mine = (now.owner, now.token, now.beat) if now else None
        theirs = (seen.owner, seen.token, seen.beat) if seen else None
        if mine != theirs:
            raise ConflictError("the lease has changed")
        token, beat = (now.token + 1, now.beat + 1) if now else (1, 1)
        asked, answered = (now.asked, now.answered) if now else ("", "")
        inbox = now.inbox if now else ()
        self.lease = Lease(owner=owner, token=token, beat=beat, wish="", asked=asked, answered=answered, inbox=inbox)
        self.chronicle.add(LeaseTaken(self._now_s, self.site, owner, token))
        return self.lease

    def renew(self, lease: Lease, answered: str) -> Lease:
        """One conditional write."""
        now = self._held(lease)
        self.lease = replace(now, beat=now.beat + 1, answered=answered or now.answered)
        return self.lease

    def release(self, lease: Lease) -> None:
        """One conditional write."""
        self.lease = replace(self._held(lease), owner="")
        self.chronicle.add(LeaseTaken(self._now_s, self.site, "", lease.token))

    def put(self, request: Request) -> None:
        """An entry for the inbox, by the operator's command; nobody there to lead = it is refused there."""
        if self.lease and not self.region.weather.store_down:
            self.lease = replace(self.lease, inbox=(*self.lease.inbox, request))
            self.chronicle.add(Asked(self._now_s, self.site, request))

    def drop(self, ids: Collection[str]) -> None:
        """Entries leave the inbox."""
        if self.lease:
            self.lease = replace(self.lease, inbox=tuple(each for each in self.lease.inbox if each.id not in ids))

    def note(self, **field: str) -> None:
        """One unconditional write of a wish or a question."""
        if self.lease:
            self.lease = replace(self.lease, **field)


class SimulatedStore(Port):
    """Port `RecordStore` of one arbiter."""

    def __init__(self, table: Table, wire: Wire, clock: Clock, dice: random.Random) -> None:
        self._table = table
        self._wire = wire
        self._clock = clock
        self._dice = dice

    def load(self) -> Record | None:
        """See the port."""
        return self._ask(self._table.load, writes=False)

    def supersede(self, record: Record, lease: Lease) -> Record:
        """See the port."""
        return self._ask(lambda: self._table.supersede(record, lease), writes=True)

    def clock_offset_s(self) -> float | None:
        """See the port: the store's clock is right."""
        return self._table.now_s() - self._clock.now_s()

    def save(self, record: Record, lease: Lease) -> Record:
        """See the port."""
        return self._ask(lambda: self._table.save(record, lease), writes=True)

    def read_lease(self) -> Lease | None:
        """See the port."""
        return self._ask(lambda: self._table.lease, writes=False)

    def take_lease(self, owner: str, seen: Lease | None) -> Lease:
        """See the port."""
        return self._ask(lambda: self._table.take(owner, seen), writes=True)

    def renew_lease(self, lease: Lease, answered: str = "") -> Lease:
        """See the port."""
        return self._ask(lambda: self._table.renew(lease, answered), writes=True)

    def release_lease(self, lease: Lease) -> None:
        """See the port."""
        return self._ask(lambda: self._table.release(lease), writes=True)

    def wish_lease(self, owner: str) -> None:
        """See the port."""
        return self._ask(lambda: self._table.note(wish=owner), writes=True)

    def ask_leader(self, question: str) -> None:
        """See the port."""
        return self._ask(lambda: self._table.note(asked=question), writes=True)

    def put_request(self, request: Request) -> None:
        """See the port."""
        return self._ask(lambda: self._table.put(request), writes=True)

    def drop_requests(self, ids: Collection[str]) -> None:
        """See the port."""
        return self._ask(lambda: self._table.drop(ids), writes=True)

    def _ask(self, effect: Callable[[], T], *, writes: bool) -> T:
        region, dice = self._table.region, self._dice
        weather, agenda = region.weather, region.agenda
        if weather.store_down:
            return self._wire.fails(StoreUnavailableError("the table does not answer"), figures.GIVE_UP_S)
        half_s = figures.STORE.draw(dice) / 2
        if dice.random() < weather.store_lost + (0.0 if region.calm else figures.STORE_LOSS):
            if writes and dice.random() < 0.5:
                late = dice.random() < weather.store_late
                after_s = dice.uniform(*LATE_S) if late else half_s
                agenda.at(region.not_in_calm(agenda.time_s + after_s), lambda: _unheard(effect))
            return self._wire.fails(StoreUnavailableError("the answer was lost"), figures.GIVE_UP_S)
        reply = Reply[T](agenda)

        def happen() -> None:
            due_s = agenda.time_s + half_s
            try:
                reply.arrives(due_s, effect())
            except StoreError as exc:
                reply.arrives(due_s, error=exc)

        agenda.at(agenda.time_s + half_s, happen)
        return self._wire.answer(reply)


def _unheard(effect: Callable[[], object]) -> None:
    """A write whose answer nobody waits for."""
    try:
        effect()
    except StoreError:
        return
