"""RULE.md section 2: who may decide."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from failover_lambda import leadership as module
from failover_lambda.errors import ConflictError, StoreUnavailableError
from failover_lambda.leadership import (
    LEFT_TO_THE_LEADER,
    TO_THE_NEXT_FIRING,
    Leadership,
    fire,
    lead,
    lead_if_nobody_does,
    once,
    stand_by,
)
from failover_lambda.model import Do, Lease, Phase, Verb
from tests.fakes import FakeClock, InlineExecutor, MemoryStore, make_settings
from tests.fleets import Holding
from tests.worlds import World

SETTINGS = make_settings()


def pair() -> tuple[FakeClock, MemoryStore, Leadership, Leadership]:
    clock, store = FakeClock(), MemoryStore()
    return clock, store, _leadership("one", store, clock), _leadership("two", store, clock)


def _leadership(owner: str, store: MemoryStore, clock: FakeClock) -> Leadership:
    return Leadership(owner, SETTINGS, store, clock, InlineExecutor())


def test_a_free_lease_is_taken_at_once() -> None:
    clock, _, one, _ = pair()
    before = clock.time_s
    assert one.acquire(1.0) is not None
    assert clock.time_s == before


def test_a_beating_lease_is_not_taken_and_a_silent_one_is_after_its_time() -> None:
    """2.2: on the watcher's own clock, from its first look."""
    clock, _, one, two = pair()
    one.acquire(1.0)
    assert two.acquire(SETTINGS.lease_ttl_s - 0.5) is None
    began = clock.time_s
    taken = two.acquire(60.0)
    assert taken is not None
    assert taken.token == 2
    assert clock.time_s - began == pytest.approx(SETTINGS.lease_ttl_s, abs=2 * module.POLL_S)


def test_a_take_whose_answer_was_lost_is_recognised_at_the_next_look() -> None:
    """2.1: our own name is on it; there is nobody to wait for."""
    clock, store, one, _ = pair()
    take = store.take_lease

    def loses_its_answer(owner: str, seen: Lease | None) -> Lease:
        take(owner, seen)
        store.take_lease = take  # type: ignore[method-assign]
        raise StoreUnavailableError("the answer was lost")

    store.take_lease = loses_its_answer  # type: ignore[method-assign]
    began = clock.time_s
    held = one.acquire(60.0)
    assert held is not None
    assert (held.owner, held.token, held.wish) == ("one", 1, "")
    assert clock.time_s - began <= 2 * module.POLL_S


def test_a_leader_whose_lease_was_taken_stops() -> None:
    """2.1, 2.5."""
    clock, _, one, two = pair()
    one.acquire(1.0)
    two.acquire(60.0)
    clock.sleep(SETTINGS.lease_renew_s)
    assert one.keep() is None


def test_a_leader_without_answers_stops_one_second_before_its_lease_could_be_taken() -> None:
    """2.4."""
    clock, store, one, _ = pair()
    one.acquire(1.0)
    store.down = True
    clock.sleep(SETTINGS.lease_ttl_s - module.MARGIN_S - 0.1)
    assert one.keep() is not None
    clock.sleep(0.2)
    assert one.keep() is None


def test_a_release_is_taken_by_the_one_that_waits() -> None:
    """2.3."""
    _, store, one, two = pair()
    one.acquire(1.0)
    store.wish_lease("two")
    one.release()
    taken = two.acquire(1.0)
    assert taken is not None
    assert (taken.owner, taken.token, taken.wish) == ("two", 2, "")


def test_a_leader_takes_its_lease_back_when_its_successor_never_came() -> None:
    """2.3."""
    _, store, one, _ = pair()
    one.acquire(1.0)
    store.wish_lease("a successor that died")
    back = one.hand_over()
    assert back is not None
    assert (back.owner, back.wish) == ("one", "")


