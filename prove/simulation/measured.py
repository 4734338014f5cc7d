"""`--repair-times N`: every story N times, and a failover interrupted at each of its steps; side by side in processes."""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from prove import children
from prove.simulation.site import Shape
from prove.simulation.stories import (
    ARBITER_KILLED,
    CADENCE,
    LOOP,
    PATIENT,
    STORIES,
    Interrupted,
    Profile,
    Story,
    Told,
    interrupt,
    tell,
    with_standby,
)
from prove.simulation.summary import figures_of

T = TypeVar("T")
Table = dict[str, dict[str, float]]

DELAY = "what the arbiter's death adds"
SILENT = tuple(story for story in STORIES if story.name in ("frozen", "slow"))
"""The classes on which the grace for a silent service tells."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was measured under one profile."""

    profile: str
    words: str
    runs: int
    table: Table
    """Class of fault to n, p50_s, p95_s, p99_s, max_s; the arbiter's death twice: until the move, and what it added."""
    by_step: dict[int, dict[str, float]]
    """The same of what the death added, by the step at which it came."""
    unrepaired: tuple[str, ...]
    """Runs in which no move was accepted within the patience."""
    found: tuple[str, ...]
    """What the checker found: invariants that broke, and false failovers."""
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is told under one profile."""

    profile: Profile
    stories: tuple[Story, ...]
    dies: bool
    """The arbiter is killed at each step, too."""


PLANS: tuple[Plan, ...] = (
    Plan(profile=LOOP, stories=STORIES, dies=True),
    Plan(profile=with_standby(LOOP), stories=(), dies=True),
    Plan(profile=PATIENT, stories=SILENT, dies=False),
    Plan(profile=CADENCE, stories=STORIES, dies=True),
    Plan(profile=with_standby(CADENCE), stories=(), dies=True),
)


def measure_all(
    first_seed: int, runs: int, processes: int, say: Callable[[str], None] = lambda _: None
) -> tuple[Measured, ...]:
    """Play everything under every profile."""
    results: list[Measured] = []
    for plan in PLANS:
        results.append(measure(plan, first_seed, runs, processes))
        say(f"{plan.profile.name}: {results[-1].seconds:.0f} s")
    return tuple(results)


def measure(plan: Plan, first_seed: int, runs: int, processes: int) -> Measured:
    """Play one profile's stories."""
    began_s = time.monotonic()
    seeds, shape = range(first_seed, first_seed + runs), plan.profile.shape
    told: list[Told] = []
    for story in plan.stories:
        told += _each(partial(_tell, story.name, shape), seeds, processes)
    numbered = [(seed, number) for number, seed in enumerate(seeds)] if plan.dies else []
    killed = [one for one in _each(partial(_interrupt, shape), numbered, processes) if one]
    return Measured(
        profile=plan.profile.name,
        words=plan.profile.words,
        runs=runs,
        table=_table(plan.stories, told) | (_deaths(killed) if killed else {}),
        by_step={
            step: _figures(one.delay_s for one in killed if one.step == step)
            for step in sorted({one.step for one in killed})
        },
        unrepaired=tuple(f"{one.name} seed {one.seed}" for one in told if one.seconds is None)
        + tuple(f"{ARBITER_KILLED} {one.step} seed {one.seed}" for one in killed if one.seconds is None),
        found=tuple(f"{one.name} seed {one.seed}: {why}" for one in told for why in one.found)
        + tuple(f"{ARBITER_KILLED} {one.step} seed {one.seed}: {why}" for one in killed for why in one.found),
        seconds=time.monotonic() - began_s,
    )


def _table(stories: Iterable[Story], told: Sequence[Told]) -> Table:
    return {story.name: _figures(one.seconds for one in told if one.name == story.name) for story in stories}


def _deaths(killed: Sequence[Interrupted]) -> Table:
    return {ARBITER_KILLED: _figures(one.seconds for one in killed), DELAY: _figures(one.delay_s for one in killed)}


def _tell(name: str, shape: Shape, seed: int) -> Told:
    """By its name: a story holds functions, which do not go to another process."""
    return tell(next(story for story in STORIES if story.name == name), seed, shape=shape)


def _interrupt(shape: Shape, numbered: tuple[int, int]) -> Interrupted | None:
    return interrupt(*numbered, shape=shape)


def _each(play: Callable[[Any], T], over: Sequence[Any], processes: int) -> list[T]:
    if processes <= 1:
        return [play(one) for one in over]
    with children.pool(processes) as pool:
        return list(pool.map(play, over, chunksize=20))


def _figures(seconds: Iterable[float | None]) -> dict[str, float]:
    known = sorted(one for one in seconds if one is not None)
    return dict(figures_of(known)) if known else {"n": 0}


def rows(measured: Measured) -> list[str]:
    """For people."""
    lines = [f"{measured.profile}: {measured.words}"]
    lines.append(f"{'fault to accepted move, virtual seconds':42} {'p50':>8} {'p95':>8} {'p99':>8} {'max':>8} {'n':>6}")
    for name, row in measured.table.items():
        if row["n"]:
            figures = " ".join(f"{row[key]:8.2f}" for key in ("p50_s", "p95_s", "p99_s", "max_s"))
            lines.append(f"{name:42} {figures} {row['n']:6.0f}")
    lines += [f"no move was accepted in time: {one}" for one in measured.unrepaired]
    lines += [f"found: {one}" for one in measured.found]
    return lines


def write(measured: Sequence[Measured], out: Path, about: Mapping[str, object] | None = None) -> None:
    """Write `out/prove/repair-times.json`; `about` stands before the profiles."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({**(about or {}), "profiles": [asdict(one) for one in measured]}, indent=1) + "\n")
