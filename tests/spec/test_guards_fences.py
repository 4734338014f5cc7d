"""RULE.md section 6: the debts of a fence, one by one: what is asked again and when, what is proof, who comes back."""

from dataclasses import replace
from typing import Any

import pytest

from failover_lambda import fences, rule
from failover_lambda.contract import Rejoin
from failover_lambda.model import (
    Answered,
    Command,
    Debt,
    Decision,
    Do,
    Fence,
    InstanceView,
    Outcome,
    Pause,
    Phase,
    Power,
    Record,
)
from tests.spec.desk import NOW_S, address_on, calls, decide, fence_of, machine, record_of, round_of, told, written
from tests.worlds import World

ASKED = Debt(asked_s=NOW_S - 1.0)
"""Just now, and nothing is known of it."""
DONE = replace(ASKED, answered=True)
REFUSED = replace(ASKED, refused=True)
BOOTED_LATER = machine("wk1", launched_s=2.0)
STOPPED = machine("wk1", Power.STOPPED)


def fence(isolate: Debt = ASKED, stop: Debt = ASKED, **changes: Any) -> Fence:
    """A fence of epoch 2 against wk1, in its first boot."""
    raised = Fence(worker="wk1", epoch=2, launched_s=1.0, raised_s=NOW_S - 30.0, isolate=isolate, stop=stop)
    return replace(raised, **changes)


def look(standing: Fence, of_wk1: InstanceView, *, holder: str = "wk2", **settings: Any) -> Decision:
    """One round in which everybody answers and the machine of wk1 is seen so."""
    record = record_of(holder, fences=(standing,))
    seen = round_of(address=address_on(holder), machines=(of_wk1, machine("wk2")))
    return decide(record, seen, settings=replace(World().settings, **settings))


def aged(debt: Debt, age_s: float) -> Debt:
    """The same debt, asked so long ago."""
    return replace(debt, asked_s=NOW_S - age_s)


# What was not done is asked again


@pytest.mark.parametrize(
    ("age_s", "asked"), [(0.0, False), (0.5, False), (3.499, False), (3.5, True), (60.0, True), (-0.001, True)]
)
def test_a_call_without_an_answer_is_asked_again_after_its_time_or_when_its_clock_cannot_be_ours(
    age_s: float, asked: bool
) -> None:
    """6.4. An ask that lies in the future was noted by a leader whose clock goes before ours."""
    again = ["isolate wk1", "stop wk1"] if asked else []
    assert calls(look(fence(aged(ASKED, age_s), aged(ASKED, age_s)), machine("wk1"))) == again


def test_an_isolation_that_was_done_is_not_asked_again_while_the_stop_is_outstanding() -> None:
    """6.4."""
    assert calls(look(fence(aged(DONE, 60.0), aged(ASKED, 60.0)), machine("wk1"))) == ["stop wk1"]


def test_an_isolation_that_was_refused_is_asked_again() -> None:
    """6.4: what was not done is asked again."""
    decision = look(fence(aged(REFUSED, 60.0), ASKED), machine("wk1"))
    assert calls(decision) == ["isolate wk1"]
    assert fence_of(decision).isolate == Debt(asked_s=NOW_S)


@pytest.mark.parametrize(("age_s", "asked"), [(13.999, False), (14.0, True)])
def test_a_machine_may_take_four_times_as_long_to_stop_as_a_call_to_be_answered(age_s: float, asked: bool) -> None:
    """6.4: the stop was accepted, and the machine still runs."""
    decision = look(fence(DONE, aged(DONE, age_s)), machine("wk1"))
    assert calls(decision) == (["stop wk1"] if asked else [])


@pytest.mark.parametrize(
    ("power", "asked"),
    [
        (Power.RUNNING, True),
        (Power.PENDING, True),
        (Power.UNKNOWN, True),
        (Power.STOPPING, False),
        (Power.STOPPED, False),
        (Power.TERMINATED, False),
    ],
)
def test_only_a_machine_that_may_serve_is_asked_to_stop(power: Power, asked: bool) -> None:
    """6.4."""
    assert ("stop wk1" in calls(look(fence(aged(ASKED, 1.0), aged(REFUSED, 60.0)), machine("wk1", power)))) is asked


