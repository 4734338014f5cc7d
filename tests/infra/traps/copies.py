"""A slip outside of the program: one test, elsewhere in `tests`, is run over a copy of the sources that holds the slip.

Slower than a zygote, and it asks less: that this test fails, not that no other does.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.infra.traps.rows import ByTest
from tests.infra.traps.slips import ROOT

COPIED = ("failover_lambda", "infra", "lab", "tests", "pyproject.toml", "Pulumi.yaml")
FAILED = 1
"""What pytest ends with when tests failed; anything else is an error of its own."""


class CopyError(Exception):
    """The test could not be run."""


def noticed(held: ByTest, folder: Path) -> bool:
    """Whether the test fails over a copy with its slip in it, made in `folder`.

    Raises:
        SlipError: the slip cannot be made.
        CopyError: pytest ended otherwise than by passing or failing; with what it said.
    """
    text = held.slip.made()
    for name in COPIED:
        _copy(ROOT / name, folder / name)
    (folder / held.slip.file).write_text(text, encoding="utf-8")
    quiet = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-x"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *quiet, f"{held.file}::{held.name}"],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode not in (0, FAILED):
        raise CopyError(f"pytest ended with {run.returncode}: {run.stdout[-500:]}{run.stderr[-500:]}")
    return run.returncode == FAILED


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)
