"""What must never happen: S1 to S11 for the fence policy `address-is-fence`, each with its sentence of docs/RULE.md.

Checked on every decision, every landing and every state of the search, from what is true in the world and what the arbiter
was shown, with their own reading of the sentences; no guard of the rule is asked. `PROMISES` says each in words.

What is about requests, windows and lost records is looked at in `asked`. S10 (only what is stored is told) is not searched,
because notices are folded away; the liveness promises L1 to L6 are not about single states, see `liveness`.
"""

from collections.abc import Sequence
from typing import Any, cast

from failover_lambda.contract import Settings
from failover_lambda.model import Intent, Kind, Phase, Record, Request, Verb
from failover_lambda.moves import DAY_S, HOUR_S
from prove import asked, effects
from prove.arbiter import Decided
from prove.fold import NOW_S
from prove.parts import LEADER, Call, Mind, Parts, Shown, Site
from prove.rounds import healthy_in

PROMISES = {
    "S1": "no call of ours takes the address from one worker to give it to another: it is free between (RULE 5.3, 6.1)",
    "S2": "epochs only grow, and an epoch has one holder (RULE 1.5)",
    "S3": "steady with nothing on its way: the association is the record's, and the holder's (RULE 1.4, 5.11)",
    "S4": "the address is given to nobody before the old association was ended, or was read to be (RULE 5.3, 5.6)",
    "S5": "no first call of a decision without its record stored under the lease that is in force (RULE 2.5, 5.1)",
    "S6": "no automatic move when disabled, held, over budget, inconclusive, or on one read (RULE 3.4, 4.5, 5.11, 5.12)",
    "S7": "failback by itself only in its window, once, from a steady site, after the hold (RULE 10.1, 10.3 to 10.5)",
    "S8": "whoever holds keeps it: no epoch begins while the holder answers and has the address (RULE 4.2)",
    "S9": "a late or repeated call changes no settled association and hits no holder that is not fenced (RULE 5.5, 6.4)",
    "S11": "a worker that is fenced, or that a stop is on its way to, is no target beside a better one (RULE 5.2, 6.5)",
    "1.9": "no call to an address that was read to carry another site's tag (RULE 1.9)",
    "4.1": "the rule asks for no way between two phases that there is not (RULE 4.1)",
    "4.7": "while it only watches nothing is sent, and neither epoch, holder nor phase changes, but for suspect (RULE 4.7)",
    "5.3": "on Azure no write of a card is accepted of an epoch when a later one has begun (RULE 5.3, 5.4, hole 2)",
    "9.3": "no request is carried out twice, and none gets two replies (RULE 9.3)",
    "9.6": "in a pause nothing is sent (RULE 9.6)",
    "9.9": "no planned move while an association of ours may still land (RULE 9.9, hole 2)",
    "9.11": "a worker in maintenance is no target (RULE 9.11)",
    "5.6": "when the first call was answered, the second is sent at once, whatever the store says (RULE 5.6)",
}

ROUNDS_TO_DEAD = 2
SETTLED = frozenset({Phase.DISABLED, Phase.STEADY, Phase.SUSPECT, Phase.BOTH_DOWN, Phase.PAUSED, Phase.MANUAL})
MOTION = frozenset({Phase.FENCING, Phase.MOVING, Phase.VERIFYING})

SOUGHT = (Kind.FAILOVER, *asked.PLANNED)
"""Kinds of moves that look for a target; others put the address back where it was, or where it still can be."""

GAPS_ARE_EXCEPTED = True
"""A control's: whether the stated exception of S9 (RULE section 8, late associations) is one."""