@pytest.mark.parametrize(
    ("seen_stopped_s", "launched_s", "asked"), [(NOW_S - 20.0, 2.0, False), (NOW_S - 20.0, 1.0, True), (None, 2.0, True)]
)
def test_a_worker_that_was_seen_stopped_and_runs_on_a_later_boot_is_not_stopped_again(
    seen_stopped_s: float | None, launched_s: float, asked: bool
) -> None:
    """6.4: it has served its time, though its isolation has no answer yet. One that only seemed stopped has not."""
    standing = fence(aged(ASKED, 1.0), aged(REFUSED, 60.0), seen_stopped_s=seen_stopped_s)
    assert ("stop wk1" in calls(look(standing, machine("wk1", launched_s=launched_s)))) is asked


def test_a_stop_that_is_asked_again_needs_a_stop_that_is_seen_after_it() -> None:
    """6.5: seen stopped after the last ask."""
    standing = fence(aged(ASKED, 1.0), aged(REFUSED, 60.0), seen_stopped_s=NOW_S - 20.0)
    assert fence_of(look(standing, machine("wk1"))).seen_stopped_s is None


@pytest.mark.parametrize(
    ("debt", "lost"), [(ASKED, True), (REFUSED, False), (replace(REFUSED, lost=True), True), (DONE, False)]
)
def test_an_ask_of_which_nothing_is_known_is_remembered_through_all_later_asks(debt: Debt, lost: bool) -> None:
    """6.4, 6.5: it may still land, whatever a later one was answered."""
    standing = fence(DONE, aged(debt, 60.0))
    after = fence_of(look(standing, machine("wk1"))).stop
    assert after == Debt(asked_s=NOW_S, lost=lost)


def test_the_time_at_which_a_worker_was_first_seen_stopped_stays() -> None:
    """6.7: a holder that a stop of ours hit has a minute from then, not from every look."""
    standing = fence(DONE, DONE, seen_stopped_s=NOW_S - 20.0)
    assert fence_of(look(standing, STOPPED)).seen_stopped_s == NOW_S - 20.0
    assert fence_of(look(fence(DONE, DONE), STOPPED)).seen_stopped_s == NOW_S


# Answers


def answered(record: Record, do: Do, outcome: Outcome, *, worker: str = "wk1", epoch: int = 2) -> Fence:
    """The fence against wk1 after this answer."""
    event = Answered(command=Command(do=do, epoch=epoch, worker=worker), outcome=outcome)
    return fence_of(rule.step(record, event, World().settings, NOW_S))


@pytest.mark.parametrize("do", [Do.ISOLATE, Do.STOP, Do.RESTORE, Do.START])
@pytest.mark.parametrize(
    ("outcome", "debt"),
    [
        (Outcome.DONE, DONE),
        (Outcome.LOST, replace(ASKED, lost=True)),
        (Outcome.REFUSED, REFUSED),
        (Outcome.DEFERRED, REFUSED),
    ],
)
def test_an_answer_settles_the_debt_that_it_is_about_and_no_other(do: Do, outcome: Outcome, debt: Debt) -> None:
    """6.4: a call is a debt in the record until it is answered."""
    standing = fence(restore=ASKED, start=ASKED)
    record = record_of("wk2", fences=(standing,))
    assert answered(record, do, outcome) == replace(standing, **{do.value: debt})


@pytest.mark.parametrize(("worker", "epoch"), [("wk2", 2), ("wk1", 1), ("wk1", 3)])
def test_an_answer_to_a_call_of_another_fence_settles_nothing(worker: str, epoch: int) -> None:
    """6.4: of another worker in the same epoch, or of an earlier fence against the same one."""
    record = record_of("wk2", fences=(fence(),))
    assert answered(record, Do.STOP, Outcome.DONE, worker=worker, epoch=epoch) == fence()


@pytest.mark.parametrize("do", [Do.RESTORE, Do.START])
def test_an_answer_to_a_call_that_the_record_knows_nothing_of_settles_nothing(do: Do) -> None:
    """6.4: the record of a leader that came back from a store restored to an earlier time."""
    record = record_of("wk2", fences=(fence(),))
    assert answered(record, do, Outcome.DONE) == fence()


# After a loss


@pytest.mark.parametrize(("left_s", "fenced"), [(0.001, True), (0.0, False), (-0.001, False)])
def test_an_isolated_worker_gets_a_fence_while_a_loss_is_less_than_fifteen_minutes_ago(left_s: float, fenced: bool) -> None:
    """1.16: within the time in which 1.13 lets no move begin, and no longer."""
    record = record_of("wk2", quiet_until_s=NOW_S + left_s)
    seen = round_of(address=address_on("wk2"), machines=(machine("wk1", isolated=True), machine("wk2")))
    assert (written(decide(record, seen)).fence("wk1") is not None) is fenced


