"""`make bench CLOUD=azure`: from a killed worker to the decision, the accepted move and the traffic, by front and profile.

One lab for each cell, under the traffic of HL7 senders and an HTTP client; the roles swap with every run. The profiles are
the lab's (`lab.arm.times`), so what Azure takes is what their sources say, and what is measured is the watchdog's share on
top of it. A move's calls are those of the watchdog's identity from the decision until the record is steady again.
"""

import argparse
import dataclasses
import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.about import about, write_json
from bench.failover import CONFIG, READY_S, SETTLED_S
from bench.figures import Spread
from lab import site
from lab.arm.times import TIMES
from lab.azure_calls import read_calls
from lab.azure_cloud import OPERATOR
from lab.demo import Progress
from lab.deploying import By
from lab.rawevents import Verb
from lab.rawlines import read_log
from lab.site import Site
from lab.story import DEADLINES, Fault, strike, wait_for_arbiter
from lab.tail import Tail
from lab.traffic import Traffic

SERVED_S = 60.0
_WRITES = frozenset({"PUT", "PATCH", "POST", "DELETE"})


@dataclass(frozen=True)
class Cell:
    """What is measured on one lab."""

    front: str
    profile: str
    tier: str
    within_s: float
    """A fault comes at a random moment within so long: the tier's probe interval."""

    @property
    def name(self) -> str:
        """For a row."""
        return f"{self.front}, {self.tier}, {self.profile}"

    def options(self) -> site.Options:
        """The lab."""
        config = {**CONFIG, "front": self.front, "tier": self.tier}
        return site.Options(cloud="azure", profile=self.profile, schedule_divisor=1.0, by=By.IN_PROCESS, config=config)


CELLS = (
    Cell("address", "azure-new-plane", "high-availability", 5.0),
    Cell("address", "azure-old-plane", "high-availability", 5.0),
    Cell("balancer", "azure-new-plane", "fault-tolerant", 1.0),
)
"""An address with the tier fault-tolerant is refused by the program; the pool takes the same time on both planes."""


@dataclass(frozen=True)
class Run:
    """One killed worker. Seconds from the moment just before."""

    cell: str
    holder: str
    decided_s: float
    """First record with a higher epoch, as polled."""
    moved_s: float
    """Resource Manager's answer to the accepted write that puts the address on the standby; it takes effect later."""
    served_s: float
    """First acknowledgement of any sender by the new holder."""
    calls: int
    writes: int


@dataclass(frozen=True)
class Move:
    """One that is over; times on the machine's clock."""

    holder: str
    standby: str
    epoch: int
    """Before it."""
    fault_t: float
    steady_t: float


def measure(arguments: argparse.Namespace, say: Progress) -> str:
    """Every cell, so many runs each; the part of the page."""
    runs: list[Run] = []
    engine = ""
    for cell in CELLS:
        with site.start(cell.options(), say) as running:
            traffic = Traffic.begin(running)
            wait_for_arbiter(running, say)
            chance = random.Random(arguments.seed)
            for number in range(arguments.runs):
                runs.append(_run(cell, running, traffic, chance))
                say(f"{cell.name} {number + 1}/{arguments.runs}: {runs[-1]}")
            engine = running.deployed.engine
    said = about(arguments.seed, engine)
    write_json("azure", said, {"runs": [dataclasses.asdict(run) for run in runs]})
    return part(said, runs, arguments.runs)


def _run(cell: Cell, running: Site, traffic: Traffic, chance: random.Random) -> Run:
    before = running.stored()
    holder, epoch = str(before["holder"]), int(before["epoch"])
    running.wait_for(f"service by {holder}", lambda: traffic.all_served_by(holder, 0.0), DEADLINES.served)
    running.supervisor.pause(chance.uniform(0.0, cell.within_s))
    fault_t = time.monotonic()
    strike(running, Fault.KILL, holder)

    def settled() -> bool:
        record = running.stored()
        return bool(record["epoch"] > epoch and record["phase"] == "steady")

    running.wait_for("the move", settled, SETTLED_S)
    move = Move(holder, str(running.stored()["holder"]), epoch, fault_t, time.monotonic())
    running.wait_for(f"service by {move.standby}", lambda: traffic.all_served_by(move.standby, fault_t), SERVED_S)
    run = _measured(cell, running, traffic, move)
    _bring_back(running, holder)
    return run


