"""One arbiter, as `failover_lambda.cycle` orders its effects: what it remembers, writes and sends. Pure.

The search cannot run `Cycle` itself, which has threads and a clock; this is its order and nothing else. The decisions are
the real rule's. `tests/prove/test_arbiter.py` runs both over the same stories and compares every write and every call.

Generic over what stands for a record and a call (`R`, `C`), because the search numbers them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic, NamedTuple, TypeVar

R = TypeVar("R")
C = TypeVar("C")


class StoreSays(Enum):
    """How the store answers a write."""

    STORED = "stored"
    CONFLICT = "conflict"
    """Version or lease have changed: nothing was written."""
    SILENT = "silent"
    """No answer: it may have been written, or be written later."""


class Decided(NamedTuple, Generic[R, C]):
    """What the rule decided on one event."""

    after: R
    changed: bool
    """There is something to write."""
    begins: bool
    """It is a new epoch: nothing of it is permitted before it is stored."""
    calls: Sequence[C]
    seconds: Sequence[C]
    """Those of `calls` that are the second half of a move that has begun."""
    at_once: bool
    """The event was an answer: the second half waits for nobody (RULE 5.6)."""


@dataclass(frozen=True)
class Acted(Generic[R, C]):
    """The arbiter after it acted on a decision."""

    copy: R
    reload: bool
    sent: tuple[C, ...]


def loaded(copy: R, nothing: R, stored: R, *, reload: bool, answers: bool) -> tuple[R, bool] | None:
    """Copy and reload flag after the load at the begin of a tick; None = no decision in this tick.

    `nothing` is what stands for "no record is known".
    """
    if not reload:
        return copy, False
    if answers:
        return stored, False
    return None if copy == nothing else (copy, True)


def act(copy: R, decided: Decided[R, C], says: StoreSays, *, reload: bool) -> Acted[R, C]:
    """Store, then send. `says` counts only where there is something to write."""
    seconds = tuple(decided.seconds)
    if not decided.changed:
        return Acted(copy, reload, _in_order(decided))
    match says:
        case StoreSays.STORED:
            return Acted(decided.after, reload, _in_order(decided))
        case StoreSays.CONFLICT:
            return Acted(copy=copy, reload=True, sent=seconds if decided.at_once else ())
        case StoreSays.SILENT:
            return Acted(copy=copy if decided.begins else decided.after, reload=True, sent=seconds)


def _in_order(decided: Decided[R, C]) -> tuple[C, ...]:
    """All calls; the second half of an answered first call leaves before the write, the rest after it."""
    if not decided.at_once:
        return tuple(decided.calls)
    return (*decided.seconds, *(call for call in decided.calls if call not in decided.seconds))
