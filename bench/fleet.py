"""One watchdog, many sites: what a fleet costs at rest, and what happens when a hundred sites of one zone fail together.

Each run is a process of its own on one processor: `fleet_run` for the arbiter, `fleet_prober` for a prober.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from bench.account import CHANGES, READS
from bench.fleet_run import CALM_MOST_S, CALM_S

SIZES: Final = (1, 10, 100, 1000)
STEADY_S: Final = 60.0
"""Long enough that the ticks which have just begun or not yet, at both ends, are less than a hundredth of all."""
LATE_SHARE: Final = 0.001
"""Ticks of a fleet at rest that may be late where it keeps its second; how many were is said."""

STRUCK: Final = 100
ROOT: Final = Path(__file__).parents[1]
LIMITED: Final = ("DescribeAddresses", "DescribeInstances", "DescribeInstanceStatus")

Say = Callable[[str], None]


def measure(say: Say) -> dict[str, Any]:
    """All sizes at rest, the probers, and the failing zone with records in turn and without."""
    arbiters, probers = list[Any](), list[Any]()
    for sites in SIZES:
        say(f"{sites} sites at rest")
        failing = STRUCK if sites == SIZES[-1] else 0
        arbiters.append(_run("bench.fleet_run", str(sites), str(STEADY_S), str(failing)))
        say(f"{sites} sites: the prober")
        probers.append(_run("bench.fleet_prober", str(sites), "10"))
    say(f"{STRUCK} sites of one zone fail, and no others are watched")
    few = 3 * STRUCK
    in_turn = _run("bench.fleet_run", str(few), "0", str(STRUCK))
    say("the same, with records written whenever they are there to write")
    at_once = _run("bench.fleet_run", str(few), "0", str(STRUCK), "--at-once")
    return {"arbiters": arbiters, "probers": probers, "in_turn": in_turn, "at_once": at_once}


def _run(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=400
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def part(about: dict[str, str], measured: dict[str, Any]) -> str:
    """The part of docs/BENCHMARKS.md."""
    largest, its_prober = measured["arbiters"][-1], measured["probers"][-1]
    cpu, prober_cpu, late = largest["steady"]["cpu"], its_prober["cpu"], largest["steady"]["late"]
    seen = largest["steady"]["ticks_a_second"] / largest["sites"]
    each_ms, waited = cpu / largest["steady"]["ticks_a_second"] * 1000, largest["steady"]["waited_for_the_core"]
    ticks = largest["steady"]["ticks_a_second"] * largest["steady"]["seconds"]
    met = cpu <= 1.0 and late <= LATE_SHARE * ticks and seen >= 0.99
    verdict = "met by the arbiter" if met else "**not met**"
    rows = "\n".join(_row(each) for each in measured["arbiters"])
    prober_rows = "\n".join(_prober_row(each) for each in measured["probers"])
    struck = "\n".join(
        [
            _struck_row("among 1000, records in turn", largest["failing"], largest["leases_lost"]),
            _struck_row("among 300, records in turn", measured["in_turn"]["failing"], measured["in_turn"]["leases_lost"]),
            _struck_row("among 300, records at once", measured["at_once"]["failing"], measured["at_once"]["leases_lost"]),
        ]
    )
    return f"""## Many sites

Goal G12: a thousand sites observed each second by at most one vCPU. It is {verdict}: {cpu:.2f} of a processor,
{seen:.3f} ticks a second and site, {late} of {ticks:.0f} late; each tick took {each_ms:.2f} ms of it. Its threads
together waited {waited:.2f} s a second for the core, which others used. A prober of a thousand sites takes {prober_cpu:.2f}
more, in its own function; with three of them the whole watchdog takes {cpu + 3 * prober_cpu:.2f}.

- Date: {about["date"]}, commit {about["commit"]}
- Machine: {about["machine"]}; load at the end: {about["load"]}. Each run is bound to one core, which others used as well.
- Pairs, probed each second from three zones. Real: fleet, cycles, rule, the adapters of EC2 and Lambda with botocore, the
  prober over real sockets. In place of the account: answers made in the same process, with the times of a real one (a
  Describe 60 ms, a change 300 ms, an Invoke 15 ms, a write 10 ms). Their CPU time is taken off; DynamoDB's SDK is not in it.
- Measured when no tick was late for {CALM_S:g} s, or after {CALM_MOST_S:g} s. A thousand sites that have never been watched
  needed {largest["settled_s"]:.0f} s until the record of each was written, one after the other, and
  {largest["calm_after_s"]:.0f} s more.
- Late: begun more than 0.5 s after it was due, or kept waiting so long for a thread.
- Rates of EC2: {READS[0]:g} calls and {READS[1]:g} a second of each `Describe*` (EC2 developer guide, request throttling),
  which is {READS[1] * 60:g} a minute; of each call that changes something {CHANGES[0]:g} and {CHANGES[1]:g} a second are
  assumed.

### At rest

| sites | vCPU | peak MB | threads | descriptors | ticks/s | late | latest s | Describe/min | Invoke/min | DynamoDB/min |
|---|---|---|---|---|---|---|---|---|---|---|
{rows}

Describe/min: of the one of three APIs that is called most.

### One prober

A tenth of the standbys accepts and never answers.

| sites | vCPU | peak MB | descriptors | call p50 s | call max s | wrong answers |
|---|---|---|---|---|---|---|
{prober_rows}

### {STRUCK} sites of one zone fail together

Their workers stop answering in one moment, and the zone's prober hangs. Seconds from the fault to the accepted move. A
write that meets a transaction at the lease's item is refused (conflicts: of records / of renewals).

| | moved | first | median | last | other sites moved | writes | conflicts | throttled calls | late | leases lost |
|---|---|---|---|---|---|---|---|---|---|---|
{struck}
"""


def _row(told: dict[str, Any]) -> str:
    steady = told["steady"]
    calls = steady["calls_a_minute"]
    describes = max(calls.get(name, 0.0) for name in LIMITED)
    table = sum(count for name, count in calls.items() if name in ("GetItem", "UpdateItem", "TransactWriteItems"))
    figures = (
        str(told["sites"]),
        f"{steady['cpu']:.3f}",
        f"{steady['peak_mb']:.0f}",
        str(steady["threads"]),
        str(steady["descriptors"]),
        f"{steady['ticks_a_second']:.1f}",
        str(steady["late"]),
        f"{steady['latest_s']:.2f}",
        f"{describes:.0f}",
        f"{calls.get('Invoke', 0.0):.0f}",
        f"{table:.0f}",
    )
    return f"| {' | '.join(figures)} |"


def _prober_row(told: dict[str, Any]) -> str:
    return (
        f"| {told['sites']} | {told['cpu']:.3f} | {told['peak_mb']:.0f} | {told['descriptors']} | {told['call_p50_s']:.3f} "
        f"| {told['call_max_s']:.2f} | {told['wrong']} of {told['questions']:.0f} |"
    )


def _struck_row(name: str, told: dict[str, Any], leases_lost: int) -> str:
    conflicts = told["conflicts"]
    figures = (
        name,
        f"{told['moved']} of {told['struck']}",
        *(f"{told[each]:.1f}" if told[each] is not None else "-" for each in ("first_s", "median_s", "last_s")),
        str(told["others_moved"]),
        str(told["writes"]),
        f"{conflicts.get('TransactWriteItems', 0)} / {conflicts.get('UpdateItem', 0)}",
        str(sum(told["throttled"].values())),
        str(told["late"]),
        str(leases_lost),
    )
    return f"| {' | '.join(figures)} |"