def _bring_back(running: Site, worker: str) -> None:
    """Start the fenced worker as an operator would, and wait until it is a standby."""
    machine = running.hypervisor.machines[worker]
    running.wait_for(f"{worker} to be stopped", lambda: machine.state == "stopped" and not machine.isolated, READY_S)
    starts = machine.starts
    running.start_instance(worker)
    running.wait_for(f"{worker} to run", lambda: machine.starts > starts, READY_S)
    running.hypervisor.process(worker).expect("ready", READY_S)
    running.hypervisor.process(worker).call("release", READY_S)
    running.wait_for(f"{worker} to be a standby", lambda: not running.stored()["fences"], READY_S)


def _measured(cell: Cell, running: Site, traffic: Traffic, move: Move) -> Run:
    records = [line for line in running.record.read() if line["event"] == "record"]
    decided_t = float(next(line["t"] for line in records if line["record"]["epoch"] > move.epoch))
    log = running.logs / "requests.jsonl"
    moved_t = next(
        call.t_out
        for call in read_calls(read_log(log).lines)
        if call.verb is Verb.ASSOCIATE and call.accepted and call.t_out > move.fault_t
    )
    mine = asked(Tail(log).read(), decided_t, move.steady_t)
    served_t = min(
        first for tail in traffic.tails if (first := first_ack(tail.read(), move.standby, move.fault_t)) is not None
    )
    return Run(
        cell=cell.name,
        holder=move.holder,
        decided_s=decided_t - move.fault_t,
        moved_s=moved_t - move.fault_t,
        served_s=served_t - move.fault_t,
        calls=len(mine),
        writes=sum(line["method"] in _WRITES for line in mine),
    )


def asked(lines: Iterable[Mapping[str, Any]], begin_t: float, end_t: float) -> list[Mapping[str, Any]]:
    """What the watchdog asked of Resource Manager in that time."""
    return [line for line in lines if begin_t <= line["t_in"] <= end_t and line["identity"] != OPERATOR]


def first_ack(lines: Iterable[Mapping[str, Any]], worker: str, since_t: float) -> float | None:
    """When a sender first read an acknowledgement of that worker; None = never.

    >>> first_ack([{"event": "acked", "worker": "wk2", "t": 3.0}], "wk2", 1.0)
    3.0
    """
    acks = (line for line in lines if line["event"] == "acked" and line["worker"] == worker and line["t"] > since_t)
    return next((float(line["t"]) for line in acks), None)


def rows(runs: Sequence[Run]) -> list[str]:
    """Four rows a cell."""
    made: list[str] = []
    for cell in dict.fromkeys(run.cell for run in runs):
        own = [run for run in runs if run.cell == cell]
        made += [
            Spread.of(run.decided_s for run in own).row_with_p99(f"{cell}: fault to decision"),
            Spread.of(run.moved_s for run in own).row_with_p99(f"{cell}: fault to accepted move"),
            Spread.of(run.served_s for run in own).row_with_p99(f"{cell}: fault to traffic"),
            Spread.of(run.served_s - run.decided_s for run in own).row_with_p99(f"{cell}: decision to traffic"),
        ]
    return made


def part(said: Mapping[str, str], runs: Sequence[Run], wanted: int) -> str:
    """Of docs/BENCHMARKS.md."""
    cells = dict.fromkeys(run.cell for run in runs)
    calls = [
        f"| {cell} | {max(run.calls for run in runs if run.cell == cell)} | "
        f"{max(run.writes for run in runs if run.cell == cell)} |"
        for cell in cells
    ]
    few = "\n- With fewer than 100 runs the 99th percentile is the largest value." if wanted < 100 else ""
    profiles = ", ".join(f"`{name}`" for name in dict.fromkeys(cell.profile for cell in CELLS) if name in TIMES)
    return f"""## Azure

{wanted} killed workers in each cell: front, tier, lab profile. The profiles {profiles} say what Azure takes, with sources
(`lab/arm/times.py`); nobody has measured a real subscription. `make bench CLOUD=azure`.

- Date: {said["date"]}, commit {said["commit"]}
- Machine: {said["machine"]}; load at the end: {said["load"]}
- Engine: {said["engine"]}
- `high-availability` gives a service that refuses 30 s before it is dead, and looks every 5 s; `fault-tolerant` looks each
  second and gives none. Accepted move = Resource Manager's answer to the write that puts the address on the standby (its
  card, or the pool); it takes effect later. Traffic = the first acknowledgement that a sender read of the new holder.{few}

| seconds | p50 | p99 | max | n |
|---|---|---|---|---|
{chr(10).join(rows(runs))}

| calls of the watchdog from the decision to steady, at most | all | writes |
|---|---|---|
{chr(10).join(calls)}

Resource Manager gives one principal 250 reads at once and 25 a second in a region, and 200 writes and 10 a second
(Microsoft, "Understand how Azure Resource Manager throttles requests"); nearly all of these calls are the reads of rounds
in doubt.
"""
