"""Promises about the record: epochs only grow, and no call is made before the record that permits it is stored.

The record is seen by a poller, so the moment at which it was stored lies between two polls. A call counts as too early only
when it came before that whole interval. Pure.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lab.promises.case import Case, Judgement, count, judged
from lab.rawevents import Call, Seen, Verb
from lab.timeline import address_calls

FENCES = frozenset({Verb.STOP, Verb.ISOLATE})
"""Calls that stop or isolate a worker."""


def epochs_grow(case: Case) -> Judgement:
    """Epochs and versions never fall, and another worker is named only by a higher epoch."""
    records = case.logs.records
    breaches = [breach for old, new in pairwise(records) for breach in _steps(case, old, new)]
    epochs = " → ".join(f"{epoch} ({worker})" for epoch, worker in _epochs(records))
    return judged(breaches, f"{len(records)} changes of the record; epochs {epochs}")


def _epochs(records: Sequence[Seen]) -> list[tuple[int, str | None]]:
    return list(dict.fromkeys((seen.epoch, seen.entitled) for seen in records))


def _steps(case: Case, old: Seen, new: Seen) -> Iterable[str]:
    if new.epoch < old.epoch:
        yield f"the epoch fell from {old.epoch} to {new.epoch}, seen at {case.at(new.t)}"
    elif new.entitled != old.entitled and new.epoch == old.epoch:
        yield f"epoch {new.epoch} named {old.entitled} and then {new.entitled}, seen at {case.at(new.t)}"
    if new.version is not None and old.version is not None and new.version < old.version:
        yield f"the version fell from {old.version} to {new.version}, seen at {case.at(new.t)}"


def record_first(case: Case) -> Judgement:
    """Every call that moves the address or fences a worker came after the record that permits it was stored."""
    records = case.logs.records
    calls = [call for call in address_calls(case.logs) if call.t_in >= records[0].not_before]
    early = len(address_calls(case.logs)) - len(calls)
    breaches = [breach for call in calls for breach in _address_breach(case, call)]
    breaches += [breach for call in _fence_calls(case) for breach in _fence_breach(case, call)]
    note = f"; not judged: {count(early, 'call')} before the observer's first look" if early else ""
    return judged(breaches, f"{_lead(case)}{note}")


def _lead(case: Case) -> str:
    decided, first = case.timeline.decided, _first_call(case)
    if decided is None or first is None:
        return "no call was made without a record that permits it"
    return (
        f"the record of epoch {decided.epoch} was stored between {case.at(decided.not_before)} and {case.at(decided.t)} "
        f"(two polls), its first call, {first.action}, reached the gate at {case.at(first.t_in)}"
    )


def _first_call(case: Case) -> Call | None:
    calls = [*address_calls(case.logs), *_fence_calls(case)]
    return min((call for call in calls if call.t_in > case.timeline.fault.t), key=lambda call: call.t_in, default=None)


def _possible(case: Case, t: float) -> list[Seen]:
    """Every record that may have been in force at `t`: from its earliest storing to the latest that it was replaced."""
    records = case.logs.records
    ends = [seen.t for seen in records[1:]] + [float("inf")]
    return [seen for seen, end in zip(records, ends, strict=True) if seen.not_before <= t <= end]


def _address_breach(case: Case, call: Call) -> Iterable[str]:
    asked = _putting(case, call) if call.verb is Verb.ASSOCIATE else _taking(case, call)
    records = _possible(case, call.t_in)
    if any(asked.permitted_by(seen) for seen in records):
        return
    # A call of an earlier epoch may arrive late; that the cloud refuses it is what the conditional move is for.
    late = any(asked.permitted_by(seen) for seen in case.logs.records if seen.t <= call.t_in)
    if call.accepted or not late:
        yield f"{call.action} reached the gate at {case.at(call.t_in)} to {asked.words}, while {_said(case, records)}"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a call wants, and which records permit it."""

    words: str
    permitted_by: Callable[[Seen], bool]


def _putting(case: Case, call: Call) -> _Asked:
    worker = case.lab.named_in(call)
    return _Asked(f"put the address on {worker}", lambda seen: seen.entitled == worker)


def _taking(case: Case, call: Call) -> _Asked:
    """An association may be taken from another than the rightful worker, or by an epoch later than its own."""
    taken = case.association(call.params.get("AssociationId"))
    if taken is None:
        return _Asked("take an association away that nobody saw made", lambda _: False)
    worker = case.lab.by_ip(taken.private_ip)
    # One that was there before the observer's first look belongs to the first epoch seen.
    made_in = max((seen.epoch for seen in _possible(case, taken.t)), default=case.logs.records[0].epoch)
    return _Asked(f"take the address from {worker}", lambda seen: seen.entitled != worker or seen.epoch > made_in)


def _fence_calls(case: Case) -> list[Call]:
    """Only while the move lasts: before and after it, the program and the lab change machines too."""
    timeline = case.timeline
    until = timeline.verified.t if timeline.verified else timeline.after.t
    fences = [call for call in case.logs.calls if call.verb in FENCES and timeline.fault.t < call.t_in < until]
    return [call for call in fences if not case.lab.is_operators(call)]


def _fence_breach(case: Case, call: Call) -> Iterable[str]:
    worker = case.lab.named_in(call)
    records = _possible(case, call.t_in)
    if worker is not None and all(seen.entitled == worker for seen in records):
        yield f"{call.action} reached the gate at {case.at(call.t_in)} against {worker}, while {_said(case, records)}"


def _said(case: Case, records: Sequence[Seen]) -> str:
    if not records:
        return "there was no record"
    last = records[-1]
    later = next((seen for seen in case.logs.records if seen.epoch > last.epoch), None)
    said = f"the record named {last.entitled} in epoch {last.epoch}"
    if later is None:
        return said
    return f"{said}; epoch {later.epoch} was stored at {case.at(later.not_before)} at the earliest (two polls)"
