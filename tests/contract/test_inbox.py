"""The inbox of `ports.RecordStore`, over every adapter: operators put entries in, leaders find them and take them out."""

from dataclasses import replace

import pytest

from failover_lambda.aws.state import LiveStore
from failover_lambda.contract import Settings
from failover_lambda.errors import ConflictError
from failover_lambda.model import Lease, Request, Verb
from failover_lambda.ports import RecordStore
from failover_lambda.requests import to_text
from tests.contract.conftest import NewStore

pytestmark = pytest.mark.contract


def entry(settings: Settings, number: int = 1, **about: object) -> Request:
    request = Request(
        id=f"r{number}",
        site=settings.site,
        verb=Verb.SWITCHOVER,
        who="mia",
        why="patch wk1",
        asked_s=1_764_300_000.25,
        patience_s=60.0,
        worker="wk2",
    )
    return replace(request, **about)  # pyright: ignore[reportArgumentType] (names of fields, in tests only)


def led(store: RecordStore) -> Lease:
    return store.take_lease("arbiter-1", None)


def test_an_entry_comes_with_the_next_renewal_as_it_was_put(store: RecordStore, settings: Settings) -> None:
    """RULE 9.2."""
    lease = led(store)
    store.put_request(entry(settings))
    assert store.renew_lease(lease).inbox == (entry(settings),)
    seen = store.read_lease()
    assert seen is not None
    assert seen.inbox == (entry(settings),)


def test_a_successor_finds_what_the_leader_did_not_take_in(store: RecordStore, settings: Settings) -> None:
    lease = led(store)
    store.put_request(entry(settings))
    store.release_lease(store.renew_lease(lease))
    taken = store.take_lease("arbiter-2", store.read_lease())
    assert taken.inbox == (entry(settings),)


def test_the_same_entry_twice_is_one(store: RecordStore, settings: Settings) -> None:
    """An operator's command whose answer was lost puts it in again."""
    lease = led(store)
    store.put_request(entry(settings))
    store.put_request(entry(settings))
    assert len(store.renew_lease(lease).inbox) == 1


def test_entries_are_taken_out_by_their_ids_and_the_others_stay(
    store: RecordStore, settings: Settings, new_store: NewStore
) -> None:
    lease = led(store)
    for number in (1, 2, 3):
        new_store().put_request(entry(settings, number))
    store.drop_requests({"r1", "r3", "r9"})
    assert store.renew_lease(lease).inbox == (entry(settings, 2),)
    store.drop_requests({"r2"})
    store.drop_requests({"r2"})
    assert store.renew_lease(lease).inbox == ()


def test_where_nobody_ever_led_there_is_no_inbox(store: RecordStore, settings: Settings) -> None:
    """A wrong table or shard is found out by whoever asks, instead of swallowing the entry."""
    with pytest.raises(ConflictError):
        store.put_request(entry(settings))
    assert store.read_lease() is None
    store.drop_requests({"r1"})


def test_neither_an_entry_nor_its_end_disturbs_the_lease(store: RecordStore, settings: Settings) -> None:
    """RULE 2.2: only a beat keeps a lease alive."""
    lease = led(store)
    store.put_request(entry(settings))
    store.drop_requests({"r1"})
    seen = store.read_lease()
    assert seen is not None
    assert (seen.owner, seen.token, seen.beat) == (lease.owner, lease.token, lease.beat)


def test_an_inbox_that_somebody_made_before_anybody_led_keeps_nobody_from_leading(
    store: RecordStore, settings: Settings
) -> None:
    """An operator's line without its condition; what was asked for is found by the first leader."""
    if not isinstance(store, LiveStore):
        return  # the one in memory has no item without a lease
    store._inbox("ADD", [to_text(entry(settings))], "attribute_not_exists(#pk)")  # pyright: ignore[reportPrivateUsage]
    assert store.read_lease() is None
    lease = store.take_lease("arbiter-1", None)
    assert (lease.owner, lease.token, lease.beat, lease.inbox) == ("arbiter-1", 1, 1, (entry(settings),))
    with pytest.raises(ConflictError):
        store.take_lease("arbiter-2", None)
