"""The contract of `ports.RecordStore`, over every adapter."""

from dataclasses import replace

import pytest

from failover_lambda.contract import Settings
from failover_lambda.errors import ConflictError
from failover_lambda.model import (
    RECORD_SCHEMA,
    Debt,
    Drift,
    Fence,
    Intent,
    Kind,
    Lease,
    Move,
    Notice,
    Phase,
    Record,
    Streak,
    Verdict,
)
from failover_lambda.ports import RecordStore
from tests.contract.conftest import NewStore

pytestmark = pytest.mark.contract


def plain_record(store_site: str, **changes: object) -> Record:
    record = Record(
        schema=RECORD_SCHEMA,
        site=store_site,
        version=0,
        epoch=1,
        phase=Phase.STEADY,
        phase_since_s=1_000_000.25,
        holder="wk1",
        association_id="eipassoc-1",
        association_reads=2,
        intent=None,
        streak=None,
        fences=(),
        drift=None,
        grace_until_s=None,
        moves=(),
        outbox=(),
        notices=0,
        reason="all is well",
    )
    return replace(record, **changes)  # pyright: ignore[reportArgumentType] (names of fields, in tests only)


def full_record(store_site: str) -> Record:
    """A value in every field that may be empty."""
    return plain_record(
        store_site,
        intent=Intent(
            kind=Kind.FAILOVER,
            source="wk1",
            expected_id="eipassoc-1",
            made_s=1.1,
            deadline_s=31.1,
            asked_s=1.2,
            refusals=1,
            tried=("wk3", "wk4"),
            suspected_s=0.1,
            why='says "no": ü, 日本, \n and \u2028',
        ),
        streak=Streak(
            verdict=Verdict.DEAD, token=7, rounds=2, rounds_needed=3, gone=1, quick=False, since_s=1 / 3, last_s=1e9 + 0.1
        ),
        fences=(
            Fence(
                worker="wk1",
                epoch=1,
                launched_s=5.0,
                raised_s=0.5,
                isolate=Debt(asked_s=1.0, answered=True),
                stop=Debt(asked_s=1.0, lost=True),
                restore=Debt(asked_s=2.0),
                start=None,
                seen_stopped_s=3.0,
            ),
        ),
        drift=Drift(association_id="eipassoc-9", reads=1),
        grace_until_s=2.5,
        moves=(Move(at_s=1.0, epoch=2, source="wk1", target="wk2", kind=Kind.FAILOVER),),
        outbox=(
            Notice(
                id="n-1", at_s=1.0, what="moved", site=store_site, source="wk1", target="wk2", why="x", epoch=2, seconds=1.3
            ),
        ),
        notices=1,
        manual="the budget is spent",
        suspicion_told=True,
    )


@pytest.fixture
def site(settings: Settings) -> str:
    return settings.site


@pytest.fixture
def lease(store: RecordStore) -> Lease:
    return store.take_lease("arbiter-1", None)


def take_over(store: RecordStore, owner: str = "arbiter-2") -> Lease:
    return store.take_lease(owner, store.read_lease())


# The record


def test_a_site_without_record_loads_none(store: RecordStore) -> None:
    assert store.load() is None


def test_the_first_save_makes_version_one(store: RecordStore, site: str, lease: Lease) -> None:
    saved = store.save(plain_record(site), lease)
    assert saved == plain_record(site, version=1)
    assert store.load() == saved


def test_every_field_comes_back_as_it_was(store: RecordStore, site: str, lease: Lease) -> None:
    saved = store.save(full_record(site), lease)
    assert store.load() == saved == replace(full_record(site), version=1)


def test_a_save_replaces_the_version_it_was_made_from(store: RecordStore, site: str, lease: Lease) -> None:
    first = store.save(full_record(site), lease)
    second = store.save(replace(first, epoch=2, intent=None), lease)
    assert second.version == 2
    assert store.load() == second


def test_another_client_loads_what_was_saved(new_store: NewStore, site: str) -> None:
    one, other = new_store(), new_store()
    saved = one.save(plain_record(site), one.take_lease("arbiter-1", None))
    assert other.load() == saved


