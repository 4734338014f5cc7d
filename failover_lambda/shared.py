"""What many sites share: one observation, shown to the cycle of each as its own ports, and turns at the lease's item.

A `SiteView` is the ports `Probers` and `Cloud` of one site. Its questions are answered from what was brought for all sites,
at once and without a thread; its calls go to the site's own adapter. It never shows a read that was begun before a call of
the site was sent or answered, and none twice: what a read does not know any more is not told, and two rounds that saw one
read are not taken for two reads (docs/RULE.md 3.7, 5.5).

`InTurn` lets the records of a shard be written one after the other. Each write checks the lease's item in its transaction,
and DynamoDB cancels a transaction that meets another one at an item, also where both only check it.

May import `contract`, `model`, `errors` and `ports`.
"""

import threading
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from failover_lambda.contract import Settings
from failover_lambda.errors import CouldNotAskError, NothingNewError, StoreUnavailableError
from failover_lambda.model import AddressView, Answer, Answered, Command, InstanceView, Lease, Record, Request, Sight
from failover_lambda.ports import Clock, Cloud, RecordStore

ADDRESS, INSTANCES, ANNOUNCEMENTS = "address", "instances", "announcements"
READS = (ADDRESS, INSTANCES)
"""The reads that a round may need as they are now."""

TURN_S = 2.0
"""So long a write waits for its turn; then it is as a store without an answer, and the next tick decides anew."""

RENEWAL_TURN_S = 0.5
"""So long a renewal of the lease waits for a write that hangs; then it is sent all the same."""

_LATE = (Answer.TIMEOUT, Answer.SILENT)


@dataclass
class _Seen:
    started_s: float
    value: Any
    shown: bool = False


class SiteView:
    """See `ports.Probers` and `ports.Cloud`. Written by whoever observes, read by the site's tick."""

    def __init__(self, settings: Settings, cloud: Cloud, clock: Clock) -> None:
        self._cloud = cloud
        self._clock = clock
        self._settings = settings
        self._sights: dict[str, Sight | CouldNotAskError] = {}
        self._seen: dict[str, _Seen] = {}
        self.called_s = float("-inf")
        """When a call of this site was last sent or answered."""

    # Written

    def begin(self) -> None:
        """A round begins: what vantages saw before is over."""
        self._sights = {}

    def saw(self, vantage: str, sight: Sight | CouldNotAskError | None) -> None:
        """What a vantage answered; None = it said nothing of this site."""
        self._sights[vantage] = sight or CouldNotAskError(f"{vantage} said nothing of {self._settings.site}")

    def read(self, name: str, started_s: float, value: Any) -> None:
        """What a read brought for this site, or a CouldNotAskError; an older one than we have is dropped."""
        known = self._seen.get(name)
        if known is None or known.started_s < started_s:
            self._seen[name] = _Seen(started_s, value)

    # Asked by whoever observes

    @property
    def was_slow(self) -> bool:
        """In the round that is over somebody let a vantage wait to the end: so this site is asked apart from others."""
        answers = [sight for sight in self._sights.values() if isinstance(sight, Sight)]
        late = any(report.answer in _LATE for sight in answers for report in sight.reports)
        return late or len(answers) < len(self._sights)

    def lacks_read(self, now_s: float, *, wanted: bool, fresh_s: float, interval_s: float) -> bool:
        """Whether the round that begins now needs another read than it has.

        Args:
            now_s: monotonic.
            wanted: the rule needs one in this round.
            fresh_s: how old that one may be.
            interval_s: how often there is one where nobody needs it.
        """
        for name in READS:
            seen = self._seen.get(name)
            if seen is None or seen.started_s < self.called_s:
                return True
            age_s = now_s - seen.started_s
            if age_s >= interval_s or (wanted and (seen.shown or age_s > fresh_s)):
                return True
        return False

    # The ports

    @property
    def vantages(self) -> Sequence[str]:
        """The names of the site's probers."""
        return [prober.function_name for prober in self._settings.probers]

    def look(self, vantage: str, connect_s: float) -> Sight:  # noqa: ARG002 (it was asked already)
        """What this vantage saw in this round."""
        sight = self._sights.get(vantage)
        if isinstance(sight, Sight):
            return sight
        raise _copied(sight) if sight else CouldNotAskError(f"{vantage} was not back in time")

    def read_address(self) -> AddressView:
        """The last read, once."""
        return self._shown(ADDRESS)

    def read_instances(self) -> tuple[InstanceView, ...]:
        """The last read, once."""
        return self._shown(INSTANCES)

    def read_announcements(self) -> Mapping[str, str]:
        """The last read; it is not counted, so it may be shown again."""
        return self._shown(ANNOUNCEMENTS, again=True)

    def run(self, command: Command) -> Answered:
        """One call by the site's own adapter."""
        self.called_s = self._clock.monotonic_s()
        try:
            return self._cloud.run(command)
        finally:
            self.called_s = self._clock.monotonic_s()

    def rehearse(self, commands: Sequence[Command]) -> tuple[Answered, ...]:
        """By the site's own adapter."""
        return self._cloud.rehearse(commands)

    def _shown(self, name: str, *, again: bool = False) -> Any:
        seen = self._seen.get(name)
        if seen is None or (not again and (seen.shown or seen.started_s < self.called_s)):
            raise NothingNewError(f"nothing new of the {name}")
        seen.shown = True
        if isinstance(seen.value, CouldNotAskError):
            raise _copied(seen.value)
        return seen.value


