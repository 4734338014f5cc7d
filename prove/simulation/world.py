"""One run: a region with its sites, everything that goes wrong in it, and what the checker says. One seed, one log."""

import random
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import IO

from prove.simulation.agenda import Agenda
from prove.simulation.checker import Checker, Violation
from prove.simulation.chronicle import Chronicle
from prove.simulation.events import Calm, Event
from prove.simulation.faults import KILLED, Scene, strike
from prove.simulation.ground import Region, Weather, Zone
from prove.simulation.plan import Length, draw, shapes
from prove.simulation.repairs import Repair, Repairs
from prove.simulation.replies import in_virtual_time
from prove.simulation.site import Shape, Site

SITES = 6
ZONES = ("a", "b", "c")
STORY_LINES = 60
SPREAD_S = 5.0
"""Sites do not end on the same tick."""
ASKS = 2
"""So often a site is asked for order at the end: what may be under way just then is over with the next time."""
ASKED_EVERY_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one run was like."""

    seed: int
    ticks: int
    lines: int
    digest: str
    violations: tuple[Violation, ...]
    false_failovers: tuple[str, ...]
    hidden_failovers: tuple[str, ...]
    failovers: int
    repairs: tuple[Repair, ...]
    story: tuple[str, ...]
    """The last lines about the site of the first violation; empty where there is none."""
    seconds: float

    @property
    def is_broken(self) -> bool:
        """Something was found that must not be."""
        return bool(self.violations or self.false_failovers)


Prepare = Callable[["World"], None]


class World:
    """Everything of one run. `prepare` may change it before it begins: that is where breaches are planted."""

    def __init__(self, seed: int, shapes_of: Sequence[Shape], length: Length, file: IO[str] | None = None) -> None:
        self.seed = seed
        self.length = length
        self.agenda = Agenda()
        self.region = Region(self.agenda, {name: Zone(name) for name in ZONES}, calm_from_s=length.calm_from_s)
        self.chronicle = Chronicle(file)
        self.sites = [Site(shape, self.region, self.chronicle, str(seed)) for shape in shapes_of]
        self.scene = Scene(self.region, self.sites, random.Random(f"{seed} faults"))
        self.checker = Checker({site.name: site.settings for site in self.sites})
        self.repairs = Repairs({site.name: site.instances() for site in self.sites})
        self.chronicle.watch(self.checker.see)
        self.chronicle.watch(self.repairs.see)
        self.chronicle.watch(self._keep_story)
        self._story: tuple[str, ...] = ()

    @contextmanager
    def running(self) -> Generator[None]:
        """From the first moment on, by the agenda; whatever still runs at the end of the block is ended."""
        with in_virtual_time(self.agenda):
            try:
                for site in self.sites:
                    site.begin()
                yield
            finally:
                self.agenda.close()

    def run(self) -> None:
        """Play it to the end, or to the first thing that must not be."""
        agenda, length = self.agenda, self.length
        end_s = length.total_s + (ASKS - 1) * ASKED_EVERY_S + SPREAD_S
        with self.running():
            agenda.at(length.calm_from_s, self._calm)
            for number, site in enumerate(self.sites):
                self._ask_for_order(site, length.total_s + SPREAD_S * number / len(self.sites))
            while agenda.time_s < end_s and not self.checker.is_broken:
                agenda.run_until(min(end_s, agenda.time_s + SPREAD_S))

    def _ask_for_order(self, site: Site, at_s: float) -> None:
        for ask in range(ASKS):
            self.agenda.at(at_s + ask * ASKED_EVERY_S, partial(site.ask_for_order, last=ask == ASKS - 1))

    def _calm(self) -> None:
        self.region.calm = True
        self.region.weather = Weather()
        self.chronicle.add(Calm(self.agenda.time_s, "", ends=False))
        for site in self.sites:
            site.recover()
            site.staff.deploy(enabled=True, watch_only=False, workers=site.everybody)
        if self.length.trial_after_s:
            self.agenda.at(self.agenda.time_s + self.length.trial_after_s, self._trial)

    def _trial(self) -> None:
        """Every holder dies for good, once: whatever happened before, it is replaced, or people were told that it is not."""
        for site in self.sites:
            strike(self.scene, KILLED, self.length.calm_s, site=site, target=site.holder)

    def _keep_story(self, event: Event) -> None:
        """Of the first thing that is found, up to the moment at which it is found."""
        if self.checker.is_broken and not self._story:
            self._story = tuple(self.chronicle.story(event.site, STORY_LINES))

    def outcome(self, began_s: float) -> Outcome:
        """What it was like; `began_s` by `time.perf_counter`."""
        false = tuple(story for judge in self.checker.judges for story in judge.false)
        return Outcome(
            seed=self.seed,
            ticks=self.chronicle.ticks,
            lines=self.chronicle.lines,
            digest=self.chronicle.digest,
            violations=tuple(self.checker.violations),
            false_failovers=false,
            hidden_failovers=tuple(story for judge in self.checker.judges for story in judge.hidden),
            failovers=sum(judge.failovers for judge in self.checker.judges),
            repairs=tuple(self.repairs.done),
            story=self._story,
            seconds=time.perf_counter() - began_s,
        )


def play(
    seed: int,
    *,
    sites: int = SITES,
    length: Length | None = None,
    file: IO[str] | None = None,
    prepare: Prepare | None = None,
) -> Outcome:
    """One run of random faults over random sites."""
    began_s = time.perf_counter()
    world = World(seed, shapes(random.Random(f"{seed} shapes"), sites), length or Length(), file)
    draw(world.scene, world.length)
    if prepare:
        prepare(world)
    world.run()
    return world.outcome(began_s)
