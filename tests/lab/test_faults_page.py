"""docs/FAULTS.md: a line for each scenario, from kept results; nobody edits it by hand unnoticed."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.scenarios import page
from lab.scenarios.registry import SCENARIOS

RUN: dict[str, Any] = {
    "name": "worker-killed",
    "date": "2026-11-22",
    "commit": "abc1234",
    "profile": "instant",
    "schedule_divisor": 10,
    "passed": True,
    "unmet": [],
    "seen": "wk1 was killed | and wk2 took over.",
    "seconds": {"decided": 0.94, "moved": 0.97, "verified": 1.5, "outage": None},
}
TABLE = {"title": "Calls", "date": "2026-11-22", "note": "One at a time.", "columns": ["call", "seen"], "rows": [["a", 7]]}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in for the repository: results in `results`, tables in `tables`."""
    monkeypatch.setattr(page, "LEDGER", tmp_path / "faults.json")
    monkeypatch.setattr(page, "PAGE", tmp_path / "FAULTS.md")
    for name in ("results", "tables"):
        (tmp_path / name).mkdir()
    return tmp_path


def write(place: Path) -> str:
    assert page.write(place / "results", place / "tables") == 0
    return (place / "FAULTS.md").read_text()


def test_the_page_of_this_repository_is_what_its_results_and_the_registry_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert page.compare() == 0, capsys.readouterr().err


def test_every_scenario_of_the_registry_has_its_line() -> None:
    text = page.PAGE.read_text()
    assert [name for name in SCENARIOS if text.count(f"| `{name}` |") != 1] == []


def test_an_edit_by_hand_is_noticed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = write(place)
    assert page.compare() == 0
    (place / "FAULTS.md").write_text(text.replace("not run yet", "passed", 1))
    assert page.compare() == 1
    assert capsys.readouterr().err == "FAULTS.md is not up to date: run python -m lab faults-page\n"


def test_a_result_becomes_a_line_with_its_seconds_profile_and_date(place: Path) -> None:
    (place / "results" / "worker-killed.json").write_text(json.dumps(RUN))
    line = next(line for line in write(place).splitlines() if line.startswith("| `worker-killed` |"))
    assert "wk1 was killed / and wk2 took over." in line, "a bar would begin another cell"
    assert "decided 0.94, moved 0.97 |" in line
    assert "2026-11-22, abc1234, profile instant, schedule / 10" in line


def test_a_failed_run_says_so_and_names_what_broke(place: Path) -> None:
    failed = RUN | {"passed": False, "unmet": ["nothing-moved"], "schedule_divisor": 1}
    (place / "results" / "worker-killed.json").write_text(json.dumps(failed))
    text = write(place)
    assert "**FAILED: nothing-moved.** wk1 was killed" in text
    assert "real minutes" in text


def test_results_are_kept_when_the_next_run_is_of_another_scenario(place: Path) -> None:
    (place / "results" / "worker-killed.json").write_text(json.dumps(RUN))
    write(place)
    (place / "results" / "worker-killed.json").unlink()
    (place / "results" / "worker-frozen.json").write_text(json.dumps(RUN | {"name": "worker-frozen"}))
    assert write(place).count("abc1234") == 2


def test_a_result_of_a_scenario_that_is_gone_goes_too(place: Path) -> None:
    (place / "faults.json").write_text(json.dumps({"runs": {"no-more": RUN}, "tables": {}}))
    write(place)
    assert json.loads((place / "faults.json").read_text())["runs"] == {}


def test_a_result_on_azure_has_a_line_of_its_own_and_leaves_the_other_clouds_alone(place: Path) -> None:
    (place / "results" / "azure").mkdir()
    (place / "results" / "azure" / "arbiters-two-at-once.json").write_text(
        json.dumps(RUN | {"name": "arbiters-two-at-once", "schedule_divisor": 1})
    )
    lines = write(place).splitlines()
    (there,) = [line for line in lines if line.startswith("| `arbiters-two-at-once`, Azure |")]
    (here,) = [line for line in lines if line.startswith("| `arbiters-two-at-once` |")]
    assert "wk1 was killed / and wk2 took over." in there
    assert "not run yet" in here


def test_a_table_of_other_faults_has_a_place_of_its_own(place: Path) -> None:
    assert "No results yet." in write(place)
    (place / "tables" / "api.json").write_text(json.dumps(TABLE))
    text = write(place)
    assert "## Calls\n\nOne at a time. Run on 2026-11-22.\n\n| call | seen |\n| --- | --- |\n| a | 7 |\n" in text
    assert "No results yet." not in text


@pytest.mark.parametrize(("folder", "missing"), [("results", "date, commit"), ("tables", "title, date")])
def test_a_file_that_is_no_result_is_named_with_what_it_lacks(place: Path, folder: str, missing: str) -> None:
    (place / folder / "odd.json").write_text("{}")
    with pytest.raises(ValueError, match=rf"odd\.json lacks {missing}"):
        write(place)
