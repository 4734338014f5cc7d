"""Classes of fault in the lab: which there are, how often each is measured, and what the page says of them."""

from typing import Any

from bench.faults import GROUPS, NAMES, STEPS
from bench.faults_page import held_against, part


def entry(*moved_s: float, failed: str = "", load: str = "3.0 in the last minute") -> dict[str, Any]:
    runs = [{"moved_s": each} for each in moved_s]
    return {"date": "2026-11-28", "commit": "abc1234", "machine": "2 cores", "load": load, "failed": failed, "runs": runs}


def test_every_class_of_the_issue_is_there_once() -> None:
    assert len(set(NAMES)) == len(NAMES)
    single = {
        "killed",
        "refused",
        "frozen",
        "cut off",
        "slow",
        "zone lost",
        "wrong answer",
        "throttled 60 s",
        "store down 60 s",
    }
    assert single <= set(NAMES)
    assert {name for name in NAMES if name not in single} == {
        f"{who}: {step}" for who in ("arbiter killed", "arbiter killed, another waits") for step in STEPS
    }


def test_long_classes_are_measured_less_often_and_never_not_at_all() -> None:
    times = {name: group.runs(8) for group in GROUPS for name in group.injects}
    assert (times["killed"], times["zone lost"], times["throttled 60 s"]) == (8, 3, 3)
    assert {times[name] for name in NAMES if name.startswith("arbiter killed")} == {1}
    assert all(group.runs(1) == 1 for group in GROUPS)


def test_labs_bring_what_their_classes_break_and_hold_off_nothing() -> None:
    for group in GROUPS:
        options = group.options()
        assert options.config["holdSeconds"] == "0"
        assert options.schedule_divisor == 1.0
        assert options.api_faults == ("throttled 60 s" in group.injects)
        assert options.store_door == ("store down 60 s" in group.injects)
        assert group.second_arbiter == (options.config.get("arbiterStandby") == "true")


def test_a_class_has_a_row_with_its_number() -> None:
    page = part({"killed": entry(0.5, 1.0, 1.5), "cut off": entry(2.0)}, ["killed", "cut off"])
    assert "| killed | 1.00 | 1.50 | 1.50 | 3 |" in page
    assert "| cut off | 2.00 | 2.00 | 2.00 | 1 |" in page
    assert "the arbiter's death adds" not in page


def test_what_a_death_adds_is_counted_from_the_median_of_killed() -> None:
    classes = {
        "killed": entry(0.5, 1.0, 1.5),
        "arbiter killed: suspecting": entry(41.0),
        "arbiter killed: AssociateAddress unsent": entry(21.0),
        "arbiter killed, another waits: suspecting": entry(7.0),
    }
    page = part(classes, list(classes))
    assert "| arbiter killed, all steps | 30.00 | 40.00 | 40.00 | 2 |" in page
    assert "| arbiter killed, another waits, all steps | 6.00 | 6.00 | 6.00 | 1 |" in page


def test_what_could_not_be_measured_is_said() -> None:
    page = part({"killed": entry(1.0), "slow": entry(failed="the move did not come")}, ["killed", "slow", "zone lost"])
    assert "- Not measured yet: zone lost." in page
    assert "- slow: stopped after 0 runs: the move did not come" in page
    assert "| slow |" not in page


def test_the_loads_of_all_classes_are_told() -> None:
    page = part({"killed": entry(1.0, load="12.5 in"), "slow": entry(1.0, load="2.0 in")}, ["killed", "slow"])
    assert "load while it was measured: 2.0 to 12.5" in page


def test_goals_are_held_against_what_was_measured() -> None:
    good = {"killed": entry(1.2, 1.3), "cut off": entry(1.9, 1.9, 2.9), "arbiter killed: suspecting": entry(8.0)}
    assert [(goal.goal, goal.met) for goal in held_against(good)] == [
        ("G1", True),
        ("G1", True),
        ("G8", True),
        ("G10", True),
    ]
    assert not held_against({"killed": entry(1.31, 1.31)})[0].met
    assert not held_against({"cut off": entry(1.0, 1.0, 3.1)})[0].met
    late = held_against(good | {"arbiter killed: suspecting": entry(8.3)})
    assert [goal.goal for goal in late if not goal.met] == ["G8"]
    longest = held_against({"zone lost": entry(90.1)})[0]
    assert (longest.goal, longest.met, longest.reached) == ("G10", False, "the longest 90.10 s (zone lost)")


def test_a_class_that_could_not_be_played_misses_g10() -> None:
    assert not held_against({"killed": entry(1.0), "slow": entry(1.0, failed="the move did not come")})[-1].met


def test_nothing_is_held_against_nothing() -> None:
    assert held_against({"killed": entry(failed="the lab did not start")}) == []
