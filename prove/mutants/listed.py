"""The survivors that are listed with a reason. The list cannot rot: what is killed, or no mutant any more, must leave it."""

import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prove.mutants.changes import Name
from prove.mutants.session import Fate, Result


@dataclass(frozen=True)
class Listed:
    """One survivor that is accepted, and why."""

    name: Name
    reason: str


def read_listed(path: Path) -> tuple[Listed, ...]:
    """The listed survivors; none where there is no file.

    Raises:
        ValueError: naming every entry that lacks something or stands twice.
    """
    if not path.exists():
        return ()
    entries: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8")).get("survivor", [])
    listed: list[Listed] = []
    faults: list[str] = []
    for number, entry in enumerate(entries, start=1):
        rest = dict(entry)
        reason = str(rest.pop("reason", "")).strip()
        try:
            name = Name(**rest)
        except TypeError as exc:
            faults.append(f"entry {number}: {exc}")
            continue
        if not reason:
            faults.append(f"entry {number} has no reason: {name}")
        if name in {other.name for other in listed}:
            faults.append(f"entry {number} stands twice: {name}")
        listed.append(Listed(name, reason))
    if faults:
        raise ValueError(f"{path}: " + "; ".join(faults))
    return tuple(listed)


def rotten(listed: Iterable[Listed], exist: Collection[Name], results: Iterable[Result]) -> list[str]:
    """What is wrong with the list, in sentences: entries that are no mutant any more, or that a test kills."""
    fates = {result.mutant.name: result for result in results}
    faults: list[str] = []
    for entry in listed:
        result = fates.get(entry.name)
        if entry.name not in exist:
            faults.append(f"listed as survivor, and is no mutant any more: {entry.name}")
        elif result and result.fate is not Fate.SURVIVED:
            by = f"is killed by {result.test}" if result.test else result.fate.value
            faults.append(f"listed as survivor, and {by}: {entry.name}")
    return faults
