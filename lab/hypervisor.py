"""The machines of the lab: makes the emulated cloud's word on instances, cards and the address true for real processes.

    running   -> the worker's process runs (a new one after every start), its card is open
    stopped   -> the process is killed, the card gives no answer
    terminated-> both are gone, and the private address is free for another machine of that name, on Azure of that id
    isolated  -> (security groups other than its first) the card takes no new flows; open ones go on, unless the
                 cloud says that they are judged anew: then nothing passes
    associated-> the fixed address carries to that private address, from the moment that the cloud says
    assigned  -> (another private address) the card listens on it too

Events come in from the emulator's thread and are carried out on one thread of ours, in order. What a fault does to a
worker (kill, freeze, cut) is asked for here too, so that one place knows every process.
"""

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from lab.child import Child, Event
from lab.supervisor import Supervisor

_TERMINATED = "terminated"
_BEGINS = frozenset({"pending", "running"})
"""What a machine is first. On Azure one that is made anew has the id of the one before."""

CONTROL_S = 5.0
"""Longest wait for a child's answer to a command."""

READY_S = 20.0
"""Longest wait for a relay or the public address to listen."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """What users of the workers connect to, at a worker's address and at the public one."""

    llp: int
    http: int
    public: int


class Cut(Enum):
    """Which packets do not pass at a worker's card, by who began their flow."""

    NONE = "open"
    BOTH = "cut"
    IN = "cut-in"
    OUT = "cut-out"


@dataclass
class Machine:
    """One worker: its card, and its process while it runs."""

    name: str
    instance_id: str
    private_ip: str
    card_id: str
    """The cloud's id of its network card."""
    card: Child
    lifeline: str
    groups: frozenset[str]
    """Of its first start; any others mean that it is isolated."""
    process: Child | None = None
    state: str = "pending"
    alive: bool = False
    """It has power: true until the end of an orderly stop."""
    cut: Cut = Cut.NONE
    booting: bool = False
    """Its system starts anew: no answer until the process runs."""
    isolated: bool = False
    flushed: bool = False
    """Open flows are judged anew when it is isolated."""
    starts: int = 0


@dataclass(frozen=True, kw_only=True)
class Described:
    """What the cloud says of an instance that just appeared."""

    name: str
    private_ip: str
    card_id: str
    groups: frozenset[str]


@dataclass(order=True)
class _Due:
    at: float
    number: int
    act: Callable[[], None] = field(compare=False)


