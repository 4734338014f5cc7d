"""Each class of fault a thousand times in virtual time (`prove.simulation.stories`), held against the goals.

The figures are of a simulation: the watchdog's own cycle, leadership and rule run in it, the cloud, the network and the
platform are drawn. What they are drawn from stands in `prove.simulation.figures`, each with its source.
"""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict

from bench.about import about, write_json
from bench.goals import G10_S, Held, table
from prove.simulation.measured import DELAY, Measured, measure_all
from prove.simulation.stories import CADENCE, LOOP, with_standby

PROCESSES = 2

Row = Mapping[str, float]


def measure(arguments: argparse.Namespace, say: Callable[[str], None]) -> str:
    """Play everything, write out/bench/simulated.json; returns the part of the page."""
    measured = measure_all(arguments.seed, arguments.runs, PROCESSES, say)
    said = about(arguments.seed)
    goals = held_against(measured)
    more = {"profiles": [asdict(one) for one in measured], "goals": [asdict(goal) for goal in goals]}
    write_json("simulated", said | {"kind": "simulation, virtual seconds"}, more)
    return part(said, measured, goals)


def held_against(measured: Sequence[Measured]) -> list[Held]:
    """Every goal that the simulation can speak of."""
    by_name = {one.profile: one for one in measured}
    loop, cadence = by_name[LOOP.name], by_name[CADENCE.name]
    helds = [
        _percentiles("G1", loop, "killed", p50_s=1.3, p99_s=2.0),
        _percentiles("G1", loop, "cut off", p50_s=2.0, p99_s=3.0),
        *(_percentiles("G3", cadence, name, p99_s=6.5) for name in ("killed", "cut off")),
    ]
    for profile, most_s in ((LOOP, 6.0 + 1.0), (CADENCE, 15.0 + 5.0)):
        names = (profile.name, with_standby(profile).name)
        helds += [_delay(by_name[name], most_s) for name in names]
    helds += [_recovered(one) for one in measured if "killed" in one.table]
    return [*helds, _nothing_found(measured)]


def _percentiles(goal: str, one: Measured, name: str, *, p99_s: float, p50_s: float | None = None) -> Held:
    row = one.table[name]
    met = row["p99_s"] <= p99_s and (p50_s is None or row["p50_s"] <= p50_s)
    wanted, reached = f"p99 {p99_s:g} s", f"p99 {row['p99_s']:.2f} s"
    if p50_s is not None:
        wanted, reached = f"p50 {p50_s:g} s, {wanted}", f"p50 {row['p50_s']:.2f} s, {reached}"
    return Held(goal=goal, what=f"{one.profile}: {name}", wanted=wanted, reached=reached, met=met)


def _delay(one: Measured, most_s: float) -> Held:
    row = one.table[DELAY]
    return Held(
        goal="G8",
        what=f"{one.profile}: {DELAY}",
        wanted=f"at most {most_s:g} s: the lease and one round",
        reached=f"p50 {row['p50_s']:.2f} s, p95 {row['p95_s']:.2f} s, max {row['max_s']:.2f} s",
        met=row["max_s"] <= most_s and not any(name.startswith("arbiter killed") for name in one.unrepaired),
    )


def _recovered(one: Measured) -> Held:
    name, row = max(_classes(one), key=lambda pair: pair[1]["max_s"])
    late = f", and {len(one.unrepaired)} were not repaired at all" if one.unrepaired else ""
    return Held(
        goal="G10",
        what=f"{one.profile}: every class above",
        wanted=f"each within {G10_S:g} s",
        reached=f"the longest {row['max_s']:.2f} s ({name}){late}",
        met=row["max_s"] <= G10_S and not one.unrepaired,
    )


def _classes(one: Measured) -> Iterable[tuple[str, Row]]:
    return ((name, row) for name, row in one.table.items() if row["n"] and name != DELAY)


def _nothing_found(measured: Sequence[Measured]) -> Held:
    found = sum(len(one.found) for one in measured)
    return Held(
        goal="G8, G9",
        what="invariants broken and false failovers, in all these runs",
        wanted="none",
        reached=str(found) if found else "none",
        met=not found,
    )


def part(said: Mapping[str, str], measured: Sequence[Measured], goals: Sequence[Held]) -> str:
    """The part of the page."""
    tables = "\n\n".join(_table(one) for one in measured)
    first = int(said["seed"])
    runs = measured[0].runs
    return f"""## Classes of fault, simulated

**Simulation**, virtual seconds, no lab: {runs} runs of each class and profile, seeds {first} to {first + runs - 1}.

- Date: {said["date"]}, commit {said["commit"]}; the same seeds give the same figures on every machine.
- The watchdog's own cycle, leadership and rule run in it. Calls, store, probers and propagation take what
  `prove/simulation/figures.py` draws: EC2's mutating calls, propagation, stop and start from `lab/profiles.py` (profile
  `aws`), residual latencies from the presets of microburst 0.10.0 (observed against us-east-1 in 2026-02), 2 % of all
  probes lost at any time (DESIGN, G9), the rest chosen, which that file says beside each figure.
- A fault comes at a random moment of an arbiter's minute, so hand-overs of the lease are in it. Accepted = the moment at
  which the cloud takes AssociateAddress into effect: half of that call's own time is in it, and all of the
  DisassociateAddress before.
- Killed and refused are the same to whoever asks: the machine's kernel refuses. They are told by the same seeds.
- In "throttled" every call of EC2 is turned away for a minute, in "store down" nobody reaches the record's table; the
  holder is killed in the first moment of it, so about 60 s of these figures are the fault itself.
- "Arbiter killed at each step": the holder is killed, and its leader at one of the steps (every use of a port, both ends)
  until the accepted move, all steps in turn. Without `arbiterStandby` the next one comes with the schedule, within a
  minute, or with the event of the old holder's machine that stops. What the death adds is the difference from the same seed
  without it.

{tables}

### Held against the goals

{table(goals)}

G9 is counted over millions of ticks in which much goes wrong at once by `python -m prove.simulation`: docs/PROOF.md.
G12 is measured with many sites, not here.
"""


def _table(one: Measured) -> str:
    rows = [
        f"| {name} | {row['p50_s']:.2f} | {row['p95_s']:.2f} | {row['p99_s']:.2f} | {row['max_s']:.2f} | {row['n']:.0f} |"
        for name, row in one.table.items()
        if row["n"]
    ]
    told = [f"- No move within 600 s: {line}" for line in one.unrepaired[:FEW]]
    told += [f"- Found: {line}" for line in one.found[:FEW]]
    more = len(one.unrepaired) + len(one.found) - len(told)
    told += [f"- and {more} more, in out/bench/simulated.json"] if more else []
    head = [f"### {_capital(one.profile)}", "", f"{_capital(one.words)}.", ""]
    columns = ["| virtual seconds to the accepted move | p50 | p95 | p99 | max | n |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *columns, *rows, *(["", *told] if told else [])])


FEW = 5


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
