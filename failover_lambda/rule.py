"""The rule: who serves, and what is done about it. One pure function, `step`; docs/RULE.md is the same text for people.

No I/O, no clock, no chance, no logging: equal arguments give equal decisions. `step` sends an event to a handler, a `Round`
further to the handler of the record's phase (`_HANDLERS` lists every phase); a handler gets a `Case`, returns a `Decision`.

Here: events and the switch. Elsewhere, and as pure: what the rounds say of the holder (`verdict`), the phases in which it is
judged (`settled`, `paused`), a move in motion (`motion`), its first and last step (`moves`), planned moves (`planned`), what
operators ask for (`operators`), the debts of fencing (`fences`), what is denied (`denials`) and asked for in time
(`rehearsal`), what the holder's page names as down (`complaints`), where the cloud's view decides (`adoption`), what
watching only makes of a decision (`watching`), wrong clocks (`clocks`). The order in which it becomes effect is `cycle`'s.
May import `contract`, `model` and those thirteen.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import assert_never

from failover_lambda import adoption, complaints, denials, fences, operators, paused, planned, rehearsal, watching
from failover_lambda.clocks import clamped
from failover_lambda.contract import Settings
from failover_lambda.model import (
    Answered,
    Command,
    Decision,
    Do,
    Event,
    Fence,
    Intent,
    Lost,
    Notice,
    Outcome,
    Phase,
    Record,
    Request,
    Round,
    Told,
)
from failover_lambda.motion import associate, not_ended, on_motion, on_verifying, verify
from failover_lambda.moves import IN_MOTION, Case, adopt_shown, claimed, go, hands_off, loose_since, notify
from failover_lambda.settled import drifted, on_manual, on_settled
from failover_lambda.values import replace


def step(record: Record | None, event: Event, settings: Settings, now_s: float, lost: Lost | None = None) -> Decision:
    """Decide what follows from one event.

    Args:
        record: what is stored; None = surely nothing is, or nothing that can be gone on from.
        event: a round, the answer to a command, or a notice that left.
        settings: what the watchdog was told.
        now_s: wall clock, seconds since 1970.
        lost: where there is no record: what the store tells of the one there was; None = there never was one.

    Returns:
        The record to write (the same object when nothing changed), the commands to run after the write, and the reason.
    """
    match event:
        case Round():
            return _on_round(record, event, settings, now_s, lost)
        case Answered():
            return _on_answer(record, event, now_s)
        case Told():
            return _on_told(record, event, settings)
        case _:
            assert_never(event)


def in_motion(record: Record | None) -> bool:
    """Whether a move has begun and not ended."""
    return record is not None and record.phase in IN_MOTION


def known_requests(record: Record, requests: Iterable[Request]) -> frozenset[str]:
    """Ids of those that the record knows: they can leave the inbox once it is stored (RULE 9.2)."""
    return operators.known_ids(record, requests)


def in_doubt(record: Record | None) -> bool:
    """Whether the next round follows at burst cadence, with every read."""
    return record is None or record.phase in (Phase.SUSPECT, Phase.FENCING, Phase.MOVING, Phase.VERIFYING)


def wants_cloud(record: Record | None) -> bool:
    """Whether the next round must read address and machines, whenever they were read last."""
    if record is None or in_doubt(record) or record.drift or record.requests:
        return True
    return record.phase in (Phase.DISABLED, Phase.BOTH_DOWN) or fences.has_open_calls(record)


# Events


def _on_round(record: Record | None, seen: Round, settings: Settings, now_s: float, lost: Lost | None) -> Decision:
    if seen.overrun:
        return Decision(record=record, commands=(), reason="the round overran its deadline and counts for nothing")
    if record is None:
        return adoption.first(seen, settings, now_s, lost)
    record = clamped(record, settings, now_s)
    watches = settings.watch_only and record.phase not in IN_MOTION
    if not settings.enabled and record.phase not in IN_MOTION:
        return _disable(record, seen, now_s)
    if record.holder not in {worker.name for worker in settings.workers}:
        return _on_unknown_holder(record, seen, settings, now_s, watches=watches)
    record = replace(record, fences=fences.after_a_loss(record, seen, now_s))
    watched = fences.watch(record, seen, settings, now_s)
    silent = watches or _is_paused(record)
    standing = fences.unasked(record, seen, watched, now_s) if silent else watched.fences
    case = Case(record=replace(record, fences=standing), seen=seen, settings=settings, now_s=now_s)
    for worker in (each for each in watched.rejoined if each != record.holder):
        case = case.telling("rejoined", source=worker, why=f"{worker} was stopped and started again; it is a standby now")
    case = complaints.tell(_telling_denied(case))
    unproven = fences.unprovable(case.record, now_s)
    if unproven:
        case = _telling_unproven(case, unproven)
    case = operators.take(case)
    decision = operators.close(case, _decided(case))
    if watches:
        return watching.only_watched(case, decision)
    return _with_fence_calls(decision, () if silent else watched.commands)


def _is_paused(record: Record) -> bool:
    """An operator said that nothing is sent: no call of a fence either (RULE 9.6)."""
    return record.phase is Phase.PAUSED


def _decided(case: Case) -> Decision:
    """What the phase's handler says, or a planned move; of an address that is not ours nobody is asked."""
    stranger = claimed(case.seen.address, case.settings)
    return hands_off(case, stranger) if stranger else planned.after(case, _handler(case)(case))


