"""Watching only: the rule judges as ever, and what it would do is told instead of done. Pure.

RULE.md 4.7. For `rule`; may import `model` and `moves`.
"""

from failover_lambda.model import Decision, Kind, Phase, Record
from failover_lambda.moves import Case
from failover_lambda.values import replace

_JUDGED = frozenset({Phase.STEADY, Phase.SUSPECT})
"""Phases that say what was judged and not what was done: only these follow each other while it watches."""


def only_watched(case: Case, decision: Decision) -> Decision:
    """The same judgement, told instead of done: no epoch, other holder or phase but `suspect`, and no call (RULE 4.7)."""
    before, after = case.record, decision.record
    if after is None:
        return decision
    would = _would(before, after)
    if not would:
        clear = after.streak is None and after.drift is None and case.seen.address is not None
        return unmoved(_quiet(before, after), "" if clear else before.would, decision.reason)
    if would == before.would:
        return unmoved(before, would, f"would {would}: {decision.reason}")
    if after.epoch == before.epoch:
        told = replace(before, outbox=after.outbox, notices=after.notices)
    else:
        told = case.telling("would-move", source=before.holder, target=after.holder, why=decision.reason).record
    return unmoved(told, would, f"would {would}: {decision.reason}")


def _would(before: Record, after: Record) -> str:
    """What the decision comes to; "" = nothing that anybody has to know."""
    if after.epoch != before.epoch:
        return f"{after.intent.kind.value if after.intent else Kind.ADOPT.value} {after.holder}"
    again = after.phase is before.phase and after.phase_since_s == before.phase_since_s
    known = again or (after.phase in _JUDGED and before.phase is not Phase.PAUSED)
    return "" if known else f"be {after.phase.value}"


def _quiet(before: Record, after: Record) -> Record:
    """What was learned, without what follows from it."""
    if before.phase in _JUDGED:
        return after  # what is no such phase either, would be told
    return replace(
        after,
        phase=before.phase,
        phase_since_s=before.phase_since_s,
        intent=before.intent,
        pause=after.pause or before.pause,
        manual=before.manual,
        reason=before.reason,
        acknowledged=before.acknowledged,
    )


def unmoved(record: Record, would: str, why: str) -> Decision:
    """The record as it stands, and that it was only watched."""
    return Decision(record=replace(record, watched_only=True, would=would), commands=(), reason=f"watch-only: {why}")
