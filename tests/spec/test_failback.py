"""RULE.md section 10, failback: home gets the address back by itself inside a window, and not otherwise.

Worlds begin on Monday 1970-01-12 at 13:46:40 UTC; the window opens at 13:48 and is open for ten minutes.
"""

from dataclasses import replace
from typing import Any

import pytest

from failover_lambda.model import Answer, Do, Kind, Phase, Verb
from failover_lambda.planned import HEALTHY_BEFORE_FAILBACK_S
from tests.worlds import World

OPENS_S = 1_000_080.0
CLOSES_S = OPENS_S + 600.0
DAY_S = 86400.0
WINDOW: dict[str, Any] = {"failback_enabled": True, "failback_cron": "48 13 * * *", "failback_length_minutes": 10}


def away(workers: int = 2, **changes: Any) -> World:
    """A settled site whose standby wk2 holds, by an operator's switchover; home is a healthy standby."""
    world = World(workers, **{**WINDOW, **changes}).settled()
    world.ask(Verb.SWITCHOVER, worker="wk2")
    world.tick(8)
    assert (world.record.holder, world.record.phase) == ("wk2", Phase.STEADY)
    forget(world)
    return world


def forget(world: World) -> None:
    world.cloud.calls.clear()
    world.reporter.told.clear()


def until(world: World, moment_s: float) -> None:
    """Tick until that time; a watchdog that still waits then has seen the round of that moment."""
    while world.clock.now_s() <= moment_s:
        world.tick()


def jump(world: World, moment_s: float) -> None:
    """Nothing happens until then, and another leader goes on."""
    assert moment_s > world.clock.now_s()
    world.clock.time_s = moment_s
    world.new_arbiter()


# 10.1: only where it is enabled, and a window is open


def test_home_gets_the_address_back_once_a_window_opens_and_not_before() -> None:
    """10.1, 10.2."""
    world = away()
    until(world, OPENS_S - 1)
    assert world.cloud.did() == []
    until(world, OPENS_S + 10)
    assert (world.record.holder, world.cloud.on, world.record.phase) == ("wk1", "wk1", Phase.STEADY)
    assert world.cloud.did() == ["disassociate wk2", "associate wk1"]


@pytest.mark.parametrize("changes", [{"failback_enabled": False}, {"failback_cron": ""}])
def test_whoever_holds_keeps_it_where_no_window_was_said(changes: dict[str, Any]) -> None:
    """10.1: a cron alone opens nothing, and neither does the wish alone."""
    world = away(**changes)
    until(world, CLOSES_S)
    assert (world.record.holder, world.cloud.did(), world.told) == ("wk2", [], [])
    world.ask(Verb.FAILBACK)
    world.tick(8)
    assert world.record.holder == "wk1"


def test_where_connections_stay_on_the_old_holder_no_window_moves_anything() -> None:
    """9.15."""
    world = away()
    world.settings = replace(world.settings, connections_stay=True)
    world.new_arbiter()
    until(world, CLOSES_S)
    assert (world.record.holder, world.cloud.did()) == ("wk2", [])


def test_a_site_that_is_at_home_moves_nothing_in_a_window() -> None:
    """10.1."""
    world = World(**WINDOW).settled()
    until(world, CLOSES_S)
    assert (world.cloud.did(), world.record.window_spent_s) == ([], None)


def test_a_failback_by_itself_is_told_fences_nobody_and_uses_no_budget() -> None:
    """10.8."""
    world = away(moves_per_hour_max=0)
    until(world, OPENS_S + 10)
    assert world.told == ["failback"]
    assert (world.record.fences, world.record.moves) == ((), ())
    assert "the failback window is open" in world.reporter.told[0].why


def test_home_is_the_first_of_the_order_that_an_operator_gave() -> None:
    """9.13, 10.1."""
    world = away(3)
    world.ask(Verb.ORDER, order=("wk3", "wk1", "wk2"))
    until(world, OPENS_S + 10)
    assert world.record.holder == "wk3"


# 10.3: clocks


