"""Command line of the mutation check; see the package's docstring. Exit status 0: nothing survived that is not listed."""

import argparse
import os
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prove.mutants.aim import Aim
from prove.mutants.changes import Mutant, Name, mutants_of
from prove.mutants.found import Source, modules_from
from prove.mutants.listed import Listed, read_listed, rotten
from prove.mutants.report import Report
from prove.mutants.sentences import Sentences, read_excused
from prove.mutants.session import Collected, Fate, How, Result, TestsFailError, with_collected

SAMPLE = 40
SEED = 5
"""The sample of CI is the same every day, so that it fails by a change and not by chance."""

HISTORIES = "40"
"""Of the histories by chance (tests/property) so many take part; what only a rare one notices counts as not noticed."""

AROUND = ("failover_lambda.leadership", "failover_lambda.prober", "failover_lambda.requests")
"""Modules that sentences of docs/RULE.md speak of besides the rule, with all that they import."""

TESTS_FAIL = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the check; returns the exit status."""
    asked = _parser().parse_args(arguments)
    root = Path.cwd()
    sys.path.insert(0, str(root))
    os.environ.setdefault("TANDEM_HISTORIES", HISTORIES)
    began_s = time.monotonic()
    sources = modules_from(asked.rule, root)
    check = Check(asked, sources, mutants_of(sources), read_listed(root / asked.listed), began_s)
    remember = root / "out/prove/first-runs" if asked.remember else None
    how = How(at_once=asked.at_once, test_longest_s=asked.test_longest_s, remember=remember)
    try:
        return with_collected(asked.tests, root, how, check.run_sentences if asked.sentences else check.run)
    except TestsFailError as exc:
        sys.stderr.write(f"mutants: {exc}\n")
        return TESTS_FAIL


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m prove.mutants", description="Does a test notice each wrong rule?")
    parser.add_argument("--all", action="store_true", help="every mutant, not a sample")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="so many, chosen by the seed")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument(
        "--only", default="", help="of all, those whose name (file, function, both lines) has this text in it"
    )
    parser.add_argument(
        "--skip",
        choices=("listed", "unlisted"),
        default="",
        help="leave these out of --all or --only; a listed survivor runs every test, so the few take as long as all others",
    )
    parser.add_argument(
        "--sentences", action="store_true", help="look for a test that defends each sentence of docs/RULE.md"
    )
    parser.add_argument("--at-once", type=int, default=2, help="processes")
    parser.add_argument("--test-longest-s", type=float, default=5.0, help="processor time of a test, or 20 times its usual")
    parser.add_argument("--remember", action="store_true", help="use first runs of last time where nothing has changed")
    parser.add_argument("--out", default="out/prove/mutants.json")
    parser.add_argument("--rule", default="failover_lambda.rule", help="the module whose imports are followed")
    parser.add_argument("--tests", nargs="+", default=["tests/spec", "tests/property"])
    parser.add_argument("--listed", default="prove/survivors.toml")
    return parser


@dataclass(frozen=True)
class Check:
    """One run of the check: what was asked, and what there is."""

    asked: argparse.Namespace
    sources: Sequence[Source]
    every: Sequence[Mutant]
    listed: Sequence[Listed]
    began_s: float

    def run(self, tests: Collected) -> int:
        """Run what was asked for against these tests, and report; returns the exit status."""
        first = tests.first_runs(self.sources, {source.module for source in self.sources})
        first_runs_s = time.monotonic() - self.began_s
        results = self._results(tests, Aim(first))
        excused = {entry.name for entry in self.listed}
        report = Report(
            existing=len(self.every),
            results=results,
            listed=[result for result in results if result.fate is Fate.SURVIVED and result.mutant.name in excused],
            faults=rotten(self.listed, {mutant.name for mutant in self.every}, results),
            seed=None if self.asked.all or self.asked.only else self.asked.seed,
            skipped=self.asked.skip,
            tests=len(first.runs),
            calls=len(first.calls),
            first_runs_s=first_runs_s,
            seconds=time.monotonic() - self.began_s,
        )
        sys.stdout.write("\n".join(report.lines()) + "\n")
        report.write(Path(self.asked.out))
        return report.status

    def run_sentences(self, tests: Collected) -> int:
        """Look for a test that defends each sentence; returns the exit status."""
        root, asked = Path.cwd(), self.asked
        around = {source.module: source for module in AROUND for source in modules_from(module, root)}
        pure = {source.module for source in self.sources}
        sources = [*self.sources, *(source for name, source in sorted(around.items()) if name not in pure)]
        first = tests.first_runs(sources, pure)
        found = Sentences(Path("docs/RULE.md").read_text(encoding="utf-8"), read_excused(root / asked.listed), tests.items)
        found.try_all(tests, first, mutants_of(sources), asked.seed)
        sys.stdout.write("\n".join(found.lines()) + f"\nsentences: {time.monotonic() - self.began_s:.0f} s\n")
        found.write(Path(asked.out).with_name("sentences.json"))
        return found.status

    def _chosen(self) -> list[Mutant]:
        excused = {entry.name for entry in self.listed}
        rest = [mutant for mutant in self.every if mutant.name not in excused]
        if self.asked.only or self.asked.all:
            of = {"": self.every, "listed": rest, "unlisted": [each for each in self.every if each.name in excused]}
            return [mutant for mutant in of[self.asked.skip] if self.asked.only in str(mutant.name)]
        return random.Random(self.asked.seed).sample(rest, min(self.asked.sample, len(rest)))

    def _results(self, tests: Collected, aim: Aim) -> list[Result]:
        """In the order of the text, whichever ended first; says on the way how far it is."""
        chosen = self._chosen()
        results: dict[Name, Result] = {}
        for result in tests.results(chosen, aim):
            results[result.mutant.name] = result
            if result.fate is Fate.SURVIVED:
                sys.stderr.write(f"survived: {result.mutant.name}\n")
            if len(results) % 100 == 0:
                sys.stderr.write(f"mutants: {len(results)} of {len(chosen)}\n")
        return [results[mutant.name] for mutant in chosen]


if __name__ == "__main__":
    sys.exit(main())
