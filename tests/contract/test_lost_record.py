"""The floor, and records that were lost: the contract of `ports.RecordStore` over every adapter (RULE 1.11, 1.12)."""

import json
from dataclasses import replace

import pytest

from failover_lambda.contract import Settings
from failover_lambda.document import QUARANTINED_MAX
from failover_lambda.errors import ConflictError, RecordLostError, RecordUnreadableError
from failover_lambda.model import Lease, Loss, Lost, Record
from failover_lambda.ports import RecordStore
from tests.contract.conftest import NewStore
from tests.contract.hands import Hand, text_of
from tests.contract.test_record_store import full_record, plain_record

pytestmark = pytest.mark.contract

EPOCH = 7
"""Of the record that is lost in these tests."""


@pytest.fixture
def lease(store: RecordStore) -> Lease:
    return store.take_lease("arbiter-1", None)


@pytest.fixture
def stored(store: RecordStore, lease: Lease, settings: Settings) -> Record:
    """A site in epoch 7; its record was written twice."""
    older = store.save(plain_record(settings.site, epoch=EPOCH - 1), lease)
    return store.save(replace(older, epoch=EPOCH), lease)


def old(record: Record) -> Record:
    """The same, in a backup of the day before."""
    return replace(record, epoch=EPOCH - 1, version=record.version - 1)


def lose(hand: Hand, stored: Record, what: Loss) -> None:
    match what:
        case Loss.LOST:
            hand.remove()
        case Loss.RESTORED:
            hand.put_back(old(stored))
        case Loss.DAMAGED:
            hand.damage("{")


EVERY_LOSS = pytest.mark.parametrize("what", Loss, ids=lambda what: what.value)


def lost(store: RecordStore) -> Lost:
    with pytest.raises(RecordLostError) as caught:
        store.load()
    return caught.value.lost


def successor(lost: Lost, site: str) -> Record:
    return plain_record(site, epoch=lost.floor + 1, version=lost.version, reason="adopted")


# The floor


def test_a_record_of_a_higher_epoch_raises_the_floor_and_another_write_leaves_it(
    store: RecordStore, hand: Hand, lease: Lease, settings: Settings
) -> None:
    assert hand.floor() is None
    first = store.save(plain_record(settings.site, epoch=3), lease)
    assert hand.floor() == 3
    second = store.save(replace(first, reason="the same epoch"), lease)
    assert hand.floor() == 3
    store.save(replace(second, epoch=4), lease)
    assert hand.floor() == 4


def test_the_floor_is_made_for_a_record_of_before_there_was_one(
    new_store: NewStore, hand: Hand, lease: Lease, stored: Record
) -> None:
    hand.forget_floor()
    store = new_store()
    assert store.load() == stored
    store.save(replace(stored, reason="the same epoch"), lease)
    assert hand.floor() == EPOCH


def test_a_write_that_fails_leaves_the_floor(store: RecordStore, hand: Hand, lease: Lease, stored: Record) -> None:
    with pytest.raises(ConflictError):
        store.save(replace(stored, version=stored.version - 1, epoch=EPOCH + 1), lease)
    store.take_lease("arbiter-2", store.read_lease())
    with pytest.raises(ConflictError):
        store.save(replace(stored, epoch=EPOCH + 1), lease)
    assert hand.floor() == EPOCH


def test_no_record_is_written_below_the_floor(store: RecordStore, hand: Hand, lease: Lease, stored: Record) -> None:
    """A person raised it, because the whole table came from a backup."""
    hand.set_floor(100)
    with pytest.raises(ConflictError):
        store.save(replace(stored, epoch=EPOCH + 1), lease)
    assert (hand.floor(), lost(store).what) == (100, Loss.RESTORED)


# What is told


@EVERY_LOSS
def test_what_became_of_the_record_is_told_with_the_floor(
    new_store: NewStore, hand: Hand, stored: Record, what: Loss
) -> None:
    lose(hand, stored, what)
    told = lost(new_store())
    assert (told.what, told.floor) == (what, EPOCH)
    assert stored.site in told.why


def test_a_record_of_the_epoch_of_the_floor_is_gone_on_from(store: RecordStore, hand: Hand, stored: Record) -> None:
    """An older version of the same epoch does no harm: what it lacks is read from the cloud."""
    earlier = replace(stored, version=1)
    hand.put_back(earlier)
    assert store.load() == earlier


def test_a_missing_record_without_a_floor_is_a_new_site(store: RecordStore, hand: Hand, stored: Record) -> None:
    del stored
    hand.remove()
    hand.forget_floor()
    assert store.load() is None


@pytest.mark.usefixtures("stored")
def test_a_damaged_record_without_a_floor_is_not_acted_on(store: RecordStore, hand: Hand, lease: Lease) -> None:
    hand.damage("{")
    hand.forget_floor()
    with pytest.raises(RecordUnreadableError, match=r"is no record: JSONDecodeError .*; and no epoch is kept beside it"):
        store.load()
    with pytest.raises((RecordUnreadableError, ConflictError)):
        store.supersede(plain_record("lis", epoch=100), lease)
    assert hand.quarantined() == []


# What takes its place


@EVERY_LOSS
def test_what_takes_its_place_is_loaded_and_what_stood_there_is_in_quarantine(
    new_store: NewStore, hand: Hand, lease: Lease, stored: Record, what: Loss
) -> None:
    lose(hand, stored, what)
    store = new_store()
    record = successor(lost(store), stored.site)
    after = store.supersede(record, lease)
    assert after == replace(record, version=record.version + 1) == new_store().load()
    assert hand.floor() == EPOCH + 1
    assert hand.quarantined() == {Loss.LOST: [], Loss.RESTORED: [text_of(old(stored))], Loss.DAMAGED: ["{"]}[what]


