"""The HL7 ledger: what became of every message that a sender sent.

Joins three kinds of witness by message key: the senders (sent, acknowledged), the workers (in whose durable log), the
receiver (delivered, how often, in which order). No opinion on what is right; that is `lab/promises`. The report's words:

    lost       acknowledged, in no worker's log and never delivered
    stranded   acknowledged, only in a down worker's log and not delivered when the run ended
    waiting    acknowledged, in the log of a worker that is up, and not delivered when the run ended
    doubled    delivered more than once
    repeated   sent more than once
    late       first delivered from a backlog that was released: stranded for a while, then accounted for

Standard library and the checker's own files only.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TypeVar

from lab.rawevents import Accepted, Acked, Delivery, Sent, Stored
from lab.rawlines import Key, RawLogError
from lab.rawlogs import RawLogs

OFF_STATES = frozenset({"stopping", "stopped", "shutting-down", "terminated"})
"""States of a virtual machine in which its worker does not run."""

E = TypeVar("E", Acked, Stored, Delivery)


@dataclass(frozen=True, slots=True)
class Entry:
    """One message. `acks`, `logged` and `deliveries` are in time order."""

    key: Key
    sender: str
    place: int
    """Where its first attempt stands among those of the run: tells the order within one sender, and no more."""
    seq: int
    """The sender's own number for it, as people know it. It may begin anew when a sender does."""
    attempts: int
    acks: tuple[Acked, ...]
    logged: tuple[Stored, ...]
    deliveries: tuple[Delivery, ...]

    @property
    def in_doubt(self) -> bool:
        """Acknowledged, so somebody relies on it, and not delivered so far."""
        return bool(self.acks) and not self.deliveries