def test_a_leader_ticks_until_its_life_is_over() -> None:
    world = World()
    world.leadership.release()
    reason = lead(world.cycle, world.leadership, world.clock, world.reporter, life_s=30.0)
    assert reason == "its life is over"
    assert world.record.phase is Phase.STEADY
    assert sum(name == "tick" for name, _ in world.reporter.events) > 25
    assert world.store.lease is not None
    assert world.store.lease.owner == ""


def away(world: World, from_s: float, until_s: float, meanwhile: Callable[[float], None] | None = None) -> None:
    """The store answers nobody from so many seconds after now on, until then."""
    sleep, began = world.clock.sleep, world.clock.time_s

    def passing(seconds: float) -> None:
        sleep(seconds)
        at_s = world.clock.time_s - began
        world.store.down = from_s <= at_s < until_s
        if meanwhile:
            meanwhile(at_s)

    world.clock.sleep = passing  # type: ignore[method-assign]


def test_a_leader_whose_store_was_away_goes_on_when_it_answers_again() -> None:
    """2.4: once it ended, and nobody led until the schedule started the next one."""
    world = World().settled()
    led = world.lease
    world.kill("wk1")
    away(world, 0.1, 25.0)
    reason = lead(world.cycle, world.leadership, world.clock, world.reporter, life_s=60.0)
    assert reason == "its life is over"
    names = [name for name, _ in world.reporter.events]
    assert names.count("leading-again") == 1
    assert led is not None
    assert (world.record.holder, world.store.lease and world.store.lease.token) == ("wk2", led.token)


def test_a_leader_whose_store_was_away_ends_where_another_has_led_since() -> None:
    """2.4, 2.5."""
    world = World().settled()
    took: list[float] = []

    def another(at_s: float) -> None:
        if at_s >= 10.0 and not took:
            took.append(at_s)
            assert world.store.lease
            world.store.lease = replace(world.store.lease, owner="other", token=world.store.lease.token + 1, beat=99)
        elif took and world.store.lease:
            world.store.lease = replace(world.store.lease, beat=world.store.lease.beat + 1)

    away(world, 0.1, 12.0, another)
    reason = lead(world.cycle, world.leadership, world.clock, world.reporter, life_s=60.0)
    assert reason == "the lease is another's, or could be"
    assert "leading-again" not in [name for name, _ in world.reporter.events]
    assert world.store.lease
    assert world.store.lease.owner == "other"


def test_a_renewal_that_is_answered_after_the_lease_was_found_again_does_not_date_it_back() -> None:
    """2.4: a leader that has just beaten would stop for an answer that is seconds old."""
    clock, store, late = FakeClock(), MemoryStore(), Holding(lambda *_: True)
    one = Leadership("one", SETTINGS, store, clock, late)
    one.acquire(1.0)
    clock.sleep(SETTINGS.lease_renew_s)
    one.keep()
    clock.sleep(SETTINGS.lease_ttl_s)
    assert one.keep() is None
    assert one.acquire_if_nobody_leads() is not None
    late.let_go()
    assert one.keep() is not None


def test_a_lease_of_ours_that_is_found_beats_at_once() -> None:
    """2.2: others count its time from the last beat that they saw, and not from our look at it."""
    for find in (lambda one: one.acquire(1.0), lambda one: one.acquire_if_nobody_leads()):
        _, store, one, _ = pair()
        store.lease = Lease(owner="one", token=3, beat=7, wish="")
        found = find(one)
        assert (found.token, found.beat) == (3, 8)


def test_a_leader_ends_after_the_tick_in_which_it_saw_a_wish() -> None:
    """2.3."""
    world = World().settled()
    sleep = world.clock.sleep

    def successor_takes(seconds: float) -> None:
        sleep(seconds)
        lease = world.store.lease
        if lease and not lease.owner:
            world.store.lease = replace(lease, owner="next", token=lease.token + 1)
        else:
            world.store.wish_lease("next")

    world.leadership.release()
    world.clock.sleep = successor_takes  # type: ignore[method-assign]
    assert lead(world.cycle, world.leadership, world.clock, world.reporter, life_s=60.0) == "handed over to next"


