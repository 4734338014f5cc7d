"""RULE.md 4.6, 6.8 and 7.4: what changes nothing about who serves, and how it is said."""

from dataclasses import replace

import pytest

from failover_lambda import denials, rule
from failover_lambda.model import Answered, Command, Debt, Do, Fence, Outcome, Phase, Power, Record
from tests.spec.desk import NOW_S, SETTINGS, address_on, calls, decide, machine, record_of, round_of, told, written
from tests.worlds import World


def test_a_standby_that_is_down_moves_nothing_and_is_counted() -> None:
    """4.6: the alarm after five minutes looks at the figure that goes with the heartbeat (7.3, 7.5)."""
    world = World().settled()
    world.kill("wk2")
    told_before, world.reporter.written = list(world.told), []
    world.tick(400)
    assert (world.record.phase, world.record.epoch, world.cloud.did(), world.told) == (Phase.STEADY, 1, [], told_before)
    assert {vitals.standbys_not_ready for vitals in world.reporter.written[1:]} == {1}


def test_an_isolated_worker_that_runs_on_is_never_taken_for_off() -> None:
    """6.8: its tracked connections live on. So its stop is asked for again and again, and it is no standby."""
    done = Debt(asked_s=NOW_S - 9000, answered=True)
    refused = Debt(asked_s=NOW_S - 9000, refused=True)
    fence = Fence(worker="wk1", epoch=2, launched_s=1.0, raised_s=NOW_S - 9000, isolate=done, stop=refused, told=True)
    seen = round_of(address=address_on("wk2"), machines=(machine("wk1", isolated=True), machine("wk2")))
    decision = decide(record_of("wk2", fences=(fence,)), seen)
    assert calls(decision) == ["stop wk1"]
    assert written(decision).fence("wk1") is not None


# 7.4


def denied(record: Record, *names: str, instances: bool = True) -> Record:
    """The record after a round in which these questions were denied."""
    machines = (machine("wk1"), machine("wk2")) if instances else None
    return written(decide(record, round_of(address=address_on("wk1"), machines=machines, denied=names)))


def test_a_denial_is_told_once_until_it_was_allowed_in_between() -> None:
    """7.4."""
    first = denied(record_of(), denials.READ_INSTANCES, instances=False)
    assert ([notice.what for notice in first.outbox], first.denied) == (["denied"], (denials.READ_INSTANCES,))
    again = denied(first, denials.READ_INSTANCES, instances=False)
    assert len(again.outbox) == 1
    allowed = denied(again)
    assert allowed.denied == ()
    assert len(denied(allowed, denials.READ_INSTANCES, instances=False).outbox) == 2


@pytest.mark.parametrize("name", [denials.READ_ADDRESS, denials.READ_INSTANCES, denials.question_to("prober-a")])
def test_a_question_that_was_answered_is_allowed(name: str) -> None:
    """7.4: and each by itself: what was not asked in between stays denied."""
    record = record_of(denied=(name, "stop wk1"))
    seen = round_of(address=address_on("wk1"), machines=(machine("wk1"), machine("wk2")))
    assert written(decide(record, seen)).denied == ("stop wk1",)
    unseen = replace(seen, sights=(), address=None, instances=None)
    assert written(decide(record, unseen)).denied == (name, "stop wk1")


def test_a_call_that_was_done_is_allowed_and_one_that_was_lost_is_not() -> None:
    """7.4."""
    record = record_of(denied=("stop wk1",))
    command = Command(do=Do.STOP, epoch=2, worker="wk1")
    for outcome, left in ((Outcome.DONE, ()), (Outcome.LOST, ("stop wk1",)), (Outcome.DEFERRED, ("stop wk1",))):
        after = written(rule.step(record, Answered(command=command, outcome=outcome), SETTINGS, NOW_S))
        assert after.denied == left


def test_the_record_remembers_the_newest_sixteen_denials() -> None:
    """7.4: there are fewer things that are asked."""
    names = tuple(f"ask prober-{number}" for number in range(17))
    record = denied(record_of(), *names)
    assert record.denied == names[1:]


def test_a_denial_says_nothing_of_a_worker() -> None:
    """7.4, 3.2: not asked; of a machine that could not be read nothing is known."""
    record = record_of(phase=Phase.STEADY)
    decision = decide(record, round_of("CC", address=address_on("wk1"), machines=None, denied=("ask prober-a",)))
    assert (calls(decision), written(decision).streak, told(decision)) == ([], None, ["denied"])
    assert Power.UNKNOWN.off is False
