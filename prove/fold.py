"""Which records are the same to the rule: the folding that keeps the small worlds small.

A record is folded to one that the rule cannot tell from it: `step` on the folded one gives the folded decision of `step`
on the real one (`tests/prove/test_fold.py` shows it over random histories). Folded away are

- texts, notices, the version and what only decides whether people are told again;
- time: a record's times are kept relative to `NOW_S`, and their ages take the values of `Timing.cuts_s` only: short steps do
  not add up, and what lies between two cuts passes at once with the longer step. What is lost: thresholds that lie between
  the same two cuts (5 s, 20 s, 30 s, 60 s) are never passed one without the other. A world with more cuts follows that.

The walk over a record is generic, so that a field added to the model later is kept as it is; a new time field has to be
entered in `TIMES` (a test and `is_time` say so). May import `failover_lambda`.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from failover_lambda import model
from failover_lambda.contract import Settings
from failover_lambda.fences import LATE_CALL_S
from failover_lambda.model import Fence, Intent, Move, Phase, Record, Streak
from failover_lambda.moves import DAY_S

NOW_S = 1_000_000.0
"""The present of every small world. Time passes by making the records older."""

TIMES: dict[str, frozenset[str]] = {
    "Record": frozenset(
        {"phase_since_s", "grace_until_s", "loose_s", "home_healthy_s", "window_spent_s", "quiet_until_s", "rehearsed_s"}
    ),
    "Intent": frozenset({"made_s", "deadline_s", "asked_s", "suspected_s"}),
    "Streak": frozenset({"since_s", "last_s"}),
    "Debt": frozenset({"asked_s"}),
    "Fence": frozenset({"raised_s", "seen_stopped_s"}),
    "Move": frozenset({"at_s"}),
    "Notice": frozenset({"at_s"}),
    "Pause": frozenset({"until_s", "nobody_since_s"}),
    "Maintenance": frozenset({"until_s"}),
    "Complaint": frozenset({"clear_since_s"}),
    "Request": frozenset({"asked_s", "first_seen_s"}),
}
"""The fields that hold a moment, by class."""

NOT_TIMES: dict[str, frozenset[str]] = {
    "Fence": frozenset({"launched_s"}),
    "Notice": frozenset({"seconds"}),
    "Request": frozenset({"patience_s", "duration_s", "drain_s"}),
}
"""Fields in seconds that are no moment to the rule: durations, and the launch time, which is the boot's name."""

UNTIL: frozenset[tuple[str, str]] = frozenset(
    {
        ("Intent", "deadline_s"),
        ("Record", "grace_until_s"),
        ("Record", "quiet_until_s"),
        ("Pause", "until_s"),
        ("Maintenance", "until_s"),
    }
)
"""Moments that lie ahead: they are over, or they are not."""

AGELESS_PHASES = (Phase.DISABLED, Phase.STEADY, Phase.SUSPECT, Phase.FENCING, Phase.MOVING, Phase.BOTH_DOWN)
"""Phases of which the rule asks no age, but for telling people of a suspicion that lasts."""

READS_MAX = 2
ROUNDS_MAX = 8
REFUSALS_MAX = 3
"""Counters above which the rule makes no difference any more."""

Change = Callable[[type, str, Any], Any]


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How time passes in a small world: `cuts_s` are the ages that count, and the steps in which it passes."""

    cuts_s: tuple[float, ...] = (0.0, 4.0, 100.0, 90_000.0)
    """Just now; a call may be asked again; every deadline and hold is over; late calls and budgets are over."""
    steps_s: tuple[float, ...] = (4.0, 100.0, 90_000.0)
    """The last one is so long that nothing is on its way any more."""

    def folded(self, at_s: float) -> float:
        """The moment that stands for `at_s`."""
        age_s = NOW_S - at_s
        if age_s < 0:
            return at_s
        return NOW_S - max(cut for cut in self.cuts_s if cut <= age_s)

    def ahead(self, until_s: float) -> float:
        """The moment that stands for the end of something: over, or still as far ahead as its class of time."""
        left_s = until_s - NOW_S
        if left_s < 0:
            return NOW_S - self.cuts_s[-1]
        for lower, upper in zip(self.cuts_s, self.cuts_s[1:], strict=False):
            if left_s <= upper:
                return NOW_S + (lower + upper) / 2
        raise ValueError(f"{left_s:g} s ahead is further than time can pass in a small world ({self.cuts_s[-1]:g} s)")


def mapped(value: Any, change: Change) -> Any:
    """The same value with `change(class, field, value)` applied to every field of every dataclass in it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        fields = {
            field.name: change(kind, field.name, mapped(getattr(value, field.name), change))
            for field in dataclasses.fields(value)
        }
        return kind(**fields)
    if isinstance(value, tuple):
        return tuple(mapped(item, change) for item in cast("tuple[object, ...]", value))
    return value