def test_once_settles_a_new_site_and_lets_the_lease_go() -> None:
    world = World()
    world.leadership.release()
    outcome = once(world.cycle, world.leadership, world.clock, wait_s=60.0)
    assert (outcome.settled, outcome.phase, outcome.holder, outcome.epoch) == (True, "steady", "wk1", 1)
    assert world.store.lease is not None
    assert world.store.lease.owner == ""


def test_once_that_meets_a_live_arbiter_reports_its_answer() -> None:
    """The question is answered after a complete tick of the leader."""
    world = World().settled()
    asking = World()
    asking.store = world.store
    asking.leadership = _leadership("once", world.store, world.clock)
    asking.clock = world.clock
    sleep = world.clock.sleep

    def leader_goes_on(seconds: float) -> None:
        sleep(seconds)
        lease = world.store.lease
        assert lease is not None
        world.store.lease = replace(lease, beat=lease.beat + 1, answered=lease.asked)

    world.clock.sleep = leader_goes_on  # type: ignore[method-assign]
    outcome = once(world.cycle, asking.leadership, world.clock, wait_s=20.0)
    assert (outcome.settled, outcome.holder, outcome.arbiter) == (True, "wk1", "arbiter-1")


def test_once_of_a_new_site_that_is_switched_off_has_nothing_to_settle() -> None:
    world = World(enabled=False)
    world.leadership.release()
    outcome = once(world.cycle, world.leadership, world.clock, wait_s=20.0)
    assert (outcome.settled, outcome.phase) == (True, "none")
    assert world.cloud.did() == []


def test_once_does_not_wait_for_the_end_of_a_pause() -> None:
    """9.6: a deployment in a pause, as a rolling change is, meets no arbiter now and then, and leads itself."""
    world = World().settled()
    world.ask(Verb.PAUSE, duration_s=600.0)
    world.tick(2)
    world.leadership.release()
    began_s = world.clock.time_s
    outcome = once(world.cycle, world.leadership, world.clock, wait_s=60.0)
    assert (outcome.phase, outcome.holder) == ("paused", "wk1")
    assert world.clock.time_s - began_s < 10.0


def test_once_that_cannot_settle_says_why() -> None:
    world = World()
    world.leadership.release()
    world.cloud.deaf.add("address")
    with pytest.raises(TimeoutError, match=r"did not settle within 10 s: .*address could not be read"):
        once(world.cycle, world.leadership, world.clock, wait_s=10.0)


# A start by an event


def live(store: MemoryStore, clock: FakeClock, lease: Lease) -> None:
    """From now on the leader renews in each pause of the other one."""
    sleep = clock.sleep

    def renewing(seconds: float) -> None:
        sleep(seconds)
        store.renew_lease(lease)

    clock.sleep = renewing  # type: ignore[method-assign]


def test_a_start_by_an_event_that_meets_a_live_arbiter_ends_at_its_first_beat_and_wishes_nothing() -> None:
    """2.6: the one that leads goes on as if nobody had come."""
    clock, store, one, two = pair()
    lease = one.acquire(1.0)
    assert lease is not None
    live(store, clock, lease)
    began = clock.time_s
    assert two.acquire_if_nobody_leads() is None
    assert clock.time_s - began <= 2 * module.POLL_S
    assert store.lease is not None
    assert (store.lease.owner, store.lease.token, store.lease.wish) == ("one", 1, "")


def test_a_start_by_an_event_takes_a_lease_that_is_free() -> None:
    _, store, _, two = pair()
    assert two.acquire_if_nobody_leads() is not None
    assert store.lease is not None
    assert store.lease.owner == "two"


