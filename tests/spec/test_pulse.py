"""RULE.md 7.3 and what stands beside the heartbeat: the figures that the alarms look at."""

import pytest

from failover_lambda.contract import Settings
from failover_lambda.cycle import Cycle
from failover_lambda.leadership import lead
from failover_lambda.model import Answer, Phase, Vitals
from failover_lambda.moves import moves_left
from failover_lambda.pulse import PERIOD_S
from tests.fakes import make_settings
from tests.worlds import PublicPort, World


def minute(world: World) -> Vitals:
    """Tick for a minute and give its line."""
    world.reporter.written.clear()
    ends = world.clock.time_s + PERIOD_S
    while world.clock.time_s <= ends:
        world.tick()
    return world.reporter.written[-1]


def test_a_settled_pair_beats_once_a_minute_and_has_nothing_to_report() -> None:
    world = World().settled()
    world.reporter.written.clear()
    world.tick(180)
    assert world.reporter.written == 3 * [
        Vitals(heartbeat=True, failed_ticks=0, suspect_s=0.0, needs_person=False, standbys_not_ready=0, moves_left=3)
    ]


def test_the_first_tick_of_a_leader_is_reported_at_once() -> None:
    world = World()
    world.tick()
    assert [vitals.heartbeat for vitals in world.reporter.written] == [True]


def test_what_the_last_part_of_a_minute_brought_is_reported_at_the_end_of_a_leadership() -> None:
    """A leadership lasts about a minute: without this, failures of its later ticks would never be seen."""
    world = World().settled()
    world.leadership.release()
    world.reporter.written.clear()
    world.cloud.deaf.add("address")
    lead(world.cycle, world.leadership, world.clock, world.reporter, life_s=30.0)
    told_while_leading = len(world.reporter.written)
    world.cycle.close()
    assert told_while_leading == 0
    assert [vitals.failed_ticks > 0 for vitals in world.reporter.written] == [True]


def test_a_cycle_that_never_ticked_reports_nothing() -> None:
    world = World()
    world.cycle.close()
    assert world.reporter.written == []


def test_without_the_store_there_is_a_line_and_no_heartbeat() -> None:
    """An arbiter leads, and no round is complete: the line says 0, which is silence to the alarm."""
    world = World()
    world.store.down = True
    assert world.lease is not None
    world.cycle.tick(world.lease)
    (vitals,) = world.reporter.written
    assert (vitals.heartbeat, vitals.failed_ticks) == (False, 1)
    assert (vitals.standbys_not_ready, vitals.moves_left) == (None, None)


@pytest.mark.parametrize("what", ["address", "instances"])
def test_a_read_that_could_not_be_asked_fails_its_tick_and_is_named(what: str) -> None:
    world = World().settled()
    world.cloud.deaf.add(what)
    assert minute(world).failed_ticks >= PERIOD_S / world.settings.cloud_read_interval_s - 1
    faults = [fields["faults"] for name, fields in world.reporter.events if name == "tick" and fields["failed"]]
    assert faults[-1] == [f"the {what} could not be read"]


def test_too_few_vantages_for_a_verdict_fail_a_tick_and_one_that_is_missing_does_not() -> None:
    world = World().settled()
    world.cloud.deaf.add("prober-a")
    assert minute(world).failed_ticks == 0
    world.cloud.deaf.add("prober-b")
    assert minute(world).failed_ticks > 50
    *_, (_, fields) = [event for event in world.reporter.events if event[0] == "tick"]
    assert fields["faults"] == ["prober-a does not answer", "prober-b does not answer", "1 of 3 vantages answered"]


def test_the_only_vantage_of_a_site_is_enough_while_it_answers() -> None:
    world = World(probers=make_settings().probers[:1]).settled()
    assert minute(world).failed_ticks == 0


def test_a_record_that_cannot_be_stored_fails_its_tick() -> None:
    world = World().settled()
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    world.store.down = True
    assert world.lease is not None
    world.reporter.written.clear()
    world.cycle.tick(world.lease)
    world.cycle.close()
    assert [vitals.failed_ticks for vitals in world.reporter.written] == [1]


def test_a_notice_that_does_not_leave_fails_its_ticks() -> None:
    """Whoever is to be told is not; the alarm leaves by another way."""
    world = World()
    world.reporter.deaf = True
    world.until(Phase.STEADY)
    assert minute(world).failed_ticks >= 3


