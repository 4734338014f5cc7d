"""Fences: the debts of stop and isolation calls, and how a fenced worker comes back. Pure.

RULE.md section 6. A call that was sent and not answered may still land, so it is kept until it cannot do harm. May import
`contract` and `model`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from failover_lambda.contract import Rejoin, Settings
from failover_lambda.model import Answered, Command, Debt, Do, Fence, InstanceView, Outcome, Power, Record, Round
from failover_lambda.values import replace

LATE_CALL_S = 900.0
"""After this long an unanswered call is taken to land no more (hole 2)."""


START_AGAIN_S = 60.0
"""From one start of a fenced worker by us to the next, where the cloud has no machine to give (RULE 6.5)."""

UNPROVEN_TOLD_S = 60.0
"""A fence call that is refused for so long is told (RULE 6.4)."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """The fences after one round, the calls that are due, and who came back."""

    fences: tuple[Fence, ...]
    commands: tuple[Command, ...]
    rejoined: tuple[str, ...]


def raise_fence(record: Record, worker: str, epoch: int, launched_s: float, now_s: float) -> tuple[Fence, ...]:
    """The fences with one more, against `worker`; an older one against it is replaced, and its calls may still land."""
    older = record.fence(worker)
    fence = Fence(
        worker=worker,
        epoch=epoch,
        launched_s=launched_s,
        raised_s=now_s,
        isolate=_anew(older.isolate if older else None, now_s),
        stop=_anew(older.stop if older else None, now_s),
    )
    return (*(old for old in record.fences if old.worker != worker), fence)


def _anew(older: Debt | None, now_s: float) -> Debt:
    """A debt that begins now; what an older fence asked and never heard of may still land."""
    return Debt(asked_s=now_s, lost=older is not None and _is_on_its_way(older, now_s))


def after_a_loss(record: Record, seen: Round, now_s: float) -> tuple[Fence, ...]:
    """The fences, and in the quiet time one more against each worker that is read as isolated: that of the record before.

    Nobody else isolates. What was asked of it, and whether it was answered, is not known, so all of it may still land.
    """
    if record.quiet_until_s is None or now_s >= record.quiet_until_s:
        return record.fences
    found = (machine for machine in seen.instances or () if machine.isolated and record.fence(machine.worker) is None)
    return (*record.fences, *(_of_before(machine, record.epoch, now_s) for machine in found))


def _of_before(machine: InstanceView, epoch: int, now_s: float) -> Fence:
    return Fence(
        worker=machine.worker,
        epoch=epoch,
        launched_s=machine.launched_s,
        raised_s=now_s,
        isolate=Debt(asked_s=now_s, answered=True, lost=True),
        stop=Debt(asked_s=now_s, lost=True),
    )


def calls_of(fence: Fence) -> tuple[Command, ...]:
    """The first calls of a fence that was just raised."""
    return tuple(Command(do=do, epoch=fence.epoch, worker=fence.worker) for do in (Do.ISOLATE, Do.STOP))


def settle_debt(fences: tuple[Fence, ...], event: Answered) -> tuple[Fence, ...]:
    """The fences after the answer to one of their calls."""
    return tuple(_answered(fence, event) if _is_about(fence, event.command) else fence for fence in fences)


def _is_about(fence: Fence, command: Command) -> bool:
    return fence.worker == command.worker and fence.epoch == command.epoch


def _answered(fence: Fence, event: Answered) -> Fence:
    match event.command.do:
        case Do.ISOLATE:
            return replace(fence, isolate=_paid(fence.isolate, event.outcome))
        case Do.STOP:
            return replace(fence, stop=_paid(fence.stop, event.outcome))
        case Do.RESTORE if fence.restore:
            return replace(fence, restore=_paid(fence.restore, event.outcome))
        case Do.START if fence.start:
            return replace(fence, start=_paid(fence.start, event.outcome))
        case _:
            return fence


def _paid(debt: Debt, outcome: Outcome) -> Debt:
    match outcome:
        case Outcome.DONE:
            return replace(debt, answered=True)
        case Outcome.LOST:
            return replace(debt, lost=True)
        case Outcome.REFUSED | Outcome.DEFERRED:
            return replace(debt, refused=True)
        case _:
            assert_never(outcome)


def _asked_again(debt: Debt, now_s: float) -> Debt:
    """The same debt after one more ask; of an ask that nothing is known of, it is remembered that it may land."""
    return Debt(asked_s=now_s, lost=debt.lost or debt.open)


def _is_due(asked_s: float, after_s: float, now_s: float) -> bool:
    """Whether so much time has passed; also when the ask lies in the future, by the clock of another leader."""
    return not 0 <= now_s - asked_s < after_s


def watch(record: Record, seen: Round, settings: Settings, now_s: float) -> Watched:
    """Look at every fence once: ask again what is unproven, let back who was surely off, undo what hits the holder."""
    fences: list[Fence] = []
    commands: list[Command] = []
    rejoined: list[str] = []
    for fence in record.fences:
        machine = seen.instance(fence.worker)
        if machine is None:
            fences.append(fence)
            continue
        look = _undo if fence.worker == record.holder else _rejoin
        after, due = look(_noted(fence, machine, now_s), machine, settings, now_s)
        commands.extend(due)
        if after is None:
            rejoined.append(fence.worker)
        else:
            fences.append(after)
    return Watched(fences=tuple(fences), commands=tuple(commands), rejoined=tuple(rejoined))


def unasked(record: Record, seen: Round, watched: Watched, now_s: float) -> tuple[Fence, ...]:
    """The fences after a round whose calls are not sent: what a read proves is noted, and no ask that was none."""
    due = {command.worker for command in watched.commands}
    read = ((fence, seen.instance(fence.worker)) for fence in record.fences if fence.worker in due)
    noted = {fence.worker: _noted(fence, machine, now_s) for fence, machine in read if machine}
    return tuple(noted.get(each.worker, each) for each in watched.fences)


Look = Callable[[Fence, InstanceView, Settings, float], tuple[Fence | None, tuple[Command, ...]]]


def _noted(fence: Fence, machine: InstanceView, now_s: float) -> Fence:
    """What one read of the machine proves."""
    if fence.launched_s == 0:
        fence = replace(fence, launched_s=machine.launched_s)
    if machine.power.off and fence.seen_stopped_s is None:
        fence = replace(fence, seen_stopped_s=now_s)
    return fence


def _rejoin(
    fence: Fence, machine: InstanceView, settings: Settings, now_s: float
) -> tuple[Fence | None, tuple[Command, ...]]:
    """A fenced worker that does not hold: prove the stop, then open its card, then let it back after a later boot."""
    if not is_proven(fence, machine):
        return _ask_again(fence, machine, settings, now_s)
    if machine.isolated:
        return _ask(fence, Do.RESTORE, settings.call_again_s, now_s)
    if settings.rejoin is Rejoin.AUTO and machine.power is Power.STOPPED:
        return _ask(fence, Do.START, START_AGAIN_S, now_s)
    back = machine.power is Power.RUNNING and machine.launched_s > fence.launched_s
    return (None if back and not _may_still_land(fence, now_s) else fence), ()


def is_proven(fence: Fence, machine: InstanceView) -> bool:
    """No isolation on its way; seen stopped after the last ask, or a later boot where no call can still land."""
    if fence.isolate.open:
        return False
    settled = fence.stop.answered and not fence.stop.lost and not fence.isolate.lost
    return fence.seen_stopped_s is not None or (settled and machine.launched_s > fence.launched_s)


def _may_still_land(fence: Fence, now_s: float) -> bool:
    """Whether an isolation or a stop is on its way, as far as we know: its answer was lost, or has not come yet."""
    return any(_is_on_its_way(debt, now_s) for debt in (fence.isolate, fence.stop))


def _is_on_its_way(debt: Debt, now_s: float) -> bool:
    return (debt.lost or debt.open) and now_s - debt.asked_s <= LATE_CALL_S


def _ask_again(fence: Fence, machine: InstanceView, settings: Settings, now_s: float) -> tuple[Fence, tuple[Command, ...]]:
    """Ask for what was not done. An answered stop of a machine that still runs is asked again, more slowly.

    A machine that was seen stopped and runs on a later boot has served its time: it is not stopped once more.
    """
    due: list[Command] = []
    if not fence.isolate.answered and _is_due(fence.isolate.asked_s, settings.call_again_s, now_s):
        fence = replace(fence, isolate=_asked_again(fence.isolate, now_s))
        due.append(Command(do=Do.ISOLATE, epoch=fence.epoch, worker=fence.worker))
    patience_s = settings.call_again_s * (4 if fence.stop.answered else 1)
    on = machine.power not in (Power.STOPPING, Power.STOPPED, Power.TERMINATED)
    served_its_time = fence.seen_stopped_s is not None and machine.launched_s > fence.launched_s
    if on and not served_its_time and _is_due(fence.stop.asked_s, patience_s, now_s):
        fence = replace(fence, stop=_asked_again(fence.stop, now_s), seen_stopped_s=None)
        due.append(Command(do=Do.STOP, epoch=fence.epoch, worker=fence.worker))
    return fence, tuple(due)


def _undo(fence: Fence, machine: InstanceView, settings: Settings, now_s: float) -> tuple[Fence | None, tuple[Command, ...]]:
    """The holder is the one we fenced earlier: a late call of ours is undone by a start, never by a failover."""
    due: tuple[Command, ...] = ()
    if machine.power.off:
        again = fence.start is None  # it ran since we started it last
        fence, due = _ask(replace(fence, seen_stopped_s=now_s) if again else fence, Do.START, settings.call_again_s, now_s)
    if machine.isolated:
        fence, more = _ask(fence, Do.RESTORE, settings.call_again_s, now_s)
        due += more
    if machine.isolated or machine.power is not Power.RUNNING:
        return fence, due
    fence = replace(fence, start=None)
    return (None if _is_spent(fence, machine, now_s) else fence), ()


def _is_spent(fence: Fence, machine: InstanceView, now_s: float) -> bool:
    """Whether no stop or isolation of this fence can hit the worker any more."""
    if _may_still_land(fence, now_s):
        return False
    stopped_and_back = fence.stop.answered and machine.launched_s > fence.launched_s
    return stopped_and_back or fence.stop.refused or now_s - fence.stop.asked_s > LATE_CALL_S


def _ask(fence: Fence, do: Do, again_s: float, now_s: float) -> tuple[Fence, tuple[Command, ...]]:
    debt = fence.restore if do is Do.RESTORE else fence.start
    if debt and not _is_due(debt.asked_s, again_s, now_s):
        return fence, ()
    fresh = _asked_again(debt, now_s) if debt else Debt(asked_s=now_s)
    fence = replace(fence, restore=fresh) if do is Do.RESTORE else replace(fence, start=fresh)
    return fence, (Command(do=do, epoch=fence.epoch, worker=fence.worker),)


def confirmed(fence: Fence, now_s: float) -> Fence:
    """The fence after an operator's word that its worker is off, and that nothing of ours is on its way to it."""
    isolate, stop = (replace(debt, answered=True, lost=False) for debt in (fence.isolate, fence.stop))
    return replace(fence, isolate=isolate, stop=stop, seen_stopped_s=now_s)


def has_open_calls(record: Record) -> bool:
    """Whether a fence still waits for proof, so that the machines are read in every round."""
    return any(
        fence.seen_stopped_s is None or fence.isolate.open or fence.worker == record.holder for fence in record.fences
    )


def unprovable(record: Record, now_s: float) -> Fence | None:
    """A fence of which a call was refused for so long that people should look; each is named once.

    A machine that was seen stopped serves nobody: what else was refused is not worth a mail.
    """
    for fence in record.fences:
        refused = fence.seen_stopped_s is None and (fence.isolate.refused or fence.stop.refused)
        if refused and not fence.told and now_s - fence.raised_s >= UNPROVEN_TOLD_S:
            return fence
    return None
