"""The parts of a small world's state, as numbered values, and what happens to a part as a whole.

A state is six numbers: the stored record, the leader, the former leader, the site (machines and address), what is in
flight, and what the world may still do. Each number stands for a value in a table of its own, so a state is one small
integer, and every operation on a part is worked out once and remembered.

Renaming is what makes states meet again: epochs and association ids are known by their order only, workers by their
distance from the holder, tokens by "the leader's", "the former leader's" and "nobody's", boots by "this one" and "an
earlier one". Names that are still in use anywhere are never merged, so no two states become one that the rule could tell
apart.
"""

import re
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar, cast

from failover_lambda.model import Record
from prove.fold import Folding, mapped

T = TypeVar("T")

LEADER, FORMER, NOBODY = 1, 2, 0
"""Who sent a call, and whose token a streak carries."""
TOKENS = {LEADER: 2, FORMER: 1, NOBODY: 0}

THIS_BOOT, EARLIER_BOOT = 2.0, 1.0

NAME_BITS = 16
"""So many association ids, and so many epochs, can be in use at once."""

_ID = re.compile(r"a\d+")


class Table(Generic[T]):
    """Values of one kind, numbered in the order in which they were first seen; 0 stands for `nothing`."""

    def __init__(self, nothing: T) -> None:
        self.values: list[T] = [nothing]
        self.numbers: dict[T, int] = {nothing: 0}

    def number(self, value: T) -> int:
        """The number of a value, a new one for a new value."""
        number = self.numbers.get(value)
        if number is None:
            number = self.numbers[value] = len(self.values)
            self.values.append(value)
        return number


class Machine(NamedTuple):
    """One worker in truth."""

    off: bool
    isolated: bool
    serves: bool
    """Its service answers while the machine runs."""


class Desk(NamedTuple):
    """What operators asked for, in truth, by the requests' places in their world."""

    inbox: tuple[int, ...] = ()
    begun: tuple[int, ...] = ()
    """Moves that have begun. Known to the checks, not to the rule."""
    replied: tuple[int, ...] = ()
    """As `begun`: what has had its reply."""


class Deployed(NamedTuple):
    """What a deployment says."""

    enabled: bool = True
    watches: bool = False
    """`watchOnly`."""
    out: tuple[int, ...] = ()
    """Workers that the configuration does not name (any more)."""


class Site(NamedTuple):
    """The machines and the address in truth, and what else a leader finds there."""

    machines: tuple[Machine, ...]
    at: int
    """The worker that has the address; -1 = nobody."""
    id: int
    """The association's number; 0 = none."""
    hand: int
    """Who made it so: 0 the watchdog, 1 an operator, 2 a late call where it is excepted: into a gap, or after a loss."""
    was_at: int
    was_id: int
    """What a stale read still shows; equal to the truth when all reads agree."""
    deployed: Deployed = Deployed()
    """What the next arbiter is told."""
    aside: bool = False
    """The association leads to another card of its worker, or nowhere yet: not to where the record means."""
    was_aside: bool = False
    desk: Desk = Desk()
    window: float | None = None
    """When the failback window that is open was opened; None = none is."""
    used: bool = False
    """A failback, or a failover away from home, was made in this window. Known to the checks, not to the rule."""
    floor: int = 0
    """Where the record was lost: the highest epoch that was ever reached."""
    marked: int = 0
    """The highest epoch that has begun to write network cards, and is written on them (Azure)."""
    busy: bool = False
    """One of them is being changed: where the address is cannot be read."""
    claimed: bool = False
    """The address carries the owner tag of another site."""
    quiet: bool = False
    """The record was lost a short time ago. Known to the checks, not to the rule."""


class Mind(NamedTuple):
    """One arbiter."""

    copy: int
    """The record as it knows it."""
    behind: int
    """0: its copy has the version that is stored; 1: one behind; 2: more."""
    reload: bool
    round: int
    """A round that it has seen and not used yet; 0 = none."""
    told: Deployed
    against: int
    """How many rounds in a row spoke against the holder, as it saw them. Known to the checks, not to the rule."""


