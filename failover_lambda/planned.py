"""Planned moves: what an operator asked for, failback inside its window, and what the platform announced. Pure.

RULE.md sections 9 and 10. A planned move fences nobody: the worker that lets go lives on, delivers what it accepted, and can
take over again. So it waits for conditions that a failover cannot wait for. May import `contract`, `model`, `fences` and
`moves`.
"""

from failover_lambda.fences import LATE_CALL_S
from failover_lambda.model import Decision, Kind, Phase, Request, Verb
from failover_lambda.moves import (
    IN_MOTION,
    Case,
    against,
    against_but_for_its_fence,
    choose_target,
    claimed,
    hold,
    holder_of,
    home_of,
    intend,
    is_on,
    member_with,
    order_after,
)
from failover_lambda.values import replace

HEALTHY_BEFORE_FAILBACK_S = 60.0
"""Home was found ready in every round for so long before it gets the address back by itself (RULE 10.4)."""

HEEDED_KEPT = 8
"""Announcements of the platform that the record remembers, newest last."""

MOVES = frozenset({Verb.SWITCHOVER, Verb.FAILOVER, Verb.FAILBACK})
"""What operators ask for that ends in a move."""

UNFENCED = (Verb.SWITCHOVER, Verb.FAILBACK)
"""What leaves the old holder as it is (RULE 9.8)."""

CONNECTIONS_STAY = (
    "connections that stand would go on to the old holder, beside the new one: ask for failover, which fences it"
)
"""Why there is none of these where they do (RULE 9.15)."""

_KINDS = {Verb.SWITCHOVER: Kind.SWITCHOVER, Verb.FAILOVER: Kind.FAILOVER, Verb.FAILBACK: Kind.FAILBACK}
_RESTING = (Phase.STEADY, Phase.PAUSED, Phase.MANUAL)


def after(case: Case, decision: Decision) -> Decision:
    """The decision, or a planned move where the round asks for nothing else."""
    record = decision.record
    if record is None or record.epoch != case.record.epoch or record.phase in IN_MOTION or decision.commands:
        return decision
    if case.settings.watch_only and case.record.phase in IN_MOTION:
        return decision  # a move has just ended, and it was to be the last one (RULE 4.7)
    case = _home_watched(replace(case, record=record))
    for request in record.requests:
        fresh = not request.epoch and case.now_s - request.first_seen_s <= request.patience_s
        if request.verb in MOVES and fresh and not obstacle(case, request):
            return _begin(case, request)
    by_itself = None if case.settings.connections_stay else _failback(case) or _heed(case)
    return by_itself or replace(decision, record=case.record)


# What an operator asked for


def target_of(case: Case, request: Request) -> tuple[str, str]:
    """Who would be the new holder; else "" and why nobody can."""
    if request.verb is Verb.FAILBACK:
        return home_of(case), ""
    if request.worker:
        return request.worker, ""
    target, refusal = choose_target(case)
    return target or "", refusal


def obstacle(case: Case, request: Request) -> str:
    """Why this move cannot begin in this round; "" = it can."""
    record = case.record
    hard = request.verb is Verb.FAILOVER
    if case.settings.connections_stay and not hard:
        return CONNECTIONS_STAY
    if record.phase not in _RESTING and not (hard and record.phase in (Phase.SUSPECT, Phase.BOTH_DOWN)):
        return f"the site is in phase {record.phase.value}"
    target, refusal = target_of(case, request)
    if not target:
        return refusal
    if target == record.holder:
        return f"{target} holds already"
    stands = (against_but_for_its_fence if hard and request.unproven else against)(case, target)
    return stands or (_address_unfit(case) if hard else unfit(case))


def unfit(case: Case) -> str:
    """Why no planned move at all may begin in this round; "" = one may."""
    stands = _address_unfit(case)
    if stands:
        return stands
    address, record = case.seen.address, case.record
    association = address.association if address else None
    if association is None or not is_on(association, holder_of(case)) or record.drift:
        return f"the address is not where the record says: on {record.holder}"
    if record.loose_s is not None and 0 <= case.now_s - record.loose_s < LATE_CALL_S:
        asked = f"an association that was asked for {case.now_s - record.loose_s:.0f} s ago was never answered"
        return f"{asked} and may still land; planned moves wait {LATE_CALL_S:g} s"
    return ""


def _address_unfit(case: Case) -> str:
    if case.seen.address is None:
        return "the address could not be read in this round"
    if stranger := claimed(case.seen.address, case.settings):
        return stranger
    association = case.seen.address.association
    if association and member_with(association, case.settings) is None:
        return f"the address is on {association.instance_id}, which is no worker of this site"
    return ""


def _begin(case: Case, request: Request) -> Decision:
    assert request.verb is not None  # noqa: S101 - `MOVES` has no such member
    target, _ = target_of(case, request)
    source, why = case.record.holder, f"{request.who} asked for {request.verb.value} {request.id}: {request.why}"
    begun = replace(request, worker=target, epoch=case.record.epoch + 1)
    requests = tuple(begun if each.id == request.id else each for each in case.record.requests)
    case = replace(case, record=replace(case.record, requests=requests))
    return intend(case, _KINDS[request.verb], target, source=source, why=why, automatic=False)


# By itself: the hold binds what nobody asked for; the budget does not, because a planned move uses none (hole 24)


def _home_watched(case: Case) -> Case:
    """Since when home was found ready without a break; written only when that changes."""
    record, home = case.record, home_of(case)
    watched = case.settings.failback_enabled and record.phase is Phase.STEADY and home != record.holder
    ready = watched and not against(case, home)
    known_s = record.home_healthy_s if record.home_watched == home else None
    since_s = (case.now_s if known_s is None else known_s) if ready else None
    noted = replace(record, home_healthy_s=since_s, home_watched=home if ready else "")
    return case if noted == record else replace(case, record=noted)


def _failback(case: Case) -> Decision | None:
    record, window, home = case.record, case.seen.window, home_of(case)
    since_s = record.home_healthy_s
    if window is None or since_s is None or not case.seen.clocks_agree or record.requests:
        return None
    spent = record.window_spent_s is not None and record.window_spent_s >= window.opened_s
    if spent or case.now_s - since_s < HEALTHY_BEFORE_FAILBACK_S or hold(case) or unfit(case) or _may_go(case, home):
        return None
    why = f"{home} was ready for {case.now_s - since_s:.0f} s, and the failback window is open"
    return intend(case, Kind.FAILBACK, home, source=record.holder, why=why)


def _heed(case: Case) -> Decision | None:
    """The platform means to do something to the holder's machine: a standby that is ready takes over before."""
    record, machine = case.record, case.seen.instance(case.record.holder)
    if record.phase is not Phase.STEADY or machine is None or not machine.event or machine.event in record.heeded:
        return None
    target = next((name for name in order_after(case) if not against(case, name) and not _may_go(case, name)), None)
    if target is None or record.requests or hold(case) or unfit(case):
        return None
    case = replace(case, record=replace(record, heeded=(*record.heeded, machine.event)[-HEEDED_KEPT:]))
    why = f"the platform announced {machine.event} for {record.holder}"
    return intend(case, Kind.SWITCHOVER, target, source=record.holder, why=why)


def _may_go(case: Case, name: str) -> bool:
    """Something is announced for it, or nobody could look: then no move by itself leads there."""
    machine = case.seen.instance(name)
    return machine is None or bool(machine.event)