def test_a_start_by_an_event_takes_over_from_a_dead_arbiter_after_its_lease_time() -> None:
    """2.6 and 2.2: this is what the event is for."""
    clock, _, one, two = pair()
    one.acquire(1.0)
    began = clock.time_s
    taken = two.acquire_if_nobody_leads()
    assert taken is not None
    assert taken.token == 2
    assert clock.time_s - began == pytest.approx(SETTINGS.lease_ttl_s, abs=2 * module.POLL_S)


def test_a_lease_that_was_let_go_for_a_successor_is_not_snatched_from_it() -> None:
    """2.6: between the release of the one and the take of the other."""
    clock, store, one, two = pair()
    one.acquire(1.0)
    store.wish_lease("successor")
    one.release()
    sleep = clock.sleep

    def successor_comes(seconds: float) -> None:
        sleep(seconds)
        if store.lease and not store.lease.owner:
            store.take_lease("successor", store.lease)

    clock.sleep = successor_comes  # type: ignore[method-assign]
    assert two.acquire_if_nobody_leads() is None
    assert store.lease is not None
    assert store.lease.owner == "successor"


def test_a_lease_that_was_let_go_for_nobody_is_taken() -> None:
    """Its leader's life was over, and no successor had come."""
    clock, store, one, two = pair()
    one.acquire(1.0)
    sleep = clock.sleep

    def life_is_over(seconds: float) -> None:
        sleep(seconds)
        one.release()

    clock.sleep = life_is_over  # type: ignore[method-assign]
    began = clock.time_s
    assert two.acquire_if_nobody_leads() is not None
    assert store.lease is not None
    assert store.lease.owner == "two"
    assert clock.time_s - began <= 2 * module.POLL_S


def test_a_successor_that_died_before_it_came_is_replaced_by_the_start_of_an_event() -> None:
    clock, store, one, two = pair()
    one.acquire(1.0)
    store.wish_lease("a successor that died")
    one.release()
    began = clock.time_s
    assert two.acquire_if_nobody_leads() is not None
    assert clock.time_s - began >= SETTINGS.lease_ttl_s


def test_of_two_starts_by_events_one_leads_and_the_other_ends() -> None:
    clock, store, one, two = pair()
    read = store.read_lease

    def slow() -> Lease | None:
        now = read()
        store.read_lease = read  # type: ignore[method-assign]
        two.acquire_if_nobody_leads()
        return now

    store.read_lease = slow  # type: ignore[method-assign]
    assert one.acquire_if_nobody_leads() is None
    assert two.lease is not None
    assert clock.time_s == FakeClock().time_s


def test_a_start_by_an_event_recognises_its_own_take_whose_answer_was_lost() -> None:
    _, store, _, two = pair()
    take = store.take_lease

    def loses_its_answer(owner: str, seen: Lease | None) -> Lease:
        take(owner, seen)
        store.take_lease = take  # type: ignore[method-assign]
        raise StoreUnavailableError("the answer was lost")

    store.take_lease = loses_its_answer  # type: ignore[method-assign]
    taken = two.acquire_if_nobody_leads()
    assert taken is not None
    assert taken.token == 1


def test_a_start_by_an_event_gives_up_where_the_store_does_not_answer() -> None:
    clock, store, _, two = pair()
    store.down = True
    began = clock.time_s
    assert two.acquire_if_nobody_leads() is None
    assert clock.time_s - began == pytest.approx(2 * SETTINGS.lease_ttl_s, abs=2 * module.POLL_S)


def test_a_start_by_an_event_leads_like_a_loop_where_nobody_does() -> None:
    """2.6: a worker that was stopped at the console while no arbiter led is replaced."""
    world = World().settled()
    world.leadership.release()
    world.stop("wk1")
    reason = lead_if_nobody_does(world.cycle, world.leadership, world.clock, world.reporter, life_s=30.0)
    assert reason == "its life is over"
    assert (world.record.holder, world.cloud.on) == ("wk2", "wk2")


