"""Goals of DESIGN section 9 held against what was measured, as rows of a table. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

G10_S = 90.0
"""From any single fault to the accepted move."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """One goal, and what a measurement says of it."""

    goal: str
    what: str
    wanted: str
    reached: str
    met: bool

    def row(self) -> str:
        """One row of the table."""
        return f"| {self.goal} | {self.what} | {self.wanted} | {self.reached} | {'met' if self.met else '**missed**'} |"


def table(goals: Iterable[Held]) -> str:
    """All of them."""
    return "\n".join(["| goal | what | wanted | reached | |", "|---|---|---|---|---|", *(goal.row() for goal in goals)])
