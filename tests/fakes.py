"""In-memory stand-ins for every port, with the semantics that the contract suite asks of the real adapters.

Preferred to mocks: a test arranges a small world, runs the real watchdog in it, and looks at the world afterwards.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from typing import Any, ParamSpec, TypeVar

from failover_lambda.contract import Channel, FencePolicy, ProbeKind, ProberRef, Settings, Tier, Worker
from failover_lambda.document import QUARANTINED_MAX, Found, judged, quarantine_is_full, written
from failover_lambda.errors import ConflictError, CouldNotAskError, DeniedError, RecordLostError, StoreUnavailableError
from failover_lambda.model import (
    AddressView,
    Answer,
    Answered,
    Association,
    Command,
    Do,
    InstanceView,
    Lease,
    Notice,
    Outcome,
    Page,
    Power,
    ProbeReport,
    PublicAnswer,
    Record,
    Request,
    Sight,
    Vitals,
)

P = ParamSpec("P")
T = TypeVar("T")

PUBLIC_IP = "198.51.100.7"

DEFERRED_CODES = frozenset({"RequestLimitExceeded", "InvalidInstanceID", "IncorrectInstanceState"})
"""Answers that say "not now"; any other code of `FakeCloud.refuse` is a definite no."""


def make_worker(number: int) -> Worker:
    """wk1 in zone a, wk2 in zone b, ..."""
    return Worker(
        name=f"wk{number}",
        instance_id=f"i-{number}",
        network_interface_id=f"eni-{number}",
        private_ip=f"10.0.{number}.10",
        address_private_ip=f"10.0.{number}.10",
        zone="abcdef"[number - 1],
        group_ids=("sg-worker",),
    )


def make_settings(workers: int = 2, **changes: Any) -> Settings:
    """A fault-tolerant pair with probers in zones a, b and c, unless changed."""
    settings = Settings(
        site="lis",
        tier=Tier.FAULT_TOLERANT,
        enabled=True,
        fence_policy=FencePolicy.ADDRESS_IS_FENCE,
        workers_act_alone=False,
        workers=tuple(make_worker(number + 1) for number in range(workers)),
        address_id="eipalloc-1",
        record_table="record",
        notice_topic="topic",
        probers=tuple(ProberRef(zone=zone, function_name=f"prober-{zone}") for zone in "abc"),
        isolation_group_id="sg-isolated",
        probe_kind=ProbeKind.HTTP,
        probe_port=8080,
        probe_path="/health",
        ready_path="",
        probe_tls_verify=True,
        probe_tls_ca_pem="",
        public_health_port=0,
        probe_interval_s=1.0,
        probe_timeout_s=0.4,
        timeouts_to_dead=3,
        refusals_to_dead=2,
        restart_grace_s=0.0,
        slow_grace_s=15.0,
        boot_grace_s=300.0,
        lease_ttl_s=6.0,
        lease_renew_s=2.0,
        hold_s=60.0,
        moves_per_hour_max=3,
        moves_per_day_max=5,
    )
    return replace(settings, **changes)


class FakeClock:
    """Time that passes only by `sleep`. `ahead_s`: how far the wall clock of the arbiter's machine goes wrong."""

    def __init__(self, now_s: float = 1_000_000.0) -> None:
        self.time_s = now_s
        self.ahead_s = 0.0

    def now_s(self) -> float:
        return self.time_s + self.ahead_s

    def monotonic_s(self) -> float:
        return self.time_s

    def sleep(self, seconds: float) -> None:
        self.time_s += max(0.0, seconds)


class InlineExecutor(Executor):
    """Runs what is submitted at once, in the caller's thread: the order of effects is the order of the code."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as exc:  # noqa: BLE001 - that is what an executor does
            future.set_exception(exc)
        return future


DENIED_CODE = "UnauthorizedOperation"
"""The code of a refusal that says that the role may not do it."""


@dataclass
class FakeMachine:
    """One worker's machine and its service."""

    worker: Worker
    power: Power = Power.RUNNING
    launched_s: float = 1.0
    isolated: bool = False
    answer: Answer = Answer.HEALTHY
    """What its service answers while the machine runs and is not isolated."""
    ready: Answer = Answer.HEALTHY
    """What its ready page answers while its service is healthy, where it is asked."""
    page: Page | None = None
    """What its health page names as down, when it answers with one."""

    def seen(self) -> Answer:
        """What a prober gets."""
        if self.isolated or self.power is not Power.RUNNING:
            return Answer.TIMEOUT
        return self.answer

    def reported(self, *, blind: bool, ready: bool) -> ProbeReport:
        """What a vantage reports; `blind`: nothing gets through, `ready`: the ready page is asked too."""
        answer = Answer.TIMEOUT if blind else self.seen()
        its_ready = self.ready if answer is Answer.HEALTHY else answer
        page = self.page if answer in (Answer.HEALTHY, Answer.WRONG) else None
        return ProbeReport(worker=self.worker.name, answer=answer, ready=its_ready if ready else None, page=page)


