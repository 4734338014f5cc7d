"""What the bench on Azure makes of raw logs and of its runs; no lab."""

from bench.__main__ import MEASUREMENTS, OF_CLOUD
from bench.azure import CELLS, Run, asked, part, rows
from infra.config.keys import Front
from lab.arm.times import TIMES
from lab.azure_cloud import OPERATOR

SAID = {"date": "2026-11-29", "commit": "abc1234", "machine": "2 cores", "load": "1.0", "engine": "the SDK's"}


def run(decided_s: float, cell: str = "address, high-availability, azure-new-plane", **more: int) -> Run:
    counted = {"calls": 20, "writes": 7} | more
    return Run(cell=cell, holder="wk1", decided_s=decided_s, moved_s=decided_s + 4, served_s=decided_s + 8, **counted)


def test_each_cell_has_its_rows_and_its_goal_is_held_by_what_comes_after_the_decision() -> None:
    made = rows([run(30.0), run(34.0), run(1.0, "balancer, fault-tolerant, azure-new-plane")])
    assert made[0] == "| address, high-availability, azure-new-plane: fault to decision | 32.00 | 34.00 | 34.00 | 2 |"
    assert made[3] == "| address, high-availability, azure-new-plane: decision to traffic | 8.00 | 8.00 | 8.00 | 2 |"
    assert len(made) == 8


def test_the_part_says_what_was_run_and_the_most_calls_of_a_move() -> None:
    text = part(SAID, [run(30.0, calls=21), run(31.0, calls=25, writes=9)], 2)
    assert "2 killed workers in each cell" in text
    assert "With fewer than 100 runs" in text
    assert "| address, high-availability, azure-new-plane | 25 | 9 |" in text


def test_calls_of_a_move_are_the_watchdogs_and_lie_within_it() -> None:
    lines = [
        {"t_in": t, "identity": who, "method": "GET"} for t, who in ((1.0, "w"), (2.0, "w"), (2.5, OPERATOR), (4.0, "w"))
    ]
    assert asked(lines, 1.5, 3.0) == [lines[1]]


def test_every_cell_is_of_a_front_and_a_profile_that_there_is() -> None:
    assert {cell.profile for cell in CELLS} <= set(TIMES)
    assert {cell.front for cell in CELLS} == {Front.ADDRESS.value, Front.BALANCER.value}
    assert [cell.options().config["tier"] for cell in CELLS] == [cell.tier for cell in CELLS]


def test_a_measurement_belongs_to_one_cloud() -> None:
    assert sorted(name for names in OF_CLOUD.values() for name in names) == sorted(MEASUREMENTS)
