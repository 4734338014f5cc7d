"""`python -m bench [--runs 100] [--only NAME]`: writes out/bench/*.json and the parts of docs/BENCHMARKS.md."""

import argparse
import dataclasses
import sys

from bench import azure, engine, faults, fleet, function, page, simulated, step
from bench.about import about, write_json
from bench.failover import CONFIG, Bench, Run, as_rows
from bench.figures import Spread, failover_rows, function_rows, planned_rows, read_function
from bench.planned import WARM_S, Planned, PlannedRun
from bench.planned import as_rows as planned_as_rows
from lab import site
from lab.demo import Progress
from lab.story import Fault, wait_for_arbiter
from lab.supervisor import REPOSITORY
from lab.traffic import Traffic

PAGE = REPOSITORY / "docs" / "BENCHMARKS.md"
KINDS = (Fault.KILL, Fault.CUT)
GOAL_S = 3.0
"""From the stored request to the accepted move, 99th percentile."""


def main() -> int:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="How long moves take, on one warm lab each.")
    parser.add_argument("--runs", type=int, default=None, help="of each kind; unless given, as many as each measurement has")
    parser.add_argument("--cloud", choices=sorted(OF_CLOUD), default="aws", help="whose measurements (%(default)s)")
    parser.add_argument("--only", choices=sorted(MEASUREMENTS), default=None, help="one of the measurements")
    parser.add_argument(
        "--fault", action="append", choices=faults.NAMES, help="of faults: measure this class anew (repeatable)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which faults and requests come (%(default)s)")
    parser.add_argument("--no-page", action="store_true", help="leave docs/BENCHMARKS.md as it is")
    arguments = parser.parse_args()
    for name in [arguments.only] if arguments.only else OF_CLOUD[arguments.cloud]:
        chosen = argparse.Namespace(seed=arguments.seed, runs=arguments.runs or USUAL.get(name, 100), fault=arguments.fault)
        text = MEASUREMENTS[name](chosen, Progress())
        if not arguments.no_page:
            page.put(PAGE, name, text)
        print(text)
    return 0


def _failovers(arguments: argparse.Namespace, say: Progress) -> str:
    """Killed and cut off, again and again."""
    with site.start(site.Options(config=CONFIG, schedule_divisor=1.0), say) as running:
        bench = Bench(running, arguments.seed)
        runs = [_one(bench, fault, number, arguments.runs, say) for fault in KINDS for number in range(arguments.runs)]
        log, arbiter = running.logs / "function-output.jsonl", str(running.outputs["watchdogName"])
        deployed_by = running.deployed.engine
    function = read_function(log, arbiter)
    said = about(arguments.seed, deployed_by)
    write_json("failover", said | INSTANT, {"runs": as_rows(runs), "function": dataclasses.asdict(function)})
    return _failover_part(said, [*failover_rows(runs), *function_rows(function)], function.peak_mb, arguments.runs)


def _one(bench: Bench, fault: Fault, number: int, runs: int, say: Progress) -> Run:
    """One run; the one in the middle meets cold functions."""
    run = bench.run(fault, cold=number == runs // 2)
    say(f"{fault.value} {number + 1}/{runs}: decided {run.decided_s:.2f} s, moved {run.moved_s:.2f} s")
    return run


def _planned(arguments: argparse.Namespace, say: Progress) -> str:
    """Switchovers there and back, under traffic."""
    runs: list[PlannedRun] = []
    with site.start(site.Options(schedule_divisor=1.0), say) as running:
        traffic = Traffic.begin(running)
        wait_for_arbiter(running, say)
        running.supervisor.pause(WARM_S)
        planned = Planned(running, traffic, arguments.seed)
        for number in range(arguments.runs):
            run = planned.run()
            runs.append(run)
            say(f"switchover {number + 1}/{arguments.runs}: moved {run.moved_s:.2f} s, HL7 without {run.outage_s:.2f} s")
        deployed_by = running.deployed.engine
    said = about(arguments.seed, deployed_by)
    write_json("planned", said | INSTANT, {"runs": planned_as_rows(runs)})
    return _planned_part(said, runs)


def _fleet(arguments: argparse.Namespace, say: Progress) -> str:
    """Many sites, and a hundred of them failing; no lab."""
    measured = fleet.measure(say)
    said = about(arguments.seed, "none: no lab is deployed")
    write_json("fleet", said, measured)
    return fleet.part(said, measured)


MEASUREMENTS = {
    "failover": _failovers,
    "planned": _planned,
    "fleet": _fleet,
    "simulated": simulated.measure,
    "step": step.measure,
    "faults": faults.measure,
    "engine": engine.measure,
    "function": function.measure,
    "azure": azure.measure,
}
OF_CLOUD = {"aws": [name for name in MEASUREMENTS if name != "azure"], "azure": ["azure"]}
USUAL = {"simulated": 1000, "faults": 10, "function": 7, "azure": 10}
"""Runs of each kind where nobody asks for another number; 100 of those that are not named."""

INSTANT = {"profile": "instant"}


def _failover_part(said: dict[str, str], rows: list[str], peak_mb: float, runs: int) -> str:
    table = "\n".join(rows)
    return f"""## Failover

{runs} runs of each kind.

- Date: {said["date"]}, commit {said["commit"]}
- Machine: {said["machine"]}; load at the end: {said["load"]}
- Engine: {said["engine"]}
- Tier fault-tolerant: a round each second, bursts in doubt. The schedule runs in real minutes, so the lease is handed over
  once a minute. Decision = first stored record with a higher epoch, polled every 30 ms; accepted move = the answer of
  AssociateAddress at the emulated cloud's gate. Faults come at random moments between two rounds (seed {said["seed"]}).
- "Every function started cold": arbiter and probers are killed together with the worker. The next arbiter comes with the
  schedule (within a minute), waits for the lease to run out (6 s), and its probers start cold.

| seconds | p50 | p95 | max | n |
|---|---|---|---|---|
{table}

Peak memory of the arbiter's process: {peak_mb:.0f} MB.
"""


def _planned_part(said: dict[str, str], runs: list[PlannedRun]) -> str:
    table = "\n".join(planned_rows(runs))
    few = "\n- With fewer than 100 runs the 99th percentile is the largest value." if len(runs) < 100 else ""
    reached = Spread.of(run.moved_s for run in runs).p99
    met = "met" if reached <= GOAL_S else "**not met**"
    return f"""## Planned switchover

{len(runs)} switchovers, there and back, under the traffic of three HL7 senders and an HTTP client. The goal is {GOAL_S:g} s
p99 from the request to the accepted move; in this run it is {met}, with {reached:.2f} s.

- Date: {said["date"]}, commit {said["commit"]}
- Machine: {said["machine"]}; load at the end: {said["load"]}
- Engine: {said["engine"]}
- Tier fault-tolerant, schedule in real minutes. A request is stored when the table has answered; it comes at a random moment
  between two renewals of the lease (seed {said["seed"]}), with which the leader finds it.
- Without = the longest time from one acknowledgement (answer) to the next of any sender (of the HTTP client), from the last
  one before the request until the new holder's first. A sender sends 20 messages a second; the HTTP client always connects
  anew.{few}

| seconds | p50 | p99 | max | n |
|---|---|---|---|---|
{table}
"""


if __name__ == "__main__":
    sys.exit(main())
