"""What is Azure's own about the record's store: one blob for the records of a shard, a floor beside it, and other hands."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from failover_lambda.azure import shard as shards
from failover_lambda.azure.blobs import Blob, Blobs
from failover_lambda.azure.shard import Shard
from failover_lambda.azure.state import TRIES, LiveStore
from failover_lambda.contract import Settings, epoch_key, lease_key
from failover_lambda.errors import ConflictError, RecordLostError, RecordUnreadableError, StoreUnavailableError
from failover_lambda.model import Lease, Loss
from tests.contract.emulators import blobs, container
from tests.contract.hands import BlobHand
from tests.contract.test_record_store import plain_record

pytestmark = pytest.mark.contract

LEASE = Lease(owner="arbiter-1", token=1, beat=1, wish="")
LONG = tuple(f"ask the prober in zone {number:03}, again" for number in range(120))
"""So many denials make a long document."""


class Disturbed(Blobs):
    """Somebody does something just before each write; `fails` are writes that have no answer and do not arrive."""

    def __init__(self, endpoint: str, before: Callable[[str], None] = lambda _: None, fails: str = "") -> None:
        super().__init__(container(endpoint))
        self.before, self.fails = before, fails

    def put(self, name: str, text: bytes, instead_of: Blob | None) -> None:
        self.before(name)
        if self.fails and name.startswith(self.fails):
            raise StoreUnavailableError("no answer")
        super().put(name, text, instead_of)


@pytest.fixture
def store(azurite: str, settings: Settings) -> LiveStore:
    return LiveStore(settings, blobs(azurite))


@pytest.fixture
def lease(store: LiveStore) -> Lease:
    return store.take_lease("arbiter-1", None)


@pytest.fixture
def hand(azurite: str, settings: Settings) -> BlobHand:
    return BlobHand(settings, azurite)


@pytest.mark.lab
def test_who_dies_between_record_and_floor_leaves_a_floor_that_the_next_one_raises(
    azurite: str, settings: Settings, store: LiveStore, lease: Lease, hand: BlobHand
) -> None:
    """Else an old copy of the record, put back afterwards, would pass for the present one."""
    first = store.save(plain_record(settings.site), lease)
    dying = LiveStore(settings, Disturbed(azurite, fails="epoch#"))
    dying.load()
    with pytest.raises(StoreUnavailableError):
        dying.save(replace(first, epoch=2), lease)
    assert hand.floor() == 1
    second = store.load()
    assert second is not None
    assert (second.epoch, second.version, hand.floor()) == (2, 2, 2)
    hand.put_back(first)
    with pytest.raises(RecordLostError) as caught:
        store.load()
    assert caught.value.lost.what is Loss.RESTORED


@pytest.mark.lab
def test_a_save_that_could_not_raise_the_floor_raises_it_when_it_is_sent_again(
    azurite: str, settings: Settings, lease: Lease, hand: BlobHand
) -> None:
    broken = Disturbed(azurite, fails="epoch#")
    store = LiveStore(settings, broken)
    with pytest.raises(StoreUnavailableError):
        store.save(plain_record(settings.site), lease)
    broken.fails = ""
    assert store.save(plain_record(settings.site), lease).version == 1
    assert hand.floor() == 1


@pytest.mark.lab
def test_a_wish_that_comes_between_read_and_write_is_no_conflict_and_is_kept(
    azurite: str, settings: Settings, store: LiveStore, lease: Lease
) -> None:
    wishes = ["arbiter-2"]

    def wish(_name: str) -> None:
        if wishes:
            store.wish_lease(wishes.pop())

    saving = LiveStore(settings, Disturbed(azurite, wish))
    assert saving.save(plain_record(settings.site), lease).version == 1
    held = store.read_lease()
    assert held is not None
    assert (held.owner, held.wish) == ("arbiter-1", "arbiter-2")


@pytest.mark.lab
def test_where_others_write_each_time_it_is_given_up_and_said(
    azurite: str, settings: Settings, store: LiveStore, lease: Lease
) -> None:
    writes: list[str] = []

    def write(name: str) -> None:
        if name == lease_key(settings.shard):
            writes.append(name)
            store.wish_lease(f"arbiter-{len(writes)}")

    saving = LiveStore(settings, Disturbed(azurite, write))
    with pytest.raises(StoreUnavailableError, match=f"others wrote there {TRIES} times"):
        saving.save(plain_record(settings.site), lease)
    assert (len(writes), store.load()) == (TRIES, None)


@pytest.mark.lab
def test_sites_of_a_shard_keep_their_records_apart_under_one_lease(
    azurite: str, settings: Settings, store: LiveStore, lease: Lease
) -> None:
    other_settings = replace(settings, site=f"{settings.site}-other")
    other = LiveStore(other_settings, blobs(azurite))
    own, others = plain_record(settings.site), plain_record(other_settings.site, epoch=7)
    assert (store.save(own, lease).version, other.save(others, lease).version) == (1, 1)
    assert (store.load(), other.load()) == (replace(own, version=1), replace(others, version=1))
    successor = other.take_lease("arbiter-2", lease)
    with pytest.raises(ConflictError):
        store.save(replace(own, version=1), lease)
    assert store.save(replace(own, version=1), successor).version == 2


@pytest.mark.lab
@pytest.mark.parametrize("entry", [7, "no record", [], {}, {"version": "1"}, {"packed": "?"}, {"packed": 1, "document": 2}])
def test_whatever_another_hand_puts_in_a_records_place_is_damaged_and_kept_until_it_is_quarantined(
    store: LiveStore, settings: Settings, lease: Lease, hand: BlobHand, entry: Any
) -> None:
    store.save(plain_record(settings.site), lease)
    hand.put_entry(entry)
    renewed = store.renew_lease(lease)  # rewrites the blob
    with pytest.raises(RecordLostError) as caught:
        store.load()
    lost = caught.value.lost
    assert lost.what is Loss.DAMAGED
    store.supersede(plain_record(settings.site, epoch=2, version=lost.version), renewed)
    assert hand.get(f"quarantine#{settings.site}#1") == {"found": entry, "why": lost.why}


@pytest.mark.lab
@pytest.mark.parametrize("text", [b"", b"{", b"null", b"[]", b"{}", b'{"lease": 1, "inbox": [], "records": {}}'])
def test_a_blob_that_is_no_shard_is_told_and_never_written_over(
    azurite: str, store: LiveStore, settings: Settings, lease: Lease, text: bytes
) -> None:
    """Nobody knows who leads then, so nobody does."""
    raw, name = blobs(azurite), lease_key(settings.shard)
    raw.put(name, text, raw.get(name))
    for act in (store.read_lease, store.load, lambda: store.renew_lease(lease), lambda: store.take_lease("x", None)):
        with pytest.raises(StoreUnavailableError, match=r"nobody knows who leads.*docs/RUNBOOK"):
            act()
    there = raw.get(name)
    assert there is not None
    assert there.text == text


@pytest.mark.lab
def test_a_container_that_is_missing_is_no_missing_record(azurite: str, settings: Settings) -> None:
    elsewhere = Blobs(container(azurite, name="nowhere"))
    with pytest.raises(StoreUnavailableError, match="404 ContainerNotFound"):
        LiveStore(settings, elsewhere).load()


@pytest.mark.lab
def test_a_long_record_is_stored_compressed_and_a_short_one_is_readable(
    store: LiveStore, settings: Settings, lease: Lease, hand: BlobHand
) -> None:
    saved = store.save(plain_record(settings.site, denied=LONG), lease)
    entry = hand.get(lease_key(settings.shard))["records"][settings.site]
    assert entry.keys() == {"packed", "version", "writer"}
    assert store.load() == saved
    short = store.save(replace(saved, denied=()), lease)
    entry = hand.get(lease_key(settings.shard))["records"][settings.site]
    assert json.loads(entry["document"])["holder"] == "wk1"
    assert store.load() == short


@pytest.mark.lab
def test_a_floor_that_is_no_number_is_none(store: LiveStore, settings: Settings, lease: Lease, hand: BlobHand) -> None:
    store.save(plain_record(settings.site), lease)
    for plain in ("five", {"epoch": "5"}, {}, None):
        hand.put(epoch_key(settings.site), plain)
        assert store.load() is not None
    hand.damage("{")
    with pytest.raises(RecordUnreadableError, match="no epoch is kept beside it"):
        store.load()


# Pure


def test_a_shard_is_read_as_it_was_written() -> None:
    shard = Shard(
        lease=replace(LEASE, asked="q", answered="a", wish="arbiter-2"), inbox=("b", "a"), records={"one": {"x": 1}}
    )
    assert shards.read(shards.to_text(shard)) == replace(shard, inbox=("a", "b"))
    assert shards.read(shards.to_text(Shard())) == Shard()


def test_no_change_touches_what_it_is_not_about() -> None:
    shard = Shard(lease=LEASE, inbox=("{}",), records={"other": {"x": 1}})
    record = plain_record("one")
    after = shards.saved(shard, record, LEASE)
    assert (after.lease, after.inbox, after.records["other"]) == (LEASE, ("{}",), {"x": 1})
    assert shards.renewed(after, LEASE, "").records == after.records
    taken = shards.taken(after, "arbiter-2", LEASE)
    assert (taken.records, taken.inbox) == (after.records, after.inbox)


def test_a_change_that_is_in_already_changes_nothing() -> None:
    once = shards.saved(Shard(lease=LEASE), plain_record("one"), LEASE)
    assert shards.saved(once, plain_record("one"), LEASE) is once
    taken = shards.taken(once, "arbiter-2", LEASE)
    assert shards.taken(taken, "arbiter-2", LEASE) is taken