# Proof


@pytest.mark.parametrize(
    ("why", "standing", "of_wk1", "proven"),
    [
        ("an isolation on its way", fence(ASKED, DONE, seen_stopped_s=NOW_S - 9), BOOTED_LATER, False),
        ("seen stopped", fence(DONE, replace(REFUSED, lost=True), seen_stopped_s=NOW_S - 9), BOOTED_LATER, True),
        ("seen stopped, isolation refused", fence(REFUSED, DONE, seen_stopped_s=NOW_S - 9), BOOTED_LATER, True),
        ("a later boot, every call answered", fence(DONE, DONE), BOOTED_LATER, True),
        ("a later boot, isolation refused", fence(REFUSED, DONE), BOOTED_LATER, True),
        ("the same boot", fence(DONE, DONE), machine("wk1"), False),
        ("a later boot, the stop has no answer", fence(DONE, ASKED), BOOTED_LATER, False),
        ("a later boot, the stop was refused", fence(DONE, REFUSED), BOOTED_LATER, False),
        ("a later boot, an earlier stop was lost", fence(DONE, replace(DONE, lost=True)), BOOTED_LATER, False),
        ("a later boot, an earlier isolation was lost", fence(replace(DONE, lost=True), DONE), BOOTED_LATER, False),
    ],
)
def test_the_groups_of_a_fenced_worker_are_put_back_only_after_proof(
    why: str, standing: Fence, of_wk1: InstanceView, proven: bool
) -> None:
    """6.5, 6.6: seen stopped after the last ask, or booted later with no call unanswered."""
    decision = look(standing, replace(of_wk1, isolated=True))
    assert ("restore wk1" in calls(decision)) is proven, why


def test_a_fence_that_does_not_know_the_boot_takes_the_first_that_it_reads() -> None:
    """6.6: the machine could not be read when the fence was raised; the boot that it has is not a later one."""
    decision = look(fence(DONE, DONE, launched_s=0.0), machine("wk1", launched_s=7.0, isolated=True))
    assert (fence_of(decision).launched_s, calls(decision)) == (7.0, [])


def test_an_operators_word_stands_for_the_proof_though_the_cloud_never_shows_the_worker_as_stopped() -> None:
    """9.12, 6.5: a stop that hangs; the groups are put back at once, and nothing more is asked to stop."""
    standing = fences.confirmed(fence(aged(ASKED, 60.0), aged(DONE, 60.0)), NOW_S)
    assert calls(look(standing, machine("wk1", Power.STOPPING, isolated=True))) == ["restore wk1"]
    assert calls(look(standing, machine("wk1", Power.UNKNOWN))) == []


def test_what_a_pause_shows_of_a_fenced_worker_is_proof_after_it() -> None:
    """9.6, 6.4: nothing is sent in a pause, but it is seen; whoever was stopped in it and booted again is not stopped."""
    standing = fence(DONE, replace(DONE, lost=True))
    pause = Pause(until_s=NOW_S + 100.0, who="mia", why="patch")
    record = record_of("wk2", fences=(standing,), phase=Phase.PAUSED, pause=pause)
    in_it = decide(record, round_of(address=address_on("wk2"), machines=(STOPPED, machine("wk2"))))
    assert (fence_of(in_it).seen_stopped_s, calls(in_it)) == (NOW_S, [])
    after = decide(
        written(in_it), round_of(address=address_on("wk2"), machines=(BOOTED_LATER, machine("wk2"))), now_s=NOW_S + 100
    )
    assert (written(after).phase, calls(after)) == (Phase.STEADY, [])


def test_what_is_seen_in_a_pause_is_noted_though_a_call_is_due_that_is_not_sent() -> None:
    """9.6, 6.4: the answer to its stop was lost, it was seen stopped in the pause, and somebody started it."""
    ask = aged(replace(ASKED, lost=True), 30.0)
    pause = Pause(until_s=NOW_S + 100.0, who="mia", why="patch")
    record = record_of("wk2", fences=(fence(ask, ask),), phase=Phase.PAUSED, pause=pause)
    in_it = decide(record, round_of(address=address_on("wk2"), machines=(STOPPED, machine("wk2"))))
    noted = fence_of(in_it)
    assert (noted.seen_stopped_s, noted.isolate, noted.stop, calls(in_it)) == (NOW_S, ask, ask, [])
    after = decide(
        written(in_it), round_of(address=address_on("wk2"), machines=(BOOTED_LATER, machine("wk2"))), now_s=NOW_S + 100
    )
    assert (written(after).phase, calls(after)) == (Phase.STEADY, [])
    again = decide(
        written(after), round_of(address=address_on("wk2"), machines=(BOOTED_LATER, machine("wk2"))), now_s=NOW_S + 101
    )
    assert calls(again) == ["isolate wk1"]  # and no stop: it has served its time