def is_time(kind: type, name: str) -> bool:
    """Whether the field holds a moment. KeyError for a field in seconds that nobody has classified."""
    if not name.endswith("_s") or name in NOT_TIMES.get(kind.__name__, ()):
        return False
    if name not in TIMES.get(kind.__name__, ()):
        raise KeyError(f"{kind.__name__}.{name} is neither in fold.TIMES nor in fold.NOT_TIMES")
    return True


class Folding:
    """The folding of one small world's records."""

    def __init__(self, settings: Settings, timing: Timing, *, planned: bool = False) -> None:
        """`settings` tell which counters and times its rule looks at; `planned`: whether planned moves can happen."""
        self._settings = settings
        self._timing = timing
        self._planned = planned

    def fold(self, record: Record) -> Record:
        """The record that stands for this one."""
        return cast("Record", mapped(self._bare(record), self._timed))

    def older(self, record: Record, by_s: float) -> Record:
        """The folded record after so much time."""

        def shift(kind: type, name: str, value: Any) -> Any:
            return value - by_s if value is not None and is_time(kind, name) else value

        aged = cast("Record", mapped(record, shift))
        return self.fold(aged)

    def _timed(self, kind: type, name: str, value: Any) -> Any:
        if value is None or not is_time(kind, name):
            return value
        if (kind.__name__, name) in UNTIL:
            return self._timing.ahead(value)
        return value if name == "first_seen_s" and not value else self._timing.folded(value)

    def _bare(self, record: Record) -> Record:
        since_s = NOW_S if record.phase in AGELESS_PHASES else record.phase_since_s
        return dataclasses.replace(
            record,
            version=0,
            reason="",
            outbox=(),
            notices=0,
            denied=(),
            suspicion_told=False,
            acknowledged="",
            complaints=(),
            would="",
            loose_s=self._loose(record),
            requests=tuple(dataclasses.replace(request, who="", why="") for request in record.requests),
            replies=tuple(dataclasses.replace(reply, why="") for reply in record.replies),
            pause=record.pause and dataclasses.replace(record.pause, who="", why="", warned=False),
            maintenance=tuple(dataclasses.replace(each, who="", why="") for each in record.maintenance),
            manual="manual" if record.manual else "",
            phase_since_s=since_s,
            association_reads=min(record.association_reads, READS_MAX) if record.phase is Phase.VERIFYING else 0,
            intent=_bare_intent(record.intent),
            streak=self._bare_streak(record.streak),
            fences=tuple(_bare_fence(fence) for fence in record.fences),
            drift=record.drift and dataclasses.replace(record.drift, reads=min(record.drift.reads, READS_MAX)),
            moves=tuple(_bare_move(move) for move in record.moves if NOW_S - move.at_s < DAY_S),
        )

    def _loose(self, record: Record) -> float | None:
        """Only planned moves wait for a call that may still land, and not for ever."""
        asked_s = record.loose_s
        return asked_s if self._planned and asked_s is not None and NOW_S - asked_s < LATE_CALL_S else None

    def _bare_streak(self, streak: Streak | None) -> Streak | None:
        if streak is None:
            return None
        patient = self._settings.restart_grace_s or self._settings.slow_grace_s
        rounds, mute = min(streak.rounds, ROUNDS_MAX), min(streak.mute, ROUNDS_MAX)
        return dataclasses.replace(
            streak,
            rounds=rounds,
            singles=max(0, rounds - (streak.rounds - streak.singles)),
            mute=mute,
            mute_singles=max(0, mute - (streak.mute - streak.mute_singles)),
            gone=min(streak.gone, READS_MAX),
            since_s=streak.since_s if patient else streak.last_s,
            answered=streak.answered and bool(patient),
            slow=streak.slow and bool(patient),
        )


def _bare_intent(intent: Intent | None) -> Intent | None:
    if intent is None:
        return None
    return dataclasses.replace(intent, suspected_s=None, why="", refusals=min(intent.refusals, REFUSALS_MAX))


def _bare_fence(fence: Fence) -> Fence:
    return dataclasses.replace(fence, raised_s=NOW_S, told=False)


def _bare_move(move: Move) -> Move:
    return dataclasses.replace(move, epoch=0, source="", target="", kind=model.Kind.FAILOVER)