class Hypervisor:
    """Carries out what the cloud says.

    Args:
        supervisor: starts and ends the processes.
        ports: of workers and of the public address.
        receiver: where workers deliver to, HOST:PORT.
        describe: asks the cloud about a new instance, by its id.
        is_fixed: asks the cloud whether a public address is the site's fixed one, by its allocation id. A worker's own
            address carries nothing in a lab: what it sends leaves by its card.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        ports: Ports,
        receiver: str,
        describe: Callable[[str], Described],
        is_fixed: Callable[[str], bool],
    ) -> None:
        self.machines: dict[str, Machine] = {}
        self.public: Child | None = None
        self._supervisor = supervisor
        self._ports = ports
        self._receiver = receiver
        self._describe = describe
        self._is_fixed = is_fixed
        self._associations: Counter[str] = Counter()
        self._gone: set[str] = set()
        """Ids of terminated instances, of which the cloud may still have something to say."""
        self._due: queue.PriorityQueue[_Due] = queue.PriorityQueue()
        self._numbers = iter(range(1 << 60))
        self._failure: BaseException | None = None
        self._ending = False
        self._thread = threading.Thread(target=self._work, name="hypervisor", daemon=True)
        self._thread.start()

    def take(self, event: Event) -> None:
        """Take one event of the cloud; returns at once."""
        match event["event"]:
            case "instance":
                self._put(0.0, lambda: self._on_instance(event))
            case "groups":
                self._put(float(event.get("carries_at", 0.0)), lambda: self._on_groups(event))
            case "private-ips":
                self._put(0.0, lambda: self._on_private_ips(event))
            case "association":
                allocation_id = str(event["allocation_id"])
                self._associations[allocation_id] += 1
                number = self._associations[allocation_id]
                self._put(float(event["carries_at"]), lambda: self._on_association(event, number))
            case _:
                pass  # "ready" and whatever else the emulator tells its supervisor

    def check(self) -> None:
        """Raise what went wrong while an event was carried out, if something did."""
        if self._failure:
            raise RuntimeError("the lab could not follow the cloud") from self._failure

    def close(self) -> None:
        """Carry out nothing more; the supervisor ends the processes."""
        self._ending = True
        self._put(0.0, lambda: None)
        self._thread.join(CONTROL_S)

    def process(self, worker: str) -> Child:
        """The worker's running process; RuntimeError when its machine is off."""
        process = self.machines[worker].process
        if process is None or process.ended:
            raise RuntimeError(f"{worker} does not run")
        return process

    def cut(self, worker: str, *, on: bool, way: Cut = Cut.BOTH) -> None:
        """Cut a worker off at its card, or heal it; returns when it is so."""
        machine = self.machines[worker]
        machine.cut = way if on else Cut.NONE
        self._set_card(machine)

    def go_down(self, worker: str, *, booting: bool) -> None:
        """End the worker's process while its machine has power: the service alone, or for a boot of the system.

        Connections are refused meanwhile; of a booting machine there is no answer at all.
        """
        machine = self.machines[worker]
        machine.booting = booting
        self._set_card(machine)
        self.process(worker).kill()

    def come_up(self, worker: str) -> None:
        """Start the worker's process again, in a machine that has power and lost it by `go_down`."""
        machine = self.machines[worker]
        machine.booting = False
        self._power_on(machine)
        self.process(worker).expect("ready", READY_S)
        self._set_card(machine)

    # On the thread

    def _put(self, at: float, act: Callable[[], None]) -> None:
        self._due.put(_Due(at, next(self._numbers), act))

    def _work(self) -> None:
        while not self._ending:
            due = self._due.get()
            late_s = due.at - time.monotonic()
            if late_s > 0:
                self._due.put(due)
                time.sleep(min(late_s, 0.002))
                continue
            try:
                due.act()
            except BaseException as exc:  # noqa: BLE001 - the thread's edge: raised at the next check
                if not self._ending:
                    self._failure = self._failure or exc

    def _on_instance(self, event: Mapping[str, Any]) -> None:
        if event["instance_id"] in self._gone:
            if event["state"] not in _BEGINS:
                return
            self._gone.remove(str(event["instance_id"]))
        machine = self._machine(str(event["instance_id"]))
        machine.state, machine.alive = str(event["state"]), bool(event["alive"])
        machine.booting = machine.booting and machine.alive
        self._set_card(machine)
        runs = machine.process is not None and not machine.process.ended
        if machine.state == "running" and not runs:
            self._power_on(machine)
        elif machine.process and runs and not machine.alive:
            machine.process.kill()
        if machine.state == _TERMINATED:
            self._gone.add(machine.instance_id)
            machine.card.end()

    def _machine(self, instance_id: str) -> Machine:
        alive = (each for each in self.machines.values() if each.instance_id == instance_id and each.state != _TERMINATED)
        return next(alive, None) or self._new_machine(instance_id)

    def _new_machine(self, instance_id: str) -> Machine:
        """An instance appeared: it gets a card, which stays for its life. One of that name before it is terminated."""
        described, ports, logs = self._describe(instance_id), self._ports, self._supervisor.logs
        flags: list[object] = ["--name", described.name, "--address", described.private_ip, "--receiver", self._receiver]
        flags += ["--llp", ports.llp, "--http", ports.http, "--public", ports.public]
        card = self._supervisor.module(
            f"card-{described.name}", "lab.relay", *flags, "--log", logs / f"relay-{described.name}.jsonl"
        )
        machine = Machine(
            name=described.name,
            instance_id=instance_id,
            private_ip=described.private_ip,
            card_id=described.card_id,
            card=card,
            lifeline=str(card.expect("ready", READY_S)["lifeline"]),
            groups=described.groups,
        )
        self.machines[machine.name] = machine
        return machine

    def _power_on(self, machine: Machine) -> None:
        logs = self._supervisor.logs
        flags: list[object] = ["--name", machine.name, "--relay", machine.lifeline]
        flags += ["--store", logs / f"store-{machine.name}.jsonl", "--log", logs / f"worker-{machine.name}.jsonl"]
        machine.process = self._supervisor.module(machine.name, "lab.worker", *flags, may_end=True)
        machine.starts += 1

    def _on_groups(self, event: Mapping[str, Any]) -> None:
        if event["instance_id"] is None or event["instance_id"] in self._gone:
            return
        machine = self._machine(str(event["instance_id"]))
        machine.isolated = frozenset(event["groups"]) != machine.groups
        machine.flushed = bool(event.get("flush"))
        self._set_card(machine)

    def _on_private_ips(self, event: Mapping[str, Any]) -> None:
        if event["instance_id"] is not None and event["instance_id"] not in self._gone:
            machine = self._machine(str(event["instance_id"]))
            machine.card.call("set", CONTROL_S, addresses=list(event["private_ips"]))

    def _set_card(self, machine: Machine) -> None:
        machine.card.call("set", CONTROL_S, card=_card(machine))

    def _on_association(self, event: Mapping[str, Any], number: int) -> None:
        allocation_id = str(event["allocation_id"])
        if number != self._associations[allocation_id]:
            return  # a later one came before this one carried
        if not self._is_fixed(allocation_id):
            return
        if self.public is None:
            self.public = self._new_public(str(event["public_ip"]))
        private_ip = event["private_ip"] if event["association_id"] else None
        more = {name: event[name] for name in ("keeps_flows", "ports") if name in event}
        self.public.call("carry", CONTROL_S, private_ip=private_ip, **more)

    def _new_public(self, public_ip: str) -> Child:
        ports = f"{self._ports.llp},{self._ports.http},{self._ports.public}"
        flags = ["--address", public_ip, "--ports", ports]
        log = self._supervisor.logs / "public.jsonl"
        child = self._supervisor.module("public", "lab.public_address", *flags, "--log", log)
        child.expect("ready", READY_S)
        return child


def _card(machine: Machine) -> str:
    """What the outside meets at a worker's card."""
    if not machine.alive:
        return "stopped"
    if machine.booting:
        return "cut"
    if machine.cut is not Cut.NONE:
        return machine.cut.value
    if not machine.isolated:
        return "open"
    return "cut" if machine.flushed else "isolated"
