"""Follows a raw log while it grows: what the lab itself needs to know in order to go on with its story.

Waiting only; what is proven is proven by the checker, from the whole logs. Standard library only.
"""

import json
from pathlib import Path
from typing import Any


class Tail:
    """The lines of one JSONL file, as far as it is written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self.lines: list[dict[str, Any]] = []
        """Every whole line so far."""

    def read(self) -> list[dict[str, Any]]:
        """Take up what was appended; returns all lines."""
        if not self._path.exists():
            return self.lines
        with self._path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        self.lines.extend(json.loads(line) for line in whole.splitlines())
        return self.lines

    def last(self, event: str) -> dict[str, Any] | None:
        """The newest line of this event."""
        return next((line for line in reversed(self.read()) if line["event"] == event), None)

    def count(self, event: str) -> int:
        """How many lines of this event there are."""
        return sum(line["event"] == event for line in self.read())