def test_that_the_holder_runs_again_is_noted_in_a_pause_too() -> None:
    """6.7, 9.6: no call is due for it; a later late stop has its full minute then."""
    standing = fence(DONE, replace(DONE, lost=True), start=DONE, seen_stopped_s=NOW_S - 90.0)
    pause = Pause(until_s=NOW_S + 100.0, who="mia", why="patch")
    record = record_of("wk1", fences=(standing,), phase=Phase.PAUSED, pause=pause)
    decision = decide(record, round_of(address=address_on("wk1"), machines=(BOOTED_LATER, machine("wk2"))))
    assert (fence_of(decision).start, calls(decision)) == (None, [])


def test_of_a_machine_that_was_not_read_in_a_pause_nothing_is_noted() -> None:
    """9.6: and the fence stands as it was."""
    standing = fence(aged(ASKED, 30.0), aged(ASKED, 30.0))
    pause = Pause(until_s=NOW_S + 100.0, who="mia", why="patch")
    record = record_of("wk2", fences=(standing,), phase=Phase.PAUSED, pause=pause)
    decision = decide(record, round_of(address=address_on("wk2")))
    assert (written(decision).fences, calls(decision)) == ((standing,), [])


# Who comes back


@pytest.mark.parametrize(
    ("why", "standing", "of_wk1", "back"),
    [
        ("running on a later boot", fence(DONE, DONE), BOOTED_LATER, True),
        ("still booting", fence(DONE, DONE), replace(BOOTED_LATER, power=Power.PENDING), False),
        (
            "seen stopped, and running on the boot that was fenced",
            fence(DONE, DONE, seen_stopped_s=NOW_S),
            machine("wk1"),
            False,
        ),
        ("still isolated", fence(DONE, DONE), replace(BOOTED_LATER, isolated=True), False),
        (
            "a quarter of an hour after a stop that was lost",
            fence(DONE, replace(aged(DONE, 900.0), lost=True), seen_stopped_s=NOW_S - 800),
            BOOTED_LATER,
            False,
        ),
        (
            "a moment later",
            fence(DONE, replace(aged(DONE, 900.001), lost=True), seen_stopped_s=NOW_S - 800),
            BOOTED_LATER,
            True,
        ),
        (
            "a quarter of an hour after an isolation that was lost",
            fence(replace(aged(DONE, 900.0), lost=True), DONE, seen_stopped_s=NOW_S - 800),
            BOOTED_LATER,
            False,
        ),
        (
            "a moment later",
            fence(replace(aged(DONE, 900.001), lost=True), DONE, seen_stopped_s=NOW_S - 800),
            BOOTED_LATER,
            True,
        ),
        ("a stop has no answer yet", fence(DONE, ASKED, seen_stopped_s=NOW_S - 9), BOOTED_LATER, False),
    ],
)
def test_a_fenced_worker_is_a_standby_again(why: str, standing: Fence, of_wk1: InstanceView, back: bool) -> None:
    """6.5: on a later boot, its groups put back, and fifteen minutes after an ask that was never answered."""
    decision = look(standing, of_wk1)
    assert (written(decision).fence("wk1") is None) is back, why
    assert ("rejoined" in told(decision)) is back, why


@pytest.mark.parametrize(("age_s", "asked"), [(59.999, False), (60.0, True)])
def test_with_rejoin_auto_a_start_is_asked_once_a_minute(age_s: float, asked: bool) -> None:
    """6.5."""
    standing = fence(DONE, DONE, seen_stopped_s=NOW_S - 300, start=aged(REFUSED, age_s))
    assert calls(look(standing, STOPPED, rejoin=Rejoin.AUTO)) == (["start wk1"] if asked else [])


@pytest.mark.parametrize(("age_s", "asked"), [(3.499, False), (3.5, True)])
def test_groups_that_are_not_put_back_yet_are_asked_for_again(age_s: float, asked: bool) -> None:
    """6.4, 6.5."""
    standing = fence(DONE, DONE, seen_stopped_s=NOW_S - 300, restore=aged(ASKED, age_s))
    decision = look(standing, replace(STOPPED, isolated=True))
    assert calls(decision) == (["restore wk1"] if asked else [])
    assert fence_of(decision).restore == (Debt(asked_s=NOW_S, lost=True) if asked else standing.restore)


