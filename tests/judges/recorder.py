"""Records every request that the watchdog makes, in stories that reach every branch with a call.

The world of a story is the fakes' (`tests.worlds`): the real rule, cycle and leadership decide. Beside each fake stands the
real adapter with a client that sends nothing, and is asked the same: so each request is the one that AWS would get, with
the ids of the recorded deployment, judged by botocore's models on the way.
"""

import contextlib
import dataclasses
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from failover_lambda.aws.cloud import LiveCloud
from failover_lambda.aws.probers import LiveProbers
from failover_lambda.aws.report import LiveReporter
from failover_lambda.aws.state import LiveStore
from failover_lambda.contract import Channel, Settings
from failover_lambda.errors import WatchdogError
from failover_lambda.leadership import once
from failover_lambda.model import Answer, Answered, Command, Do, Lease, Notice, Phase, Record, Sight
from tests.contract.judge import Judge
from tests.fakes import FakeClock, FakeCloud, ListReporter, MemoryStore, NoPublicPath
from tests.worlds import World

T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    """One call of an API."""

    service: str
    """boto3's name."""
    operation: str
    params: Mapping[str, Any]
    about: str = ""
    """The network card that an operation is about without naming it."""


class Tape:
    """The clients of the watchdog, and what went through them."""

    def __init__(self, settings: Settings) -> None:
        self._clients = {service: Judge(service) for service in ("ec2", "dynamodb", "sns", "lambda", "events")}
        self._clients["ec2"].answers["DescribeAddresses"] = {
            "Addresses": [{"AllocationId": settings.address_id, "PublicIp": ""}]
        }
        ec2, dynamodb, sns, functions, events = (each.client for each in self._clients.values())
        self.cloud = LiveCloud(settings, ec2)
        self.store = LiveStore(settings, dynamodb)
        self.reporter = LiveReporter(settings, sns, events)
        self.probers = LiveProbers(settings, functions)
        self.requests: list[Request] = []

    def ask(self, call: Callable[[], object], about: str = "") -> None:
        """Let the real adapter do what the fake does; its answer is of no interest, its request is."""
        with contextlib.suppress(WatchdogError):
            call()
        for service, judge in self._clients.items():
            assert not judge.faults, judge.faults
            self.requests += [Request(service, operation, params, about) for operation, params in judge.requests]
            judge.requests.clear()


class TapedCloud(FakeCloud):
    """The fake cloud and probers, with the tape beside them."""

    tape: Tape

    def look(self, vantage: str, connect_s: float) -> Sight:
        self.tape.ask(lambda: self.tape.probers.look(vantage, connect_s))
        return super().look(vantage, connect_s)

    def read_address(self) -> Any:
        self.tape.ask(self.tape.cloud.read_address)
        return super().read_address()

    def read_instances(self) -> Any:
        self.tape.ask(self.tape.cloud.read_instances)
        return super().read_instances()

    def read_announcements(self) -> Any:
        self.tape.ask(self.tape.cloud.read_announcements)
        return super().read_announcements()

    def rehearse(self, commands: Sequence[Command]) -> tuple[Answered, ...]:
        self.tape.ask(lambda: self.tape.cloud.rehearse(commands))
        return super().rehearse(commands)

    def run(self, command: Command) -> Answered:
        about = self.association.network_interface_id if self.association else ""
        self.tape.ask(lambda: self.tape.cloud.run(command), about)
        return super().run(command)


class TapedStore(MemoryStore):
    """The store in memory, with the tape beside it."""

    tape: Tape

    def load(self) -> Record | None:
        self.tape.ask(self.tape.store.load)
        return super().load()

    def save(self, record: Record, lease: Lease) -> Record:
        self.tape.ask(lambda: self.tape.store.save(record, lease))
        return super().save(record, lease)

    def supersede(self, record: Record, lease: Lease) -> Record:
        self.tape.ask(lambda: self.tape.store.supersede(record, lease))
        return super().supersede(record, lease)

    def read_lease(self) -> Lease | None:
        self.tape.ask(self.tape.store.read_lease)
        return super().read_lease()

    def take_lease(self, owner: str, seen: Lease | None) -> Lease:
        self.tape.ask(lambda: self.tape.store.take_lease(owner, seen))
        return super().take_lease(owner, seen)

    def renew_lease(self, lease: Lease, answered: str = "") -> Lease:
        self.tape.ask(lambda: self.tape.store.renew_lease(lease, answered))
        return super().renew_lease(lease, answered)

    def release_lease(self, lease: Lease) -> None:
        self.tape.ask(lambda: self.tape.store.release_lease(lease))
        super().release_lease(lease)

    def wish_lease(self, owner: str) -> None:
        self.tape.ask(lambda: self.tape.store.wish_lease(owner))
        super().wish_lease(owner)

    def ask_leader(self, question: str) -> None:
        self.tape.ask(lambda: self.tape.store.ask_leader(question))
        super().ask_leader(question)


