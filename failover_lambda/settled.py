"""The phases in which a round is judged: steady, suspect, both-down and manual, and what follows from the verdict. Pure.

RULE.md sections 3 and 4, and 5.11. Handlers for `rule`; may import `contract`, `model`, `fences`, `moves` and `verdict`.
"""

from failover_lambda.model import Association, Decision, Drift, Kind, Phase, Verdict
from failover_lambda.moves import (
    Case,
    adopt,
    choose_target,
    foreign,
    holder_of,
    intend,
    is_on,
    limitation,
    maintenance_of,
    member_with,
    rescue,
    to_manual,
)
from failover_lambda.values import replace
from failover_lambda.verdict import Finding, advance, judge, verdict_of

AGREEING_READS = 2
"""Reads of the cloud that must agree before the rule believes that the association drifted, or that a move holds."""

SUSPECT_TOLD_S = 60.0
"""A suspicion that can neither be confirmed nor dropped for so long is told (RULE 4.3)."""


def on_settled(case: Case) -> Decision:
    """Steady, suspect and both-down: the same question with another past."""
    case, finding, why = judged(case)
    match verdict_of(case.record.streak, case.settings):
        case Verdict.DEAD:
            return on_dead(case, why)
        case Verdict.ALL_DEAD:
            return on_all_dead(case, why)
        case Verdict.INCONCLUSIVE | Verdict.HEALTHY:
            pass
    if finding is Finding.ALIVE:
        return _reconcile(case, why)
    if case.record.phase is Phase.BOTH_DOWN:
        return case.stay(why)
    doubted = case.record.streak or finding is Finding.EXCUSED
    return _suspect(case, why) if doubted else case.to(Phase.STEADY, why)


def judged(case: Case) -> tuple[Case, Finding, str]:
    """The case with its streak and grace brought up to this round."""
    judgement = judge(case.seen, holder_of(case), case.settings)
    record = case.record
    if judgement.finding is Finding.ALIVE:
        record = replace(record, grace_until_s=None)
    elif record.grace_until_s is not None and case.now_s < record.grace_until_s:
        return case, Finding.NOTHING, f"{judgement.why}; it has until its boot grace ends"
    elif announced := maintenance_of(record, record.holder, case.now_s):
        case = replace(case, record=replace(record, streak=None))
        return case, Finding.NOTHING, f"{judgement.why}; it is in maintenance, as {announced.who} said"
    streak = advance(record.streak, judgement, case.seen.token, case.settings, case.now_s)
    return replace(case, record=replace(record, streak=streak)), judgement.finding, judgement.why


def _suspect(case: Case, why: str) -> Decision:
    record = case.record
    long = record.phase is Phase.SUSPECT and case.now_s - record.phase_since_s >= SUSPECT_TOLD_S
    if long and not record.suspicion_told:
        case = case.telling("suspect-for-long", source=record.holder, why=why)
        case = replace(case, record=replace(case.record, suspicion_told=True))
    return case.to(Phase.SUSPECT, why)


def on_dead(case: Case, why: str) -> Decision:
    """The holder is dead by the verdict: move, or say what forbids it."""
    record = case.record
    fence = record.fence(record.holder)
    if fence and fence.start and fence.seen_stopped_s is not None and case.now_s - fence.seen_stopped_s < SUSPECT_TOLD_S:
        return case.to(Phase.SUSPECT, f"{why}; a late stop of ours hit it: it is started again, not failed over")
    if case.seen.address is None:
        return _suspect(case, f"{why}; the address could not be read in this round")
    association = case.seen.address.association
    if association and member_with(association, case.settings) is None:
        return foreign(case, association)
    return _fail_over(case, association, why)


