"""Once an hour the calls of a failover are asked for without being made: what our role may not do is known in time. Pure.

RULE.md 7.6. What is denied is told as any denial is (`denials`). May import `contract` and `model`.
"""

from failover_lambda.contract import Settings
from failover_lambda.model import Command, Do, Phase, Record, Round
from failover_lambda.values import replace

EVERY_S = 3600.0
"""From one rehearsal to the next."""

AFTER_S = 600.0
"""A site is left alone for so long after it became steady: its calls have just been made."""


def due(record: Record | None, settings: Settings, now_s: float) -> tuple[Command, ...]:
    """What a failover of the holder would send and what brings the holder back; () = it is not the time for it.

    Those that change nothing about a holder that serves come first.
    """
    if record is None or record.phase is not Phase.STEADY or not settings.enabled or settings.watch_only:
        return ()
    lately = record.rehearsed_s is not None and 0 <= now_s - record.rehearsed_s < EVERY_S
    if lately or record.fences or now_s - record.phase_since_s < AFTER_S:
        return ()
    others = [worker.name for worker in settings.workers if worker.name != record.holder]
    of_holder = (Do.RESTORE, Do.START, Do.ISOLATE, Do.STOP)
    return (
        *(Command(do=do, epoch=record.epoch, worker=record.holder) for do in of_holder),
        Command(do=Do.DISASSOCIATE, epoch=record.epoch, worker=record.holder, association_id=record.association_id),
        *(Command(do=Do.ASSOCIATE, epoch=record.epoch, worker=name) for name in others),
    )


def noted(record: Record, seen: Round, now_s: float) -> Record:
    """The record after a round in which a rehearsal ended, however it did."""
    return replace(record, rehearsed_s=now_s) if seen.rehearsed else record
