"""One run as one list of sentences: every witness's lines merged, in plain words, by seconds from the fault.

For people to read; no promise and no figure is taken from here. Pure; standard library and the checker's own files only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Protocol, TypeVar

from lab.ledger import Ledger
from lab.rawevents import Act, Call, Phase, Seen, Verb
from lab.rawlogs import RawLogs
from lab.timeline import Timeline


class Timed(Protocol):
    """Anything with a time of the logs."""

    @property
    def t(self) -> float:
        """Seconds, monotonic."""
        ...


T = TypeVar("T", bound=Timed)


class Witness(Enum):
    """Whose log a sentence comes from; the value is how readers are told."""

    LAB = "the lab"
    RECORD = "record, polled"
    GATE = "cloud's gate"
    CLOUD = "cloud"
    ADDRESS = "public address"
    SENDER = "HL7 sender"
    HTTP = "HTTP client"
    WORKER = "worker"
    RECEIVER = "receiver"


@dataclass(frozen=True, slots=True)
class Moment:
    """One sentence. `at_s` is seconds from the fault, negative before it."""

    at_s: float
    witness: Witness
    text: str


_ACT_WORDS = {"start-instance": "{worker} is started again", "release": "backlog of {worker} is released"}

_CALL_WORDS = {
    Verb.ASSOCIATE: "put the address on {worker}",
    Verb.DISASSOCIATE: "take the address from its holder",
    Verb.STOP: "stop {worker}",
    Verb.START: "start {worker}",
    Verb.ISOLATE: "change the security groups of {worker}",
}


def chronicle(logs: RawLogs, timeline: Timeline, ledger: Ledger) -> tuple[Moment, ...]:
    """From the last acknowledgement before the fault to the end of the run."""
    parts = (_lab, _record, _gate, _cloud, _address, _senders, _http, _workers)
    moments = [moment for part in parts for moment in part(logs, timeline)]
    moments += _receiver(timeline, ledger)
    return tuple(sorted(moments, key=lambda moment: moment.at_s))


def _lab(logs: RawLogs, timeline: Timeline) -> Iterable[Moment]:
    for fault in logs.faults:
        words = f"{fault.who} is {fault.kind.done}"
        yield Moment(timeline.since_fault(fault.t), Witness.LAB, words)
    for act in _after(timeline, logs.acts):
        yield Moment(timeline.since_fault(act.t), Witness.LAB, act_words(act))


def act_words(act: Act) -> str:
    """What the lab did, for people; an act without words of its own is told by its name."""
    known = _ACT_WORDS.get(act.act)
    return known.format(worker=act.worker) if known else f"{act.act.replace('-', ' ')} {act.worker or ''}".strip()


def _record(logs: RawLogs, timeline: Timeline) -> Iterable[Moment]:
    known = [timeline.before, *(seen for seen in logs.records if seen.t > timeline.fault.t)]
    for old, new in pairwise(known):
        if (old.epoch, old.phase, old.entitled) != (new.epoch, new.phase, new.entitled):
            yield Moment(timeline.since_fault(new.t), Witness.RECORD, _record_words(old, new))
    until = timeline.verified.t if timeline.verified else logs.records[-1].t
    for lease in _after(timeline, logs.leases):
        if lease.owner and lease.t <= until:  # arbiters take turns all day; here only those of the move
            yield Moment(timeline.since_fault(lease.t), Witness.RECORD, f"another arbiter leads (lease token {lease.token})")


def _record_words(old: Seen, new: Seen) -> str:
    if new.epoch > old.epoch:
        return f"decided: epoch {old.epoch} → {new.epoch}, {new.entitled} is to serve; phase {new.phase.value}"
    if new.phase is Phase.STEADY:
        return f"steady again in epoch {new.epoch}, {new.entitled} holds"
    if new.phase is Phase.SUSPECT:
        return f"{new.entitled} is suspected"
    return f"phase {new.phase.value} in epoch {new.epoch}, {new.entitled} is to serve"


def _gate(logs: RawLogs, timeline: Timeline) -> Iterable[Moment]:
    for call in logs.calls:
        if call.verb is not None and call.t_out > timeline.fault.t:
            yield Moment(timeline.since_fault(call.t_out), Witness.GATE, _call_words(logs, call, call.verb))


def _call_words(logs: RawLogs, call: Call, verb: Verb) -> str:
    asked = _CALL_WORDS[verb].format(worker=logs.lab.named_in(call) or "another machine")
    answer = "accepted" if call.accepted else f"refused with {call.error or call.status}"
    return f"{call.action}: {asked}; {answer} after {call.took_s:.3f} s"


def _cloud(logs: RawLogs, timeline: Timeline) -> Iterable[Moment]:
    for event in _after(timeline, logs.instance_states):
        worker = logs.lab.by_instance(event.instance_id)
        if worker:
            yield Moment(timeline.since_fault(event.t), Witness.CLOUD, f"the machine of {worker} is {event.state}")


def _address(logs: RawLogs, timeline: Timeline) -> Iterable[Moment]:
    for event in _after(timeline, logs.carries):
        worker = logs.lab.by_ip(event.private_ip) or event.private_ip or "nobody"
        yield Moment(timeline.since_fault(event.t), Witness.ADDRESS, f"new connections go to {worker}")


def _senders(_: RawLogs, timeline: Timeline) -> Iterable[Moment]:
    for gap in timeline.gaps:
        yield Moment(timeline.since_fault(gap.from_t), Witness.SENDER, f"{gap.client}: last acknowledgement")
        if gap.to_t is not None:
            words = f"{gap.client}: acknowledged again after {gap.seconds:.3f} s"
            yield Moment(timeline.since_fault(gap.to_t), Witness.SENDER, words)


def _http(_: RawLogs, timeline: Timeline) -> Iterable[Moment]:
    gap = timeline.http_gap
    if gap is not None and gap.to_t is not None:
        words = f"answered again after {gap.seconds:.3f} s"
        yield Moment(timeline.since_fault(gap.to_t), Witness.HTTP, words)


def _workers(logs: RawLogs, timeline: Timeline) -> Iterable[Moment]:
    for start in _after(timeline, logs.starts):
        words = f"{start.worker} runs again (boot {start.boot[:8]}) and holds a backlog of {start.backlog}"
        yield Moment(timeline.since_fault(start.t), Witness.WORKER, words)
    for release in _after(timeline, logs.releases):
        words = f"{release.worker} may deliver its backlog of {release.backlog}"
        yield Moment(timeline.since_fault(release.t), Witness.WORKER, words)


def _receiver(timeline: Timeline, ledger: Ledger) -> Iterable[Moment]:
    if ledger.late:
        last = max(entry.deliveries[0].t for entry in ledger.late)
        words = f"all of the released backlog is here: {len(ledger.late)} were new, the rest was known already"
        yield Moment(timeline.since_fault(last), Witness.RECEIVER, words)


def _after(timeline: Timeline, events: Iterable[T]) -> Iterable[T]:
    return (event for event in events if event.t > timeline.fault.t)
