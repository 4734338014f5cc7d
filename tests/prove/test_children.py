"""Whoever searches beside another ends with it: a run that is killed leaves no process behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.prove

ROOT = Path(__file__).parents[2]

PARENT = """
import os, time
from prove import children

if __name__ == "__main__":
    with children.pool(2) as pool:
        both = [pool.submit(os.getpid) for _ in range(2)]
        print(*{each.result() for each in both}, flush=True)
        pool.submit(time.sleep, 600).result()
"""


def test_a_run_that_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    program = tmp_path / "parent.py"
    program.write_text(PARENT)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen([sys.executable, str(program)], env=environment, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    children = [int(pid) for pid in parent.stdout.readline().split()]
    assert children
    time.sleep(2)  # they have started to look
    parent.send_signal(signal.SIGKILL)
    parent.communicate(timeout=30)
    deadline_s = time.monotonic() + 30
    while (left := [pid for pid in children if Path(f"/proc/{pid}").exists()]) and time.monotonic() < deadline_s:
        time.sleep(0.1)
    assert left == []
