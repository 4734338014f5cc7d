"""How long `rule.step` takes on this machine, per kind of event: what it was given in simulated failovers, given again.

The arguments of each call are kept while simulated holders die (`prove.simulation.stories`), and the calls are made again
afterwards, outside of the runs, with the collector of garbage as it is.
"""

import argparse
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from unittest.mock import patch

from bench.about import about, write_json
from failover_lambda import rule
from failover_lambda.model import Answered, Decision, Event, Kind, Phase, Record, Round
from prove.simulation.site import Shape
from prove.simulation.stories import LOOP, STORIES, tell
from prove.simulation.summary import percentile

WORKERS = (2, 8)
CAUSES = tuple(story for story in STORIES if story.name in ("killed", "cut off"))
INPUTS_MAX = 1000
"""Different inputs of one kind that are timed."""

REPEATS = 20
"""How often each of them is."""

STEADY, FAILING, FAILOVER, ANSWERED = "steady round", "failing round", "failover decision", "answered"
KINDS = (STEADY, FAILING, FAILOVER, ANSWERED)

Call = tuple[Any, ...]
"""The arguments of one call of `rule.step`."""


@dataclass(frozen=True, kw_only=True)
class Took:
    """Microseconds of processor time of one kind of event."""

    kind: str
    workers: int
    inputs: int
    n: int
    median_us: float
    p99_us: float
    max_us: float

    def row(self) -> str:
        """One row of the table."""
        figures = f"{self.median_us:.0f} | {self.p99_us:.0f} | {self.max_us:.0f}"
        return f"| {self.kind} | {self.workers} | {figures} | {self.n} | {self.inputs} |"


def kind_of(record: Record | None, event: Event, decision: Decision) -> str:
    """Of the kinds that are timed; "" = none of them."""
    if record is None or decision.record is None:
        return ""
    match event:
        case Answered():
            return ANSWERED
        case Round():
            return _kind_of_round(record, decision.record)
        case _:
            return ""


def _kind_of_round(before: Record, after: Record) -> str:
    if after.epoch > before.epoch:
        return FAILOVER if after.intent and after.intent.kind is Kind.FAILOVER else ""
    if after.phase is Phase.SUSPECT:
        return FAILING
    return STEADY if before.phase is after.phase is Phase.STEADY else ""


def measure(arguments: argparse.Namespace, say: Callable[[str], None]) -> str:
    """Time every kind, write out/bench/step.json; returns the part of the page."""
    seeds = range(arguments.seed, arguments.seed + arguments.runs)
    took: list[Took] = []
    for workers in WORKERS:
        calls = collect(workers, seeds)
        took += [timed(kind, workers, calls[kind], arguments.seed) for kind in KINDS if calls[kind]]
        say(f"rule.step with {workers} workers: {', '.join(f'{len(calls[kind])} of {kind}' for kind in KINDS)}")
    said = about(arguments.seed)
    write_json("step", said, {"runs": arguments.runs, "took": [asdict(one) for one in took]})
    return part(said, took, arguments.runs)


def collect(workers: int, seeds: Iterable[int]) -> Mapping[str, list[Call]]:
    """What `rule.step` is given while holders die, by kind."""
    calls: dict[str, list[Call]] = {kind: [] for kind in KINDS}
    step = rule.step

    def keep(record: Record | None, event: Event, *more: Any) -> Decision:
        decision = step(record, event, *more)
        kind = kind_of(record, event, decision)
        if kind:
            calls[kind].append((record, event, *more))
        return decision

    with patch.object(rule, "step", keep):
        for seed in seeds:
            for story in CAUSES:
                tell(story, seed, shape=shape_of(workers))
    return calls


def shape_of(workers: int) -> Shape:
    """The site of the 1 s loop, with so many workers over its zones."""
    zones = tuple("abc"[number % 3] for number in range(workers))
    return replace(LOOP.shape, worker_zones=zones)


def timed(kind: str, workers: int, calls: Sequence[Call], seed: int) -> Took:
    """Time a sample of these calls, each several times."""
    chosen = random.Random(seed).sample(calls, min(INPUTS_MAX, len(calls)))
    took = sorted(_once_us(call) for _ in range(REPEATS) for call in chosen)
    return Took(
        kind=kind,
        workers=workers,
        inputs=len(chosen),
        n=len(took),
        median_us=percentile(took, 0.5),
        p99_us=percentile(took, 0.99),
        max_us=took[-1],
    )


def _once_us(call: Call) -> float:
    began_ns = time.thread_time_ns()
    rule.step(*call)
    return (time.thread_time_ns() - began_ns) / 1000


def part(said: Mapping[str, str], took: Sequence[Took], runs: int) -> str:
    """The part of the page."""
    rows = "\n".join(one.row() for one in took)
    return f"""## The rule's step

`rule.step` alone, on this machine: no store, no network. Processor time, so that other work on the machine does not count.

- Date: {said["date"]}, commit {said["commit"]}
- Machine: {said["machine"]}; load at the end: {said["load"]}
- Inputs: what it was given in {runs} simulated deaths of each of two causes (killed, cut off; seeds from {said["seed"]} on),
  each input {REPEATS} times, at most {INPUTS_MAX} inputs of a kind. Answered = the answer to a call.

| microseconds of processor | workers | median | p99 | max | n | different inputs |
|---|---|---|---|---|---|---|
{rows}
"""
