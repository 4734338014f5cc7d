"""A move in motion: fencing, moving, verifying. Goes on from what the address shows, whatever was answered or lost. Pure.

RULE.md 5.3 to 5.10. Handlers for `rule`; may import `contract`, `model`, `moves`, `settled` and `verdict`.
"""

from failover_lambda.model import Association, Command, Decision, Do, Intent, Kind, Phase, Record, Verdict
from failover_lambda.moves import (
    Case,
    adopt,
    foreign,
    go,
    holder_of,
    intend,
    is_healthy,
    is_on,
    is_quiet,
    limitation,
    loose_since,
    member_with,
    rescue,
    settle,
    to_manual,
)
from failover_lambda.settled import AGREEING_READS, drifted, judged, on_all_dead, on_dead
from failover_lambda.values import replace
from failover_lambda.verdict import verdict_of

REFUSALS_TO_RETARGET = 3
"""Definite refusals to put the address on a target, a round apart each, before the next one is tried (RULE 5.8)."""

REFUSED_PATIENCE_S = 5.0
"""And no sooner than this after the intent: a control plane may for a while not know what it did itself."""


def on_motion(case: Case) -> Decision:
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
    if is_on(association, holder_of(case)):
        return _on_target(case, association.association_id)
    return _on_moved_by_others(case, association)


def _on_target(case: Case, association_id: str) -> Decision:
    """It has the address: by our call, by another hand, or still by what an earlier move, given up, asked to end."""
    if association_id == case.record.ending_id:
        why = "the address has the association that a call of ours may still end: its end is asked for again"
        return intend(case, Kind.RETARGET, case.record.holder, source=case.record.holder, why=why)
    unanswered = replace(case.record, loose_s=loose_since(case.record))  # a hand may have been first (RULE 9.9)
    return verify(unanswered, association_id, case.now_s, "read back: the address is on its target")


def _on_moved_by_others(case: Case, association: Association) -> Decision:
    """In the middle of a move the address is somewhere else, by another hand than ours."""
    member, kept = member_with(association, case.settings), limitation(case)
    if member is None:
        return foreign(case, association)
    case, agreed = drifted(case, association.association_id)
    if not agreed:
        return case.stay(f"the address is on {member.name}, to be read once more")
    why = f"somebody else put the address on {member.name} in the middle of a move"
    if kept:
        return to_manual(case, f"{why}; {kept.why}")
    return intend(case, Kind.RETARGET, case.record.holder, source=member.name, why=why)


def _on_nobody(case: Case, intent: Intent) -> Decision:
    """The address is free: put it on the target, or on the next one when that does not go."""
    if intent.refusals >= REFUSALS_TO_RETARGET and case.now_s - intent.made_s >= REFUSED_PATIENCE_S:
        return rescue(case)
    if case.now_s > intent.deadline_s:
        if not _may_still_take(case):
            return rescue(case)
        intent = replace(intent, deadline_s=case.now_s + case.settings.move_deadline_s)
        case = case.telling(
            "move-overdue", target=case.record.holder, why="the address cannot be put on it yet; asked again"
        )
    if case.record.phase is Phase.MOVING and not _due(intent, case):
        return case.stay("waiting for the answer of the association")
    # Its end was read and not answered: if the read was stale, the call is still on its way (RULE 5.5).
    unanswered = intent.unanswered or (case.record.phase is Phase.FENCING and intent.asked_s is not None)
    asked = replace(intent, asked_s=case.now_s, unanswered=unanswered)
    record = replace(case.record, intent=asked, loose_s=loose_since(case.record))
    moving = go(record, Phase.MOVING, case.now_s, "the address is on nobody: it is put on its target")
    return Decision(record=moving, commands=(associate(moving),), reason=moving.reason)


def _may_still_take(case: Case) -> bool:
    """The target was not refused: it answers, or it is still booting. Then the cloud is slow, not the target wrong."""
    grace_until_s = case.record.grace_until_s
    return is_healthy(case, case.record.holder) or (grace_until_s is not None and case.now_s < grace_until_s)


def _on_still_there(case: Case, intent: Intent) -> Decision:
    """The old association stands: end it, by the id that permitted it."""
    if case.now_s > intent.deadline_s:
        return _overdue(case, intent)
    if case.record.phase is Phase.MOVING:
        return case.stay("an old read: the association was ended already")
    if not _due(intent, case):
        return case.stay("waiting for the answer of the disassociation")
    return _ask_disassociate(case, intent, "the old association still stands: its end is asked for again")


