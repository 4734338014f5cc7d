"""Once an hour the calls of a failover are asked for without being made."""

from dataclasses import replace

import pytest

from failover_lambda.cycle import Cycle, Ports
from failover_lambda.model import Do, Phase
from failover_lambda.rehearsal import due
from tests.fakes import DENIED_CODE
from tests.fleets import Holding
from tests.spec.desk import NOW_S, SETTINGS, record_of
from tests.worlds import World


def rehearsed(world: World) -> list[str]:
    return [f"{command.do.value} {command.worker}" for command in world.cloud.rehearsed]


FAILOVER_OF_WK1 = [
    "restore wk1",
    "start wk1",
    "isolate wk1",
    "stop wk1",
    "disassociate wk1",
    "associate wk2",
    "associate wk3",
]


def later(world: World, seconds: float) -> None:
    """Another leader, after this time."""
    world.reporter.told.clear()
    world.clock.sleep(seconds)
    world.new_arbiter()
    world.tick(3)


def test_what_a_failover_sends_is_rehearsed_once_an_hour_and_none_of_it_is_made() -> None:
    """7.6."""
    world = World(workers=3).settled()
    world.tick(3)
    assert rehearsed(world) == []
    world.cloud.calls.clear()
    later(world, 600)
    assert rehearsed(world) == FAILOVER_OF_WK1
    assert world.record.rehearsed_s is not None
    later(world, 3500)
    assert len(rehearsed(world)) == len(FAILOVER_OF_WK1)
    later(world, 100)
    assert rehearsed(world) == 2 * FAILOVER_OF_WK1
    assert (world.cloud.did(), world.record.epoch, world.told) == ([], 1, [])


def test_what_is_denied_in_a_rehearsal_is_told_once_and_again_after_it_was_allowed() -> None:
    """7.6, 7.4."""
    world = World().settled()
    world.cloud.refuse[Do.STOP] = DENIED_CODE
    later(world, 600)
    assert world.told == ["denied"]
    assert world.reporter.told[-1].why.startswith("the cloud does not let the watchdog's role stop wk1;")
    later(world, 3600)
    assert world.told == []
    world.cloud.refuse.clear()
    later(world, 3600)
    assert world.record.denied == ()
    world.cloud.refuse[Do.STOP] = DENIED_CODE
    later(world, 3600)
    assert world.told == ["denied"]


@pytest.mark.parametrize(
    ("age_s", "rehearsed_ago_s", "phase", "changes", "is_due"),
    [
        (599.9, None, Phase.STEADY, {}, False),
        (600.0, None, Phase.STEADY, {}, True),
        (9000.0, 0.0, Phase.STEADY, {}, False),
        (9000.0, 0.5, Phase.STEADY, {}, False),
        (9000.0, 3599.9, Phase.STEADY, {}, False),
        (9000.0, 3600.0, Phase.STEADY, {}, True),
        (9000.0, -5.0, Phase.STEADY, {}, True),
        (9000.0, None, Phase.SUSPECT, {}, False),
        (9000.0, None, Phase.MANUAL, {}, False),
        (9000.0, None, Phase.STEADY, {"enabled": False}, False),
        (9000.0, None, Phase.STEADY, {"watch_only": True}, False),
    ],
)
def test_it_is_due_in_a_site_at_rest_only(
    age_s: float, rehearsed_ago_s: float | None, phase: Phase, changes: dict[str, bool], is_due: bool
) -> None:
    """7.6."""
    world = World().settled()
    now_s = world.clock.time_s
    ago = None if rehearsed_ago_s is None else now_s - rehearsed_ago_s
    record = replace(world.record, phase=phase, phase_since_s=now_s - age_s, rehearsed_s=ago)
    assert bool(due(record, replace(world.settings, **changes), now_s)) is is_due


def test_the_association_that_would_be_ended_is_the_one_that_stands() -> None:
    """7.6: the question is about this one."""
    (asked,) = [each for each in due(record_of(phase_since_s=NOW_S - 9000), SETTINGS, NOW_S) if each.do is Do.DISASSOCIATE]
    assert asked.association_id == "assoc-2"


def test_without_a_record_or_with_a_fence_nothing_is_rehearsed() -> None:
    """7.6: at rest."""
    world = World().settled()
    assert due(None, world.settings, world.clock.time_s) == ()
    world.kill("wk1")
    world.until(Phase.STEADY)
    assert world.record.fences
    assert due(world.record, world.settings, world.clock.time_s + 9000) == ()


def test_nobody_waits_for_a_rehearsal_that_hangs_and_none_is_begun_beside_it() -> None:
    """7.6: a failover is as fast meanwhile."""
    world = World().settled()
    world.clock.sleep(600)
    world.new_arbiter()
    pool = Holding(lambda *asked: bool(asked) and isinstance(asked[0], tuple))  # of commands: a rehearsal
    ports = Ports(
        clock=world.clock,
        probers=world.cloud,
        public=world.public,
        cloud=world.cloud,
        store=world.store,
        reporter=world.reporter,
    )
    world.cycle = Cycle(world.settings, ports, pool=pool)
    world.tick(10)
    assert (len(pool.held), world.record.phase) == (1, Phase.STEADY)
    world.kill("wk1")
    world.tick(6)
    assert world.cloud.on == "wk2"
