"""Breadth-first search of a small world: every state once, with the one before it, so that a story is a shortest one."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from prove.small import Small
from prove.world import Next, State, World

BITS = (28, 24, 24, 20, 24)
"""Width of the parts in a state's key, but for the first."""
_SHIFTS = tuple(sum(BITS[index:]) for index in range(len(BITS)))
_MASKS = tuple((1 << bits) - 1 for bits in BITS)


@dataclass
class Found:
    """What a search of one world found."""

    world: str
    states: int = 0
    transitions: int = 0
    depth: int = 0
    ended: bool = False
    """Every state was reached, none was left for want of budget."""
    beyond: int = 0
    """Transitions not followed because too many calls were on their way."""
    seconds: float = 0.0
    violations: dict[str, list[Next]] = field(default_factory=dict[str, list[Next]])
    """By invariant, the first story that breaks it."""
    counts: dict[str, int] = field(default_factory=dict[str, int])


def packed(state: State) -> int:
    """A state as one number; no two states share one."""
    record, *rest = state
    key = record
    for part, bits in zip(rest, BITS, strict=True):
        key = key << bits | part
    return key


def unpacked(key: int) -> State:
    """The inverse of `packed`."""
    rest = ((key >> (shift - bits)) & mask for shift, bits, mask in zip(_SHIFTS, BITS, _MASKS, strict=True))
    return State(key >> _SHIFTS[0], *rest)


class Search:
    """The search of one small world."""

    def __init__(self, small: Small) -> None:
        """Nothing is searched yet."""
        self.world = World(small)
        self.before: dict[int, int] = {}
        """Every state that was reached, and the one it was first reached from."""
        self.found = Found(world=small.name)

    def run(self, states_max: int, *, wanted: str = "", tell: Callable[[Found], None] | None = None) -> Found:
        """Search until the world is at its end, `states_max` states were reached, or `wanted` is broken."""
        started = time.monotonic()
        found, before, world = self.found, self.before, self.world
        first = packed(world.start())
        before[first] = -1
        level = [first]
        expand = world.expand
        while level and len(before) < states_max:
            following: list[int] = []
            for key in level:
                for step in expand(unpacked(key)):
                    found.transitions += 1
                    if step.breaches:
                        self._note(key, step)
                    to = packed(step.state)
                    if to not in before:
                        before[to] = key
                        following.append(to)
                if len(before) >= states_max or (wanted and wanted in found.violations):
                    break
            found.depth += 1
            found.states, found.beyond, found.seconds = len(before), world.beyond, time.monotonic() - started
            if wanted and wanted in found.violations:
                return found
            if tell:
                tell(found)
            if len(before) < states_max:
                level = following
        found.ended = not level
        return found

    def _note(self, key: int, step: Next) -> None:
        for name in step.breaches:
            self.found.counts[name] = self.found.counts.get(name, 0) + 1
            if name not in self.found.violations:
                self.found.violations[name] = [*self.path(key), step]

    def path(self, key: int) -> list[Next]:
        """The steps that lead from the start to a state."""
        keys = [key]
        while (key := self.before[key]) >= 0:
            keys.append(key)
        keys.reverse()
        return [self._step(one, other) for one, other in itertools.pairwise(keys)]

    def _step(self, one: int, other: int) -> Next:
        return next(step for step in self.world.expand(unpacked(one)) if packed(step.state) == other)
