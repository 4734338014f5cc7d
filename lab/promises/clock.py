"""The promise that the report's own times can be believed: every witness's clock agrees with every other's.

A forged or mixed-up timeline shows here: an order that cause and effect forbid, a log that runs backwards, an answer by a
machine that had no address yet. Pure.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from lab.promises.case import CLOCK_SLACK_S, Case, Judgement, judged
from lab.rawevents import Phase

PAUSE = "ask-pause"
"""The lab's act that asks, as an operator, for a pause: a fault may come in it."""


def timeline_is_consistent(case: Case) -> Judgement:
    """Fault, detection, decision, move and verification come in this order, and the witnesses agree on each."""
    breaches = [breach for part in _PARTS for breach in part(case)]
    return judged(breaches, f"{_figures(case)}; gate, cloud, public address, clients and record agree")


def _figures(case: Case) -> str:
    t = case.timeline
    named = {"detected": t.detected_s, "decided": t.decided_s, "moved": t.moved_s, "verified": t.verified_s}
    return "fault 0" + "".join(f" < {name} {_seconds(value)}" for name, value in named.items())


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.3f}"


def _start(case: Case) -> Iterable[str]:
    before, fault = case.timeline.before, case.timeline.fault
    paused = before.phase is Phase.PAUSED and any(act.act == PAUSE and act.t < fault.t for act in case.logs.acts)
    if before.phase is not Phase.STEADY and not paused:
        yield f"the record was in the phase {before.phase.value} when the fault came, so no figure has a clear start"
    if case.lab.fault is not fault.kind:
        yield f"lab.json says that the fault was {case.lab.fault.value}, the lab's log says {fault.kind.value}"


def _order(case: Case) -> Iterable[str]:
    """What a poller saw may have been stored one poll earlier; `earliest` allows for that."""
    t = case.timeline
    if case.lab.stays and t.decided is None:
        return  # nothing was to be decided
    seen = {"detected": t.detected, "decided": t.decided, "verified": t.verified}
    yield from (f"{name} was never seen after the fault" for name, moment in seen.items() if moment is None)
    if t.detected and t.decided and t.detected.t > t.decided.t:
        yield f"detected at {case.at(t.detected.t)}, after decided at {case.at(t.decided.t)}"
    if t.move is None:
        yield "no accepted move lies between the fault and the end of the verification"
        return
    if t.decided and t.decided.not_before > t.move.t_out:
        earliest = case.at(t.decided.not_before)
        yield f"moved at {case.at(t.move.t_out)}, before decided, which was at {earliest} at the earliest"
    if t.verified and t.move.t_out > t.verified.t:
        yield f"moved at {case.at(t.move.t_out)}, after verified at {case.at(t.verified.t)}"


def _cloud_agrees(case: Case) -> Iterable[str]:
    """The association happened inside the call that made it. Gate and cloud write in one process: no slack.

    On Azure the call is answered when it is accepted, and the association is made when its operation ends.
    """
    move, made = case.timeline.move, case.made
    latest = math.inf if case.lab.cloud == "azure" or move is None else move.t_out
    if move is not None and made is not None and not move.t_in <= made.t <= latest:
        yield (
            f"the gate had the call from {case.at(move.t_in)} to {case.at(move.t_out)}, the cloud made its association at "
            f"{case.at(made.t)}"
        )


def _address_agrees(case: Case) -> Iterable[str]:
    """The public address leads to the new worker once the cloud says that packets follow, and not before."""
    made = case.made
    if made is None:
        return
    led = next((e.t for e in case.logs.carries if e.private_ip == made.private_ip and e.t >= made.t), None)
    follow = case.at(made.carries_at)
    if led is None:
        yield f"the public address' own log knows nothing of the move; packets should follow from {follow} on"
    elif led < made.carries_at:
        yield f"the public address led to the new worker at {case.at(led)}, packets follow from {follow} on"


def _clients_agree(case: Case) -> Iterable[str]:
    """Nobody is answered by the new worker before packets follow to it, nor acknowledged before it sent the message."""
    made, fault = case.made, case.timeline.fault
    if made is not None:
        worker = case.lab.by_ip(made.private_ip)
        answers = [(ack.t, f"sender {ack.sender}") for ack in case.logs.acked if ack.worker == worker]
        answers += [(answer.t, "the HTTP client") for answer in case.logs.http_answers if answer.worker == worker]
        early = [(t, client) for t, client in answers if fault.t < t < made.carries_at]
        for t, client in early:
            yield f"{client} was answered by {worker} at {case.at(t)}, packets follow from {case.at(made.carries_at)} on"
    yield from _acks_before_sending(case)


def _acks_before_sending(case: Case) -> Iterable[str]:
    sent = {(event.key, event.attempt): event.t for event in case.logs.sent}
    for ack in case.logs.acked:
        if ack.t < sent.get((ack.key, ack.attempt), ack.t):
            yield f"sender {ack.sender} was acknowledged at {case.at(ack.t)}, before it sent {ack.key}"


def _broken_is_silent(case: Case) -> Iterable[str]:
    """A killed or frozen process writes nothing until it is started again; if it did, the fault's time is wrong."""
    fault = case.timeline.fault
    if fault.worker is None or not fault.kind.silences:
        return
    back = min((s.t for s in case.logs.starts if s.worker == fault.worker and s.t > fault.t), default=float("inf"))
    for event in case.logs.workers[fault.worker]:
        if fault.t + CLOCK_SLACK_S < event.t < back:
            yield f"{fault.worker} wrote to its log at {case.at(event.t)}, when it was {fault.kind.done}"


def _calls_end(case: Case) -> Iterable[str]:
    for call in case.logs.calls:
        if call.t_out < call.t_in:
            yield f"{call.action} was answered at {case.at(call.t_out)}, before it was asked at {case.at(call.t_in)}"


def _logs_run_forward(case: Case) -> Iterable[str]:
    logs = case.logs
    files = {"http": logs.http, "receiver": logs.deliveries, "cloud": logs.cloud, "record": logs.record}
    files |= {"lab": logs.story, "public": logs.public}
    files |= {f"sender-{name}": events for name, events in logs.senders.items()}
    files |= {f"worker-{name}": events for name, events in logs.workers.items()}
    for name, events in files.items():
        yield from _backward(case, name, [event.t for event in events])


def _backward(case: Case, name: str, times: Sequence[float]) -> Iterable[str]:
    for old, new in pairwise(times):
        if new < old - CLOCK_SLACK_S:
            yield f"{name}.jsonl runs backwards, from {case.at(old)} to {case.at(new)}"


_PARTS = (_start, _order, _cloud_agrees, _address_agrees, _clients_agree, _broken_is_silent, _calls_end, _logs_run_forward)
"""What is compared; each gives the sentences that say where the witnesses disagree."""
