"""The rule as it is moves the address on Azure: real cycle, real adapters, the emulated Resource Manager and Azurite.

Workers are their machines in the emulator: one answers its probes while it runs, is not isolated and was not killed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from failover_lambda.azure.state import LiveStore
from failover_lambda.contract import Settings
from failover_lambda.cycle import Cycle, Ports
from failover_lambda.leadership import Leadership
from failover_lambda.model import Answer, Phase, Power, ProbeReport, Record, Sight
from lab.arm.faults import Effect, Fault
from lab.arm.messages import Refusal
from lab.arm.server import Server
from lab.arm.settings import Settings as ArmSettings
from lab.arm.times import NEW_PLANE, OLD_PLANE, Times
from tests.contract.azure_world import AzureWorld, BalancedWorld
from tests.contract.emulators import blobs
from tests.contract.test_azure_cloud import SteppingClock
from tests.fakes import InlineExecutor, ListReporter, NoPublicPath
from tests.lab.arm.clouds import Cloud

pytestmark = [pytest.mark.contract, pytest.mark.lab]

WRITE_CARD = "Microsoft.Network/networkInterfaces/write"
FAILED = Refusal(500, "InternalExecutionError", "An internal execution error occurred.")


@dataclass
class Vantages:
    """Three of them, each reaching whatever reaches the network."""

    world: AzureWorld
    killed: set[str] = field(default_factory=set[str])

    @property
    def vantages(self) -> list[str]:
        return [prober.function_name for prober in self.world.settings.probers]

    def look(self, vantage: str, connect_s: float) -> Sight:
        del connect_s
        views = self.world.cloud.read_instances()
        reports = tuple(
            ProbeReport(
                worker=view.worker,
                answer=Answer.REFUSED
                if view.worker in self.killed
                else Answer.HEALTHY
                if view.power is Power.RUNNING and not view.isolated
                else Answer.TIMEOUT,
            )
            for view in views
        )
        return Sight(vantage=vantage, zone=vantage.removeprefix("prober-"), anchor_reached=True, reports=reports)


class Site:
    """A pair on Azure, and the watchdog that is ticked by hand."""

    def __init__(self, world: AzureWorld, settings: Settings, azurite: str, clock: SteppingClock) -> None:
        self.world, self.settings, self.azurite, self.clock = world, settings, azurite, clock
        self.eyes, self.reporter = Vantages(world), ListReporter()
        self.arbiters = 0
        self.new_arbiter()

    def new_arbiter(self) -> None:
        """The leader is gone; another one takes the lease after its time."""
        self.arbiters += 1
        self.store = LiveStore(self.settings, blobs(self.azurite))
        ports = Ports(
            clock=self.clock,
            probers=self.eyes,
            public=NoPublicPath(),
            cloud=self.world.cloud,
            store=self.store,
            reporter=self.reporter,
        )
        self.cycle = Cycle(self.settings, ports, pool=InlineExecutor(), rehearses=False)
        name = f"arbiter-{self.arbiters}"
        self.leadership = Leadership(name, self.settings, self.store, self.clock, InlineExecutor())
        assert self.leadership.acquire(3 * self.settings.lease_ttl_s)

    def tick(self) -> None:
        lease = self.leadership.keep()
        assert lease
        self.cycle.tick(lease)
        self.clock.sleep(self.cycle.interval_s)

    def until(self, true: Callable[[Record], bool], ticks: int = 400) -> Record:
        """Tick until the record is so."""
        for _ in range(ticks):
            self.tick()
            record = self.store.load()
            if record and true(record):
                return record
        raise AssertionError(f"never so: {self.store.load()}")

    def steady(self, holder: str) -> Record:
        return self.until(lambda record: record.phase is Phase.STEADY and record.holder == holder)

    @property
    def on(self) -> str:
        """Where the address leads to; "" = to nobody."""
        association = self.world.cloud.read_address().association
        names = {worker.instance_id: worker.name for worker in self.settings.workers}
        return names[association.instance_id] if association and association.private_ip else ""

    @property
    def told(self) -> list[str]:
        return [notice.what for notice in self.reporter.told]


@pytest.fixture
def new_site(azurite: str, settings: Settings) -> Iterator[Callable[..., Site]]:
    servers: list[Server] = []

    def made(times: Times = NEW_PLANE, kind: type[AzureWorld] = AzureWorld) -> Site:
        arm = Cloud(ArmSettings(times=times))
        servers.append(Server(arm.emulator, ticking=False))
        clock = SteppingClock(arm)
        world = kind(servers[-1].endpoint, int(settings.shard), clock)
        patient: dict[str, Any] = {
            "lease_ttl_s": 20.0 if times is NEW_PLANE else 100.0,  # above what one write takes: a tick waits for it here
            "lease_renew_s": 5.0,
            "call_again_s": 150.0,
            "move_deadline_s": 300.0,
        }
        own = replace(settings, workers=world.settings.workers, address_id=world.settings.address_id, **patient)
        return Site(world, own, azurite, clock)

    yield made
    for server in servers:
        server.close()


@pytest.mark.parametrize("kind", [AzureWorld, BalancedWorld])
@pytest.mark.parametrize("times", [NEW_PLANE, OLD_PLANE], ids=lambda times: times.name)
def test_a_dead_holder_is_isolated_and_stopped_and_the_standby_has_the_address(
    new_site: Callable[..., Site], times: Times, kind: type[AzureWorld]
) -> None:
    site = new_site(times, kind)
    first = site.steady("wk1")
    assert (site.on, first.epoch) == ("wk1", 1)
    site.eyes.killed.add("wk1")
    site.until(lambda record: record.holder == "wk2" and record.phase is Phase.STEADY)
    site.until(lambda record: record.fences[0].seen_stopped_s is not None)
    record = site.store.load()
    assert record is not None
    assert (site.on, record.epoch, "failover" in site.told) == ("wk2", 2, True)
    of_wk1, of_wk2 = site.world.cloud.read_instances()
    assert (of_wk1.power, of_wk2.power, of_wk2.isolated) == (Power.STOPPED, Power.RUNNING, False)


def test_a_fenced_worker_that_is_started_again_is_a_standby_and_takes_nothing(new_site: Callable[..., Site]) -> None:
    site = new_site()
    site.steady("wk1")
    site.eyes.killed.add("wk1")
    site.steady("wk2")
    site.until(lambda record: record.fences[0].restore is not None and record.fences[0].restore.answered)
    site.eyes.killed.clear()
    assert site.world.start("wk1") == 202
    record = site.until(lambda record: not record.fences)
    assert (site.on, record.holder, record.epoch) == ("wk2", "wk2", 2)
    assert "rejoined" in site.told
    assert not any(view.isolated for view in site.world.cloud.read_instances())


def test_a_target_whose_card_fails_gets_the_address_by_another_write(new_site: Callable[..., Site]) -> None:
    site = new_site()
    site.steady("wk1")
    site.eyes.killed.add("wk1")
    card = site.settings.worker("wk2").network_interface_id
    site.clock.arm.emulator.order(Fault(Effect.FAIL, FAILED, method="PUT", action=WRITE_CARD, path=card))
    record = site.steady("wk2")
    for _ in range(60):
        site.tick()
    assert site.on == "wk2"
    assert record.holder == "wk2"


def test_an_arbiter_that_takes_over_in_the_middle_of_a_move_ends_it(new_site: Callable[..., Site]) -> None:
    site = new_site()
    site.steady("wk1")
    site.eyes.killed.add("wk1")
    site.until(lambda record: record.phase in (Phase.FENCING, Phase.MOVING, Phase.VERIFYING))
    site.new_arbiter()
    record = site.steady("wk2")
    assert (site.on, record.epoch) == ("wk2", 2)


def test_an_address_that_a_hand_took_away_is_put_back_on_its_holder(new_site: Callable[..., Site]) -> None:
    """5.9, 5.11."""
    site = new_site()
    site.steady("wk1")
    site.world.take_address_from("wk1")
    assert site.on == ""
    record = site.until(lambda record: record.epoch == 2 and record.phase is Phase.STEADY)
    assert (site.on, record.holder, site.told.count("failover")) == ("wk1", "wk1", 0)