def _handler(case: Case) -> "Handler":
    if case.settings.watch_only and case.record.phase is Phase.DISABLED:
        return _as_if_enabled
    if case.record.watched_only and not case.settings.watch_only:
        return _watching_over
    return _HANDLERS[case.record.phase]


def _as_if_enabled(case: Case) -> Decision:
    """Enabled to watch only: it is judged, and stays disabled until more than that is allowed."""
    return on_settled(replace(case, record=replace(case.record, phase=Phase.STEADY)))


def _watching_over(case: Case) -> Decision:
    """What people did meanwhile is adopted: at once, or when the pause ends; after `enabled` off and on as ever (1.8)."""
    seen_to = replace(case, record=replace(case.record, watched_only=False, would=""))
    match case.record.phase:
        case Phase.PAUSED:
            return paused.on_paused(seen_to)
        case Phase.DISABLED:
            return _on_disabled(seen_to)
        case _:
            return paused.ended(case, "watching only is over")


def _telling_denied(case: Case) -> Case:
    record, new = denials.after_round(case.record, case.seen)
    case = replace(case, record=rehearsal.noted(record, case.seen, case.now_s))
    return case.telling("denied", why=denials.sentence(new)) if new else case


def _telling_unproven(case: Case, fence: Fence) -> Case:
    standing = tuple(replace(other, told=True) if other is fence else other for other in case.record.fences)
    case = replace(case, record=replace(case.record, fences=standing))
    return case.telling("fence-unproven", source=fence.worker, why="its isolation or stop is refused again and again")


def _with_fence_calls(decision: Decision, due: tuple[Command, ...]) -> Decision:
    """Fence calls that are due go first, but none against a worker that this very decision makes the holder."""
    holder = decision.record.holder if decision.record else ""
    allowed = tuple(call for call in due if call.worker != holder or call.do in (Do.RESTORE, Do.START))
    return replace(decision, commands=allowed + decision.commands)


def _on_answer(record: Record | None, event: Answered, now_s: float) -> Decision:
    if record is not None:
        record, new = denials.after_answer(record, event)
        if new:
            record = notify(record, now_s, "denied", source=event.command.worker, why=denials.sentence(new))
    return _on_outcome(record, event, now_s)


def _on_outcome(record: Record | None, event: Answered, now_s: float) -> Decision:
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
        unanswered = intent.unanswered or event.outcome is Outcome.LOST
        asked_again = replace(record, intent=replace(intent, asked_s=None, unanswered=unanswered))
        return Decision(record=asked_again, commands=(), reason=f"{what}; the next round reads back before it is judged")
    moving = go(replace(record, intent=replace(intent, asked_s=now_s)), Phase.MOVING, now_s, f"{what}; the address is free")
    return Decision(record=moving, commands=(associate(record),), reason=moving.reason)


