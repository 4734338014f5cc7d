"""The rule: who serves, and what is done about it. One pure function, `step`; docs/RULE.md is the same text for people.

No I/O, no clock, no chance, no logging: equal arguments give equal decisions. What lives elsewhere: what the rounds say of
the holder (`verdict`), the debts of fencing (`fences`), the first and the last step of a move (`moves`), and the order in
which a decision becomes effect (`cycle`). May import `contract`, `model` and those three.

How to read it: `step` sends an event to a handler, a `Round` further to the handler of the record's phase (`_HANDLERS` lists
every phase). A handler gets a `Case` and returns a `Decision`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import assert_never

from failover_lambda import fences
from failover_lambda.contract import Settings
from failover_lambda.model import (
    Answered,
    Association,
    Command,
    Decision,
    Do,
    Drift,
    Event,
    Intent,
    Kind,
    Outcome,
    Phase,
    Record,
    Round,
    Told,
    Verdict,
)
from failover_lambda.moves import (
    Case,
    adopt,
    born,
    choose_target,
    foreign,
    go,
    holder_of,
    intend,
    is_healthy,
    limitation,
    notify,
    rescue,
    settle,
    to_manual,
)
from failover_lambda.verdict import Finding, advance, judge, verdict_of

AGREEING_READS = 2
"""Reads of the cloud that must agree before the rule believes that the association drifted, or that a move holds."""

REFUSALS_TO_RETARGET = 3
"""Definite refusals to put the address on a target, a round apart each, before the next one is tried (RULE 5.8)."""

REFUSED_PATIENCE_S = 5.0
"""And no sooner than this after the intent: a control plane may for a while not know what it did itself."""

SUSPECT_TOLD_S = 60.0
"""A suspicion that can neither be confirmed nor dropped for so long is told (RULE 4.3)."""


def step(record: Record | None, event: Event, settings: Settings, now_s: float) -> Decision:
    """Decide what follows from one event.

    Args:
        record: what is stored; None = surely nothing is.
        event: a round, the answer to a command, or a notice that left.
        settings: what the watchdog was told.
        now_s: wall clock, seconds since 1970.

    Returns:
        The record to write (the same object when nothing changed), the commands to run after the write, and the reason.
    """
    match event:
        case Round():
            return _on_round(record, event, settings, now_s)
        case Answered():
            return _on_answer(record, event, now_s)
        case Told():
            return _on_told(record, event)
        case _:
            assert_never(event)


def in_doubt(record: Record | None) -> bool:
    """Whether the next round follows at burst cadence, with every read."""
    return record is None or record.phase in (Phase.SUSPECT, Phase.FENCING, Phase.MOVING, Phase.VERIFYING)


def wants_cloud(record: Record | None) -> bool:
    """Whether the next round must read address and machines, whenever they were read last."""
    if record is None or in_doubt(record) or record.drift:
        return True
    return record.phase in (Phase.DISABLED, Phase.BOTH_DOWN) or fences.has_open_calls(record)


# Events


def _on_round(record: Record | None, seen: Round, settings: Settings, now_s: float) -> Decision:
    if seen.overrun:
        return Decision(record=record, commands=(), reason="the round overran its deadline and counts for nothing")
    if record is None:
        return _first(seen, settings, now_s)
    if not settings.enabled and record.phase not in _IN_MOTION:
        return _disable(record, now_s)
    watched = fences.watch(record, seen, settings, now_s)
    case = Case(record=replace(record, fences=watched.fences), seen=seen, settings=settings, now_s=now_s)
    for worker in watched.rejoined:
        case = case.telling("rejoined", source=worker, why=f"{worker} was stopped and started again; it is a standby now")
    decision = _HANDLERS[record.phase](case)
    if decision.record == record:
        return Decision(record=record, commands=watched.commands, reason=decision.reason)
    return replace(decision, commands=watched.commands + decision.commands)


def _on_answer(record: Record | None, event: Answered, now_s: float) -> Decision:
    command = event.command
    what = f"{command.do.value} of {command.worker or 'the address'}: {event.outcome.value} {event.code}".rstrip()
    if record is None:
        return Decision(record=None, commands=(), reason=what)
    match command.do:
        case Do.DISASSOCIATE:
            return _on_disassociated(record, event, now_s, what)
        case Do.ASSOCIATE:
            return _on_associated(record, event, now_s, what)
        case Do.ISOLATE | Do.RESTORE | Do.STOP | Do.START:
            paid = fences.settle_debt(record.fences, event)
            return Decision(
                record=record if paid == record.fences else replace(record, fences=paid), commands=(), reason=what
            )
        case _:
            assert_never(command.do)


def _on_disassociated(record: Record, event: Answered, now_s: float, what: str) -> Decision:
    intent = _intent_of(record, event)
    if intent is None or record.phase is not Phase.FENCING:
        return Decision(record=record, commands=(), reason=f"{what}; of no consequence any more")
    if event.outcome is not Outcome.DONE:
        asked_again = replace(record, intent=replace(intent, asked_s=None))
        return Decision(record=asked_again, commands=(), reason=f"{what}; the next round reads back before it is judged")
    moving = go(replace(record, intent=replace(intent, asked_s=now_s)), Phase.MOVING, now_s, f"{what}; the address is free")
    return Decision(record=moving, commands=(_associate(record),), reason=moving.reason)


def _on_associated(record: Record, event: Answered, now_s: float, what: str) -> Decision:
    intent = _intent_of(record, event)
    if intent is None or record.phase is not Phase.MOVING:
        return Decision(record=record, commands=(), reason=f"{what}; of no consequence any more")
    match event.outcome:
        case Outcome.DONE:
            return _verify(record, event.association_id, now_s, what)
        case Outcome.LOST:
            after = replace(intent, asked_s=None)
        case Outcome.REFUSED:
            after = replace(intent, asked_s=None, refusals=intent.refusals + 1)
        case _:
            assert_never(event.outcome)
    return Decision(
        record=replace(record, intent=after), commands=(), reason=f"{what}; the next round reads back before it is judged"
    )


def _on_told(record: Record | None, event: Told) -> Decision:
    if record is None:
        return Decision(record=None, commands=(), reason="told")
    rest = tuple(notice for notice in record.outbox if notice.id != event.notice_id)
    return Decision(record=replace(record, outbox=rest), commands=(), reason=f"notice {event.notice_id} has left")


def _intent_of(record: Record, event: Answered) -> Intent | None:
    return record.intent if event.command.epoch == record.epoch else None


# A site's first tick, and the switch


def _first(seen: Round, settings: Settings, now_s: float) -> Decision:
    """No record: adopt what the cloud shows, once. Home takes an address that is on nobody (hole 22)."""
    if not settings.enabled:
        return Decision(record=None, commands=(), reason="disabled, and there is no record yet")
    if seen.address is None:
        return Decision(record=None, commands=(), reason="there is no record yet, and the address could not be read")
    case = Case(record=born(settings, now_s), seen=seen, settings=settings, now_s=now_s)
    if seen.address.association is None:
        case = replace(case, record=replace(case.record, grace_until_s=now_s + settings.boot_grace_s))
        return intend(
            case, Kind.ADOPT, settings.home.name, source="", why="no record and an address on nobody: home takes it"
        )
    return _adopt_shown(case, seen.address.association, "no record yet: the cloud's view is adopted")


def _disable(record: Record, now_s: float) -> Decision:
    if record.phase is Phase.DISABLED:
        return Decision(record=record, commands=(), reason=record.reason)
    off = replace(record, streak=None, drift=None, intent=None)
    off = notify(go(off, Phase.DISABLED, now_s, "disabled by the configuration"), now_s, "disabled", why="enabled is false")
    return Decision(record=off, commands=(), reason=off.reason)


def _on_disabled(case: Case) -> Decision:
    """Enabled again: what people did meanwhile is adopted, with fresh streaks and a fresh budget (hole 17)."""
    case = replace(case, record=replace(case.record, manual="", moves=(), suspicion_told=False))
    if case.seen.address is None:
        return case.stay("enabled again, and the address could not be read yet")
    association = case.seen.address.association
    if association is None:
        return case.to(Phase.STEADY, "enabled again")
    return _adopt_shown(case, association, "enabled again: the cloud's view is adopted")


def _adopt_shown(case: Case, association: Association, why: str) -> Decision:
    member = _member_with(association, case.settings)
    return adopt(case, member, association, why) if member else foreign(case, association)


# Phases in which a round is judged


def _on_settled(case: Case) -> Decision:
    """Steady, suspect and both-down: the same question with another past."""
    case, finding, why = _judged(case)
    match verdict_of(case.record.streak, case.settings):
        case Verdict.DEAD:
            return _on_dead(case, why)
        case Verdict.ALL_DEAD:
            return _on_all_dead(case, why)
        case Verdict.INCONCLUSIVE | Verdict.HEALTHY:
            pass
    if finding is Finding.ALIVE:
        return _reconcile(case, why)
    if case.record.phase is Phase.BOTH_DOWN:
        return case.stay(why)
    return _suspect(case, why) if case.record.streak else case.to(Phase.STEADY, why)


def _judged(case: Case) -> tuple[Case, Finding, str]:
    """The case with its streak and grace brought up to this round."""
    judgement = judge(case.seen, holder_of(case), case.settings)
    record = case.record
    if judgement.finding is Finding.ALIVE:
        record = replace(record, grace_until_s=None)
    elif record.grace_until_s is not None and case.now_s < record.grace_until_s:
        return case, Finding.NOTHING, f"{judgement.why}; it has until its boot grace ends"
    streak = advance(record.streak, judgement, case.seen.token, case.settings, case.now_s)
    return replace(case, record=replace(record, streak=streak)), judgement.finding, judgement.why


def _suspect(case: Case, why: str) -> Decision:
    record = case.record
    long = record.phase is Phase.SUSPECT and case.now_s - record.phase_since_s >= SUSPECT_TOLD_S
    if long and not record.suspicion_told:
        case = case.telling("suspect-for-long", source=record.holder, why=why)
        case = replace(case, record=replace(case.record, suspicion_told=True))
    return case.to(Phase.SUSPECT, why)


def _on_dead(case: Case, why: str) -> Decision:
    """The holder is dead by the verdict: move, or say what forbids it."""
    record = case.record
    fence = record.fence(record.holder)
    if fence and fence.seen_stopped_s is not None and case.now_s - fence.seen_stopped_s < SUSPECT_TOLD_S:
        return case.to(Phase.SUSPECT, f"{why}; a late stop of ours hit it: it is started again, not failed over")
    if case.seen.address is None:
        return _suspect(case, f"{why}; the address could not be read in this round")
    target, refusal = choose_target(case)
    if target is None:
        return _suspect(case, f"{why}; {refusal}")
    kept = limitation(case)
    if kept and kept.lasting:
        return to_manual(case, f"{why}; {kept.why}")
    if kept:
        return _suspect(case, f"{why}; {kept.why}")
    return intend(case, Kind.FAILOVER, target, source=record.holder, why=why)


def _on_all_dead(case: Case, why: str) -> Decision:
    if case.record.phase is Phase.BOTH_DOWN:
        return case.stay(why)
    return case.telling("both-down", source=case.record.holder, why=why).to(Phase.BOTH_DOWN, why)


def _on_manual(case: Case) -> Decision:
    """Nothing moves by itself, but the address is never left on nobody while a worker lives (RULE 5.9)."""
    case, finding, why = _judged(case)
    dead = verdict_of(case.record.streak, case.settings) in (Verdict.DEAD, Verdict.ALL_DEAD)
    if dead and not case.record.suspicion_told:
        case = case.telling("holder-dead-in-manual", source=case.record.holder, why=why)
        case = replace(case, record=replace(case.record, suspicion_told=True))
    if finding is Finding.ALIVE and case.record.suspicion_told:
        case = replace(case, record=replace(case.record, suspicion_told=False))
    address = case.seen.address
    if address is None or address.association is not None:
        return replace(case, record=replace(case.record, drift=None)).stay(f"manual: {case.record.manual}; {why}")
    case, agreed = _drifted(case, "")
    return rescue(case) if agreed else case.stay("manual: the address is on nobody, to be read once more")


# The association against the record


def _reconcile(case: Case, why: str) -> Decision:
    """The holder answers: the association must be the one of this epoch."""
    record = replace(case.record, streak=None, suspicion_told=False)
    case = replace(case, record=record)
    if case.seen.address is None:
        return case.to(Phase.STEADY, why)
    association = case.seen.address.association
    shown = association.association_id if association else ""
    if shown == record.association_id and shown:
        return replace(case, record=replace(record, drift=None)).to(Phase.STEADY, why)
    case, agreed = _drifted(case, shown)
    if not agreed:
        return case.to(Phase.STEADY, f"{why}; the association is not the record's, to be read once more")
    return _restore_association(case, association)


def _restore_association(case: Case, association: Association | None) -> Decision:
    holder = holder_of(case)
    if association and association.instance_id == holder.instance_id:
        return adopt(case, holder.name, association, "somebody associated the address with its holder anew")
    kept = limitation(case)
    if kept and kept.lasting:
        return to_manual(case, f"the address is not on {holder.name}; {kept.why}")
    member = _member_with(association, case.settings) if association else None
    where = f"on {member or association.instance_id}" if association else "on nobody"
    return intend(
        case, Kind.RECONCILE, holder.name, source=member or "", why=f"the address was {where}, and {holder.name} answers"
    )


def _drifted(case: Case, shown: str) -> tuple[Case, bool]:
    """Count agreeing reads of an association that is not the record's."""
    old = case.record.drift
    reads = old.reads + 1 if old and old.association_id == shown else 1
    drift = Drift(association_id=shown, reads=reads)
    return replace(case, record=replace(case.record, drift=drift)), reads >= AGREEING_READS