def test_a_save_from_an_old_version_conflicts_and_changes_nothing(store: RecordStore, site: str, lease: Lease) -> None:
    first = store.save(plain_record(site), lease)
    second = store.save(replace(first, epoch=2), lease)
    with pytest.raises(ConflictError):
        store.save(replace(first, epoch=3), lease)
    assert store.load() == second


def test_a_first_save_conflicts_with_a_record_that_is_there(store: RecordStore, site: str, lease: Lease) -> None:
    saved = store.save(plain_record(site), lease)
    with pytest.raises(ConflictError):
        store.save(plain_record(site, epoch=9), lease)
    assert store.load() == saved


def test_a_save_of_a_later_version_than_the_stored_one_conflicts(store: RecordStore, site: str, lease: Lease) -> None:
    with pytest.raises(ConflictError):
        store.save(plain_record(site, version=3), lease)
    assert store.load() is None


@pytest.mark.parametrize("change", [{"owner": "arbiter-9"}, {"token": 2}, {"token": 0}])
def test_a_save_needs_owner_and_token_of_the_lease(
    store: RecordStore, site: str, lease: Lease, change: dict[str, object]
) -> None:
    with pytest.raises(ConflictError):
        store.save(plain_record(site), replace(lease, **change))  # pyright: ignore[reportArgumentType] (owner or token)
    assert store.load() is None


def test_a_save_needs_a_lease_that_was_taken(store: RecordStore, site: str) -> None:
    with pytest.raises(ConflictError):
        store.save(plain_record(site), Lease(owner="arbiter-1", token=1, beat=1, wish=""))
    assert store.load() is None


def test_a_save_does_not_mind_beats_and_wishes(store: RecordStore, site: str, lease: Lease) -> None:
    store.renew_lease(lease)
    store.wish_lease("arbiter-2")
    assert store.save(plain_record(site), lease).version == 1


def test_a_deposed_leader_saves_nothing(store: RecordStore, site: str, lease: Lease) -> None:
    first = store.save(plain_record(site), lease)
    take_over(store)
    with pytest.raises(ConflictError):
        store.save(replace(first, epoch=2), lease)
    assert store.load() == first


def test_a_leader_that_let_go_saves_nothing(store: RecordStore, site: str, lease: Lease) -> None:
    store.release_lease(lease)
    with pytest.raises(ConflictError):
        store.save(plain_record(site), lease)


def test_a_write_of_ours_that_is_sent_again_is_recognised(store: RecordStore, site: str, lease: Lease) -> None:
    first = store.save(full_record(site), lease)
    assert store.save(full_record(site), lease) == first
    assert store.load() == first


def test_another_write_to_the_same_version_is_not_taken_for_ours(store: RecordStore, site: str, lease: Lease) -> None:
    theirs = store.save(plain_record(site, reason="theirs"), lease)
    with pytest.raises(ConflictError):
        store.save(plain_record(site, reason="ours"), lease)
    assert store.load() == theirs


def test_a_write_of_ours_is_not_recognised_once_the_lease_is_gone(store: RecordStore, site: str, lease: Lease) -> None:
    record = plain_record(site)
    store.save(record, lease)
    take_over(store)
    with pytest.raises(ConflictError):
        store.save(record, lease)


def test_a_write_of_ours_is_not_recognised_after_a_later_one(store: RecordStore, site: str, lease: Lease) -> None:
    record = plain_record(site)
    later = store.save(replace(store.save(record, lease), epoch=2), lease)
    with pytest.raises(ConflictError):
        store.save(record, lease)
    assert store.load() == later


# The lease


def test_a_lease_that_nobody_ever_held_is_none(store: RecordStore) -> None:
    assert store.read_lease() is None


def test_the_first_to_take_the_lease_has_it(store: RecordStore) -> None:
    taken = store.take_lease("arbiter-1", None)
    assert (taken.owner, taken.token, taken.wish) == ("arbiter-1", 1, "")
    assert store.read_lease() == taken


def test_the_second_to_take_a_fresh_lease_conflicts(store: RecordStore, lease: Lease) -> None:
    with pytest.raises(ConflictError):
        store.take_lease("arbiter-2", None)
    assert store.read_lease() == lease


