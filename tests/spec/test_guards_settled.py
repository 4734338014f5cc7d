"""RULE.md section 4 and 5.11: what a settled site does about its holder and its association, to the second and the read."""

from dataclasses import replace
from typing import Any

import pytest

from failover_lambda.model import Debt, Decision, Do, Drift, Fence, Kind, Maintenance, Pause, Phase, Power, Verdict
from tests.spec.desk import (
    NOW_S,
    address_on,
    calls,
    decide,
    machine,
    move_of,
    record_of,
    round_of,
    streak_of,
    told,
    written,
)

HOLDER_DEAD = round_of("TH", address=address_on("wk1"))
ALL_DEAD = round_of("TT", address=address_on("wk1"))


def dead(**changes: Any) -> Decision:
    """One more round in which the holder fails, where it is dead by the verdict already."""
    return decide(record_of(phase=Phase.SUSPECT, phase_since_s=NOW_S - 2, streak=streak_of(), **changes), HOLDER_DEAD)


# Suspicion


@pytest.mark.parametrize(
    ("lasted_s", "telling"), [(59.999, []), (60.0, ["suspect-for-long"]), (600.0, ["suspect-for-long"])]
)
def test_a_suspicion_that_became_no_verdict_is_told_when_its_minute_is_full(lasted_s: float, telling: list[str]) -> None:
    """4.3."""
    record = record_of(phase=Phase.SUSPECT, phase_since_s=NOW_S - lasted_s, streak=streak_of(rounds=0))
    decision = decide(record, HOLDER_DEAD)
    assert (told(decision), calls(decision)) == (telling, [])
    assert written(decision).suspicion_told is bool(telling)


def test_a_suspicion_is_told_once() -> None:
    """4.3."""
    record = record_of(phase=Phase.SUSPECT, phase_since_s=NOW_S - 600, streak=streak_of(rounds=0), suspicion_told=True)
    assert told(decide(record, HOLDER_DEAD)) == []


def test_a_site_that_was_steady_for_long_is_not_suspect_for_long() -> None:
    """4.3: the minute begins with the suspicion."""
    decision = decide(record_of(phase_since_s=NOW_S - 9000), HOLDER_DEAD)
    assert (written(decision).phase, written(decision).phase_since_s, told(decision)) == (Phase.SUSPECT, NOW_S, [])


def test_the_next_suspicion_is_told_again() -> None:
    """4.3: one that ended is forgotten."""
    record = record_of(phase=Phase.SUSPECT, suspicion_told=True, streak=streak_of(rounds=0))
    assert written(decide(record, round_of("HH", address=address_on("wk1")))).suspicion_told is False


def test_a_streak_that_died_by_itself_is_no_suspicion_any_more() -> None:
    """3.10, 4: three probe intervals in which nobody could ask."""
    record = record_of(phase=Phase.SUSPECT, streak=streak_of(last_s=NOW_S - 10))
    decision = decide(record, round_of("CC", address=address_on("wk1")))
    assert (written(decision).phase, written(decision).streak) == (Phase.STEADY, None)


@pytest.mark.parametrize(("left_s", "judged"), [(0.001, False), (0.0, True), (-1.0, True)])
def test_a_boot_grace_ends_on_its_second(left_s: float, judged: bool) -> None:
    """1.7."""
    decision = decide(record_of(grace_until_s=NOW_S + left_s), HOLDER_DEAD)
    assert (written(decision).streak is not None) is judged


def test_a_grace_is_over_with_the_first_answer() -> None:
    """1.7: the silence after it counts."""
    decision = decide(record_of(grace_until_s=NOW_S + 100), round_of("HH", address=address_on("wk1")))
    assert written(decision).grace_until_s is None


# The verdict is dead


def test_a_dead_holder_is_not_replaced_while_the_address_cannot_be_read() -> None:
    """5.1."""
    record = record_of(phase=Phase.SUSPECT, streak=streak_of())
    decision = decide(record, round_of("TH", address=None))
    assert (written(decision).phase, written(decision).epoch, calls(decision)) == (Phase.SUSPECT, 2, [])


