"""Many sites under one lease: when each is due, who may join or leave, and that none disturbs another.

    list of sites, once a minute      join, leave, changed settings: between two moves of that site, never within one
    due                               at rest in its own phase of the interval, in doubt at burst cadence
    observed                          together with whoever is due in the same instant (`observation`)
    ticked                            by its own `cycle.Cycle`, beside all others; never two ticks of one site at once

A site that hangs keeps one thread of many; one whose settings cannot be read has no cycle, and one whose tick dies has it
again in its next round. Both are told, and the others do not notice. What a site decides is as if it were alone: the same
cycle, the same rule, its own record. May import all but `leadership` and the adapters.
"""

import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass, field
from typing import TypeVar, cast

from failover_lambda.contract import Settings
from failover_lambda.cycle import ROUND_MARGIN_S, Cycle, Ports
from failover_lambda.gathered import Gathered, OfOneSite
from failover_lambda.model import Lease
from failover_lambda.observation import Member, Observation, SiteRound
from failover_lambda.ports import Clock, Cloud, PublicPath, RecordStore, Reporter, SharedCloud, SharedProbers, Sites
from failover_lambda.pulse import PERIOD_S
from failover_lambda.shared import InTurn, SiteView, Turn
from failover_lambda.sites import Listed, phase_of
from failover_lambda.values import replace

T = TypeVar("T")

SLOT_S = 0.1
"""Instants at which sites can be due: those of one slot are looked at together."""

LIST_EVERY_S = 60.0
"""A site that was added, changed or removed is noticed within this time and the time of one read."""

FIRST_LIST_S = 3.0
"""How long the first tick waits for the list; without it there is nothing to do."""

IDLE_S = 1.0
"""The longest sleep of a fleet."""

ROUNDS_MAX = 300
"""Rounds at one time, those that hang aside. What is due beyond that waits, longest first: where everything is in doubt at
once there is more work than one processor can do, and rounds that all overrun would bring nobody further."""

HANGS_S = 5.0
"""A round that began longer ago hangs."""

LATE_S = 0.5
"""A tick that begins later than this after it was due, or waits so long for its turn, is counted as late."""

HAND_OVER_AFTER_S = 30.0
"""So long a wish waits for moves in motion (RULE 2.9); as long as a move may take, and well below an arbiter's life."""

REST_S = 1.0
"""How long a leader that hands over waits for ticks that run."""

REHEARSAL_EVERY_S = 2.0
"""From one site's rehearsal to the next one's: they share the rates of one account with the calls of real moves."""

ANSWER_S = 5.0
"""A question is answered after so long, though a site hangs."""

STRANGER_S = 120.0
"""A request for a site that no list names is dropped after this time."""


@dataclass(frozen=True, kw_only=True)
class SitePorts:
    """What is one site's own."""

    cloud: Cloud
    """For calls; its reads are not used."""
    public: PublicPath
    store: RecordStore
    reporter: Reporter


@dataclass(frozen=True, kw_only=True)
class FleetPorts:
    """The world, as a fleet needs it."""

    clock: Clock
    sites: Sites
    store: RecordStore
    """Lease and inbox of the shard."""
    probers: SharedProbers
    cloud: SharedCloud
    reporter: Reporter
    """For the fleet as a whole."""
    of: Callable[[Settings], SitePorts]
    turn: Turn = field(default_factory=Turn)
    """Shared with whoever renews the lease: one writes at its item at a time."""


@dataclass(frozen=True, kw_only=True)
class Pools:
    """Threads: each bounds what may go on at once."""

    eyes: Executor
    """Looks, reads and the list."""
    ticks: Executor
    """One tick each."""
    calls: Executor
    """Calls of moves, notices, the public path and the inbox."""


@dataclass
class Pace:
    """How the ticks of a fleet kept their time."""

    ticks: int = 0
    late: int = 0
    latest_s: float = 0.0
    died: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, late_s: float) -> None:
        """One tick; `late_s` without the time that the world took to answer."""
        with self.lock:
            self.ticks += 1
            self.late += late_s > LATE_S
            self.latest_s = max(self.latest_s, late_s)