class Checks:
    """The invariants of one small world. Answers are remembered by what they depend on."""

    def __init__(self, parts: Parts, settings: Settings, requests: Sequence[Request], *, planned: bool) -> None:
        """`settings` give the budgets and the hold; `planned`: whether planned moves can happen."""
        self._planned = planned
        self._requests = requests
        self.nowhere: set[int] = set()
        """Decisions (by `id`) that asked for a way between phases that there is not."""
        self._parts = parts
        self._settings = settings
        self._writes: dict[Any, tuple[str, ...]] = {}
        self._states: dict[Any, tuple[str, ...]] = {}

    # Decisions

    def on_decision(
        self,
        state: Any,
        who: int,
        mind: Mind,
        decided: Decided[int, Call],
        sent: Sequence[Call],
        *,
        seen: int,
        wrote: bool,
        site: int,
    ) -> tuple[str, ...]:
        """After an arbiter decided, stored (`wrote`) and sent.

        `state` is before its calls, with the write in it; `site` is the one before the write.
        """
        found: tuple[str, ...] = ("4.1",) if id(decided) in self.nowhere else ()
        if wrote:
            found += self.on_write(mind, decided.after, seen)
            found += self._on_desk(mind.copy, decided.after, site)
            if decided.begins:
                found += self._is_excluded(mind, decided.after) + self._on_target(state, mind, decided.after, seen)
        if seen and mind.told.watches and mind.told.enabled and (wrote or sent):
            found += self._on_watching(mind.copy, decided.after, sent)
        if sent:
            found += self._on_sent(state, who, mind.copy, decided, sent, wrote=wrote)
            shown = self._parts.shown.values[seen]
            found += ("1.9",) if shown and shown.claimed and any(call.do in effects.MOVES for call in sent) else ()
        if decided.at_once and len(decided.seconds) > sum(call in sent for call in decided.seconds):
            found += ("5.6",)
        return found

    def on_write(self, mind: Mind, after: int, seen: int) -> tuple[str, ...]:
        """A write that was applied; `mind.copy` is the record that it replaces."""
        key = (mind.copy, after, seen, mind.against, mind.told)
        known = self._writes.get(key)
        if known is None:
            records = self._parts.records.values
            before, now, shown = records[mind.copy], cast("Record", records[after]), self._parts.shown.values[seen]
            found = _grows(before, now)
            if before and shown and now.epoch != before.epoch:
                found += self._on_epoch(before, now, shown, mind)
            known = self._writes[key] = found
        return known

    def on_late_write(self, before: int, after: int) -> tuple[str, ...]:
        """A write that was applied after its sender gave up waiting."""
        records = self._parts.records.values
        return _grows(records[before], cast("Record", records[after]))

    def _on_epoch(self, before: Record, now: Record, shown: Shown, mind: Mind) -> tuple[str, ...]:
        """A round began an epoch over an older one."""
        found: tuple[str, ...] = ()
        holder = self._parts.workers.index(before.holder)
        intent = now.intent
        kind = intent.kind if intent else Kind.ADOPT
        moved = shown.address is not None and f"a{shown.address[1]}" != before.association_id
        wanted = asked.is_asked(now)
        automatic = kind in (Kind.FAILOVER, Kind.RECONCILE) and not wanted
        if not mind.told.enabled and before.phase not in MOTION:
            found += ("S6",)
        if holder in mind.told.out:
            return found  # nobody holds: the cloud's view is adopted (RULE 1.10)
        if automatic and before.phase not in MOTION:
            found += self._on_automatic(before, now, cast("Intent", intent), shown)
        if wanted or (kind is Kind.FAILBACK and self._settings.failback_enabled):
            return found  # somebody asked for it, or S7 says when
        if kind is Kind.FAILOVER:
            found += ("S6",) if mind.against < ROUNDS_TO_DEAD else ()
            found += ("S8",) if healthy_in(shown, holder) else ()
        elif kind is Kind.RETARGET:
            on_nobody = shown.address is not None and shown.address[0] < 0
            found += () if before.phase in MOTION or on_nobody else ("S8",)
        elif before.phase not in (*MOTION, Phase.DISABLED) and not (before.manual and self._goes_on(before, now)):
            found += () if moved else ("S8",)  # switched on again, or out of manual, the view is adopted anew (RULE 1.8)
        return found

    def _on_automatic(self, before: Record, now: Record, intent: Intent, shown: Shown) -> tuple[str, ...]:
        """Hold, budget and agreeing reads (RULE 5.11, 5.12), and nothing in manual but an address on nobody (5.9).

        Where the cloud's view is adopted (1.8, 4.7, 9.6), an address on another card of its worker is put right at once.
        """
        adopts = self._goes_on(before, now) and intent.kind is Kind.RECONCILE and intent.source == now.holder and shown.aside
        fresh_budget = adopts and (before.phase is Phase.DISABLED or bool(before.manual))
        ages = [] if fresh_budget else [NOW_S - move.at_s for move in before.moves]
        settings = self._settings
        spent = (
            sum(age < HOUR_S for age in ages) >= settings.moves_per_hour_max
            or sum(age < DAY_S for age in ages) >= settings.moves_per_day_max
        )
        on_nobody = shown.address is not None and shown.address[0] < 0
        believed = on_nobody and before.drift is not None and not before.drift.association_id
        held = bool(ages) and min(ages) < settings.hold_s and not believed
        manual = (before.phase is Phase.MANUAL or before.pause is not None) and not on_nobody and not adopts
        at_once = False
        if intent.kind is Kind.RECONCILE and not adopts:
            read = "" if on_nobody or shown.address is None else f"a{shown.address[1]}"
            at_once = before.drift is None or before.drift.association_id != read
        disabled = before.phase is Phase.DISABLED and not adopts
        return ("S6",) if spent or held or manual or at_once or disabled else ()

    def _goes_on(self, before: Record, now: Record) -> bool:
        """Whether what stood still goes on with this write: it was switched off, only watched, paused or in manual."""
        known = {reply.id for reply in before.replies}
        done = {asked.index_of(reply.id) for reply in now.replies if reply.done and reply.id not in known}
        if any(self._requests[index].verb is Verb.RESUME for index in done):
            return True
        if before.phase is Phase.DISABLED:
            return now.phase is not Phase.DISABLED
        return (before.pause is not None and now.pause is None) or (before.watched_only and not now.watched_only)

    def starts_afresh(self, copy: int, after: int) -> bool:
        """Whether a write lets begin what has fresh streaks (RULE 1.8, 9.6)."""
        records = self._parts.records.values
        before, now = records[copy], records[after]
        return before is not None and now is not None and self._goes_on(before, now)

    def _on_watching(self, copy: int, after: int, sent: Sequence[Call]) -> tuple[str, ...]:
        """It only watches: no call, no epoch, no other holder, no phase but suspect (RULE 4.7); a move in motion ends."""
        before, now = self._parts.records.values[copy], cast("Record", self._parts.records.values[after])
        if before is None:
            return ("4.7",) if sent else ()
        if before.phase in MOTION:
            return ()
        judged = before.phase is now.phase or {before.phase, now.phase} == {Phase.STEADY, Phase.SUSPECT}
        moved = (before.epoch, before.holder) != (now.epoch, now.holder) or not judged
        return ("4.7",) if sent or moved else ()

    def _is_excluded(self, mind: Mind, after: int) -> tuple[str, ...]:
        """A new epoch names a holder that is not configured, or in maintenance: RULE 9.11."""
        records = self._parts.records.values
        before, now = records[mind.copy], cast("Record", records[after])
        moves = now.intent is not None and before is not None and now.holder != before.holder
        if moves and self._parts.workers.index(now.holder) in mind.told.out:
            return ("S11",)
        if before and now.intent and now.intent.kind in SOUGHT and _in_maintenance(before, now.holder):
            return ("9.11",)
        return ()

    def _on_target(self, state: Any, mind: Mind, after: int, seen: int) -> tuple[str, ...]:
        """A new epoch names a holder: RULE 5.2, 6.5, with the exception of 6.7."""
        records = self._parts.records.values
        before, now, shown = records[mind.copy], cast("Record", records[after]), self._parts.shown.values[seen]
        if now.intent and now.intent.kind in asked.PLANNED:
            calls = self._parts.flights.values[state.flight].calls
            return asked.on_planned(now, shown, calls, self._parts.workers.index(now.holder))
        if before is None or shown is None or now.intent is None or now.intent.kind not in (Kind.FAILOVER, Kind.RETARGET):
            return ()
        if now.holder == before.holder:
            return ()
        target = self._parts.workers.index(now.holder)
        tried = now.intent.tried
        others = [
            name
            for index, name in enumerate(self._parts.workers)
            if name not in (now.holder, before.holder, *tried)
            and index not in mind.told.out
            and before.fence(name) is None
            and healthy_in(shown, index)
        ]
        flight = self._parts.flights.values[state.flight]
        hunted = any(
            call.do in (effects.STOP, effects.ISOLATE) and call.worker == target and not call.outcome
            for call in flight.calls
        )
        if before.fence(now.holder) is not None:
            return ("S11",) if others else ()
        return ("S11",) if hunted else ()

    def _on_sent(
        self, state: Any, who: int, copy: int, decided: Decided[int, Call], sent: Sequence[Call], *, wrote: bool
    ) -> tuple[str, ...]:
        found: tuple[str, ...] = ()
        before, now = (self._parts.records.values[number] for number in (copy, decided.after))
        if before and now and before.phase is now.phase is Phase.PAUSED:
            found += ("9.6",)
        stored = wrote or state.record == decided.after
        if not (stored and who == LEADER) and any(call not in decided.seconds for call in sent):
            found += ("S5",)
        if any(call.do == effects.ASSOCIATE for call in sent):
            record = cast("Record", self._parts.records.values[decided.after])
            site = cast("Site", self._parts.sites.values[state.site])
            expected = record.intent.expected_id if record.intent else ""
            stale = (site.was_id, site.was_at) != (site.id, site.at)
            if site.id and expected == f"a{site.id}" and not stale:
                found += ("S4",)
        return found

    def _on_desk(self, copy: int, after: int, site: int) -> tuple[str, ...]:
        """What was asked for, the failback window, and a record that was lost."""
        was = cast("Site", self._parts.sites.values[site])
        if not (self._planned or was.floor or was.quiet):
            return ()
        records = self._parts.records.values
        return asked.on_write(was, records[copy], cast("Record", records[after]), self._settings)

    # Landings

    def on_landing(self, state: Any, call: Call, before: Site, after: Site) -> tuple[str, ...]:
        """A call took effect."""
        if before == after:
            return ()
        record = self._parts.records.values[state.record]
        if record is None or (before.quiet and call.epoch < record.epoch):
            return ()  # of the time before the record was lost, which nobody remembers (RULE 1.13)
        found: tuple[str, ...] = ()
        holder = self._parts.workers.index(record.holder)
        if before.id != after.id:
            settled = before.id and record.association_id == f"a{before.id}" and record.phase is not Phase.FENCING
            found += ("S9",) if settled else ()
            found += ("S1",) if before.at >= 0 and after.at >= 0 else ()
            if _is_late(record, call) and call.worker != holder and not GAPS_ARE_EXCEPTED:
                found += ("S9",)
        elif call.do in (effects.STOP, effects.ISOLATE) and call.worker == holder and record.fence(record.holder) is None:
            found += ("S9",)
        return found

    def on_card(self, call: Call, before: Site, after: Site) -> tuple[str, ...]:
        """A half of a move on Azure went on: a write of an older epoch is not accepted once a later one has begun."""
        accepted = after.busy and not before.busy
        return ("5.3",) if accepted and call.epoch < before.marked else ()

    def marked(self, state: Any, call: Call, before: Site, after: Site) -> Site:
        """The site after a landing; what a late call did is marked where that is excepted: into a gap, or after a loss."""
        record = self._parts.records.values[state.record]
        if before.id == after.id or record is None:
            return after
        if before.quiet and call.epoch < record.epoch:
            return after._replace(hand=2)
        if not after.id:
            return after
        return after._replace(hand=2) if _is_late(record, call) else after

    # States

    def on_state(self, state: Any) -> tuple[str, ...]:
        """Invariants of a state, whatever led to it."""
        if state.flight:
            return ()
        key = (state.record, state.site)
        known = self._states.get(key)
        if known is None:
            record, site = self._parts.records.values[state.record], cast("Site", self._parts.sites.values[state.site])
            known = self._states[key] = _steady_and_right(record, site, self._parts.workers)
        return known


def _is_late(record: Record, call: Call) -> bool:
    """An ASSOCIATE of an earlier epoch, or of a move that has ended."""
    return call.do == effects.ASSOCIATE and (call.epoch != record.epoch or record.phase not in MOTION)


def _in_maintenance(record: Record, worker: str) -> bool:
    return any(each.worker == worker and each.until_s > NOW_S for each in record.maintenance)


def _grows(before: Record | None, now: Record) -> tuple[str, ...]:
    if before is None:
        return ()
    if now.epoch < before.epoch or (now.epoch == before.epoch and now.holder != before.holder):
        return ("S2",)
    changed = before.phase in SETTLED and now.phase in SETTLED and now.association_id != before.association_id
    return ("S2",) if changed and now.epoch == before.epoch else ()


def _steady_and_right(record: Record | None, site: Site, workers: tuple[str, ...]) -> tuple[str, ...]:
    if record is None or record.phase is not Phase.STEADY or record.drift is not None or site.hand:
        return ()
    right = record.association_id == f"a{site.id}" and site.at == workers.index(record.holder) and not site.aside
    return () if right else ("S3",)
