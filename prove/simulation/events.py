"""What the log of a simulation is made of. Frozen values; the checker reads these and nothing else.

Times are virtual seconds since the beginning of the run. Every event says what happened in the world, never what the
watchdog believes; only `Ticked` carries its words.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from failover_lambda.model import Answer, Association, Command, Notice, Outcome, PublicAnswer, Record, Request


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at one site; `site` "" = in the whole region."""

    time_s: float
    site: str

    def __str__(self) -> str:
        """The rest of its line: every event has its own words."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Fault(Event):
    """Something goes wrong, or is over."""

    name: str
    target: str
    begins: bool

    def __str__(self) -> str:
        return f"{'FAULT' if self.begins else 'over:'} {self.name} {self.target}".rstrip()


@dataclass(frozen=True, slots=True)
class Serving(Event):
    """Whether a worker answers its clients through the address, as far as it and its paths go."""

    worker: str
    serving: bool
    because: str

    def __str__(self) -> str:
        return f"{self.worker} {'can serve' if self.serving else 'cannot serve'}: {self.because}"


@dataclass(frozen=True, slots=True)
class Power(Event):
    """A worker's machine: running, stopped, and so on; with the launch that it runs on."""

    worker: str
    power: str
    launched_s: float

    def __str__(self) -> str:
        return f"machine {self.worker} is {self.power}"


@dataclass(frozen=True, slots=True)
class Looked(Event):
    """What one prober answered to an arbiter, and when that arrives; no answers = it could not be asked."""

    owner: str
    vantage: str
    zone: str
    anchor: bool
    arrives_s: float
    in_time: bool
    answers: Mapping[str, Answer]
    lost: tuple[str, ...] = ()
    """Workers that answered well, on an open way, and whose answer chance has lost."""

    def __str__(self) -> str:
        said = " ".join(f"{name}={answer.value}" for name, answer in self.answers.items()) or "could not be asked"
        late = "" if self.in_time else ", too late"
        lost = f" (lost: {' '.join(self.lost)})" if self.lost else ""
        return f"{self.owner} asks {self.vantage}: {said}{lost}{'' if self.anchor else ', no anchor'}{late}"


@dataclass(frozen=True, slots=True)
class AskedPublic(Event):
    """What an arbiter was answered through the public address."""

    owner: str
    answer: PublicAnswer
    asked: str
    """The worker that the address led to at that moment; "" = none. The arbiter does not know it."""

    def __str__(self) -> str:
        return f"{self.owner} asks the public port: {self.answer.worker or 'nobody'} {self.answer.answer.value}"


@dataclass(frozen=True, slots=True)
class ReadAddress(Event):
    """What an arbiter was shown of the address; "" = on nobody."""

    owner: str
    association_id: str
    stale: bool

    def __str__(self) -> str:
        return f"{self.owner} reads the address: {self.association_id or 'on nobody'}{' (stale)' if self.stale else ''}"


@dataclass(frozen=True, slots=True)
class ReadMachines(Event):
    """The powers that an arbiter was shown."""

    owner: str
    powers: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.owner} reads the machines: " + " ".join(f"{name}={power}" for name, power in self.powers.items())


@dataclass(frozen=True, slots=True)
class Sent(Event):
    """A call left an arbiter; its answer arrives at `heard_s`, infinite = never."""

    owner: str
    token: int
    command: Command
    heard_s: float

    def __str__(self) -> str:
        return f"{self.owner} (token {self.token}) sends {say(self.command)}"


@dataclass(frozen=True, slots=True)
class Applied(Event):
    """A call reached the cloud, and this is what it did; a repeated call is applied twice."""

    owner: str
    command: Command
    outcome: Outcome
    code: str
    before: Association | None
    after: Association | None
    late_s: float

    def __str__(self) -> str:
        late = f", {self.late_s:.1f} s after it was sent" if self.late_s > 1 else ""
        moved = "" if self.before == self.after else f"; the address goes from {at(self.before)} to {at(self.after)}"
        return f"cloud: {say(self.command)} is {self.outcome.value} {self.code}".rstrip() + moved + late


