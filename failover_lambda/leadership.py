"""The lease, and the loop of the one that holds it: take it, keep it, hand it over. No cloud, no rule.

RULE.md section 2. Nobody compares clocks: a lease is over when its beat did not change for its time to live on the
watcher's own monotonic clock. Safety does not rest on it (the record's compare-and-swap carries the lease's token); it saves
duels. May import `contract`, `model`, `errors`, `ports` and `cycle`.
"""

import contextlib
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Protocol

from failover_lambda.cycle import Cycle
from failover_lambda.errors import ConflictError, StoreUnavailableError
from failover_lambda.model import Lease, Phase
from failover_lambda.ports import Clock, RecordStore, Reporter

POLL_S = 0.1
"""How often a successor looks whether the lease is free."""

STANDBY_POLL_S = 0.5
"""The same for a standby arbiter: it looks all its life, and every look is paid for."""

MARGIN_S = 1.0
"""A leader stops acting this long before its lease could be taken."""

MET_A_LEADER = "the arbiter that leads answered; the next one brings the settings of this deployment, within two minutes"

LEFT_TO_THE_LEADER = "an arbiter leads, or is about to"

NOT_OURS = "the lease stayed with another arbiter"

NOT_HELD = "the lease is another's, or could be"

TO_THE_NEXT_FIRING = "the next firing goes on"

RENEWAL_WAIT_S = 0.25
"""How long a round waits for the answer of a renewal."""

HAND_OVER_S = 2.0
"""How long a leader that released on a wish waits for its successor before it takes the lease back."""


class Led(Protocol):
    """What a leader does while it leads: the work on one site (`cycle.Cycle`), or on many (`fleet.Fleet`)."""

    @property
    def in_motion(self) -> bool:
        """A move has begun and not ended."""
        ...

    @property
    def may_let_go(self) -> bool:
        """Whether the lease may go to the one that wishes for it."""
        ...

    @property
    def interval_s(self) -> float:
        """From the start of the last tick to the start of the next."""
        ...

    def tick(self, lease: Lease) -> str:
        """Do what is due; never raises for what the world does."""
        ...

    def may_answer(self, question: str) -> bool:
        """Whether what was done since the question was first seen is what it asked for."""
        ...

    def has_news(self, lease: Lease) -> bool:
        """Whether a tick is due for something that somebody asks for."""
        ...


class Fired(Led, Protocol):
    """The same where a timer starts it again and again, and it stays in between: see `fire`."""

    @property
    def in_doubt(self) -> bool:
        """Something is in doubt or in motion: the next tick should not wait for the timer."""
        ...

    def reload(self) -> None:
        """Read at the next tick what others may have written since the last one."""
        ...


class Terms(Protocol):
    """How a lease is held; `contract.Settings` and `sites.FleetSettings` say so."""

    @property
    def lease_ttl_s(self) -> float:
        """After so long without a beat it may be taken."""
        ...

    @property
    def lease_renew_s(self) -> float:
        """From one beat to the next."""
        ...


