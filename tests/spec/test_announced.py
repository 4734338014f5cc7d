"""RULE.md 10.7: the platform announces what it will do to the holder's machine, and a standby takes over before."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

import pytest

from failover_lambda.cycle import ANNOUNCED_EVERY_S, Cycle, Ports
from failover_lambda.model import Answer, Do, Phase, Verb
from failover_lambda.planned import HEEDED_KEPT
from tests.fakes import InlineExecutor
from tests.worlds import World

REBOOT = "system-reboot instance-event-1"
RETIREMENT = "instance-retirement instance-event-2"
A_MINUTE = 75
"""Ticks after which the announcements were read once more, and a move has ended."""

P = ParamSpec("P")
T = TypeVar("T")


def announced(worker: str = "wk1", event: str = REBOOT, **about: Any) -> World:
    """A settled site, and something that is announced for one of its workers."""
    world = World(**about).settled()
    world.reporter.told.clear()
    world.cloud.announced[worker] = event
    return world


def test_a_standby_that_is_ready_takes_over_before() -> None:
    """10.7, 10.8: told as a switchover, nobody is fenced, no budget is used, and none is needed."""
    world = announced(moves_per_hour_max=0)
    world.tick(A_MINUTE)
    assert world.cloud.did() == ["disassociate wk1", "associate wk2"]
    assert (world.record.holder, world.record.phase) == ("wk2", Phase.STEADY)
    assert (world.record.fences, world.record.moves, world.told) == ((), (), ["switchover"])
    assert world.reporter.told[0].why.startswith(f"the platform announced {REBOOT} for wk1")


def test_where_connections_stay_on_the_old_holder_no_announcement_moves_anything() -> None:
    """9.15."""
    world = announced(connections_stay=True)
    world.tick(2 * A_MINUTE)
    assert (world.record.holder, world.cloud.did()) == ("wk1", [])


def test_what_is_announced_for_a_standby_moves_nothing() -> None:
    """10.7."""
    world = announced("wk2")
    world.tick(2 * A_MINUTE)
    assert world.cloud.did() == []


def test_each_announcement_is_heeded_once() -> None:
    """10.7: who brings the address back while it stands is not contradicted."""
    world = announced()
    world.tick(A_MINUTE)
    world.ask(Verb.SWITCHOVER, worker="wk1")
    world.tick(8)
    world.cloud.calls.clear()
    world.tick(2 * A_MINUTE)
    assert (world.record.holder, world.cloud.did()) == ("wk1", [])
    world.cloud.announced["wk1"] = RETIREMENT
    world.tick(A_MINUTE)
    assert (world.record.holder, world.record.heeded) == ("wk2", (REBOOT, RETIREMENT))


def test_the_next_leader_knows_what_was_heeded() -> None:
    """10.7."""
    world = announced()
    world.tick(A_MINUTE)
    world.ask(Verb.SWITCHOVER, worker="wk1")
    world.tick(8)
    world.cloud.calls.clear()
    world.leadership.release()
    world.new_arbiter()
    world.tick(A_MINUTE)
    assert world.cloud.did() == []


def test_the_record_remembers_as_many_as_can_stand_at_once() -> None:
    """10.7: it stays small however long the site lives."""
    world = announced()
    for number in range(HEEDED_KEPT + 3):
        world.cloud.announced.clear()
        world.cloud.announced[world.record.holder] = f"system-reboot instance-event-{number}"
        world.tick(A_MINUTE)
    assert world.record.heeded == tuple(f"system-reboot instance-event-{number}" for number in range(3, HEEDED_KEPT + 3))


def test_a_standby_that_is_not_ready_is_waited_for() -> None:
    """5.2, 10.7."""
    world = announced()
    world.kill("wk2", Answer.TIMEOUT)
    world.tick(2 * A_MINUTE)
    assert world.cloud.did() == []
    world.heal("wk2")
    world.tick(12)
    assert world.record.holder == "wk2"


def test_a_standby_that_is_fenced_or_in_maintenance_is_no_target() -> None:
    """5.2, 10.7: not even as the last one, which a failover would take (6.7)."""
    world = World(3).settled()
    world.cloud.refuse[Do.STOP] = world.cloud.refuse[Do.ISOLATE] = "RequestLimitExceeded"
    world.ask(Verb.FAILOVER)
    world.tick(10)
    world.ask(Verb.MAINTENANCE, worker="wk3", duration_s=600.0)
    world.cloud.announced["wk2"] = REBOOT
    world.tick(2)
    world.cloud.calls.clear()
    world.tick(2 * A_MINUTE)
    assert (world.record.holder, "associate wk1" in world.cloud.did(), "associate wk3" in world.cloud.did()) == (
        "wk2",
        False,
        False,
    )


def test_a_standby_of_which_something_is_announced_too_is_passed_over() -> None:
    """10.7: it would have to be left again."""
    world = announced(workers=3)
    world.cloud.announced["wk2"] = RETIREMENT
    world.tick(A_MINUTE)
    assert world.record.holder == "wk3"


def test_where_something_is_announced_for_everybody_nobody_moves() -> None:
    """10.7: two moves would end where the first began."""
    world = announced()
    world.cloud.announced["wk2"] = RETIREMENT
    world.tick(2 * A_MINUTE)
    assert world.cloud.did() == []
    del world.cloud.announced["wk2"]
    world.tick(A_MINUTE)
    assert world.record.holder == "wk2"


def test_the_hold_binds_and_the_budget_does_not() -> None:
    """10.7, 10.8."""
    world = World(3, hold_s=200.0, moves_per_hour_max=1).settled()
    world.kill("wk1")
    world.until(Phase.STEADY)
    moved_s = world.record.moves[-1].at_s
    world.cloud.announced["wk2"] = REBOOT
    while world.clock.now_s() <= moved_s + 199:
        world.tick()
    assert world.record.holder == "wk2"
    world.tick(15)
    assert world.record.holder == "wk3"


def test_a_request_that_waits_comes_first() -> None:
    """10.4, 10.7."""
    world = announced(workers=3)
    world.kill("wk3", Answer.TIMEOUT)
    request = world.ask(Verb.SWITCHOVER, worker="wk3", patience_s=200.0)
    world.tick(150)
    assert (world.cloud.did(), world.reply(request)) == ([], None)
    world.tick(A_MINUTE)
    assert world.record.holder == "wk2"


@pytest.mark.parametrize("verb", [Verb.PAUSE])
def test_in_a_pause_nothing_is_heeded(verb: Verb) -> None:
    """9.6, 10.4."""
    world = World().settled()
    world.ask(verb, duration_s=300.0)
    world.tick(3)
    world.cloud.announced["wk1"] = REBOOT
    world.tick(150)
    assert world.cloud.did() == []
    world.ask(Verb.RESUME)
    world.tick(15)
    assert world.record.holder == "wk2"


def test_an_announcement_is_never_a_verdict() -> None:
    """3.7, 10.7: with nobody to take over, the holder holds until it is down."""
    world = announced()
    world.stop("wk2")
    world.tick(2 * A_MINUTE)
    assert (world.record.phase, world.cloud.did()) == (Phase.STEADY, [])


def test_an_address_that_is_not_where_the_record_says_is_brought_there_first() -> None:
    """9.7, 10.7."""
    world = announced(hold_s=0.0)
    world.cloud.put_address("wk2")
    world.tick(12)
    assert world.record.holder == "wk1"
    world.tick(A_MINUTE)
    assert world.record.holder == "wk2"
    assert world.cloud.did() == ["disassociate wk2", "associate wk1", "disassociate wk1", "associate wk2"]


# Reading it


def test_it_is_asked_once_a_minute() -> None:
    world = World().settled()
    before = world.cloud.announcements_read
    began_s = world.clock.now_s()
    world.tick(600)
    minutes = (world.clock.now_s() - began_s) / ANNOUNCED_EVERY_S
    assert world.cloud.announcements_read - before in (int(minutes), int(minutes) + 1)


def test_in_doubt_it_is_asked_no_more_often() -> None:
    world = World(restart_grace_s=30.0).settled()
    before = world.cloud.announcements_read
    world.kill("wk1")
    world.tick(60)  # burst cadence: less than a minute
    assert world.cloud.announcements_read - before <= 1


def test_a_read_that_fails_says_nothing_and_takes_back_what_was_known() -> None:
    """3.2: could not ask is no word of the platform."""
    world = announced()
    world.kill("wk2", Answer.TIMEOUT)
    world.tick(A_MINUTE)
    world.cloud.deaf.add("announcements")
    world.tick(A_MINUTE)
    world.heal("wk2")
    world.tick(A_MINUTE)
    assert world.cloud.did() == []
    world.cloud.deaf.clear()
    world.tick(A_MINUTE)
    assert world.record.holder == "wk2"


def test_a_denied_read_is_told_once_and_again_after_it_was_allowed_in_between() -> None:
    """7.4."""
    world = World().settled()
    for times in (1, 2):
        world.cloud.denied.add("announcements")
        world.tick(3 * A_MINUTE)
        assert [notice.why for notice in world.reporter.told if notice.what == "denied"] == times * [
            "the cloud does not let the watchdog's role read what the platform announces; nobody is taken for dead by that"
        ]
        world.cloud.denied.clear()
        world.tick(A_MINUTE)
        assert world.record.denied == ()


class Hanging(InlineExecutor):
    """Never runs the question for announcements."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        if getattr(fn, "__name__", "") == "read_announcements":
            return Future()
        return super().submit(fn, *args, **kwargs)


def test_nobody_waits_for_the_answer_and_it_is_not_asked_again_meanwhile() -> None:
    """A failover is as fast while that question hangs."""
    world = World().settled()
    ports = Ports(
        clock=world.clock,
        probers=world.cloud,
        public=world.public,
        cloud=world.cloud,
        store=world.store,
        reporter=world.reporter,
    )
    world.cycle = Cycle(world.settings, ports, pool=Hanging())
    world.tick(A_MINUTE)
    events = [fields for name, fields in world.reporter.events if name == "tick"]
    assert not any(fields["overrun"] or fields["failed"] for fields in events)
    world.kill("wk1")
    world.until(Phase.VERIFYING, ticks=10)
    assert world.cloud.on == "wk2"
