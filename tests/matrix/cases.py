"""Which faults are tried: every call of an undisturbed story x every kind, in pairs, for a while; and the part for CI.

The calls are not written down here: they are what the watchdog did in an undisturbed story (`Recording`).
"""

import itertools
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lab.api_faults import Fault, Kind
from tests.matrix.story import Evidence, Plot

SPELL = 4
"""How many calls in a row a lasting fault hits."""

LONG_SPELL = 12
"""The same, of the longest ones."""


@dataclass(frozen=True)
class Case:
    """One story with its faults."""

    plot: Plot
    faults: tuple[Fault, ...]

    def __str__(self) -> str:
        return f"{self.plot.value}:{'+'.join(map(str, self.faults))}"

    @classmethod
    def parse(cls, text: str) -> "Case":
        """The inverse of `str`."""
        plot, _, faults = text.partition(":")
        return cls(Plot(plot), tuple(Fault.parse(each) for each in faults.split("+") if each))


@dataclass(frozen=True)
class Recording:
    """The calls of an undisturbed story."""

    plot: Plot
    calls: tuple[tuple[str, str, int], ...]
    """Service, action, nth."""
    until: Mapping[tuple[str, str], int]
    """How many of each were made before the story's end was seen: later ones a disturbed story may not reach."""

    @classmethod
    def of(cls, evidence: Evidence, end_s: float) -> "Recording":
        """`end_s`: virtual wall-clock time at which everything was done."""
        calls = tuple((call.service, call.action, call.nth) for call in evidence.calls if call.virtual_s <= end_s)
        until: dict[tuple[str, str], int] = {}
        for service, action, nth in calls:
            until[service, action] = nth
        return cls(evidence.plot, calls, until)


def singles(recording: Recording) -> list[Case]:
    """Every call x every kind."""
    return [
        Case(recording.plot, (Fault(service, action, kind, nth),))
        for service, action, nth in recording.calls
        for kind in Kind
    ]


def spells(recording: Recording) -> list[Case]:
    """Every action x every kind for a while: from every fourth call of it on, and from the first one on for longer.

    A call that is answered badly is asked again, so a spell hits more calls than an undisturbed story makes.
    """
    return [
        Case(recording.plot, (Fault(service, action, kind, nth, times),))
        for service, action, nth in recording.calls
        for kind in Kind
        for times in _lengths(service, nth)
    ]


def _lengths(service: str, nth: int) -> tuple[int, ...]:
    if nth == 1 and service != "sns":  # a notice is tried more and more seldom: twelve tries take longer than a story
        return SPELL, LONG_SPELL
    return (SPELL,) if nth % SPELL == 1 else ()


def pairs(recording: Recording, dice: random.Random, count: int) -> list[Case]:
    """So many different pairs of single faults on different calls, chosen by dice; mutating calls weigh as much as reads."""
    alone = [case.faults[0] for case in singles(recording)]
    by_action: dict[str, list[Fault]] = {}
    for fault in alone:
        by_action.setdefault(fault.action, []).append(fault)
    found: dict[str, Case] = {}
    while len(found) < count:
        first, second = (dice.choice(by_action[dice.choice(list(by_action))]) for _ in range(2))
        if (first.action, first.nth) != (second.action, second.nth):
            case = Case(recording.plot, tuple(sorted((first, second), key=str)))
            found[str(case)] = case
    return list(found.values())


def pair_space(recording: Recording) -> int:
    """How many pairs there are."""
    calls, kinds = len(recording.calls), len(Kind)
    return calls * (calls - 1) // 2 * kinds * kinds


def part(recordings: Mapping[Plot, Recording], seed: int) -> list[Case]:
    """The part for CI: one call of every action x every kind by dice, some pairs, some spells, some in a quiet site."""
    dice, chosen = random.Random(seed), list[Case]()
    failover, steady = recordings[Plot.FAILOVER], recordings[Plot.STEADY]
    for _, group in itertools.groupby(sorted(singles(failover), key=_kind_of_call), key=_kind_of_call):
        chosen.append(dice.choice(list(group)))
    chosen += pairs(failover, dice, 16)
    chosen += dice.sample(spells(failover), 10)
    chosen += dice.sample(singles(steady) + spells(steady), 14)
    return chosen


def everything(recordings: Mapping[Plot, Recording], seed: int, pair_count: int) -> list[Case]:
    """The whole of singles and spells of both plots, and so many pairs."""
    dice = random.Random(seed)
    whole = [case for recording in recordings.values() for make in (singles, spells) for case in make(recording)]
    return whole + pairs(recordings[Plot.FAILOVER], dice, pair_count)


def share(cases: Sequence[Case], number: int, of: int) -> list[Case]:
    """Every so manieth case."""
    return list(cases[number::of])


def _kind_of_call(case: Case) -> tuple[str, str, str]:
    (fault,) = case.faults
    return fault.service, fault.action, fault.kind.value


def names(cases: Iterable[Case]) -> list[str]:
    return [str(case) for case in cases]