class Leadership:
    """One arbiter's hold on the lease of its shard."""

    def __init__(self, owner: str, settings: Terms, store: RecordStore, clock: Clock, pool: Executor | None = None) -> None:
        """`owner` is unique per start of an arbiter; `pool` runs renewals, None = a thread of its own."""
        self.owner = owner
        self._settings = settings
        self._store = store
        self._clock = clock
        self._lease: Lease | None = None
        self._renewed_at = 0.0
        self._renewal: Future[Lease] | None = None
        self._renewal_at = 0.0
        self._trouble = ""
        self._looked: Lease | None = None
        self._looked_at = 0.0
        self._pool = pool or ThreadPoolExecutor(max_workers=1, thread_name_prefix="lease")

    @property
    def lease(self) -> Lease | None:
        """The lease as last seen by its holder; None when it is not ours."""
        return self._lease

    @property
    def why_not(self) -> str:
        """Why the lease was not had; with the store's own words when it was the store."""
        return f"the lease could not be had{self._trouble}" if self._trouble else NOT_OURS

    def acquire(self, wait_s: float, *, wish: bool = True, poll_s: float = POLL_S) -> Lease | None:
        """Take the lease when it is free, released or over; None when that did not happen within `wait_s`.

        With `wish` the leader is asked to hand over; without, it is only watched, every `poll_s`.
        """
        give_up_s = self._clock.monotonic_s() + wait_s
        seen, seen_at, wished = None, self._clock.monotonic_s(), False
        while True:
            try:
                asked_at = self._clock.monotonic_s()
                now = self._store.read_lease()
                if now and now.owner == self.owner:  # an earlier take of ours, whose answer was lost
                    return self._hold(self._store.renew_lease(now), asked_at)  # others count from its last beat
                if now is None or not now.owner or self._is_over(now, seen, seen_at):
                    return self._hold(self._store.take_lease(self.owner, now), asked_at)
                if seen is None or (now.beat, now.token) != (seen.beat, seen.token):
                    seen, seen_at = now, self._clock.monotonic_s()
                if wish and not wished:
                    self._store.wish_lease(self.owner)
                    wished = True
                self._trouble = ""
            except ConflictError:
                pass  # somebody was quicker: look again
            except StoreUnavailableError as exc:
                self._trouble = f": {exc}"
            if self._clock.monotonic_s() >= give_up_s:
                return None
            self._clock.sleep(poll_s)

    def acquire_if_nobody_leads(self, wait_s: float | None = None) -> Lease | None:
        """Take the lease if no arbiter beats, and disturb none that does: no wish, no race with a successor that waits.

        None as soon as a beat is seen, or somebody else is quicker; at the latest when `wait_s` (twice the lease time) has
        passed without an answer from the store.
        """
        give_up_s = self._clock.monotonic_s() + (2 * self._settings.lease_ttl_s if wait_s is None else wait_s)
        seen, seen_at = None, 0.0
        while self._clock.monotonic_s() < give_up_s:
            asked_at = self._clock.monotonic_s()
            try:
                now = self._store.read_lease()
                if now and now.owner == self.owner:  # an earlier take of ours, whose answer was lost
                    return self._hold(self._store.renew_lease(now), asked_at)  # others count from its last beat
                if now is None or not (now.owner or now.wish) or self._is_over(now, seen, seen_at):
                    return self._hold(self._store.take_lease(self.owner, now), asked_at)
                if seen and (now.beat, now.token) != (seen.beat, seen.token):
                    return None
                if seen is None:
                    seen, seen_at = now, self._clock.monotonic_s()
            except ConflictError:
                return None
            except StoreUnavailableError:
                pass
            self._clock.sleep(POLL_S)
        return None

    def acquire_at_a_look(self) -> Lease | None:
        """Look once, and take the lease if it is free, released or over; disturb nobody. None when it was not had.

        For whoever is started again and again and keeps this object in between: a beat that stays the same from one look to
        a later one is over when its time has passed between the two.
        """
        asked_at = self._clock.monotonic_s()
        self._trouble = ""
        try:
            now = self._store.read_lease()
            if now and now.owner == self.owner:  # an earlier take of ours, whose answer was lost
                return self._hold(self._store.renew_lease(now), asked_at)  # others count from its last beat
            if now is None or not (now.owner or now.wish) or self._is_over(now, self._looked, self._looked_at):
                return self._hold(self._store.take_lease(self.owner, now), asked_at)
            if self._looked is None or (now.beat, now.token) != (self._looked.beat, self._looked.token):
                self._looked, self._looked_at = now, self._clock.monotonic_s()
        except ConflictError:
            pass  # somebody was quicker
        except StoreUnavailableError as exc:
            self._trouble = f": {exc}"
        return None

    def _is_over(self, now: Lease, seen: Lease | None, seen_at: float) -> bool:
        same = seen is not None and (now.beat, now.token) == (seen.beat, seen.token)
        return same and self._clock.monotonic_s() - seen_at >= self._settings.lease_ttl_s

    def _hold(self, lease: Lease, asked_at: float) -> Lease:
        """Dated from before it was asked for: others may have seen it beat as early as that."""
        self._lease, self._renewed_at, self._renewal = lease, asked_at, None
        return lease

    def keep(self, answered: str = "") -> Lease | None:
        """Renew when it is due, or at once with `answered`; None when the lease is ours no more, or could be another's.

        A renewal that hangs delays nobody: it goes on beside the rounds, and its answer is taken when it is there.
        """
        if self._lease is None:
            return None
        now = self._clock.monotonic_s()
        if self._renewal is None and (answered or now - self._renewed_at >= self._settings.lease_renew_s):
            self._renewal = self._pool.submit(self._store.renew_lease, self._lease, answered)
            self._renewal_at = now
        if self._renewal:
            wait([self._renewal], timeout=RENEWAL_WAIT_S)
            self._take_renewal()
        return self._lease if self._is_live() else None

    def _take_renewal(self) -> None:
        renewal = self._renewal
        if renewal is None or not renewal.done():
            return
        self._renewal = None
        try:
            self._lease = renewal.result()
            self._renewed_at = self._renewal_at
        except ConflictError:
            self._lease = None
        except StoreUnavailableError:
            pass  # it runs on until its margin

    def _is_live(self) -> bool:
        held_s = self._clock.monotonic_s() - self._renewed_at
        return self._lease is not None and held_s < self._settings.lease_ttl_s - MARGIN_S

    def release(self) -> None:
        """Let go, if it is still ours."""
        lease, self._lease, self._renewal = self._lease, None, None
        if lease is None:
            return
        with contextlib.suppress(ConflictError, StoreUnavailableError):  # taken already, or it will run out
            self._store.release_lease(lease)

    def look(self) -> Lease | None:
        """The lease as it is stored now, whoever has it. StoreUnavailableError when there is no answer."""
        return self._store.read_lease()

    def ask(self, question: str) -> None:
        """Put a question to the arbiter that leads. StoreUnavailableError when there is no answer."""
        self._store.ask_leader(question)

    def hand_over(self) -> Lease | None:
        """Release to the one that wished; None when it has it, the lease again when nobody took it."""
        self.release()
        until_s = self._clock.monotonic_s() + HAND_OVER_S
        while self._clock.monotonic_s() < until_s:
            try:
                now = self._store.read_lease()
            except StoreUnavailableError:
                return None
            if now and now.owner:
                return None
            self._clock.sleep(POLL_S)
        return self.acquire(POLL_S, wish=False)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a tick of an arbiter answers to whoever started it."""

    settled: bool
    """The address is where the record says, or everything is switched off."""
    phase: str
    holder: str
    epoch: int
    reason: str
    arbiter: str
    """Who led: the arbiter that was asked, or the one that was met."""


def lead(work: Led, leadership: Leadership, clock: Clock, reporter: Reporter, *, life_s: float) -> str:
    """Tick until a successor holds the lease, or for `life_s`. Returns why it ended."""
    end_s = clock.monotonic_s() + life_s
    if leadership.acquire(life_s) is None:
        return leadership.why_not
    return _lead_until(end_s, work, leadership, clock, reporter)


def stand_by(work: Led, leadership: Leadership, clock: Clock, reporter: Reporter, *, life_s: float) -> str:
    """As `lead`, but without a wish: wait until the leader's life is over, or it is dead (RULE 2.7).

    start 0 s    |-- leads ----------------------------| 125 s
    start 60 s             |-- waits ------------------|-- leads ----------| 185 s
    start 120 s                          |-- waits ------------------------|-- leads ...
    """
    end_s = clock.monotonic_s() + life_s
    reporter.event("standing-by", {"owner": leadership.owner})
    if leadership.acquire(life_s, wish=False, poll_s=STANDBY_POLL_S) is None:
        return leadership.why_not
    return _lead_until(end_s, work, leadership, clock, reporter)


def lead_if_nobody_does(work: Led, leadership: Leadership, clock: Clock, reporter: Reporter, *, life_s: float) -> str:
    """As `lead`, where no arbiter leads; else end at once. Whoever leads sees by itself what this start was about."""
    end_s = clock.monotonic_s() + life_s
    if leadership.acquire_if_nobody_leads() is None:
        return LEFT_TO_THE_LEADER
    return _lead_until(end_s, work, leadership, clock, reporter)


def fire(work: Fired, leadership: Leadership, clock: Clock, reporter: Reporter, *, cadence_s: float, burst_s: float) -> str:
    """One firing of a timer that fires every `cadence_s`: lead, or end at once where another arbiter leads (RULE 2.13).

    Tick as often as fits before the next firing. While the site is in doubt or in motion go on instead, for `burst_s` at
    most; the next firing goes on from there. The lease is kept in between. Returns why it ended.

    timer       0 s       5 s       10 s      15 s      20 s
    firing      |tick     |tick     |tick tick tick ... |    a holder that fails is seen at 10 s
    """
    started_s = clock.monotonic_s()
    lease = leadership.keep()
    if lease is None:
        lease = leadership.acquire_at_a_look()
        if lease is None:
            return leadership.why_not
        work.reload()
        reporter.event("leading", {"owner": leadership.owner})
    while lease:
        ticked_s = clock.monotonic_s()
        work.tick(lease)
        lease = _answer_question(work, leadership, lease)
        if lease and lease.wish and work.may_let_go and leadership.hand_over() is None:
            return f"handed over to {lease.wish}"
        due_s = ticked_s + work.interval_s
        if due_s >= started_s + (burst_s if work.in_doubt else cadence_s):
            return TO_THE_NEXT_FIRING
        _sleep_until(due_s, work, leadership, clock)
        lease = leadership.keep() or _to_finish_with(work, leadership)
    return NOT_HELD


def _lead_until(end_s: float, work: Led, leadership: Leadership, clock: Clock, reporter: Reporter) -> str:
    reporter.event("leading", {"owner": leadership.owner})
    while clock.monotonic_s() < end_s:
        started_s = clock.monotonic_s()
        lease = leadership.keep() or _to_finish_with(work, leadership)
        if lease is None:
            if leadership.acquire_if_nobody_leads(end_s - started_s) is None:
                return NOT_HELD
            reporter.event("leading-again", {"owner": leadership.owner})
            continue
        work.tick(lease)
        lease = _answer_question(work, leadership, lease)
        if lease and lease.wish and work.may_let_go and leadership.hand_over() is None:
            return f"handed over to {lease.wish}"
        _sleep_until(started_s + work.interval_s, work, leadership, clock)
    leadership.release()
    return "its life is over"


def _to_finish_with(work: Led, leadership: Leadership) -> Lease | None:
    """The store does not answer, in the middle of a move: go on with the lease that we had, unless it was taken.

    Nothing but second calls can leave then, because no decision can be stored (RULE 5.6).
    """
    return leadership.lease if work.in_motion else None


def _answer_question(work: Led, leadership: Leadership, lease: Lease) -> Lease | None:
    if lease.asked and lease.asked != lease.answered and work.may_answer(lease.asked):
        return leadership.keep(answered=lease.asked)
    return leadership.lease


def _sleep_until(due_s: float, work: Led, leadership: Leadership, clock: Clock) -> None:
    """Sleep to the next tick; renewals do not depend on the cadence.

    A wish wakes a leader that may hand over, and a request wakes it at once.
    """
    while (left_s := due_s - clock.monotonic_s()) > 0:
        clock.sleep(min(left_s, POLL_S * 5))
        lease = leadership.keep()
        if lease is None or (lease.wish and work.may_let_go) or work.has_news(lease):
            return


def once(cycle: Cycle, leadership: Leadership, clock: Clock, *, wait_s: float) -> Outcome:
    """Tick until the site is settled, or ask the arbiter that leads.

    Raises:
        TimeoutError: neither happened within `wait_s`; says what was the last reason.
    """
    end_s = clock.monotonic_s() + wait_s
    reason = NOT_OURS
    question = f"ask-{leadership.owner}"
    asked = False
    while clock.monotonic_s() < end_s:
        lease = leadership.keep() or leadership.acquire(POLL_S, wish=False)
        if lease is None:
            reason = leadership.why_not
            met = _met_leader(cycle, leadership, question, asked=asked)
            asked = True
            if met:
                return met
            clock.sleep(POLL_S)
            continue
        reason = cycle.tick(lease)
        if _is_settled(cycle) or cycle.is_idle:
            leadership.release()
            return _outcome(cycle, leadership.owner, reason)
        clock.sleep(cycle.interval_s)
    leadership.release()
    raise TimeoutError(f"the site did not settle within {wait_s:g} s: {reason}")


def _met_leader(cycle: Cycle, leadership: Leadership, question: str, *, asked: bool) -> Outcome | None:
    """Hand the question to the leader once, then watch for its answer."""
    try:
        if not asked:
            leadership.ask(question)
        now = leadership.look()
        if now is None or now.answered != question:
            return None
        cycle.reload()
        cycle.load()
    except StoreUnavailableError:
        return None
    return _outcome(cycle, now.owner, MET_A_LEADER)


def _is_settled(cycle: Cycle) -> bool:
    record = cycle.record
    settled = (Phase.STEADY, Phase.DISABLED, Phase.PAUSED, Phase.MANUAL, Phase.BOTH_DOWN)
    return record is not None and record.phase in settled and record.drift is None


def _outcome(cycle: Cycle, arbiter: str, reason: str) -> Outcome:
    record = cycle.record
    return Outcome(
        settled=cycle.is_idle or (record is not None and record.phase in (Phase.STEADY, Phase.DISABLED)),
        phase=record.phase.value if record else "none",
        holder=record.holder if record else "",
        epoch=record.epoch if record else 0,
        reason=reason,
        arbiter=arbiter,
    )
