"""What the tests ask the rule and what it answers, recorded; so that a mutant is asked the same without running a test.

The rule is pure: a test can notice a mutant only through a call that gets another answer than before. To ask again costs as
much as the rule itself, some ten microseconds, and only a test one of whose calls is answered differently is run at all. A
survivor that answers every recorded call as before is either not tested or no different program; one that does not was
seen, and no test minded.
"""

import inspect
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, is_dataclass, replace
from types import FunctionType
from typing import Any

from prove.mutants.install import function_of
from prove.mutants.marks import Mark

OPAQUE = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS


@dataclass(frozen=True)
class Answer:
    """What a call came to: a value, or what it raised."""

    value: Any
    raised: str = ""
    same: tuple[str, ...] = ()
    """Arguments that the value is, or that its `record` is: whoever asks may look whether anything was changed."""


@dataclass(frozen=True)
class Call:
    """One call of a function of the rule from outside of it."""

    module: str
    function: str
    arguments: Mapping[str, Any]
    answer: Answer
    executed: frozenset[Mark] = field(repr=False)

    @property
    def key(self) -> object:
        """Equal for equal questions; itself where they cannot be compared."""
        try:
            key = (self.module, self.function, tuple(self.arguments.items()))
            hash(key)
        except TypeError:
            return id(self)
        return key

    def is_answered_the_same(self) -> bool:
        """Ask again, in this process, and compare."""
        function = function_of(sys.modules[self.module], self.function)
        if not isinstance(function, FunctionType) or function.__code__.co_flags & OPAQUE:
            return False
        try:
            again = _answer(function(**self.arguments), self.arguments)
        except Exception as exc:  # noqa: BLE001 - whatever it raises is its answer
            again = Answer(None, type(exc).__name__)
        return again == self.answer


def _answer(value: Any, arguments: Mapping[str, Any]) -> Answer:
    frozen = {id(part) for part in (value, getattr(value, "record", None)) if is_dataclass(part)}
    return Answer(value, "", tuple(name for name, given in arguments.items() if id(given) in frozen))


class Calls:
    """Different calls, each once; equal values in them are one object, because there are many."""

    def __init__(self) -> None:
        self.all: list[Call] = []
        self._numbers: dict[object, int] = {}
        self._values: dict[object, object] = {}

    def number_of(self, call: Call) -> int:
        """The call's place in the list, at the end of which it is put if it is new."""
        number = self._numbers.setdefault(call.key, len(self.all))
        if number == len(self.all):
            arguments = {name: self._one(value) for name, value in call.arguments.items()}
            value = call.answer.value
            record = getattr(value, "record", None)
            value = replace(value, record=self._one(record)) if is_dataclass(record) else self._one(value)
            self.all.append(replace(call, arguments=arguments, answer=replace(call.answer, value=value)))
        return number

    def _one(self, value: Any) -> Any:
        """The first object that was equal to this one and of its type: 1, 1.0 and True are equal too."""
        try:
            return self._values.setdefault((type(value), value), value)
        except TypeError:
            return value


class Recorder:
    """Keeps what is executed, and every call from outside of the rule into it, in any thread."""

    def __init__(self) -> None:
        self.executed: set[Mark] = set()
        """What was executed since the last call from outside began or ended."""
        self.calls: list[Call] = []
        self._all: set[Mark] = set()
        self._alike: dict[frozenset[Mark], frozenset[Mark]] = {}
        self._inside: set[int] = set()

    def begin(self) -> None:
        """Forget what was."""
        self.executed.clear()
        self.calls = []
        self._all = set()

    def all_executed(self) -> frozenset[Mark]:
        """Everything since the beginning."""
        return frozenset(self._all | self.executed)

    def asked(
        self, module: str, name: str, function: FunctionType, arguments: tuple[Any, ...], named: Mapping[str, Any]
    ) -> Any:
        """Call the function; keep the call if it comes from outside."""
        thread = threading.get_ident()
        if thread in self._inside:
            return function(*arguments, **named)
        self._all |= self.executed
        self.executed.clear()
        self._inside.add(thread)
        given = {**dict(zip(function.__code__.co_varnames, arguments, strict=False)), **named}
        try:
            value = function(*arguments, **named)
        except Exception as exc:
            self.calls.append(Call(module, name, given, Answer(None, type(exc).__name__), self._shared()))
            raise
        else:
            self.calls.append(Call(module, name, given, _answer(value, given), self._shared()))
            return value
        finally:
            self._inside.discard(thread)

    def _shared(self) -> frozenset[Mark]:
        executed = frozenset(self.executed)
        return self._alike.setdefault(executed, executed)
