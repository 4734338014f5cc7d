"""`python -m prove.simulation --ticks N --seed S [--processes 2] [--replay SEED] [--repair-times N]`.

Plays runs with the seeds S, S+1, ... until so many ticks were made, prints a summary and writes `out/prove/simulation.json`.
Exit status 1 where a run broke an invariant or failed over falsely: its story is printed then, and how it is replayed.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from prove.simulation.campaign import Campaign, play_many
from prove.simulation.measured import measure_all, rows, write
from prove.simulation.summary import read_story, repair_rows, write_json
from prove.simulation.world import play

OUT = Path("out") / "prove" / "simulation.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m prove.simulation", description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument("--ticks", type=int, default=300_000, help="at least so many in all (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the first run (%(default)s)")
    parser.add_argument("--processes", type=int, default=2, help="side by side (%(default)s)")
    parser.add_argument(
        "--replay", type=int, metavar="SEED", help="play this one run and write its whole log beside the summary"
    )
    parser.add_argument("--repair-times", type=int, metavar="N", help="play each single fault N times, and measure")
    parser.add_argument("--out", type=Path, default=OUT, help="the summary (%(default)s)")
    chosen = parser.parse_args(arguments)
    if chosen.repair_times is not None:
        return _measure(chosen.seed, chosen.repair_times, chosen.processes, chosen.out.with_name("repair-times.json"))
    if chosen.replay is not None:
        return _replay(chosen.replay, chosen.out)
    campaign = play_many(chosen.seed, chosen.ticks, chosen.processes)
    write_json(campaign, chosen.out)
    _print(campaign)
    return 1 if campaign.is_broken else 0


def _replay(seed: int, out: Path) -> int:
    log = out.parent / f"simulation-{seed}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as file:
        outcome = play(seed, file=file)
    print(f"seed {seed}: {outcome.ticks} ticks, {outcome.lines} lines in {log}, digest {outcome.digest}")
    if outcome.is_broken:
        print(read_story(outcome))
    return 1 if outcome.is_broken else 0


def _measure(seed: int, runs: int, processes: int, out: Path) -> int:
    measured = measure_all(seed, runs, processes)
    write(measured, out)
    for one in measured:
        print("\n".join(rows(one)))
    print(f"{runs} runs each from seed {seed} on, {sum(one.seconds for one in measured):.0f} s; {out}")
    return 1 if any(one.found or one.unrepaired for one in measured) else 0


def _print(campaign: Campaign) -> None:
    for outcome in campaign.broken:
        print(read_story(outcome))
    for story in campaign.hidden_failovers:
        print(f"hidden failover (no public port led to it, no prober had a way): {story}")
    print(
        f"{campaign.ticks} ticks of {campaign.seeds} runs (seeds {campaign.first_seed} to {campaign.last_seed}), "
        f"{campaign.failovers} failovers in {campaign.seconds:.0f} s: {campaign.violations} violations, "
        f"{campaign.false_failovers} false failovers, {len(campaign.hidden_failovers)} hidden ones; digest {campaign.digest}"
    )
    print("from a fault to the accepted move, in runs where much goes wrong at once (virtual seconds):")
    for row in repair_rows(campaign.repairs):
        print(row)


if __name__ == "__main__":
    sys.exit(main())
