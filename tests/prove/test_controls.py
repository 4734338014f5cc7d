"""Every negative control is found, every page of docs/proof/ is what the search tells, and every world is clean."""

import pytest

from prove import controls, defects, pages, run, worlds

pytestmark = pytest.mark.prove

STATES = 6_000
FOLLOWED = 200


@pytest.mark.parametrize("control", controls.CONTROLS, ids=lambda control: control.name)
def test_the_control_is_found_and_its_page_is_current(control: controls.Control) -> None:
    verdict = controls.run(control)
    assert verdict.story, f"{control.name}: {control.invariant} is not broken in {verdict.found.states} states"
    page = pages.STORIES / f"{control.name}.txt"
    assert page.read_text() == pages.control_page(control, verdict.story), "run: python -m prove controls --write"


@pytest.mark.parametrize("small", worlds.WORLDS, ids=lambda small: small.name)
def test_nothing_is_found_in_the_world(small: worlds.Small) -> None:
    searched = run.search_world(small, STATES, FOLLOWED)
    assert searched.states >= min(STATES, 100)
    assert searched.violations == ()


def test_no_page_is_left_of_what_is_no_more() -> None:
    told = {f"{control.name}.txt" for control in controls.CONTROLS}
    told |= {f"defect-{defect.name}.txt" for defect in defects.DEFECTS}
    assert {page.name for page in pages.STORIES.glob("*.txt")} == told


def test_a_known_defect_is_still_there() -> None:
    """One that is repaired is no known defect any more: delete its entry and make it a control."""
    for defect in defects.DEFECTS:
        assert defects.story_of(defect), defect.name