def _overdue(case: Case, intent: Intent) -> Decision:
    """The address could not be taken away. A source that lives after all keeps it; otherwise go on, and tell.

    With the association that it has, where every ask to end that was refused; else with a new one, because the ask that was
    never answered may still land (RULE 5.5).
    """
    source = intent.source
    association = case.seen.address.association if case.seen.address else None
    member = member_with(association, case.settings) if association else None
    if association and member and member.name == source != case.record.holder and is_healthy(case, source):
        why = f"the move could not begin in time, and {source} answers again: it keeps the address"
        if intent.unanswered or intent.asked_s is not None:
            return intend(case, Kind.RETARGET, source, source=source, why=f"{why}, with a new association")
        return adopt(case, source, association, why)
    renewed = replace(intent, deadline_s=case.now_s + case.settings.move_deadline_s)
    case = case.telling("move-overdue", source=source, why="the address cannot be taken away; asked again and again")
    return _ask_disassociate(case, renewed, "the move is overdue: asked again")


def _ask_disassociate(case: Case, intent: Intent, why: str) -> Decision:
    unanswered = intent.unanswered or intent.asked_s is not None
    record = replace(case.record, intent=replace(intent, asked_s=case.now_s, unanswered=unanswered), reason=why)
    command = Command(do=Do.DISASSOCIATE, epoch=record.epoch, worker=intent.source, association_id=intent.expected_id)
    return Decision(record=record, commands=(command,), reason=why)


def _due(intent: Intent, case: Case) -> bool:
    """Whether to ask now; also when the last ask lies in the future, by the clock of another leader."""
    return intent.asked_s is None or not 0 <= case.now_s - intent.asked_s < case.settings.call_again_s


def associate(record: Record) -> Command:
    """The second call of a move."""
    return Command(do=Do.ASSOCIATE, epoch=record.epoch, worker=record.holder, second=True)


def not_ended(record: Record, intent: Intent, now_s: float) -> Decision:
    """The association is the very one that was to end: a stale read said that it had. Its end comes first (RULE 5.5)."""
    back = replace(record, intent=replace(intent, asked_s=None, unanswered=True))
    why = "the address is on its target by the association that was to end: its end is asked for again"
    return Decision(record=go(back, Phase.FENCING, now_s, why), commands=(), reason=why)


def verify(record: Record, association_id: str, now_s: float, why: str) -> Decision:
    """The address was put on its target, by the call's answer or by a read: now it is to be believed."""
    verifying = replace(record, association_id=association_id, association_reads=0, ending_id="")
    verifying = go(verifying, Phase.VERIFYING, now_s, why)
    return Decision(record=verifying, commands=(), reason=why)


def on_verifying(case: Case) -> Decision:
    """The address is on its target: believe it after two agreeing reads, or one and the target's own word."""
    case, _, why = judged(case)
    verdict = verdict_of(case.record.streak, case.settings)
    if verdict in (Verdict.DEAD, Verdict.ALL_DEAD):
        return _on_dead_target(case, verdict, why)
    case, lost = _read_back(case)
    if lost:
        return on_motion(case)
    return _settle_if_proven(case, why)


def _on_dead_target(case: Case, verdict: Verdict, why: str) -> Decision:
    """The target died before the move was verified: that the move was made is told, then section 3 decides."""
    record, intent = case.record, case.record.intent
    if record.manual or record.pause or is_quiet(case):
        return settle(case, f"not verified: {why}")
    if intent:
        case = case.telling(intent.kind.value, source=intent.source, target=record.holder, why=f"not verified: {why}")
    return on_dead(case, why) if verdict is Verdict.DEAD else on_all_dead(case, why)


def _read_back(case: Case) -> tuple[Case, bool]:
    """Count one more agreeing read; the flag says that the association is gone, by two reads: the first may be stale."""
    if case.seen.address is None:
        return case, False
    record, association = case.record, case.seen.address.association
    shown = association.association_id if association else ""
    if shown == record.association_id:
        agreeing = replace(record, association_reads=record.association_reads + 1, drift=None)
        return replace(case, record=agreeing), False
    return drifted(replace(case, record=replace(record, association_reads=0)), shown)


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
