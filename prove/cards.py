"""What the two halves of a move do on Azure, each a write of a network card: the steps of one, as they can be overtaken.

`failover_lambda.azure.address` in small. A half reads, and where the epoch on the cards is an older one it writes its own on
them all, which gives each another ETag (`begin`); it writes its card on condition of the ETag that it read then (`write`);
that is accepted, and ends later, well or not (`end`). Between any two of these anything may happen. The rest is as on AWS
(`effects`).

What is left out: a card that cannot be marked, and a mark that arrives late (it is conditional too, and
`tests/contract/test_azure_cloud.py` plays it).
"""

from prove import effects
from prove.effects import ASSOCIATE, DEFERRED, DISASSOCIATE, DONE, LOST, REFUSED
from prove.parts import BEGUN, SENT, STALE, UNDER_WAY, Call, Flight, Site

CONDITIONAL = True
"""A control's: a write names the ETag that was read, and another one refuses it."""
MARKED = True
"""A control's: an epoch is written on the cards before its first write; that changes their ETags, and stops older epochs."""


def begin(site: Site, call: Call) -> tuple[Site, Call]:
    """It reads its card, and marks all cards; what need not be done is done."""
    if call.do == DISASSOCIATE and (not site.id or site.id != call.id):
        return site, _ends(call, DONE)
    if call.do == ASSOCIATE and site.at == call.worker:  # where it has failed it is written once more
        return site._replace(aside=False), _ends(call, DONE, site.id)
    if site.busy:
        return site, _ends(call, DEFERRED)
    if MARKED and call.epoch < site.marked:
        return site, _ends(call, REFUSED)
    card = site.at if call.do == DISASSOCIATE else call.worker
    return site._replace(marked=max(site.marked, call.epoch)), call._replace(stage=BEGUN, worker=card)


def write(site: Site, call: Call) -> tuple[Site, Call]:
    """It writes its card: refused at once, or accepted."""
    if site.busy or (CONDITIONAL and call.stage == STALE):
        return site, _ends(call, DEFERRED)
    if call.do == ASSOCIATE and site.at not in (-1, call.worker):
        return site, _ends(call, DEFERRED)
    return site._replace(busy=True), call._replace(stage=UNDER_WAY)


def end(site: Site, call: Call, fresh: int, *, well: bool) -> tuple[Site, Call]:
    """What was accepted ends. A card that failed keeps the address, or has got it, and leads nowhere."""
    site = site._replace(busy=False)
    if call.do == DISASSOCIATE:
        has = site.at == call.worker
        if not well:
            return site._replace(aside=site.aside or has), _ends(call, LOST)
        return (effects.put(site, -1, 0, hand=0) if has else site), _ends(call, DONE)
    site = effects.put(site, call.worker, fresh, hand=0, aside=not well)
    return site, _ends(call, DONE, fresh) if well else _ends(call, LOST)


def _ends(call: Call, outcome: int, made: int = 0) -> Call:
    return call._replace(outcome=outcome, stage=SENT, id=made if call.do == ASSOCIATE else call.id)


def overtaken(flight: Flight, before: Site, after: Site, by: Call | None) -> tuple[Call, ...]:
    """The calls on their way when a card has another ETag: what was read of it before is stale."""
    marked = MARKED and after.marked != before.marked
    changed = {before.at, after.at} if (before.id, before.aside) != (after.id, after.aside) else set[int]()
    if by and after.busy and not before.busy:
        changed |= {by.worker}
    if by and before.busy and not after.busy:
        changed |= {by.worker}
    return tuple(
        call._replace(stage=STALE) if call.stage == BEGUN and (marked or call.worker in changed) else call
        for call in flight.calls
    )