def test_a_start_by_an_event_that_left_it_to_the_leader_did_not_tick() -> None:
    world = World().settled()
    lease = world.leadership.lease
    assert lease is not None
    live(world.store, world.clock, lease)
    world.reporter.events.clear()
    late = _leadership("late", world.store, world.clock)
    assert lead_if_nobody_does(world.cycle, late, world.clock, world.reporter, life_s=30.0) == LEFT_TO_THE_LEADER
    assert (world.reporter.events, world.cloud.did()) == ([], [])


def test_an_arbiter_that_cannot_ask_the_store_says_so_when_it_gives_up() -> None:
    """7.4: whoever reads the log, or the failed deployment, is told what the store said."""
    world = World()
    world.leadership.release()
    world.store.down = True
    with pytest.raises(TimeoutError, match=r"the lease could not be had: the table does not answer$"):
        once(world.cycle, world.leadership, world.clock, wait_s=3.0)
    why = lead(world.cycle, world.leadership, world.clock, world.reporter, life_s=3.0)
    assert why == "the lease could not be had: the table does not answer"


# A standby arbiter


def test_a_standby_arbiter_wishes_nothing_and_leads_when_the_leaders_life_is_over() -> None:
    """2.7."""
    clock, store, one, two = pair()
    held = one.acquire(1.0)
    assert held is not None
    sleep, ends_at = clock.sleep, clock.time_s + 50.0

    def leader_beats(seconds: float) -> None:
        sleep(seconds)
        if clock.time_s < ends_at:
            one.keep()
        else:
            one.release()

    clock.sleep = leader_beats  # type: ignore[method-assign]
    taken = two.acquire(125.0, wish=False, poll_s=module.STANDBY_POLL_S)
    assert taken is not None
    assert (taken.owner, clock.time_s) == ("two", pytest.approx(ends_at, abs=module.STANDBY_POLL_S))
    assert [lease.wish for lease in (held, taken)] == ["", ""]
    assert store.lease == taken


def test_a_dead_leader_is_replaced_by_its_standby_within_the_lease_time_and_a_look() -> None:
    """2.7, L4: and the dead holder with it, at the first verdict."""
    world = World().settled()
    world.kill("wk1")
    died_at = world.clock.time_s
    world.arbiters += 1
    heir = Leadership("heir", world.settings, world.store, world.clock, InlineExecutor())
    sleep = world.clock.sleep
    moved_at: list[float] = []

    def watched(seconds: float) -> None:
        sleep(seconds)
        if world.cloud.on == "wk2" and not moved_at:
            moved_at.append(world.clock.time_s)

    world.clock.sleep = watched  # type: ignore[method-assign]
    stand_by(world.cycle, heir, world.clock, world.reporter, life_s=30.0)
    assert ("standing-by", {"owner": "heir"}) in world.reporter.events
    assert moved_at[0] - died_at <= world.settings.lease_ttl_s + module.STANDBY_POLL_S + 2 * world.settings.probe_interval_s


# A timer that fires every few seconds

CADENCE_S, BURST_S = 5.0, 120.0


def fired(world: World, leadership: Leadership | None = None) -> str:
    """One firing."""
    held = leadership or world.leadership
    return fire(world.cycle, held, world.clock, world.reporter, cadence_s=CADENCE_S, burst_s=BURST_S)


def ticks(world: World) -> int:
    return sum(name == "tick" for name, _ in world.reporter.events)


def test_a_firing_ticks_as_often_as_fits_before_the_next_one() -> None:
    """2.13."""
    for interval_s, expected in ((1.0, 5), (2.0, 3), (5.0, 1), (30.0, 1)):
        world = World(probe_interval_s=interval_s).settled()
        before, began_s = ticks(world), world.clock.time_s
        assert fired(world) == TO_THE_NEXT_FIRING
        assert ticks(world) - before == expected, interval_s
        assert world.clock.time_s - began_s < CADENCE_S