# A holder that we fenced ourselves


@pytest.mark.parametrize(
    ("of_wk1", "asked"),
    [
        (machine("wk1", isolated=True), ["restore wk1"]),
        (machine("wk1", Power.STOPPED, isolated=True), ["start wk1", "restore wk1"]),
        (machine("wk1", Power.STOPPED), ["start wk1"]),
        (machine("wk1", Power.STOPPING), []),
        (machine("wk1", Power.PENDING), []),
        (machine("wk1"), []),
    ],
)
def test_a_late_call_of_ours_that_hits_the_holder_is_undone_by_its_groups_and_a_start(
    of_wk1: InstanceView, asked: list[str]
) -> None:
    """6.7."""
    assert calls(look(fence(aged(ASKED, 60.0), aged(ASKED, 60.0)), of_wk1, holder="wk1")) == asked


@pytest.mark.parametrize(("age_s", "asked"), [(3.499, False), (3.5, True)])
def test_a_start_of_the_holder_without_an_answer_is_asked_again(age_s: float, asked: bool) -> None:
    """6.4, 6.7."""
    decision = look(fence(start=aged(ASKED, age_s)), STOPPED, holder="wk1")
    assert calls(decision) == (["start wk1"] if asked else [])


@pytest.mark.parametrize(
    ("why", "standing", "of_wk1", "spent"),
    [
        ("stopped, and back", fence(DONE, DONE), BOOTED_LATER, True),
        ("never stopped yet", fence(DONE, DONE), machine("wk1"), False),
        ("back by itself, the stop still to land", fence(DONE, aged(ASKED, 60.0)), BOOTED_LATER, False),
        ("the stop was refused", fence(DONE, REFUSED), machine("wk1"), True),
        ("the stop was refused, an earlier one lost", fence(DONE, replace(REFUSED, lost=True)), machine("wk1"), False),
        ("the isolation still to land", fence(aged(ASKED, 60.0), REFUSED), machine("wk1"), False),
        ("a quarter of an hour after an accepted stop", fence(DONE, aged(DONE, 900.0)), machine("wk1"), False),
        ("a moment later", fence(DONE, aged(DONE, 900.001)), machine("wk1"), True),
        ("still booting", fence(DONE, DONE), replace(BOOTED_LATER, power=Power.PENDING), False),
    ],
)
def test_the_fence_of_a_holder_stands_while_a_call_of_ours_can_hit_it(
    why: str, standing: Fence, of_wk1: InstanceView, spent: bool
) -> None:
    """6.7."""
    assert (written(look(standing, of_wk1, holder="wk1")).fence("wk1") is None) is spent, why


def test_a_holder_that_runs_again_has_its_full_minute_at_the_next_late_stop() -> None:
    """6.7: when it was seen stopped the last time counts for nothing then; while it is off, the first read counts."""
    standing = fence(DONE, aged(ASKED, 60.0), start=aged(DONE, 60.0), seen_stopped_s=NOW_S - 300)
    assert fence_of(look(standing, STOPPED, holder="wk1")).seen_stopped_s == NOW_S - 300
    running = fence_of(look(standing, BOOTED_LATER, holder="wk1"))
    assert running.start is None
    assert fence_of(look(running, STOPPED, holder="wk1")).seen_stopped_s == NOW_S


def test_a_holder_that_a_late_stop_hit_is_failed_over_when_a_minute_of_starts_did_not_bring_it_back() -> None:
    """6.7."""
    world = World(hold_s=0.0).settled()
    world.cloud.refuse[Do.START] = "InsufficientInstanceCapacity"
    record = world.record
    late = Fence(worker="wk1", epoch=1, launched_s=1.0, raised_s=world.clock.time_s - 60, isolate=DONE, stop=ASKED)
    world.store.record = replace(record, fences=(late,))
    world.new_arbiter()
    world.stop("wk1")
    stopped_s = world.clock.time_s
    while world.record.holder == "wk1":
        world.tick()
    assert 60 <= world.clock.time_s - stopped_s <= 66


# Raised, and told


