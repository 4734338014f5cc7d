"""Azure's address carries real HL7 traffic: the emulated Resource Manager moves it, real workers answer, senders follow.

The whole watchdog takes part but its Function: the real cycle ticks here, looks by real sockets, keeps its record in Azurite
and moves by Microsoft's clients. Workers are processes that live and die with their machines in the emulator.
"""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from failover_lambda.azure.blobs import Blobs, container
from failover_lambda.azure.cloud import LiveCloud
from failover_lambda.azure.probers import LiveProbers
from failover_lambda.azure.state import LiveStore
from failover_lambda.contract import Settings
from failover_lambda.cycle import Cycle, Ports
from failover_lambda.leadership import Leadership
from failover_lambda.model import Command, Do, Outcome, Phase, Record
from failover_lambda.prober import Anchor
from failover_lambda.public import LivePublicPath
from lab import hypervisor
from lab.azure_calls import read_calls
from lab.azure_cloud import OPERATOR, STORAGE_KEY, AzureCloud, AzureSettings
from lab.blob_desk import BlobDesk
from lab.child import Child, Event
from lab.hypervisor import Hypervisor
from lab.networks import Network, take
from lab.rawevents import Verb
from lab.rawlines import read_log
from lab.supervisor import Supervisor
from lab.tail import Tail
from tests.contract.azure_world import AzureWorld, BalancedWorld, clients
from tests.fakes import ListReporter

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]

PORTS = hypervisor.Ports(llp=2575, http=8080, public=8081)
CONTAINER = "record"
WAIT_S = 60.0


