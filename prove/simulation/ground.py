"""What the watchdog stands on and cannot see directly: zones, paths, machines, and what the cloud does badly at present.

Faults are counted, not switched: two that overlap do not end each other. May be changed by `faults` and by calls that are
applied; read by the ports.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from failover_lambda.contract import Worker
from failover_lambda.model import Answer, Power
from prove.simulation import figures
from prove.simulation.agenda import Agenda

START_S = 1_800_000_000.0
"""Wall clock at the beginning of every run, seconds since 1970."""


class Ailment(Enum):
    """What is wrong with a worker's service, gravest first."""

    HUNG_MACHINE = Answer.TIMEOUT
    KILLED = Answer.REFUSED
    RESETTING = Answer.RESET
    FROZEN = Answer.SILENT
    WRONG = Answer.WRONG
    SLOW = Answer.HEALTHY


@dataclass
class Zone:
    """One zone; every number counts the faults that say so."""

    name: str
    lost: int = 0
    apart: int = 0
    """Nothing gets from it to another zone, or back, inside the network."""
    anchorless: int = 0
    no_clients: int = 0
    """The internet does not reach it."""
    no_prober: int = 0
    """Its prober cannot be called."""
    loss: float = 0.0
    """Of questions that begin in it, besides the ordinary."""


@dataclass
class Weather:
    """What the cloud does badly at present. Shares are between 0 and 1."""

    throttled: float = 0.0
    calls_lost: float = 0.0
    calls_late: float = 0.0
    """Of the calls whose answer is lost, so many are applied long afterwards."""
    calls_twice: float = 0.0
    calls_refused: float = 0.0
    stale: float = 0.0
    stale_s: float = 0.0
    reads_slow: float = 0.0
    store_down: int = 0
    store_lost: float = 0.0
    store_late: float = 0.0
    topic_down: int = 0


@dataclass
class Region:
    """What all sites share."""

    agenda: Agenda
    zones: dict[str, Zone]
    weather: Weather = field(default_factory=Weather)
    calm: bool = False
    """Nothing goes wrong any more, not even now and then."""
    calm_from_s: float = float("inf")

    def not_in_calm(self, at_s: float) -> float:
        """That moment, or just before the calm: what lands late lands by then."""
        return at_s if at_s < self.calm_from_s else max(self.agenda.time_s, self.calm_from_s - 1.0)

    def apart(self, one: str, other: str) -> bool:
        """Whether nothing gets from one zone to another inside the network."""
        if self.zones[one].lost or self.zones[other].lost:
            return True
        return one != other and bool(self.zones[one].apart or self.zones[other].apart)


class Machine:
    """One worker's machine and its service."""

    def __init__(self, worker: Worker, region: Region, dice: random.Random, changed: Callable[["Machine"], None]) -> None:
        self.worker = worker
        self.power = Power.RUNNING
        self.launched_s = START_S - 3600.0
        self.isolated = False
        self.ailments: dict[int, Ailment] = {}
        self.slow_s = 0.0
        self.cut_inside = 0
        self.cut_outside = 0
        self.stop_hangs = False
        self.event = ""
        """What the platform has announced for it."""
        self._booting = False
        self._change = 0
        self._region = region
        self._zone = region.zones[worker.zone]
        self._dice = dice
        self._changed = changed

    @property
    def name(self) -> str:
        """The worker's."""
        return self.worker.name

    def answer(self, zone: str, timeout_s: float) -> Answer:
        """What a question from a zone brings, if nothing is lost on the way."""
        if self.power is not Power.RUNNING or self.isolated or self.cut_inside:
            return Answer.TIMEOUT
        if self._region.apart(zone, self.worker.zone):
            return Answer.TIMEOUT
        return self.service(timeout_s)

    def service(self, timeout_s: float) -> Answer:
        """What its service answers to whoever reaches it."""
        if self._booting:
            return Answer.REFUSED
        if not self.ailments:
            return Answer.HEALTHY
        gravest = min(self.ailments.values(), key=_GRAVITY.index)
        if gravest is Ailment.SLOW and self.slow_s > timeout_s:
            return Answer.SILENT
        return gravest.value

    def why_not(self, timeout_s: float) -> str:
        """Why a client that the address leads here would not be served; "" = it would."""
        if self.power is not Power.RUNNING:
            return f"its machine is {self.power.value}"
        for wrong, why in (
            (self._zone.lost, "its zone is lost"),
            (self.isolated, "it is isolated"),
            (self.cut_outside, "it is cut off from its clients"),
            (self._zone.no_clients, "its zone is cut off from its clients"),
        ):
            if wrong:
                return why
        answer = self.service(timeout_s)
        return "" if answer is Answer.HEALTHY else f"its service is {answer.value}"

    # What happens to it

    def ail(self, number: int, ailment: Ailment) -> None:
        """Its service is unwell, until it is healed of this or boots."""
        self.ailments[number] = ailment
        self._changed(self)

    def heal(self, number: int) -> None:
        """Of one ailment."""
        if self.ailments.pop(number, None):
            self._changed(self)

    def review(self) -> None:
        """Something around it has changed."""
        self._changed(self)

    def stop(self) -> None:
        """It goes down at once; it is `stopped` later."""
        if self.power in (Power.RUNNING, Power.PENDING):
            self._turn(Power.STOPPING)
            if not self.stop_hangs:
                self._later(figures.STOPPING.draw(self._dice), self._stopped)

    def start(self) -> bool:
        """Boot; False = it is not stopped."""
        if self.power is not Power.STOPPED:
            return self.power in (Power.RUNNING, Power.PENDING)
        self._turn(Power.PENDING)
        self._later(figures.PENDING.draw(self._dice), self._running)
        return True

    def _stopped(self) -> None:
        self.ailments.clear()
        self._turn(Power.STOPPED)

    def _running(self) -> None:
        self.launched_s = START_S + self._region.agenda.time_s
        self._booting = True
        self._turn(Power.RUNNING)
        self._later(self._dice.uniform(*figures.BOOT_S), self._booted)

    def _booted(self) -> None:
        self._booting = False
        self._changed(self)

    def _turn(self, power: Power) -> None:
        self.power = power
        self._change += 1
        self._changed(self)

    def _later(self, after_s: float, then: Callable[[], None]) -> None:
        change = self._change

        def happen() -> None:
            if self._change == change:
                then()

        self._region.agenda.at(self._region.agenda.time_s + after_s, happen)


_GRAVITY = list(Ailment)
