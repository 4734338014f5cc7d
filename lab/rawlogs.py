"""The raw logs of one lab run: what the checker knows, and all it knows.

Nothing of the watchdog is imported, here or in any file of the checker: a checker that shares the watchdog's opinion would
share its mistakes. `read_logs` reads a run's folder; the properties of `RawLogs` are the views that the promises ask for.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from lab.azure_calls import read_calls
from lab.labinfo import LabInfo, read_lab_info
from lab.rawevents import (
    Accepted,
    Acked,
    Act,
    Association,
    Call,
    Carries,
    CloudEvent,
    Delivery,
    Fault,
    FunctionStart,
    HandedOn,
    HttpAnswer,
    HttpEvent,
    InstanceState,
    Known,
    LabEvent,
    LeaseSeen,
    PlatformEvent,
    PublicEvent,
    Recognised,
    RecordEvent,
    Released,
    Seen,
    SenderEvent,
    Sent,
    Started,
    Stored,
    WorkerEvent,
)
from lab.rawlines import Key, Line, RawLogError, read_log
from lab.rawparsers import (
    CLOUD,
    GATE,
    HTTP,
    LAB,
    PLATFORM,
    PUBLIC,
    RECEIVER,
    REPEATS,
    SENDER,
    WORKER,
    Parser,
    Parsers,
    note,
    parse,
    record_parsers,
)

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class RawLogs:
    """Every log of one run, each in the order of its file."""

    lab: LabInfo
    senders: Mapping[str, tuple[SenderEvent, ...]]
    http: tuple[HttpEvent, ...]
    workers: Mapping[str, tuple[WorkerEvent, ...]]
    deliveries: tuple[Delivery, ...]
    """Every message that reached the receiver, copies that it recognised excepted."""
    recognised: tuple[Recognised, ...]
    """Copies of messages that the receiver knew; it did not deliver them again."""
    calls: tuple[Call, ...]
    cloud: tuple[CloudEvent, ...]
    record: tuple[RecordEvent, ...]
    story: tuple[LabEvent, ...]
    public: tuple[PublicEvent, ...]
    platform: tuple[PlatformEvent, ...] | None
    """None: the run kept no log of what the platform started."""
    torn: tuple[str, ...]
    """Files whose last line broke off."""

    @cached_property
    def sent(self) -> tuple[Sent, ...]:
        """Every attempt of every sender."""
        return _of(self._sender_events, Sent)

    def sent_s(self, accepted: Accepted) -> float:
        """When a message that was accepted had been sent: the last attempt before; where there is none, just then."""
        return max((t for t in self._attempts.get(accepted.key, ()) if t <= accepted.t), default=accepted.t)

    @cached_property
    def _attempts(self) -> Mapping[Key, Sequence[float]]:
        attempts: defaultdict[Key, list[float]] = defaultdict(list)
        for event in self.sent:
            attempts[event.key].append(event.t)
        return attempts

    @cached_property
    def acked(self) -> tuple[Acked, ...]:
        """Every acknowledgement read by a sender, in time order."""
        return tuple(sorted(_of(self._sender_events, Acked), key=lambda event: event.t))

    @cached_property
    def accepted(self) -> tuple[Accepted, ...]:
        """Every durable write of a worker, in time order."""
        return tuple(sorted(_of(self._worker_events, Accepted), key=lambda event: event.t))

    @cached_property
    def stored(self) -> tuple[Stored, ...]:
        """Every word of a worker that a message is on its disk: its durable write, and each repeat that it knew."""
        return (*self.accepted, *_of(self._worker_events, Known))

    @cached_property
    def handed_on(self) -> tuple[HandedOn, ...]:
        """Every delivery as the workers tell it."""
        return _of(self._worker_events, HandedOn)

    @cached_property
    def told(self) -> Mapping[Key, Sequence[HandedOn]]:
        """The same by message; a message that no worker told of has an empty list."""
        told: defaultdict[Key, list[HandedOn]] = defaultdict(list)
        for event in self.handed_on:
            told[event.key].append(event)
        return told

    @cached_property
    def starts(self) -> tuple[Started, ...]:
        """Every start of a worker process."""
        return _of(self._worker_events, Started)

    @cached_property
    def releases(self) -> tuple[Released, ...]:
        """Every release of a backlog."""
        return _of(self._worker_events, Released)

    @cached_property
    def http_answers(self) -> tuple[HttpAnswer, ...]:
        """Every answered request of the HTTP client."""
        return _of(self.http, HttpAnswer)

    @cached_property
    def associations(self) -> tuple[Association, ...]:
        """Every change of the site's own address."""
        every = _of(self.cloud, Association)
        return tuple(event for event in every if event.allocation_id == self.lab.allocation_id)

    @cached_property
    def instance_states(self) -> tuple[InstanceState, ...]:
        """Every change of a virtual machine's state."""
        return _of(self.cloud, InstanceState)

    @cached_property
    def records(self) -> tuple[Seen, ...]:
        """Every change of the record that was seen."""
        return _of(self.record, Seen)

    @cached_property
    def leases(self) -> tuple[LeaseSeen, ...]:
        """Every change of the lease's owner that was seen."""
        return _of(self.record, LeaseSeen)

    @cached_property
    def function_starts(self) -> tuple[FunctionStart, ...]:
        """Every start of a function by the platform."""
        return _of(self.platform or (), FunctionStart)

    @cached_property
    def faults(self) -> tuple[Fault, ...]:
        """What the lab broke."""
        return _of(self.story, Fault)

    @cached_property
    def acts(self) -> tuple[Act, ...]:
        """What else the lab did."""
        return _of(self.story, Act)

    @cached_property
    def carries(self) -> tuple[Carries, ...]:
        """Where the public address led, and from when on."""
        return _of(self.public, Carries)

    @cached_property
    def _sender_events(self) -> tuple[SenderEvent, ...]:
        return tuple(event for events in self.senders.values() for event in events)

    @cached_property
    def _worker_events(self) -> tuple[WorkerEvent, ...]:
        return tuple(event for events in self.workers.values() for event in events)