def _member_with(association: Association, settings: Settings) -> str | None:
    for worker in settings.workers:
        if association.instance_id == worker.instance_id:
            return worker.name
    return None


# A move in motion


def _on_motion(case: Case) -> Decision:
    """Fencing and moving: whatever was answered or lost, go on from what the address shows now."""
    address, intent = case.seen.address, case.record.intent
    if intent is None:
        return case.to(Phase.STEADY, "nothing is in motion")
    if address is None:
        return case.stay("the address could not be read; the move goes on from the next read")
    association = address.association
    if association is None:
        return _on_nobody(case, intent)
    if association.association_id == intent.expected_id:
        return _on_still_there(case, intent)
    if association.instance_id == holder_of(case).instance_id:
        return _verify(case.record, association.association_id, case.now_s, "read back: the address is on its target")
    source = _member_with(association, case.settings) or ""
    return intend(
        case, Kind.RETARGET, case.record.holder, source=source, why="somebody else moved the address in the middle of a move"
    )


def _on_nobody(case: Case, intent: Intent) -> Decision:
    """The address is free: put it on the target, or on the next one when that does not go."""
    refused = intent.refusals >= REFUSALS_TO_RETARGET and case.now_s - intent.made_s >= REFUSED_PATIENCE_S
    if refused or case.now_s > intent.deadline_s:
        return rescue(case)
    if not _due(intent, case):
        return case.stay("waiting for the answer of the association")
    record = replace(case.record, intent=replace(intent, asked_s=case.now_s))
    moving = go(record, Phase.MOVING, case.now_s, "the address is on nobody: it is put on its target")
    return Decision(record=moving, commands=(_associate(moving),), reason=moving.reason)


