"""The search itself: it finds what is there, tells it as a story, and merges no states that differ."""

import dataclasses
import random

import pytest

from failover_lambda import motion, moves
from prove import controls, worlds
from prove.fold import NOW_S, Timing
from prove.liveness import Liveness
from prove.parts import LEADER, NAME_BITS, Deployed, Machine, Site
from prove.patches import patched
from prove.rounds import TIMEOUT, View, as_round, show
from prove.search import Search, packed, unpacked
from prove.small import Budget, Small, settings_of
from prove.world import State, World

pytestmark = pytest.mark.prove

TINY = Small(
    name="tiny",
    about="one service dies, one read of the address is old",
    budget=Budget(kill=1, wrong=1),
    views=(View.TRUE, View.STALE),
)
QUICK = (
    "call-before-record",
    "adoption-without-epoch",
    "one-failing-round",
    "without-anchors",
    "one-stale-read",
    "write-without-token",
    "failback-without-a-window",
    "request-forgotten",
    "epochs-begin-anew",
    "no-way-from-disabled",
    "replaced-though-switched-off",
    "watching-moves",
    "streak-outlives-manual",
)


def test_a_tiny_world_is_searched_to_its_end_and_nothing_is_found() -> None:
    search = Search(TINY)
    found = search.run(20_000)
    assert found.ended
    assert found.states > 500
    assert found.violations == {}
    lively = Liveness(search).check(search.before)
    assert (lively.followed, lively.violation) == (found.states, "")


@pytest.mark.parametrize("name", QUICK)
def test_a_guard_that_is_taken_out_is_found_by_its_name(name: str) -> None:
    verdict = controls.run_named(name)
    assert verdict.story
    assert f"** breaks {verdict.control.invariant}" in verdict.story[-1]


def test_a_story_is_told_in_the_words_of_the_rule() -> None:
    """Workers and associations keep their names, though the search renames them as it goes."""
    told = "\n".join(controls.run_named("kept-association").story)
    assert told.startswith("0. The address is on wk1 (a1). Record: epoch 1, phase steady, holder wk1, association a1.")
    assert (
        "It sends: end association a1; isolate wk1; stop wk1. Record: epoch 2, phase fencing, holder wk2, to end a1" in told
    )
    assert told.endswith('6. The call "end association a1" of epoch 2 lands. The address is on nobody. ** breaks S9 **')


def test_a_site_that_never_comes_to_rest_is_found() -> None:
    verdict = controls.run_named("never-believed")
    assert verdict.story
    assert "phase verifying" in "\n".join(verdict.story)


def test_a_patch_that_misses_its_aim_is_an_error_and_all_are_put_back() -> None:
    was = motion.REFUSALS_TO_RETARGET
    with (
        pytest.raises(AttributeError, match="no_such_guard"),
        patched([(motion, "REFUSALS_TO_RETARGET", 9), (motion, "no_such_guard", 1)]),
    ):
        pass
    assert was == motion.REFUSALS_TO_RETARGET


def test_no_two_states_share_a_key() -> None:
    dice = random.Random(7)
    for _ in range(1000):
        state = State(*(dice.randrange(1 << 20) for _ in range(6)))
        assert unpacked(packed(state)) == state


def test_states_that_differ_by_names_only_are_one() -> None:
    """A site after one failover, left alone for a day, is the site before it with its workers in turn."""
    search = Search(dataclasses.replace(TINY, views=(View.TRUE,), budget=Budget(kill=1, heal=1, on=1)))
    search.run(5_000)
    world = search.world
    names = [world.names_of(unpacked(key)) for key in search.before]
    assert all(ids + 2 & ids == 0 for ids in (each & (1 << NAME_BITS) - 1 for each in names))
    assert max(each >> NAME_BITS for each in names).bit_length() <= 4


def test_time_ahead_is_over_or_in_its_class() -> None:
    timing = Timing()
    assert timing.ahead(NOW_S - 1) == timing.folded(NOW_S - 90_000)
    assert timing.ahead(NOW_S + 30) == timing.ahead(NOW_S + 52) == NOW_S + 52
    with pytest.raises(ValueError, match="further than time can pass"):
        timing.ahead(NOW_S + 1e6)


def test_who_is_not_configured_is_asked_by_nobody_and_is_a_stranger() -> None:
    """RULE 1.9, 1.10: the machine is there, and the address can be on it."""
    small = dataclasses.replace(TINY, workers=3)
    machine = Machine(off=False, isolated=False, serves=True)
    site = Site(machines=(machine,) * 3, at=2, id=1, hand=0, was_at=2, was_id=1)
    shown = show(site, View.TRUE, 0, TIMEOUT, public=False)
    told = settings_of(small, Deployed(out=(2,)))
    seen = as_round(shown, LEADER, settings_of(small), out=(2,))
    assert [worker.name for worker in told.workers] == ["wk1", "wk2"]
    assert {report.worker for sight in seen.sights for report in sight.reports} == {"wk1", "wk2"}
    assert seen.address
    assert seen.address.association
    assert moves.member_with(seen.address.association, told) is None
    assert moves.member_with(seen.address.association, settings_of(small)) is not None


def test_a_site_keeps_two_workers_when_others_are_taken_out() -> None:
    world = World(dataclasses.replace(TINY, workers=3, budget=Budget(member=2), turns=False))
    start = world.start()
    once = [step for step in world.deployments(start) if step.action[0] == "deploy"]
    assert [step.action[1].out for step in once] == [(0,), (1,), (2,)]
    assert [step.action[1].out for step in world.deployments(once[0].state) if step.action[0] == "deploy"] == [()]


def test_an_unknown_world_names_those_there_are() -> None:
    with pytest.raises(SystemExit, match="there is no world 'x'; there are one-lost-call, "):
        worlds.named("x")
