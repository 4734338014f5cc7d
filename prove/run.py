"""Runs of the search: one world after another on two processes, and what they found as lines and figures."""

from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from typing import Any

from prove import children, controls, defects, liveness, worlds
from prove.invariants import PROMISES
from prove.liveness import Liveness
from prove.patches import patched
from prove.search import Search
from prove.small import Small
from prove.story import Story

PROCESSES = 2
FOLLOWED = {"ci": 3_000, "nightly": 50_000}
"""Of each world, so many states are followed to their rest, evenly spread over the depth of the search."""
STATES = {"ci": 600_000, "nightly": 18_000_000}
"""Of all worlds together at most, each an equal part; the smallest ones end before."""


@dataclass(frozen=True, kw_only=True)
class Searched:
    """What became of one world."""

    name: str
    about: str
    states: int
    transitions: int
    depth: int
    ended: bool
    beyond: int
    followed: int
    rounds_max: int
    seconds: float
    violations: tuple[tuple[str, tuple[str, ...]], ...]
    """Invariant and its story."""

    @property
    def line(self) -> str:
        """One line for people."""
        end = "to its end" if self.ended else "as far as its budget went"
        left = f"; {self.beyond} transitions with more calls on their way were not followed" if self.beyond else ""
        return (
            f"{self.name:15} {self.states:>9} states, depth {self.depth:>2}, {end}; {self.followed} followed to rest, "
            f"at most {self.rounds_max} rounds; {self.seconds:.0f} s{left}"
        )


def search_world(small: Small, states_max: int, followed: int) -> Searched:
    """Search one world with the repairs of known defects, and follow some of its states to their rest."""
    with patched(defects.repairs()):
        search = Search(small)
        found = search.run(states_max)
        keys = list(search.before)
        lively = Liveness(search).check(keys[:: max(1, len(keys) // followed)])
        broken = dict(found.violations)
        if lively.violation:
            broken[lively.violation] = list(lively.path)
        stories = tuple(
            (name, tuple(Story(search.world).lines(search.world.start(), path))) for name, path in broken.items()
        )
    return Searched(
        name=small.name,
        about=small.about,
        states=found.states,
        transitions=found.transitions,
        depth=found.depth,
        ended=found.ended,
        beyond=found.beyond,
        followed=lively.followed,
        rounds_max=lively.rounds_max,
        seconds=found.seconds,
        violations=stories,
    )


def search(names: Sequence[str], states: int, followed: int, say: Callable[[str], None]) -> list[Searched]:
    """Search the worlds called so (none = all), with an equal part of the states for each."""
    chosen = [worlds.named(name) for name in names] or list(worlds.WORLDS)
    say(f"breadth-first search of {len(chosen)} small worlds, {states} states in all; for each state: {', '.join(PROMISES)}")
    say(f"for some of them, followed until nothing changes: {', '.join(liveness.PROMISES)}")
    done: list[Searched] = []
    with children.pool(PROCESSES) as pool:
        part = max(1, states // len(chosen))
        running = [pool.submit(search_world, small, part, followed) for small in chosen]
        for future in as_completed(running):
            done.append(future.result())
            say(done[-1].line)
            for name, story in done[-1].violations:
                say(_violated(name, story))
    return sorted(done, key=lambda each: [small.name for small in chosen].index(each.name))


def _violated(name: str, story: Sequence[str]) -> str:
    promise = {**PROMISES, **liveness.PROMISES}.get(name, name)
    return "\n".join((f"VIOLATED {name}: {promise}", *(f"  {line}" for line in story)))


def find_defects(say: Callable[[str], None]) -> list[tuple[defects.Defect, tuple[str, ...]]]:
    """The known defects of the rule that are still there, each with its story."""
    found: list[tuple[defects.Defect, tuple[str, ...]]] = []
    for defect in defects.DEFECTS:
        story = defects.story_of(defect)
        if story:
            say(f"KNOWN DEFECT {defect.name}: {defect.sentence}")
            say(_violated(defect.invariant, story))
        found.append((defect, story))
    return found


def run_controls(say: Callable[[str], None]) -> list[controls.Verdict]:
    """Every negative control."""
    with children.pool(PROCESSES) as pool:
        verdicts = list(pool.map(controls.run_named, [control.name for control in controls.CONTROLS]))
    for verdict in verdicts:
        control = verdict.control
        found = f"found in {len(verdict.story) - 1} steps" if verdict.story else "NOT FOUND"
        say(f"{control.name:28} {control.invariant:4} {found}, {verdict.found.states} states; {control.what}")
    return verdicts


def search_summary(searched: Sequence[Searched], known: int) -> dict[str, Any]:
    """`search` of out/prove/summary.json."""
    return {
        "states": sum(each.states for each in searched),
        "depth": max(each.depth for each in searched),
        "violations": sum(len(each.violations) for each in searched) + known,
        "known_defects": known,
        "followed": sum(each.followed for each in searched),
        "worlds": [
            {
                "name": each.name,
                "states": each.states,
                "transitions": each.transitions,
                "depth": each.depth,
                "ended": each.ended,
                "beyond": each.beyond,
                "followed": each.followed,
                "rounds_max": each.rounds_max,
                "seconds": round(each.seconds, 1),
                "violations": [name for name, _ in each.violations],
            }
            for each in searched
        ],
    }


def controls_summary(verdicts: Sequence[controls.Verdict]) -> list[dict[str, Any]]:
    """`controls` of out/prove/summary.json."""
    return [
        {
            "name": verdict.control.name,
            "invariant": verdict.control.invariant,
            "found": bool(verdict.story),
            "steps": max(0, len(verdict.story) - 1),
        }
        for verdict in verdicts
    ]
