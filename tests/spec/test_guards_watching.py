"""RULE.md 4.7 to the field: what a round that is only watched leaves as it was, and what it learns."""

from dataclasses import replace

import pytest

from failover_lambda import rule
from failover_lambda.model import AddressView, Decision, Drift, Phase, Record, Verdict
from tests.spec.desk import NOW_S, SETTINGS, address_on, calls, decide, record_of, round_of, streak_of, told, written

WATCHING = replace(SETTINGS, watch_only=True)
HOME = address_on("wk1")
STRANGE = address_on("wk1", "assoc-9", instance_id="i-9", network_interface_id="eni-9")


def watched(record: Record, answers: str, address: AddressView | None = HOME) -> Decision:
    decision = decide(replace(record, watched_only=True), round_of(answers, address=address), settings=WATCHING)
    assert calls(decision) == []
    return decision


def test_a_failing_round_makes_a_steady_site_suspect_and_an_answer_makes_it_steady() -> None:
    """3.17, 4.3: so rounds follow at burst cadence, and the minute of its suspicion is counted."""
    doubted = written(watched(record_of(phase_since_s=NOW_S - 500), "TH"))
    assert doubted.streak is not None
    assert (doubted.phase, doubted.phase_since_s, doubted.epoch, doubted.would) == (Phase.SUSPECT, NOW_S, 2, "")
    assert rule.in_doubt(doubted)
    well = watched(doubted, "HH")
    assert (written(well).phase, written(well).would, told(well)) == (Phase.STEADY, "", [])


@pytest.mark.parametrize("phase", [Phase.DISABLED, Phase.BOTH_DOWN, Phase.MANUAL])
def test_a_failing_round_changes_no_other_phase(phase: Phase) -> None:
    """4.7."""
    before = record_of(
        phase=phase, phase_since_s=NOW_S - 500, acknowledged="mia", manual="?" if phase is Phase.MANUAL else ""
    )
    after = written(watched(before, "TH"))
    assert (after.phase, after.phase_since_s, after.acknowledged) == (phase, NOW_S - 500, "mia")
    assert (after.reason, after.would) == (before.reason, "")


@pytest.mark.parametrize(("lasted_s", "telling"), [(59.999, []), (60.0, ["suspect-for-long"])])
def test_a_suspicion_that_only_is_watched_is_told_when_its_minute_is_full(lasted_s: float, telling: list[str]) -> None:
    """4.3."""
    before = record_of(phase=Phase.SUSPECT, phase_since_s=NOW_S - lasted_s, streak=streak_of(rounds=0))
    decision = watched(before, "TH")
    assert (told(decision), written(decision).suspicion_told) == (telling, bool(telling))


def test_that_a_holder_is_well_is_nothing_that_would_be_done() -> None:
    decision = watched(record_of(), "HH")
    assert (written(decision).would, written(decision).phase, told(decision)) == ("", Phase.STEADY, [])


def test_what_would_be_done_is_told_in_the_very_second_in_which_the_phase_began() -> None:
    decision = watched(record_of(phase_since_s=NOW_S, streak=streak_of(Verdict.ALL_DEAD)), "TT")
    assert (written(decision).would, told(decision)) == ("be both-down", ["both-down"])


def test_a_notice_of_what_would_be_done_is_counted_as_one() -> None:
    """Else the next one would have its name."""
    decision = watched(record_of(notices=4, drift=Drift(association_id="assoc-9", reads=1)), "HH", STRANGE)
    assert (written(decision).would, told(decision), written(decision).notices) == ("be manual", ["manual"], 5)


def test_a_doubt_that_stands_keeps_what_was_told() -> None:
    """Of an address that is elsewhere by one read: else the second read would tell it again."""
    before = record_of(would="adopt wk2")
    after = written(watched(before, "HH", address_on("wk2", "assoc-9")))
    assert after.drift is not None
    assert after.would == "adopt wk2"
    assert written(watched(before, "HH")).would == ""
