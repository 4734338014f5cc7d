"""What the bench says of the engine: whose memory is counted, and how a row reads."""

import os
import subprocess
import sys
import time

import pytest

from bench import engine
from bench.engine import Took
from lab.processes import LAB_ID_VARIABLE


@pytest.mark.parametrize(
    ("command", "counts"),
    [
        ("/repo/.tools/pulumi/bin/pulumi up --stack aws-dev", True),
        ("python -m lab.language_host 127.0.0.1:1", True),
        ("python -P -m lab.providers.serve aws 127.0.0.1:1", True),
        ("python -m lab.aws_server --network 127.40.0.0/16", False),
        ("python -m lab.keeper --lab-id x", False),
    ],
)
def test_the_engines_own_processes_are_counted_and_no_emulator(
    monkeypatch: pytest.MonkeyPatch, command: str, *, counts: bool
) -> None:
    monkeypatch.setattr(engine.processes, "command", lambda _: command)
    assert (engine.resident_bytes(os.getpid()) > 0) == counts


def test_the_peak_is_what_was_held_at_most_while_it_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.processes, "command", lambda _: "python -m lab.language_host")
    hold = "held = bytearray(60_000_000); print(flush=True); input()"
    own = f"bench{os.getpid()}"
    with engine.Memory(own) as memory:
        child = subprocess.Popen(
            [sys.executable, "-c", hold], env={LAB_ID_VARIABLE: own}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert child.stdout
        child.stdout.readline()
        end = time.monotonic() + 30
        while memory.peak_mb < 60 and time.monotonic() < end:
            time.sleep(engine.POLL_S)
        child.communicate(b"\n")
    assert memory.peak_mb > 60


def test_a_row_says_stack_command_count_seconds_and_memory() -> None:
    took = Took(stack="aws-dev", command="up", resources=114, seconds=15.26, peak_mb=401.7)
    assert took.row() == "| aws-dev | up | 114 | 15.3 | 402 |"