def test_seconds_in_suspicion_are_summed_up_though_it_comes_and_goes() -> None:
    """Many short suspicions are as bad as a long one, and no single one of them is told."""
    world = World(public_health_port=8080).settled()
    world.public = PublicPort(world)
    world.new_arbiter()
    world.tick(3)
    world.cycle.close()
    world.reporter.written.clear()
    for _ in range(12):
        world.kill("wk1")
        world.until(Phase.SUSPECT)
        world.heal("wk1")
        world.until(Phase.STEADY)
    world.cycle.close()
    (vitals,) = world.reporter.written
    assert 0 < vitals.suspect_s < PERIOD_S
    assert "suspect-for-long" not in world.told


def test_a_standby_that_does_not_answer_is_counted() -> None:
    world = World(workers=3).settled()
    world.kill("wk2")
    world.kill("wk3")
    assert minute(world).standbys_not_ready == 2


def test_a_standby_that_nobody_could_ask_is_not_called_down() -> None:
    """3.2: without a vantage there is no figure; where its own question could not be put it is not counted."""
    world = World().settled()
    world.cloud.deaf |= {"prober-a", "prober-b", "prober-c"}
    minute(world)  # its line still tells of the last round that was one
    assert minute(world).standbys_not_ready is None
    world.cloud.deaf.clear()
    world.cloud.machines["wk2"].answer = Answer.COULD_NOT_ASK
    assert minute(world).standbys_not_ready == 0


def test_a_standby_that_one_vantage_finds_healthy_is_ready() -> None:
    world = World().settled()
    world.cloud.blind |= {("prober-a", "wk2"), ("prober-b", "wk2")}
    assert minute(world).standbys_not_ready == 0


@pytest.mark.parametrize(("down", "phase"), [(("wk1", "wk2"), Phase.BOTH_DOWN), ((), Phase.STEADY)])
def test_both_down_needs_a_person_and_steady_does_not(down: tuple[str, ...], phase: Phase) -> None:
    world = World().settled()
    for worker in down:
        world.kill(worker)
    vitals = minute(world)
    assert world.record.phase is phase
    assert vitals.needs_person is (phase is Phase.BOTH_DOWN)


def test_manual_needs_a_person() -> None:
    world = World(moves_per_hour_max=1).settled()
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.heal("wk1")
    world.cloud.start("wk1")
    world.tick(20)
    world.kill("wk2")
    world.until(Phase.MANUAL)
    assert (minute(world).needs_person, minute(world).moves_left) == (True, 0)


def test_a_spent_budget_is_seen_before_the_next_failure_meets_it() -> None:
    """In phase steady, everything serves; the next failure would move nothing."""
    world = World(moves_per_hour_max=1).settled()
    world.kill("wk1")
    world.until(Phase.STEADY)
    vitals = minute(world)
    assert world.record.phase is Phase.STEADY
    assert (vitals.moves_left, vitals.needs_person) == (0, False)


def test_the_smaller_budget_is_the_one_that_counts() -> None:
    world = World(moves_per_hour_max=3, moves_per_day_max=2).settled()
    settings: Settings = world.settings
    assert moves_left(world.record, settings, world.clock.now_s()) == 2
    world.kill("wk1")
    world.until(Phase.STEADY)
    assert moves_left(world.record, settings, world.clock.now_s()) == 1
    assert moves_left(world.record, settings, world.clock.now_s() + 86400) == 2


def test_switched_off_there_are_no_moves_to_count() -> None:
    world = World().settled()
    world.settings = make_settings(enabled=False)
    world.cycle = Cycle(world.settings, world.cycle._ports, pool=world.cycle._pool)  # pyright: ignore[reportPrivateUsage]
    vitals = minute(world)
    assert world.record.phase is Phase.DISABLED
    assert (vitals.moves_left, vitals.heartbeat) == (None, True)


@pytest.mark.parametrize(
    ("what", "path", "ready", "not_ready"),
    [
        ("it is not asked", "", Answer.WRONG, 0),
        ("it says no", "/ready", Answer.WRONG, 1),
        ("it says yes", "/ready", Answer.HEALTHY, 0),
        ("it could not be asked", "/ready", Answer.COULD_NOT_ASK, 0),
    ],
)
def test_a_standby_that_is_healthy_and_not_ready_is_counted(what: str, path: str, ready: Answer, not_ready: int) -> None:
    """3.14, 7.5."""
    world = World(ready_path=path).settled()
    for machine in world.cloud.machines.values():
        machine.ready = ready
    assert minute(world).standbys_not_ready == not_ready, what
