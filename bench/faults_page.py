"""The page's part about classes of fault in the lab, from what was measured of each. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.figures import Spread

QUICK = "killed"
"""The class from which the delay that an arbiter's death adds is taken."""


def part(classes: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> str:
    """`classes`: name to its entry in out/bench/faults.json, in the page's order; `names`: all that there are."""
    rows = [row for name, entry in classes.items() if entry["runs"] for row in [_row(name, entry)]]
    table = "\n".join(rows)
    return f"""## Classes of fault, in the lab

**Lab**, profile `instant`, an emulated AWS on this machine.

- {_when(classes)}
- Tier fault-tolerant, a round each second, restartGraceSeconds 0, slowGraceSeconds 0.4, lease 6 s; the schedule in real
  minutes; no hold between moves, since a bench strikes again and again. No clients. A fault comes at a random moment between
  two rounds. Moved = the answer of the accepted AssociateAddress at the emulated cloud's gate; the clock starts just before
  the fault.
- Killed: SIGKILL. Refused: the service is ended and the machine lives. To whoever asks both are a refusing kernel.
  Slow: every answer comes 2 s late. Wrong answer: the disk is full, and the health page says 503. Zone lost: the holder is
  cut off and its zone's prober is deleted. Throttled: EC2 turns every call away for 60 s. Store down: no function reaches
  the record's table for 60 s. In both of these the holder is killed in the first moment, so 60 s are the fault itself.
- Arbiter killed: the holder is killed, and the arbiter when the record says suspect, or with that call held at the gate,
  which is then dropped. The next one comes with the schedule, within a minute; "another waits": `arbiterStandby`.
- Up to {FEW} runs, p95 is the largest value.

| seconds to the accepted move | p50 | p95 | max | n |
|---|---|---|---|---|
{table}
{_delays(classes)}{_missing(classes, names)}"""


FEW = 10
ARBITER = "arbiter killed"


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


def _delays(classes: Mapping[str, Mapping[str, Any]]) -> str:
    """What the arbiter's death adds to the median of a plain kill."""
    quick = classes.get(QUICK)
    if not quick or not quick["runs"]:
        return ""
    usual_s = _spread(quick).p50
    groups: dict[str, list[float]] = {}
    for name, entry in classes.items():
        if name.startswith(ARBITER):
            groups.setdefault(name.partition(":")[0], []).extend(run["moved_s"] - usual_s for run in entry["runs"])
    rows = [Spread.of(values).row(f"{name}, all steps") for name, values in groups.items() if values]
    if not rows:
        return ""
    head = "| seconds that the arbiter's death adds to the median of killed | p50 | p95 | max | n |\n|---|---|---|---|---|"
    return "\n".join(["", head, *rows, ""])


def _missing(classes: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> str:
    lines = [f"- Not measured yet: {name}." for name in names if name not in classes]
    lines += [
        f"- {name}: stopped after {len(entry['runs'])} runs: {entry['failed']}"
        for name, entry in classes.items()
        if entry["failed"]
    ]
    return "\n" + "\n".join(lines) + "\n" if lines else ""