@dataclass
class FakeCloud:
    """The address and the machines of one site (port `Cloud`), and what the probers see of them (port `Probers`)."""

    settings: Settings
    machines: dict[str, FakeMachine] = field(default_factory=dict[str, FakeMachine])
    association: Association | None = None
    owner: str | None = None
    """In its owner tag; None = the site of the settings."""
    associations_made: int = 0
    calls: list[Command] = field(default_factory=list[Command])
    deaf: set[str] = field(default_factory=set[str])
    """Vantages that cannot be asked; "address", "instances" and "announcements" for reads without an answer."""
    denied: set[str] = field(default_factory=set[str])
    """The same, because the role may not ask."""
    blind: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """(vantage, worker) pairs between which nothing gets through."""
    no_anchor: set[str] = field(default_factory=set[str])
    refuse: dict[Do, str] = field(default_factory=dict[Do, str])
    """Calls that are refused, with the code."""
    refuse_target: set[str] = field(default_factory=set[str])
    """Workers on which the address cannot be put."""
    lose: dict[Do, str] = field(default_factory=dict[Do, str])
    """Calls whose answer is lost: "before" or "after" they were applied."""
    announced: dict[str, str] = field(default_factory=dict[str, str])
    """What the platform means to do to machines, by worker."""
    announcements_read: int = 0
    rehearsed: list[Command] = field(default_factory=list[Command])
    stuck: set[str] = field(default_factory=set[str])
    """Machines that a stop leaves in `stopping`."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        for worker in self.settings.workers:
            self.machines[worker.name] = FakeMachine(worker=worker)

    def _check(self, asked: str, said: str) -> None:
        if asked in self.denied:
            raise DeniedError(f"{said}: {DENIED_CODE}")
        if asked in self.deaf:
            raise CouldNotAskError(said)

    # Probers

    @property
    def vantages(self) -> list[str]:
        return [prober.function_name for prober in self.settings.probers]

    def look(self, vantage: str, connect_s: float) -> Sight:
        del connect_s
        self._check(vantage, f"{vantage} does not answer")
        zone = next(prober.zone for prober in self.settings.probers if prober.function_name == vantage)
        reports = tuple(
            machine.reported(blind=(vantage, name) in self.blind, ready=bool(self.settings.ready_path))
            for name, machine in self.machines.items()
        )
        return Sight(vantage=vantage, zone=zone, anchor_reached=vantage not in self.no_anchor, reports=reports)

    # Cloud

    def read_address(self) -> AddressView:
        self._check("address", "the address could not be read")
        owner = self.settings.site if self.owner is None else self.owner
        return AddressView(public_ip=PUBLIC_IP, association=self.association, owner=owner)

    def read_instances(self) -> tuple[InstanceView, ...]:
        self._check("instances", "the instances could not be read")
        return tuple(
            InstanceView(worker=name, power=machine.power, launched_s=machine.launched_s, isolated=machine.isolated)
            for name, machine in self.machines.items()
        )

    def read_announcements(self) -> Mapping[str, str]:
        self.announcements_read += 1
        self._check("announcements", "what is announced could not be read")
        return dict(self.announced)

    def run(self, command: Command) -> Answered:
        with self.lock:
            self.calls.append(command)
            if command.do in self.refuse:
                code = self.refuse[command.do]
                outcome = Outcome.DEFERRED if code in DEFERRED_CODES else Outcome.REFUSED
                return Answered(command=command, outcome=outcome, code=code, denied=code == DENIED_CODE)
            if self.lose.get(command.do) == "before":
                return Answered(command=command, outcome=Outcome.LOST)
            answered = self.land(command)
            if command.do in self.lose:
                return Answered(command=command, outcome=Outcome.LOST)
            return answered

    def rehearse(self, commands: Sequence[Command]) -> tuple[Answered, ...]:
        self.rehearsed.extend(commands)
        return tuple(
            Answered(command=command, outcome=Outcome.REFUSED, code=DENIED_CODE, denied=True)
            if self.refuse.get(command.do) == DENIED_CODE
            else Answered(command=command, outcome=Outcome.DONE)
            for command in commands
        )

    def land(self, command: Command) -> Answered:
        """Carry a call out, whoever sent it and whenever that was."""
        if command.do is Do.DISASSOCIATE:
            return self._disassociate(command)
        machine = self.machines.get(command.worker)
        if machine is None:
            return Answered(command=command, outcome=Outcome.REFUSED, code="UnknownWorker")
        if command.do is Do.ASSOCIATE:
            return self._associate(command)
        if machine.power is Power.TERMINATED and command.do in (Do.STOP, Do.START):
            return Answered(command=command, outcome=Outcome.DEFERRED, code="IncorrectInstanceState")
        match command.do:
            case Do.ISOLATE | Do.RESTORE:
                machine.isolated = command.do is Do.ISOLATE
            case Do.STOP:
                machine.power = Power.STOPPING if command.worker in self.stuck else Power.STOPPED
            case Do.START:
                self.start(command.worker)
        return Answered(command=command, outcome=Outcome.DONE)

    def _disassociate(self, command: Command) -> Answered:
        if not command.association_id:
            return Answered(command=command, outcome=Outcome.REFUSED, code="NoAssociation")
        if self.association and self.association.association_id == command.association_id:
            self.association = None
        return Answered(command=command, outcome=Outcome.DONE)

    def _associate(self, command: Command) -> Answered:
        worker = self.settings.worker(command.worker)
        if command.worker in self.refuse_target:
            return Answered(command=command, outcome=Outcome.REFUSED, code="InvalidNetworkInterface.InUse")
        wanted = (worker.network_interface_id, worker.address_private_ip)
        if self.association and (self.association.network_interface_id, self.association.private_ip) != wanted:
            return Answered(command=command, outcome=Outcome.DEFERRED, code="Resource.AlreadyAssociated")
        if self.association is None:
            self.put_address(command.worker)
        assert self.association is not None
        return Answered(command=command, outcome=Outcome.DONE, association_id=self.association.association_id)

    # What the world does by itself

    def put_address(self, worker: str) -> None:
        """Associate the address by hand."""
        self.associations_made += 1
        ref = self.settings.worker(worker)
        self.association = Association(
            association_id=f"assoc-{self.associations_made}",
            instance_id=ref.instance_id,
            network_interface_id=ref.network_interface_id,
            private_ip=ref.address_private_ip,
        )

    def start(self, worker: str) -> None:
        """A machine that was off boots again."""
        machine = self.machines[worker]
        if machine.power is not Power.RUNNING:
            machine.launched_s += 1
            machine.power, machine.answer = Power.RUNNING, Answer.HEALTHY

    def terminate(self, worker: str) -> None:
        """A machine is gone for good, and an association with it."""
        self.machines[worker].power = Power.TERMINATED
        if self.on == worker:
            self.association = None

    def unstick(self, worker: str) -> None:
        """A machine that hung in `stopping` is off."""
        self.stuck.discard(worker)
        if self.machines[worker].power is Power.STOPPING:
            self.machines[worker].power = Power.STOPPED

    @property
    def on(self) -> str:
        """The worker that has the address; "" = nobody."""
        if self.association is None:
            return ""
        return next(w.name for w in self.settings.workers if w.instance_id == self.association.instance_id)

    def did(self) -> list[str]:
        """The calls so far, as text."""
        return [f"{call.do.value} {call.worker}" for call in self.calls]


class NoPublicPath:
    """No public health port is configured."""

    def ask(self, public_ip: str, connect_s: float) -> PublicAnswer | None:
        del public_ip, connect_s


@dataclass
class MemoryStore:
    """Record and lease in memory, one lock around each operation."""

    record: Record | None = None
    site: str = "lis"
    floor: int | None = None
    damage: str | None = None
    """A document in place of the record's own; its version stays."""
    quarantine: list[Record | str] = field(default_factory=list[Record | str])
    lease: Lease | None = None
    down: bool = False
    lose_next_answer: bool = False
    ahead_s: float | None = 0.0
    """How far its clock is ahead of ours; None = it does not say."""
    saves: list[Record] = field(default_factory=list[Record])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def _check(self) -> None:
        if self.down:
            raise StoreUnavailableError("the table does not answer")

    def load(self) -> Record | None:
        with self.lock:
            self._check()
            return self._judged()

    def _judged(self) -> Record | None:
        version, document = self.record.version if self.record else 0, self.damage
        if document is None and self.record:
            document = written(self.record)
        found = None if document is None else Found(version=version, document=document)
        return judged(found, self.record.site if self.record else self.site, self.floor)

    def save(self, record: Record, lease: Lease) -> Record:
        with self.lock:
            self._check()
            after = replace(record, version=record.version + 1)
            self._held(lease)
            if self.record != after:
                self._compare(record)
                self._put(after)
            return self._answer(after)

    def supersede(self, record: Record, lease: Lease) -> Record:
        with self.lock:
            self._check()
            after = replace(record, version=record.version + 1)
            self._held(lease)
            if self.record != after:
                self._away(record)
                self._put(after)
            return self._answer(after)

    def _away(self, record: Record) -> None:
        """Into quarantine with what is no record to go on from, if it still is what was told."""
        try:
            self._judged()
        except RecordLostError as exc:
            lost = exc.lost
        else:
            raise ConflictError("the record is not lost")
        if lost.version != record.version or record.epoch <= lost.floor:
            raise ConflictError(f"version {lost.version}, epoch {lost.floor}")
        found = self.record if self.damage is None else self.damage
        if found is not None:
            if len(self.quarantine) == QUARANTINED_MAX:
                raise quarantine_is_full(record.site)
            self.quarantine.append(found)
        self.record = self.damage = None

    def _put(self, after: Record) -> None:
        self.record, self.floor = after, max(after.epoch, self.floor or 0)
        self.saves.append(after)

    def _answer(self, after: Record) -> Record:
        if self.lose_next_answer:
            self.lose_next_answer = False
            raise StoreUnavailableError("the answer was lost")
        return after

    def _compare(self, record: Record) -> None:
        stored = self.record.version if self.record else 0
        if self.damage is not None or stored != record.version or (self.floor or 0) > record.epoch:
            raise ConflictError(f"the record is at version {stored}, not {record.version}")

    def read_lease(self) -> Lease | None:
        with self.lock:
            self._check()
            return self.lease

    def take_lease(self, owner: str, seen: Lease | None) -> Lease:
        with self.lock:
            self._check()
            now = self.lease
            mine = (now.owner, now.token, now.beat) if now else None
            theirs = (seen.owner, seen.token, seen.beat) if seen else None
            if mine != theirs:
                raise ConflictError("the lease has changed")
            self.lease = Lease(
                owner=owner,
                token=(now.token if now else 0) + 1,
                beat=(now.beat if now else 0) + 1,
                wish="",
                asked=now.asked if now else "",
                answered=now.answered if now else "",
                inbox=now.inbox if now else (),
            )
            return self.lease

    def renew_lease(self, lease: Lease, answered: str = "") -> Lease:
        with self.lock:
            self._check()
            now = self._held(lease)
            self.lease = replace(now, beat=now.beat + 1, answered=answered or now.answered)
            return self.lease

    def release_lease(self, lease: Lease) -> None:
        with self.lock:
            self._check()
            self.lease = replace(self._held(lease), owner="")

    def _held(self, lease: Lease) -> Lease:
        if self.lease is None or (self.lease.owner, self.lease.token) != (lease.owner, lease.token):
            raise ConflictError("the lease is another's")
        return self.lease

    def wish_lease(self, owner: str) -> None:
        with self.lock:
            self._check()
            if self.lease:
                self.lease = replace(self.lease, wish=owner)

    def ask_leader(self, question: str) -> None:
        with self.lock:
            self._check()
            if self.lease:
                self.lease = replace(self.lease, asked=question)

    def put_request(self, request: Request) -> None:
        with self.lock:
            self._check()
            if self.lease is None:
                raise ConflictError("nobody ever led")
            if request not in self.lease.inbox:
                self.lease = replace(self.lease, inbox=(*self.lease.inbox, request))

    def drop_requests(self, ids: Collection[str]) -> None:
        with self.lock:
            self._check()
            if self.lease:
                kept = tuple(each for each in self.lease.inbox if each.id not in ids)
                self.lease = replace(self.lease, inbox=kept)

    def clock_offset_s(self) -> float | None:
        return self.ahead_s


@dataclass
class ListReporter:
    """Keeps what was reported."""

    events: list[tuple[str, Mapping[str, object]]] = field(default_factory=list[tuple[str, Mapping[str, object]]])
    told: list[Notice] = field(default_factory=list[Notice])
    written: list[Vitals] = field(default_factory=list[Vitals])
    on_the_bus: list[Notice] = field(default_factory=list[Notice])
    deaf: bool = False
    """By no channel does anything leave."""
    no_bus: bool = False
    """Nothing leaves by the bus."""

    def event(self, name: str, fields: Mapping[str, object]) -> None:
        self.events.append((name, fields))

    def vitals(self, vitals: Vitals) -> None:
        self.written.append(vitals)

    def tell(self, notice: Notice, channel: Channel) -> None:
        if self.deaf or (self.no_bus and channel is Channel.BUS):
            raise CouldNotAskError(f"nobody listens at the {channel.value}")
        (self.told if channel is Channel.TOPIC else self.on_the_bus).append(notice)


def by_name(notices: Iterable[Notice]) -> list[str]:
    """What was told, in order."""
    return [notice.what for notice in notices]
