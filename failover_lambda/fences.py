"""Fences: the debts of stop and isolation calls, and how a fenced worker comes back. Pure.

RULE.md section 6. A call that was sent and not answered may still land, so it is kept until it cannot do harm. May import
`contract` and `model`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from failover_lambda.contract import Settings
from failover_lambda.model import Answered, Command, Debt, Do, Fence, InstanceView, Outcome, Power, Record, Round

LATE_CALL_S = 900.0
"""After this long an unanswered call is taken to land no more (hole 2)."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """The fences after one round, the calls that are due, and who came back."""

    fences: tuple[Fence, ...]
    commands: tuple[Command, ...]
    rejoined: tuple[str, ...]


def raise_fence(record: Record, worker: str, epoch: int, launched_s: float, now_s: float) -> tuple[Fence, ...]:
    """The fences with one more, against `worker`; an older one against it is replaced."""
    fence = Fence(worker=worker, epoch=epoch, launched_s=launched_s, isolate=Debt(asked_s=now_s), stop=Debt(asked_s=now_s))
    return (*(old for old in record.fences if old.worker != worker), fence)


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
        case Outcome.REFUSED:
            return debt


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
        return _ask(fence, Do.RESTORE, settings, now_s)
    restarted = machine.power is Power.RUNNING and machine.launched_s > fence.launched_s
    late_isolation = fence.isolate.lost and now_s - fence.isolate.asked_s <= LATE_CALL_S
    return (None if restarted and not late_isolation else fence), ()


def is_proven(fence: Fence, machine: InstanceView) -> bool:
    """Isolation answered, and seen stopped after the last ask, or a later boot where no call can still be on its way."""
    if not fence.isolate.answered:
        return False
    settled = fence.stop.answered and not fence.stop.lost and not fence.isolate.lost
    return fence.seen_stopped_s is not None or (settled and machine.launched_s > fence.launched_s)


def _ask_again(fence: Fence, machine: InstanceView, settings: Settings, now_s: float) -> tuple[Fence, tuple[Command, ...]]:
    """Ask for what was not answered. An answered stop of a machine that still runs is asked again, more slowly."""
    due: list[Command] = []
    if not fence.isolate.answered and now_s - fence.isolate.asked_s >= settings.call_again_s:
        fence = replace(fence, isolate=replace(fence.isolate, asked_s=now_s))
        due.append(Command(do=Do.ISOLATE, epoch=fence.epoch, worker=fence.worker))
    patience_s = settings.call_again_s * (4 if fence.stop.answered else 1)
    on = machine.power not in (Power.STOPPING, Power.STOPPED, Power.TERMINATED)
    if on and now_s - fence.stop.asked_s >= patience_s:
        fence = replace(fence, stop=replace(fence.stop, asked_s=now_s, answered=False), seen_stopped_s=None)
        due.append(Command(do=Do.STOP, epoch=fence.epoch, worker=fence.worker))
    return fence, tuple(due)


def _undo(fence: Fence, machine: InstanceView, settings: Settings, now_s: float) -> tuple[Fence | None, tuple[Command, ...]]:
    """The holder is the one we fenced earlier: a late call of ours is undone by a start, never by a failover."""
    if machine.isolated:
        return _ask(fence, Do.RESTORE, settings, now_s)
    if machine.power.off:
        return _ask(fence, Do.START, settings, now_s)
    quiet = not (fence.stop.lost or fence.isolate.lost) or now_s - fence.stop.asked_s > LATE_CALL_S
    return (None if quiet and machine.power is Power.RUNNING else fence), ()


def _ask(fence: Fence, do: Do, settings: Settings, now_s: float) -> tuple[Fence, tuple[Command, ...]]:
    debt = fence.restore if do is Do.RESTORE else fence.start
    if debt and now_s - debt.asked_s < settings.call_again_s:
        return fence, ()
    fresh = Debt(asked_s=now_s, lost=bool(debt and debt.lost))
    fence = replace(fence, restore=fresh) if do is Do.RESTORE else replace(fence, start=fresh)
    return fence, (Command(do=do, epoch=fence.epoch, worker=fence.worker),)


def has_open_calls(record: Record) -> bool:
    """Whether a fence still waits for proof, so that the machines are read in every round."""
    return any(
        fence.seen_stopped_s is None or not fence.isolate.answered or fence.worker == record.holder
        for fence in record.fences
    )
