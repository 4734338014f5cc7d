"""The matrix at the command line.

    python -m tests.matrix                      the seeded part that CI runs
    python -m tests.matrix --all                every single fault, every spell, and 1500 pairs; `make nightly`
    python -m tests.matrix --case 'failover:ec2.AssociateAddress#1x1=answer-lost'     one story, told at length

Leaves `out/matrix/run.json` and `run.md`, and after more than the part a table for docs/FAULTS.md in `out/faults`. Exit
status 1 when a story did not end as docs/RULE.md says.
"""

import argparse
import os
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tests.matrix.cases import Case, Recording, everything, pair_space, part
from tests.matrix.oracles import judge
from tests.matrix.run import Result, play, record, run, staged
from tests.matrix.story import Plot
from tests.matrix.summary import REPLAY, Run, write

SEED = 20260
PAIRS = 1500
OUT = Path(__file__).resolve().parents[2] / "out"
PROCESSES = min(2, os.cpu_count() or 1)


def matrix(*, whole: bool, seed: int, pair_count: int = PAIRS, sample: int = 0, processes: int = PROCESSES) -> Run:
    """Record the undisturbed stories, play the cases (`sample`: so many of the whole), leave the summary, and return it."""
    started_s = time.monotonic()
    with staged() as on:
        recordings = record(on)
    cases = everything(recordings, seed, pair_count) if whole else part(recordings, seed)
    if sample:
        cases = random.Random(seed).sample(cases, min(sample, len(cases)))
    tell(f"{len(cases)} stories, seed {seed}, {processes} processes")
    tell("EC2: moto behind the lab's gate; DynamoDB and SNS: ministack; the prober functions' answers are scripted")
    done = Run(
        what=f"a sample of {len(cases)}" if sample else "all" if whole else "part",
        seed=seed,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=0.0,
        processes=processes,
        calls=calls_of(recordings[Plot.FAILOVER]),
        pairs_tried=sum(len(case.faults) > 1 for case in cases),
        pairs_there_are=pair_space(recordings[Plot.FAILOVER]),
        results=run(cases, processes, tell),
    )
    return finished(done, time.monotonic() - started_s)


def finished(done: Run, seconds: float) -> Run:
    """The run with its time, written down."""
    timed = replace(done, seconds=round(seconds, 1), date=datetime.now(UTC).isoformat(timespec="seconds"))
    write(timed, OUT / "matrix", None if timed.what == "part" else OUT / "faults")
    return timed


def calls_of(recording: Recording) -> dict[str, int]:
    """How many calls of each action there are."""
    return {f"{service} {action}": count for (service, action), count in recording.until.items()}


def main() -> int:
    """Obey the command line."""
    arguments = _arguments()
    if arguments.case:
        return _one(Case.parse(arguments.case))
    done = matrix(
        whole=arguments.all or bool(arguments.sample),
        seed=arguments.seed,
        pair_count=arguments.pairs,
        sample=arguments.sample,
        processes=arguments.processes,
    )
    for result in done.wrong:
        _complain(result)
    tell(f"{len(done.results)} stories, {len(done.wrong)} wrong, {done.seconds:.0f} s (lab); {OUT / 'matrix' / 'run.md'}")
    return 1 if done.wrong else 0


def _one(case: Case) -> int:
    with staged() as on:
        story, evidence, _ = play(on, case)
    for line in story.reasons:
        tell(line)
    tell(" ".join(f"{call.name}{'!' + call.fault.kind.value if call.fault else ''}" for call in evidence.calls))
    tell(f"address: {' -> '.join(name or 'nobody' for name in evidence.associations)}")
    tell(f"told: {', '.join(notice['notice'] + ' ' + notice['what'] for notice in evidence.notices)}")
    wrong = judge(evidence)
    for sentence in wrong:
        tell(f"WRONG {sentence}")
    return 1 if wrong else 0


def _complain(result: Result) -> None:
    for sentence in result.wrong:
        tell(f"WRONG {sentence}")
    tell(f"      {REPLAY.format(result.case)}")


def tell(text: str) -> None:
    """One line for whoever waits."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__, allow_abbrev=False)
    parser.add_argument("--all", action="store_true", help="the whole matrix instead of the part for CI")
    parser.add_argument("--seed", type=int, default=SEED, help="of the dice that choose calls and pairs")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="how many pairs --all tries")
    parser.add_argument("--sample", type=int, default=0, help="so many stories of --all, by dice")
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--case", default="", help="play one story and tell it at length")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
