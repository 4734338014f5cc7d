"""Promises about HL7 messages: none lost, none twice, none out of order, none invented, each durable before it was promised.

Judged on the ledger, which joins senders, workers and receiver. Pure.
"""

from collections.abc import Iterable

from lab.ledger import Entry
from lab.promises.case import Case, Judgement, count, judged, not_tried
from lab.rawevents import Acked, Delivery, Started


def none_lost(case: Case) -> Judgement:
    """No acknowledged message is gone: each was delivered, or stands in a worker's log."""
    breaches = [
        f"{_name(entry)} was acknowledged by {entry.acks[0].worker} at {case.at(entry.acks[0].t)}, is in no worker's log "
        "and was never delivered"
        for entry in case.ledger.lost
    ]
    return judged(
        breaches, f"{count(len(case.ledger.acked), 'message')} acknowledged; each is delivered or in a worker's log"
    )


def none_twice(case: Case) -> Judgement:
    """The receiver has every message once."""
    breaches = [
        f"{_name(entry)} was delivered {len(entry.deliveries)} times, {_deliveries(case, entry)}"
        for entry in case.ledger.doubled
    ]
    delivered = sum(1 for entry in case.ledger.entries if entry.deliveries)
    again, known = len(case.ledger.repeated), len(case.logs.recognised)
    return judged(
        breaches,
        f"{count(delivered, 'message')} delivered, each once; {again} sent again by their sender; the receiver "
        f"recognised and dropped {count(known, 'repeat')}",
    )


def order_kept(case: Case) -> Judgement:
    """Messages of one sender arrive in the order in which it sent them."""
    breaches = [
        f"{_name(wrong.entry)} was delivered {_deliveries(case, wrong.entry)}, after message {wrong.overtaken_by.seq} of "
        f"the same sender, delivered {_deliveries(case, wrong.overtaken_by)}"
        for wrong in case.ledger.reordered
    ]
    late = len(case.ledger.late)
    apart = f"; {late} from a released backlog judged among themselves" if late else ""
    senders = count(len(case.logs.senders), "sender")
    return judged(breaches, f"{senders}, every first delivery in the order of sending{apart}")


def as_sent(case: Case) -> Judgement:
    """Nothing is delivered or stored that nobody sent: a message that was changed on its way shows here."""
    breaches = [
        f"{event.key} was {'delivered' if isinstance(event, Delivery) else 'stored'} by {event.worker} at "
        f"{case.at(event.t)}, and no sender sent it in this form"
        for event in case.ledger.strangers
    ]
    return judged(breaches, f"{len(case.logs.deliveries)} deliveries, each a message of a sender with its body unchanged")


def durable_first(case: Case) -> Judgement:
    """A worker acknowledges a message after it is on its disk, never before."""
    breaches = [
        f"{_name(entry)} was acknowledged by {ack.worker} at {case.at(ack.t)}, before it was in that worker's log"
        for entry in case.ledger.entries
        if entry not in case.ledger.lost
        for ack in entry.acks
        if not _was_durable(entry, ack)
    ]
    return judged(breaches, f"{len(case.logs.acked)} acknowledgements, each after the durable write of the worker it names")


def backlog_accounted(case: Case) -> Judgement:
    """After a returned worker was told to release what it held, all of it is delivered and nothing waits."""
    released = [event for event in case.logs.releases if event.t > case.timeline.fault.t]
    if not released and not case.ledger.waiting:
        return not_tried(f"no backlog was released in this run; {count(len(case.ledger.stranded), 'message')} stranded")
    returns = [start for start in case.logs.starts if start.t > case.timeline.fault.t]
    breaches = [*_undelivered(case), *(breach for start in returns for breach in _miscounted(case, start))]
    held, new = sum(event.backlog for event in released), len(case.ledger.late)
    told = f"{count(held, 'message')} held and released: {new} new to the receiver, {held - new} it had already"
    return judged(breaches, f"{told}; nothing waits in any worker's log")


def _undelivered(case: Case) -> Iterable[str]:
    for entry in (*case.ledger.stranded, *case.ledger.waiting):
        where = ", ".join(sorted({event.worker for event in entry.logged}))
        acked = case.at(entry.acks[0].t)
        yield f"{_name(entry)} was acknowledged at {acked}, is in the log of {where} and was not delivered"


def _miscounted(case: Case, start: Started) -> Iterable[str]:
    """The backlog that a returned worker found, released and delivered must be the same number."""
    mine = (start.worker, start.boot)
    released = sum(event.backlog for event in case.logs.releases if (event.worker, event.boot) == mine)
    told = sum(1 for event in case.logs.handed_on if event.backlog and (event.worker, event.boot) == mine)
    if not start.backlog == released == told:
        yield (
            f"{start.worker} came back at {case.at(start.t)} with a backlog of {start.backlog}, "
            f"released {released} and delivered {told} of it"
        )


def _was_durable(entry: Entry, ack: Acked) -> bool:
    return any(event.worker == ack.worker and event.t <= ack.t for event in entry.logged)


def _deliveries(case: Case, entry: Entry) -> str:
    return ", ".join(f"at {case.at(event.t)} by {event.worker}" for event in entry.deliveries)


def _name(entry: Entry) -> str:
    return f"message {entry.seq} of {entry.sender}, {entry.key},"
