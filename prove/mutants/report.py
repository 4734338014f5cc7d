"""What the mutation check says: a table of survivors for people, a file for machines, and the exit status."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from prove.mutants.session import Fate, Result


@dataclass(frozen=True, kw_only=True)
class Report:
    """One run of the check."""

    existing: int
    """How many mutants there are; `results` may be a sample of them."""
    results: Sequence[Result]
    listed: Sequence[Result]
    """Those of the results that survived and are listed with a reason."""
    faults: Sequence[str]
    """What is wrong with the list."""
    seed: int | None
    """None = all were run, but for `skipped`."""
    skipped: str
    """`listed` or `unlisted` ones; empty = none."""
    tests: int
    calls: int
    """How many different calls of the rule they make."""
    first_runs_s: float
    seconds: float

    def _of(self, fate: Fate) -> list[Result]:
        return [result for result in self.results if result.fate is fate]

    @property
    def survivors(self) -> list[Result]:
        """Those that nothing excuses."""
        excused = {result.mutant.name for result in self.listed}
        return [result for result in self._of(Fate.SURVIVED) if result.mutant.name not in excused]

    @property
    def status(self) -> int:
        """1 when a mutant survived that is not listed, or the list is wrong."""
        return 1 if self.survivors or self.faults else 0

    def lines(self) -> list[str]:
        """The report as text."""
        which = "all" if self.seed is None else f"a sample with seed {self.seed}"
        which += f" without the {self.skipped} ones" if self.skipped else ""
        said = [
            f"mutants: {len(self.results)} of {self.existing} ({which}), against {self.tests} tests with {self.calls} calls"
        ]
        for result in self.survivors:
            said += ["", f"survived: {result.mutant.name}", f"  {_why(result)}"]
        for result in self._of(Fate.DOES_NOT_IMPORT):
            said += ["", f"does not import, so no test was asked: {result.mutant.name}", f"  {result.how}"]
        for fault in self.faults:
            said += ["", fault]
        killed, broken = len(self._of(Fate.KILLED)), len(self._of(Fate.DOES_NOT_IMPORT))
        said += [
            "",
            f"mutants: {len(self.results)} made, {killed} killed, {len(self.survivors)} survived, "
            f"{len(self.listed)} listed with a reason" + (f", {broken} do not import" if broken else ""),
            f"mutants: {self.seconds:.0f} s, {self.first_runs_s:.0f} s of them for the first run of every test",
        ]
        return said

    def write(self, path: Path) -> None:
        """The report as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        plain: dict[str, Any] = {
            "made": len(self.results),
            "existing": self.existing,
            "killed": len(self._of(Fate.KILLED)),
            "listed": len(self.listed),
            "does_not_import": [asdict(result.mutant.name) for result in self._of(Fate.DOES_NOT_IMPORT)],
            "survivors": [asdict(result.mutant.name) for result in self.survivors],
            "faults": list(self.faults),
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "kills": [
                {**asdict(result.mutant.name), "test": result.test, "how": result.how, "seconds": round(result.seconds, 2)}
                for result in self._of(Fate.KILLED)
            ],
        }
        path.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")


def _why(result: Result) -> str:
    """How a mutant could survive."""
    if not result.tests:
        return "no test executes it"
    said = f"{result.tests} tests execute it, none fails"
    if result.differing:
        return f"{said}; {result.differing} calls of the rule are answered in another way"
    return f"{said}; {result.calls} calls of the rule are answered as before" if result.calls else said
