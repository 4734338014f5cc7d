"""Ticks as text, with what repeats itself told once: a story stays short enough to be read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

INDENT = " " * 14
PERIOD_MAX = 16
"""Longest pattern of ticks that is recognised when it repeats itself."""
_AGES = re.compile(r"\d+ s (ago|more)")


@dataclass(frozen=True)
class Tick:
    """What one tick brought."""

    at_s: float
    text: str
    news: tuple[str, ...]

    @property
    def likeness(self) -> tuple[str, ...]:
        """What it has in common with a tick that says the same a while later."""
        return tuple(_AGES.sub("", line) for line in (self.text, *self.news))

    def lines(self) -> Iterator[str]:
        yield f"{self.at_s:9.1f} s  {self.text}"
        yield from (f"{INDENT}{line}" for line in self.news)


def folded(ticks: list[Tick]) -> Iterator[str]:
    """The lines of these ticks; those that repeat the ones before them are counted only."""
    at = 0
    while at < len(ticks):
        period, more = _repetition(ticks, at)
        for tick in ticks[at : at + period]:
            yield from tick.lines()
        at += period * (1 + more)
        if more:
            times = f"{more} more" if period == 1 else f"these {period} ticks {more} times more"
            yield f"{INDENT}the same until {ticks[at - 1].at_s:.1f} s ({times})"


def _repetition(ticks: list[Tick], at: int) -> tuple[int, int]:
    """The shortest pattern that begins here and repeats itself, and how often it does so."""
    for period in range(1, PERIOD_MAX + 1):
        pattern = [tick.likeness for tick in ticks[at : at + period]]
        more, after = 0, at + period
        while [tick.likeness for tick in ticks[after : after + period]] == pattern:
            more, after = more + 1, after + period
        if more >= (1 if period == 1 else 2):
            return period, more
    return 1, 0
