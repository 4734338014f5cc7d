"""What the witnesses of one lab run can say: one frozen value per event of the raw logs.

Every fact here was written by somebody other than the watchdog: clients, workers, the receiver, the emulator's gate, a
poller of the record, the lab itself. All times `t` are seconds on the machine's one monotonic clock. How a line becomes one
of these is in `rawparsers.py`. Standard library only; of the project, nothing but the files of the checker imports this.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from lab.faultkind import FaultKind
from lab.rawlines import Key


class Phase(Enum):
    """Where the record says a site stands."""

    DISABLED = "disabled"
    STEADY = "steady"
    SUSPECT = "suspect"
    FENCING = "fencing"
    MOVING = "moving"
    VERIFYING = "verifying"
    BOTH_DOWN = "both-down"
    PAUSED = "paused"
    MANUAL = "manual"


# sender-NAME.jsonl


@dataclass(frozen=True, slots=True)
class Sent:
    """A sender is about to write a message to its connection."""

    t: float
    sender: str
    key: Key
    attempt: int
    seq: int


@dataclass(frozen=True, slots=True)
class Acked:
    """A sender has read the acknowledgement; `worker` and `boot` are named in it."""

    t: float
    sender: str
    key: Key
    attempt: int
    seq: int
    worker: str
    boot: str


@dataclass(frozen=True, slots=True)
class SendFailed:
    """An attempt ended without an acknowledgement."""

    t: float
    sender: str
    how: str


@dataclass(frozen=True, slots=True)
class Connected:
    """A sender has a connection."""

    t: float
    sender: str


# http.jsonl


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A request on a new connection through the public address was answered, after `seconds`."""

    t: float
    worker: str
    boot: str
    seconds: float


@dataclass(frozen=True, slots=True)
class HttpFailed:
    """A request was not answered."""

    t: float
    how: str


# worker-NAME.jsonl


@dataclass(frozen=True, slots=True)
class Started:
    """A worker process is up and found `backlog` undelivered messages of an earlier boot, which it holds."""

    t: float
    worker: str
    boot: str
    backlog: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message is on the worker's disk; the acknowledgement follows."""

    t: float
    worker: str
    boot: str
    key: Key


@dataclass(frozen=True, slots=True)
class Known:
    """A repeat of a message that the worker found on its disk, perhaps from an earlier boot; it is acknowledged again."""

    t: float
    worker: str
    boot: str
    key: Key


Stored = Accepted | Known
"""A worker says that a message is on its disk."""


@dataclass(frozen=True, slots=True)
class HandedOn:
    """The worker gave a message to the receiver. `backlog`: it had been held since an earlier boot."""

    t: float
    worker: str
    boot: str
    key: Key
    backlog: bool


@dataclass(frozen=True, slots=True)
class Released:
    """The worker was told to deliver the `backlog` messages that it held."""

    t: float
    worker: str
    boot: str
    backlog: int


# receiver.jsonl, receiver-repeats.jsonl


@dataclass(frozen=True, slots=True)
class Delivery:
    """The downstream receiver has a message from `worker`."""

    t: float
    key: Key
    worker: str
    boot: str


@dataclass(frozen=True, slots=True)
class Recognised:
    """The receiver was given a copy of a message that it knows, and did not deliver it again."""

    t: float
    key: Key
    worker: str
    boot: str


# gate.jsonl, cloud.jsonl


_SUCCESSES = frozenset({200, 201, 202})


class Verb(Enum):
    """What a call does to the site, in whatever words its cloud has for it."""

    ASSOCIATE = "associate"
    """Put the address on a worker."""
    DISASSOCIATE = "disassociate"
    """Take the address away."""
    ISOLATE = "isolate"
    """Let nothing through to a worker, or let it through again."""
    STOP = "stop"
    START = "start"


