"""Promises about who serves: one at a time, nothing stale, service back, and a returned worker that takes nothing.

Judged on the workers' own logs, the receiver's and the clients'. Pure.
"""

from collections.abc import Iterable

from lab.promises.case import Case, Judgement, count, judged, not_tried

START = "start-instance"
"""The lab's act that gives a stopped worker power again."""


def one_at_a_time(case: Case) -> Judgement:
    """Once the new holder has answered, no other worker accepts new messages."""
    breaches = [
        f"{event.worker} accepted {event.key} at {case.at(event.t)}, in the tenure of another worker that had answered"
        for event in case.serving.intruders
    ]
    if breaches:
        breaches.insert(0, f"two workers served for {case.serving.double_serving_s:.3f} s")
    tenures = " then ".join(str(tenure.worker) for tenure in case.serving.tenures)
    return judged(
        breaches, f"{count(len(case.logs.accepted), 'message')} accepted, each by the worker whose turn it was: {tenures}"
    )


def nothing_stale(case: Case) -> Judgement:
    """Once the new holder has answered, no other worker delivers, but what it was told to release or had when relieved."""
    breaches = [
        f"{event.worker} delivered {event.key} at {case.at(event.t)}, after another worker had taken over and unasked"
        for event in case.serving.stale
    ]
    late, handed_over = len(case.ledger.late), len(case.serving.handed_over)
    relieved = f", and {handed_over} of what a relieved worker had accepted" if handed_over else ""
    return judged(breaches, f"no delivery by a replaced worker, {late} of a released backlog excepted{relieved}")


def service_came_back(case: Case) -> Judgement:
    """Every client that was served before the fault is served after it, by another worker than the one to be left."""
    fault = case.timeline.fault
    first = next((ack for ack in case.logs.acked if ack.t > fault.t and ack.worker != case.left), None)
    breaches = list(_left_out(case))
    if first is None:
        breaches.append("no sender was acknowledged by another worker after the fault")
        return judged(breaches, "")
    return judged(
        breaches,
        f"{count(len(case.logs.senders), 'sender')} and the HTTP client are served again; the first acknowledgement came at "
        f"{case.at(first.t)} from {first.worker}",
    )


def _left_out(case: Case) -> Iterable[str]:
    fault = case.timeline.fault
    clients = {
        sender: [(ack.t, ack.worker) for ack in case.logs.acked if ack.sender == sender] for sender in case.logs.senders
    }
    clients["the HTTP client"] = [(answer.t, answer.worker) for answer in case.logs.http_answers]
    for client, answers in clients.items():
        served_before = any(t <= fault.t for t, _ in answers)
        if served_before and not any(t > fault.t and worker != case.left for t, worker in answers):
            last = max(t for t, _ in answers)
            yield f"{client} was answered by no other worker after the fault; its last answer came at {case.at(last)}"


def returned_took_nothing(case: Case) -> Judgement:
    """A worker that was started again gets neither the address nor new messages."""
    worker = case.timeline.fault.worker
    if worker is None:
        return not_tried("no worker was broken in this run")
    starts = [act.t for act in case.logs.acts if act.act == START and act.worker == worker and act.t > case.timeline.fault.t]
    back = [start.t for start in case.logs.starts if start.worker == worker and start.t > case.timeline.fault.t]
    if not starts or not back:
        return not_tried(f"{worker} did not come back in this run")
    breaches = list(_taken(case, worker, min(starts)))
    return judged(
        breaches, f"{worker} was started again at {case.at(min(starts))}, ran from {case.at(min(back))} on and took nothing"
    )


def _taken(case: Case, worker: str, since: float) -> Iterable[str]:
    for event in case.logs.associations:
        if event.t > since and case.lab.by_ip(event.private_ip) == worker:
            yield f"the address was put on {worker} at {case.at(event.t)} ({event.association_id})"
    for event in case.logs.accepted:
        if event.t > since and event.worker == worker:
            yield f"{worker} accepted {event.key} at {case.at(event.t)}"
