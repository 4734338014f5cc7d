"""One raw log file as checked lines: torn ends, missing fields and wrong types are found here.

Nothing here knows what an event means; that is `rawparsers.py`. Standard library only. A log is a witness: a line that
cannot be understood stops the reading with file, line number and what was expected, instead of being skipped. One exception:
a last line without its newline, because the process that wrote it was killed in the middle of it.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeVar

M = TypeVar("M", bound=Enum)


class RawLogError(Exception):
    """A raw log does not say what it must. `place` is `file:line`, or the file alone."""

    def __init__(self, place: str, what: str) -> None:
        self.place = place
        self.what = what
        super().__init__(f"{place}: {what}")


class Key(NamedTuple):
    """What identifies one HL7 message: MSH-3, MSH-10, and the hash of everything after the MSH segment."""

    application: str
    control_id: str
    body: str

    def __str__(self) -> str:
        """As evidence names it."""
        return f"{self.application}/{self.control_id} (body {self.body})"


@dataclass(frozen=True, slots=True)
class Line:
    """One JSON object of a log. `owner` is the part of the file's name after the first hyphen: `worker-wk1` gives `wk1`."""

    file: str
    number: int
    fields: Mapping[str, Any]

    @property
    def owner(self) -> str:
        """Whose log this is; "" for a log that there is only one of."""
        return Path(self.file).stem.partition("-")[2]

    def fail(self, what: str) -> NoReturn:
        """Raise for this line."""
        raise RawLogError(f"{self.file}:{self.number}", what)

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self.fields.get(name) is not None

    def text(self, name: str) -> str:
        """A string."""
        value = self._required(name)
        return value if isinstance(value, str) else self._wrong(name, "a string")

    def text_or_none(self, name: str) -> str | None:
        """A string, or null, or no such field."""
        return self.text(name) if self.has(name) else None

    def seconds(self, name: str) -> float:
        """A finite number."""
        value = self._required(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self._wrong(name, "a finite number of seconds")
        return float(value)

    def count(self, name: str) -> int:
        """An integer, zero or more."""
        value = self._required(name)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            self._wrong(name, "an integer of zero or more")
        return value

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self._required(name)
        return value if isinstance(value, bool) else self._wrong(name, "true or false")

    def key(self, name: str = "key") -> Key:
        """A message key: a list of three strings."""
        value = self._required(name)
        if isinstance(value, list) and len(value) == len(Key._fields) and all(isinstance(part, str) for part in value):
            return Key(*value)
        return self._wrong(name, "a list of three strings [MSH-3, MSH-10, body hash]")

    def table(self, name: str) -> dict[str, Any]:
        """An object."""
        value = self._required(name)
        return value if isinstance(value, dict) else self._wrong(name, "an object")

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings."""
        value = self._required(name)
        if isinstance(value, list) and all(isinstance(part, str) for part in value):
            return tuple(value)
        return self._wrong(name, "a list of strings")

    def member(self, name: str, closed: type[M]) -> M:
        """A member of a closed set, written as its value."""
        value = self.text(name)
        for member in closed:
            if member.value == value:
                return member
        return self._wrong(name, f"one of {[member.value for member in closed]}")

    def inside(self, name: str) -> "Line":
        """The object in a field, as a line of its own with the same place."""
        return Line(self.file, self.number, self.table(name))

    def rows(self, name: str) -> "tuple[Line, ...]":
        """A list of objects, as lines with the same place; empty when there is no such field."""
        if not self.has(name):
            return ()
        value = self.fields[name]
        if isinstance(value, list) and all(isinstance(row, dict) for row in value):
            return tuple(Line(self.file, self.number, row) for row in value)
        return self._wrong(name, "a list of objects")

    def _required(self, name: str) -> Any:
        value = self.fields.get(name)
        if value is None:
            self.fail(f"the field {name!r} is missing or null; the line has {sorted(self.fields)}")
        return value

    def _wrong(self, name: str, wanted: str) -> NoReturn:
        self.fail(f"the field {name!r} must be {wanted}, found {self.fields[name]!r}")


@dataclass(frozen=True, slots=True)
class LogFile:
    """A whole log. `torn` says that the last line broke off and was left out."""

    lines: tuple[Line, ...]
    torn: bool


def read_log(path: Path) -> LogFile:
    """Every line of a JSONL file.

    Raises:
        RawLogError: the file is missing, or a line other than an unfinished last one is no JSON object.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as exc:
        raise RawLogError(path.name, "the log is missing") from exc
    *whole, tail = content.split(b"\n")
    lines = [_line(path.name, number, raw) for number, raw in enumerate(whole, start=1)]
    if not tail:
        return LogFile(tuple(lines), torn=False)
    try:
        lines.append(_line(path.name, len(whole) + 1, tail))
    except RawLogError:
        return LogFile(tuple(lines), torn=True)
    return LogFile(tuple(lines), torn=False)


def read_document(path: Path) -> Line:
    """A file that is one JSON object, as a line with number 1.

    Raises:
        RawLogError: the file is missing or is no JSON object.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as exc:
        raise RawLogError(path.name, "the file is missing") from exc
    return _line(path.name, 1, content)


def _line(file: str, number: int, raw: bytes) -> Line:
    try:
        fields = json.loads(raw)
    except ValueError as exc:
        raise RawLogError(f"{file}:{number}", f"no JSON: {raw[:80]!r}") from exc
    if not isinstance(fields, dict):
        raise RawLogError(f"{file}:{number}", f"a JSON object is wanted, found {raw[:80]!r}")
    return Line(file, number, fields)