def test_an_address_on_a_stranger_is_not_taken_from_it_by_a_failover() -> None:
    """1.9: whenever that is seen."""
    record = record_of(phase=Phase.SUSPECT, streak=streak_of())
    decision = decide(record, round_of("TH", address=address_on("wk1", instance_id="i-stranger")))
    assert (written(decision).phase, calls(decision), told(decision)) == (Phase.MANUAL, [], ["manual"])


@pytest.mark.parametrize(
    ("age_s", "started", "moves"), [(59.999, True, False), (60.0, True, True), (59.999, False, True), (None, True, True)]
)
def test_a_holder_that_a_late_stop_of_ours_hit_is_started_for_a_minute_before_it_is_replaced(
    age_s: float | None, started: bool, moves: bool
) -> None:
    """6.7: one that runs again, and fails then, was hit by something else."""
    done = Debt(asked_s=NOW_S - 300, answered=True)
    seen_s = None if age_s is None else NOW_S - age_s
    late = Fence(worker="wk1", epoch=1, launched_s=1.0, raised_s=NOW_S - 300, isolate=done, stop=done, seen_stopped_s=seen_s)
    decision = dead(fences=(replace(late, start=done if started else None),))
    assert (written(decision).holder == "wk2") is moves
    assert written(decision).phase is (Phase.FENCING if moves else Phase.SUSPECT)


@pytest.mark.parametrize(("age_s", "moves"), [(59.999, False), (60.0, True)])
def test_the_hold_ends_on_its_second(age_s: float, moves: bool) -> None:
    """5.12."""
    decision = dead(moves=(move_of(age_s),))
    assert (calls(decision) != []) is moves
    assert (written(decision).phase, told(decision)) == ((Phase.FENCING, []) if moves else (Phase.SUSPECT, []))


@pytest.mark.parametrize(("before", "moves"), [(None, False), ("", True), ("eipassoc-elsewhere", False)])
def test_an_address_that_one_read_shows_on_nobody_waits_for_the_hold_as_ever(before: str | None, moves: bool) -> None:
    """5.12: the read may be stale; the next one says the same, or it does not."""
    drift = None if before is None else Drift(association_id=before, reads=1)
    record = record_of(phase=Phase.SUSPECT, streak=streak_of(), moves=(move_of(10.0),), drift=drift)
    decision = decide(record, round_of("TH", address=address_on("")))
    assert written(decision).holder == ("wk2" if moves else "wk1")
    assert written(decision).phase is (Phase.MOVING if moves else Phase.SUSPECT)
    assert written(decision).drift == (None if moves else Drift(association_id="", reads=1))


def test_a_read_that_shows_the_address_on_somebody_ends_the_doubt_that_it_is_on_nobody() -> None:
    """5.12: two reads that agree follow each other."""
    decision = dead(moves=(move_of(10.0),), drift=Drift(association_id="", reads=1))
    assert (written(decision).phase, written(decision).drift, calls(decision)) == (Phase.SUSPECT, None, [])


def test_a_spent_budget_ends_in_manual_and_a_hold_does_not() -> None:
    """5.12."""
    spent = dead(moves=tuple(move_of(age_s) for age_s in (3000, 2000, 1000)))
    assert (written(spent).phase, told(spent)) == (Phase.MANUAL, ["manual"])


def test_without_a_standby_that_answers_a_dead_holder_keeps_the_address() -> None:
    """5.2: told as a suspicion that lasts, not as a move."""
    record = record_of(phase=Phase.SUSPECT, streak=streak_of())
    decision = decide(record, round_of("TR", address=address_on("wk1"), instances=None))
    assert (written(decision).holder, calls(decision)) == ("wk1", [])


# All dead


def test_both_down_is_told_once() -> None:
    """4.4."""
    record = record_of(phase=Phase.SUSPECT, streak=streak_of(Verdict.ALL_DEAD))
    first = decide(record, ALL_DEAD)
    assert (written(first).phase, told(first), calls(first)) == (Phase.BOTH_DOWN, ["both-down"], [])
    again = decide(replace(record, phase=Phase.BOTH_DOWN), ALL_DEAD)
    assert (written(again).phase, told(again)) == (Phase.BOTH_DOWN, [])


