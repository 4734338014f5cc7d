"""A mutant: one edit of one module, with a name that stays the same while lines move."""

import ast
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from prove.mutants.edits import Edit, Known, edits_of, known_from
from prove.mutants.found import Source, names_of_the_rule

GONE = "(nothing)"


@dataclass(frozen=True)
class Name:
    """Who a mutant is: file, function or class, what the text was, what it becomes, and the how-manieth such one there."""

    file: str
    place: str
    was: str
    becomes: str
    number: int = 1

    def __str__(self) -> str:
        which = f" (no. {self.number})" if self.number > 1 else ""
        return f"{self.file}, {self.place or 'at its top'}{which}\n  - {self.was}\n  + {self.becomes}"


@dataclass(frozen=True)
class Mutant:
    """One way to make the rule wrong."""

    name: Name
    source: Source
    edit: Edit

    @property
    def text(self) -> str:
        """The module's text with the change in it."""
        whole = self.source.text.encode()
        return (whole[: self.edit.start] + self.edit.text.encode() + whole[self.edit.end :]).decode()


def mutants_of(sources: Sequence[Source]) -> tuple[Mutant, ...]:
    """Every mutant of these modules in the order of the text; none is the same program as another or as the original."""
    known = known_from([source.tree for source in sources])
    named = names_of_the_rule(tuple(sources))
    return tuple(
        mutant for source in sources for mutant in _of(source, known, named.__contains__ if source.is_of_nouns else _always)
    )


def _of(source: Source, known: Known, counts: Callable[[str], bool]) -> Iterator[Mutant]:
    whole = source.text.encode()
    tops = [_Top(whole, statement) for statement in source.tree.body]
    numbers: Counter[tuple[str, str, str]] = Counter()
    for edit in edits_of(source.text, known, counts):
        top = next(top for top in tops if top.start <= edit.start < top.end)
        if not top.is_new(edit):
            continue
        key = (edit.place, *_lines(whole, edit))
        numbers[key] += 1
        yield Mutant(Name(source.path.as_posix(), *key, numbers[key]), source, edit)


class _Top:
    """One statement at the top of a module, and what it has been made into so far."""

    def __init__(self, whole: bytes, statement: ast.stmt) -> None:
        lines = whole.splitlines(keepends=True)
        self._whole = whole
        self.start = sum(map(len, lines[: statement.lineno - 1]))
        self.end = sum(map(len, lines[: statement.end_lineno]))
        self._seen = {ast.dump(ast.parse(whole[self.start : self.end]))}

    def is_new(self, edit: Edit) -> bool:
        """Whether this edit makes a program that was not made yet."""
        text = self._whole[self.start : edit.start] + edit.text.encode() + self._whole[edit.end : self.end]
        program = ast.dump(ast.parse(text))
        if program in self._seen:
            return False
        self._seen.add(program)
        return True


def _always(name: str) -> bool:
    del name
    return True


def _lines(whole: bytes, edit: Edit) -> tuple[str, str]:
    """The lines that the edit touches, before and after, each as one line."""
    first = whole.rfind(b"\n", 0, edit.start) + 1
    after = whole.find(b"\n", edit.end)
    last = after if after >= 0 else len(whole)
    changed = whole[first : edit.start] + edit.text.encode() + whole[edit.end : last]
    return _as_one(whole[first:last]), _as_one(changed)


def _as_one(lines: bytes) -> str:
    return " ".join(lines.decode().split()) or GONE