@pytest.mark.parametrize("ahead_s", [60.0, -60.0, 3600.0, None])
def test_a_clock_that_is_not_known_to_agree_with_the_stores_tells_no_window(ahead_s: float | None) -> None:
    """10.3."""
    world = away()
    world.store.ahead_s = ahead_s
    until(world, OPENS_S + 300)
    assert (world.record.holder, world.cloud.did()) == ("wk2", [])
    world.store.ahead_s = 0.0
    world.tick(10)
    assert world.record.holder == "wk1"


@pytest.mark.parametrize("ahead_s", [59.9, -59.9])
def test_clocks_that_differ_by_less_than_a_minute_agree(ahead_s: float) -> None:
    """10.3."""
    world = away()
    world.store.ahead_s = ahead_s
    until(world, OPENS_S + 10)
    assert world.record.holder == "wk1"


def test_a_leader_whose_clock_was_set_back_does_not_use_an_older_window() -> None:
    """10.5: what was spent stays spent, and so is all that opened before."""
    world = away()
    until(world, OPENS_S + 10)
    world.ask(Verb.SWITCHOVER)
    world.tick(8)
    forget(world)
    world.clock.time_s = OPENS_S - DAY_S + 60
    world.new_arbiter()
    world.tick(300)
    assert (world.record.holder, world.cloud.did()) == ("wk2", [])


# 10.4: home was found ready in every round for a minute


def test_home_that_answers_again_waits_for_a_minute() -> None:
    """10.4."""
    world = away()
    world.kill("wk1", Answer.TIMEOUT)
    until(world, OPENS_S + 60)
    world.heal("wk1")
    healed_s = world.clock.now_s()
    until(world, healed_s + HEALTHY_BEFORE_FAILBACK_S - 2)
    assert world.cloud.did() == []
    until(world, healed_s + HEALTHY_BEFORE_FAILBACK_S + 10)
    assert world.record.holder == "wk1"


def test_one_round_without_a_healthy_answer_of_home_begins_the_minute_anew() -> None:
    """10.4."""
    world = away()
    until(world, OPENS_S - 10)
    world.kill("wk1")
    world.tick()
    world.heal("wk1")
    until(world, OPENS_S + 45)
    assert world.cloud.did() == []
    until(world, OPENS_S + 60)
    assert world.record.holder == "wk1"


def test_a_suspicion_against_the_holder_begins_the_minute_anew() -> None:
    """10.4: the site must be steady."""
    world = away(restart_grace_s=30.0)
    until(world, OPENS_S - 10)
    world.kill("wk2")
    world.tick(3)
    assert world.record.phase is Phase.SUSPECT
    world.heal("wk2")
    world.tick()
    steady_s = world.clock.now_s()
    until(world, steady_s + HEALTHY_BEFORE_FAILBACK_S - 3)
    assert world.cloud.did() == []
    until(world, steady_s + HEALTHY_BEFORE_FAILBACK_S + 10)
    assert world.record.holder == "wk1"


def test_the_minute_goes_on_under_the_next_leader() -> None:
    """10.4: each arbiter leads for about a minute, so it could never be full otherwise."""
    world = away()
    until(world, OPENS_S - 30)
    world.leadership.release()
    world.new_arbiter()
    until(world, OPENS_S + 10)
    assert world.record.holder == "wk1"


def test_home_that_was_fenced_comes_back_first() -> None:
    """10.4: unfenced is restarted and probed (6.5)."""
    world = World(**WINDOW).settled()
    world.kill("wk1")
    world.until(Phase.STEADY)
    assert world.record.holder == "wk2"
    world.heal("wk1")  # its machine was stopped by the fence
    until(world, OPENS_S + 200)
    assert world.record.holder == "wk2"
    assert world.record.fence("wk1") is not None
    world.cloud.start("wk1")
    world.tick(10)
    rejoined_s = world.clock.now_s()
    assert (world.record.fence("wk1"), world.record.holder) == (None, "wk2")
    until(world, rejoined_s + HEALTHY_BEFORE_FAILBACK_S + 10)
    assert world.record.holder == "wk1"


