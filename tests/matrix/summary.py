"""What a run of the matrix found, as JSON and as a page: cases by call and kind, what is wrong, and how to play it again."""

import collections
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.api_faults import Kind
from tests.matrix.cases import Case
from tests.matrix.run import Result

REPLAY = "python -m tests.matrix --case '{}'"


@dataclass(frozen=True)
class Run:
    """One run of the matrix.

    Attributes:
        what: "part" or "all".
        seed: of the dice.
        date: when it ended, ISO 8601, UTC.
        seconds: how long it took (lab).
        processes: in how many processes.
        calls: how many calls an undisturbed failover makes until everything is done, by action.
        pairs_tried: how many pairs of faults were tried.
        pairs_there_are: how many there are.
        results: every case.
    """

    what: str
    seed: int
    date: str
    seconds: float
    processes: int
    calls: dict[str, int]
    pairs_tried: int
    pairs_there_are: int
    results: Sequence[Result]

    @property
    def wrong(self) -> list[Result]:
        """The cases that did not end as they must."""
        return [result for result in self.results if result.wrong]


def write(run: Run, folder: Path) -> None:
    """Leave `matrix.json` and `matrix.md` in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "matrix.json").write_text(json.dumps(asdict(run), indent=1) + "\n")
    (folder / "matrix.md").write_text(page(run))


def page(run: Run) -> str:
    """For people; a part of docs/FAULTS.md."""
    head = (
        f"{run.date}, {run.what} of the matrix, seed {run.seed}: {len(run.results)} stories in {run.seconds:.0f} s (lab, "
        f"profile instant, virtual time, {run.processes} processes), {len(run.wrong)} did not end as docs/RULE.md says. "
        f"Pairs of faults: {run.pairs_tried} of {run.pairs_there_are} "
        f"({run.pairs_tried / run.pairs_there_are:.1%}, by dice).\n"
    )
    return head + "\n" + _table(run) + "\n" + _failures(run)


def _table(run: Run) -> str:
    """Stories by the call that was hit and the kind of fault; a pair counts for each of its two."""
    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    for result in run.results:
        for fault in Case.parse(result.case).faults:
            counts[f"{fault.service} {fault.action}", fault.kind.value] += 1
    kinds = [kind.value for kind in Kind]
    rows = [f"| call | {' | '.join(kinds)} |", "|---|" + "---:|" * len(kinds)]
    rows += [
        f"| {call} | {' | '.join(str(counts[call, kind]) for kind in kinds)} |"
        for call in sorted({name for name, _ in counts})
    ]
    return "\n".join(rows) + "\n"


def _failures(run: Run) -> str:
    lines = [
        f"- `{REPLAY.format(result.case)}`\n" + "".join(f"  - {wrong}\n" for wrong in result.wrong) for result in run.wrong
    ]
    return "".join(lines)