def _copied(exc: CouldNotAskError) -> CouldNotAskError:
    """One of its own for each site: what is raised carries the traces of whoever raised it."""
    return type(exc)(*exc.args)


class Turn:
    """Whose turn it is to write at the lease's item: in the order of their coming, but renewals first."""

    def __init__(self) -> None:
        lock = threading.Lock()
        self._lock = lock
        self._of_records = threading.Condition(lock)
        self._of_renewals = threading.Condition(lock)
        self._renewals = 0
        self._taken = False

    @contextmanager
    def of_record(self) -> Generator[None]:
        """Wait for `TURN_S` at most; StoreUnavailableError when that was not enough."""
        with self._lock:
            if not self._of_records.wait_for(lambda: not self._taken and not self._renewals, TURN_S):
                raise StoreUnavailableError(f"not sent: others of this shard were writing for {TURN_S:g} s")
            self._taken = True
        with self._given_back():
            yield

    @contextmanager
    def of_renewal(self) -> Generator[None]:
        """Wait for the write that is going on, but no longer than `RENEWAL_TURN_S`: a lease runs out."""
        with self._lock:
            self._renewals += 1
            mine = self._of_renewals.wait_for(lambda: not self._taken, RENEWAL_TURN_S)
            self._renewals -= 1
            self._taken = True
        with self._given_back() if mine else nullcontext():
            yield

    @contextmanager
    def _given_back(self) -> Generator[None]:
        try:
            yield
        finally:
            with self._lock:
                self._taken = False
                (self._of_renewals if self._renewals else self._of_records).notify()


class InTurn:
    """See `ports.RecordStore`: as `store`, but records are written one after the other by all that share `turn`."""

    def __init__(self, store: RecordStore, turn: Turn) -> None:
        self._store = store
        self._turn = turn

    def load(self) -> Record | None:
        """As the store does."""
        return self._store.load()

    def read_lease(self) -> Lease | None:
        """As the store does."""
        return self._store.read_lease()

    def take_lease(self, owner: str, seen: Lease | None) -> Lease:
        """As the store does."""
        return self._store.take_lease(owner, seen)

    def renew_lease(self, lease: Lease, answered: str = "") -> Lease:
        """As the store does, before all records that wait."""
        with self._turn.of_renewal():
            return self._store.renew_lease(lease, answered)

    def release_lease(self, lease: Lease) -> None:
        """As the store does."""
        self._store.release_lease(lease)

    def wish_lease(self, owner: str) -> None:
        """As the store does."""
        self._store.wish_lease(owner)

    def ask_leader(self, question: str) -> None:
        """As the store does."""
        self._store.ask_leader(question)

    def put_request(self, request: Request) -> None:
        """As the store does."""
        self._store.put_request(request)

    def clock_offset_s(self) -> float | None:
        """As the store does."""
        return self._store.clock_offset_s()

    def drop_requests(self, ids: Collection[str]) -> None:
        """As the store does."""
        self._store.drop_requests(ids)

    def save(self, record: Record, lease: Lease) -> Record:
        """As the store does, when it is our turn."""
        with self._turn.of_record():
            return self._store.save(record, lease)

    def supersede(self, record: Record, lease: Lease) -> Record:
        """As the store does, when it is our turn."""
        with self._turn.of_record():
            return self._store.supersede(record, lease)