def test_both_down_does_not_end_with_a_round_in_which_nobody_could_ask() -> None:
    """4.4: it ends when somebody answers healthy."""
    record = record_of(phase=Phase.BOTH_DOWN, streak=None)
    assert written(decide(record, round_of("CC", address=address_on("wk1")))).phase is Phase.BOTH_DOWN


# Manual


def manual(**changes: Any) -> Any:
    return record_of(phase=Phase.MANUAL, manual="the budget is spent", phase_since_s=NOW_S - 31, **changes)


@pytest.mark.parametrize("verdict", [Verdict.DEAD, Verdict.ALL_DEAD])
def test_in_manual_a_holder_that_dies_is_told_once_and_nothing_moves(verdict: Verdict) -> None:
    """4, 5.12: automatic moves are off."""
    seen = HOLDER_DEAD if verdict is Verdict.DEAD else ALL_DEAD
    first = decide(manual(streak=streak_of(verdict)), seen)
    assert (told(first), calls(first), written(first).suspicion_told) == (["holder-dead-in-manual"], [], True)
    again = decide(manual(streak=streak_of(verdict), suspicion_told=True), seen)
    assert (told(again), calls(again)) == ([], [])


def test_in_manual_the_next_death_of_the_holder_is_told_again() -> None:
    """4: it answered in between."""
    decision = decide(manual(suspicion_told=True), round_of("HH", address=address_on("wk1")))
    assert written(decision).suspicion_told is False
    quiet = decide(manual(suspicion_told=True), round_of("CC", address=address_on("wk1")))
    assert written(quiet).suspicion_told is True


def test_in_manual_an_address_on_nobody_is_believed_after_two_reads() -> None:
    """5.9, 5.11: one may be stale."""
    nobody = round_of("HH", address=address_on(""))
    first = decide(manual(), nobody)
    assert (calls(first), written(first).drift) == ([], Drift(association_id="", reads=1))
    assert calls(decide(written(first), nobody)) == ["associate wk1"]


def test_in_manual_two_reads_with_another_one_between_them_do_not_agree() -> None:
    """5.9, 5.11."""
    decision = decide(manual(drift=Drift(association_id="", reads=1)), round_of("HH", address=address_on("wk1")))
    assert written(decision).drift is None


# The association


def test_one_read_of_another_association_changes_nothing_and_a_second_one_brings_it_back() -> None:
    """1.1, 1.2, 1.4, 5.11: where packets go is brought to what the record says, and never the other way round."""
    elsewhere = round_of("HH", address=address_on("wk2", "assoc-9"))
    first = decide(record_of(), elsewhere)
    assert (calls(first), written(first).epoch, written(first).drift) == ([], 2, Drift(association_id="assoc-9", reads=1))
    second = decide(written(first), elsewhere)
    assert calls(second) == ["disassociate wk2"]
    assert second.commands[0].association_id == "assoc-9"
    assert (written(second).epoch, [move.kind for move in written(second).moves]) == (3, [Kind.RECONCILE])


def test_reads_that_show_different_associations_do_not_agree() -> None:
    """5.11."""
    decision = decide(
        record_of(drift=Drift(association_id="assoc-8", reads=1)), round_of(address=address_on("wk2", "assoc-9"))
    )
    assert (calls(decision), written(decision).drift) == ([], Drift(association_id="assoc-9", reads=1))


def test_a_read_of_the_records_own_association_ends_a_drift() -> None:
    """5.11."""
    decision = decide(record_of(drift=Drift(association_id="assoc-9", reads=1)), round_of(address=address_on("wk1")))
    assert written(decision).drift is None


def drifted(shown: Any, **changes: Any) -> Decision:
    """The second agreeing read of this address."""
    association_id = shown.association.association_id if shown.association else ""
    record = record_of(drift=Drift(association_id=association_id, reads=1), **changes)
    return decide(record, round_of(address=shown))