def test_each_owner_has_a_greater_token_and_another_beat(store: RecordStore, lease: Lease) -> None:
    second = take_over(store)
    assert (second.owner, second.token) == ("arbiter-2", lease.token + 1)
    assert second.beat != lease.beat


def test_a_lease_that_was_renewed_since_it_was_seen_is_not_taken(store: RecordStore, lease: Lease) -> None:
    renewed = store.renew_lease(lease)
    with pytest.raises(ConflictError):
        store.take_lease("arbiter-2", lease)
    assert store.read_lease() == renewed


def test_a_lease_that_was_taken_since_it_was_seen_is_not_taken(store: RecordStore, lease: Lease) -> None:
    second = take_over(store)
    with pytest.raises(ConflictError):
        store.take_lease("arbiter-3", lease)
    assert store.read_lease() == second


def test_a_wish_made_since_it_was_seen_does_not_keep_a_lease_from_being_taken(store: RecordStore, lease: Lease) -> None:
    store.wish_lease("arbiter-2")
    assert store.take_lease("arbiter-2", lease).owner == "arbiter-2"


def test_taking_clears_the_wish_and_keeps_question_and_answer(store: RecordStore, lease: Lease) -> None:
    store.renew_lease(lease, answered="q-1")
    store.wish_lease("arbiter-2")
    store.ask_leader("q-2")
    taken = take_over(store)
    assert (taken.wish, taken.asked, taken.answered) == ("", "q-2", "q-1")
    assert store.read_lease() == taken


def test_a_renewal_beats_and_keeps_owner_and_token(store: RecordStore, lease: Lease) -> None:
    renewed = store.renew_lease(lease)
    assert renewed == replace(lease, beat=lease.beat + 1)
    assert store.read_lease() == renewed


def test_a_renewal_shows_wish_and_question_of_others(store: RecordStore, lease: Lease) -> None:
    store.wish_lease("arbiter-2")
    store.ask_leader("q-1")
    renewed = store.renew_lease(lease)
    assert (renewed.wish, renewed.asked) == ("arbiter-2", "q-1")


def test_a_renewal_answers_and_a_later_one_keeps_the_answer(store: RecordStore, lease: Lease) -> None:
    assert store.renew_lease(lease, answered="q-1").answered == "q-1"
    assert store.renew_lease(lease).answered == "q-1"


def test_a_deposed_leader_does_not_renew(store: RecordStore, lease: Lease) -> None:
    second = take_over(store)
    with pytest.raises(ConflictError):
        store.renew_lease(lease)
    assert store.read_lease() == second


def test_nobody_renews_a_lease_that_was_never_taken(store: RecordStore, site: str) -> None:
    with pytest.raises(ConflictError):
        store.renew_lease(Lease(owner=site, token=1, beat=1, wish=""))
    assert store.read_lease() is None


def test_letting_go_leaves_token_and_wish(store: RecordStore, lease: Lease) -> None:
    store.wish_lease("arbiter-2")
    store.release_lease(lease)
    left = store.read_lease()
    assert left is not None
    assert (left.owner, left.token, left.wish) == ("", lease.token, "arbiter-2")


def test_a_lease_that_was_let_go_goes_on_with_the_next_token(store: RecordStore, lease: Lease) -> None:
    store.release_lease(lease)
    assert take_over(store).token == lease.token + 1


def test_a_deposed_leader_does_not_let_go_for_its_successor(store: RecordStore, lease: Lease) -> None:
    second = take_over(store)
    with pytest.raises(ConflictError):
        store.release_lease(lease)
    assert store.read_lease() == second


def test_a_wish_changes_neither_owner_nor_token_nor_beat(store: RecordStore, lease: Lease) -> None:
    store.wish_lease("arbiter-2")
    assert store.read_lease() == replace(lease, wish="arbiter-2")


def test_a_question_changes_neither_owner_nor_token_nor_beat(store: RecordStore, lease: Lease) -> None:
    store.ask_leader("q-1")
    assert store.read_lease() == replace(lease, asked="q-1")


def test_wishes_and_questions_do_not_make_a_lease(store: RecordStore) -> None:
    store.wish_lease("arbiter-2")
    store.ask_leader("q-1")
    assert store.read_lease() is None