class Call(NamedTuple):
    """One call in flight."""

    owner: int
    """LEADER, FORMER, or NOBODY who waits for its answer."""
    outcome: int
    """0: not applied yet; else how it will be answered (`effects.OUTCOMES`)."""
    do: int
    epoch: int
    worker: int
    id: int
    """DISASSOCIATE: of the association to end. ASSOCIATE, applied: of the one made."""
    stage: int = 0
    """How far a half of a move on Azure is (`cards`): SENT, or what follows."""


SENT, BEGUN, STALE, UNDER_WAY = range(4)
"""Not begun, or answered; it has read the ETag of its card (`Call.worker`); that is another now; its write is accepted."""


class Write(NamedTuple):
    """One write of the leader's that had no answer and has not arrived."""

    record: int
    behind: int


class Flight(NamedTuple):
    """Everything on its way."""

    calls: tuple[Call, ...]
    writes: tuple[Write, ...]


class Shown(NamedTuple):
    """What a round showed."""

    answers: tuple[tuple[int, ...], ...]
    """By vantage that answered, its answer about each worker."""
    address: tuple[int, int] | None
    """(worker, association) as read; None = not read."""
    aside: bool
    """It was read on another card of that worker."""
    machines: tuple[tuple[bool, bool, float], ...] | None
    """(off, isolated, boot) as read; None = not read."""
    public: int
    """The worker that answers through the address; -1 nobody does, -2 not asked."""
    inbox: tuple[int, ...] = ()
    """Which of the world's requests lie there."""
    window: float | None = None
    """When the window that is open by the arbiter's clock was opened; None = none is."""
    agree: bool = True
    """That clock and the store's agree."""
    claimed: bool = False
    """It carried the owner tag of another site."""


