"""Whether a move was right: its evidence, its target, its budget, and whether the old holder served after all.

False failover: a stored failover away from a worker that could serve its clients through the address in every round that
counted against it, though at least one honest witness was there: in one of these rounds the public port led to it, or the
way from some prober to it was open and only ordinary chance lost the answer, or in the last one a prober was answered well.
The goal is none. Hidden failover: the same, but no public port led to it (there was none, or a hand had moved the address
away) and no prober had a way to it, or had one and loses questions by a fault of its own; the watchdog cannot know better
(RULE 3.3), so they are counted apart.
"""

from collections.abc import Callable
from dataclasses import replace

from failover_lambda.contract import Settings
from failover_lambda.model import Answer, Do, Kind, Phase, Record
from prove.simulation.events import Fault, Sent, Serving, say
from prove.simulation.evidence import Rounds, weigh

HOUR_S, DAY_S = 3600.0, 86400.0
LATE_CALL_S = 900.0
"""After so long an unanswered call is taken to land no more (hole 2)."""

CLOCKS_AGREE_S = 2.0
"""Wall clocks of two arbiters differ by no more than this, unless one was set."""

CLOCK_SET_S = 45.0
"""And by no more than this for some time after one was set, by the fault of that name."""

CLOCK_SET_FOR_S = 400.0
LOADED_S = 150.0
"""A record that is lost under a leader is found out by the next write, or by the next leader."""

Broken = Callable[[str, str], None]


