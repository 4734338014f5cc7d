"""A raw log: one JSON object per line, appended at once, stamped on the machine's one monotonic clock.

The checker reads these files and nothing else. Any lab process may import this.
"""

import json
import os
import time
from pathlib import Path
from typing import Final

_MODE: Final = 0o644


class JsonLog:
    """Appends events to `path`, creating it; every line is in the kernel's hands when `write` returns.

    A line therefore survives a `kill -9` of its writer, though not a power cut: the lab kills processes only.
    Raises OSError if the file cannot be opened or written.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)

    def write(self, event: str, **fields: object) -> None:
        """Append one line: `t` (seconds, monotonic), the event's name, and its fields in the order given."""
        record = {"t": time.monotonic(), "event": event, **fields}
        os.write(self._file, json.dumps(record, ensure_ascii=False).encode() + b"\n")

    def close(self) -> None:
        """Give the file back; a process that is about to end need not."""
        os.close(self._file)
