"""Keeps the world in a file, so that an emulator that is started again has what the one before it had.

The file is replaced as a whole after every change; a kill leaves the old one or the new one. Custom data is in it as its
digest and passwords are not (`lab.arm.preparing`). Times are those of the machine's monotonic clock, which goes on over a
restart of the process, not of the machine.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lab.arm.world import Document, Operation, World


def save(world: World, path: Path) -> None:
    """Write everything."""
    kept: dict[str, Any] = asdict(world)
    del kept["events"]
    beside = path.with_name(path.name + ".new")
    beside.write_text(json.dumps(kept))
    beside.replace(path)


def load(path: Path) -> World | None:
    """Read everything; None where there is no file."""
    if not path.exists():
        return None
    kept = json.loads(path.read_text())
    documents = {key: Document(**fields) for key, fields in kept.pop("documents").items()}
    operations = {key: Operation(**fields) for key, fields in kept.pop("operations").items()}
    return World(**kept, documents=documents, operations=operations)
