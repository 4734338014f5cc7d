"""The table of traps: what the real cloud does, and what stands against it here.

A row may be held by checks of this folder, by a test elsewhere with a slip of its own, by a question of the doctor's list,
or be left out for a reason. What each row rests on is written where the program deals with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.infra.traps.slips import Slip

SECTIONS = {
    1: "Address, routes, egress",
    2: "Fence",
    3: "Permissions of the watchdog",
    4: "Keys, telling, logs",
    5: "Functions, schedules, record, alarms",
    6: "Groups, endpoints, balancer",
    7: "Workers, zones, disks",
    8: "Names, tags, destroy, quotas",
}


@dataclass(frozen=True)
class Checked:
    """By the checks that name the row."""


@dataclass(frozen=True)
class ByTest:
    """By a test elsewhere. That test alone is run over a copy of the sources with the slip in it, and must fail."""

    file: str
    name: str
    slip: Slip


@dataclass(frozen=True)
class Asked:
    """By questions of the doctor's list, for only the account can answer."""

    questions: tuple[str, ...]
    """Their ids, or how these begin."""


@dataclass(frozen=True)
class LeftOut:
    """By nothing, or not whole, because; with what to do about it."""

    because: str


Held = Checked | ByTest | Asked | LeftOut

CHECKED = Checked()


@dataclass(frozen=True)
class Row:
    """One trap."""

    id: str
    """Section, slash, short name."""
    title: str
    does: str
    """What the real cloud does, where an emulator does not."""
    held: tuple[Held, ...]

    @property
    def section(self) -> int:
        """The number of its section."""
        return int(self.id.partition("/")[0])


def table(*rows: Row, sections: Mapping[int, str] = SECTIONS) -> Mapping[str, Row]:
    """Rows by their ids.

    Raises:
        ValueError: an id twice, an unknown section, or nothing said of how a row is held.
    """
    found: dict[str, Row] = {}
    for row in rows:
        if row.id in found or row.section not in sections or not row.held:
            raise ValueError(f"the row {row.id} is there twice, is in no section, or is held by nothing")
        found[row.id] = row
    return found
