"""`--repair-times N`: every story N times, and a failover interrupted at each of its steps; side by side in processes."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from prove import children
from prove.simulation.stories import ARBITER_KILLED, STORIES, Interrupted, Told, interrupt, tell
from prove.simulation.summary import figures_of
from prove.simulation.timing import StepTime, time_step

T = TypeVar("T")

DELAY = "what the arbiter's death adds"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was measured."""

    runs: int
    table: dict[str, dict[str, float]]
    """Class of fault to n, p50_s, p95_s, max_s; the arbiter's death twice: until the move, and what it added."""
    by_step: dict[int, dict[str, float]]
    """The same of what the death added, by the step at which it came."""
    unrepaired: tuple[str, ...]
    """Runs in which no move was accepted within the patience."""
    found: tuple[str, ...]
    """What the checker found."""
    step: StepTime
    seconds: float


def measure(first_seed: int, runs: int, processes: int) -> Measured:
    """Play everything."""
    began_s = time.monotonic()
    seeds = range(first_seed, first_seed + runs)
    told: list[Told] = []
    for story in STORIES:
        told += _each(partial(tell, story), seeds, processes)
    numbered = [(seed, number) for number, seed in enumerate(seeds)]
    killed = [one for one in _each(_interrupt, numbered, processes) if one]
    table = {story.name: _figures([one.seconds for one in told if one.name == story.name]) for story in STORIES}
    table[ARBITER_KILLED] = _figures([one.seconds for one in killed])
    table[DELAY] = _figures([one.delay_s for one in killed])
    steps = sorted({one.step for one in killed})
    return Measured(
        runs=runs,
        table=table,
        by_step={step: _figures([one.delay_s for one in killed if one.step == step]) for step in steps},
        unrepaired=tuple(f"{one.name} seed {one.seed}" for one in told if one.seconds is None)
        + tuple(f"{ARBITER_KILLED} {one.step} seed {one.seed}" for one in killed if one.seconds is None),
        found=tuple(f"{one.name} seed {one.seed}: {why}" for one in told for why in one.found)
        + tuple(f"{ARBITER_KILLED} {one.step} seed {one.seed}: {why}" for one in killed for why in one.found),
        step=time_step(first_seed),
        seconds=time.monotonic() - began_s,
    )


def _interrupt(numbered: tuple[int, int]) -> Interrupted | None:
    return interrupt(*numbered)


def _each(play: Callable[[Any], T], over: Sequence[Any], processes: int) -> list[T]:
    if processes <= 1:
        return [play(one) for one in over]
    with children.pool(processes) as pool:
        return list(pool.map(play, over, chunksize=20))


def _figures(seconds: Sequence[float | None]) -> dict[str, float]:
    known = sorted(one for one in seconds if one is not None)
    return dict(figures_of(known)) if known else {"n": 0}


def rows(measured: Measured) -> list[str]:
    """For people."""
    lines = [f"{'fault to accepted move, virtual seconds':42} {'p50':>8} {'p95':>8} {'max':>8} {'n':>6}"]
    for name, row in measured.table.items():
        if row["n"]:
            lines.append(f"{name:42} {row['p50_s']:8.2f} {row['p95_s']:8.2f} {row['max_s']:8.2f} {row['n']:6.0f}")
    step = measured.step
    lines.append(f"rule.step: median {step.median_us:.0f} us, p95 {step.p95_us:.0f} us, n {step.n}")
    lines += [f"no move was accepted in time: {one}" for one in measured.unrepaired]
    lines += [f"found: {one}" for one in measured.found]
    return lines


def write(measured: Measured, out: Path) -> None:
    """Write `out/prove/repair-times.json`."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(asdict(measured), indent=1) + "\n")
