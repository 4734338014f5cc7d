"""The simulation's checker, fed with events by hand: when a budget begins anew, and when not."""

from dataclasses import replace

import pytest

from failover_lambda.model import Phase, Reply, Request, Verb
from prove.simulation import events
from prove.simulation.checker import Violation, Watch
from tests.spec.desk import SETTINGS, record_of


def fresh_budgets(before: Phase, after: Phase, *, asked: Verb, told: bool, done: bool = True, known: bool = False) -> int:
    """How often the budget begins anew when the phase changes in a write that may tell of a request."""
    found: list[Violation] = []
    watch = Watch(SETTINGS, found)
    begun: list[float] = []
    watch.judge.fresh_budget = lambda: begun.append(1.0)  # type: ignore[method-assign]
    request = Request(id="r-1", site="lis", verb=asked, who="mia", why="", asked_s=0.0, patience_s=60.0)
    replies = (Reply(id="r-1", done=done, why=""),) if told else ()
    first = record_of(version=1, epoch=1, phase=before, manual="the budget is spent", replies=replies if known else ())
    for event in (
        events.LeaseTaken(0.0, "lis", "arb1", 1),
        events.Asked(0.0, "lis", request),
        events.Stored(1.0, "lis", "arb1", 1, first),
        events.Stored(2.0, "lis", "arb1", 1, replace(first, version=2, phase=after, replies=replies)),
    ):
        watch.see(event)
    assert not found
    return len(begun)


def test_a_resume_that_ends_manual_begins_the_budget_anew() -> None:
    """RULE 1.8, 9.6: also where the address is on nobody, so that no epoch begins."""
    assert fresh_budgets(Phase.MANUAL, Phase.STEADY, asked=Verb.RESUME, told=True) == 1


@pytest.mark.parametrize(
    ("verb", "told", "done", "known"),
    [
        (Verb.RESUME, False, True, False),
        (Verb.RESUME, True, False, False),
        (Verb.RESUME, True, True, True),
        (Verb.ACKNOWLEDGE, True, True, False),
    ],
    ids=["nobody was told so", "it was refused", "an earlier one", "another request"],
)
def test_nothing_else_that_ends_manual_does(verb: Verb, *, told: bool, done: bool, known: bool) -> None:
    assert fresh_budgets(Phase.MANUAL, Phase.STEADY, asked=verb, told=told, done=done, known=known) == 0


def test_a_watchdog_that_is_switched_on_has_a_fresh_budget_and_one_that_stays_as_it_is_has_none() -> None:
    """RULE 1.8."""
    assert fresh_budgets(Phase.DISABLED, Phase.STEADY, asked=Verb.RESUME, told=False) == 1
    assert fresh_budgets(Phase.MANUAL, Phase.MANUAL, asked=Verb.RESUME, told=True) == 0
