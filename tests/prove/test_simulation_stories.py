"""Single faults: each story ends with a move, an arbiter's death costs time and nothing else, and both replay."""

import json
from pathlib import Path

import pytest

from prove.simulation import measured
from prove.simulation.stories import ARBITER_KILLED, STORIES, Story, interrupt, tell


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


@pytest.mark.prove
def test_measuring_gives_every_class_its_figures(tmp_path: Path) -> None:
    found = measured.measure(1, 2, 1)
    out = tmp_path / "repair-times.json"
    measured.write(found, out)
    table = json.loads(out.read_text())["table"]
    assert set(table) == {story.name for story in STORIES} | {ARBITER_KILLED, measured.DELAY}
    assert table["killed"]["n"] == 2
    assert not found.found
    assert not found.unrepaired
    assert found.step.n > 100
    assert 0 < found.step.median_us <= found.step.p95_us <= found.step.max_us
    assert any(line.startswith("rule.step: median") for line in measured.rows(found))
