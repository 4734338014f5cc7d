"""Times in the record that no right clock can have written, put right. Pure.

A leader whose clock is an hour ahead writes deadlines that nobody reaches, and ages that are never old. So what a round
finds beyond now and what may lie ahead of it is set back to that (docs/RULE.md 1.15). The table names every time of the
record; a test fails for a field that is not in it. May import `contract`, `model`,
`fences` and `operators`.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from failover_lambda.contract import Settings
from failover_lambda.fences import LATE_CALL_S
from failover_lambda.model import Complaint, Debt, Fence, Intent, Maintenance, Move, Notice, Pause, Record, Request, Streak
from failover_lambda.operators import MAINTENANCE_S_MAX, PAUSE_S_MAX
from failover_lambda.values import replace

APART_S = 1.0
"""So far may two right clocks be apart. Less is not worth a write, and does no harm."""

Ahead = Callable[[Settings], float]


def _past(settings: Settings) -> float:
    """It tells of what has happened."""
    del settings
    return 0.0


NOT_OURS: Ahead | None = None
"""Left as it is."""

TIMES: Mapping[type, Mapping[str, Ahead | None]] = {
    Record: {
        "phase_since_s": _past,
        "grace_until_s": lambda settings: settings.boot_grace_s,
        "quiet_until_s": lambda settings: LATE_CALL_S,  # noqa: ARG005 - no setting
        "loose_s": _past,
        "home_healthy_s": _past,
        "window_spent_s": _past,
        "rehearsed_s": _past,
    },
    Pause: {
        "until_s": lambda settings: PAUSE_S_MAX,  # noqa: ARG005 - no setting
        "nobody_since_s": _past,
    },
    Maintenance: {"until_s": lambda settings: MAINTENANCE_S_MAX},  # noqa: ARG005 - no setting
    Request: {
        "asked_s": NOT_OURS,  # by the clock of whoever asked
        "patience_s": NOT_OURS,  # these three are durations
        "duration_s": NOT_OURS,
        "drain_s": NOT_OURS,
        "first_seen_s": _past,
    },
    Intent: {
        "made_s": _past,
        "deadline_s": lambda settings: settings.move_deadline_s,
        "asked_s": _past,
        "suspected_s": _past,
    },
    Complaint: {"clear_since_s": _past},
    Streak: {"since_s": _past, "last_s": _past},
    Fence: {
        "launched_s": NOT_OURS,  # by the cloud's clock, compared with the cloud's clock
        "raised_s": _past,
        "seen_stopped_s": _past,
    },
    Debt: {"asked_s": _past},
    Move: {"at_s": _past},
    Notice: {"at_s": NOT_OURS},  # nothing is decided by it, and a notice says the same whenever it is told
}
"""How far ahead of now each time may lie; NOT_OURS = it is no time of a leader's clock, or must stay as it was told."""

PARTS: Mapping[type, tuple[str, ...]] = {
    Record: ("intent", "streak", "complaints", "fences", "moves", "requests", "pause", "maintenance"),
    Fence: ("isolate", "stop", "restore", "start"),
}
"""Fields that hold further values with times to put right."""

T = TypeVar("T")


def clamped(record: Record, settings: Settings, now_s: float) -> Record:
    """The record with no time too far ahead of `now_s`; the very same object when there was none."""
    return _clamped(record, settings, now_s)


def _clamped(value: T, settings: Settings, now_s: float) -> T:
    if value is None:
        return value
    if isinstance(value, tuple):
        return cast("T", _all_clamped(cast("tuple[object, ...]", value), settings, now_s))
    changes: dict[str, Any] = {}
    for name, ahead in TIMES[type(value)].items():
        at_s: float | None = getattr(value, name)
        if at_s is None or at_s <= now_s + APART_S or ahead is None:
            continue
        if at_s > now_s + ahead(settings) + APART_S:
            changes[name] = now_s + ahead(settings)
    for name in PARTS.get(type(value), ()):
        before = getattr(value, name)
        after = _clamped(before, settings, now_s)
        if after is not before:
            changes[name] = after
    return cast("T", replace(cast("Any", value), **changes)) if changes else value


def _all_clamped(values: tuple[object, ...], settings: Settings, now_s: float) -> tuple[object, ...]:
    after = tuple(_clamped(value, settings, now_s) for value in values)
    return after if any(new is not old for new, old in zip(after, values, strict=True)) else values