def test_the_lease_is_kept_from_one_firing_to_the_next() -> None:
    """2.13: one token for ever, though nobody renews in between."""
    world = World(probe_interval_s=5.0, lease_ttl_s=15.0, lease_renew_s=5.0).settled()
    held = world.store.lease
    assert held is not None
    for _ in range(20):
        assert fired(world) == TO_THE_NEXT_FIRING
        world.clock.sleep(CADENCE_S)
    now = world.store.lease
    assert now is not None
    assert (now.owner, now.token) == (held.owner, held.token)
    assert now.beat >= held.beat + 10


def test_while_the_site_is_in_motion_a_firing_goes_on_until_it_is_settled() -> None:
    """2.13: the next firing has nothing left to do."""
    world = World(probe_interval_s=5.0).settled()
    world.kill("wk1")
    began_s = world.clock.time_s
    assert fired(world) == TO_THE_NEXT_FIRING
    assert (world.record.holder, world.record.phase) == ("wk2", Phase.STEADY)
    assert world.clock.time_s - began_s < BURST_S


def test_a_firing_that_cannot_settle_ends_within_its_bound_and_the_next_one_goes_on() -> None:
    """2.13."""
    world = World(probe_interval_s=5.0, move_deadline_s=1000.0, verify_deadline_s=1000.0).settled()
    world.kill("wk1")
    world.cloud.lose[Do.DISASSOCIATE] = "before"
    began_s = world.clock.time_s
    assert fired(world) == TO_THE_NEXT_FIRING
    assert BURST_S - 5.0 < world.clock.time_s - began_s <= BURST_S + 5.0
    assert (world.record.holder, world.cloud.on) == ("wk2", "wk1")
    world.cloud.lose.clear()
    assert fired(world) == TO_THE_NEXT_FIRING
    assert (world.record.holder, world.record.phase) == ("wk2", Phase.STEADY)


def test_a_firing_of_another_process_ends_at_once_and_disturbs_nobody() -> None:
    """2.13: no wish, no wait, no tick."""
    world = World().settled()
    before, began_s = ticks(world), world.clock.time_s
    assert fired(world, _leadership("two", world.store, world.clock)) == module.NOT_OURS
    assert (ticks(world), world.clock.time_s) == (before, began_s)
    assert world.store.lease is not None
    assert (world.store.lease.owner, world.store.lease.wish) == ("arbiter-1", "")


def test_a_dead_process_is_followed_by_the_other_one_after_the_lease_time() -> None:
    """2.13, 2.2: counted from one look to a later one; a beat in between begins it anew."""
    clock, store, one, two = pair()
    lease = one.acquire(1.0)
    assert lease is not None
    assert two.acquire_at_a_look() is None
    clock.sleep(SETTINGS.lease_ttl_s - 0.5)
    store.renew_lease(lease)
    assert two.acquire_at_a_look() is None, "it beat meanwhile"
    clock.sleep(SETTINGS.lease_ttl_s - 0.5)
    assert two.acquire_at_a_look() is None, "not yet"
    clock.sleep(1.0)
    taken = two.acquire_at_a_look()
    assert taken is not None
    assert (taken.owner, taken.token) == ("two", 2)


def test_a_look_takes_a_lease_that_is_free_or_released_and_finds_its_own() -> None:
    for lease, token in (
        (None, 1),
        (Lease(owner="", token=4, beat=7, wish=""), 5),
        (Lease(owner="two", token=4, beat=7, wish=""), 4),
    ):
        _, store, _, two = pair()
        store.lease = lease
        taken = two.acquire_at_a_look()
        assert taken is not None
        assert (taken.owner, taken.token) == ("two", token)


def test_a_look_leaves_a_released_lease_to_whoever_wished_for_it_for_the_lease_time() -> None:
    """2.6."""
    clock, store, _, two = pair()
    store.lease = Lease(owner="", token=4, beat=7, wish="a successor")
    assert two.acquire_at_a_look() is None
    clock.sleep(SETTINGS.lease_ttl_s)
    assert two.acquire_at_a_look() is not None