@dataclass(frozen=True, slots=True)
class ByHand(Event):
    """Somebody moved the address at the console."""

    before: Association | None
    after: Association | None

    def __str__(self) -> str:
        return f"by hand the address goes from {at(self.before)} to {at(self.after)}"


@dataclass(frozen=True, slots=True)
class Stored(Event):
    """A write of the record was applied by the table, under this lease."""

    owner: str
    token: int
    record: Record

    def __str__(self) -> str:
        record = self.record
        return (
            f"{self.owner} (token {self.token}) stores version {record.version}: epoch {record.epoch} {record.phase.value} "
            f"holder {record.holder} association {record.association_id or '-'}: {record.reason}"
        )


@dataclass(frozen=True, slots=True)
class Refused(Event):
    """A write of the record met another version or another lease."""

    owner: str
    token: int
    version: int

    def __str__(self) -> str:
        return f"the table refuses version {self.version} of {self.owner} (token {self.token})"


@dataclass(frozen=True, slots=True)
class RecordGone(Event):
    """The record was deleted (version 0), or an older copy was put in its place; `lost`: of an older epoch, or none."""

    version: int
    lost: bool

    def __str__(self) -> str:
        return f"the record is {f'put back to version {self.version}' if self.version else 'deleted'}"


@dataclass(frozen=True, slots=True)
class LeaseTaken(Event):
    """The lease has another owner; "" = it was let go."""

    owner: str
    token: int

    def __str__(self) -> str:
        return f"the lease is {self.owner or 'nobody'}'s, token {self.token}"


@dataclass(frozen=True, slots=True)
class Asked(Event):
    """An operator's request lies in the inbox."""

    request: Request

    def __str__(self) -> str:
        request = self.request
        verb = request.verb.value if request.verb else "nothing"
        return f"an operator asks for {verb} {request.worker} ({request.id})".replace("  ", " ")


@dataclass(frozen=True, slots=True)
class Arbiter(Event):
    """An arbiter starts, ends, freezes, wakes or dies."""

    owner: str
    what: str

    def __str__(self) -> str:
        return f"{self.owner} {self.what}"


@dataclass(frozen=True, slots=True)
class Configured(Event):
    """What an arbiter that starts is told; it knows nothing else for as long as it lives."""

    owner: str
    enabled: bool
    watches: bool
    workers: tuple[str, ...]

    def __str__(self) -> str:
        how = "only to watch" if self.watches else "to act"
        return f"{self.owner} is told: {'enabled, ' + how if self.enabled else 'disabled'}, workers {' '.join(self.workers)}"


@dataclass(frozen=True, slots=True)
class Ticked(Event):
    """The line that the watchdog itself writes about a tick."""

    owner: str
    phase: str
    epoch: int
    holder: str
    reason: str
    failed: bool

    def __str__(self) -> str:
        return f"{self.owner} ticks: {self.phase} epoch {self.epoch} holder {self.holder}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Told(Event):
    """People got a notice."""

    owner: str
    notice: Notice
    channel: str

    def __str__(self) -> str:
        return f"people hear {self.notice.what} ({self.notice.id}) by the {self.channel}"


@dataclass(frozen=True, slots=True)
class Calm(Event):
    """From here on nothing goes wrong any more (`ends` False), or the calm is over and everything must be in order.

    That is asked twice, seconds apart: a move or a notice may just be on its way. Wrong is what is wrong both times.
    """

    ends: bool
    last: bool = True
    """It is asked for no more."""
    truth: "Truth | None" = None

    def __str__(self) -> str:
        return "the calm is over" if self.ends else "calm: nothing goes wrong any more"


@dataclass(frozen=True, slots=True)
class Truth:
    """A site as it really is."""

    association: Association | None
    instances: Mapping[str, str]
    """Worker to instance id."""
    serving: Mapping[str, bool]
    enabled: bool


def say(command: Command) -> str:
    """A call in words."""
    about = f" {command.association_id}" if command.association_id else ""
    return f"{command.do.value} {command.worker or 'address'}{about} of epoch {command.epoch}"


def at(association: Association | None) -> str:
    """Where the address is, in words."""
    return f"{association.association_id} on {association.instance_id}" if association else "nobody"
