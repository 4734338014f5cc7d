"""Single faults: each story ends with a move, an arbiter's death costs time and nothing else, and both replay."""

import json
from pathlib import Path

import pytest

from prove.simulation import measured
from prove.simulation.stories import ARBITER_KILLED, LOOP, PATIENT, STORIES, Story, interrupt, tell, with_standby


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_single_fault_is_repaired(story: Story) -> None:
    told = tell(story, 1)
    assert not told.found
    assert told.seconds is not None
    outlasts = 60.0 if story.name.endswith("60 s") else 0.0
    assert outlasts < told.seconds < outlasts + 30.0
    assert told == tell(story, 1)


def test_an_arbiter_that_dies_before_the_move_delays_it_and_one_that_dies_after_it_does_not() -> None:
    first = interrupt(2, 0)
    assert first
    last = interrupt(2, first.of - 1)
    assert last
    assert (first.step, last.step, last.of) == (1, first.of, first.of)
    assert first.delay_s is not None
    assert first.delay_s > 1.0
    assert last.delay_s == 0.0
    assert not first.found
    assert not last.found


def test_a_second_arbiter_that_waits_leads_when_the_lease_has_run_out() -> None:
    waits = with_standby(LOOP).shape
    lease_s, round_s = 6.0, 1.0
    for seed, step in ((1, 0), (12, 11)):
        told = interrupt(seed, step, shape=waits)
        assert told
        assert told.delay_s is not None
        assert told.delay_s < lease_s + 2 * round_s
        assert not told.found, "a write that was under way when its arbiter died has the evidence of its rounds"


def test_a_grace_for_the_silent_is_waited_for() -> None:
    frozen = next(story for story in STORIES if story.name == "frozen")
    soon, late = (tell(frozen, 1, shape=profile.shape).seconds for profile in (LOOP, PATIENT))
    assert soon is not None
    assert late is not None
    assert soon < 5.0
    assert late > PATIENT.shape.slow_grace_s


def test_a_machine_that_never_stops_delays_no_move() -> None:
    lost, hung = (
        tell(next(story for story in STORIES if story.name == name), 3, shape=LOOP.shape)
        for name in ("zone lost", "zone lost, its machine never stops")
    )
    assert hung.seconds == lost.seconds


@pytest.mark.prove
@pytest.mark.parametrize("processes", [1, 2])
def test_measuring_gives_every_class_its_figures(tmp_path: Path, processes: int) -> None:
    found = measured.measure_all(1, 2, processes)
    out = tmp_path / "repair-times.json"
    measured.write(found, out)
    loop, waiting, patient, cadence, _ = json.loads(out.read_text())["profiles"]
    deaths = {ARBITER_KILLED, measured.DELAY}
    assert set(loop["table"]) == set(cadence["table"]) == {story.name for story in STORIES} | deaths
    assert set(waiting["table"]) == deaths
    assert set(patient["table"]) == {"frozen", "slow"}
    assert loop["table"]["killed"]["n"] == 2
    for one in found:
        assert not one.found
        assert not one.unrepaired
    assert any(line.startswith("killed ") for line in measured.rows(found[0]))
