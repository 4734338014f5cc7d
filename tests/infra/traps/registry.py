"""What a trap's check is, and the list of them; each registers itself where it is written.

A trap is something that the emulators accept and the real cloud refuses, delays or breaks. Its check is a function over
recorded deployments that fails when the program falls into it. It judges by facts of its own: nothing here imports the
program, so a mistaken program cannot bring its judge along.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand, UndeployableError

Check = Callable[[Stand], None]
"""Raises when the program has fallen into the trap; an assertion where words help."""


@dataclass(frozen=True)
class Trap:
    """One check, with the rows of the table that it holds and the slips that must make it fail, and it alone."""

    name: str
    """The claim; the check's own name."""
    rows: tuple[str, ...]
    check: Check
    slips: tuple[Slip, ...]


class Registry:
    """The checks of one cloud. A slip is judged by the checks of its cloud only."""

    def __init__(self) -> None:
        self._traps: dict[str, Trap] = {}

    def trap(self, *rows: str, slips: tuple[Slip, ...]) -> Callable[[Check], Check]:
        """Register a check for some rows.

        Raises:
            ValueError: without a row or a slip, or when the name is taken.
        """

        def register(check: Check) -> Check:
            name = check.__name__
            if not rows or not slips or name in self._traps:
                raise ValueError(f"{name}: a check needs a name of its own, a row and a slip")
            self._traps[name] = Trap(name, rows, check, slips)
            return check

        return register

    def registered(self) -> Mapping[str, Trap]:
        """The checks that have been imported so far, by name."""
        return self._traps


_AWS = Registry()
trap = _AWS.trap
registered = _AWS.registered
"""Those of AWS."""


class Verdict(Enum):
    """How a check ended."""

    HELD = "held"
    FALLEN = "fallen"
    UNDEPLOYABLE = "undeployable"
    """What it looks at could not be deployed."""


@dataclass(frozen=True)
class Finding:
    """How one check ended, and what it said."""

    verdict: Verdict
    said: str = ""


def judge(trap_: Trap, stand: Stand) -> Finding:
    """Run one check; never raises for what the program did."""
    try:
        trap_.check(stand)
    except UndeployableError as exc:
        return Finding(Verdict.UNDEPLOYABLE, str(exc))
    except Exception as exc:  # noqa: BLE001 - a recorded value that is missing says as much as an assertion
        return Finding(Verdict.FALLEN, f"{type(exc).__name__}: {exc}")
    return Finding(Verdict.HELD)
