"""What the bench says of simulated faults: a goal is met or missed by the figures, and what was found is told."""

from dataclasses import replace

import pytest

from bench.simulated import held_against, part
from prove.simulation.measured import DELAY, PLANS, Measured
from prove.simulation.stories import ARBITER_KILLED, CADENCE, LOOP

SAID = {"date": "2026-11-28", "commit": "abc1234", "seed": "1"}


def row(p50_s: float, p99_s: float, max_s: float = 0.0) -> dict[str, float]:
    return {"n": 1000, "p50_s": p50_s, "p95_s": p99_s, "p99_s": p99_s, "max_s": max_s or p99_s}


def measured(**changes: dict[str, float]) -> list[Measured]:
    """Every plan, with figures that meet every goal but those that are given."""
    death = {ARBITER_KILLED: row(6.0, 8.0), DELAY: row(4.0, 6.9)}
    good = {"killed": row(1.2, 1.9), "cut off": row(1.9, 2.9)} | {
        name.replace("_", " "): given for name, given in changes.items()
    }
    tables = [
        {story.name: good.get(story.name, row(2.0, 3.0)) for story in plan.stories} | (death if plan.dies else {})
        for plan in PLANS
    ]
    return [
        Measured(
            profile=plan.profile.name,
            words=plan.profile.words,
            runs=1000,
            table=table,
            by_step={},
            unrepaired=(),
            found=(),
            seconds=1.0,
        )
        for plan, table in zip(PLANS, tables, strict=True)
    ]


def missed(all_of_them: list[Measured]) -> list[tuple[str, str]]:
    return [(goal.goal, goal.what) for goal in held_against(all_of_them) if not goal.met]


def test_good_figures_meet_every_goal() -> None:
    assert missed(measured()) == []
    assert {goal.goal for goal in held_against(measured())} == {"G1", "G3", "G8", "G10", "G8, G9"}


def test_each_percentile_of_a_goal_counts() -> None:
    assert missed(measured(killed=row(1.31, 1.9))) == [("G1", f"{LOOP.name}: killed")]
    assert missed(measured(killed=row(1.2, 2.01))) == [("G1", f"{LOOP.name}: killed")]
    assert missed(measured(killed=row(1.2, 6.51)))[1:] == [("G3", f"{CADENCE.name}: killed")]


def test_one_class_that_takes_too_long_misses_g10() -> None:
    found = measured(store_down_60_s=row(80.0, 89.0, 90.1))
    assert [goal for goal, _ in missed(found)] == ["G10", "G10"]
    assert "the longest 90.10 s (store down 60 s)" in next(
        goal.reached for goal in held_against(found) if goal.goal == "G10"
    )


def test_a_run_without_a_move_misses_g10_and_g8_whatever_the_figures_say() -> None:
    found = measured()
    found[0] = replace(found[0], unrepaired=(f"{ARBITER_KILLED} 3 seed 7",))
    assert missed(found) == [("G8", f"{LOOP.name}: {DELAY}"), ("G10", f"{LOOP.name}: every class above")]


@pytest.mark.parametrize("at", range(len(PLANS)))
def test_what_the_checker_found_is_on_the_page(at: int) -> None:
    found = measured()
    found[at] = replace(found[at], found=("killed seed 9: one holder per epoch (1.5)",))
    assert [goal for goal, _ in missed(found)] == ["G8, G9"]
    assert "- Found: killed seed 9: one holder per epoch (1.5)" in part(SAID, found, held_against(found))


def test_the_page_names_seeds_source_and_every_class() -> None:
    page = part(SAID, measured(), held_against(measured()))
    assert "**Simulation**" in page
    assert "seeds 1 to 1000" in page
    assert "microburst 0.10.0" in page
    assert f"### {LOOP.name}\n" in page
    assert "| killed | 1.20 | 1.90 | 1.90 | 1.90 | 1000 |" in page
    assert "| G1 | 1 s loop: killed | p50 1.3 s, p99 2 s | p50 1.20 s, p99 1.90 s | met |" in page