def _on_still_there(case: Case, intent: Intent) -> Decision:
    """The old association stands: end it, by the id that permitted it."""
    if case.now_s > intent.deadline_s:
        return _overdue(case, intent)
    if not _due(intent, case):
        return case.stay("waiting for the answer of the disassociation")
    return _ask_disassociate(case, intent, "the old association still stands: its end is asked for again")


def _overdue(case: Case, intent: Intent) -> Decision:
    """The address could not be taken away. A source that lives after all keeps it; otherwise go on, and tell."""
    source = intent.source
    association = case.seen.address.association if case.seen.address else None
    keeps = association is not None and _member_with(association, case.settings) == source
    if association and keeps and is_healthy(case, source):
        why = f"the move could not begin in time, and {source} answers again: it keeps the address"
        return adopt(case, source, association, why)
    renewed = replace(intent, deadline_s=case.now_s + case.settings.move_deadline_s)
    case = case.telling("move-overdue", source=source, why="the address cannot be taken away; asked again and again")
    return _ask_disassociate(case, renewed, "the move is overdue: asked again")


def _ask_disassociate(case: Case, intent: Intent, why: str) -> Decision:
    record = replace(case.record, intent=replace(intent, asked_s=case.now_s), reason=why)
    command = Command(do=Do.DISASSOCIATE, epoch=record.epoch, worker=intent.source, association_id=intent.expected_id)
    return Decision(record=record, commands=(command,), reason=why)