def test_home_in_maintenance_is_left_alone() -> None:
    """10.4."""
    world = away()
    world.ask(Verb.MAINTENANCE, worker="wk1", duration_s=200.0)
    world.tick(2)
    over_s = world.clock.now_s() + 200
    until(world, over_s)
    assert world.cloud.did() == []
    until(world, over_s + HEALTHY_BEFORE_FAILBACK_S + 10)
    assert world.record.holder == "wk1"


def test_home_of_which_something_is_announced_is_left_alone() -> None:
    """10.7: it was left for that reason, as a rule."""
    world = away()
    world.cloud.announced["wk1"] = "system-reboot instance-event-1"
    world.tick(61)
    until(world, OPENS_S + 300)
    assert world.cloud.did() == []
    world.cloud.announced.clear()
    world.tick(75)
    assert world.record.holder == "wk1"


def test_the_hold_is_waited_for() -> None:
    """10.4: an automatic move was made a moment ago."""
    world = World(3, **WINDOW, hold_s=200.0).settled()
    world.ask(Verb.SWITCHOVER, worker="wk2")
    world.tick(8)
    world.kill("wk2")
    world.until(Phase.VERIFYING)
    moved_s = world.record.moves[-1].at_s
    until(world, moved_s + 199)
    assert (world.clock.now_s() > OPENS_S, world.record.holder) == (True, "wk3")
    until(world, moved_s + 210)
    assert world.record.holder == "wk1"


def test_a_request_that_waits_comes_first() -> None:
    """10.4."""
    world = away(3)
    world.kill("wk3", Answer.TIMEOUT)
    request = world.ask(Verb.SWITCHOVER, worker="wk3", patience_s=250.0)
    until(world, OPENS_S + 60)
    assert (world.cloud.did(), world.reply(request)) == ([], None)
    until(world, OPENS_S + 300)
    assert world.reply(request) is not None
    assert world.record.holder == "wk1"


def test_an_association_of_ours_that_may_still_land_is_waited_for() -> None:
    """9.9, 10.4, hole 2."""
    world = World(**{**WINDOW, "failback_length_minutes": 60}).settled()
    world.cloud.lose[Do.ASSOCIATE] = "before"
    world.ask(Verb.SWITCHOVER)
    world.tick(4)
    world.cloud.lose.clear()
    world.until(Phase.STEADY)
    loose_s = world.record.loose_s
    assert loose_s is not None
    until(world, loose_s + 899)
    assert world.record.holder == "wk2"
    until(world, loose_s + 915)
    assert world.record.holder == "wk1"


@pytest.mark.parametrize("read", ["address", "instances"])
def test_without_both_reads_of_the_round_nothing_moves(read: str) -> None:
    """5.1, 10.4."""
    world = away()
    world.cloud.deaf.add(read)
    until(world, OPENS_S + 200)
    assert world.cloud.did() == []
    world.cloud.deaf.clear()
    world.tick(10)
    assert world.record.holder == "wk1"


def test_in_a_pause_home_waits() -> None:
    """9.6: planned moves that were asked for are carried out in it, those by themselves are not."""
    world = away()
    world.ask(Verb.PAUSE, duration_s=600.0)
    until(world, OPENS_S + 300)
    assert (world.record.phase, world.cloud.did()) == (Phase.PAUSED, [])
    world.ask(Verb.RESUME)
    world.tick(int(HEALTHY_BEFORE_FAILBACK_S) + 15)
    assert world.record.holder == "wk1"


def test_where_a_person_is_needed_nothing_moves_by_itself() -> None:
    """10.4: steady, not manual."""
    world = away(moves_per_hour_max=0)
    world.kill("wk2")
    world.until(Phase.MANUAL)
    world.heal("wk2")
    until(world, CLOSES_S)
    assert world.cloud.did() == []


# 10.5: one failback a window


def test_there_is_one_failback_a_window_whoever_leads() -> None:
    """10.5."""
    world = away()
    until(world, OPENS_S + 10)
    world.ask(Verb.SWITCHOVER)
    world.tick(8)
    forget(world)
    until(world, OPENS_S + 300)
    world.leadership.release()
    world.new_arbiter()
    until(world, CLOSES_S)
    assert (world.record.holder, world.cloud.did()) == ("wk2", [])
    jump(world, OPENS_S + DAY_S - 100)
    until(world, OPENS_S + DAY_S + 10)
    assert world.record.holder == "wk1"


