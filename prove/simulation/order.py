"""What must hold of a site when nothing has gone wrong for a while: record, association, lease and outbox agree. Pure."""

from collections.abc import Iterator

from failover_lambda.model import Association, Phase, Record
from prove.simulation.events import Truth


def disorder(record: Record | None, truth: Truth, *, led: bool, quiet: bool) -> Iterator[str]:
    """Everything that is not as it should be. `quiet`: the record was lost, and nothing moves by itself yet (RULE 1.13)."""
    if record is None:
        yield "there is no record"
        return
    if not led:
        yield "nobody leads"
    if record.outbox:
        yield f"notices wait: {', '.join(notice.id for notice in record.outbox)}"
    if truth.association is None:
        yield f"the address is on nobody, in phase {record.phase.value}: {record.reason}"
    elif record.phase is Phase.MANUAL:  # people were told; nothing moves by itself, and the address is on a worker
        if truth.association.instance_id not in truth.instances.values():
            yield f"the address is on {truth.association.instance_id}"
    else:
        yield from _unsteady(record, truth, truth.association, quiet=quiet)


def _unsteady(record: Record, truth: Truth, shown: Association, *, quiet: bool) -> Iterator[str]:
    if record.phase is not Phase.STEADY and not (quiet and record.phase is Phase.SUSPECT):
        yield f"the phase is {record.phase.value}: {record.reason}"
    if quiet:  # a hand that moved the address is overruled when the quarter of an hour is over
        if shown.instance_id not in truth.instances.values():
            yield f"the address is on {shown.instance_id}"
        return
    if shown.association_id != record.association_id:
        yield f"the record says {record.association_id}, the address is on {shown.association_id}"
    if shown.instance_id != truth.instances[record.holder]:
        yield f"the record says {record.holder}, the address is on {shown.instance_id}"
    if not truth.serving[record.holder]:
        others = [name for name, serving in truth.serving.items() if serving]
        yield f"{record.holder} holds and cannot serve, though {', '.join(others) or 'nobody'} could (L1)"