def test_a_look_that_loses_the_race_or_has_no_answer_has_nothing() -> None:
    clock, store, _, two = pair()
    store.down = True
    assert two.acquire_at_a_look() is None
    assert two.why_not.startswith("the lease could not be had: ")
    store.down = False

    def quicker(owner: str, seen: Lease | None) -> Lease:
        raise ConflictError(f"{owner} {seen}")

    store.take_lease = quicker  # type: ignore[method-assign]
    assert two.acquire_at_a_look() is None
    assert two.why_not == module.NOT_OURS
    assert clock.time_s == FakeClock().time_s, "nobody waits"


def test_a_process_that_lost_its_lease_reads_the_record_anew_before_it_leads_again() -> None:
    """2.13: another process has led meanwhile, and moved the address."""
    world = World().settled()
    mine = world.cycle, world.leadership
    world.kill("wk1")
    world.new_arbiter()
    world.until(Phase.STEADY)
    other = world.leadership
    world.cycle, world.leadership = mine
    assert world.record.holder == "wk2"
    epoch = world.record.epoch
    assert fired(world) == module.NOT_OURS
    other.release()
    assert fired(world) == TO_THE_NEXT_FIRING
    assert (world.cycle.record or world.record).epoch == epoch
    assert not [
        fields for name, fields in world.reporter.events if name == "tick" and "lost the race" in str(fields["reason"])
    ]


def test_a_site_that_is_switched_off_and_has_no_record_keeps_no_firing_beyond_its_time() -> None:
    """Nothing is known of it and nothing is to be settled: no reason to go on."""
    world = World(enabled=False)
    began_s = world.clock.time_s
    assert fired(world) == TO_THE_NEXT_FIRING
    assert world.clock.time_s - began_s < CADENCE_S


def test_a_firing_whose_lease_is_taken_ends() -> None:
    world = World(probe_interval_s=1.0).settled()
    sleep = world.clock.sleep

    def taken(seconds: float) -> None:
        sleep(seconds)
        assert world.store.lease
        world.store.lease = replace(world.store.lease, owner="other", token=99)

    world.clock.sleep = taken  # type: ignore[method-assign]
    world.clock.time_s += SETTINGS.lease_renew_s
    assert fired(world) in {module.NOT_HELD, module.NOT_OURS}
    assert fired(world) == module.NOT_OURS


def test_a_firing_hands_over_to_whoever_wished() -> None:
    """2.3."""
    world = World(probe_interval_s=5.0).settled()
    world.store.wish_lease("next")
    sleep = world.clock.sleep

    def successor_takes(seconds: float) -> None:
        sleep(seconds)
        lease = world.store.lease
        if lease and not lease.owner:
            world.store.lease = replace(lease, owner="next", token=lease.token + 1)

    world.clock.sleep = successor_takes  # type: ignore[method-assign]
    world.clock.time_s += SETTINGS.lease_renew_s
    assert fired(world) == "handed over to next"


def test_a_firing_in_the_middle_of_a_move_finishes_it_while_the_store_is_away() -> None:
    """2.13, 5.6: the address stays on nobody no longer than the cloud needs, whatever the store does."""
    world = World(probe_interval_s=5.0).settled()
    world.kill("wk1")
    world.cloud.lose[Do.ASSOCIATE] = "before"
    moved_s: list[float] = []

    def meanwhile(at_s: float) -> None:
        if at_s > 2 * SETTINGS.lease_ttl_s:
            world.cloud.lose.clear()
        if world.cloud.on == "wk2":
            moved_s.append(at_s)

    away(world, 1.0, 60.0, meanwhile)
    fired(world)
    assert moved_s
    assert moved_s[0] < 30.0, "before the store was back"
    assert (world.record.holder, world.record.epoch) == ("wk2", 2)