def _on_associated(record: Record, event: Answered, now_s: float, what: str) -> Decision:
    intent = _intent_of(record, event)
    if intent is None or record.phase is not Phase.MOVING:
        return Decision(record=record, commands=(), reason=f"{what}; of no consequence any more")
    match event.outcome:
        case Outcome.DONE if event.association_id == intent.expected_id:
            return not_ended(record, intent, now_s)
        case Outcome.DONE if event.association_id == record.ending_id:
            after = replace(intent, asked_s=None)
        case Outcome.DONE:
            return verify(record, event.association_id, now_s, what)
        case Outcome.LOST:
            after, record = replace(intent, asked_s=None), replace(record, loose_s=loose_since(record))
        case Outcome.DEFERRED:
            after = replace(intent, asked_s=None)
        case Outcome.REFUSED:
            after = replace(intent, asked_s=None, refusals=intent.refusals + 1)
        case _:
            assert_never(event.outcome)
    return Decision(
        record=replace(record, intent=after), commands=(), reason=f"{what}; the next round reads back before it is judged"
    )


def _on_told(record: Record | None, event: Told, settings: Settings) -> Decision:
    """It leaves the record when every channel took it; until then the record knows which did (RULE 7.1)."""
    if record is None:
        return Decision(record=None, commands=(), reason="told")
    marked = tuple(_taken_by(notice, event) for notice in record.outbox)
    rest = tuple(notice for notice in marked if not set(settings.channels) <= set(notice.taken))
    reason = f"notice {event.notice_id} has left by the {event.channel.value}"
    return Decision(record=replace(record, outbox=rest), commands=(), reason=reason)


def _taken_by(notice: Notice, event: Told) -> Notice:
    if notice.id != event.notice_id or event.channel in notice.taken:
        return notice
    return replace(notice, taken=(*notice.taken, event.channel))


def _intent_of(record: Record, event: Answered) -> Intent | None:
    return record.intent if event.command.epoch == record.epoch else None


def _on_unknown_holder(record: Record, seen: Round, settings: Settings, now_s: float, *, watches: bool) -> Decision:
    if watches:
        why = f"the holder {record.holder} is not configured any more"
        return watching.unmoved(record, record.would, f"{why}; what the cloud shows is adopted when watching only ends")
    return adoption.on_unknown_holder(record, seen, settings, now_s)


# The switch


def _disable(record: Record, seen: Round, now_s: float) -> Decision:
    record = operators.refuse_all(record, seen, "the watchdog is switched off: enabled is false")
    if record.phase is Phase.DISABLED:
        return Decision(record=record, commands=(), reason=record.reason)
    off = replace(record, streak=None, drift=None, intent=None, pause=None, watched_only=False)
    off = notify(go(off, Phase.DISABLED, now_s, "disabled by the configuration"), now_s, "disabled", why="enabled is false")
    return Decision(record=off, commands=(), reason=off.reason)


def _on_disabled(case: Case) -> Decision:
    """Enabled again: what people did meanwhile is adopted, with fresh streaks and a fresh budget (hole 17)."""
    fresh = replace(
        case.record,
        manual="",
        moves=(),
        suspicion_told=False,
        streak=None,
        drift=None,
        home_healthy_s=None,
    )
    case = replace(case, record=fresh)
    if case.seen.address is None:
        return case.stay("enabled again, and the address could not be read yet")
    association = case.seen.address.association
    if association is None:
        case, _ = drifted(case, "")  # the first of the two reads that repair it (RULE 5.11)
        return case.to(Phase.STEADY, "enabled again")
    return adopt_shown(case, association, "enabled again: the cloud's view is adopted")


Handler = Callable[[Case], Decision]

_HANDLERS: Mapping[Phase, Handler] = {
    Phase.DISABLED: _on_disabled,
    Phase.STEADY: on_settled,
    Phase.SUSPECT: on_settled,
    Phase.FENCING: on_motion,
    Phase.MOVING: on_motion,
    Phase.VERIFYING: on_verifying,
    Phase.BOTH_DOWN: on_settled,
    Phase.PAUSED: paused.on_paused,
    Phase.MANUAL: on_manual,
}
