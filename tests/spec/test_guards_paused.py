"""RULE.md 9.6 to the field and the second: what a pause tells, how it ends, and what is forgotten then."""

from dataclasses import replace
from typing import Any

import pytest

from failover_lambda.model import Drift, Kind, Pause, Phase, Record, Verdict
from tests.spec.desk import (
    NOW_S,
    SETTINGS,
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

HOME = address_on("wk1")


def paused(*, left_s: float = 500.0, nobody_since_s: float | None = None, warned: bool = False, **changes: Any) -> Record:
    """A pause by mia, with so much left of it."""
    pause = Pause(until_s=NOW_S + left_s, who="mia", why="patch", nobody_since_s=nobody_since_s, warned=warned)
    return record_of(phase=Phase.PAUSED, pause=pause, **changes)


def test_in_a_pause_people_are_told_once_when_no_worker_answers() -> None:
    """9.6: a holder that is dead is told, and so is that all are."""
    record = paused(streak=streak_of(Verdict.ALL_DEAD))
    decision = decide(record, round_of("TT", address=HOME))
    assert (told(decision), calls(decision), written(decision).suspicion_told) == (["holder-dead-in-pause"], [], True)


@pytest.mark.parametrize(("left_s", "telling"), [(60.001, []), (60.0, ["pause-ends"]), (0.5, ["pause-ends"])])
def test_its_end_is_told_when_its_last_minute_begins(left_s: float, telling: list[str]) -> None:
    decision = decide(paused(left_s=left_s), round_of("HH", address=HOME))
    assert (told(decision), written(decision).phase) == (telling, Phase.PAUSED)
    assert told(decide(paused(left_s=left_s, warned=True), round_of("HH", address=HOME))) == []


@pytest.mark.parametrize(("since_s", "asked"), [(29.999, []), (30.0, ["associate wk1"])])
def test_an_address_on_nobody_is_put_back_when_the_move_deadline_is_full(since_s: float, asked: list[str]) -> None:
    """5.9, 9.6."""
    decision = decide(paused(nobody_since_s=NOW_S - since_s), round_of("HH", address=address_on("")))
    assert SETTINGS.move_deadline_s == 30.0
    assert calls(decision) == asked


def test_a_pause_whose_end_finds_the_address_unread_ends_with_the_next_read() -> None:
    record = paused(left_s=-1.0)
    decision = decide(record, round_of("HH", address=None))
    assert (written(decision).phase, written(decision).pause, calls(decision)) == (Phase.PAUSED, record.pause, [])
    assert decision.reason == "the pause is over, and the address could not be read yet"


def test_what_was_counted_and_told_in_a_pause_is_forgotten_at_its_end() -> None:
    """9.6: streaks are fresh; a suspicion is told anew, and home has to be well for a minute anew."""
    record = paused(
        left_s=0.0,
        streak=streak_of(),
        drift=Drift(association_id="assoc-9", reads=1),
        suspicion_told=True,
        home_healthy_s=NOW_S - 100,
        home_watched="wk1",
    )
    after = written(decide(record, round_of("TH", address=HOME)))
    assert (after.phase, after.pause, after.streak, after.drift) == (Phase.STEADY, None, None, None)
    assert (after.suspicion_told, after.home_healthy_s) == (False, None)


def test_an_address_that_is_on_nobody_when_a_pause_ends_is_put_back_with_the_next_read() -> None:
    """1.8, 9.6, 5.11: a read of before the end is none of the two."""
    nobody = address_on("")
    first = written(decide(paused(left_s=0.0, drift=Drift(association_id="", reads=1)), round_of("HH", address=nobody)))
    assert (first.phase, first.drift) == (Phase.STEADY, Drift(association_id="", reads=1))
    assert calls(decide(first, round_of("HH", address=nobody))) == ["associate wk1"]


def test_home_has_to_be_well_for_a_minute_of_its_own_after_a_pause() -> None:
    """9.6, 10.4: nobody looked as long as nothing could follow."""
    record = paused(left_s=0.0, holder="wk2", home_healthy_s=NOW_S - 100, home_watched="wk1")
    fails_back = replace(SETTINGS, failback_enabled=True)
    machines = (machine("wk1"), machine("wk2"))
    decision = decide(record, round_of("HH", address=address_on("wk2"), machines=machines), settings=fails_back)
    assert written(decision).home_healthy_s == NOW_S


@pytest.mark.parametrize(
    "shown",
    [address_on("wk1", "assoc-9"), address_on("wk1", private_ip="10.9.9.9")],
    ids=["another association", "another private address"],
)
def test_only_the_very_association_of_the_record_begins_no_epoch(shown: Any) -> None:
    """9.6: whatever else the cloud shows is adopted, or brought where it belongs."""
    after = written(decide(paused(left_s=0.0), round_of("HH", address=shown)))
    assert after.epoch == 3
    assert after.intent is None or after.intent.kind is Kind.RECONCILE


def test_the_very_association_of_the_record_begins_none() -> None:
    decision = decide(paused(left_s=0.0), round_of("HH", address=HOME))
    assert (written(decision).epoch, told(decision)) == (2, ["resumed"])


@pytest.mark.parametrize(("age_s", "sent"), [(59.0, []), (60.0, ["disassociate wk1"])], ids=["in the hold", "after it"])
def test_an_address_on_another_card_at_the_end_of_a_pause_waits_for_the_hold(age_s: float, sent: list[str]) -> None:
    """9.6, 5.11, 5.12: it is adopted as it is, and brought where it belongs when a move may be made. Found by the search."""
    record = paused(left_s=0.0, moves=(move_of(age_s),))
    decision = decide(record, round_of("HH", address=address_on("wk1", "assoc-9", private_ip="10.0.1.99")))
    assert (written(decision).epoch, written(decision).holder, calls(decision)) == (3, "wk1", sent)


def test_what_was_not_told_is_not_taken_back() -> None:
    record = paused()
    assert written(decide(record, round_of("HH", address=HOME))).suspicion_told is False
    assert written(decide(replace(record, suspicion_told=True), round_of("HH", address=HOME))).suspicion_told is False
