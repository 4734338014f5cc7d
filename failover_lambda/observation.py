"""One concurrent observation for many sites: whoever is due is looked at together, and each site goes on when its own is in.

Sites that share a prober share its call: one for each prober and instant, and one more for those that are asked with other
timeouts, or were slow in their last round. So a worker that hangs delays the rounds of others once, by its own timeouts,
and from then on only those of sites that hang as well. Address and machines are read together as well, for everybody who
lacks a read by then, in calls of no more ids than one may name. A site waits for a read only where its rule needs one now.

Nothing here decides; what was brought lies in each site's `shared.SiteView`. May import `contract`, `model`, `errors`,
`ports`, `cycle` and `shared`.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from failover_lambda.contract import Settings
from failover_lambda.cycle import ANNOUNCED_EVERY_S, Cycle
from failover_lambda.errors import CouldNotAskError
from failover_lambda.model import Lease
from failover_lambda.ports import LOOKED_AT_ONCE, READ_AT_ONCE, Clock, SharedCloud, SharedProbers
from failover_lambda.shared import ADDRESS, ANNOUNCEMENTS, INSTANCES, SiteView

READS_IN_FLIGHT_MAX = 24
"""Above this many reads without an answer none is begun: those that hang end by their own timeouts."""

SITES_READ_A_SECOND = 400.0
"""Two pages of machines: each costs some 50 ms to read, so that more would leave no time for anything else where all sites
are in doubt. At rest a thousand sites need half of it, a hundred that fail together the rest."""

SITES_READ_AT_ONCE = 200.0
"""What may be read in one instant, after a while in which less was: two pages. Where all were read together, every five
seconds all ticks waited for the processor, up to a second; the hundred of a zone that fail together need one page."""

TRIAL_EVERY_S = 1.0
"""A prober that hangs is tried so often, with one call, until it answers; nobody waits for it meanwhile."""

T = TypeVar("T")


@dataclass(eq=False)
class Member:
    """One site of a fleet: its cycle, and where it stands."""

    settings: Settings
    view: SiteView
    cycle: Cycle
    due_s: float
    """When its next tick begins; monotonic, as all times here."""
    round: "SiteRound | None" = None
    """The one that is observed or ticked now."""
    reading: "Reading | None" = None
    """The newest read of address and machines that was begun for it."""
    changed: Settings | None = None
    """What the list says now, where that differs; it takes effect between two moves."""
    leaving: bool = False
    fault: str = ""
    """What its last tick died of, if it did; nothing that a cycle lives with."""
    ticked_s: float = float("-inf")
    """When its last complete tick began."""

    @property
    def site(self) -> str:
        """Its name."""
        return self.settings.site


@dataclass(eq=False)
class SiteRound:
    """One round of one site, while it is observed."""

    member: Member
    due_s: float
    began_s: float
    deadline_s: float
    lease: Lease
    missing: int = 0
    """Answers that it still waits for."""
    launched: bool = False
    seen_s: float = 0.0
    """When it had all, or was given up."""


@dataclass(eq=False)
class Reading:
    """One read of address and machines, for some sites."""

    began_s: float
    members: Sequence[Member]
    unanswered: set[str] = field(default_factory=lambda: {ADDRESS, INSTANCES})
    waiting: list[SiteRound] = field(default_factory=list[SiteRound])


class Prober:
    """Whether a prober answers its calls, whoever they are about. Times are monotonic."""

    def __init__(self) -> None:
        self._gives_up: dict[object, float] = {}
        """Its calls without an answer, and when whoever waits for each gives up."""
        self._asked_s = float("-inf")
        self._hung = False

    def ask(self, call: object, now_s: float, gives_up_s: float) -> bool:
        """Whether a call may be made now; then it is on its way until `answered`."""
        hangs = self._hung or any(now_s > each for each in self._gives_up.values())
        if hangs and now_s - self._asked_s < TRIAL_EVERY_S:
            return False
        self._asked_s = now_s
        self._gives_up[call] = gives_up_s
        return True

    def answered(self, call: object, now_s: float) -> None:
        """An answer came, or will not come any more."""
        self._hung = now_s > self._gives_up.pop(call)


class Observation:
    """Looks for a fleet. Called by one thread; answers come in on those of `pool`."""

    def __init__(
        self, probers: SharedProbers, cloud: SharedCloud, clock: Clock, pool: Executor, ready: Callable[[SiteRound], None]
    ) -> None:
        """`ready` is called once for each round that was begun, by any thread: with all answers, or at its deadline."""
        self._probers = probers
        self._cloud = cloud
        self._clock = clock
        self._pool = pool
        self._ready = ready
        self._lock = threading.Lock()
        self._open: set[SiteRound] = set()
        self._in_flight = 0
        self._may_read, self._may_read_s = SITES_READ_AT_ONCE, clock.monotonic_s()
        self._asked: defaultdict[str, Prober] = defaultdict(Prober)
        self._announced_s: float | None = None
        self._announced: Future[Any] | None = None

    def begin(self, due: Sequence[Member], everybody: Iterable[Member], lease_of: Callable[[Member], Lease]) -> None:
        """Look at all that are due, together."""
        now_s = self._clock.monotonic_s()
        rounds = [self._begun(member, lease_of(member), now_s) for member in due]
        readings = self._readings(rounds, everybody, now_s)
        with self._lock:
            self._open.update(rounds)
        for (vantage, connect_s, _), group in _lanes(rounds).items():
            for some in _in_calls(group, _questions, LOOKED_AT_ONCE):
                self._look(vantage, connect_s, some)
        for reading in readings:
            self._read(ADDRESS, self._cloud.read_addresses, reading)
            self._read(INSTANCES, self._cloud.read_instances, reading)

    def give_up_overdue(self) -> None:
        """Rounds whose deadline has passed go on with what there is."""
        now_s = self._clock.monotonic_s()
        with self._lock:
            overdue = [each for each in self._open if now_s >= each.deadline_s]
        for each in overdue:
            self._launch(each)

    def announcements(self, everybody: Sequence[Member]) -> None:
        """What the platform means to do, once a minute for all; nobody waits for the answer."""
        now_s = self._clock.monotonic_s()
        under_way = self._announced is not None and not self._announced.done()
        if under_way or (self._announced_s is not None and now_s - self._announced_s < ANNOUNCED_EVERY_S):
            return
        self._announced_s = now_s
        self._announced = self._pool.submit(self._cloud.read_announcements, [each.settings for each in everybody])
        self._announced.add_done_callback(partial(_bring, ANNOUNCEMENTS, now_s, everybody))

    @property
    def open(self) -> int:
        """Rounds that wait for answers."""
        return len(self._open)

    # Looks

    def _begun(self, member: Member, lease: Lease, now_s: float) -> SiteRound:
        begun = SiteRound(
            member, member.due_s, now_s, now_s + member.cycle.round_s, lease, missing=len(member.view.vantages)
        )
        member.round = begun
        return begun

    def _look(self, vantage: str, connect_s: float, some: Sequence[SiteRound]) -> None:
        call, now_s = object(), self._clock.monotonic_s()
        with self._lock:
            may = self._asked[vantage].ask(call, now_s, max(each.deadline_s for each in some))
        if not may:
            not_asked: Future[Any] = Future()
            not_asked.set_exception(
                CouldNotAskError(f"{vantage} hangs: it has calls to answer that nobody waits for any more")
            )
            self._looked(vantage, some, not_asked)
            return
        future = self._pool.submit(self._probers.look, vantage, [each.member.settings for each in some], connect_s)
        future.add_done_callback(partial(self._answered, vantage, call))
        future.add_done_callback(partial(self._looked, vantage, some))

    def _answered(self, vantage: str, call: object, _: Future[Any]) -> None:
        with self._lock:
            self._asked[vantage].answered(call, self._clock.monotonic_s())

    def _looked(self, vantage: str, some: Sequence[SiteRound], future: Future[Any]) -> None:
        for each in some:
            member = each.member
            if member.round is each and not each.launched:
                member.view.saw(vantage, _of_site(future, member.site))
            self._one_less(each)

    # Reads

    def _readings(self, rounds: Sequence[SiteRound], everybody: Iterable[Member], now_s: float) -> list[Reading]:
        """What has to be read now; rounds that need a read which is under way wait for that one."""
        needing = [each for each in rounds if self._lacks(each.member, each.lease, now_s) and not self._joined(each, now_s)]
        if not needing or self._in_flight >= READS_IN_FLIGHT_MAX:
            return []
        lease = needing[0].lease
        along = (member for member in everybody if not _is_read(member) and self._lacks(member, lease, now_s, soon=True))
        of_round = {each.member: each for each in needing}
        members_read = self._within_rate([*of_round, *(member for member in along if member not in of_round)], now_s)
        readings: list[Reading] = []
        for members in _in_calls(members_read, _workers, READ_AT_ONCE):
            reading = Reading(now_s, members)
            for member in members:
                member.reading = reading
                if member in of_round:
                    self._wait_for(of_round[member], reading)
            readings.append(reading)
        return readings

    def _within_rate(self, members: Sequence[Member], now_s: float) -> Sequence[Member]:
        """As many as may be read now, those that were not read for longest first."""
        self._may_read = min(SITES_READ_AT_ONCE, self._may_read + (now_s - self._may_read_s) * SITES_READ_A_SECOND)
        self._may_read_s = now_s
        if len(members) > self._may_read:
            members = sorted(members, key=lambda member: member.reading.began_s if member.reading else 0.0)
        members = members[: int(self._may_read)]
        self._may_read -= len(members)
        return members

    @staticmethod
    def _lacks(member: Member, lease: Lease, now_s: float, *, soon: bool = False) -> bool:
        """Whether it needs a read, or with `soon` half an interval from now: so that all come to be read at one time."""
        cycle, at_rest_s = member.cycle, member.settings.cloud_read_interval_s / (2 if soon else 1)
        return member.view.lacks_read(now_s, wanted=cycle.wants_cloud(lease), fresh_s=cycle.interval_s, interval_s=at_rest_s)

    def _joined(self, each: SiteRound, now_s: float) -> bool:
        """Whether a read is under way that will do; a round of a site at rest does not wait for it."""
        member, reading = each.member, each.member.reading
        if reading is None or not reading.unanswered or reading.began_s < member.view.called_s:
            return False
        wanted = member.cycle.wants_cloud(each.lease)
        if wanted and now_s - reading.began_s > member.cycle.interval_s:
            return False
        with self._lock:
            self._wait_for(each, reading)
        return True

    @staticmethod
    def _wait_for(each: SiteRound, reading: Reading) -> None:
        if each.member.cycle.wants_cloud(each.lease):
            each.missing += len(reading.unanswered)
            reading.waiting.append(each)

    def _read(self, name: str, ask: Callable[[Sequence[Settings]], Any], reading: Reading) -> None:
        with self._lock:
            self._in_flight += 1
        settings = [member.settings for member in reading.members]
        self._pool.submit(ask, settings).add_done_callback(partial(self._have_read, name, reading))

    def _have_read(self, name: str, reading: Reading, future: Future[Any]) -> None:
        _bring(name, reading.began_s, reading.members, future)
        with self._lock:
            self._in_flight -= 1
            reading.unanswered.discard(name)
            waiting = list(reading.waiting)
        for each in waiting:
            self._one_less(each)

    # Rounds

    def _one_less(self, each: SiteRound) -> None:
        with self._lock:
            each.missing -= 1
            complete = each.missing <= 0
        if complete:
            self._launch(each)

    def _launch(self, each: SiteRound) -> None:
        with self._lock:
            if each.launched:
                return
            each.launched = True
            self._open.discard(each)
        each.seen_s = self._clock.monotonic_s()
        self._ready(each)


def _lanes(rounds: Iterable[SiteRound]) -> dict[tuple[str, float, bool], list[SiteRound]]:
    """Who is asked together, by prober, timeout and whether one was slow; what vantages saw before is over then."""
    lanes: dict[tuple[str, float, bool], list[SiteRound]] = {}
    for each in rounds:
        view, connect_s = each.member.view, each.member.cycle.connect_s
        slow = view.was_slow
        view.begin()
        for vantage in view.vantages:
            lanes.setdefault((vantage, connect_s, slow), []).append(each)
    return lanes


def _is_read(member: Member) -> bool:
    return member.reading is not None and bool(member.reading.unanswered)


def _workers(member: Member) -> int:
    return len(member.settings.workers)


def _questions(each: SiteRound) -> int:
    settings = each.member.settings
    return len(settings.workers) * (2 if settings.ready_path else 1)


def _in_calls(everything: Iterable[T], weight: Callable[[T], int], weight_max: int) -> Iterator[list[T]]:
    """Parts that together weigh no more than one call may; what is heavier by itself has a call of its own."""
    some: list[T] = []
    weighs = 0
    for each in everything:
        more = weight(each)
        if some and weighs + more > weight_max:
            yield some
            some, weighs = [], 0
        some.append(each)
        weighs += more
    if some:
        yield some


def _bring(name: str, began_s: float, members: Iterable[Member], future: Future[Any]) -> None:
    for member in members:
        answer = _of_site(future, member.site)
        member.view.read(name, began_s, CouldNotAskError(f"nothing of the {name}") if answer is None else answer)


def _of_site(future: Future[Any], site: str) -> Any:
    """What an answer for many says of one; CouldNotAskError where there is no answer at all, and None where it is silent."""
    if future.cancelled():
        return CouldNotAskError("nobody waits any more")
    exc = future.exception()
    if isinstance(exc, CouldNotAskError):
        return exc
    if exc is not None:
        return CouldNotAskError(f"{type(exc).__name__}: {exc}")
    return future.result().get(site)