@dataclass(frozen=True, slots=True)
class Inversion:
    """A first delivery that came after the first delivery of a message that its sender sent later."""

    entry: Entry
    overtaken_by: Entry


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Every message of a run, by sender and in the order of sending."""

    entries: tuple[Entry, ...]
    down: frozenset[str]
    """Workers that were down when the run ended."""
    late_keys: frozenset[Key]
    """Messages whose first delivery came from a released backlog."""
    strangers: tuple[Delivery | Accepted, ...]
    """Deliveries and durable writes of messages that nobody sent as such."""

    @cached_property
    def by_key(self) -> Mapping[Key, Entry]:
        """The entry of each message."""
        return {entry.key: entry for entry in self.entries}

    @cached_property
    def acked(self) -> tuple[Entry, ...]:
        """Acknowledged to their sender at least once."""
        return tuple(entry for entry in self.entries if entry.acks)

    @cached_property
    def lost(self) -> tuple[Entry, ...]:
        """See the words at the top."""
        return tuple(entry for entry in self.entries if entry.in_doubt and not entry.logged)

    @cached_property
    def stranded(self) -> tuple[Entry, ...]:
        """See the words at the top."""
        return tuple(entry for entry in self._held if all(a.worker in self.down for a in entry.logged))

    @cached_property
    def waiting(self) -> tuple[Entry, ...]:
        """See the words at the top."""
        return tuple(entry for entry in self._held if any(a.worker not in self.down for a in entry.logged))

    @cached_property
    def doubled(self) -> tuple[Entry, ...]:
        """See the words at the top."""
        return tuple(entry for entry in self.entries if len(entry.deliveries) > 1)

    @cached_property
    def repeated(self) -> tuple[Entry, ...]:
        """See the words at the top."""
        return tuple(entry for entry in self.entries if entry.attempts > 1)

    @cached_property
    def late(self) -> tuple[Entry, ...]:
        """See the words at the top."""
        return tuple(entry for entry in self.entries if entry.key in self.late_keys)

    @cached_property
    def reordered(self) -> tuple[Inversion, ...]:
        """First deliveries out of their sender's order.

        Late deliveries are judged among themselves, apart from the rest: that they come after younger messages is what
        holding a backlog means.
        """
        delivered = [entry for entry in self.entries if entry.deliveries]
        on_time = [entry for entry in delivered if entry.key not in self.late_keys]
        return tuple(_inversions(on_time)) + tuple(_inversions(self.late))

    @property
    def _held(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.in_doubt and entry.logged)


def build_ledger(logs: RawLogs) -> Ledger:
    """Join the logs of senders, workers and receiver.

    Raises:
        RawLogError: an acknowledgement of a message that its sender never sent, or one message sent by two senders.
    """
    attempts = _attempts(logs.sent)
    acks = _by_key(logs.acked)
    _refuse_unsent(attempts, acks)
    logged, deliveries = _by_key(logs.stored), _by_key(logs.deliveries)
    entries = [
        Entry(
            key=key,
            sender=tries[0].sender,
            place=place,
            seq=tries[0].seq,
            attempts=len(tries),
            acks=_timed(acks[key]),
            logged=_timed(logged[key]),
            deliveries=_timed(deliveries[key]),
        )
        for place, (key, tries) in enumerate(attempts.items())
    ]
    strangers = [event for event in (*logs.accepted, *logs.deliveries) if event.key not in attempts]
    return Ledger(
        entries=tuple(sorted(entries, key=lambda entry: (entry.sender, entry.place))),
        down=down_at_end(logs),
        late_keys=frozenset(entry.key for entry in entries if entry.deliveries and is_late(logs, entry.deliveries[0])),
        strangers=tuple(strangers),
    )


def down_at_end(logs: RawLogs) -> frozenset[str]:
    """Workers whose machine was off at the end, or that had a fault and were not started again since."""
    return frozenset(name for name in logs.lab.workers if _off(logs, name) or _broken(logs, name))


def is_late(logs: RawLogs, delivery: Delivery) -> bool:
    """Whether a delivery belongs to a backlog that its worker was told to release before.

    The worker's word alone (`backlog`) is not enough: without the release the delivery is one that nobody asked for.
    """
    return any(
        told.backlog and (told.worker, told.boot) == (delivery.worker, delivery.boot) for told in logs.told[delivery.key]
    ) and any(
        release.t <= delivery.t and (release.worker, release.boot) == (delivery.worker, delivery.boot)
        for release in logs.releases
    )


def _attempts(sent: Iterable[Sent]) -> dict[Key, list[Sent]]:
    attempts: dict[Key, list[Sent]] = {}
    for event in sent:
        tries = attempts.setdefault(event.key, [])
        if tries and tries[0].sender != event.sender:
            raise RawLogError(f"sender-{event.sender}.jsonl", f"{event.key} was sent by {tries[0].sender!r} as well")
        tries.append(event)
    return attempts


def _refuse_unsent(attempts: Mapping[Key, list[Sent]], acks: Mapping[Key, list[Acked]]) -> None:
    for key, events in acks.items():
        if key not in attempts:
            raise RawLogError(f"sender-{events[0].sender}.jsonl", f"{key} was acknowledged and never sent")


def _by_key(events: Iterable[E]) -> defaultdict[Key, list[E]]:
    grouped: defaultdict[Key, list[E]] = defaultdict(list)
    for event in events:
        grouped[event.key].append(event)
    return grouped


def _timed(events: list[E]) -> tuple[E, ...]:
    return tuple(sorted(events, key=lambda event: event.t))


def _inversions(entries: Iterable[Entry]) -> Iterable[Inversion]:
    in_order = sorted(entries, key=lambda entry: (entry.sender, entry.deliveries[0].t))
    for _, group in groupby(in_order, key=lambda entry: entry.sender):
        highest: Entry | None = None
        for entry in group:
            if highest is not None and entry.place < highest.place:
                yield Inversion(entry, highest)
            else:
                highest = entry


def _off(logs: RawLogs, worker: str) -> bool:
    states = [event for event in logs.instance_states if logs.lab.by_instance(event.instance_id) == worker]
    return bool(states) and max(states, key=lambda event: event.t).state in OFF_STATES


def _broken(logs: RawLogs, worker: str) -> bool:
    faults = [fault.t for fault in logs.faults if fault.worker == worker and fault.kind.lasts]
    starts = [start.t for start in logs.starts if start.worker == worker]
    return bool(faults) and not any(start > max(faults) for start in starts)
