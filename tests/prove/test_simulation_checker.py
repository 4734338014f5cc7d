"""The simulation's checker, fed with events by hand: when a budget begins anew, and what order is when the calm is over."""

from dataclasses import replace

import pytest

from failover_lambda.model import Kind, Phase, Reply, Request, Verb
from prove.simulation import events
from prove.simulation.checker import Violation, Watch
from prove.simulation.events import Calm, Truth
from prove.simulation.evidence import Rounds
from prove.simulation.verdicts import Judge
from tests.fakes import make_settings
from tests.spec.desk import SETTINGS, address_on, intent_of, record_of


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


@pytest.mark.parametrize(("again_s", "found"), [(159.0, 0), (155.0, 1)])
def test_a_hold_is_counted_from_decision_to_decision_however_long_the_store_takes(again_s: float, found: int) -> None:
    """RULE 5.12; seed 957: a store that answered three seconds late made a hold of 60 s look like one of 57."""
    broken: list[str] = []
    rounds = Rounds()
    judge = Judge(make_settings(hold_s=60.0), rounds, lambda rule, _: broken.append(rule))
    settled, moved = record_of(epoch=1), record_of(epoch=2, intent=intent_of(Kind.RECONCILE))
    for round_s, stored_s in ((100.0, 103.0), (again_s, again_s + 0.1)):
        rounds.looked(
            events.Looked(round_s, "lis", "arb1", "prober-a", "a", anchor=True, arrives_s=round_s, in_time=True, answers={})
        )
        judge.new_epoch("arb1", settled, moved, stored_s)
    assert broken == ["a hold lies between two moves (5.12)"] * found


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        (("wk1", "wk1"), 0),
        (("wk2", "wk1"), 0),
        (("wk1", "wk2"), 0),
        (("wk2", "wk2"), 2),
    ],
    ids=["in order", "a move had just ended", "a move has just begun", "out of order"],
)
def test_what_is_out_of_order_both_times_is_wrong(shown: tuple[str, str], found: int) -> None:
    """RULE 1.4: the association and the holder are the record's."""
    violations: list[Violation] = []
    watch = Watch(SETTINGS, violations)
    watch.see(events.LeaseTaken(0.0, "lis", "arb1", 1))
    watch.see(events.Stored(1.0, "lis", "arb1", 1, record_of(version=1, epoch=1)))
    for ask, worker in enumerate(shown):
        association = address_on(worker, "assoc-2" if worker == "wk1" else "assoc-7").association
        machines = {each.name: each.instance_id for each in SETTINGS.workers}
        truth = Truth(association=association, instances=machines, serving=dict.fromkeys(machines, True), enabled=True)
        watch.see(Calm(2.0 + ask, "lis", ends=True, last=ask == len(shown) - 1, truth=truth))
    assert [violation.name for violation in violations] == ["in order again after the last fault (1.4, L1 to L5)"] * found
