"""From a line of a raw log to its event: one table per log, by the word in the field `event`.

An event that a table does not name is an error, so that a witness who changed its words is noticed; fields that a line has
besides those read here are ignored. Standard library only; imported by `rawlogs.py` alone.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from lab.faultkind import FaultKind
from lab.rawevents import (
    Accepted,
    Acked,
    Act,
    Association,
    Call,
    Carries,
    CloudEvent,
    Connected,
    Delivery,
    Fault,
    Flow,
    FunctionEnd,
    FunctionStart,
    GroupsChanged,
    HandedOn,
    HttpAnswer,
    HttpEvent,
    HttpFailed,
    InstanceState,
    Known,
    LabEvent,
    LeaseSeen,
    Note,
    Phase,
    PlatformEvent,
    PrivateIps,
    PublicEvent,
    Recognised,
    RecordEvent,
    Released,
    Replied,
    Seen,
    SenderEvent,
    SendFailed,
    Sent,
    Started,
    Verb,
    WorkerEvent,
)
from lab.rawlines import Line

T = TypeVar("T")
Parser = Callable[[Line], T]
Parsers = Mapping[str, Parser[T]]


def parse(line: Line, parsers: Parsers[T], otherwise: Parser[T] | None = None) -> T:
    """The event of one line; `otherwise` takes the words that the table does not have.

    Raises:
        RawLogError: an unknown event, or a field that is missing or of the wrong type.
    """
    event = line.text("event")
    parser = parsers.get(event, otherwise)
    if parser is None:
        line.fail(f"unknown event {event!r}; this log may hold {sorted(parsers)}")
    return parser(line)


def _sent(line: Line) -> Sent:
    return Sent(line.seconds("t"), line.owner, line.key(), line.count("attempt"), line.count("seq"))


def _acked(line: Line) -> Acked:
    key, attempt, seq = line.key(), line.count("attempt"), line.count("seq")
    return Acked(line.seconds("t"), line.owner, key, attempt, seq, line.text("worker"), line.text("boot"))


SENDER: Parsers[SenderEvent] = {
    "sent": _sent,
    "acked": _acked,
    "failed": lambda line: SendFailed(line.seconds("t"), line.owner, line.text("how")),
    "connected": lambda line: Connected(line.seconds("t"), line.owner),
}

HTTP: Parsers[HttpEvent] = {
    "answer": lambda line: HttpAnswer(line.seconds("t"), line.text("worker"), line.text("boot"), line.seconds("seconds")),
    "failed": lambda line: HttpFailed(line.seconds("t"), line.text("how")),
}

WORKER: Parsers[WorkerEvent] = {
    "started": lambda line: Started(line.seconds("t"), line.owner, line.text("boot"), line.count("backlog")),
    "accepted": lambda line: Accepted(line.seconds("t"), line.owner, line.text("boot"), line.key()),
    "known": lambda line: Known(line.seconds("t"), line.owner, line.text("boot"), line.key()),
    "delivered": lambda line: HandedOn(line.seconds("t"), line.owner, line.text("boot"), line.key(), line.flag("backlog")),
    "released": lambda line: Released(line.seconds("t"), line.owner, line.text("boot"), line.count("backlog")),
}

RECEIVER: Parsers[Delivery] = {
    "delivered": lambda line: Delivery(line.seconds("t"), line.key(), line.text("from"), line.text("boot")),
}

REPEATS: Parsers[Recognised] = {
    "recognised": lambda line: Recognised(line.seconds("t"), line.key(), line.text("from"), line.text("boot")),
}


def _call(line: Line) -> Call:
    params = {name: str(value) for name, value in line.table("params").items()}
    answer = line.table("answer") if line.has("answer") else {}
    t_in, t_out = line.seconds("t_in"), line.seconds("t_out")
    status, error, caller = line.count("status"), line.text_or_none("error"), line.text_or_none("caller")
    action = line.text("action")
    verb = VERBS.get(action)
    why = _unconditional(verb, params)
    return Call(t_in, t_out, action, params, status, error, answer, caller, verb, why)


VERBS = {
    "AssociateAddress": Verb.ASSOCIATE,
    "DisassociateAddress": Verb.DISASSOCIATE,
    "ModifyNetworkInterfaceAttribute": Verb.ISOLATE,
    "ModifyInstanceAttribute": Verb.ISOLATE,
    "StopInstances": Verb.STOP,
    "StartInstances": Verb.START,
}
"""EC2's action -> what it does."""


