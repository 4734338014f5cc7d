"""RULE.md 3.2 and 7.4: what our role may not do is no evidence against anybody, and is told once."""

import pytest

from failover_lambda.leadership import once
from failover_lambda.model import Answer, Do, Phase
from tests.worlds import World


def notices(world: World) -> list[str]:
    return [notice.why for notice in world.reporter.told if notice.what == "denied"]


def test_a_prober_that_may_not_be_asked_is_told_once_and_no_worker_is_dead() -> None:
    world = World().settled()
    world.cloud.denied.add("prober-a")
    world.tick(100)
    assert notices(world) == [
        "the cloud does not let the watchdog's role ask prober-a; nobody is taken for dead by that",
    ]
    assert (world.record.phase, world.cloud.calls) == (Phase.STEADY, [])


def test_with_every_prober_denied_nothing_is_decided_and_it_is_told_in_one_notice() -> None:
    world = World().settled()
    world.kill("wk1")
    world.cloud.denied.update(world.cloud.vantages)
    world.tick(100)
    assert (world.record.holder, world.cloud.calls) == ("wk1", [])
    (why,) = notices(world)
    assert "ask prober-a, ask prober-b, ask prober-c" in why


@pytest.mark.parametrize(("read", "name"), [("address", "read the address"), ("instances", "read the machines")])
def test_a_read_that_is_denied_is_told_once_and_moves_nothing(read: str, name: str) -> None:
    world = World().settled()
    world.cloud.denied.add(read)
    world.tick(100)
    assert [name in why for why in notices(world)] == [True]
    assert world.cloud.calls == []


def test_no_move_is_begun_while_the_address_may_not_be_read() -> None:
    """5.1: the association id of the same round is missing."""
    world = World().settled()
    world.cloud.denied.add("address")
    world.kill("wk1")
    world.tick(60)
    assert (world.record.holder, world.cloud.calls) == ("wk1", [])


@pytest.mark.parametrize("what", ["address", "instances", "prober-b"])
def test_a_denial_is_told_again_only_after_it_was_allowed_in_between(what: str) -> None:
    world = World().settled()
    for times in (1, 2):
        world.cloud.denied.add(what)
        world.tick(20)
        assert len(notices(world)) == times
        world.cloud.denied.clear()
        world.tick(20)
        assert world.record.denied == ()


def test_the_next_leader_does_not_tell_it_again() -> None:
    world = World().settled()
    world.cloud.denied.add("instances")
    world.tick(20)
    world.new_arbiter()
    world.tick(20)
    assert len(notices(world)) == 1


def test_a_prober_that_could_not_be_asked_for_another_reason_is_no_denial() -> None:
    world = World().settled()
    world.cloud.deaf.add("prober-a")
    world.tick(30)
    assert notices(world) == []


@pytest.mark.parametrize("do", [Do.ISOLATE, Do.STOP])
def test_a_fence_call_that_is_denied_is_told_once_and_the_move_ends_all_the_same(do: Do) -> None:
    """6.3: the move waits for neither."""
    world = World().settled()
    world.cloud.refuse[do] = "UnauthorizedOperation"
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.tick(60)
    assert (world.cloud.on, world.record.holder) == ("wk2", "wk2")
    assert notices(world) == [f"the cloud does not let the watchdog's role {do.value} wk1; nobody is taken for dead by that"]


def test_a_stop_that_is_allowed_at_last_ends_the_denial() -> None:
    world = World().settled()
    world.cloud.refuse[Do.STOP] = "UnauthorizedOperation"
    world.kill("wk1")
    world.until(Phase.STEADY)
    assert world.record.denied == ("stop wk1",)
    world.cloud.refuse.clear()
    world.tick(60)
    assert world.record.denied == ()


def test_a_refusal_for_another_reason_is_no_denial() -> None:
    world = World().settled()
    world.cloud.refuse[Do.STOP] = "OperationNotPermitted"
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.tick(30)
    assert notices(world) == []


def test_a_first_deployment_whose_role_may_not_read_the_address_fails_with_the_reason() -> None:
    world = World()
    world.cloud.denied.add("address")
    with pytest.raises(TimeoutError, match="the address could not be read"):
        once(world.cycle, world.leadership, world.clock, wait_s=5.0)


def test_one_refused_isolation_of_a_machine_that_was_seen_stopped_is_no_unproven_fence() -> None:
    """6.4: throttled once, stopped at once; a minute later there is nothing to tell."""
    world = World().settled()
    world.cloud.refuse[Do.ISOLATE] = "RequestLimitExceeded"
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    world.cloud.refuse.clear()
    world.tick(100)
    assert world.told == ["adopt", "failover"]


def test_a_stop_that_is_refused_for_a_minute_is_told_once() -> None:
    world = World().settled()
    world.cloud.refuse[Do.STOP] = "OperationNotPermitted"
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.tick(100)
    assert world.told.count("fence-unproven") == 1


def test_all_vantages_denied_are_told_in_one_notice_and_nobody_dies() -> None:
    world = World().settled()
    world.cloud.denied |= {"prober-a", "prober-b", "prober-c"}
    world.kill("wk1", Answer.TIMEOUT)
    world.tick(100)
    assert world.told == ["adopt", "denied"]
    assert world.record.holder == "wk1"
