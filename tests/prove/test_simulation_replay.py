"""One seed, one log: byte for byte, in any process."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from prove.simulation.plan import Length
from prove.simulation.world import play

pytestmark = pytest.mark.prove

SMALL = Length(quiet_s=70.0, trouble_s=150.0, calm_s=60.0, trial_after_s=0.0)
SEED = 4


def log_of(seed: int) -> tuple[str, str]:
    file = io.StringIO()
    outcome = play(seed, sites=2, length=SMALL, file=file)
    return outcome.digest, file.getvalue()


def test_the_same_seed_writes_the_same_log() -> None:
    digest, log = log_of(SEED)
    assert (digest, log) == log_of(SEED)
    assert log.count("\n") > 500
    assert log_of(SEED + 1)[0] != digest


def test_another_process_with_another_order_of_sets_writes_the_same_log() -> None:
    program = (
        "from prove.simulation.plan import Length; from prove.simulation.world import play;"
        f"print(play({SEED}, sites=2, length=Length(quiet_s=70.0, trouble_s=150.0, calm_s=60.0, trial_after_s=0.0)).digest)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).resolve().parents[2],
        env=os.environ | {"PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == log_of(SEED)[0]
