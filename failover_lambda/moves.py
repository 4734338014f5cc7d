"""The first and the last step of a move: who can be the target, what forbids it, the intent, and its end. Pure.

RULE.md sections 4 and 5. Also here: `Case`, what a handler of the rule is given, and `TRANSITIONS`, which phase may follow
which. May import `contract`, `model` and `fences`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from failover_lambda import fences
from failover_lambda.contract import MOVES_KEPT, OWNER_TAG, Settings, Worker
from failover_lambda.model import (
    NOTICES_KEPT,
    RECORD_SCHEMA,
    AddressView,
    Answer,
    Association,
    Command,
    Decision,
    Do,
    Intent,
    Kind,
    Maintenance,
    Move,
    Notice,
    Phase,
    Record,
    Round,
)
from failover_lambda.values import replace

ATTEMPTS_PER_WORKER = 2
"""So many intents for each worker may follow each other before one settles; then people are asked (RULE 5.12)."""

OWNER_SHOWN = 64
"""Characters of a stranger's tag in a notice; a tag may be four times as long."""

HOUR_S = 3600.0
DAY_S = 86400.0

_SETTLED = frozenset({Phase.DISABLED, Phase.STEADY, Phase.SUSPECT, Phase.BOTH_DOWN, Phase.PAUSED, Phase.MANUAL})
_MOVE_ENDS = frozenset({Phase.STEADY, Phase.PAUSED, Phase.MANUAL})
_MOVE_BEGINS = frozenset({Phase.FENCING, Phase.MOVING})

TRANSITIONS: Mapping[Phase, frozenset[Phase]] = {
    Phase.DISABLED: _MOVE_BEGINS | {Phase.STEADY, Phase.MANUAL},
    Phase.STEADY: _SETTLED | _MOVE_BEGINS,
    Phase.SUSPECT: _SETTLED | _MOVE_BEGINS,
    Phase.FENCING: _MOVE_BEGINS | _MOVE_ENDS | {Phase.VERIFYING},
    Phase.MOVING: _MOVE_BEGINS | _MOVE_ENDS | {Phase.VERIFYING},
    Phase.VERIFYING: _SETTLED | _MOVE_BEGINS | {Phase.VERIFYING},
    Phase.BOTH_DOWN: _SETTLED | _MOVE_BEGINS,
    Phase.PAUSED: _MOVE_BEGINS | _MOVE_ENDS | {Phase.DISABLED},
    Phase.MANUAL: _MOVE_BEGINS | {Phase.DISABLED, Phase.STEADY, Phase.MANUAL},
}
"""Every phase, and those that may follow it; a phase may always follow itself."""


IN_MOTION = frozenset({Phase.FENCING, Phase.MOVING, Phase.VERIFYING})
"""A move has begun and not ended."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One round against one record."""

    record: Record
    seen: Round
    settings: Settings
    now_s: float

    def stay(self, why: str) -> Decision:
        """No other phase; the record is written only if a handler changed something that lasts."""
        return Decision(record=self.record, commands=(), reason=why)

    def to(self, phase: Phase, why: str) -> Decision:
        """Another phase, no calls."""
        if phase is self.record.phase:
            return self.stay(why)
        return Decision(record=go(self.record, phase, self.now_s, why), commands=(), reason=why)

    def telling(self, what: str, *, source: str = "", target: str = "", why: str) -> Self:
        """The same case with one more notice in the outbox."""
        return replace(self, record=notify(self.record, self.now_s, what, source=source, target=target, why=why))


@dataclass(frozen=True, kw_only=True)
class Limitation:
    """Why no automatic move may begin now."""

    why: str
    lasting: bool
    """It ends by an operator only."""


def born(settings: Settings, now_s: float) -> Record:
    """The record of a site that never had one: epoch 0, not stored yet."""
    return Record(
        schema=RECORD_SCHEMA,
        site=settings.site,
        version=0,
        epoch=0,
        phase=Phase.STEADY,
        phase_since_s=now_s,
        holder=settings.home.name,
        association_id="",
        association_reads=0,
        intent=None,
        streak=None,
        fences=(),
        drift=None,
        grace_until_s=None,
        moves=(),
        outbox=(),
        notices=0,
        reason="",
    )


