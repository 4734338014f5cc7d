"""Which tests to run against a mutant, and which recorded calls tell before that whether a test can notice it at all."""

import ast
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from prove.mutants.calls import Call
from prove.mutants.changes import Mutant, Name
from prove.mutants.found import Source, names_in
from prove.mutants.marks import Mark, mark_of


@dataclass(frozen=True)
class Ran:
    """One test as it runs without a mutant."""

    test: str
    seconds: float
    executed: frozenset[Mark] = field(repr=False)
    calls: frozenset[int] = field(repr=False)
    """Numbers of the recorded calls that it makes."""


@dataclass(frozen=True)
class Target:
    """One test that executes what was changed."""

    ran: Ran
    calls: Sequence[int]
    """The calls of it that may be answered in another way."""
    tells: bool
    """Whether it needs not be run where none of them is."""


@dataclass(frozen=True, kw_only=True)
class FirstRuns:
    """What all tests execute and ask without a mutant."""

    sources: Sequence[Source]
    pure: Collection[str]
    """Names of the modules that a test can notice only by what they answer."""
    outside: Collection[str]
    """Names that are used outside of these."""
    runs: Sequence[Ran]
    calls: Sequence[Call]
    """Every different call of the pure modules from outside of them."""


class Aim:
    """Chooses by what every test executed in its first run."""

    def __init__(self, first: FirstRuns, allowed: Mapping[Name, Collection[str]] | None = None) -> None:
        """`allowed`: against a mutant only these tests; None = all."""
        self.first = first
        self._allowed = allowed
        self._runs = sorted((run for run in first.runs if run.executed), key=lambda run: run.seconds)
        self._alike: dict[frozenset[Mark], list[int]] = defaultdict(list)
        for number, call in enumerate(first.calls):
            self._alike[call.executed].append(number)

    def at(self, mutant: Mutant) -> list[Target]:
        """The tests that could notice it and may be asked, quickest first."""
        targets = self._all_at(mutant)
        if self._allowed is None:
            return targets
        return [target for target in targets if target.ran.test in self._allowed[mutant.name]]

    def _all_at(self, mutant: Mutant) -> list[Target]:
        """The tests that execute it, quickest first; before them those of a file that is named after the module.

        These were written to notice it. Without that order a mutant that every test executes has half a million calls asked
        again before the one test has its turn.

        What is executed with the import (a constant, the default of a field or of an argument) is noticed where it is used,
        and that cannot be seen for certain: tests that execute a line with its name come first, then all others, for a test
        may look at a value and execute nothing. Calls tell nothing of what is used from outside too: defaults, and constants
        by their name.
        """
        edit = mutant.edit
        names, pure = _names_given(mutant), mutant.source.module in self.first.pure
        if names:
            users = self._lines_with(names)
            tells = pure and not edit.place and names.isdisjoint(self.first.outside)
            runs = sorted(
                self.first.runs, key=lambda run: (run.executed.isdisjoint(users), _is_of_another(run, mutant), run.seconds)
            )
            return [Target(run, sorted(run.calls), tells) for run in runs]
        number = self.first.sources.index(mutant.source)
        lines = {mark_of(number, line) for line in range(edit.first_line, edit.last_line + 1)}
        runs = [run for run in self._runs if not run.executed.isdisjoint(lines)]
        runs.sort(key=lambda run: _is_of_another(run, mutant))
        touched = frozenset(
            number for alike, numbers in self._alike.items() if not alike.isdisjoint(lines) for number in numbers
        )
        return [Target(run, sorted(run.calls & touched), pure) for run in runs]

    def _lines_with(self, names: set[str]) -> set[Mark]:
        """The lines on which a statement begins that has one of these names in it."""
        found: set[Mark] = set()
        for number, source in enumerate(self.first.sources):
            for statement in ast.walk(source.tree):
                if isinstance(statement, ast.stmt) and names & names_in(statement):
                    found.add(mark_of(number, statement.lineno))
        return found


def _is_of_another(run: Ran, mutant: Mutant) -> bool:
    """Whether the test's file is not named after the mutant's module."""
    return mutant.source.path.stem not in PurePath(run.test.partition("::")[0]).stem.split("_")


def _names_given(mutant: Mutant) -> set[str]:
    """What the changed statement names, if it is executed with the import, and what is made of that; else nothing."""
    given: set[str] = set()
    for node in _at_import(mutant.source.tree.body):
        is_the_one = node.lineno == mutant.edit.first_line
        if isinstance(node, ast.FunctionDef):
            given |= {node.name} if is_the_one else set()
        elif is_the_one or (given and isinstance(node, ast.Assign | ast.AnnAssign) and given & names_in(node)):
            given |= {at.id for at in ast.walk(node) if isinstance(at, ast.Name) and isinstance(at.ctx, ast.Store)}
    return given


def _at_import(body: Sequence[ast.stmt]) -> Iterable[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, ast.ClassDef):
            yield from _at_import(node.body)
