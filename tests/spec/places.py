"""Where a story stands and how it ends, so that one with a death in it can be held against the one without.

Also here: the deaths, and the effects at which an arbiter can die. `interruptions` plays them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import Enum

from failover_lambda.model import Answered, Fence, Outcome, Phase, Power, Record
from tests.effects import Effect
from tests.spec.stage import Stage

MOTION = (Phase.FENCING, Phase.MOVING, Phase.VERIFYING)


class Moment(Enum):
    """When the arbiter dies."""

    ANSWERED = "before the effect"
    """Everything before it is done and known. The same as: after the effect before, when its answer was taken up."""
    UNANSWERED = "after the effect"
    """It was applied, and nobody knows."""
    ON_ITS_WAY = "while the call is on its way"
    """The call left, and lands when the next arbiter has caught up."""


@dataclass(frozen=True, kw_only=True)
class Death:
    """One death."""

    effect: int
    moment: Moment

    def __str__(self) -> str:
        return f"the arbiter dies {self.moment.value} number {self.effect}"


@dataclass(frozen=True)
class Point:
    """An effect of the reference: its number, in which line of the story it came, and what it was."""

    number: int
    line: int
    effect: Effect
    answered: Answered | None

    @property
    def is_a_call_that_was_done(self) -> bool:
        """It could be on its way for long, and land. A call that the story refuses, or loses, never lands."""
        return self.answered is not None and self.answered.outcome is Outcome.DONE

    @property
    def likeness(self) -> tuple[object, ...]:
        """What it has in common with others that do the same in the same stretch of ticks."""
        record, command = self.effect.record, self.effect.command
        what = (record.phase, record.epoch, len(record.fences), len(record.outbox)) if record else command
        return (self.line, what)


def different(points: Sequence[Point]) -> list[Point]:
    """Of those that do the same in the same stretch of ticks, the first two and the last one."""
    alike: dict[tuple[object, ...], list[Point]] = {}
    for point in points:
        alike.setdefault(point.likeness, []).append(point)
    chosen = {point.number: point for same in alike.values() for point in (*same[:2], same[-1])}
    return [chosen[number] for number in sorted(chosen)]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a story stands."""

    holder: str
    on: str
    phase: Phase | None
    triggers: int
    """What is still to happen in the middle of an effect."""
    powers: tuple[Power, ...]
    """Which machines run."""
    unproven: frozenset[str]
    """Former holders that were not seen stopped. People start such a machine again when it was, no sooner."""

    def is_reached(self, there: "Place") -> bool:
        """Whether `there` is as far, or further in the same move: its steps may take another number of ticks."""
        if (self.holder, self.triggers) != (there.holder, there.triggers):
            return False
        if self.phase in MOTION:
            return there.phase is not Phase.SUSPECT and there.on in (self.on, self.holder)
        keeps = (
            there.phase is Phase.FENCING and there.on == there.holder
        )  # by a new association that cannot be made yet (5.10)
        same = (self.on, self.powers) == (there.on, there.powers) and (self.phase is there.phase or keeps)
        return same and there.unproven <= self.unproven


@dataclass(frozen=True, kw_only=True)
class End:
    """What must be the same wherever an arbiter died.

    Not the epoch: it may be larger, where the next arbiter had to begin anew. Not the number of the record's versions, of
    calls, or of times that people were told: a call that may not have landed is made again, and a notice that may not have
    left is told again.
    """

    phase: Phase | None
    holder: str
    on: str
    is_of_the_record: bool
    """The association is the one that the record's epoch settled on."""
    moves: tuple[tuple[str, str, str], ...]
    """What counts for the budget: kind, source and target of each. A death spends nothing."""
    manual: bool
    fenced: frozenset[str]
    broken: tuple[str, ...]
    """Claims that did not hold on the way: none."""
    machines: tuple[tuple[str, Power, bool], ...]
    """Who runs, and who is isolated: nobody is stopped, or left off, because of a death. In the phase disabled nothing is
    changed, so there an isolation that landed late stands until the watchdog is switched on."""

    def difference(self, other: "End") -> str:
        """What is not the same, in words."""
        pairs = ((each.name, getattr(self, each.name), getattr(other, each.name)) for each in fields(self))
        return "; ".join(f"{name} is {after}, not {before}" for name, before, after in pairs if before != after)


def place_of(stage: Stage) -> Place:
    """Where the story on this stage stands now."""
    record = stage.world.store.record
    return Place(
        holder=record.holder if record else "",
        on=stage.where,
        phase=record.phase if record else None,
        triggers=len(stage.triggers),
        powers=tuple(machine.power for machine in stage.world.cloud.machines.values()),
        unproven=frozenset(fence.worker for fence in (record.fences if record else ()) if _is_unproven(fence, record)),
    )


def end_of(stage: Stage, broken: Sequence[str]) -> End:
    """What stands on this stage when the story is over."""
    world, record = stage.world, stage.world.store.record
    association = world.cloud.association
    disabled = record is not None and record.phase is Phase.DISABLED
    machines = world.cloud.machines.items()
    return End(
        phase=record.phase if record else None,
        holder=record.holder if record else "",
        on=stage.where,
        is_of_the_record=bool(record and association and record.association_id == association.association_id),
        moves=tuple((move.kind.value, move.source, move.target) for move in record.moves) if record else (),
        manual=bool(record and record.manual),
        fenced=frozenset(fence.worker for fence in record.fences) if record else frozenset(),
        broken=tuple(dict.fromkeys(broken)),
        machines=tuple((name, each.power, each.isolated and not disabled) for name, each in machines),
    )


def _is_unproven(fence: Fence, record: Record | None) -> bool:
    return fence.seen_stopped_s is None and record is not None and record.holder != fence.worker