@EVERY_LOSS
def test_the_next_write_goes_on_from_what_took_its_place(
    store: RecordStore, hand: Hand, lease: Lease, stored: Record, what: Loss
) -> None:
    lose(hand, stored, what)
    after = store.supersede(successor(lost(store), stored.site), lease)
    assert store.save(replace(after, epoch=EPOCH + 2), lease).version == after.version + 1
    assert hand.floor() == EPOCH + 2


@EVERY_LOSS
def test_one_that_is_sent_again_is_recognised_and_quarantined_once(
    store: RecordStore, hand: Hand, lease: Lease, stored: Record, what: Loss
) -> None:
    lose(hand, stored, what)
    record = successor(lost(store), stored.site)
    assert store.supersede(record, lease) == store.supersede(record, lease)
    assert len(hand.quarantined()) == (what is not Loss.LOST)


@EVERY_LOSS
def test_nothing_takes_its_place_that_was_not_made_from_what_was_told(
    store: RecordStore, hand: Hand, lease: Lease, stored: Record, what: Loss
) -> None:
    lose(hand, stored, what)
    right = successor(lost(store), stored.site)
    for wrong in (replace(right, epoch=EPOCH), replace(right, version=right.version + 1)):
        with pytest.raises(ConflictError):
            store.supersede(wrong, lease)
    assert (lost(store).what, hand.floor(), hand.quarantined()) == (what, EPOCH, [])


@EVERY_LOSS
def test_nothing_takes_the_place_of_a_record_that_was_mended_meanwhile(
    store: RecordStore, hand: Hand, lease: Lease, stored: Record, what: Loss
) -> None:
    lose(hand, stored, what)
    record = successor(lost(store), stored.site)
    hand.put_back(stored)
    with pytest.raises(ConflictError):
        store.supersede(record, lease)
    assert store.load() == stored


@EVERY_LOSS
def test_a_deposed_leader_puts_nothing_in_its_place(
    store: RecordStore, hand: Hand, lease: Lease, stored: Record, what: Loss
) -> None:
    lose(hand, stored, what)
    record = successor(lost(store), stored.site)
    store.take_lease("arbiter-2", store.read_lease())
    with pytest.raises(ConflictError):
        store.supersede(record, lease)
    assert (lost(store).what, hand.floor(), hand.quarantined()) == (what, EPOCH, [])


def test_a_plain_save_never_takes_the_place_of_what_is_there(
    store: RecordStore, hand: Hand, lease: Lease, stored: Record
) -> None:
    hand.damage("{")
    with pytest.raises(ConflictError):
        store.save(plain_record(stored.site, epoch=EPOCH + 1), lease)
    assert lost(store).what is Loss.DAMAGED


def test_a_new_site_has_nothing_whose_place_is_to_be_taken(store: RecordStore, lease: Lease, settings: Settings) -> None:
    with pytest.raises(ConflictError):
        store.supersede(plain_record(settings.site), lease)
    assert store.load() is None


def test_quarantine_keeps_eight_and_overwrites_none(store: RecordStore, hand: Hand, lease: Lease, stored: Record) -> None:
    for number in range(QUARANTINED_MAX):
        hand.damage(f"{{ {number}")
        stored = store.supersede(successor(lost(store), stored.site), lease)
    kept = [f"{{ {number}" for number in range(QUARANTINED_MAX)]
    assert hand.quarantined() == kept
    hand.damage("{ ninth")
    with pytest.raises(RecordUnreadableError, match=r"8 earlier ones lie in quarantine already. Next: find out what writes"):
        store.supersede(successor(lost(store), stored.site), lease)
    assert (hand.quarantined(), lost(store).what) == (kept, Loss.DAMAGED)


# Two versions of the watchdog


def of_a_later_version(record: Record, **more: object) -> str:
    return json.dumps({**json.loads(text_of(record)), **more})


@pytest.mark.parametrize("more", [{"tomorrow": 1}, {"phase": "asleep"}, {"schema": 2}, {"schema": 0}], ids=str)
def test_a_record_of_another_version_is_neither_acted_on_nor_written_away(
    store: RecordStore, hand: Hand, lease: Lease, stored: Record, more: dict[str, object]
) -> None:
    """1.14: a field or a word that a later version added, or another schema: it is not damaged, it is not ours."""
    document = of_a_later_version(stored, **more)
    hand.damage(document)
    with pytest.raises(RecordUnreadableError):
        store.load()
    with pytest.raises(RecordUnreadableError):
        store.supersede(replace(stored, epoch=EPOCH + 1), lease)
    with pytest.raises(ConflictError):
        store.save(plain_record(stored.site, epoch=EPOCH + 1), lease)
    assert hand.quarantined() == []
    hand.damage(text_of(stored))
    assert store.load() == stored


def test_a_longer_record_comes_back_as_it_was(store: RecordStore, lease: Lease, settings: Settings) -> None:
    """Compressed, where the adapter does so."""
    long = full_record(settings.site)
    long = replace(long, outbox=tuple(replace(long.outbox[0], id=f"n-{number}", why="ü" * 100) for number in range(16)))
    saved = store.save(long, lease)
    assert store.load() == saved == replace(long, version=1)