def go(record: Record, phase: Phase, now_s: float, why: str) -> Record:
    """The record in another phase. ValueError when `TRANSITIONS` has no such step: then the rule itself is wrong."""
    if phase is not record.phase and phase not in TRANSITIONS[record.phase]:
        raise ValueError(f"{record.site}: no way from phase {record.phase.value} to {phase.value} ({why})")
    intent = record.intent if phase in IN_MOTION else None
    return replace(record, phase=phase, phase_since_s=now_s, intent=intent, reason=why, acknowledged="")


def resting(record: Record) -> Phase:
    """Where a site rests when no move is in motion."""
    if record.manual:
        return Phase.MANUAL
    return Phase.PAUSED if record.pause else Phase.STEADY


def notify(
    record: Record, now_s: float, what: str, *, source: str = "", target: str = "", why: str, since_s: float | None = None
) -> Record:
    """The record with one more notice in its bounded outbox. It leaves only after this record is stored."""
    notice = Notice(
        id=f"{record.site}-{record.epoch}-{record.notices + 1}",
        at_s=now_s,
        what=what,
        site=record.site,
        source=source,
        target=target,
        why=why,
        epoch=record.epoch,
        seconds=round(now_s - since_s, 3) if since_s is not None else 0.0,
    )
    return replace(record, notices=record.notices + 1, outbox=(*record.outbox, notice)[-NOTICES_KEPT:])


def holder_of(case: Case) -> Worker:
    """The worker that should serve in this epoch."""
    return case.settings.worker(case.record.holder)


def is_healthy(case: Case, worker: str) -> bool:
    """A fresh healthy answer in this round, and no word of the cloud against it."""
    machine = case.seen.instance(worker)
    if machine and (machine.power.off or machine.isolated):
        return False
    return any(sight.of(worker) is Answer.HEALTHY for sight in case.seen.sights)


def is_ready(case: Case, worker: str) -> bool:
    """Healthy, and ready at a vantage that found it healthy: it can take over (RULE 3.14, 5.2)."""
    reports = [report for sight in case.seen.sights for report in sight.reports if report.worker == worker]
    return is_healthy(case, worker) and any(report.fit for report in reports)


def choose_target(case: Case) -> tuple[str | None, str]:
    """The next worker in order after the holder that can take over, or None and what stands against each."""
    tried = case.record.intent.tried if case.record.intent else ()
    candidates = [name for name in order_after(case) if name not in tried]
    found = {name: against(case, name) for name in candidates}
    for name in candidates:
        if not found[name]:
            return name, ""
    for name in candidates:  # a fence that is not proven yet, and nobody else left: promoted with notice (RULE 6.7)
        if case.record.fence(name) and not against_but_for_its_fence(case, name):
            return name, ""
    return None, "no standby can take over: " + ("; ".join(found.values()) or "all were tried")


def order_of(record: Record, settings: Settings) -> tuple[str, ...]:
    """The workers in order of promotion, home first: as an operator said, while that names the workers there are."""
    names = tuple(worker.name for worker in settings.workers)
    return record.order if set(record.order) == set(names) else names


def home_of(case: Case) -> str:
    """The worker that should hold when nothing is wrong."""
    return order_of(case.record, case.settings)[0]


def order_after(case: Case) -> list[str]:
    """Everybody but the holder, as they are to be promoted after it."""
    names = list(order_of(case.record, case.settings))
    at = names.index(case.record.holder)
    return names[at + 1 :] + names[:at]


def maintenance_of(record: Record, worker: str, now_s: float) -> Maintenance | None:
    """The announced maintenance of `worker` that goes on now."""
    return next((each for each in record.maintenance if each.worker == worker and now_s < each.until_s), None)