class RealClock:
    """The machine's."""

    def now_s(self) -> float:
        return time.time()

    def monotonic_s(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


class Watchdog:
    """Ticks on a thread until it is told to end."""

    def __init__(self, settings: Settings, endpoint: str, storage: str) -> None:
        url = urlsplit(storage)
        own, clock = clients(endpoint), RealClock()
        blobs = container(storage, CONTAINER, STORAGE_KEY)
        blobs.create_container()
        self.store = LiveStore(settings, Blobs(blobs))
        self.ports = Ports(
            clock=clock,
            probers=LiveProbers(settings, Anchor(str(url.hostname), url.port or 80)),
            public=LivePublicPath(settings),
            cloud=LiveCloud(settings, own.network, own.compute, clock),
            store=self.store,
            reporter=ListReporter(),
        )
        self._settings = settings
        self._ending = threading.Event()
        self._failed: list[BaseException] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            cycle = Cycle(self._settings, self.ports)
            leadership = Leadership("arbiter", self._settings, self.store, self.ports.clock)
            assert leadership.acquire(10.0)
            while not self._ending.is_set():
                lease = leadership.keep()
                assert lease, leadership.why_not
                cycle.tick(lease)
                self._ending.wait(cycle.interval_s)
            cycle.close()
        except BaseException as exc:
            self._failed.append(exc)
            raise

    def close(self) -> None:
        self._ending.set()
        self._thread.join(30)

    def record(self) -> Record | None:
        assert not self._failed, self._failed
        return self.store.load()


@dataclass
class Lab:
    """A pair on the emulated Azure, its watchdog, and what clients see."""

    supervisor: Supervisor
    machines: Hypervisor
    cloud: AzureCloud
    world: AzureWorld
    settings: Settings
    watchdog: Watchdog
    receiver: Child

    def wait_for(self, what: str, true: Callable[[], bool], deadline_s: float = WAIT_S) -> None:
        self.supervisor.wait_for(what, lambda: (self.machines.check(), true())[1], deadline_s)

    def steady(self, holder: str) -> bool:
        record = self.watchdog.record()
        return record is not None and record.phase is Phase.STEADY and record.holder == holder

    def nobody_is_fenced(self) -> bool:
        record = self.watchdog.record()
        return record is not None and not record.fences

    def observer(self) -> Tail:
        log = self.supervisor.logs / "record.jsonl"
        flags: list[object] = [
            "--store",
            "container",
            "--endpoint",
            self.settings.record_table,
            "--site",
            self.settings.site,
        ]
        self.supervisor.module("observer", "lab.observer", *flags, "--interval", 0.03, "--log", log).expect("ready", 20.0)
        return Tail(log)

    def cards_of(self, worker: str) -> list[str]:
        """What its network card was, one after the other."""
        return [str(line["card"]) for line in Tail(self.supervisor.logs / f"relay-{worker}.jsonl").read() if "card" in line]

    def sender(self, name: str, address: str) -> Tail:
        log = self.supervisor.logs / f"sender-{name}.jsonl"
        flags: list[object] = ["--name", name, "--address", address, "--port", PORTS.llp, "--rate", 20.0]
        self.supervisor.module(name, "lab.sender", *flags, "--log", log).expect("ready", 20.0)
        return Tail(log)

    def served_by(self, tail: Tail, worker: str, since_t: float = 0.0) -> Callable[[], bool]:
        def served() -> bool:
            line = tail.last("acked")
            return line is not None and line["worker"] == worker and line["t"] > since_t

        return served


def build(kind: type[AzureWorld], network: Network, supervisor: Supervisor) -> tuple[Any, Hypervisor, AzureCloud, Child]:
    receiver_at = network.address(251, 1)
    log = supervisor.logs / "receiver.jsonl"
    receiver = supervisor.module("receiver", "lab.receiver", "--address", receiver_at, "--port", PORTS.llp, "--log", log)
    receiver.expect("ready", 20.0)
    found: list[Hypervisor] = []
    before: list[Event] = []
    cloud = AzureCloud.start(
        supervisor,
        AzureSettings(network=network.cidr),
        lambda event: found[0].take(event) if found else before.append(event),
    )
    assert not before, "nothing happens in an empty subscription"
    found.append(Hypervisor(supervisor, PORTS, f"{receiver_at}:{PORTS.llp}", cloud.describe, cloud.is_fixed))
    half = network.cidr.removesuffix(".0.0/16")
    return kind(cloud.arm, 1, network=half), found[0], cloud, receiver


@pytest.fixture(params=[AzureWorld, BalancedWorld], ids=["address", "balancer"])
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    with (
        take((PORTS.llp, PORTS.http, PORTS.public)) as network,
        Supervisor(tmp_path / "lab", uuid.uuid4().hex[:8], lock=network.lock) as supervisor,
    ):
        world, machines, cloud, receiver = build(request.param, network, supervisor)
        settings = replace(
            world.settings,
            probe_port=PORTS.http,
            public_health_port=PORTS.public,
            restart_grace_s=0.0,
            hold_s=0.0,
            record_table=f"{cloud.storage}/{CONTAINER}",
        )
        watchdog = Watchdog(settings, cloud.arm, cloud.storage)
        try:
            yield Lab(supervisor, machines, cloud, world, settings, watchdog, receiver)
        finally:
            watchdog.close()
            machines.close()


def the_raw_logs_tell_the_move(lab: Lab) -> None:
    """What the checker reads: each call in the words of every cloud, conditional, and the associations that came of it."""
    calls = read_calls(read_log(lab.supervisor.logs / "requests.jsonl").lines)
    moves = [call for call in calls if call.verb in {Verb.ASSOCIATE, Verb.DISASSOCIATE} and call.accepted]
    assert [(call.verb, call.params.get("PrivateIpAddress")) for call in moves] == [
        (Verb.ASSOCIATE, lab.settings.worker("wk1").private_ip),
        (Verb.DISASSOCIATE, None),
        (Verb.ASSOCIATE, lab.settings.worker("wk2").private_ip),
    ]
    assert [call.unconditional for call in moves] == ["", "", ""]
    told = [line for line in Tail(lab.supervisor.logs / "cloud.jsonl").read() if line["event"] == "association"]
    made = [line["association_id"] for line in told if line["association_id"]]
    assert made == [call.answer["associationId"] for call in moves if call.verb is Verb.ASSOCIATE]
    assert moves[1].params["AssociationId"] == made[0]
    against = {call.verb for call in calls if call.accepted and call.verb in {Verb.ISOLATE, Verb.STOP}}
    assert against == {Verb.ISOLATE, Verb.STOP}
    assert [call.verb for call in calls if call.caller == OPERATOR and call.verb] == [Verb.START]


def test_senders_follow_the_address_when_its_holder_dies_and_the_old_holder_comes_back_as_standby(lab: Lab) -> None:
    lab.wait_for("the first tick's association", lambda: lab.steady("wk1"))
    public_ip = lab.watchdog.ports.cloud.read_address().public_ip
    tail = lab.sender("s1", public_ip)
    lab.wait_for("wk1 to serve the sender", lab.served_by(tail, "wk1"))
    seen = lab.observer()
    lab.machines.process("wk1").kill()
    lab.wait_for("the move", lambda: lab.steady("wk2"))
    lab.wait_for("wk2 to serve the sender", lab.served_by(tail, "wk2"))
    fenced = lab.machines.machines["wk1"]
    lab.wait_for("the fence: the old holder's machine is off", lambda: fenced.state == "stopped")
    lab.wait_for("its card to be let in again", lambda: not fenced.isolated)
    lab.cloud.start_instance(lab.settings.worker("wk1").instance_id)
    lab.wait_for("wk1 to run again", lambda: fenced.starts == 2)
    lab.wait_for("wk1 to be a standby", lab.nobody_is_fenced)
    desk = BlobDesk(container(lab.cloud.storage, CONTAINER, STORAGE_KEY), lab.settings.site)
    desk.put(desk.entry("acknowledge", own_id="mia-1", why="seen"))
    lab.wait_for("the watchdog's reply to an operator", lambda: desk.answer("mia-1") is not None)
    lab.wait_for("an empty inbox", lambda: not desk.inbox())
    assert (desk.record()["holder"], desk.leader()) == ("wk2", "arbiter")
    since_t = time.monotonic()
    lab.wait_for("wk2 to go on serving", lab.served_by(tail, "wk2", since_t))
    assert lab.steady("wk2")
    records = [line["record"] for line in seen.read() if line["event"] == "record"]
    assert {each["holder"] for each in records} == {"wk1", "wk2"}, "whoever watches the store sees the holder change"
    assert seen.last("lease") is not None
    the_raw_logs_tell_the_move(lab)


def test_isolation_cuts_a_card_with_the_connections_that_stand_and_its_end_opens_it(lab: Lab) -> None:
    """`flushConnection`: flows are judged anew, so that no connection of before outlives the fence."""
    lab.wait_for("the first tick's association", lambda: lab.steady("wk1"))
    lab.watchdog.close()
    cloud, standby = lab.watchdog.ports.cloud, lab.machines.machines["wk2"]
    assert cloud.run(Command(do=Do.ISOLATE, epoch=9, worker="wk2")).outcome is Outcome.DONE
    lab.wait_for("wk2 to be isolated", lambda: standby.isolated and lab.cards_of("wk2")[-1] == "cut")
    assert cloud.run(Command(do=Do.RESTORE, epoch=9, worker="wk2")).outcome is Outcome.DONE
    lab.wait_for("wk2 to be let in", lambda: not standby.isolated and lab.cards_of("wk2")[-1] == "open")
