"""Sixteen at once: a lease is granted once, and a version is written once. Stock moto is the negative control.

If the control cannot be made to grant twice, these races would not see a double grant anywhere else either.
"""

import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from failover_lambda.aws.state import LiveStore
from failover_lambda.contract import Settings
from failover_lambda.document import QUARANTINED_MAX
from failover_lambda.errors import ConflictError, RecordLostError, StoreUnavailableError
from failover_lambda.model import Lease, Record
from failover_lambda.ports import RecordStore
from tests.contract.conftest import NewStore
from tests.contract.emulators import client
from tests.contract.hands import Hand
from tests.contract.test_record_store import plain_record

pytestmark = pytest.mark.contract

RACERS = 16
ROUNDS = 12
CONTROL_ROUNDS_MAX = 400
"""A double grant was seen within a tenth of this in every try."""


class Race:
    """One store with a client of its own per racer; a barrier starts each round."""

    def __init__(self, new_store: NewStore) -> None:
        self.stores = [new_store() for _ in range(RACERS)]
        self._barrier = threading.Barrier(RACERS)
        self._pool = ThreadPoolExecutor(RACERS)

    def close(self) -> None:
        self._pool.shutdown()

    def run(self, attempt: Callable[[int, RecordStore], object]) -> list[int]:
        """Who was told that it won."""

        def one(number: int) -> bool:
            self._barrier.wait(30)
            try:
                attempt(number, self.stores[number])
            except (ConflictError, StoreUnavailableError):
                return False
            return True

        won = self._pool.map(one, range(RACERS))
        return [number for number, wins in enumerate(won) if wins]


@pytest.fixture
def race(new_store: NewStore) -> Generator[Race]:
    """Over every adapter."""
    running = Race(new_store)
    yield running
    running.close()


@pytest.fixture
def control(stock_moto: str, settings: Settings) -> Generator[Race]:
    """Over a store that is not atomic."""
    running = Race(lambda: LiveStore(settings, client("dynamodb", stock_moto)))
    yield running
    running.close()


def race_for_the_lease(race: Race) -> list[int]:
    """All want the lease that all have seen."""
    seen = race.stores[0].read_lease()
    return race.run(lambda number, store: store.take_lease(f"arbiter-{number}", seen))


def race_for_the_record(race: Race, lease: Lease, site: str) -> list[int]:
    """All write another document over the version that all have loaded, under one lease."""
    record = race.stores[0].load() or plain_record(site)
    return race.run(lambda number, store: store.save(replace(record, reason=f"by {number}"), lease))


def race_to_supersede(race: Race, lease: Lease, record: Record) -> list[int]:
    """All put another document in place of the record that was lost."""
    return race.run(lambda number, store: store.supersede(replace(record, reason=f"by {number}"), lease))


def race_for_both(race: Race, lease: Lease, stored: Record) -> list[int]:
    """Racer 0 saves under the lease, all others take it."""

    def attempt(number: int, store: RecordStore) -> object:
        return store.take_lease(f"arbiter-{number}", lease) if number else store.save(replace(stored, epoch=9), lease)

    return race.run(attempt)


def test_a_lease_is_granted_to_one_of_many(race: Race) -> None:
    grants = 0
    for _ in range(ROUNDS):
        winners = race_for_the_lease(race)
        assert len(winners) <= 1
        for winner in winners:
            grants += 1
            held = race.stores[0].read_lease()
            assert held is not None
            assert (held.owner, held.token) == (f"arbiter-{winner}", grants)
    assert grants


def test_a_version_is_written_by_one_of_many(race: Race, settings: Settings) -> None:
    lease = race.stores[0].take_lease("arbiter-1", None)
    writes = 0
    for _ in range(ROUNDS):
        winners = race_for_the_record(race, lease, settings.site)
        assert len(winners) <= 1
        for winner in winners:
            writes += 1
            stored = race.stores[0].load()
            assert stored is not None
            assert (stored.reason, stored.version) == (f"by {winner}", writes)
    assert writes


def test_a_save_against_a_take_over_is_whole_or_not_at_all(race: Race, settings: Settings) -> None:
    """One racer saves under the lease that all others take at the same time."""
    lease = race.stores[0].take_lease("arbiter-0", None)
    stored = race.stores[0].save(plain_record(settings.site), lease)
    for _ in range(ROUNDS):
        winners = race_for_both(race, lease, stored)
        assert len([winner for winner in winners if winner]) <= 1
        now, held = race.stores[0].load(), race.stores[0].read_lease()
        assert now is not None
        assert held is not None
        assert now.version == stored.version + (1 if 0 in winners else 0)
        if held.token != lease.token:
            with pytest.raises(ConflictError):
                race.stores[0].save(replace(now, epoch=10), lease)
        stored, lease = now, held


def test_a_lost_record_is_superseded_by_one_of_many(race: Race, settings: Settings, hand: Hand) -> None:
    lease = race.stores[0].take_lease("arbiter-1", None)
    race.stores[0].save(plain_record(settings.site), lease)
    superseded = 0
    for number in range(QUARANTINED_MAX - 2):  # a loser of the last place would find the quarantine full
        hand.damage(f"{{ {number}")
        with pytest.raises(RecordLostError) as caught:
            race.stores[0].load()
        lost = caught.value.lost
        record = plain_record(settings.site, epoch=lost.floor + 1, version=lost.version)
        winners = race_to_supersede(race, lease, record)
        assert len(winners) <= 1
        superseded += len(winners)
        assert len(hand.quarantined()) == superseded
        if winners:
            now = race.stores[0].load()
            assert now is not None
            assert (now.reason, now.epoch) == (f"by {winners[0]}", lost.floor + 1)
    assert superseded


@pytest.mark.lab
def test_stock_moto_grants_a_lease_twice(control: Race) -> None:
    control.stores[0].take_lease("arbiter-1", None)
    assert any(len(race_for_the_lease(control)) > 1 for _ in range(CONTROL_ROUNDS_MAX))


@pytest.mark.lab
def test_stock_moto_writes_a_version_twice(control: Race, settings: Settings) -> None:
    lease = control.stores[0].take_lease("arbiter-1", None)
    assert any(len(race_for_the_record(control, lease, settings.site)) > 1 for _ in range(CONTROL_ROUNDS_MAX))
