"""What a scenario expects of its run: each of the checker's promises, and checks of its own over the raw logs. Pure.

A promise is expected to be kept unless an exception says otherwise, with its reason. An exception is exact: a promise that
is expected to be untried, and was tried, is a broken expectation as well, so that no exception hides anything. Standard
library and the checker's own files only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from lab.checkers import PromiseName
from lab.promises.case import Case, Judgement


class Expected(Enum):
    """How a promise must come out."""

    KEPT = "kept"
    UNTRIED = "not tried"
    BROKEN = "broken"
    ANY = "kept or not tried"
    EITHER = "kept or broken"
    """Only beside a check that says exactly how far it may be broken."""


@dataclass(frozen=True)
class Otherwise:
    """A promise that is not simply to be kept."""

    promise: PromiseName
    expected: Expected
    reason: str


@dataclass(frozen=True)
class Check:
    """One more thing that the raw logs must show; `judge`'s own docstring says it."""

    name: str
    judge: Callable[[Case], Judgement]

    @property
    def says(self) -> str:
        """The check in one sentence."""
        return (self.judge.__doc__ or "").strip().partition("\n")[0]


@dataclass(frozen=True, kw_only=True)
class Expectations:
    """All that a run must show. `stays`: the address is to stay where it is."""

    stays: bool = False
    otherwise: tuple[Otherwise, ...] = ()
    checks: tuple[Check, ...] = ()

    def of(self, promise: str) -> tuple[Expected, str]:
        """How this promise must come out, and why not simply kept."""
        for other in self.otherwise:
            if other.promise.value == promise:
                return other.expected, other.reason
        return Expected.KEPT, ""


NOT_BACK = tuple(
    Otherwise(promise, Expected.UNTRIED, "the broken worker is not started again in this run")
    for promise in (PromiseName.TOOK_NOTHING, PromiseName.BACKLOG_ACCOUNTED)
)
"""For a run that ends with the move."""

_NOTHING_MOVES = "nothing is to move in this run"


def moves(*checks: Check, returns: bool = True) -> Expectations:
    """The address moves to the standby; `returns`: the old holder is started again afterwards and takes nothing."""
    return Expectations(otherwise=() if returns else NOT_BACK, checks=checks)


def planned(*checks: Check, order: Expected = Expected.EITHER) -> Expectations:
    """The address moves because an operator asked for it, and the old holder lives on.

    Args:
        checks: besides; one of them has to say how far the order of messages may be broken.
        order: how that promise comes out. Nobody waits for the last message of the old holder, so it is a matter of chance.
    """
    untried = tuple(
        Otherwise(promise, Expected.UNTRIED, "the old holder lives on and is never started again")
        for promise in (PromiseName.TOOK_NOTHING, PromiseName.BACKLOG_ACCOUNTED)
    )
    passed = Otherwise(PromiseName.ORDER_KEPT, order, "there is no drain: younger messages may pass what is handed over")
    return Expectations(otherwise=(*untried, passed), checks=checks)


def stays(*checks: Check, returns: bool = False, released: bool = False) -> Expectations:
    """Nothing moves.

    Args:
        checks: besides.
        returns: the lab starts a worker's machine again.
        released: a worker's process begins anew and is told to release what it held.
    """
    untried = [PromiseName.MOVED_TO_STANDBY, PromiseName.SCHEDULE_STARTED]
    untried += [] if returns else [PromiseName.TOOK_NOTHING]
    untried += [] if released else [PromiseName.BACKLOG_ACCOUNTED]
    return Expectations(
        stays=True, otherwise=tuple(Otherwise(it, Expected.UNTRIED, _NOTHING_MOVES) for it in untried), checks=checks
    )
