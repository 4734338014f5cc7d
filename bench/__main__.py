"""`python -m bench [--runs 100]`: writes out/bench/failover.json and the table in docs/BENCHMARKS.md."""

import argparse
import dataclasses
import datetime as dt
import json
import os
import platform
import sys
from pathlib import Path

from bench.failover import Bench, Run, as_rows
from bench.figures import failover_rows, function_rows, read_function
from lab import site
from lab.commit import commit
from lab.demo import Progress
from lab.story import Fault
from lab.supervisor import REPOSITORY

OUT = REPOSITORY / "out" / "bench" / "failover.json"
PAGE = REPOSITORY / "docs" / "BENCHMARKS.md"
KINDS = (Fault.KILL, Fault.CUT)
CONFIG = {"holdSeconds": "0", "movesPerHourMax": "24", "movesPerDayMax": "24"}
"""A bench strikes again and again; a real site would be held, and rightly."""


def main() -> int:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="From a fault to the accepted move, on one lab.")
    parser.add_argument("--runs", type=int, default=100, help="of each kind (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which faults come (%(default)s)")
    parser.add_argument("--no-page", action="store_true", help="leave docs/BENCHMARKS.md as it is")
    arguments = parser.parse_args()
    say = Progress()
    with site.start(site.Options(config=CONFIG, schedule_divisor=1.0), say) as running:
        bench = Bench(running, arguments.seed)
        runs = [_one(bench, fault, number, arguments.runs, say) for fault in KINDS for number in range(arguments.runs)]
        log, arbiter = running.logs / "function-output.jsonl", str(running.outputs["watchdogName"])
        engine = running.deployment.engine
    function = read_function(log, arbiter)
    rows = [*failover_rows(runs), *function_rows(function)]
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    about = {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "machine": machine,
        "engine": engine,
        "seed": str(arguments.seed),
        "commit": commit(),
    }
    _write_json(about, runs, {"function": dataclasses.asdict(function)})
    page = _page(about, rows, function.peak_mb, arguments.runs)
    if not arguments.no_page:
        PAGE.write_text(page)
    print(page)
    return 0


def _one(bench: Bench, fault: Fault, number: int, runs: int, say: Progress) -> Run:
    """One run; the one in the middle meets cold functions."""
    run = bench.run(fault, cold=number == runs // 2)
    say(f"{fault.value} {number + 1}/{runs}: decided {run.decided_s:.2f} s, moved {run.moved_s:.2f} s")
    return run


def _write_json(about: dict[str, str], runs: list[Run], more: dict[str, object]) -> None:
    OUT.parent.mkdir(parents=True, exist_ok=True)
    Path(OUT).write_text(json.dumps({**about, "profile": "instant", "runs": as_rows(runs), **more}, indent=1) + "\n")


def _page(about: dict[str, str], rows: list[str], peak_mb: float, runs: int) -> str:
    table = "\n".join(rows)
    return f"""# Benchmarks

Lab figures, profile `instant`: the emulated cloud adds no time, so this is the watchdog's own share of an outage and no
promise about a real cloud. Written by `make bench` ({runs} runs of each kind on one warm lab); raw values in
`out/bench/failover.json`.

- Date: {about["date"]}, commit {about["commit"]}
- Machine: {about["machine"]}
- Engine: {about["engine"]}
- Tier fault-tolerant: a round each second, bursts in doubt. The schedule runs in real minutes, so the lease is handed over
  once a minute. Decision = first stored record with a higher epoch, polled every 30 ms; accepted move = the answer of
  AssociateAddress at the emulated cloud's gate. Faults come at random moments between two rounds (seed {about["seed"]}).
- "Every function started cold": arbiter and probers are killed together with the worker. The next arbiter comes with the
  schedule (within a minute), waits for the lease to run out (6 s), and its probers start cold.

| seconds | p50 | p95 | max | n |
|---|---|---|---|---|
{table}

Peak memory of the arbiter's process: {peak_mb:.0f} MB.
"""


if __name__ == "__main__":
    sys.exit(main())