class Fleet:
    """The watchdog's work on the sites of one shard while it leads; see `leadership.Led`. Called by one thread."""

    def __init__(self, ports: FleetPorts, pools: Pools) -> None:
        """Nothing is asked or written until the first tick."""
        self._ports = ports
        self._pools = pools
        self._members: dict[str, Member] = {}
        self._faults: dict[str, str] = {}
        self._gathered = Gathered()
        self._observation = Observation(ports.probers, ports.cloud, ports.clock, pools.eyes, self._on_seen)
        self._listing: Future[Sequence[Listed]] | None = None
        self._listing_s = float("-inf")
        self._listed_s: float | None = None
        self._list_failed = ""
        self._told_s: float | None = None
        self._wished_s: float | None = None
        self._question, self._question_s = "", 0.0
        self._strangers: dict[str, float] = {}
        self._rehearsed_s = float("-inf")
        self._tick_s = 0.0
        self.pace = Pace()

    # The surface that a leader needs

    @property
    def members(self) -> Sequence[Member]:
        """The sites that are looked after."""
        return tuple(self._members.values())

    @property
    def in_motion(self) -> bool:
        """A move of some site has begun and not ended."""
        return any(member.cycle.in_motion for member in self._members.values())

    @property
    def may_let_go(self) -> bool:
        """No site is in motion, or the one that wishes has waited long enough: a move goes on from its record (2.9)."""
        waited = self._wished_s is not None and self._ports.clock.monotonic_s() - self._wished_s >= HAND_OVER_AFTER_S
        return waited or not self.in_motion

    @property
    def interval_s(self) -> float:
        """From the start of the last tick until something is due, or may have happened."""
        resting = [member.due_s for member in self._members.values() if member.round is None]
        if len(resting) < len(self._members) or self._listing:
            return SLOT_S
        return max(0.0, min(min(resting, default=math.inf) - self._tick_s, IDLE_S))

    def has_news(self, lease: Lease) -> bool:
        """Whether somebody asks for something that a site at rest does not know."""
        return any(self._newly_asked(lease))

    def may_answer(self, question: str) -> bool:
        """Whether the list was read and every site ticked since the question was first seen; or it has waited too long."""
        now_s = self._ports.clock.monotonic_s()
        if question != self._question:
            self._question, self._question_s = question, now_s
            self._listing_s = float("-inf")
            for member in self._members.values():
                member.due_s = min(member.due_s, now_s)
            return False
        listed = self._listed_s is not None and self._listed_s >= self._question_s
        ticked = listed and all(member.ticked_s >= self._question_s for member in self._members.values())
        return ticked or now_s - self._question_s >= ANSWER_S

    def tick(self, lease: Lease) -> str:
        """Begin whatever is due. What was begun goes on beside, and the next call takes up what has ended."""
        clock = self._ports.clock
        self._tick_s = now_s = clock.monotonic_s()
        self._wished_s = (self._wished_s or now_s) if lease.wish else None
        self._observation.give_up_overdue()
        self._keep_list(now_s)
        self._settle_changes(now_s)
        if lease.wish and self.may_let_go:
            return self._rest()
        for member in self._newly_asked(lease):
            member.due_s = now_s
        due = self._due(now_s)
        if due:
            self._observation.begin(due, self._members.values(), lambda member: _own(lease, member.site))
        self._observation.announcements(self.members)
        self._let_rehearse(now_s)
        self._drop_strangers(lease, now_s)
        self._report(now_s)
        return f"{len(due)} of {len(self._members)} sites"

    def close(self) -> None:
        """Report what was not reported yet, and let go of everything in flight."""
        for member in self._members.values():
            member.cycle.close()
        self._report(self._ports.clock.monotonic_s(), at_once=True)
        for pool in (self._pools.eyes, self._pools.ticks, self._pools.calls):
            pool.shutdown(wait=False, cancel_futures=True)

    def _due(self, now_s: float) -> list[Member]:
        """Who begins a round now."""
        rounds = [member.round for member in self._members.values()]
        going_on = sum(each is not None and now_s - each.began_s < HANGS_S for each in rounds)
        due = [member for member in self._members.values() if member.round is None and member.due_s <= now_s]
        if len(due) > ROUNDS_MAX - going_on:
            due = sorted(due, key=lambda member: member.due_s)[: max(0, ROUNDS_MAX - going_on)]
        return due

    # Ticks

    def _on_seen(self, seen: SiteRound) -> None:
        """A round has what it can get; any thread."""
        try:
            self._pools.ticks.submit(self._run, seen)
        except RuntimeError:  # closed: whoever leads next begins from the record
            seen.member.round = None

    def _run(self, seen: SiteRound) -> None:
        member, clock = seen.member, self._ports.clock
        now_s = clock.monotonic_s()
        self.pace.count((seen.began_s - seen.due_s) + (now_s - seen.seen_s))
        if now_s > seen.deadline_s + ROUND_MARGIN_S:
            member.view.begin()  # it waited for its turn longer than a round may take: what was seen is old (RULE 3.1)
        try:
            member.cycle.tick(seen.lease)
            member.fault = ""
        except Exception as exc:  # noqa: BLE001 - whatever it is, it is this site's (RULE 2.8)
            self._on_death(member, f"{type(exc).__name__}: {exc}")
        finally:
            member.ticked_s = seen.began_s
            member.due_s = next_due_s(member.settings, member.cycle.interval_s, seen.began_s, clock.monotonic_s())
            member.round = None

    def _on_death(self, member: Member, fault: str) -> None:
        member.cycle.reload()
        with self.pace.lock:
            self.pace.died += 1
        if member.fault != fault:
            member.fault = fault
            self._tell("poisoned", member.site, f"its tick died: {fault}")

    def _rest(self) -> str:
        """Begin nothing more, and let what runs come to its end, for a while (RULE 2.3)."""
        clock = self._ports.clock
        until_s = clock.monotonic_s() + REST_S
        while any(member.round for member in self._members.values()) and clock.monotonic_s() < until_s:
            clock.sleep(SLOT_S / 5)
            self._observation.give_up_overdue()
        return "handing over"

    def _let_rehearse(self, now_s: float) -> None:
        """One site after another, and in the next leadership not from the first one again: the wall clock says who."""
        if not self._members or now_s - self._rehearsed_s < REHEARSAL_EVERY_S:
            return
        self._rehearsed_s = now_s
        members = self.members
        members[int(self._ports.clock.now_s() // REHEARSAL_EVERY_S) % len(members)].cycle.let_rehearse()

    # The inbox

    def _newly_asked(self, lease: Lease) -> list[Member]:
        asked = {request.site for request in lease.inbox}
        members = [self._members[site] for site in asked if site in self._members]
        return [each for each in members if each.round is None and each.cycle.has_news(_own(lease, each.site))]

    def _drop_strangers(self, lease: Lease, now_s: float) -> None:
        """Requests for a site that no list names have nobody to answer them; one that is only new will be listed soon."""
        known = self._members.keys() | self._faults.keys()
        strange = {request.id: request.site for request in lease.inbox if request.site not in known}
        self._strangers = {name: self._strangers.get(name, now_s) for name in strange}
        old = frozenset(name for name, since_s in self._strangers.items() if now_s - since_s >= STRANGER_S)
        if not old:
            return
        for name in old:
            self._strangers[name] = now_s
            self._tell("dropped", strange[name], f"request {name} is for a site that is not on the list of this shard")
        self._pools.calls.submit(self._ports.store.drop_requests, old)

    # The list

    def _keep_list(self, now_s: float) -> None:
        if self._listing is None and now_s - self._listing_s >= LIST_EVERY_S:
            self._listing_s = now_s
            self._listing = self._pools.eyes.submit(self._ports.sites.list)
        if self._listing is None:
            return
        if self._listed_s is None:
            wait([self._listing], timeout=FIRST_LIST_S)
        if self._listing.done():
            listing, self._listing = self._listing, None
            self._take_list(listing, now_s)

    def _take_list(self, listing: Future[Sequence[Listed]], now_s: float) -> None:
        try:
            entries = listing.result()
        except Exception as exc:  # noqa: BLE001 - nobody is taken for gone (RULE 2.10)
            self._list_failed = f"{type(exc).__name__}: {exc}"
            self._tell("list", "", self._list_failed)
            self._listing_s = now_s - LIST_EVERY_S + (FIRST_LIST_S if self._listed_s is None else LIST_EVERY_S)
            return
        self._list_failed = ""
        self._listed_s = self._listing_s
        for entry in entries:
            self._take_entry(entry, now_s)
        listed = {entry.site for entry in entries}
        self._faults = {site: fault for site, fault in self._faults.items() if site in listed}
        for site, member in self._members.items():
            member.leaving = site not in listed

    def _take_entry(self, entry: Listed, now_s: float) -> None:
        member, settings = self._members.get(entry.site), entry.settings
        if settings is None:
            self._on_unreadable(entry.site, entry.fault)
        elif member is not None:
            member.changed = settings if settings != member.settings else None
            self._faults.pop(entry.site, None)
        else:
            self._join(settings, now_s)

    def _join(self, settings: Settings, now_s: float) -> None:
        try:
            member = self._made(settings)
        except Exception as exc:  # noqa: BLE001 - settings may name what this bundle does not have (RULE 2.8)
            self._on_unreadable(settings.site, f"{type(exc).__name__}: {exc}")
            return
        member.due_s = _slot(now_s + phase_of(settings.site) * settings.probe_interval_s)
        self._members[settings.site] = member
        self._faults.pop(settings.site, None)
        self._ports.reporter.event("joined", {"site": settings.site})

    def _made(self, settings: Settings) -> Member:
        clock = self._ports.clock
        own = self._ports.of(settings)
        view = SiteView(settings, own.cloud, clock)
        ports = Ports(
            clock=clock,
            probers=view,
            public=own.public,
            cloud=view,
            store=InTurn(own.store, self._ports.turn),
            reporter=OfOneSite(settings.site, own.reporter, self._gathered, clock),
        )
        # a shared read is shown as soon as it is there, and once; so the cycle asks in every round
        every_round = replace(settings, cloud_read_interval_s=0.0)
        cycle = Cycle(every_round, ports, pool=self._pools.calls, eyes=AtOnce(), rehearses=False)
        return Member(settings=settings, view=view, cycle=cycle, due_s=clock.monotonic_s())

    def _on_unreadable(self, site: str, fault: str) -> None:
        """A site that was readable goes on as it was; one that never was has no watchdog, and people can read so."""
        if self._faults.get(site) != fault:
            self._faults[site] = fault
            going_on = "; it goes on with the settings it had" if site in self._members else ""
            self._tell("poisoned", site, f"its settings cannot be used: {fault}{going_on}")

    def _settle_changes(self, now_s: float) -> None:
        """Whoever left is let go, and changed settings begin a fresh cycle: between two ticks, and in no move."""
        for member in [each for each in self._members.values() if each.leaving or each.changed]:
            if member.round is not None or member.cycle.in_motion:
                continue
            member.cycle.close()
            del self._members[member.site]
            if member.leaving:
                self._gathered.leave(member.site)
                self._ports.reporter.event("left", {"site": member.site})
            elif member.changed:
                self._join(member.changed, now_s)
                if member.site not in self._members:  # it cannot be used: as it was
                    self._members[member.site] = member
                    member.changed = None

    # Reports

    def _tell(self, name: str, site: str, fault: str) -> None:
        self._ports.reporter.event(name, {"site": site, "fault": fault, "failed": True})

    def _report(self, now_s: float, *, at_once: bool = False) -> None:
        """The fleet's figures, once a minute and at the end."""
        if self._told_s is None:
            self._told_s = now_s
        if not at_once and now_s - self._told_s < PERIOD_S:
            return
        self._told_s = now_s
        failed = len(self._faults) + bool(self._list_failed) + self.pace.died
        figures = self._gathered.take(len(self._members), failed=failed, at=now_s)
        pace, self.pace = self.pace, Pace()
        told = {"sites": len(self._members), "ticks": pace.ticks, "late": pace.late, "latest_s": round(pace.latest_s, 3)}
        self._ports.reporter.event("pace", {**told, "died": pace.died, "unreadable": sorted(self._faults)[:8]})
        self._ports.reporter.vitals(figures)


class AtOnce(Executor):
    """Runs what is submitted in the caller's thread: for questions whose answers are there already."""

    def submit(self, fn: Callable[..., T], /, *args: object, **kwargs: object) -> "Known[T]":  # type: ignore[override]
        """See `Executor`."""
        try:
            return Known(fn(*args, **kwargs), None)
        except Exception as exc:  # noqa: BLE001 - that is what an executor does
            return Known(None, exc)


class Known(Future[T]):
    """A future that was never open. Nobody can wait for it, so it needs none of a future's locks.

    There are five to each tick of each site; to make and to ask them as others are is a sixth of what a tick computes.
    """

    def __init__(self, value: T | None, exc: Exception | None) -> None:
        """With an answer, or with what the question ended with."""
        self._value, self._exc = value, exc

    def done(self) -> bool:
        """It is."""
        return True

    def result(self, timeout: float | None = None) -> T:  # noqa: ARG002 (the shape of a future)
        """The answer."""
        if self._exc is not None:
            raise self._exc
        return cast("T", self._value)

    def exception(self, timeout: float | None = None) -> BaseException | None:  # noqa: ARG002 (the shape of a future)
        """What it ended with."""
        return self._exc


def next_due_s(settings: Settings, interval_s: float, began_s: float, now_s: float) -> float:
    """When the tick after the one that began at `began_s` is due.

    At rest at the next moment of the site's own phase, which is never less than half an interval away; in doubt one burst
    interval later. A tick that took longer than that is followed at once.
    """
    if interval_s < settings.probe_interval_s:
        return _slot(max(began_s + interval_s, now_s))
    offset_s = phase_of(settings.site) * interval_s
    past = math.floor((began_s - offset_s) / interval_s + 0.5)
    return max(_slot(offset_s + (past + 1) * interval_s), _slot(now_s))


def _slot(at_s: float) -> float:
    return round(at_s / SLOT_S) * SLOT_S


def _own(lease: Lease, site: str) -> Lease:
    """The lease with those requests only that are for this site."""
    if not lease.inbox:
        return lease
    return replace(lease, inbox=tuple(request for request in lease.inbox if request.site == site))