class TapedReporter(ListReporter):
    """The reporter that keeps everything, with the tape beside it."""

    tape: Tape

    def tell(self, notice: Notice, channel: Channel) -> None:
        self.tape.ask(lambda: self.tape.reporter.tell(notice, channel))
        super().tell(notice, channel)


class TapedWorld(World):
    """A site of the recorded deployment, with everything on tape."""

    def __init__(self, settings: Settings, tape: Tape) -> None:
        self.settings = settings
        self.clock = FakeClock()
        self.cloud = TapedCloud(settings=settings)
        self.store = TapedStore(site=settings.site)
        self.reporter = TapedReporter()
        self.public: Any = NoPublicPath()
        self.arbiters = 0
        for part in (self.cloud, self.store, self.reporter):
            part.tape = tape
        self.new_arbiter()


def there_and_back(world: TapedWorld) -> None:
    """A new site; the holder dies, the standby takes over; the fenced one is started by hand, and takes over in its turn."""
    world.settled()
    first, second = (worker.name for worker in world.settings.workers)
    for dead in (first, second):
        world.kill(dead)
        world.until(Phase.STEADY)
        world.tick(20)
        world.cloud.start(dead)
        world.tick(70)
    assert world.cloud.on == first


def late_calls(world: TapedWorld) -> None:
    """Home, holder again, is hit by a late stop and a late isolation of ours: it is started, and given its groups."""
    world.settled()
    _hit_by_late_calls(world, world.settings.workers[0].name, world.settings.workers[1].name)


def late_calls_of_the_other(world: TapedWorld) -> None:
    """The same for the other worker, after it took over."""
    world.settled()
    first, second = (worker.name for worker in world.settings.workers)
    world.kill(first)
    world.until(Phase.STEADY)
    world.tick(20)
    world.cloud.start(first)
    world.tick(70)
    _hit_by_late_calls(world, second, first)


def _hit_by_late_calls(world: TapedWorld, hit: str, other: str) -> None:
    """RULE 6.7: fenced without an answer, promoted again since nobody else answers, and then the calls land."""
    world.cloud.lose.update({Do.STOP: "before", Do.ISOLATE: "after"})
    world.kill(hit)
    world.until(Phase.STEADY)
    world.cloud.machines[hit].isolated = False
    world.heal(hit)
    world.kill(other, Answer.REFUSED)
    world.until(Phase.VERIFYING)
    world.until(Phase.STEADY)
    world.cloud.lose.clear()
    world.tick(2)
    world.stop(hit)
    world.tick(6)
    assert f"start {hit}" in world.cloud.did()


def two_arbiters(world: TapedWorld) -> None:
    """A successor wishes for the lease and gets it, a deployment asks the leader, and a leader falls silent."""
    world.settled()
    leader, stranger = world.leadership, world.cycle
    world.new_arbiter()
    world.leadership.acquire(1.0)
    with contextlib.suppress(TimeoutError):
        once(stranger, leader, world.clock, wait_s=3.0)
    world.store.ask_leader("question")
    world.leadership.keep(answered="question")
    world.leadership.release()


def lost_record(world: TapedWorld) -> None:
    """The record is deleted by another hand, and adopted anew."""
    world.settled()
    world.store.record = None
    world.new_arbiter()
    world.tick(5)
    assert "record-lost" in world.told


STORIES: Mapping[str, Callable[[TapedWorld], None]] = {
    "there and back": there_and_back,
    "late calls": late_calls,
    "late calls of the other": late_calls_of_the_other,
    "two arbiters": two_arbiters,
    "lost record": lost_record,
}


def record(settings: Settings) -> dict[str, list[Request]]:
    """The requests of every story, by its name."""
    taped: dict[str, list[Request]] = {}
    settings = dataclasses.replace(settings, hold_s=0.0, moves_per_hour_max=20, moves_per_day_max=20, public_health_port=0)
    for name, story in STORIES.items():
        tape = Tape(settings)
        with contextlib.redirect_stdout(io.StringIO()):  # the real reporter prints its lines
            story(TapedWorld(settings, tape))
        taped[name] = tape.requests
    return taped