def _fail_over(case: Case, association: Association | None, why: str) -> Decision:
    target, refusal = choose_target(case)
    if target is None:
        return _suspect(case, f"{why}; {refusal}")
    kept = limitation(case)
    if kept and kept.lasting:
        return to_manual(case, f"{why}; {kept.why}")
    if kept:
        case, nobody = _on_nobody(case, association)
        if not nobody:  # else no hold binds (RULE 5.12)
            return _suspect(case, f"{why}; {kept.why}")
    return intend(case, Kind.FAILOVER, target, source=case.record.holder, why=why)


def _on_nobody(case: Case, association: Association | None) -> tuple[Case, bool]:
    """Whether the address is on nobody, by two reads that agree: the first may be stale."""
    if association:
        return replace(case, record=replace(case.record, drift=None)), False
    return drifted(case, "")


def on_all_dead(case: Case, why: str) -> Decision:
    """No worker answers: nothing moves, and people are told once."""
    if case.record.phase is Phase.BOTH_DOWN:
        return case.stay(why)
    return case.telling("both-down", source=case.record.holder, why=why).to(Phase.BOTH_DOWN, why)


def on_manual(case: Case) -> Decision:
    """Nothing moves by itself, but the address is never left on nobody while a worker lives (RULE 5.9)."""
    case, finding, why = judged(case)
    dead = verdict_of(case.record.streak, case.settings) in (Verdict.DEAD, Verdict.ALL_DEAD)
    if dead and not case.record.suspicion_told:
        case = case.telling("holder-dead-in-manual", source=case.record.holder, why=why)
        case = replace(case, record=replace(case.record, suspicion_told=True))
    if finding is Finding.ALIVE and case.record.suspicion_told:
        case = replace(case, record=replace(case.record, suspicion_told=False))
    address = case.seen.address
    if address is None or address.association is not None:
        return replace(case, record=replace(case.record, drift=None)).stay(f"manual: {case.record.manual}; {why}")
    case, agreed = drifted(case, "")
    return rescue(case) if agreed else case.stay("manual: the address is on nobody, to be read once more")


def _reconcile(case: Case, why: str) -> Decision:
    """The holder answers: the association must be the one of this epoch."""
    record = replace(case.record, streak=None, suspicion_told=False)
    case = replace(case, record=record)
    if case.seen.address is None:
        return case.to(Phase.STEADY, why)
    association = case.seen.address.association
    shown = association.association_id if association else ""
    # Its own association can lead elsewhere too: when the configuration means another private address now.
    if association and shown == record.association_id and is_on(association, holder_of(case)):
        return replace(case, record=replace(record, drift=None)).to(Phase.STEADY, why)
    case, agreed = drifted(case, shown)
    if not agreed:
        return case.to(Phase.STEADY, f"{why}; the association is not the record's, to be read once more")
    return _restore_association(case, association)


def _restore_association(case: Case, association: Association | None) -> Decision:
    holder, kept = holder_of(case), limitation(case)
    if association and is_on(association, holder):
        return adopt(case, holder.name, association, "somebody associated the address with its holder anew")
    if kept and kept.lasting:
        return to_manual(case, f"the address is not on {holder.name}; {kept.why}")
    if association is None:  # on nobody: no hold binds (RULE 5.9)
        why = f"the address was on nobody, and {holder.name} answers"
        return intend(case, Kind.RECONCILE, holder.name, source="", why=why)
    member = member_with(association, case.settings)
    if member is None:
        return foreign(case, association)
    if kept:
        return case.to(Phase.STEADY, f"the address is on {member.name}; {kept.why}")
    why = f"the address was on {member.name}, and {holder.name} answers"
    return intend(case, Kind.RECONCILE, holder.name, source=member.name, why=why)


def drifted(case: Case, shown: str) -> tuple[Case, bool]:
    """Count agreeing reads of an association that is not the record's."""
    old = case.record.drift
    reads = old.reads + 1 if old and old.association_id == shown else 1
    drift = Drift(association_id=shown, reads=reads)
    return replace(case, record=replace(case.record, drift=drift)), reads >= AGREEING_READS
