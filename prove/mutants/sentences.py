"""The other side of the check: for each numbered sentence of docs/RULE.md, a test that cites it and notices a wrong program.

A citation alone proves nothing. Here every sentence needs a test that cites it and fails on some mutant: of the rule, or of
the modules around it that the sentences about leases, requests and notices speak of. Sentences that no program text can
break (a definition, a promise about the cloud) are listed with a reason beside the survivors.
"""

import json
import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from prove.mutants.aim import Aim, FirstRuns
from prove.mutants.changes import Mutant
from prove.mutants.session import Collected, Fate

SENTENCE = re.compile(r"^(\d{1,2}\.\d{1,2}) ", re.MULTILINE)
_NUMBER = r"(?<![\d.])\d{1,2}\.\d{1,2}(?![\d.]*\d| s\b| seconds)"
_RANGE = re.compile(rf"({_NUMBER}) to ({_NUMBER})")
_ANY = re.compile(_NUMBER)
_AFTER_RULE = re.compile(rf"RULE(?:\.md)? ((?:{_NUMBER})(?:(?:,| and| to|, and) (?:{_NUMBER}))*)")

TRIES = 80
"""Mutants per sentence, at most; what a test of it notices so rarely, it does not defend."""


def sentences_of(text: str) -> tuple[str, ...]:
    """The numbers of the sentences, in their order."""
    return tuple(SENTENCE.findall(text))


def cited_in(text: str, sentences: Sequence[str], *, bare: bool) -> frozenset[str]:
    """The sentences that a text cites; `bare`: without the word RULE before them, as tests/spec does."""
    found: set[str] = set()
    for part in [text] if bare else _AFTER_RULE.findall(text):
        found |= set(_ANY.findall(part))
        for first, last in _RANGE.findall(part):
            if first in sentences and last in sentences:
                found |= set(sentences[sentences.index(first) : sentences.index(last) + 1])
    return frozenset(found & set(sentences))


def cited_by(item: pytest.Item, sentences: Sequence[str]) -> frozenset[str]:
    """What a test cites: in its docstring and its file's, in a case of its table, in the comments of its transcript."""
    text = str(getattr(getattr(item, "function", None), "__doc__", None) or "")
    found = cited_in(text, sentences, bare="/spec/" in f"/{item.nodeid}")
    found |= cited_in(str(getattr(getattr(item, "module", None), "__doc__", None) or ""), sentences, bare=False)
    callspec = getattr(item, "callspec", None)
    for value in callspec.params.values() if callspec else ():
        if isinstance(value, Path) and value.is_file():
            comments = "\n".join(line for line in value.read_text(encoding="utf-8").splitlines() if line.startswith("#"))
            found |= cited_in(comments, sentences, bare=False)
        elif isinstance(value, str) and _ANY.match(value):
            found |= cited_in(value, sentences, bare=True)
    return found


@dataclass(frozen=True)
class Excused:
    """A sentence that no mutant can break, and why."""

    sentence: str
    reason: str


def read_excused(path: Path) -> tuple[Excused, ...]:
    """The listed sentences. TypeError where an entry lacks something."""
    if not path.exists():
        return ()
    return tuple(Excused(**entry) for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("sentence", []))


class Sentences:
    """The sentences, who cites them, and what was found of them."""

    def __init__(self, rule: str, excused: Sequence[Excused], items: Mapping[str, pytest.Item]) -> None:
        self.all = sentences_of(rule)
        self.by: dict[str, tuple[str, Mutant]] = {}
        """Sentence: a test that cites it, and a mutant that this test noticed."""
        self._excused = {entry.sentence: entry.reason for entry in excused}
        self._cites = {name: cited_by(item, self.all) for name, item in items.items()}
        self._tried = 0

    def _citing(self, sentence: str) -> set[str]:
        return {name for name, cited in self._cites.items() if sentence in cited}

    def try_all(self, tests: Collected, first: FirstRuns, mutants: Sequence[Mutant], seed: int) -> None:
        """Try mutants against the tests that cite a sentence, until each is defended or there is nothing left to try."""
        aim = Aim(first)
        able = {mutant.name: {target.ran.test for target in aim.at(mutant)} for mutant in mutants}
        candidates: dict[str, list[Mutant]] = {}
        for sentence in self.all:
            citing = self._citing(sentence)
            chosen = [mutant for mutant in mutants if not able[mutant.name].isdisjoint(citing)]
            random.Random(seed).shuffle(chosen)
            candidates[sentence] = chosen[:TRIES]
        while waiting := [each for each in self.all if each not in self.by and candidates[each]]:
            tasks = {candidates[each].pop(): self._citing(each) for each in waiting}
            allowed = {mutant.name: citing for mutant, citing in tasks.items()}
            for result in tests.results(list(tasks), Aim(first, allowed)):
                self._tried += 1
                if result.fate is Fate.KILLED:
                    for sentence in self._cites[result.test]:
                        self.by.setdefault(sentence, (result.test, result.mutant))

    def open(self) -> list[str]:
        """Sentences that are not defended and not excused."""
        return [sentence for sentence in self.all if sentence not in self.by and sentence not in self._excused]

    def _faults(self) -> list[str]:
        said: list[str] = []
        for sentence in self.open():
            citing = len(self._citing(sentence))
            said.append(f"{sentence}: {f'{citing} tests cite it, none notices a mutant' if citing else 'no test cites it'}")
        said += [f"{entry}: listed as excused, and is no sentence" for entry in self._excused if entry not in self.all]
        said += [
            f"{entry}: listed as excused, and {self.by[entry][0]} defends it" for entry in self._excused if entry in self.by
        ]
        return said

    def lines(self) -> list[str]:
        """The report as text."""
        counts = f"{len(self.by)} defended, {len(self._excused)} excused, {self._tried} mutants tried"
        return [*self._faults(), f"sentences: {len(self.all)}, {counts}"]

    def write(self, path: Path) -> None:
        """The report as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        by = {sentence: {"test": test, **asdict(mutant.name)} for sentence, (test, mutant) in self.by.items()}
        plain = {"sentences": len(self.all), "open": self.open(), "by": by}
        path.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")

    @property
    def status(self) -> int:
        """1 where a sentence is open or an excuse is wrong."""
        return 1 if self._faults() else 0