def test_a_new_association_of_the_holder_itself_is_adopted_without_a_call() -> None:
    """5.11."""
    decision = drifted(address_on("wk1", "assoc-9"))
    assert (calls(decision), written(decision).association_id, written(decision).epoch) == ([], "assoc-9", 3)
    assert (told(decision), written(decision).moves) == (["adopted"], ())


def test_the_records_own_association_is_brought_to_the_private_address_that_is_meant() -> None:
    """5.11: the configuration means another one now."""
    decision = drifted(address_on("wk1", "assoc-2", private_ip="10.0.1.99"))
    assert calls(decision) == ["disassociate wk1"]


def test_an_association_on_another_card_of_the_holder_is_brought_back() -> None:
    """5.11."""
    decision = drifted(address_on("wk1", "assoc-9", network_interface_id="eni-other"))
    assert calls(decision) == ["disassociate wk1"]


def test_an_address_on_a_stranger_is_not_brought_back() -> None:
    """1.9."""
    decision = drifted(address_on("wk1", "assoc-9", instance_id="i-stranger", network_interface_id="eni-x"))
    assert (calls(decision), written(decision).phase) == ([], Phase.MANUAL)


@pytest.mark.parametrize(
    ("worker", "moves", "phase", "sent"),
    [
        ("wk2", (move_of(10.0),), Phase.STEADY, []),
        ("", (move_of(10.0),), Phase.MOVING, ["associate wk1"]),
        ("wk2", (move_of(3000), move_of(2000), move_of(1000)), Phase.MANUAL, []),
        ("", (move_of(3000), move_of(2000), move_of(1000)), Phase.MANUAL, []),
    ],
)
def test_a_repair_waits_for_the_hold_unless_the_address_is_on_nobody(
    worker: str, moves: Any, phase: Phase, sent: list[str]
) -> None:
    """5.12; with a spent budget people are asked, and manual puts an address back that is on nobody (5.9)."""
    decision = drifted(address_on(worker, "assoc-9"), moves=moves)
    assert (written(decision).phase, calls(decision)) == (phase, sent)


def test_a_holder_that_answers_is_steady_again_from_any_doubt() -> None:
    """4, 4.4."""
    for phase in (Phase.SUSPECT, Phase.BOTH_DOWN):
        decision = decide(record_of(phase=phase, streak=streak_of()), round_of("HT", address=address_on("wk1")))
        assert (written(decision).phase, written(decision).streak) == (Phase.STEADY, None)
        unread = decide(record_of(phase=phase, streak=streak_of()), round_of("HT", address=None))
        assert (written(unread).phase, written(unread).streak) == (Phase.STEADY, None)


def test_a_failover_takes_the_address_fences_the_holder_and_remembers_its_boot() -> None:
    """1.1, 5.1, 6.1, 6.3, 6.6: one holder, and nobody gets the address before it was taken from the one before."""
    record = record_of(phase=Phase.SUSPECT, streak=streak_of())
    seen = round_of("TH", address=address_on("wk1"), machines=(machine("wk1", launched_s=77.0), machine("wk2")))
    decision = decide(record, seen)
    assert calls(decision) == ["disassociate wk1", "isolate wk1", "stop wk1"]
    fence = written(decision).fence("wk1")
    assert fence is not None
    assert (fence.launched_s, fence.epoch, fence.raised_s, fence.stop) == (77.0, 3, NOW_S, Debt(asked_s=NOW_S))
    assert {call.epoch for call in decision.commands} == {3}
    assert [call.association_id for call in decision.commands if call.do is Do.DISASSOCIATE] == ["assoc-2"]


def test_a_streak_does_not_outlive_the_announcement_that_its_worker_is_worked_on() -> None:
    """9.11: its silence counts for nothing, that of the rounds before too."""
    announced = Maintenance(worker="wk1", until_s=NOW_S + 60, who="mia", why="")
    decision = dead(maintenance=(announced,))
    assert (written(decision).phase, written(decision).streak, calls(decision)) == (Phase.STEADY, None, [])
    over = dead(maintenance=(replace(announced, until_s=NOW_S),))
    assert written(over).holder == "wk2"