@dataclass(frozen=True, slots=True)
class Call:
    """One request at the cloud emulator's gate, with its answer."""

    t_in: float
    t_out: float
    action: str
    params: Mapping[str, str]
    status: int
    error: str | None
    answer: Mapping[str, Any]
    caller: str | None = None
    """Who signed it, where the log says so."""
    verb: Verb | None = None
    """None: nothing of these."""
    unconditional: str = ""
    """Of a call about the address: why it would be carried out though another came before it; empty, it would not."""

    @property
    def accepted(self) -> bool:
        """The cloud said yes."""
        return self.status in _SUCCESSES and self.error is None

    @property
    def took_s(self) -> float:
        """From the request's arrival to the answer's departure."""
        return self.t_out - self.t_in


@dataclass(frozen=True, slots=True)
class Association:
    """The address was put on a network card, or on nobody (`association_id` None). Packets follow from `carries_at` on."""

    t: float
    allocation_id: str
    association_id: str | None
    instance_id: str | None
    private_ip: str | None
    carries_at: float


@dataclass(frozen=True, slots=True)
class InstanceState:
    """A virtual machine changed its state."""

    t: float
    instance_id: str
    state: str


@dataclass(frozen=True, slots=True)
class GroupsChanged:
    """A network card has these security groups from now on."""

    t: float
    network_interface_id: str
    instance_id: str | None
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PrivateIps:
    """A network card has these private addresses from now on, the first one first."""

    t: float
    network_interface_id: str
    instance_id: str | None
    private_ips: tuple[str, ...]


# record.jsonl, function-starts.jsonl


@dataclass(frozen=True, slots=True)
class Replied:
    """What the record says became of an operator's request. `why` is empty where it is not kept any more."""

    id: str
    done: bool
    why: str


@dataclass(frozen=True, slots=True)
class Seen:
    """The record, as a poll found it changed. It was stored after `not_before` and at `t` at the latest."""

    t: float
    not_before: float
    epoch: int
    phase: Phase
    holder: str | None
    target: str | None
    version: int | None
    replies: tuple[Replied, ...] = ()
    """Oldest first."""

    @property
    def entitled(self) -> str | None:
        """Who should serve: the target of an open move, else the holder."""
        return self.target or self.holder


@dataclass(frozen=True, slots=True)
class LeaseSeen:
    """The arbiter's lease, as a poll found its owner changed."""

    t: float
    owner: str
    token: int


@dataclass(frozen=True, slots=True)
class FunctionStart:
    """The emulated platform started a function: by the schedule, by an event, or because somebody called it."""

    t: float
    function: str
    request_id: str
    source: str
    pid: int


@dataclass(frozen=True, slots=True)
class FunctionEnd:
    """A function that the platform started has ended."""

    t: float
    request_id: str


# lab.jsonl, public.jsonl


@dataclass(frozen=True, slots=True)
class Fault:
    """The lab broke something. t = 0 of every report."""

    t: float
    kind: FaultKind
    worker: str | None
    """None: no worker was broken, but `kind.subject`."""

    @property
    def who(self) -> str:
        """What was broken."""
        return self.worker or self.kind.subject


@dataclass(frozen=True, slots=True)
class Act:
    """Something else that the lab did on purpose: `start-instance`, `release`, ..."""

    t: float
    act: str
    worker: str | None


@dataclass(frozen=True, slots=True)
class Note:
    """Any other line of the lab's own log."""

    t: float
    event: str


@dataclass(frozen=True, slots=True)
class Carries:
    """The public address forwards new connections to this private address from now on; None = to nobody."""

    t: float
    private_ip: str | None


@dataclass(frozen=True, slots=True)
class Flow:
    """A connection through the public address was opened or closed."""

    t: float
    event: str
    flow: int


# By log


SenderEvent = Sent | Acked | SendFailed | Connected
HttpEvent = HttpAnswer | HttpFailed
WorkerEvent = Started | Accepted | Known | HandedOn | Released
CloudEvent = Association | InstanceState | GroupsChanged | PrivateIps
RecordEvent = Seen | LeaseSeen
PlatformEvent = FunctionStart | FunctionEnd
LabEvent = Fault | Act | Note
PublicEvent = Carries | Flow
