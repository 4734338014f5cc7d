"""The page's part about classes of fault in the lab, from what was measured of each. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.figures import Spread
from bench.goals import G10_S, Held, table

QUICK = "killed"
"""The class from which the delay that an arbiter's death adds is taken."""


def part(classes: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> str:
    """`classes`: name to its entry in out/bench/faults.json, in the page's order; `names`: all that there are."""
    rows = [row for name, entry in classes.items() if entry["runs"] for row in [_row(name, entry)]]
    figures = "\n".join(rows)
    goals = held_against(classes)
    held = f"\n### Held against the goals\n\n{table(goals)}\n" if goals else ""
    return f"""## Classes of fault, in the lab

**Lab**, profile `instant`, an emulated AWS on this machine.

- {_when(classes)}
- Tier fault-tolerant, a round each second, restartGraceSeconds 0, slowGraceSeconds 0.4, lease 6 s; the schedule in real
  minutes; no hold between moves, since a bench strikes again and again. No clients but for the wrong answer. A fault comes
  at a random moment between two rounds. Moved = the answer of the accepted AssociateAddress at the emulated cloud's gate;
  the clock starts just before the fault.
- Killed: SIGKILL. Refused: the service is ended and the machine lives. To whoever asks both are a refusing kernel.
  Slow: every answer comes 2 s late. Wrong answer: the disk is full, which the next message shows; the health page says 503
  then. Zone lost: the holder is cut off and its zone's prober is deleted. Throttled: EC2 turns every call away for 60 s.
  Store down: no function reaches the record's table for 60 s. In both of these the holder is killed in the first moment, so
  60 s are the fault itself.
- Arbiter killed: the holder is killed, and the arbiter when the record says suspect, or with that call held at the gate,
  which is then dropped. The next one comes with the schedule, within a minute, or with the event of the old holder's
  machine, which the fence stops; "another waits": `arbiterStandby`.
- Up to {FEW} runs, p95 is the largest value.

| seconds to the accepted move | p50 | p95 | max | n |
|---|---|---|---|---|
{figures}
{_delays(classes)}{held}{_missing(classes, names)}"""


FEW = 10
ARBITER = "arbiter killed"
LEASE_S, ROUND_S = 6.0, 1.0
"""Of the tier measured."""

G1 = {"killed": (1.3, 2.0), "cut off": (2.0, 3.0)}
"""Class to its median and its 99th percentile, seconds. They are wanted of a thousand runs."""


def _when(classes: Mapping[str, Mapping[str, Any]]) -> str:
    said = sorted({f"{entry['date']}, commit {entry['commit']}" for entry in classes.values()})
    loads = sorted(float(str(entry["load"]).split(maxsplit=1)[0]) for entry in classes.values())
    machine = next(iter(classes.values()))["machine"] if classes else "none"
    between = f"{loads[0]:.1f} to {loads[-1]:.1f}" if loads else "unknown"
    return f"Date: {'; '.join(said)}. Machine: {machine}; load while it was measured: {between}"


def _spread(entry: Mapping[str, Any]) -> Spread:
    return Spread.of(run["moved_s"] for run in entry["runs"])


def _row(name: str, entry: Mapping[str, Any]) -> str:
    return _spread(entry).row(name)


def _added_s(classes: Mapping[str, Mapping[str, Any]]) -> Mapping[str, list[float]]:
    """What the arbiter's death adds to the median of a plain kill: by whether another waits, over all steps."""
    quick = classes.get(QUICK)
    if not quick or not quick["runs"]:
        return {}
    usual_s = _spread(quick).p50
    groups: dict[str, list[float]] = {}
    for name, entry in classes.items():
        if name.startswith(ARBITER) and entry["runs"]:
            groups.setdefault(name.partition(":")[0], []).extend(run["moved_s"] - usual_s for run in entry["runs"])
    return groups


def _delays(classes: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [Spread.of(values).row(f"{name}, all steps") for name, values in _added_s(classes).items()]
    if not rows:
        return ""
    head = "| seconds that the arbiter's death adds to the median of killed | p50 | p95 | max | n |\n|---|---|---|---|---|"
    return "\n".join(["", head, *rows, ""])


def held_against(classes: Mapping[str, Mapping[str, Any]]) -> list[Held]:
    """The goals that the lab can speak of, where it measured what they are about."""
    spreads = {name: _spread(entry) for name, entry in classes.items() if entry["runs"]}
    goals = [_percentiles(name, spreads[name], *most_s) for name, most_s in G1.items() if name in spreads]
    goals += [_delay(name, Spread.of(values)) for name, values in _added_s(classes).items()]
    if spreads:
        longest = max(spreads, key=lambda name: spreads[name].largest)
        goals.append(
            Held(
                goal="G10",
                what="every class above",
                wanted=f"each within {G10_S:g} s",
                reached=f"the longest {spreads[longest].largest:.2f} s ({longest})",
                met=spreads[longest].largest <= G10_S and not any(entry["failed"] for entry in classes.values()),
            )
        )
    return goals


def _percentiles(name: str, spread: Spread, p50_s: float, p99_s: float) -> Held:
    return Held(
        goal="G1",
        what=name,
        wanted=f"p50 {p50_s:g} s, p99 {p99_s:g} s",
        reached=f"p50 {spread.p50:.2f} s, p99 {spread.p99:.2f} s, n {spread.n}",
        met=spread.p50 <= p50_s and spread.p99 <= p99_s,
    )


def _delay(name: str, spread: Spread) -> Held:
    return Held(
        goal="G8",
        what=f"{name}: what it adds",
        wanted=f"at most {LEASE_S + ROUND_S:g} s: the lease and one round",
        reached=f"p50 {spread.p50:.2f} s, max {spread.largest:.2f} s, n {spread.n}",
        met=spread.largest <= LEASE_S + ROUND_S,
    )


def _missing(classes: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> str:
    lines = [f"- Not measured yet: {name}." for name in names if name not in classes]
    lines += [
        f"- {name}: stopped after {len(entry['runs'])} runs: {entry['failed']}"
        for name, entry in classes.items()
        if entry["failed"]
    ]
    return "\n" + "\n".join(lines) + "\n" if lines else ""