def _due(intent: Intent, case: Case) -> bool:
    return intent.asked_s is None or case.now_s - intent.asked_s >= case.settings.call_again_s


def _associate(record: Record) -> Command:
    return Command(do=Do.ASSOCIATE, epoch=record.epoch, worker=record.holder, second=True)


def _verify(record: Record, association_id: str, now_s: float, why: str) -> Decision:
    verifying = replace(record, association_id=association_id, association_reads=0)
    verifying = go(verifying, Phase.VERIFYING, now_s, why)
    return Decision(record=verifying, commands=(), reason=why)


def _on_verifying(case: Case) -> Decision:
    """The address is on its target: believe it after two agreeing reads, or one and the target's own word."""
    case, _, why = _judged(case)
    match verdict_of(case.record.streak, case.settings):
        case Verdict.DEAD:
            return _on_dead(case, why)
        case Verdict.ALL_DEAD:
            return _on_all_dead(case, why)
        case Verdict.INCONCLUSIVE | Verdict.HEALTHY:
            pass
    case, lost = _read_back(case)
    if lost:
        return _on_motion(case)
    return _settle_if_proven(case, why)


def _read_back(case: Case) -> tuple[Case, bool]:
    """Count one more agreeing read; the flag says that the association is gone, by two reads: the first may be stale."""
    if case.seen.address is None:
        return case, False
    record, association = case.record, case.seen.address.association
    shown = association.association_id if association else ""
    if shown == record.association_id:
        agreeing = replace(record, association_reads=record.association_reads + 1, drift=None)
        return replace(case, record=agreeing), False
    return _drifted(replace(case, record=replace(record, association_reads=0)), shown)


