"""What goes wrong in one run, and when: drawn from the seed before anything happens, so that it depends on nothing else."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from prove.simulation import faults
from prove.simulation.faults import AnyFault, OnWorker, Scene, strike
from prove.simulation.operators import ON_OPERATORS
from prove.simulation.site import Shape, Site

ON_HOLDER = 0.75
"""So many faults of workers strike whoever holds."""

TROUBLE_AT_ONCE = 0.2
"""After so many faults of a site the next one follows within seconds: what is hard comes together."""


@dataclass(frozen=True, kw_only=True)
class Length:
    """How long a run lasts, in virtual seconds."""

    quiet_s: float = 40.0
    """At the beginning nothing goes wrong."""
    trouble_s: float = 1500.0
    calm_s: float = 320.0
    """At the end nothing goes wrong any more but one thing; then everything must be in order."""
    trial_after_s: float = 120.0
    """So long into the calm every holder dies once more; 0 = it does not."""

    @property
    def calm_from_s(self) -> float:
        """When the calm begins."""
        return self.quiet_s + self.trouble_s

    @property
    def total_s(self) -> float:
        """All of it."""
        return self.calm_from_s + self.calm_s


def shapes(dice: random.Random, sites: int) -> list[Shape]:
    """As many sites, all different: two to four workers, in two or three zones, with and without a public port."""
    return [_shape(dice, number) for number in range(1, sites + 1)]


def _shape(dice: random.Random, number: int) -> Shape:
    zones = list("abc")
    dice.shuffle(zones)
    workers = dice.choice((2, 2, 2, 3, 3, 4))
    generous = dice.random() < 0.5
    return Shape(
        name=f"site-{number}",
        worker_zones=tuple(zones[at % dice.choice((2, 3))] for at in range(workers)),
        prober_zones=("a", "b", "c") if dice.random() < 0.85 else tuple(sorted(zones[:2])),
        public_port=dice.random() < 0.5,
        high_availability=dice.random() < 0.2,
        moves_per_hour_max=12 if generous else 3,
        moves_per_day_max=24 if generous else 5,
        hold_s=dice.choice((60.0, 60.0, 20.0, 0.0)),
        arbiter_standby=dice.random() < 0.4,
        rejoin_auto=dice.random() < 0.3,
        slow_grace_s=dice.choice((15.0, 15.0, 0.0)),
    )


def draw(scene: Scene, length: Length) -> None:
    """Put every fault of a run on the agenda."""
    for site in scene.sites:
        for at_s in _moments(scene.dice, length, every_s=130.0):
            _plan_for_site(scene, site, at_s, length)
    for at_s in _moments(scene.dice, length, every_s=250.0):
        _plan_for_all(scene, at_s, length)


def _moments(dice: random.Random, length: Length, *, every_s: float) -> list[float]:
    moments: list[float] = []
    at_s = length.quiet_s
    while at_s < length.calm_from_s:
        moments.append(at_s)
        close = dice.random() < TROUBLE_AT_ONCE
        at_s += dice.uniform(0.1, 8.0) if close else dice.expovariate(1.0 / every_s)
    return moments[1:]


def _pick(dice: random.Random, kinds: Sequence[AnyFault]) -> AnyFault:
    return dice.choices(kinds, weights=[kind.weight for kind in kinds])[0]


def _lasts_s(dice: random.Random, kind: AnyFault, at_s: float, length: Length) -> float:
    """Short ones are as likely as long ones, and none lasts into the calm."""
    low, high = kind.lasts_s
    lasts_s = low * (high / low) ** dice.random() if low else dice.uniform(low, high)
    return max(0.0, min(lasts_s, length.calm_from_s - at_s - 0.01))


def _plan_for_site(scene: Scene, site: Site, at_s: float, length: Length) -> None:
    kind = _pick(scene.dice, (*faults.ON_WORKER, *faults.ON_SITE, *ON_OPERATORS))
    lasts_s = _lasts_s(scene.dice, kind, at_s, length)
    on_holder, other = scene.dice.random() < ON_HOLDER, scene.dice.choice(list(site.machines))

    def happen() -> None:
        target = (site.holder if on_holder else other) if isinstance(kind, OnWorker) else ""
        strike(scene, kind, lasts_s, site=site, target=target)

    scene.region.agenda.at(at_s, happen)


def _plan_for_all(scene: Scene, at_s: float, length: Length) -> None:
    zonal = scene.dice.random() < 0.4
    kind = _pick(scene.dice, faults.ON_ZONE if zonal else faults.ON_REGION)
    lasts_s = _lasts_s(scene.dice, kind, at_s, length)
    target = scene.dice.choice(list(scene.region.zones)) if zonal else ""
    scene.region.agenda.at(at_s, lambda: strike(scene, kind, lasts_s, target=target))