class Judge:
    """Judges every new epoch of one site."""

    def __init__(self, settings: Settings, rounds: Rounds, broken: Broken) -> None:
        self._settings = settings
        self._rounds = rounds
        self._broken = broken
        self._cannot_serve_until_s: dict[str, float] = {}
        """Worker to the end of the last time when it could not serve; infinite = it still cannot."""
        self._clock_set_s = -CLOCK_SET_FOR_S
        self._moves_s: list[float] = []
        self._lost_s = -2 * LATE_CALL_S
        self._asked: list[Sent] = []
        self.failovers = 0
        self.false: list[str] = []
        self.hidden: list[str] = []

    def serving(self, event: Serving) -> None:
        """A worker can serve, or cannot any more."""
        self._cannot_serve_until_s[event.worker] = event.time_s if event.serving else float("inf")

    def fault(self, event: Fault) -> None:
        """A fault begins or ends."""
        if event.name == "clock set":
            self._clock_set_s = event.time_s

    def lost(self, now_s: float) -> None:
        """The record was lost: its moves are forgotten, and nothing moves by itself for a while (RULE 1.13)."""
        self._lost_s = now_s
        self.fresh_budget()

    def is_quiet(self, now_s: float) -> bool:
        """It still is that while, or may be by some clock."""
        return now_s - self._lost_s < LATE_CALL_S + CLOCK_SET_S + LOADED_S

    def fresh_budget(self) -> None:
        """The watchdog was switched on again (RULE 1.8)."""
        self._moves_s.clear()

    def new_epoch(self, owner: str, old: Record, new: Record, now_s: float) -> None:
        """A new epoch was stored."""
        if old.phase in (Phase.DISABLED, Phase.MANUAL) and not new.moves:
            self.fresh_budget()
        intent = new.intent
        if intent is None:
            return
        asked = next((each.verb for each in new.requests if each.epoch == new.epoch), None)
        if intent.kind in (Kind.SWITCHOVER, Kind.FAILBACK):
            self._check_planned(new, now_s, asked=asked is not None)
        elif asked is None:
            self._check_automatic(owner, old, new, now_s)
        if intent.kind is not Kind.ADOPT:
            self._check_target(owner, old, new, intent.source, asked_for=asked is not None)

    def _check_automatic(self, owner: str, old: Record, new: Record, now_s: float) -> None:
        intent = new.intent
        if intent is None:
            return
        if intent.kind in (Kind.FAILOVER, Kind.RECONCILE):
            if old.phase is Phase.PAUSED:
                self._broken("no automatic move in a pause (9.6)", f"epoch {new.epoch}: {new.reason}")
            if old.manual and new.manual:
                self._broken("no automatic move in manual (S6, 4)", f"epoch {new.epoch} although: {old.manual}")
            on_nobody = not intent.expected_id
            decided_s = self._decided_s(owner, now_s)
            self._check_budget(old, decided_s, on_nobody=on_nobody)
            self._check_quiet(now_s, on_nobody=on_nobody, why=new.reason)
            self._moves_s.append(decided_s)
        if intent.kind is Kind.FAILOVER:
            self.failovers += 1
            self._check_verdict(owner, intent.source, new, now_s)

    def _decided_s(self, owner: str, now_s: float) -> float:
        """When a move was decided that is stored now: in its arbiter's newest round. A slow store answers seconds later."""
        seen = self._rounds.newest(owner)
        return seen.time_s if seen else now_s

    def _check_quiet(self, now_s: float, *, on_nobody: bool, why: str) -> None:
        since_s = now_s - self._lost_s
        if since_s < LATE_CALL_S - CLOCK_SET_S and not on_nobody:
            self._broken("no move by itself after a loss (1.13)", f"{since_s:.0f} s after the record was lost: {why}")

    def _check_budget(self, old: Record, now_s: float, *, on_nobody: bool) -> None:
        settings = self._settings
        apart_s = CLOCK_SET_S if now_s - self._clock_set_s < CLOCK_SET_FOR_S else CLOCKS_AGREE_S
        ages = [now_s - moved_s for moved_s in self._moves_s]
        in_incident = old.intent is not None
        if ages and not (on_nobody or in_incident) and min(ages) < settings.hold_s - apart_s:
            self._broken("a hold lies between two moves (5.12)", f"the last one was {min(ages):.1f} s ago")
        for most, span_s, name in (
            (settings.moves_per_hour_max, HOUR_S, "an hour"),
            (settings.moves_per_day_max, DAY_S, "a day"),
        ):
            made = sum(age < span_s - apart_s for age in ages)
            if made >= most and not in_incident:
                self._broken("no more moves than the budget (5.12)", f"{made} in {name} already, at most {most}")

    def _check_verdict(self, owner: str, source: str, new: Record, now_s: float) -> None:
        weighed = weigh(self._rounds, owner, source, self._settings.worker(source).zone)
        if not weighed.enough:
            self._broken(
                "no failover without enough evidence (3.3 to 3.7)",
                f"away from {source} after {weighed.rounds} rounds of two vantages, {weighed.alone} of one, "
                f"{weighed.gone} reads of a machine that is off",
            )
        served = self._cannot_serve_until_s.get(source, 0.0) < min(weighed.since_s, now_s)
        if not served:
            return
        story = f"epoch {new.epoch} at {now_s:.3f}: {source} could serve since {weighed.since_s:.3f}"
        if weighed.had_a_way:
            self.false.append(f"{self._settings.site} {story}")
        else:
            self.hidden.append(f"{self._settings.site} {story}")

    def sent(self, event: Sent) -> None:
        """An association that is asked for is loose until its answer was heard."""
        if event.command.do is Do.ASSOCIATE:
            self._asked.append(event)

    def died(self, owner: str, now_s: float) -> None:
        """What this arbiter did not hear yet, nobody hears."""
        self._asked = [
            replace(each, heard_s=float("inf")) if each.owner == owner and each.heard_s > now_s else each
            for each in self._asked
            if now_s - each.time_s < LATE_CALL_S
        ]

    def _check_planned(self, new: Record, now_s: float, *, asked: bool) -> None:
        """A planned move fences nobody, and waits while an association of ours may still land."""
        kind, source = (new.intent.kind, new.intent.source) if new.intent else (Kind.SWITCHOVER, "")
        if any(fence.worker == source and fence.epoch == new.epoch for fence in new.fences):
            self._broken("a planned move fences nobody (9.8)", f"epoch {new.epoch} fences {source}")
        if kind is Kind.FAILBACK and not asked:
            self._broken("failback only in its window (S7, 10.1)", f"epoch {new.epoch}: {new.reason}")
        apart_s = CLOCK_SET_S if now_s - self._clock_set_s < CLOCK_SET_FOR_S else CLOCKS_AGREE_S
        self._check_quiet(now_s, on_nobody=False, why=new.reason)
        loose = [each for each in self._asked if each.heard_s > now_s and now_s - each.time_s < LATE_CALL_S - apart_s]
        if loose:
            asked_s = now_s - loose[-1].time_s
            why = f"epoch {new.epoch} begins {asked_s:.1f} s after {say(loose[-1].command)}, which was never answered"
            self._broken("planned moves wait for what may still land (9.9)", why)

    def _check_target(self, owner: str, old: Record, new: Record, source: str, *, asked_for: bool) -> None:
        """S11: a fenced worker is promoted only where nobody else answers, or by an operator's word."""
        if asked_for:
            unproven = any(each.unproven for each in new.requests if each.epoch == new.epoch)
            if new.fence(new.holder) and not unproven:
                self._broken("a fenced worker is no target (S11, 9.10)", f"{new.holder} was asked for")
            return
        seen = self._rounds.newest(owner)
        if seen is None or new.fence(new.holder) is None or new.holder in (source, old.holder):
            return
        resting = {each.worker for each in new.maintenance}
        tried = new.intent.tried if new.intent else ()
        for worker in self._settings.workers:
            name = worker.name
            if name in (new.holder, old.holder, source, *tried, *resting) or new.fence(name) or name in seen.off:
                continue
            if any(look.in_time and look.answers.get(name) is Answer.HEALTHY for look in seen.looks):
                self._broken("a fenced worker is no target (S11, 5.2)", f"{new.holder} was promoted, and {name} answered")
