"""Invariants over generated histories: random faults, deaths of arbiters and operators, the real cycle and rule.

Each history is a seed; a failure prints it. `make check` runs a few; `make test` and `make nightly` say how many they want
(TANDEM_HISTORIES).
"""

import os
import random
from collections.abc import Callable

import pytest

from failover_lambda.model import Answer, Do, Kind, Phase, Power
from tests.worlds import World

HISTORIES = int(os.environ.get("TANDEM_HISTORIES", "12"))
STEPS = 60
FAILURES = (Answer.REFUSED, Answer.RESET, Answer.TIMEOUT, Answer.SILENT, Answer.WRONG)

pytestmark = pytest.mark.property


class History:
    """One world that chance is let loose on."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        workers = self.random.choice((2, 2, 3))
        self.world = World(
            workers=workers, hold_s=self.random.choice((0.0, 60.0)), moves_per_hour_max=24, moves_per_day_max=24
        )
        self.names = [worker.name for worker in self.world.settings.workers]
        self.epochs: dict[int, str] = {}

    def run(self) -> None:
        self.world.tick(10)
        for _ in range(STEPS):
            self.random.choice(self.faults)()
            for _ in range(self.random.randint(1, 6)):
                self.world.tick()
                self.check()
        self.heal_everything()
        self.world.tick(600)
        self.check_the_end()

    @property
    def faults(self) -> tuple[Callable[[], None], ...]:
        workers = (self.worker_fails, self.worker_heals, self.worker_stops, self.worker_starts, self.by_hand)
        network = (self.vantage_deaf, self.vantages_hear, self.lose_answers, self.answers_arrive, self.refuse)
        watchdog = (self.store_down, self.store_up, self.arbiter_dies)
        return (*workers, *network, *watchdog, self.nothing, self.nothing)

    def worker_fails(self) -> None:
        self.world.kill(self.random.choice(self.names), self.random.choice(FAILURES))

    def worker_heals(self) -> None:
        self.world.heal(self.random.choice(self.names))

    def worker_stops(self) -> None:
        self.world.stop(self.random.choice(self.names))

    def worker_starts(self) -> None:
        self.world.cloud.start(self.random.choice(self.names))

    def vantage_deaf(self) -> None:
        self.world.cloud.deaf.add(self.random.choice([*self.world.cloud.vantages, "address", "instances"]))

    def vantages_hear(self) -> None:
        self.world.cloud.deaf.clear()

    def lose_answers(self) -> None:
        self.world.cloud.lose[self.random.choice(list(Do))] = self.random.choice(("before", "after"))

    def answers_arrive(self) -> None:
        self.world.cloud.lose.clear()
        self.world.cloud.refuse.clear()

    def refuse(self) -> None:
        self.world.cloud.refuse[self.random.choice(list(Do))] = "RequestLimitExceeded"

    def store_down(self) -> None:
        self.world.store.down = True

    def store_up(self) -> None:
        self.world.store.down = False

    def arbiter_dies(self) -> None:
        self.world.new_arbiter()

    def by_hand(self) -> None:
        if self.random.random() < 0.3:
            self.world.cloud.put_address(self.random.choice(self.names))

    def nothing(self) -> None:
        """Time passes."""

    def check(self) -> None:
        """S1, S2 and S11 after each tick."""
        record = self.world.store.record
        if record is None:
            return
        first_seen = record.epoch not in self.epochs
        assert self.epochs.setdefault(record.epoch, record.holder) == record.holder, "S2: an epoch has one holder"
        assert record.epoch == max(self.epochs), "S2: epochs only grow"
        if first_seen and record.intent and record.intent.kind is Kind.FAILOVER:
            assert record.fence(record.intent.source), "6.3: a failover fences its source"

    def heal_everything(self) -> None:
        world = self.world
        world.store.down = False
        world.cloud.deaf.clear()
        world.cloud.lose.clear()
        world.cloud.refuse.clear()
        for name in self.names:
            world.cloud.start(name)
            world.cloud.machines[name].isolated = world.cloud.machines[name].isolated and bool(world.record.fence(name))
            world.heal(name)
        world.new_arbiter()

    def check_the_end(self) -> None:
        """S3 and L1 to L3: with everything healed, the address is on a holder that answers."""
        world = self.world
        assert world.record.phase in (Phase.STEADY, Phase.MANUAL), world.record
        assert world.cloud.on, "5.9: the address is on nobody"
        if world.record.phase is Phase.STEADY:
            assert world.cloud.on == world.record.holder, "S3: steady means that the association is the holder's"
            assert world.cloud.machines[world.cloud.on].seen() is Answer.HEALTHY
        assert world.cloud.machines[world.cloud.on].power is Power.RUNNING


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_a_random_history_keeps_the_invariants_and_ends_well(seed: int) -> None:
    History(seed).run()
