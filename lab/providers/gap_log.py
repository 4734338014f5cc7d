"""Where a provider process writes what it did not do: one JSON line per gap, in the file that the lab names.

The engine has no place for gaps, and the process ends with it; so they go to the file in `TANDEM_LAB_GAPS`, which
several processes may share (each line is one write at the end of the file). Without the variable they are told to the
process's standard error, which the engine shows when it is asked for (`pulumi up -v 1`).
"""

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from lab.recording import Gap

VARIABLE = "TANDEM_LAB_GAPS"


def write(gaps: Iterable[Gap], file: Path | None) -> None:
    """Append the gaps; OSError when the file cannot be written."""
    lines = "".join(json.dumps(asdict(gap)) + "\n" for gap in gaps)
    if not lines:
        return
    if file is None:
        sys.stderr.write(lines)
        return
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(handle, lines.encode())
    finally:
        os.close(handle)


def read(file: Path) -> list[Gap]:
    """What was written so far, each gap once, in the order of its first line; nothing where there is no file."""
    lines = file.read_text().splitlines() if file.exists() else []
    return list(dict.fromkeys(Gap(**json.loads(line)) for line in lines))
