"""`python -m prove.simulation`: its summary, its exit status, its story, its replay."""

import json
from functools import partial
from pathlib import Path

import pytest

from prove.simulation import __main__ as command
from prove.simulation import campaign, world
from prove.simulation.breaches import BREACHES
from prove.simulation.plan import Length

pytestmark = pytest.mark.prove

SMALL = partial(world.play, sites=1, length=Length(quiet_s=70.0, trouble_s=200.0, calm_s=250.0))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "play", SMALL)
    monkeypatch.setattr(command, "play", SMALL)


def run(out: Path, *arguments: str) -> int:
    return command.main(["--processes", "1", "--out", str(out), *arguments])


def test_a_clean_campaign_writes_its_summary_and_exits_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "prove" / "simulation.json"
    assert run(out, "--ticks", "600", "--seed", "3") == 0
    said = json.loads(out.read_text())
    assert said["ticks"] >= 600
    assert said["seeds"] >= 1
    assert said["first_seed"] == 3
    assert (said["violations"], said["false_failovers"]) == (0, 0)
    for row in said["repair"].values():
        assert row["n"] >= 1
        assert row["p50_s"] <= row["p95_s"] <= row["max_s"]
    printed = capsys.readouterr().out
    assert f"{said['ticks']} ticks of {said['seeds']} runs (seeds 3 to {2 + said['seeds']})" in printed
    assert said["digest"] in printed


def test_a_breach_exits_1_with_the_story_and_its_replay_is_the_same_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    breach = next(breach for breach in BREACHES if breach.name == "call before record")
    with breach.plant():
        assert run(tmp_path / "simulation.json", "--ticks", "1500", "--seed", "1") == 1
        told = capsys.readouterr().out
        seed = told.split("seed ")[1].split(",")[0]
        assert run(tmp_path / "simulation.json", "--replay", seed) == 1
        replayed = capsys.readouterr().out
    assert "record before call (5.1)" in told
    assert f"replay: python -m prove.simulation --replay {seed}" in told
    assert told.split("digest ")[1].split(":")[0] in replayed
    for place in (told, (tmp_path / f"simulation-{seed}.log").read_text()):
        assert " sends disassociate wk" in place
    assert json.loads((tmp_path / "simulation.json").read_text())["violations"] >= 1
    assert run(tmp_path / "simulation.json", "--replay", seed) == 0
