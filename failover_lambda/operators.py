"""What operators ask for: taken in, carried out or refused with the sentence that refuses, and never twice. Pure.

RULE.md section 9. A request comes from the inbox into the record by one write, together with what it changes, or with the
reply that refuses it. Moves wait in the record until `planned` can begin them, or their patience is over. May import
`contract`, `model`, `fences`, `moves` and `planned`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from failover_lambda import fences, planned
from failover_lambda.model import Decision, Maintenance, Pause, Phase, Record, Reply, Request, Round, Verb
from failover_lambda.moves import IN_MOTION, Case, go, home_of, order_of
from failover_lambda.values import replace

REPLIES_KEPT = 32
"""Ids and results that the record remembers: none of them is carried out again (RULE 9.3)."""

REASONS_KEPT = 8
"""Of these, the newest with their sentence."""

WAITING_MAX = 8
"""Requests that may wait in the record at once."""

PATIENCE_S_MAX = 3600.0
PAUSE_S_MAX = 86400.0
"""A pause always ends (RULE 9.5)."""
MAINTENANCE_S_MAX = 4 * 3600.0

STALE_S = 60.0
"""How much older than its patience an entry may look, by clocks that differ, and still be taken in (RULE 9.4)."""

SENTENCE_CHARACTERS_MAX = 160
"""Kept of the sentence of a reply."""


@dataclass(frozen=True)
class Done:
    """It was carried out at once; the case is what became of it."""

    case: Case
    why: str


WAITS = None
"""It cannot be carried out now, and is kept."""

Handled = Done | str | None
"""Done, the sentence that refuses, or `WAITS`."""


def take(case: Case) -> Case:
    """The case with every new request refused, carried out, or waiting; and those that wait for the end of a move tried."""
    case = _maintenance_over(case)
    for request in case.record.requests:
        if request.verb not in planned.MOVES or (case.settings.watch_only and not request.epoch):
            case = _handled(case, request)
    for request in _new(case.record, case.seen):
        case = _handled(case, replace(request, first_seen_s=case.now_s, epoch=0))
    return replace(case, record=_bounded(case.record, case.seen))


def _new(record: Record, seen: Round) -> list[Request]:
    """Entries that the record does not know, oldest first; no more than it can remember while they lie in the inbox."""
    known = known_ids(record, seen.requests)
    fresh = {each.id: each for each in seen.requests if each.id not in known}
    return sorted(fresh.values(), key=lambda each: (each.asked_s, each.id))[: max(0, REPLIES_KEPT - len(known))]


def _handled(case: Case, request: Request) -> Case:
    refusal = _unacceptable(case, request)
    handled: Handled = refusal or _VERBS[request.verb or Verb.ACKNOWLEDGE](case, request)
    match handled:
        case Done():
            return replace(case, record=_answered(handled.case.record, request, done=True, why=handled.why))
        case str():
            return replace(case, record=_answered(case.record, request, done=False, why=handled))
        case _:
            waiting = tuple(each for each in case.record.requests if each.id != request.id)
            return replace(case, record=replace(case.record, requests=(*waiting, request)))


def _answered(record: Record, request: Request, *, done: bool, why: str) -> Record:
    """The record with one more reply, and without the request."""
    reply = Reply(id=request.id, done=done, why=why[:SENTENCE_CHARACTERS_MAX])
    waiting = tuple(each for each in record.requests if each.id != request.id)
    return replace(record, requests=waiting, replies=(*record.replies, reply))


def _bounded(record: Record, seen: Round) -> Record:
    """The record with no more replies than it may keep: what lies in the inbox is never among those that go."""
    there = {each.id for each in seen.requests}
    may_go = [each for each in record.replies if each.id not in there]
    gone = {each.id for each in may_go[: max(0, len(record.replies) - REPLIES_KEPT)]}
    kept = tuple(each for each in record.replies if each.id not in gone)
    older = tuple(replace(each, why="") for each in kept[:-REASONS_KEPT])
    replies = older + kept[-REASONS_KEPT:]
    return record if replies == record.replies else replace(record, replies=replies)


def refuse_all(record: Record, seen: Round, why: str) -> Record:
    """The record after everything that waits or is new was refused."""
    for request in (*record.requests, *_new(record, seen)):
        record = _answered(record, request, done=False, why=why)
    return _bounded(record, seen)


def close(case: Case, decision: Decision) -> Decision:
    """The decision, with those answered whose move has ended, or whose patience is over."""
    record = decision.record
    if record is None:
        return decision
    for request in record.requests:
        answer = _end_of(replace(case, record=record), request)
        if answer:
            done, why = answer
            record = _answered(record, request, done=done, why=why)
    return replace(decision, record=_bounded(record, case.seen))


def _end_of(case: Case, request: Request) -> tuple[bool, str] | None:
    """Whether it was carried out, and the sentence; None while it is open."""
    record, over = case.record, case.now_s - request.first_seen_s > request.patience_s
    if request.epoch and record.phase not in IN_MOTION:
        where = f"{record.holder} holds in epoch {record.epoch}: {record.reason}"
        return record.holder == request.worker, where
    if not over:
        return None
    if request.epoch:
        return False, f"begun in epoch {request.epoch} and not settled in time; the move goes on"
    stands = (
        planned.obstacle(case, request) if request.verb in planned.MOVES else f"the site is in phase {record.phase.value}"
    )
    return False, f"not begun within {request.patience_s:g} s: {stands or 'something else came first'}"


# What can be refused at once


def _unacceptable(case: Case, request: Request) -> str:
    """Why it is refused whatever the site does; "" = it is not."""
    names = order_of(case.record, case.settings)
    checks = (
        (request.verb is None, request.fault or "what is asked for cannot be read"),
        (request.site != case.settings.site, f"this watchdog serves site {case.settings.site}, not {request.site}"),
        (not 0 < request.patience_s <= PATIENCE_S_MAX, f"patience is {request.patience_s:g} s; more than 0, at most 3600"),
        (_is_stale(case, request), f"asked {case.now_s - request.asked_s:.0f} s ago, patience {request.patience_s:g} s"),
        (_is_one_too_many(case, request), f"{WAITING_MAX} requests wait already"),
        (case.settings.watch_only, "watch-only: nothing is changed while watchOnly is true"),
        (
            request.worker not in ("", *names),
            f"{request.worker} is no worker of this site; its workers are {', '.join(names)}",
        ),
        (
            request.drain_s > 0,
            "drain needs the worker's agent, which is not in this version; without it open connections end with the move",
        ),
        (
            case.settings.connections_stay and request.verb in planned.UNFENCED,
            planned.CONNECTIONS_STAY,
        ),
    )
    return next((sentence for stands, sentence in checks if stands), "")


def _is_stale(case: Case, request: Request) -> bool:
    """New to us and older than its patience: it lay in the inbox while nobody led."""
    fresh = request.first_seen_s == case.now_s
    return fresh and case.now_s - request.asked_s > request.patience_s + STALE_S


def _is_one_too_many(case: Case, request: Request) -> bool:
    known = any(each.id == request.id for each in case.record.requests)
    return not known and len(case.record.requests) >= WAITING_MAX


# The verbs


def _move(case: Case, request: Request) -> Handled:
    """Kept until `planned` begins it; what can never be is refused now."""
    if request.verb is Verb.FAILBACK and request.worker not in ("", home_of(case)):
        return f"failback leads to {home_of(case)}, the first in order; switchover leads to {request.worker}"
    settled = case.record.phase not in IN_MOTION
    target, _ = planned.target_of(case, request)
    return f"{target} holds already" if settled and target == case.record.holder else WAITS


def _pause(case: Case, request: Request) -> Handled:
    record = case.record
    if not 0 < request.duration_s <= PAUSE_S_MAX:
        return f"a pause lasts more than 0 and at most {PAUSE_S_MAX:g} s, not {request.duration_s:g}"
    if record.phase is Phase.MANUAL:
        return f"automatic moves are off already: {record.manual}"
    if record.phase in IN_MOTION or record.phase is Phase.DISABLED:
        return WAITS
    until_s = case.now_s + request.duration_s
    why = f"by {request.who} for {request.duration_s:g} s: {request.why}"
    paused = replace(record, pause=Pause(until_s=until_s, who=request.who, why=request.why), streak=None, drift=None)
    paused = paused if record.phase is Phase.PAUSED else go(paused, Phase.PAUSED, case.now_s, f"paused {why}")
    return Done(replace(case, record=paused).telling("paused", source=record.holder, why=why), f"paused {why}")


def _resume(case: Case, request: Request) -> Handled:
    record, by = case.record, f"by {request.who}: {request.why}"
    if request.worker:
        kept = tuple(each for each in record.maintenance if each.worker != request.worker)
        if kept == record.maintenance:
            return f"{request.worker} is not in maintenance"
        over = replace(case, record=replace(record, maintenance=kept))
        return Done(over.telling("maintenance-ended", source=request.worker, why=by), f"maintenance ended {by}")
    if record.phase in IN_MOTION:
        return WAITS
    if record.phase is Phase.PAUSED and record.pause:
        return Done(replace(case, record=replace(record, pause=replace(record.pause, until_s=case.now_s))), f"resumed {by}")
    if record.phase is Phase.MANUAL:  # as if `enabled` were switched off and on
        return Done(replace(case, record=go(record, Phase.DISABLED, case.now_s, f"resumed {by}")), f"resumed {by}")
    return f"nothing is to be resumed: the site is in phase {record.phase.value}"


def _maintenance(case: Case, request: Request) -> Handled:
    if not request.worker:
        return "maintenance is of one worker, and none was named"
    if not 0 < request.duration_s <= MAINTENANCE_S_MAX:
        return f"maintenance lasts more than 0 and at most {MAINTENANCE_S_MAX:g} s, not {request.duration_s:g}"
    announced = Maintenance(worker=request.worker, until_s=case.now_s + request.duration_s, who=request.who, why=request.why)
    others = tuple(each for each in case.record.maintenance if each.worker != request.worker)
    why = f"of {request.worker} by {request.who} for {request.duration_s:g} s: {request.why}"
    case = replace(case, record=replace(case.record, maintenance=(*others, announced)))
    return Done(case.telling("maintenance", source=request.worker, why=why), f"maintenance {why}")


def _maintenance_over(case: Case) -> Case:
    over = [each for each in case.record.maintenance if case.now_s >= each.until_s]
    if not over:
        return case
    left = tuple(each for each in case.record.maintenance if case.now_s < each.until_s)
    case = replace(case, record=replace(case.record, maintenance=left))
    for each in over:
        case = case.telling("maintenance-ended", source=each.worker, why=f"its time, as {each.who} said, is over")
    return case


def _confirm_fence(case: Case, request: Request) -> Handled:
    fence = case.record.fence(request.worker)
    if fence is None:
        standing = ", ".join(each.worker for each in case.record.fences) or "nobody"
        return f"no fence stands against {request.worker or 'a worker without a name'}; one stands against {standing}"
    after = tuple(fences.confirmed(each, case.now_s) if each is fence else each for each in case.record.fences)
    why = f"by the word of {request.who}: {request.why}"
    case = replace(case, record=replace(case.record, fences=after))
    return Done(case.telling("fence-confirmed", source=request.worker, why=why), f"the fence is proven {why}")


def _order(case: Case, request: Request) -> Handled:
    names = tuple(worker.name for worker in case.settings.workers)
    if sorted(request.order) != sorted(names):
        return f"an order names each of {', '.join(names)} once, not {', '.join(request.order) or 'nobody'}"
    why = f"{', '.join(request.order)}, home first; by {request.who}: {request.why}"
    case = replace(case, record=replace(case.record, order=request.order))
    return Done(case.telling("order-changed", target=request.order[0], why=why), f"the order is {why}")


def _acknowledge(case: Case, request: Request) -> Handled:
    record = case.record
    if record.phase not in (Phase.MANUAL, Phase.BOTH_DOWN):
        return f"nothing waits for a person: the site is in phase {record.phase.value}"
    known = replace(case, record=replace(record, acknowledged=request.who))
    return Done(known.telling("acknowledged", why=f"by {request.who}: {request.why}"), f"acknowledged by {request.who}")


_VERBS: Mapping[Verb, Callable[[Case, Request], Handled]] = {
    Verb.SWITCHOVER: _move,
    Verb.FAILOVER: _move,
    Verb.FAILBACK: _move,
    Verb.PAUSE: _pause,
    Verb.RESUME: _resume,
    Verb.MAINTENANCE: _maintenance,
    Verb.CONFIRM_FENCE: _confirm_fence,
    Verb.ORDER: _order,
    Verb.ACKNOWLEDGE: _acknowledge,
}


def known_ids(record: Record, requests: Iterable[Request]) -> frozenset[str]:
    """Which of these the record knows, so that they can leave the inbox once it is stored."""
    known = {each.id for each in (*record.requests, *record.replies)}
    return frozenset(each.id for each in requests if each.id in known)
