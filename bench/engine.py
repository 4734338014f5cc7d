"""How long Pulumi's own engine takes for each stack, and how much memory: preview, up, up again, refresh, destroy.

The memory is that of the engine and of everything that it starts (program, language host, providers), resident, summed over
the processes every 50 ms; the emulators are not in it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from bench.about import about, write_json
from lab import processes, pulumi_project
from lab.bare_cloud import cloud
from lab.processes import LAB_ID_VARIABLE
from lab.pulumi_cli import Pulumi, Run
from lab.stack_file import STACKS
from lab.supervisor import REPOSITORY

POLL_S = 0.05
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
OF_THE_ENGINE = ("/pulumi ", "pulumi-language", "language_host", "providers.serve", "providers.server", "/pulumi\0")
"""What the command lines of the engine's own processes have in them; the emulators' have none of it."""


@dataclass(frozen=True, kw_only=True)
class Took:
    """One command on one stack."""

    stack: str
    command: str
    resources: int
    seconds: float
    peak_mb: float

    def row(self) -> str:
        """One row of the table."""
        return f"| {self.stack} | {self.command} | {self.resources} | {self.seconds:.1f} | {self.peak_mb:.0f} |"


def measure(arguments: argparse.Namespace, say: Callable[[str], None]) -> str:
    """Every stack once through its life, and the engine's build where it is at hand already."""
    command = pulumi_project.command()
    if not command:
        raise SystemExit("bench: there is no Pulumi engine in this checkout; get one with: make engine")
    took: list[Took] = []
    engines: dict[str, None] = {}
    for stack in sorted(file.stem.removeprefix("Pulumi.") for file in STACKS.glob("Pulumi.*.yaml")):
        name, _, stage = stack.partition("-")
        with tempfile.TemporaryDirectory() as folder, cloud(command, Path(folder), name) as here:
            pulumi = here.stack(stage)
            engines[pulumi.engine] = None
            took += _life(pulumi, stack, say)
    said = about(arguments.seed, "; ".join(engines))
    warm_s = _warm_build()
    write_json("engine", said, {"commands": [asdict(each) for each in took], "engine_warm_s": warm_s})
    return _part(said, took, warm_s)


def _life(pulumi: Pulumi, stack: str, say: Callable[[str], None]) -> list[Took]:
    steps: Mapping[str, Callable[[], Run]] = {
        "preview": pulumi.preview,
        "up": pulumi.up,
        "up again, nothing changed": pulumi.up,
        "refresh": pulumi.refresh,
        "destroy": pulumi.destroy,
    }
    took: list[Took] = []
    for name, run in steps.items():
        with Memory(pulumi.project.environment[LAB_ID_VARIABLE]) as memory:
            ran = run()
        count = sum(ran.count(what) for what in ("to create", "created", "unchanged", "deleted"))
        took.append(Took(stack=stack, command=name, resources=count, seconds=ran.seconds, peak_mb=memory.peak_mb))
        say(took[-1].row())
    return took


class Memory:
    """The greatest sum of what the engine's processes hold resident, while the block runs."""

    def __init__(self, lab_id: str) -> None:
        self.peak_mb = 0.0
        self._lab_id = lab_id
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(POLL_S):
            held = sum(resident_bytes(each.pid) for each in processes.of_lab(self._lab_id))
            self.peak_mb = max(self.peak_mb, held / 1e6)


def resident_bytes(pid: int) -> int:
    """Of one process, if it is one of the engine's."""
    if not any(mark in processes.command(pid) + " " for mark in OF_THE_ENGINE):
        return 0
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
    except OSError:  # it has ended meanwhile
        return 0


def _warm_build() -> float:
    """`make engine` where it is built already: seconds."""
    began_s = time.monotonic()
    subprocess.run([sys.executable, str(REPOSITORY / "tools" / "engine.py")], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began_s


def _part(said: Mapping[str, str], took: Sequence[Took], warm_s: float) -> str:
    table = "\n".join(each.row() for each in took)
    return f"""## Pulumi's own engine

Each command once on each stack, into emulators without latency of their own (profile `instant`), without workers.

- Date: {said["date"]}, commit {said["commit"]}
- Machine: {said["machine"]}; load at the end: {said["load"]}
- Engine: {said["engine"]}
- Memory: resident, summed over the engine, the program and the providers, each 50 ms; pages that they share count twice.
- `make engine` where the engine is built already: {warm_s:.1f} s.

| stack | command | resources | seconds | peak MB |
|---|---|---|---|---|
{table}
"""
