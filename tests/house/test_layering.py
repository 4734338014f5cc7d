"""The import contracts of pyproject.toml catch what they are there for: each breach is planted in a copy and named."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("infra", "failover_lambda", "lab", "prove")
LINT = Path(sys.executable).with_name("lint-imports")

BREACHES = [
    ("failover_lambda/rule.py", "import time", "the rule and the probes are pure"),
    ("failover_lambda/probes.py", "import socket", "the rule and the probes are pure"),
    ("failover_lambda/verdict.py", "from failover_lambda import moves", "the watchdog's layers"),
    ("failover_lambda/cycle.py", "import boto3", "the order of effects knows no SDK"),
    ("failover_lambda/aws/state.py", "import pulumi", "the watchdog travels alone"),
    ("infra/package.py", "from failover_lambda import rule", "the program knows the watchdog's contract only"),
    ("infra/aws/pair.py", "from lab import profiles", "the program knows the watchdog's contract only"),
    ("infra/addressing.py", "import pulumi", "what is computed before the first resource knows no Pulumi"),
    ("lab/ledger.py", "from failover_lambda import contract", "the checker shares nothing with the watchdog"),
    ("lab/checkers.py", "from failover_lambda import rule", "the lab does not share the watchdog's opinion"),
    ("prove/simulation/verdicts.py", "from failover_lambda import rule", "the checker of the simulation does not share"),
]


def lint(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [LINT, "--config", str(ROOT / "pyproject.toml"), "--no-cache"]
    return subprocess.run(command, cwd=folder, env={"PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.parametrize(("file", "line", "contract"), BREACHES, ids=[f"{file}: {line}" for file, line, _ in BREACHES])
def test_a_planted_breach_is_named(copy: Path, file: str, line: str, contract: str) -> None:
    target = copy / file
    target.write_text(target.read_text() + f"\n{line}\n")
    done = lint(copy)
    broken = [text for text in done.stdout.splitlines() if text.endswith("BROKEN")]
    assert done.returncode != 0
    assert any(text.startswith(contract) for text in broken), done.stdout


def test_the_copy_without_a_breach_is_clean(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout + done.stderr