def _unconditional(verb: Verb | None, params: Mapping[str, str]) -> str:
    if verb is Verb.ASSOCIATE:
        said = params.get("AllowReassociation")
        return "" if said == "false" else f"says AllowReassociation={said or 'nothing'}, wanted is false"
    if verb is Verb.DISASSOCIATE:
        return "" if params.get("AssociationId") else "names no association id"
    return ""


GATE: Parsers[Call] = {"call": _call}


def _association(line: Line) -> Association:
    t = line.seconds("t")
    return Association(
        t,
        line.text("allocation_id"),
        line.text_or_none("association_id"),
        line.text_or_none("instance_id"),
        line.text_or_none("private_ip") if line.has("association_id") else None,
        line.seconds("carries_at") if line.has("carries_at") else t,
    )


def _groups(line: Line) -> GroupsChanged:
    card, instance_id = line.text("network_interface_id"), line.text_or_none("instance_id")
    return GroupsChanged(line.seconds("t"), card, instance_id, line.texts("groups"))


def _private_ips(line: Line) -> PrivateIps:
    card, instance_id = line.text("network_interface_id"), line.text_or_none("instance_id")
    return PrivateIps(line.seconds("t"), card, instance_id, line.texts("private_ips"))


CLOUD: Parsers[CloudEvent] = {
    "association": _association,
    "instance": lambda line: InstanceState(line.seconds("t"), line.text("instance_id"), line.text("state")),
    "groups": _groups,
    "private-ips": _private_ips,
}


def _seen(line: Line, poll_s: float) -> Seen:
    record = line.inside("record")
    t = line.seconds("t")
    return Seen(
        t=t,
        not_before=line.seconds("previous_poll_t") if line.has("previous_poll_t") else t - poll_s,
        epoch=record.count("epoch"),
        phase=record.member("phase", Phase),
        holder=record.text_or_none("holder") or None,
        target=record.text_or_none("target") or None,
        version=record.count("version") if record.has("version") else None,
        replies=tuple(Replied(row.text("id"), row.flag("done"), row.text("why")) for row in record.rows("replies")),
    )


def record_parsers(poll_s: float) -> Parsers[RecordEvent]:
    """The table of record.jsonl. `poll_s` bounds when a record was stored, where its line has no `previous_poll_t`."""
    return {
        "record": lambda line: _seen(line, poll_s),
        "lease": lambda line: LeaseSeen(line.seconds("t"), line.text("owner"), line.count("token")),
    }


def _function_start(line: Line) -> FunctionStart:
    source = line.text("source")
    if source not in {"schedule", "event", "call"}:
        line.fail(f"the field 'source' must be 'schedule', 'event' or 'call', found {source!r}")
    return FunctionStart(line.seconds("t"), line.text("function"), line.text("request_id"), source, line.count("pid"))


PLATFORM: Parsers[PlatformEvent] = {
    "start": _function_start,
    "end": lambda line: FunctionEnd(line.seconds("t"), line.text("request_id")),
}

LAB: Parsers[LabEvent] = {
    "fault": lambda line: Fault(line.seconds("t"), line.member("fault", FaultKind), line.text_or_none("worker")),
    "act": lambda line: Act(line.seconds("t"), line.text("act"), line.text_or_none("worker")),
}


def note(line: Line) -> LabEvent:
    """The lab may tell its story in further words; none of them counts as evidence."""
    return Note(line.seconds("t"), line.text("event"))


def _flow(line: Line) -> Flow:
    return Flow(line.seconds("t"), line.text("event"), line.count("flow"))


PUBLIC: Parsers[PublicEvent] = {
    "carries": lambda line: Carries(line.seconds("t"), line.text_or_none("private_ip")),
    "open": _flow,
    "close": _flow,
}
