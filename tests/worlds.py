"""One site with the real watchdog in it, over the fakes: arrange it, tick it, break it, look at it."""

from typing import Any

from failover_lambda.cycle import Cycle, Ports
from failover_lambda.leadership import Leadership
from failover_lambda.model import Answer, Lease, Phase, Power, PublicAnswer, Record, Reply, Request, Verb
from tests.fakes import FakeClock, FakeCloud, InlineExecutor, ListReporter, MemoryStore, NoPublicPath, make_settings


class World:
    """A site whose watchdog is ticked by hand; time passes by the cycle's own interval."""

    def __init__(self, workers: int = 2, **changes: Any) -> None:
        self.settings = make_settings(workers, **changes)
        self.clock = FakeClock()
        self.cloud = FakeCloud(settings=self.settings)
        self.store = MemoryStore()
        self.reporter = ListReporter()
        self.public: Any = NoPublicPath()
        self.arbiters = 0
        self.asked = 0
        self.new_arbiter()

    def new_arbiter(self) -> None:
        """The leader is gone; another one takes the lease after its time."""
        self.arbiters += 1
        ports = Ports(
            clock=self.clock,
            probers=self.cloud,
            public=self.public,
            cloud=self.cloud,
            store=self.store,
            reporter=self.reporter,
        )
        self.cycle = Cycle(self.settings, ports, pool=InlineExecutor())
        self.leadership = Leadership(f"arbiter-{self.arbiters}", self.settings, self.store, self.clock, InlineExecutor())
        self.lease: Lease | None = self.leadership.acquire(3 * self.settings.lease_ttl_s)

    def tick(self, times: int = 1) -> str:
        """So many ticks, each after the interval that the watchdog wants."""
        reason = ""
        for _ in range(times):
            lease = self.leadership.keep()
            if lease is None:
                return "no lease"
            reason = self.cycle.tick(lease)
            self.clock.sleep(self.cycle.interval_s)
        return reason

    def until(self, *phases: Phase, ticks: int = 200) -> str:
        """Tick until the record is in one of `phases`; AssertionError when that does not happen."""
        for _ in range(ticks):
            reason = self.tick()
            if self.store.record and self.store.record.phase in phases:
                return reason
        stored = self.store.record
        raise AssertionError(f"never {phases}; is {stored.phase if stored else None}: {stored.reason if stored else ''}")

    def settled(self) -> "World":
        """A new site in its steady state, with the address on wk1."""
        self.until(Phase.STEADY)
        self.tick(3)
        self.cloud.calls.clear()
        return self

    def kill(self, worker: str, answer: Answer = Answer.REFUSED) -> None:
        """Its service is gone; its machine runs."""
        self.cloud.machines[worker].answer = answer

    def heal(self, worker: str) -> None:
        """Its service answers again."""
        self.cloud.machines[worker].answer = Answer.HEALTHY

    def stop(self, worker: str) -> None:
        """Its machine was stopped at the console."""
        self.cloud.machines[worker].power = Power.STOPPED

    def ask(self, verb: Verb, *, patience_s: float = 60.0, **about: Any) -> str:
        """An operator asks for something; the entry's id."""
        self.asked += 1
        request = Request(
            id=f"r{self.asked}",
            site=self.settings.site,
            verb=verb,
            who="mia",
            why="test",
            asked_s=self.clock.now_s(),
            patience_s=patience_s,
            **about,
        )
        self.store.put_request(request)
        return request.id

    def reply(self, request_id: str) -> Reply | None:
        """What the record says became of it."""
        return next((each for each in self.record.replies if each.id == request_id), None)

    @property
    def record(self) -> Record:
        """What is stored."""
        assert self.store.record is not None
        return self.store.record

    @property
    def told(self) -> list[str]:
        """What people were told so far."""
        return [notice.what for notice in self.reporter.told]


class PublicPort:
    """The public health port, as the association leads to it; closed = it never answers.

    `lying`: workers whose health page says that all is well whatever their service does.
    """

    def __init__(self, world: World, *, closed: bool = False, lying: tuple[str, ...] = ()) -> None:
        self.world = world
        self.closed = closed
        self.lying = lying

    def ask(self, public_ip: str, connect_s: float) -> PublicAnswer:
        del public_ip, connect_s
        name = self.world.cloud.on
        healthy = name in self.lying or (bool(name) and self.world.cloud.machines[name].seen() is Answer.HEALTHY)
        answers = healthy and not self.closed
        answer = Answer.HEALTHY if answers else Answer.TIMEOUT
        return PublicAnswer(worker=name if answers else "", boot_id="", answer=answer)
