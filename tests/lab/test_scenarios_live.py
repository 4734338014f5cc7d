"""A fixed few of the scenarios, played whole: those whose paths no other test of the lab takes. `make nightly` plays all.

The same text plays on both clouds; on Azure a duel, and a death with a call whose answer nobody reads.

worker-stopped-at-the-console   the cloud's word alone (RULE 3.7)
worker-lying-to-mllp            probes that are HL7 messages
standby-reboots                 a run in which nothing may move
zone-of-the-holder-gone         a vantage that cannot be asked
arbiter-frozen-and-back         a duel of two leaders, a call held at the gate and let in late
operator-failback               two planned moves, asked for through the inbox
arbiter-killed-associate-unanswered   on Azure: the next process reads back what the one before it made
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lab.scenarios.registry import SCENARIOS
from lab.supervisor import REPOSITORY

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

PLAYED = (
    ("aws", "worker-stopped-at-the-console"),
    ("aws", "worker-lying-to-mllp"),
    ("aws", "standby-reboots"),
    ("aws", "zone-of-the-holder-gone"),
    ("aws", "arbiter-frozen-and-back"),
    ("aws", "operator-failback"),
    ("azure", "arbiter-frozen-and-back"),
    ("azure", "arbiter-killed-associate-unanswered"),
)


def lab_run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "lab", "run", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=550, check=False)


@pytest.mark.parametrize(("cloud", "name"), PLAYED)
def test_a_scenario_comes_out_as_it_must(cloud: str, name: str, tmp_path: Path) -> None:
    done = lab_run(name, "--cloud", cloud, "--out", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((tmp_path / f"{name}.json").read_text())
    assert (result["passed"], result["unmet"]) == (True, [])
    assert [line["name"] for line in result["expectations"] if not line["met"]] == []
    assert len(result["expectations"]) == 17 + len(SCENARIOS[name].expects.checks)
    for told in ("Injected", "Must", "Seen", "Seconds", "(lab,", "Result"):
        assert told in done.stdout
    assert (tmp_path / name / "report.html").exists()


def test_a_wrong_name_ends_with_status_2_and_the_names_that_exist() -> None:
    done = lab_run("worker-kiled")
    assert done.returncode == 2
    assert "there is no scenario 'worker-kiled'" in done.stderr
    assert all(name in done.stderr for name in SCENARIOS)


def test_without_a_name_every_scenario_is_listed() -> None:
    done = lab_run()
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(SCENARIOS)
