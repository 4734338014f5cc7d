"""What a run of the matrix found, as JSON and as a page: cases by call and kind, what is wrong, and how to play it again."""

import collections
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

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


def write(run: Run, folder: Path, tables: Path | None) -> None:
    """Leave `run.json` and `run.md` in the folder, and in `tables` what `python -m lab faults-page` shows."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps(asdict(run), indent=1) + "\n")
    (folder / "run.md").write_text(page(run))
    if tables:
        tables.mkdir(parents=True, exist_ok=True)
        (tables / "matrix.json").write_text(json.dumps(table(run), indent=1) + "\n")


def table(run: Run) -> dict[str, Any]:
    """As `lab.scenarios.page` takes tables of other faults."""
    columns, rows = _counts(run)
    title = "Calls of the cloud's API"
    return {"title": title, "date": run.date[:10], "note": head(run), "columns": columns, "rows": rows}


def page(run: Run) -> str:
    """For people: the counts, and what went wrong with the command that plays it again."""
    columns, rows = _counts(run)
    lines = [f"| {' | '.join(columns)} |", "|---|" + "---:|" * (len(columns) - 1)]
    lines += [f"| {' | '.join(map(str, row))} |" for row in rows]
    return f"{run.date}. {head(run)}\n\n" + "\n".join(lines) + "\n\n" + _failures(run)


def head(run: Run) -> str:
    """What was played, in one sentence each."""
    return (
        "The watchdog's own calls, broken one at a time, in spells and in pairs (`python -m tests.matrix`, "
        f"{run.what}, seed {run.seed}): {len(run.results)} stories in {run.seconds:.0f} s (lab, profile instant, virtual "
        f"time, {run.processes} processes), {len(run.wrong)} did not end as RULE.md says. Of {run.pairs_there_are} pairs "
        f"{run.pairs_tried} were tried, chosen by dice. The numbers are stories by the call that was hit and the kind of "
        "fault; a pair counts twice."
    )


def _counts(run: Run) -> tuple[list[str], list[list[str | int]]]:
    """Columns and rows: stories by the call that was hit and the kind of fault."""
    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    for result in run.results:
        for fault in Case.parse(result.case).faults:
            counts[f"{fault.service} {fault.action}", fault.kind.value] += 1
    kinds = [kind.value for kind in Kind]
    calls = sorted({call for call, _ in counts})
    return ["call", *kinds], [[call, *(counts[call, kind] for kind in kinds)] for call in calls]


def _failures(run: Run) -> str:
    lines = [
        f"- `{REPLAY.format(result.case)}`\n" + "".join(f"  - {wrong}\n" for wrong in result.wrong) for result in run.wrong
    ]
    return "".join(lines)