def against(case: Case, name: str) -> str:
    """Why `name` can be no target in this round; "" = it can."""
    if case.record.fence(name):
        return f"{name} is fenced and was not seen stopped and started again"
    return against_but_for_its_fence(case, name)


def against_but_for_its_fence(case: Case, name: str) -> str:
    """The same, where a fence that is not proven would not count (RULE 6.7, 9.10)."""
    if announced := maintenance_of(case.record, name, case.now_s):
        return f"{name} is in maintenance, as {announced.who} said"
    if is_ready(case, name):
        return ""
    return f"{name} is healthy and not ready" if is_healthy(case, name) else f"{name} gave no healthy answer in this round"


def limitation(case: Case) -> Limitation | None:
    """What forbids an automatic move now. Within one incident neither hold nor budget binds, but the number of attempts."""
    if case.record.intent:
        attempts, most = case.record.intent.attempt, ATTEMPTS_PER_WORKER * len(case.settings.workers)
        spent = attempts >= most
        return Limitation(why=f"{attempts} attempts in one incident (at most {most})", lasting=True) if spent else None
    if is_quiet(case):
        why = "the record was lost, and calls of the time before may still land: a quarter of an hour is waited for them"
        return Limitation(why=why, lasting=False)
    in_hour, in_day = _moves_in(case.record, case.now_s)
    settings = case.settings
    if not moves_left(case.record, settings, case.now_s):
        why = (
            f"the budget is spent: {in_hour} automatic moves in an hour (at most {settings.moves_per_hour_max}), "
            f"{in_day} in a day (at most {settings.moves_per_day_max})"
        )
        return Limitation(why=why, lasting=True)
    held = hold(case)
    return Limitation(why=held, lasting=False) if held else None


def hold(case: Case) -> str:
    """Why it is too soon after the last automatic move; "" = it is not."""
    ages = [case.now_s - move.at_s for move in case.record.moves]
    if ages and min(ages) < case.settings.hold_s:
        return f"held: the last automatic move was {min(ages):.0f} s ago, least {case.settings.hold_s:g} s"
    return ""


def is_quiet(case: Case) -> bool:
    """Whether the record was lost so lately that calls which it knew of may still land (RULE 1.13)."""
    return case.record.quiet_until_s is not None and case.now_s < case.record.quiet_until_s


def moves_left(record: Record, settings: Settings, now_s: float) -> int:
    """How many automatic moves both budgets still allow, whatever else stands against one (RULE 5.12)."""
    in_hour, in_day = _moves_in(record, now_s)
    return max(0, min(settings.moves_per_hour_max - in_hour, settings.moves_per_day_max - in_day))


def _moves_in(record: Record, now_s: float) -> tuple[int, int]:
    """How many of its moves are younger than an hour, and than a day."""
    ages = [now_s - move.at_s for move in record.moves]
    return sum(age < HOUR_S for age in ages), sum(age < DAY_S for age in ages)


def intend(case: Case, kind: Kind, target: str, *, source: str, why: str, automatic: bool = True) -> Decision:
    """A new epoch with `target` as holder, and the first calls, to be sent after it is stored.

    The association id that the calls expect is the one read in this round, before the write that permits them. A failover
    also raises a fence against its source. What an operator asked for uses no budget (`automatic` false).
    """
    old, now_s, address = case.record, case.now_s, case.seen.address
    expected = address.association.association_id if address and address.association else ""
    previous = old.intent
    epoch = old.epoch + 1
    standing = old.fences
    if kind is Kind.FAILOVER:
        machine = case.seen.instance(source)
        standing = fences.raise_fence(old, source, epoch, machine.launched_s if machine else 0.0, now_s)
    intent = Intent(
        kind=kind,
        source=source,
        expected_id=expected,
        made_s=now_s,
        deadline_s=now_s + case.settings.move_deadline_s,
        asked_s=now_s,
        unanswered=bool(expected) and expected == ending_of(old),
        attempt=previous.attempt + 1 if previous else 1,
        tried=(*previous.tried, old.holder) if previous else (),
        origin=previous.former if previous else "",
        suspected_s=_suspected_since(old),
        why=why,
    )
    fresh = replace(
        old,
        epoch=epoch,
        holder=target,
        association_id="",
        association_reads=0,
        fences=standing,
        streak=None,
        drift=None,
        loose_s=loose_since(old),
        ending_id=ending_of(old),
        home_healthy_s=None,
        window_spent_s=_window_spent(case, kind, source),
    )
    if automatic and kind in (Kind.FAILOVER, Kind.RECONCILE):
        move = Move(at_s=now_s, epoch=epoch, source=source, target=target, kind=kind)
        fresh = replace(fresh, moves=(*old.moves, move)[-MOVES_KEPT:])
    phase = Phase.FENCING if expected else Phase.MOVING
    record = replace(go(fresh, phase, now_s, why), intent=intent)
    fence = record.fence(source) if kind is Kind.FAILOVER else None
    return Decision(record=record, commands=(_first_call(record), *(fences.calls_of(fence) if fence else ())), reason=why)


