"""The summary of many runs, for programs and for people."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from prove.simulation.campaign import Campaign
from prove.simulation.repairs import Repair
from prove.simulation.world import Outcome


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest rank: a value that occurred. `values` are sorted and not empty."""
    return values[max(0, math.ceil(share * len(values)) - 1)]


def repair_table(repairs: Iterable[Repair]) -> Mapping[str, Mapping[str, float]]:
    """Class of fault to n, p50_s, p95_s, p99_s and max_s."""
    by_name: dict[str, list[float]] = {}
    for repair in repairs:
        by_name.setdefault(repair.name, []).append(repair.seconds)
    return {name: figures_of(sorted(by_name[name])) for name in sorted(by_name)}


def figures_of(values: Sequence[float]) -> Mapping[str, float]:
    """n, p50_s, p95_s, p99_s and max_s of sorted seconds."""
    return {
        "n": len(values),
        "p50_s": round(percentile(values, 0.5), 3),
        "p95_s": round(percentile(values, 0.95), 3),
        "p99_s": round(percentile(values, 0.99), 3),
        "max_s": round(values[-1], 3),
    }


def repair_rows(repairs: Iterable[Repair]) -> list[str]:
    """The same for people."""
    table = repair_table(repairs)
    rows = [f"{'fault':30} {'p50':>8} {'p95':>8} {'max':>8} {'n':>6}"]
    for name, row in table.items():
        rows.append(f"{name:30} {row['p50_s']:8.2f} {row['p95_s']:8.2f} {row['max_s']:8.2f} {row['n']:6.0f}")
    return rows


def write_json(campaign: Campaign, out: Path) -> None:
    """Write `out/prove/simulation.json`."""
    out.parent.mkdir(parents=True, exist_ok=True)
    plain = {
        "ticks": campaign.ticks,
        "seeds": campaign.seeds,
        "first_seed": campaign.first_seed,
        "violations": campaign.violations,
        "false_failovers": campaign.false_failovers,
        "hidden_failovers": len(campaign.hidden_failovers),
        "failovers": campaign.failovers,
        "repair": repair_table(campaign.repairs),
        "digest": campaign.digest,
        "seconds": round(campaign.seconds, 1),
    }
    out.write_text(json.dumps(plain, indent=1) + "\n")


def read_story(outcome: Outcome) -> str:
    """What broke in a run, and the last lines about it."""
    found = [
        *(str(violation) for violation in outcome.violations),
        *(f"false failover: {one}" for one in outcome.false_failovers),
    ]
    lines = [f"seed {outcome.seed}, digest {outcome.digest}:", *found, "", "the last lines of its log:"]
    lines += outcome.story
    return "\n".join([*lines, "", f"replay: python -m prove.simulation --replay {outcome.seed}"])
