"""The log of one run: every event is one line, hashed as it comes, and handed on to whoever watches.

The digest is over every line, so two runs with the same digest had the same log, byte for byte. Only the last lines are
kept, unless a file is named: ten million ticks would not fit anywhere.
"""

import hashlib
from collections import deque
from collections.abc import Callable
from typing import IO

from prove.simulation.events import Event, Ticked

KEPT = 4000
"""Lines in memory."""

Watcher = Callable[[Event], None]


class Chronicle:
    """The log of one run. `file` gets every line as well."""

    def __init__(self, file: IO[str] | None = None) -> None:
        self._hash = hashlib.blake2b(digest_size=16)
        self._file = file
        self._last: deque[tuple[str, str]] = deque(maxlen=KEPT)
        self._watchers: list[Watcher] = []
        self.lines = 0
        self.ticks = 0

    def watch(self, watcher: Watcher) -> None:
        """Hand every event on, after it was written down."""
        self._watchers.append(watcher)

    def add(self, event: Event) -> None:
        """Write one event down."""
        line = f"{event.time_s:10.3f} {event.site or 'region':8} {event}"
        self._hash.update(line.encode())
        self._hash.update(b"\n")
        if self._file:
            self._file.write(line + "\n")
        self._last.append((event.site, line))
        self.lines += 1
        if type(event) is Ticked:
            self.ticks += 1
        for watcher in self._watchers:
            watcher(event)

    @property
    def digest(self) -> str:
        """Of everything so far."""
        return self._hash.hexdigest()

    def story(self, site: str, most: int) -> list[str]:
        """The last lines about one site and its region, without what is said every second."""
        about = [line for owner, line in self._last if owner in ("", site) and not _is_dull(line)]
        return about[-most:]


def _is_dull(line: str) -> bool:
    """A round in which everybody answered, and the tick that found it so."""
    if " asks prober" in line:
        return not any(word in line for word in ("=refused", "=reset", "=timeout", "=silent", "=wrong", "could not", "late"))
    if " reads the " in line:
        return "stale" not in line and "nobody" not in line
    return " ticks: steady" in line
