"""A duration of an emulated cloud, and what it rests on. Values only; anybody in the lab may import this."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Dice(Protocol):
    """Where a value inside a range comes from; `random.Random` is one."""

    def uniform(self, a: float, b: float) -> float:
        """Evenly distributed between both."""
        ...


class Basis(Enum):
    """What a figure rests on."""

    MEASURED = "measured by the source named"
    INFERRED = "inferred from the source named"
    CHOSEN = "chosen, so that the lab adds no time"


@dataclass(frozen=True)
class Figure:
    """A duration in seconds: `low_s` to `high_s`, evenly distributed; one value where the two are equal."""

    low_s: float
    high_s: float
    basis: Basis
    source: str

    def draw(self, dice: Dice) -> float:
        """One value in seconds."""
        return dice.uniform(self.low_s, self.high_s)

    @property
    def seconds(self) -> str:
        """For people: "0.3" or "1 to 5"."""
        low, high = f"{self.low_s:g}", f"{self.high_s:g}"
        return low if low == high else f"{low} to {high}"
