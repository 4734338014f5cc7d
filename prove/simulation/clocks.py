"""The port `Clock`: a wall clock that drifts and jumps, and a monotonic one that does neither, but may stand still.

Whether a frozen function's monotonic clock goes on is not documented; here it does either.
"""

import random

from prove.simulation import figures
from prove.simulation.agenda import Agenda
from prove.simulation.ground import START_S
from prove.simulation.replies import LEAST_S


class SimulatedClock:
    """Port `Clock` of one arbiter."""

    def __init__(self, agenda: Agenda, dice: random.Random) -> None:
        self._agenda = agenda
        self._rate = 1.0 + dice.uniform(-figures.CLOCK_RATE, figures.CLOCK_RATE)
        self._offset_s = dice.uniform(-figures.CLOCK_OFFSET_S, figures.CLOCK_OFFSET_S)
        self._born_s = agenda.time_s
        self._stood_still_s = 0.0

    def jump(self, seconds: float) -> None:
        """The wall clock is set."""
        self._offset_s += seconds

    def stand_still(self, seconds: float) -> None:
        """The machine was stopped for so long and its monotonic clock with it."""
        self._stood_still_s += seconds

    def _lived_s(self) -> float:
        return (self._agenda.time_s - self._born_s) * self._rate

    def now_s(self) -> float:
        """See the port."""
        return START_S + self._born_s + self._offset_s + self._lived_s()

    def monotonic_s(self) -> float:
        """See the port; begins anywhere."""
        return 1000.0 + self._lived_s() - self._stood_still_s

    def sleep(self, seconds: float) -> None:
        """See the port."""
        if seconds > 0:
            self._agenda.wait_until(self._agenda.time_s + max(LEAST_S, seconds / self._rate))
