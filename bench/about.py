"""What every measurement says of itself, and where its raw values go."""

import datetime as dt
import functools
import json
import os
import platform
from collections.abc import Mapping

from lab import commit
from lab.supervisor import REPOSITORY

commit_at_first = functools.cache(commit.commit)
"""A measurement is of what was checked out when it began."""

OUT = REPOSITORY / "out" / "bench"


def about(seed: int, engine: str = "") -> dict[str, str]:
    """When, on what and from which seed; `engine` is what deployed the lab, if there was one."""
    last, five, _ = os.getloadavg()
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "load": f"{last:.1f} in the last minute, {five:.1f} in the last five, of {os.cpu_count()} that it can carry",
        "engine": engine,
        "seed": str(seed),
        "commit": commit_at_first(),
    }


def write_json(name: str, said: Mapping[str, object], more: Mapping[str, object]) -> None:
    """Write out/bench/NAME.json."""
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.json").write_text(json.dumps({**said, **more}, indent=1) + "\n")
