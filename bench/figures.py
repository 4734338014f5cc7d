"""From runs and the functions' own lines to figures and tables. Pure but for reading one log."""

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.failover import Run
from bench.planned import PlannedRun


@dataclass(frozen=True)
class Spread:
    """Seconds: median, 95th and 99th percentile, largest, and of how many."""

    p50: float
    p95: float
    p99: float
    largest: float
    n: int

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """The spread of at least one value; a percentile is the value at that rank."""
        ordered = sorted(values)
        at = [ordered[max(0, round(part * len(ordered)) - 1)] for part in (0.95, 0.99)]
        return cls(statistics.median(ordered), at[0], at[1], ordered[-1], len(ordered))

    def row(self, name: str) -> str:
        """One row of the table."""
        return f"| {name} | {self.p50:.2f} | {self.p95:.2f} | {self.largest:.2f} | {self.n} |"

    def row_with_p99(self, name: str) -> str:
        """The same with p99 for p95: a goal is set for it."""
        return f"| {name} | {self.p50:.2f} | {self.p99:.2f} | {self.largest:.2f} | {self.n} |"


@dataclass(frozen=True)
class Function:
    """What the arbiter says of itself, from the functions' output log."""

    import_s: Spread
    first_tick_s: Spread
    warm_tick_s: Spread
    peak_mb: float


def read_function(log: Path, function: str) -> Function:
    """Read the arbiter's lines: `start`, `tick`, `end`."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    said = [
        (line["pid"], json.loads(line["line"])) for line in lines if line["function"] == function and line["line"][:1] == "{"
    ]
    cold = {pid: event["import_s"] for pid, event in reversed(said) if event.get("event") == "start"}
    first: dict[int, float] = {}
    warm: list[float] = []
    for pid, event in said:
        if event.get("event") != "tick":
            continue
        if pid in first:
            warm.append(event["tick_s"])
        else:
            first[pid] = event["tick_s"]
    peak_mb = max(event["peak_mb"] for _, event in said if event.get("event") == "end")
    return Function(Spread.of(cold.values()), Spread.of(first.values()), Spread.of(warm), peak_mb)


def failover_rows(runs: Sequence[Run]) -> list[str]:
    """Rows per kind of fault: all, and those with a hand-over or a cold start inside the window."""
    rows: list[str] = []
    for fault in dict.fromkeys(run.fault for run in runs):
        of_kind = [run for run in runs if run.fault == fault]
        groups = {
            fault: of_kind,
            f"{fault}, hand-over of the lease inside": [run for run in of_kind if run.hand_over and not run.cold],
            f"{fault}, every function started cold": [run for run in of_kind if run.cold],
        }
        for name, group in groups.items():
            if group:
                rows.append(Spread.of(run.decided_s for run in group).row(f"{name}: fault to decision"))
                rows.append(Spread.of(run.moved_s for run in group).row(f"{name}: fault to accepted move"))
    return rows


def planned_rows(runs: Sequence[PlannedRun]) -> list[str]:
    """Rows of the planned switchover: all, and those with a hand-over of the lease inside the window."""
    rows = [
        Spread.of(run.decided_s for run in runs).row_with_p99("request stored to decision"),
        Spread.of(run.moved_s for run in runs).row_with_p99("request stored to accepted move"),
        Spread.of(run.answered_s for run in runs).row_with_p99("request stored to reply"),
        Spread.of(run.moved_s - run.decided_s for run in runs).row_with_p99("decision to accepted move"),
        Spread.of(run.outage_s for run in runs).row_with_p99("HL7 senders without an acknowledgement"),
        Spread.of(run.http_outage_s for run in runs).row_with_p99("HTTP client without an answer"),
    ]
    inside = [run.moved_s for run in runs if run.hand_over]
    return [*rows, *([Spread.of(inside).row_with_p99("hand-over of the lease inside: to accepted move")] if inside else [])]


def function_rows(function: Function) -> list[str]:
    """Rows about the arbiter's process."""
    return [
        function.import_s.row("arbiter: import with clients, cold process"),
        function.first_tick_s.row("arbiter: first tick of a process"),
        function.warm_tick_s.row("arbiter: later ticks"),
    ]