@pytest.mark.parametrize(
    ("answers", "told_before", "telling"), [("HH", True, False), ("TH", True, True), ("HH", False, False)]
)
def test_in_a_pause_a_holder_that_answers_again_can_be_told_dead_again(
    answers: str, told_before: bool, telling: bool
) -> None:
    """9.6."""
    pause = Pause(until_s=NOW_S + 600, who="mia", why="")
    record = record_of(phase=Phase.PAUSED, pause=pause, suspicion_told=told_before, streak=streak_of())
    decision = decide(record, round_of(answers, address=address_on("wk1")))
    assert (written(decision).suspicion_told, told(decision)) == (telling, [])


@pytest.mark.parametrize(
    "silent",
    [{"grace_until_s": NOW_S + 60}, {"maintenance": (Maintenance(worker="wk1", until_s=NOW_S + 60, who="mia", why=""),)}],
    ids=["grace", "maintenance"],
)
def test_to_a_holder_whose_silence_does_not_count_no_address_is_brought_back(silent: dict[str, Any]) -> None:
    """5.11: "brought back to a holder that answers"; 1.7, 9.11."""
    elsewhere = address_on("wk2", "assoc-9")
    record = record_of(drift=Drift(association_id="assoc-9", reads=1), **silent)
    decision = decide(record, round_of("TH", address=elsewhere))
    assert (written(decision).epoch, calls(decision)) == (2, [])


@pytest.mark.parametrize(("power", "moves"), [(Power.STOPPED, False), (Power.RUNNING, True), (None, True)])
def test_a_holder_that_is_off_by_a_late_stop_of_ours_is_started_and_one_that_runs_is_replaced(
    power: Power | None, moves: bool
) -> None:
    """6.7."""
    done = Debt(asked_s=NOW_S - 300, answered=True)
    late = Fence(
        worker="wk1", epoch=1, launched_s=1.0, raised_s=NOW_S - 300, isolate=done, stop=done, seen_stopped_s=NOW_S - 9
    )
    record = record_of(phase=Phase.SUSPECT, phase_since_s=NOW_S - 2, streak=streak_of(), fences=(late,))
    shown = () if power is None else (machine("wk1", power, launched_s=1.0), machine("wk2"))
    decision = decide(record, round_of("TH", address=address_on("wk1"), machines=shown))
    assert (written(decision).holder == "wk2") is moves


@pytest.mark.parametrize("worker", ["", "wk1"])
def test_a_pause_ends_whether_the_address_is_on_its_holder_or_on_nobody(worker: str) -> None:
    """9.6: what is as the record says begins no epoch, and an address on nobody is seen to in the rounds that follow."""
    record = record_of(phase=Phase.PAUSED, pause=Pause(until_s=NOW_S, who="mia", why=""))
    decision = decide(record, round_of("HH", address=address_on(worker)))
    assert (written(decision).phase, written(decision).epoch, told(decision)) == (Phase.STEADY, 2, ["resumed"])


def test_a_suspicion_that_ended_is_forgotten_though_the_address_cannot_be_read() -> None:
    """4.3."""
    record = record_of(phase=Phase.SUSPECT, suspicion_told=True, streak=streak_of(rounds=0))
    decision = decide(record, round_of("HH", address=None))
    assert (written(decision).phase, written(decision).suspicion_told) == (Phase.STEADY, False)


def test_an_epoch_that_has_no_association_yet_and_an_address_on_nobody_do_not_agree() -> None:
    """5.11: two reads, and it is put on the holder."""
    once = decide(record_of(association_id=""), round_of("HH", address=address_on("")))
    assert (written(once).phase, written(once).drift) == (Phase.STEADY, Drift(association_id="", reads=1))
    assert calls(decide(written(once), round_of("HH", address=address_on("")))) == ["associate wk1"]


def test_reads_that_agree_are_counted_one_by_one() -> None:
    """5.11."""
    record = record_of(drift=Drift(association_id="assoc-9", reads=1), moves=(move_of(10.0),))
    decision = decide(record, round_of("HH", address=address_on("wk2", "assoc-9")))
    assert (written(decision).epoch, written(decision).drift) == (2, Drift(association_id="assoc-9", reads=2))