def _settle_if_proven(case: Case, why: str) -> Decision:
    record, public = case.record, case.seen.public
    if public and public.worker == record.holder and record.association_reads >= 1:
        return settle(case, "verified: it was read back, and the worker answers by name through the address")
    if record.association_reads >= AGREEING_READS and record.grace_until_s is not None:
        return settle(case, "verified by the control plane: two agreeing reads; the worker is still booting")
    if record.association_reads >= AGREEING_READS and not public and is_healthy(case, record.holder):
        return settle(case, "verified by the control plane: two agreeing reads, and the worker answers a prober")
    if case.now_s - record.phase_since_s > case.settings.verify_deadline_s:
        return settle(case, f"taken as verified at the deadline, on {record.association_reads} agreeing reads; {why}")
    return case.stay(f"verifying; {why}")


Handler = Callable[[Case], Decision]

_HANDLERS: Mapping[Phase, Handler] = {
    Phase.DISABLED: _on_disabled,
    Phase.STEADY: _on_settled,
    Phase.SUSPECT: _on_settled,
    Phase.FENCING: _on_motion,
    Phase.MOVING: _on_motion,
    Phase.VERIFYING: _on_verifying,
    Phase.BOTH_DOWN: _on_settled,
    Phase.MANUAL: _on_manual,
}
_IN_MOTION = (Phase.FENCING, Phase.MOVING, Phase.VERIFYING)