class Parts:
    """The tables of one small world, and the operations on whole parts."""

    def __init__(self, folding: Folding, workers: tuple[str, ...]) -> None:
        self.workers = workers
        self.count = len(workers)
        self.folding = folding
        self.records: Table[Record | None] = Table(None)
        self.minds: Table[Mind | None] = Table(None)
        self.sites: Table[Site | None] = Table(None)
        self.flights: Table[Flight] = Table(Flight((), ()))
        self.budgets: Table[tuple[int, ...]] = Table(())
        self.shown: Table[Shown | None] = Table(None)
        self._memo: dict[Any, int] = {}
        self._names: dict[tuple[int, int], int] = {}
        self._holders: list[int] = [0]

    # Records

    def record(self, record: Record) -> int:
        """The number of a record that the rule wrote."""
        return self.records.number(self.folding.fold(record))

    def holder(self, number: int) -> int:
        """The index of a record's holder; 0 where there is no record."""
        holders = self._holders
        while len(holders) < len(self.records.values):
            record = self.records.values[len(holders)]
            holders.append(self.workers.index(record.holder) if record else 0)
        return holders[number]

    def _changed(self, key: tuple[Any, ...], number: int, change: Callable[[type, str, Any], Any]) -> int:
        if not number:
            return 0
        known = self._memo.get(key)
        if known is None:
            after = mapped(self.records.values[number], change)
            known = self._memo[key] = self.records.number(cast("Record", after))
        return known

    def older(self, number: int, by_s: float) -> int:
        """The record after so much time."""
        if not number:
            return 0
        key = ("older", number, by_s)
        known = self._memo.get(key)
        if known is None:
            record = cast("Record", self.records.values[number])
            known = self._memo[key] = self.records.number(self.folding.older(record, by_s))
        return known

    def token_passed(self, number: int, *, demote: bool) -> int:
        """The record after a take-over (`demote`), or after the former leader is gone."""

        def change(_: type, name: str, value: Any) -> Any:
            if name != "token":
                return value
            return max(0, value - 1) if demote else (0 if value == TOKENS[FORMER] else value)

        return self._changed(("token", number, demote), number, change)

    def rebooted(self, number: int, worker: int) -> int:
        """The record when `worker` has begun a new boot."""
        name = self.workers[worker]

        def change(kind: type, _: str, value: Any) -> Any:
            del kind
            if type(value).__name__ == "Fence" and value.worker == name and value.launched_s == THIS_BOOT:
                return type(value)(**{**vars(value), "launched_s": EARLIER_BOOT})
            if isinstance(value, tuple):
                return tuple(change(type(item), "", item) for item in cast("tuple[Any, ...]", value))
            return value

        return self._changed(("boot", number, worker), number, change)

    # Names in use: bits of association ids, and above them bits of epochs

    def names_of_record(self, number: int) -> int:
        """The association ids and epochs in a record."""
        key = (0, number)
        known = self._names.get(key)
        if known is None:
            known = 0
            found: list[int] = []

            def look(_: type, name: str, value: Any) -> Any:
                if isinstance(value, str) and _ID.fullmatch(value):
                    found.append(1 << int(value[1:]))
                elif name == "epoch" and isinstance(value, int) and value:
                    found.append(1 << (NAME_BITS + value))
                return value

            mapped(self.records.values[number], look)
            for bit in found:
                known |= bit
            self._names[key] = known
        return known

    def names_of_mind(self, number: int) -> int:
        """As `names_of_record`, of an arbiter's memory."""
        key = (1, number)
        known = self._names.get(key)
        if known is None:
            mind = self.minds.values[number]
            known = 0
            if mind:
                known = self.names_of_record(mind.copy)
                shown = self.shown.values[mind.round]
                if shown and shown.address and shown.address[1]:
                    known |= 1 << shown.address[1]
            self._names[key] = known
        return known

    def names_of_site(self, number: int) -> int:
        """As `names_of_record`, of the address."""
        key = (2, number)
        known = self._names.get(key)
        if known is None:
            site = cast("Site", self.sites.values[number])
            known = (1 << site.id | 1 << site.was_id) & ~1
            known |= 1 << (NAME_BITS + site.floor) if site.floor else 0
            known |= 1 << (NAME_BITS + site.marked) if site.marked else 0
            self._names[key] = known
        return known

    def names_of_flight(self, number: int) -> int:
        """As `names_of_record`, of what is on its way."""
        key = (3, number)
        known = self._names.get(key)
        if known is None:
            flight = self.flights.values[number]
            known = 0
            for call in flight.calls:
                known |= 1 << (NAME_BITS + call.epoch)
                if call.id:
                    known |= 1 << call.id
            for write in flight.writes:
                known |= self.names_of_record(write.record)
            self._names[key] = known
        return known

    # Renaming: `names` are those in use in the whole state

    def renamed_record(self, number: int, names: int) -> int:
        """The record with every name replaced by its rank among `names`."""

        def change(_: type, name: str, value: Any) -> Any:
            if isinstance(value, str) and _ID.fullmatch(value):
                return f"a{_rank_of_id(names, int(value[1:]))}"
            if name == "epoch" and isinstance(value, int) and value:
                return _rank_of_epoch(names, value)
            return value

        return self._changed(("names", number, names), number, change)

    def renamed_mind(self, number: int, names: int) -> int:
        """As `renamed_record`, of an arbiter's memory."""
        key = ("names of mind", number, names)
        known = self._memo.get(key)
        if known is None:
            mind = self.minds.values[number]
            if mind:
                shown = self.shown.values[mind.round]
                if shown and shown.address:
                    at, told = shown.address
                    shown = shown._replace(address=(at, _rank_of_id(names, told)))
                mind = mind._replace(copy=self.renamed_record(mind.copy, names), round=self.shown.number(shown))
            known = self._memo[key] = self.minds.number(mind)
        return known

    def renamed_site(self, number: int, names: int) -> int:
        """As `renamed_record`, of the address."""
        site = cast("Site", self.sites.values[number])
        renamed = site._replace(id=_rank_of_id(names, site.id), was_id=_rank_of_id(names, site.was_id))
        if site.floor:
            renamed = renamed._replace(floor=_rank_of_epoch(names, site.floor))
        if site.marked:
            renamed = renamed._replace(marked=_rank_of_epoch(names, site.marked))
        return self.sites.number(renamed)

    def renamed_flight(self, number: int, names: int) -> int:
        """As `renamed_record`, of what is on its way."""
        key = ("names of flight", number, names)
        known = self._memo.get(key)
        if known is None:
            flight = self.flights.values[number]
            calls = (
                call._replace(id=_rank_of_id(names, call.id), epoch=_rank_of_epoch(names, call.epoch))
                for call in flight.calls
            )
            writes = (write._replace(record=self.renamed_record(write.record, names)) for write in flight.writes)
            known = self._memo[key] = self.flight(tuple(calls), tuple(writes))
        return known

    def flight(self, calls: tuple[Call, ...], writes: tuple[Write, ...]) -> int:
        """The number of what is on its way; its order means nothing."""
        return self.flights.number(Flight(tuple(sorted(calls)), tuple(sorted(writes))))

    # Turning: the workers are named by their distance from the holder

    def turned_record(self, number: int, by: int) -> int:
        """The record with every worker renamed to the one `by` places before it."""
        names = {name: self.workers[(index - by) % self.count] for index, name in enumerate(self.workers)}

        def change(_: type, __: str, value: Any) -> Any:
            return names.get(value, value) if isinstance(value, str) else value

        return self._changed(("turn", number, by), number, change)

    def turned_mind(self, number: int, by: int) -> int:
        """As `turned_record`, of an arbiter's memory."""
        key = ("turn of mind", number, by)
        known = self._memo.get(key)
        if known is None:
            mind = self.minds.values[number]
            if mind:
                shown = self.shown.values[mind.round]
                if shown:
                    shown = self._turned_shown(shown, by)
                mind = mind._replace(copy=self.turned_record(mind.copy, by), round=self.shown.number(shown))
            known = self._memo[key] = self.minds.number(mind)
        return known

    def _turned_shown(self, shown: Shown, by: int) -> Shown:
        machines = shown.machines
        return shown._replace(
            answers=tuple(answers[by:] + answers[:by] for answers in shown.answers),
            address=shown.address and (self._turn(shown.address[0], by), shown.address[1]),
            machines=machines and machines[by:] + machines[:by],
            public=self._turn(shown.public, by),
        )

    def _turn(self, worker: int, by: int) -> int:
        return worker if worker < 0 else (worker - by) % self.count

    def turned_site(self, number: int, by: int) -> int:
        """As `turned_record`, of machines and address."""
        site = cast("Site", self.sites.values[number])
        machines = site.machines[by:] + site.machines[:by]
        return self.sites.number(
            site._replace(machines=machines, at=self._turn(site.at, by), was_at=self._turn(site.was_at, by))
        )

    def turned_flight(self, number: int, by: int) -> int:
        """As `turned_record`, of what is on its way."""
        flight = self.flights.values[number]
        calls = tuple(call._replace(worker=self._turn(call.worker, by)) for call in flight.calls)
        writes = tuple(write._replace(record=self.turned_record(write.record, by)) for write in flight.writes)
        return self.flight(calls, writes)


def _rank_of_id(names: int, number: int) -> int:
    if not number:
        return 0
    return (names & ((1 << number) - 1) & ((1 << NAME_BITS) - 2)).bit_count() + 1


def _rank_of_epoch(names: int, number: int) -> int:
    return ((names >> NAME_BITS) & ((1 << number) - 1)).bit_count() + 1
