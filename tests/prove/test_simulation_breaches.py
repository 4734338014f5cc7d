"""The checker sees: each guard is taken away, and what follows is named. Three at once, all of them in the larger tier."""

import pytest

from prove.simulation.breaches import BREACHES, SHORT, SITES, Breach, find, names_in
from prove.simulation.summary import read_story
from prove.simulation.world import play

pytestmark = pytest.mark.prove

QUICK = {"one-call move", "one vantage decides, by its evidence", "a leader that ignores the lease"}


def by_name(names: set[str]) -> list[Breach]:
    chosen = [breach for breach in BREACHES if breach.name in names]
    assert len(chosen) == len(names)
    return chosen


def is_named(breach: Breach) -> None:
    outcome = find(breach)
    assert outcome, f"nobody saw {breach.name!r} in the seeds {breach.seeds}"
    story = read_story(outcome)
    assert f"seed {outcome.seed}" in story
    assert breach.found in story
    assert f"python -m prove.simulation --replay {outcome.seed}" in story


@pytest.mark.parametrize("breach", by_name(QUICK), ids=lambda breach: breach.name)
def test_a_planted_breach_is_named(breach: Breach) -> None:
    is_named(breach)


@pytest.mark.prove
@pytest.mark.parametrize("breach", by_name({breach.name for breach in BREACHES} - QUICK), ids=lambda breach: breach.name)
def test_every_other_planted_breach_is_named(breach: Breach) -> None:
    is_named(breach)


def test_without_a_breach_nothing_is_found() -> None:
    outcome = play(1, sites=SITES, length=SHORT)
    assert not list(names_in(outcome)), read_story(outcome)
    assert outcome.failovers