def test_a_failover_away_from_home_ends_the_window_that_is_open() -> None:
    """10.5: what has just failed is not trusted again in the same night."""
    world = World(**WINDOW).settled()
    until(world, OPENS_S + 60)
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    assert world.record.window_spent_s == OPENS_S
    world.tick(20)
    world.cloud.start("wk1")
    until(world, CLOSES_S)
    assert (world.record.fences, world.record.holder) == ((), "wk2")
    jump(world, OPENS_S + DAY_S - 100)
    until(world, OPENS_S + DAY_S + 10)
    assert world.record.holder == "wk1"


def test_a_failover_between_others_does_not_end_it() -> None:
    """10.5: it says nothing of home."""
    world = away(3, hold_s=0.0)
    world.kill("wk1", Answer.TIMEOUT)
    until(world, OPENS_S + 60)
    world.kill("wk2")
    world.until(Phase.STEADY)
    assert world.record.holder == "wk3"
    world.heal("wk1")
    world.tick(int(HEALTHY_BEFORE_FAILBACK_S) + 15)
    assert world.record.holder == "wk1"


def test_a_failover_while_no_window_is_open_ends_none() -> None:
    """10.5."""
    world = World(**WINDOW).settled()
    world.kill("wk1")
    world.until(Phase.STEADY)
    assert world.record.window_spent_s is None
    world.tick(20)
    world.cloud.start("wk1")
    until(world, OPENS_S + 70)
    assert world.record.holder == "wk1"


def test_a_failback_that_home_refuses_is_not_tried_again_in_this_window() -> None:
    """10.5, 5.8: the address goes on to somebody who takes it."""
    world = away()
    world.cloud.refuse_target.add("wk1")
    until(world, OPENS_S + 60)
    assert (world.cloud.on, world.record.holder, world.record.phase) == ("wk2", "wk2", Phase.STEADY)
    world.cloud.refuse_target.clear()
    forget(world)
    until(world, CLOSES_S)
    assert world.cloud.did() == []


# 10.6: a window that closes in the middle


@pytest.mark.parametrize("lost", ["before", "after"])
@pytest.mark.parametrize("call", [Do.DISASSOCIATE, Do.ASSOCIATE])
def test_a_failback_that_has_begun_goes_on_when_its_window_closes(call: Do, lost: str) -> None:
    """10.6: the address is never left between two workers."""
    world = away()
    world.kill("wk1", Answer.TIMEOUT)
    until(world, CLOSES_S - HEALTHY_BEFORE_FAILBACK_S - 5)
    world.heal("wk1")
    world.cloud.lose[call] = lost
    while world.record.epoch == 2:
        world.tick()
    assert world.clock.now_s() < CLOSES_S
    until(world, CLOSES_S + 2)
    world.cloud.lose.clear()
    world.tick(15)
    assert (world.cloud.on, world.record.holder, world.record.phase) == ("wk1", "wk1", Phase.STEADY)
    assert world.told == ["failback"]


def test_a_window_that_closes_before_the_minute_is_full_brings_nothing() -> None:
    """10.4, 10.6: what has not begun does not begin."""
    world = away()
    world.kill("wk1", Answer.TIMEOUT)
    until(world, CLOSES_S - 30)
    world.heal("wk1")
    until(world, CLOSES_S + 300)
    assert (world.record.holder, world.cloud.did(), world.record.window_spent_s) == ("wk2", [], None)


def test_a_leader_that_dies_in_the_middle_of_a_failback_is_gone_on_from() -> None:
    """5.1, 10.6."""
    world = away()
    world.cloud.lose[Do.DISASSOCIATE] = "after"
    until(world, OPENS_S)
    while world.record.epoch == 2:
        world.tick()
    world.new_arbiter()
    world.cloud.lose.clear()
    world.until(Phase.STEADY)
    assert (world.cloud.on, world.record.holder) == ("wk1", "wk1")
    assert [kind for kind in (move.kind for move in world.record.moves) if kind is Kind.FAILBACK] == []
