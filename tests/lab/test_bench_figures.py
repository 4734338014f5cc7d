"""What the bench works out of a run, and that one measurement leaves the page of the other alone."""

import math
from pathlib import Path

import pytest

from bench.figures import Spread, planned_rows
from bench.page import parts_of, put
from bench.planned import PlannedRun, without_s

ANSWERS = [(9.0, "wk1"), (9.9, "wk1"), (10.2, "wk1"), (11.5, "wk2"), (30.0, "wk2")]


def test_a_client_goes_without_from_its_last_answer_to_the_new_holders_first() -> None:
    assert without_s(ANSWERS, 10.0, "wk1") == pytest.approx(1.3)
    assert without_s(ANSWERS, 9.95, "wk1") == pytest.approx(1.3), "what comes after the new holder's first is no outage"


def test_the_gap_that_the_request_fell_into_counts_whole() -> None:
    assert without_s([(5.0, "wk1"), (10.1, "wk1"), (10.2, "wk2")], 10.0, "wk1") == pytest.approx(5.1)


def test_a_client_that_never_came_back_is_no_figure() -> None:
    assert without_s(ANSWERS[:3], 10.0, "wk1") == math.inf


def test_a_percentile_is_the_value_at_its_rank() -> None:
    spread = Spread.of(float(number) for number in range(1, 101))
    assert (spread.p50, spread.p95, spread.p99, spread.largest, spread.n) == (50.5, 95.0, 99.0, 100.0, 100)
    assert Spread.of([3.0, 1.0]).p99 == 3.0


def run(moved_s: float, *, hand_over: bool = False) -> PlannedRun:
    return PlannedRun(
        source="wk1",
        decided_s=moved_s - 0.25,
        moved_s=moved_s,
        answered_s=moved_s + 0.5,
        outage_s=0.2,
        http_outage_s=0.1,
        hand_over=hand_over,
    )


def test_hand_overs_have_a_row_where_there_were_any() -> None:
    plain, with_one = planned_rows([run(1.0), run(2.0)]), planned_rows([run(1.0), run(2.0, hand_over=True)])
    assert plain[1] == "| request stored to accepted move | 1.50 | 2.00 | 2.00 | 2 |"
    assert with_one[:-1] == plain
    assert with_one[-1] == "| hand-over of the lease inside: to accepted move | 2.00 | 2.00 | 2.00 | 1 |"


def test_a_part_takes_the_place_of_its_own_and_leaves_the_others(tmp_path: Path) -> None:
    page = tmp_path / "BENCHMARKS.md"
    put(page, "failover", "## Failover\n\nold")
    put(page, "planned", "## Planned\n\nten runs")
    whole = put(page, "failover", "## Failover\n\nnew")
    assert parts_of(whole) == {"failover": "## Failover\n\nnew", "planned": "## Planned\n\nten runs"}
    assert page.read_text() == whole
    assert "old" not in whole
