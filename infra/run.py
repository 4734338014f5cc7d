"""What a cloud's program is told besides the configuration: everything that `__main__` has read from outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

ROLL_VARIABLE = "TANDEM_ROLL_WORKER"
"""In the environment: the worker that takes a new image, type or user data in this run. Empty: none does."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of the program."""

    site: str
    root: Path
    """The project's folder."""
    bundles: Path
    """Where the watchdog's zip files are put."""
    environment: Mapping[str, str]
    subscription_id: str
    """Of Azure; empty where nobody named one."""
    now: datetime
    """With its zone."""

    @property
    def roll_worker(self) -> str:
        """The worker that is rolled in this run, or nobody."""
        return self.environment.get(ROLL_VARIABLE, "")
