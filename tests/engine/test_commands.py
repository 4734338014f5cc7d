"""`make up` and what follows, as the README shows: a lab comes up empty, Pulumi fills it, the watchdog answers, all goes."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import background_lab, processes, pulumi_command
from lab.stack_file import REPOSITORY

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("command")]


def run(*arguments: str, status: int = 0) -> str:
    """One of the lab's commands, as make calls it; what it printed."""
    ran = subprocess.run(
        [sys.executable, "-m", "lab", *arguments],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == status, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


@pytest.fixture(params=["aws-dev", "azure-dev"])
def stack(request: pytest.FixtureRequest) -> str:
    """Of the stack file."""
    return str(request.param)


@pytest.fixture
def folder(stack: str) -> Iterator[Path]:
    """The folder of a lab that a preview has brought up; its lab is ended whatever happens."""
    assert "to create" in run("pulumi", "preview", "--stack", stack)
    lab = pulumi_command.find(stack)
    assert lab
    yield lab.folder
    if (lab.folder / background_lab.READY).exists():
        background_lab.end(lab.folder / background_lab.READY)


def test_the_commands_of_the_readme(stack: str, folder: Path) -> None:
    ask = ("ask", "switchover", "--lab", folder.name)
    assert "nothing is deployed in the lab" in run(*ask, status=2)
    assert "created" in run("pulumi", "up", "--stack", stack)
    time.sleep(2.5)  # the lab looks for the outputs each second
    assert "done: wk2 holds in epoch 2" in run(*ask)
    for verb in ("up", "refresh", "repair"):
        run("pulumi", verb, "--stack", stack)
        assert "now: wk2 holds in epoch 2" in run("ask", "pause", "--seconds", "30", "--lab", folder.name)
        run("ask", "resume", "--lab", folder.name)
    assert "the lab is down" in run("pulumi", "down", "--stack", stack)
    assert not (folder / background_lab.READY).exists()
    assert not processes.of_lab(folder.name)