def loose_since(record: Record) -> float | None:
    """When an association was asked for last that may still land, beside the one that is asked for next (hole 2)."""
    asked = record.intent.asked_s if record.intent and record.phase is Phase.MOVING else None
    return record.loose_s if asked is None else asked


def ending_of(record: Record) -> str:
    """The association that was asked to end, be it in the move in motion, and may still end; "" = none (RULE 5.5)."""
    intent = record.intent
    if intent and intent.expected_id and (intent.unanswered or intent.asked_s is not None):
        return intent.expected_id
    return record.ending_id


def _window_spent(case: Case, kind: Kind, source: str) -> float | None:
    """A failback uses its window up; a failover away from home ends it (RULE 10.5)."""
    away = kind is Kind.FAILOVER and source == home_of(case)
    if case.seen.window and (away or kind is Kind.FAILBACK):
        return case.seen.window.opened_s
    return case.record.window_spent_s


def _suspected_since(record: Record) -> float | None:
    if record.streak:
        return record.streak.since_s
    return record.intent.suspected_s if record.intent else None


def _first_call(record: Record) -> Command:
    if record.intent and record.intent.expected_id:
        return Command(
            do=Do.DISASSOCIATE,
            epoch=record.epoch,
            worker=record.intent.source,
            association_id=record.intent.expected_id,
        )
    return Command(do=Do.ASSOCIATE, epoch=record.epoch, worker=record.holder)


def is_on(association: Association, worker: Worker) -> bool:
    """The address leads to this worker: to its card, and to the private address that the record means."""
    shown = (association.network_interface_id, association.private_ip)
    return shown == (worker.network_interface_id, worker.address_private_ip)


def member_with(association: Association, settings: Settings) -> Worker | None:
    """The worker on whose machine the association is, on whichever card; None = a stranger."""
    return next((worker for worker in settings.workers if worker.instance_id == association.instance_id), None)


def adopt(case: Case, member: str, association: Association, why: str) -> Decision:
    """A new epoch that takes over what the cloud shows. No calls, unless a call of ours may end what it shows."""
    if association.association_id == case.record.ending_id:
        return _replace_ending(case, member, why)
    epoch = case.record.epoch + 1
    record = replace(
        case.record,
        epoch=epoch,
        holder=member,
        association_id=association.association_id,
        streak=None,
        drift=None,
        ending_id="",
    )
    record = go(record, resting(record), case.now_s, why)
    former = case.record.holder if case.record.association_id else ""  # a holder that never had it is no former holder
    record = notify(record, case.now_s, "adopted", source=former, target=member, why=why)
    return Decision(record=record, commands=(), reason=why)


def adopt_shown(case: Case, association: Association, why: str) -> Decision:
    """Adopt the worker that has the address, or put the address on it where it is on another card of it.

    The latter is a move, and waits for its time as any other (5.11). An association that a call of ours may end is replaced
    wherever it leads to (5.5).
    """
    member = member_with(association, case.settings)
    if member is None:
        return foreign(case, association)
    if is_on(association, member) or association.association_id == case.record.ending_id or limitation(case):
        return adopt(case, member.name, association, why)
    why = f"{why}, and it is on another card or address of {member.name}"
    return intend(case, Kind.RECONCILE, member.name, source=member.name, why=why)


