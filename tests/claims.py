"""What must be true of a watchdog in every history, checked at each of its effects: docs/RULE.md as claims with names.

A hook of `effects.Effects`. A claim that is broken is kept in `broken`, because the watchdog survives any exception; whoever
plays a history looks there after each tick. Each text begins with the name of the claim, S1 to S11 as in the design.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from failover_lambda.model import (
    NOTICES_KEPT,
    Answer,
    Answered,
    Association,
    Command,
    Do,
    Kind,
    Outcome,
    Phase,
    Record,
    Request,
)
from failover_lambda.moves import DAY_S, HOUR_S, TRANSITIONS
from tests.effects import Effect
from tests.worlds import World

MOTION = (Phase.FENCING, Phase.MOVING, Phase.VERIFYING)
AUTOMATIC = (Kind.FAILOVER, Kind.RECONCILE)
PLANNED = (Kind.SWITCHOVER, Kind.FAILBACK)


@dataclass
class Claims:
    """One history's claims."""

    world: World
    broken: list[str] = field(default_factory=list[str])
    stored: list[Record] = field(default_factory=list[Record])
    """Every record that was ever stored, in order."""
    made_before: dict[int, int] = field(default_factory=dict[int, int])
    """How many associations there ever were when an epoch began."""
    conditions: dict[int, str] = field(default_factory=dict[int, str])
    """The association id that an epoch's intent was stored with."""
    notices: dict[str, str] = field(default_factory=dict[str, str])
    """Every notice that was ever stored: its id, and what it tells."""
    dropped: set[str] = field(default_factory=set[str])
    """Notices that left a full outbox."""
    zombie: bool = False
    """Who acts is an arbiter that was frozen: what it sends was permitted earlier."""

    def __post_init__(self) -> None:
        self.was: Association | None = None
        record = self.world.store.record
        self.earlier = {notice.id for notice in self.world.reporter.told}
        self.notices |= {notice.id: notice.what for notice in record.outbox} if record else {}

    def before(self, effect: Effect) -> None:
        """A call is about to be made: was it permitted?"""
        self.was = self.world.cloud.association
        if effect.command and not self.zombie:
            self._on_call(effect.command, self.world.store.record)

    def after(self, effect: Effect, answered: Answered | None) -> None:
        """Something was done: does it follow from what was stored before?"""
        if effect.command and answered and answered.outcome is Outcome.DONE:
            self._on_done(effect.command)
        record = effect.record and self.world.store.record
        if record is None:
            return
        before = None if effect.supersedes else effect.before
        if before:
            self._on_next(before, record)
        if effect.begins:
            self._on_epoch(before, record)
        self._note(effect.before, record)
        self.stored.append(record)

    def failed(self, effect: Effect, why: str) -> None:
        """Nothing was stored."""

    def _is(self, claim: str, true: object) -> None:
        if not true:
            self.broken.append(claim)

    def _note(self, before: Record | None, record: Record) -> None:
        self.notices.update((notice.id, notice.what) for notice in record.outbox)
        gone = {notice.id for notice in before.outbox} - {notice.id for notice in record.outbox} if before else set[str]()
        if len(record.outbox) == NOTICES_KEPT:
            self.dropped |= gone

    # Records

    def _on_next(self, old: Record, new: Record) -> None:
        self._is(f"S2 versions grow by one: {old.version} to {new.version}", new.version == old.version + 1)
        self._is(f"S2 epochs only grow: {old.epoch} to {new.epoch}", new.epoch in (old.epoch, old.epoch + 1))
        same = new.epoch != old.epoch or new.holder == old.holder
        self._is(f"S2 an epoch has one holder: {new.epoch} had {old.holder}, has {new.holder}", same)
        follows = new.phase is old.phase or new.phase in TRANSITIONS[old.phase]
        self._is(f"4.1 phase {new.phase.value} does not follow {old.phase.value}", follows)
        answers = {reply.id: reply.done for reply in old.replies}
        twice = [reply.id for reply in new.replies if answers.get(reply.id, reply.done) is not reply.done]
        again = [request.id for request in new.requests if request.id in answers]
        self._is(f"L6 answered, and taken up again: {twice or again} (9.3)", not (twice or again))
        if old.phase is Phase.VERIFYING and new.phase in (Phase.STEADY, Phase.MANUAL) and new.epoch == old.epoch:
            self._on_settled(new)

    def _on_settled(self, record: Record) -> None:
        made = int(record.association_id.rpartition("-")[2] or 0)
        own = made > self.made_before.get(record.epoch, 0)
        self._is(f"S9 epoch {record.epoch} settles on {record.association_id}, which is older than itself (5.5)", own)

    def _on_epoch(self, old: Record | None, new: Record) -> None:
        self.made_before[new.epoch] = self.world.cloud.associations_made
        association = self.world.cloud.association
        if new.intent:
            self.conditions[new.epoch] = new.intent.expected_id
        if old is None:
            return
        if not self.world.settings.enabled:
            self._is(f"S6 epoch {new.epoch} begins while the watchdog is switched off", old.phase in MOTION)
        if new.intent and new.intent.kind is Kind.FAILOVER:
            self._on_failover(old, new)
        for request in _begun(old, new):
            late_s = new.phase_since_s - request.first_seen_s - request.patience_s
            self._is(f"L6 {request.id} begins {late_s:.0f} s after its patience was over (9.4)", late_s <= 0)
        if new.intent and new.intent.kind in PLANNED:
            raised = {(fence.worker, fence.epoch) for fence in new.fences} - {
                (each.worker, each.epoch) for each in old.fences
            }
            self._is(f"S6 a planned move fences {raised} (9.8)", not raised)
            self._is(f"S6 a planned move uses the budget: {new.moves} (9.8)", new.moves == old.moves)
        if new.intent and new.intent.kind in AUTOMATIC and len(new.moves) and new.moves[-1].epoch == new.epoch:
            self._on_automatic(old, new, association)
        if new.intent and new.intent.kind in AUTOMATIC and old.phase not in MOTION:
            off = old.phase in (Phase.MANUAL, Phase.PAUSED) and not _was_asked_for(new)
            self._is(f"S6 an automatic {new.intent.kind.value} in phase {old.phase.value}", not off)

    def _on_failover(self, old: Record, new: Record) -> None:
        assert new.intent
        if _was_asked_for(new):
            return
        heard = [name for name in (new.intent.source,) if self._answers(name)]
        self._is(f"S6 a failover from {heard}, which answers", not heard)
        self._is(f"S8 a failover to {new.holder}, which answers nobody", self._answers(new.holder))
        self._is("S4 a failover raises no fence against its source", new.fence(new.intent.source))
        if old.fence(new.holder):
            tried = new.intent.tried
            others = [name for name in self._names() if name not in (new.holder, old.holder, *tried)]
            better = [
                name
                for name in others
                if self._answers(name) and not old.fence(name) and name not in {each.worker for each in old.maintenance}
            ]
            self._is(f"S11 {new.holder} is fenced and becomes the target, though {better} could (5.2, 6.7)", not better)

    def _on_automatic(self, old: Record, new: Record, association: Association | None) -> None:
        assert new.intent
        settings, move = self.world.settings, new.moves[-1]
        if old.intent and old.phase in MOTION:
            return  # within one incident the number of attempts binds, not hold and budget
        ages = [move.at_s - each.at_s for each in old.moves]
        on_nobody = association is None
        held = [age for age in ages if age < settings.hold_s]
        self._is(f"S6 an automatic move {min(held, default=0):.0f} s after the last one, held", on_nobody or not held)
        hour, day = (sum(age < span for age in ages) for span in (HOUR_S, DAY_S))
        within = hour < settings.moves_per_hour_max and day < settings.moves_per_day_max
        self._is(f"S6 an automatic move over budget: {hour} in an hour, {day} in a day before it", within)

    # Calls

    def _on_call(self, command: Command, record: Record | None) -> None:
        what = f"{command.do.value} {command.worker} of epoch {command.epoch}"
        self._is(f"S5 {what} before its record is stored (5.1)", record and record.epoch >= command.epoch)
        if record is None:
            return
        if command.do is Do.DISASSOCIATE:
            condition = self.conditions.get(command.epoch)
            said = f"{command.association_id}, stored with {condition}"
            self._is(f"S9 {what} names {said} (5.4)", command.association_id == condition)
        if command.do in (Do.ISOLATE, Do.STOP):
            hits = record.holder == command.worker
            self._is(f"S11 {what} hits the holder (6.7)", not hits)
        if record.phase is Phase.DISABLED and not self.world.settings.enabled:  # else it is about to be left (1.8)
            self.broken.append(f"S6 {what} in phase disabled (4)")

    def _on_done(self, command: Command) -> None:
        now = self.world.cloud.association
        taken = self.was and now and command.do is Do.ASSOCIATE and self.was.instance_id != now.instance_id
        self._is(f"S9 {command.do.value} {command.worker} took the address from {self.was} (5.3)", not taken)

    # The world, as it is

    def _names(self) -> list[str]:
        return [worker.name for worker in self.world.settings.workers]

    def _answers(self, worker: str) -> bool:
        """A vantage that could be asked now gets a healthy answer."""
        cloud = self.world.cloud
        asking = [name for name in cloud.vantages if name not in cloud.deaf and name not in cloud.denied]
        healthy = cloud.machines[worker].seen() is Answer.HEALTHY
        return healthy and any((vantage, worker) not in cloud.blind for vantage in asking)

    def check_told(self) -> None:
        """7.1: every notice that was stored was told at least once or is still to be; nothing else was told."""
        told = {notice.id for notice in self.world.reporter.told}
        record = self.world.store.record
        waiting = {notice.id for notice in record.outbox} if record else set[str]()
        lost = {self.notices[each] for each in self.notices.keys() - told - waiting - self.dropped}
        self._is(f"L5 never told: {sorted(lost)} (7.1)", not lost)
        made_up = sorted(told - self.notices.keys() - self.earlier)
        self._is(f"S10 told, and never stored: {made_up} (7.1)", not made_up)


def _was_asked_for(record: Record) -> bool:
    """A move that an operator asked for: no verdict, hold or budget binds it (9.8, 9.10)."""
    return record.intent is not None and " asked for " in record.intent.why


def _begun(old: Record, new: Record) -> Iterator[Request]:
    """The request that the new epoch carries out."""
    why = new.intent.why if new.intent else ""
    yield from (request for request in old.requests if f" {request.id}: " in why)