def test_of_a_fence_that_was_just_raised_nothing_is_known_yet() -> None:
    """6.4: both calls are debts until they are answered."""
    (raised,) = fences.raise_fence(record_of(), "wk1", 9, 5.0, NOW_S)
    for debt in (raised.isolate, raised.stop):
        assert (debt.asked_s, debt.answered, debt.refused, debt.lost, debt.open) == (NOW_S, False, False, False, True)
    assert (raised.restore, raised.start, raised.seen_stopped_s, raised.told) == (None, None, None, False)


def test_a_worker_that_is_fenced_again_has_one_fence_and_others_keep_theirs() -> None:
    """6.3, 6.7: promoted with an unproven fence and dead again: what counts is the boot and the calls of now."""
    settings = World(workers=3).settings
    old = replace(fence(), worker="wk2"), replace(fence(), worker="wk3", epoch=1)
    raised = fences.raise_fence(record_of(settings=settings, fences=old), "wk2", 9, 5.0, NOW_S)
    assert [(each.worker, each.epoch) for each in raised] == [("wk3", 1), ("wk2", 9)]


@pytest.mark.parametrize(
    ("older", "lost"),
    [
        (ASKED, True),
        (replace(DONE, lost=True), True),
        (replace(REFUSED, lost=True), True),
        (DONE, False),
        (REFUSED, False),
        (aged(ASKED, 900.0), True),
        (aged(ASKED, 900.001), False),
    ],
)
def test_a_new_fence_keeps_what_an_older_one_asked_and_never_heard_of(older: Debt, lost: bool) -> None:
    """6.4: found by the simulation: a late isolation hit a worker that had come back from a later fence."""
    fresh = Debt(asked_s=NOW_S, lost=lost)
    for isolate, stop in ((older, DONE), (DONE, older)):
        (raised,) = fences.raise_fence(record_of(fences=(fence(isolate, stop),)), "wk1", 9, 5.0, NOW_S)
        assert (raised.isolate.lost, raised.stop.lost) == (isolate is older and lost, stop is older and lost)
        assert (raised.isolate if isolate is older else raised.stop) == fresh


@pytest.mark.parametrize(
    ("why", "standing", "names"),
    [
        ("the isolation is refused, for a minute", fence(REFUSED, DONE, raised_s=NOW_S - 60.0), True),
        ("the stop is refused, for a minute", fence(DONE, REFUSED, raised_s=NOW_S - 60.0), True),
        ("not for a minute yet", fence(REFUSED, DONE, raised_s=NOW_S - 59.999), False),
        ("no answer is no refusal", fence(DONE, ASKED, raised_s=NOW_S - 60.0), False),
        ("it was seen stopped", fence(REFUSED, DONE, raised_s=NOW_S - 60.0, seen_stopped_s=NOW_S - 9), False),
        ("it was told already", fence(REFUSED, DONE, raised_s=NOW_S - 60.0, told=True), False),
    ],
)
def test_a_fence_that_cannot_be_proven_is_told_once(why: str, standing: Fence, names: bool) -> None:
    """6.4: what is refused for a minute, of a worker that was not seen stopped meanwhile."""
    decision = look(standing, machine("wk1"))
    assert told(decision) == (["fence-unproven"] if names else []), why
    assert fence_of(decision).told is (names or standing.told), why


def test_of_two_fences_that_cannot_be_proven_each_is_told() -> None:
    """6.4."""
    standing = fence(REFUSED, DONE, raised_s=NOW_S - 60.0)
    record = record_of("wk2", fences=(replace(standing, told=True), replace(standing, worker="wk3")))
    settings = World(workers=3).settings
    seen = round_of("HHH", address=address_on("wk2"), machines=(machine("wk1"), machine("wk2"), machine("wk3")))
    decision = decide(record, seen, settings=settings)
    assert [notice.source for notice in written(decision).outbox] == ["wk3"]
    assert all(each.told for each in written(decision).fences)


@pytest.mark.parametrize(
    ("standing", "holder", "reads"),
    [
        (fence(DONE, DONE, seen_stopped_s=NOW_S), "wk2", False),
        (fence(DONE, DONE), "wk2", True),
        (fence(ASKED, DONE, seen_stopped_s=NOW_S), "wk2", True),
        (fence(DONE, DONE, seen_stopped_s=NOW_S), "wk1", True),
    ],
)
def test_machines_are_read_in_every_round_while_a_fence_waits_for_proof(standing: Fence, holder: str, reads: bool) -> None:
    """6.4, 6.7: or while it stands against the holder, which a late call can hit."""
    assert rule.wants_cloud(record_of(holder, fences=(standing,))) is reads
