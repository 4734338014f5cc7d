"""Where the record says nothing, the cloud's view decides: a new site, a lost record, a holder that is no more. Pure.

RULE.md 1.6, 1.7, 1.9, 1.10, 1.12 and 1.13. For `rule`; may import `contract`, `model`, `fences` and `moves`.
"""

from failover_lambda.contract import Settings
from failover_lambda.fences import LATE_CALL_S
from failover_lambda.model import Decision, Kind, Lost, Record, Round
from failover_lambda.moves import (
    Case,
    adopt_shown,
    born,
    claimed,
    ending_of,
    foreign,
    hands_off,
    intend,
    is_healthy,
    loose_since,
    member_with,
    notify,
)
from failover_lambda.values import replace

LOSS_NEXT = "adopted anew, no automatic move for 15 minutes. Next: 'The record was lost' in docs/RUNBOOK.md"


def first(seen: Round, settings: Settings, now_s: float, lost: Lost | None) -> Decision:
    """No record: adopt what the cloud shows, once. Home takes an address that is on nobody (hole 22)."""
    none = lost.why if lost else "there is no record yet"
    if not settings.enabled:
        return Decision(record=None, commands=(), reason=f"disabled, and {none}")
    if seen.address is None:
        return Decision(record=None, commands=(), reason=f"{none}, and the address could not be read")
    decision = _after_loss(seen, settings, now_s, lost) if lost else _at_first(seen, settings, now_s)
    if settings.watch_only and decision.commands:  # what is shown can be adopted without a call; nothing else (RULE 4.7)
        return Decision(record=None, commands=(), reason=f"watch-only, and {none}; would: {decision.reason}")
    return decision


def _at_first(seen: Round, settings: Settings, now_s: float) -> Decision:
    record = replace(born(settings, now_s), grace_until_s=now_s + settings.boot_grace_s)
    case = Case(record=record, seen=seen, settings=settings, now_s=now_s)
    return _adopt_anew(case, settings.home.name, "no record yet", "no record and an address on nobody: home takes it")


def _after_loss(seen: Round, settings: Settings, now_s: float, lost: Lost) -> Decision:
    """There was a record: its epochs are exceeded, and its calls are waited for, whatever they were (hole 20).

    This is no site that boots for the first time: nobody has a grace, and an address on nobody goes to one that answers.
    """
    until_s = now_s + LATE_CALL_S
    fresh = replace(born(settings, now_s), version=lost.version, epoch=lost.floor)
    record = replace(fresh, quiet_until_s=until_s, loose_s=now_s)  # planned moves wait for a loose association (RULE 9.9)
    case = Case(record=record, seen=seen, settings=settings, now_s=now_s)
    answering = [worker.name for worker in settings.workers if is_healthy(case, worker.name)]
    target = next(iter(answering), settings.home.name)
    decision = _adopt_anew(case, target, lost.what.value, f"{lost.what.value}, and an address on nobody: {target} takes it")
    return decision if decision.record is None else replace(decision, record=_telling(decision.record, lost, now_s))


def _telling(record: Record, lost: Lost, now_s: float) -> Record:
    """In the new epoch, so that the notice has a name that none before the loss had."""
    return notify(record, now_s, lost.what.value, target=record.holder, why=f"{lost.why}; {LOSS_NEXT}")


def on_unknown_holder(record: Record, seen: Round, settings: Settings, now_s: float) -> Decision:
    """The holder was taken out of the configuration: the cloud's view decides anew, as for a site without a record."""
    why = f"the holder {record.holder} is not configured any more"
    if seen.address is None:
        return Decision(record=record, commands=(), reason=f"{why}, and the address could not be read")
    known = {worker.name for worker in settings.workers}
    standing = tuple(fence for fence in record.fences if fence.worker in known)
    fenced = {fence.worker for fence in standing}
    free = (worker.name for worker in settings.workers if worker.name not in fenced)
    target = next(free, settings.home.name)
    fresh = replace(
        record,
        holder=target,
        association_id="",
        fences=standing,
        streak=None,
        drift=None,
        intent=None,
        loose_s=loose_since(record),
        ending_id=ending_of(record),
    )
    case = Case(record=fresh, seen=seen, settings=settings, now_s=now_s)
    return _adopt_anew(case, target, why, f"{why}: {target} takes the address")


def _adopt_anew(case: Case, target: str, why: str, why_on_nobody: str) -> Decision:
    """Whoever has the address is the holder; of an address on nobody `target` is, and takes it.

    Hands stay off an address of a stranger, in an epoch of its own too: the record names another holder than before.
    """
    address = case.seen.address
    stranger = claimed(address, case.settings)
    if stranger:
        return hands_off(_in_next_epoch(case), stranger)
    association = address.association if address else None
    if association is None:
        return intend(case, Kind.ADOPT, target, source="", why=why_on_nobody)
    if member_with(association, case.settings) is None:
        return foreign(_in_next_epoch(case), association)
    return adopt_shown(case, association, f"{why}: the cloud's view is adopted")


def _in_next_epoch(case: Case) -> Case:
    record = case.record
    return replace(case, record=replace(record, epoch=record.epoch + 1, association_id=""))
