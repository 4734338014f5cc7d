"""The seconds of one fault: detected, decided, moved, verified, and the outage that clients saw.

All of them come from observers (a poller of the record, the emulator's gate, the clients' own logs) on one monotonic clock;
t = 0 is the fault. The watchdog's own log is not read. Pure; standard library and the checker's own files only. A run with
many faults is measured fault by fault: `measure(logs, fault, until=next_fault.t)`.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lab.rawevents import Acked, Call, Fault, Phase, Seen, Verb
from lab.rawlines import RawLogError
from lab.rawlogs import RawLogs


@dataclass(frozen=True, slots=True)
class Gap:
    """How long one client went from an answer to its next one. `to_t` None = there was no next one."""

    client: str
    from_t: float
    to_t: float | None

    @property
    def seconds(self) -> float:
        """Infinite where the client never came back."""
        return math.inf if self.to_t is None else self.to_t - self.from_t


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """One fault, measured. Every moment is None when it was not seen."""

    fault: Fault
    before: Seen
    """The record in force at the fault."""
    detected: Seen | None
    """The first record seen after the fault whose phase is neither steady nor the one of before."""
    decided: Seen | None
    """The first record seen with a higher epoch."""
    move: Call | None
    """The accepted call that put the address where it then stayed."""
    verified: Seen | None
    """The first record seen steady in a higher epoch."""
    after: Seen
    """The last record seen."""
    gaps: tuple[Gap, ...]
    """The outage as each HL7 sender saw it."""
    http_gap: Gap | None
    """The outage as the HTTP client saw it: a new connection for every request."""
    first_ack: Acked | None
    """The first acknowledgement by another worker than the broken one, after the fault."""

    def since_fault(self, t: float) -> float:
        """A time of the logs as seconds from the fault."""
        return t - self.fault.t

    @property
    def detected_s(self) -> float | None:
        """From the fault; late by one poll of the record at the most."""
        return self._seen_s(self.detected)

    @property
    def decided_s(self) -> float | None:
        """From the fault; late by one poll of the record at the most."""
        return self._seen_s(self.decided)

    @property
    def moved_s(self) -> float | None:
        """From the fault until the gate had answered the accepted call."""
        return None if self.move is None else self.since_fault(self.move.t_out)

    @property
    def verified_s(self) -> float | None:
        """From the fault; late by one poll of the record at the most."""
        return self._seen_s(self.verified)

    @property
    def worst_gap(self) -> Gap | None:
        """The longest outage that an HL7 sender saw."""
        return max(self.gaps, key=lambda gap: gap.seconds, default=None)

    @property
    def outage_s(self) -> float | None:
        """Seconds of the worst gap; None when there was none to measure, or a sender never came back."""
        return finite_s(self.worst_gap)

    @property
    def http_outage_s(self) -> float | None:
        """As `outage_s`, for the HTTP client."""
        return finite_s(self.http_gap)

    def _seen_s(self, seen: Seen | None) -> float | None:
        return None if seen is None else self.since_fault(seen.t)


def finite_s(gap: Gap | None) -> float | None:
    """The seconds of a gap that is there and ended."""
    return None if gap is None or gap.to_t is None else gap.seconds


def measure(logs: RawLogs, fault: Fault, until: float = math.inf) -> Timeline:
    """Measure one fault on the logs before `until` (a time of the logs).

    Raises:
        RawLogError: no record was seen before the fault, so there is nothing to compare with.
    """
    records = [seen for seen in logs.records if seen.t < until]
    before = _in_force(records, fault.t)
    later = [seen for seen in records if seen.t > fault.t]
    raised = [seen for seen in later if seen.epoch > before.epoch]
    verified = next((seen for seen in raised if seen.phase is Phase.STEADY), None)
    others = (ack for ack in logs.acked if fault.t < ack.t < until and ack.worker != fault.worker)
    return Timeline(
        fault=fault,
        before=before,
        detected=next((seen for seen in later if seen.phase not in (Phase.STEADY, before.phase)), None),
        decided=next(iter(raised), None),
        move=_move(logs, fault, until if verified is None else verified.t),
        verified=verified,
        after=records[-1],
        gaps=tuple(_sender_gaps(logs, fault, until)),
        http_gap=_http_gap(logs, fault, until),
        first_ack=next(others, None),
    )


def _in_force(records: Sequence[Seen], t: float) -> Seen:
    known = [seen for seen in records if seen.t <= t]
    if not known:
        raise RawLogError("record.jsonl", "the observer saw no record before the fault")
    return known[-1]


def _move(logs: RawLogs, fault: Fault, until: float) -> Call | None:
    """The last accepted association between the fault and the record's word that all is well."""
    accepted = [call for call in address_calls(logs) if call.verb is Verb.ASSOCIATE and call.accepted]
    return next((call for call in reversed(accepted) if fault.t < call.t_in < until), None)


def address_calls(logs: RawLogs) -> tuple[Call, ...]:
    """Calls that put the site's address somewhere or take it away, in the order of their arrival."""
    ours = {logs.lab.allocation_id, logs.lab.address, *(event.association_id for event in logs.associations)}
    names = ("AllocationId", "AssociationId", "PublicIp")
    calls = [
        call
        for call in logs.calls
        if call.verb in {Verb.ASSOCIATE, Verb.DISASSOCIATE}
        and any(call.params[name] in ours for name in names if name in call.params)
    ]
    return tuple(sorted(calls, key=lambda call: call.t_in))


def _sender_gaps(logs: RawLogs, fault: Fault, until: float) -> Iterable[Gap]:
    for sender, events in logs.senders.items():
        acks = [(e.t, e.worker) for e in events if isinstance(e, Acked) and e.t < until]
        tries = [e.t for e in events if e.t < until]
        gap = _gap(_Client(sender, acks, max(tries, default=-math.inf)), fault, _left(logs, fault))
        if gap is not None:
            yield gap


def _http_gap(logs: RawLogs, fault: Fault, until: float) -> Gap | None:
    answers = [(e.t, e.worker) for e in logs.http_answers if e.t < until]
    last_try = max((e.t for e in logs.http if e.t < until), default=-math.inf)
    return _gap(_Client("http", answers, last_try), fault, _left(logs, fault))


def _left(logs: RawLogs, fault: Fault) -> str | None:
    """The worker that clients are led away from, if the address is to move."""
    return None if logs.lab.stays else fault.worker


@dataclass(frozen=True, slots=True)
class _Client:
    name: str
    answers: Sequence[tuple[float, str]]
    """(t, worker), in time order."""
    last_try: float


def _gap(client: _Client, fault: Fault, left: str | None) -> Gap | None:
    """The longest time without an answer between the fault and the first answer by another worker.

    An acknowledgement that was on its way when the fault came ends no outage: gaps are looked at until another worker has
    answered, or to the end where nobody is to be left. None for a client that had no answer before the fault.
    """
    answers = client.answers
    if not answers or answers[0][0] > fault.t:
        return None
    others = (t for t, worker in answers if t > fault.t and worker != left)
    back = math.inf if left is None else next(others, math.inf)
    gaps = [Gap(client.name, t, u) for (t, _), (u, _) in pairwise(answers) if u > fault.t and t < back]
    if back == math.inf and client.last_try > answers[-1][0]:
        gaps.append(Gap(client.name, answers[-1][0], None))
    return max(gaps, key=lambda gap: gap.seconds, default=None)