def _replace_ending(case: Case, member: str, why: str) -> Decision:
    """A new association in place of one that a call of ours may end: settled on, it would be lost later (RULE 5.5)."""
    names = (member, *order_of(case.record, case.settings))
    target = next((name for name in names if not against(case, name)), member)
    why = f"{why}: {target} gets a new association, as an ask of ours may end the one that is on {member}"
    return intend(case, Kind.ADOPT, target, source=member, why=why)


def foreign(case: Case, association: Association) -> Decision:
    """The address is on a machine that is no worker of this site: hands off, and tell."""
    why = f"the address is on {association.instance_id}, which is no worker of this site"
    return to_manual(case, why)


def claimed(address: AddressView | None, settings: Settings) -> str:
    """Why the address is not ours to touch, by its owner tag; "" = nothing says so (RULE 1.9)."""
    if address is None or address.owner in (None, "", settings.site):
        return ""
    return f"the address is tagged {OWNER_TAG} = {address.owner[:OWNER_SHOWN]}, and this site is {settings.site}"


def hands_off(case: Case, why: str) -> Decision:
    """The address carries another site's tag: no call to it, in no phase, and tell once."""
    if case.record.phase is Phase.MANUAL and case.record.manual == why:
        return case.stay(f"hands off: {why}")
    return to_manual(case, why)


def settle(case: Case, why: str) -> Decision:
    """The end of a move: steady in the new epoch (or manual, where it came from manual), and told."""
    record, intent = case.record, case.record.intent
    source, since_s = (intent.former, intent.suspected_s) if intent else ("", None)
    because = f"{intent.why}; {why}" if intent else why
    what = intent.kind.value if intent else "settled"
    settled = go(record, resting(record), case.now_s, why)
    settled = notify(settled, case.now_s, what, source=source, target=record.holder, why=because, since_s=since_s)
    return Decision(record=settled, commands=(), reason=why)


def rescue(case: Case) -> Decision:
    """The address is on nobody and its target did not take it: the next one, else the old holder, else people."""
    record, intent = case.record, case.record.intent
    tried = not record.association_id  # in this epoch the address was on nobody yet
    if record.phase is Phase.MANUAL and tried and case.now_s - record.phase_since_s < case.settings.move_deadline_s:
        return case.stay("manual: the address is on nobody; tried again soon")
    if record.phase in (Phase.MANUAL, Phase.PAUSED) and is_healthy(case, record.holder):
        return intend(case, Kind.RETARGET, record.holder, source="", why="the address was on nobody, and its holder answers")
    target, refusal = choose_target(case)
    if target:
        why = f"the address could not be put on {record.holder}: the next in order takes it"
        return intend(case, Kind.RETARGET, target, source="", why=why)
    back = intent.former if intent and intent.former not in (*intent.tried, record.holder) else ""
    if back:
        why = f"the address could not be put on {record.holder}, {refusal}: back to {back}"
        return intend(case, Kind.RETARGET, back, source="", why=why)
    return to_manual(case, f"the address is on nobody; {refusal}")


def to_manual(case: Case, why: str) -> Decision:
    """Automatic moves end here until an operator resumes, or switches `enabled` off and on; a pause is part of that.

    Told once for each reason: an attempt that comes to the same end is no news.
    """
    news = (case.record.phase, case.record.manual) != (Phase.MANUAL, why)
    told = notify(case.record, case.now_s, "manual", source=case.record.holder, why=why) if news else case.record
    told = replace(told, ending_id=ending_of(told), loose_s=loose_since(told))
    record = replace(
        go(told, Phase.MANUAL, case.now_s, why), manual=why, pause=None, phase_since_s=case.now_s, suspicion_told=True
    )
    return Decision(record=record, commands=(), reason=why)