def read_logs(lab_dir: Path) -> RawLogs:
    """Read `lab.json` and `logs/*.jsonl` of one run.

    Raises:
        RawLogError: a file is missing, or says something that this version does not know.
    """
    folder = _Folder(lab_dir / "logs")
    lab = read_lab_info(lab_dir / "lab.json")
    return RawLogs(
        lab=lab,
        senders={name: folder.read(f"sender-{name}", SENDER) for name in folder.senders()},
        http=folder.read("http", HTTP),
        workers={name: folder.read(f"worker-{name}", WORKER) for name in lab.workers},
        deliveries=folder.read("receiver", RECEIVER),
        recognised=folder.read("receiver-repeats", REPEATS),
        calls=read_calls(folder.lines("requests")) if lab.cloud == "azure" else folder.read("gate", GATE),
        cloud=folder.read("cloud", CLOUD),
        record=folder.read("record", record_parsers(lab.record_poll_s)),
        story=folder.read("lab", LAB, otherwise=note),
        public=folder.read("public", PUBLIC),
        platform=folder.read("function-starts", PLATFORM) if folder.has("function-starts") else None,
        torn=tuple(folder.torn),
    )


class _Folder:
    """Reads the logs of one folder and remembers which of them ended in the middle of a line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.torn: list[str] = []

    def senders(self) -> list[str]:
        names = sorted(path.stem.removeprefix("sender-") for path in self.path.glob("sender-*.jsonl"))
        if not names:
            raise RawLogError("sender-*.jsonl", "no such log in the folder")
        return names

    def read(self, name: str, parsers: Parsers[T], otherwise: Parser[T] | None = None) -> tuple[T, ...]:
        return tuple(parse(line, parsers, otherwise) for line in self.lines(name))

    def has(self, name: str) -> bool:
        return (self.path / f"{name}.jsonl").exists()

    def lines(self, name: str) -> tuple[Line, ...]:
        log = read_log(self.path / f"{name}.jsonl")
        if log.torn:
            self.torn.append(f"{name}.jsonl")
        return log.lines


def _of(events: Iterable[object], kind: type[T]) -> tuple[T, ...]:
    return tuple(event for event in events if isinstance(event, kind))
