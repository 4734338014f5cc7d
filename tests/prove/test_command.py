"""`python -m prove`: what it writes and with which status it ends."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from prove import __main__ as command
from prove import controls, pages, run, worlds


@pytest.fixture
def summary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the summary is written; the other programs are not here."""
    monkeypatch.setattr(pages, "REPOSITORY", tmp_path)
    monkeypatch.setattr(command, "SUMMARY", tmp_path / "summary.json")
    monkeypatch.setattr(command, "PARTS", {})
    return tmp_path / "summary.json"


def _called(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["prove", *arguments])
    return command.main()


def _searched(*violations: str) -> run.Searched:
    clean = run.search_world(worlds.named("three-errors"), 300, 20)
    return dataclasses.replace(clean, violations=tuple((name, ("0. told",)) for name in violations))


def _verdict(*, found: bool) -> controls.Verdict:
    real = controls.run_named("one-failing-round")
    return controls.Verdict(name=real.name, found=real.found, story=real.story if found else ())


@pytest.mark.parametrize(("violations", "found", "status"), [((), True, 0), (("S9",), True, 1), ((), False, 1)])
def test_all_writes_the_summary_and_tells_by_its_status(
    violations: tuple[str, ...], found: bool, status: int, summary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched, verdict = _searched(*violations), _verdict(found=found)
    monkeypatch.setattr(run, "search", lambda *_: [searched])
    monkeypatch.setattr(run, "run_controls", lambda _: [verdict])  # pyright: ignore[reportUnknownArgumentType]
    assert _called(monkeypatch, "all", "--size", "ci") == status
    written: dict[str, Any] = json.loads(summary.read_text())
    assert written["search"]["violations"] == len(violations)
    assert written["search"]["states"] == searched.states
    assert written["controls"] == [
        {"name": "one-failing-round", "invariant": "S6", "found": found, "steps": 2 if found else 0}
    ]
    assert written["seconds"] >= 0
    assert not {"simulation", "mutants"} & set(written)


def test_a_program_that_writes_nothing_fails_the_run_and_loses_no_other_figures(
    summary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched, verdict = _searched(), _verdict(found=True)
    monkeypatch.setattr(run, "search", lambda *_: [searched])
    monkeypatch.setattr(run, "run_controls", lambda _: [verdict])  # pyright: ignore[reportUnknownArgumentType]
    monkeypatch.setattr(command, "OUT", summary.parent)
    monkeypatch.setattr(command, "PARTS", {"mutants": ("mutants", {"ci": []}, ("made", "killed"))})
    monkeypatch.setattr(command, "PROGRAMS", {"mutants": "json.no_program"})
    monkeypatch.setattr(command.importlib.util, "find_spec", lambda _: object())  # pyright: ignore[reportUnknownArgumentType]
    assert _called(monkeypatch, "all") == 1
    written: dict[str, Any] = json.loads(summary.read_text())
    assert written["failed"] == ["mutants"]
    assert "mutants" not in written
    assert written["search"]["states"] == searched.states


def test_figures_of_another_program_are_never_made_up(tmp_path: Path) -> None:
    (tmp_path / "mutants.json").write_text('{"made": 3}')
    with pytest.raises(KeyError, match="killed"):
        command._read(tmp_path / "mutants.json", ("made", "killed"))  # pyright: ignore[reportPrivateUsage]


def test_an_argument_that_nobody_knows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="2"):
        _called(monkeypatch, "search", "--no-such-thing")
