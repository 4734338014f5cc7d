"""Who should have served when, and who did: time with two serving, and deliveries of a holder that was replaced.

*Should* comes from the record as the observer saw it; *did* from the workers' own logs, the receiver's and the clients'.
Pure; standard library and the checker's own files only.

    record     | epoch 1, wk1 .......... | epoch 2, wk2 ........................
    wk1        a a a a a a   x                    (a) = accepted after wk2's
    wk2                            A a a a a a          first answer A: two serving

A planned move leaves the old holder alive, and what it accepted it delivers; nobody else has it. So a worker is *relieved*
when an operator's request that it lets go stands in the lab's own log, after it began to hold and with no fault of it since,
and the record then names another one. What a relieved worker accepted before that other one's first answer it may deliver,
in the boot in which it accepted it, whenever. Everything else that it delivers is as stale as any other worker's.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

from lab.ledger import is_late
from lab.rawevents import Accepted, Delivery, Seen
from lab.rawlogs import RawLogs

E = TypeVar("E", Accepted, Delivery)


@dataclass(frozen=True, slots=True)
class Tenure:
    """A stretch of time in which the record named one worker as the one that should serve."""

    worker: str | None
    begins: float
    """The earliest moment at which the record can have been stored."""
    ends: float
    """Where the next tenure begins; infinite for the last one."""
    first_answer: float | None
    """When the worker first gave clients anything in this tenure: a durable write, an acknowledgement, an HTTP answer."""
    relieved: str | None
    """Who let go for it in a planned move; None where the move was none, or nobody held before."""


@dataclass(frozen=True, slots=True)
class Serving:
    """What happened outside the tenures."""

    tenures: tuple[Tenure, ...]
    intruders: tuple[Accepted, ...]
    """New messages accepted by a worker in another's tenure, after that other one's first answer; what was on its way to a
    worker that was relieved excepted."""
    double_serving_s: float
    """Over all tenures: from the rightful worker's last answer before the first intruder to the last intruder."""
    stale: tuple[Delivery, ...]
    """Deliveries by a worker in another's tenure after that one's first answer, those of a released backlog and those that
    were handed over excepted."""
    handed_over: tuple[Delivery, ...]
    """Deliveries by a relieved worker, of what was sent before it was and it delivered after that, whoever holds by then."""


def judge_serving(logs: RawLogs) -> Serving:
    """Lay the workers' own logs over the record's tenures."""
    answers = sorted(_answers(logs))
    tenures = tuple(_tenures(logs, answers))
    intruders = [_not_on_their_way(logs, tenure, _outside(tenure, logs.accepted)) for tenure in tenures]
    outside = [event for tenure in tenures for event in _outside(tenure, logs.deliveries) if not is_late(logs, event)]
    handed_over = [event for event in logs.deliveries if _is_handed_over(logs, tenures, event)]
    return Serving(
        tenures=tenures,
        intruders=tuple(event for events in intruders for event in events),
        double_serving_s=sum(_span_s(tenure, events, answers) for tenure, events in zip(tenures, intruders, strict=True)),
        stale=tuple(event for event in outside if event not in handed_over),
        handed_over=tuple(handed_over),
    )


def _answers(logs: RawLogs) -> Iterable[tuple[float, str]]:
    """Every sign that a worker served a client: (t, worker)."""
    yield from ((event.t, event.worker) for event in logs.accepted)
    yield from ((event.t, event.worker) for event in logs.acked)
    yield from ((event.t, event.worker) for event in logs.http_answers)


def _tenures(logs: RawLogs, answers: Sequence[tuple[float, str]]) -> Iterable[Tenure]:
    starts = [next(group) for _, group in groupby(logs.records, key=lambda seen: seen.entitled)]
    ends = [seen.not_before for seen in starts[1:]] + [math.inf]
    before: Seen | None = None
    for seen, end in zip(starts, ends, strict=True):
        mine = (t for t, worker in answers if worker == seen.entitled and seen.not_before <= t < end)
        relieved = before.entitled if before and _is_relieved(logs, before, seen) else None
        yield Tenure(seen.entitled, seen.not_before, end, next(mine, None), relieved)
        before = seen


def _is_relieved(logs: RawLogs, before: Seen, after: Seen) -> bool:
    """The last thing that the lab did to the holder since it held was to ask, as an operator, that it lets go."""
    done = [it for it in logs.faults if it.worker == before.entitled and before.not_before <= it.t <= after.t]
    return bool(done) and done[-1].kind.planned


def _is_handed_over(logs: RawLogs, tenures: Sequence[Tenure], delivery: Delivery) -> bool:
    """Its worker accepted, in that boot, what was sent before the one that it was relieved by gave its first answer."""
    reliefs = [
        tenure.first_answer
        for tenure in tenures
        if tenure.relieved == delivery.worker and tenure.first_answer is not None and tenure.first_answer < delivery.t
    ]
    mine = (delivery.worker, delivery.boot, delivery.key)
    return any(
        logs.sent_s(event) < relief
        for relief in reliefs
        for event in logs.accepted
        if (event.worker, event.boot, event.key) == mine
    )


def _not_on_their_way(logs: RawLogs, tenure: Tenure, accepted: Sequence[Accepted]) -> list[Accepted]:
    """A planned move fences nobody: what was sent before the new holder answered may still lie in the old one's socket."""
    first = tenure.first_answer
    return [event for event in accepted if event.worker != tenure.relieved or first is None or logs.sent_s(event) >= first]


def _outside(tenure: Tenure, events: Iterable[E]) -> list[E]:
    """Events of other workers in a tenure whose own worker had answered already."""
    first = tenure.first_answer
    if first is None:
        return []
    return [event for event in events if event.worker != tenure.worker and first < event.t < tenure.ends]


def _span_s(tenure: Tenure, intruders: Sequence[Accepted], answers: Sequence[tuple[float, str]]) -> float:
    if not intruders:
        return 0.0
    rightful = max(t for t, worker in answers if worker == tenure.worker and t < intruders[0].t)
    return intruders[-1].t - rightful
