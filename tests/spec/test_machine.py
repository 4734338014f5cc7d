"""`machine.peak_mb`: what an arbiter says of its memory when it ends."""

import subprocess
import sys
from pathlib import Path

import pytest

from failover_lambda import machine

SAYS = "from failover_lambda.machine import peak_mb; big = bytearray({}); print(peak_mb())"


def said_by(code: str) -> float:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return float(done.stdout)


def test_peak_memory_is_the_process_own_and_not_that_of_its_parent() -> None:
    parent = bytearray(300 * 2**20)
    small = said_by(SAYS.format(0))
    assert small < 200
    assert said_by(SAYS.format(50 * 2**20)) > small + 40
    assert len(parent) == 300 * 2**20


def test_without_proc_it_is_told_all_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "_STATUS", tmp_path / "none")
    assert machine.peak_mb() > 1
