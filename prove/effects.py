"""What a call does to the site when it lands, as AWS does it. The negative controls change exactly these functions."""

from failover_lambda.model import Command, Do, Outcome
from prove.parts import Call, Machine, Site

DOES = tuple(Do)
DISASSOCIATE, ASSOCIATE, ISOLATE, RESTORE, STOP, START = (DOES.index(do) for do in Do)
MOVES = (DISASSOCIATE, ASSOCIATE)
OUTCOMES = (None, Outcome.DONE, Outcome.REFUSED, Outcome.DEFERRED, Outcome.LOST)
DONE, REFUSED, DEFERRED, LOST = 1, 2, 3, 4

ONE_CALL_MOVE = False
"""A control's: the address is taken from whoever has it (AllowReassociation)."""
FRESH_ID = False
"""A control's: the adapter reads the association id anew instead of using the one that was permitted."""


def as_call(command: Command, owner: int, workers: tuple[str, ...]) -> Call:
    """A command of the rule as a call that was sent."""
    number = int(command.association_id[1:]) if command.association_id else 0
    ends = command.do is Do.DISASSOCIATE
    worker = -1 if ends else workers.index(command.worker)
    return Call(owner=owner, outcome=0, do=DOES.index(command.do), epoch=command.epoch, worker=worker, id=number)


def as_command(call: Call, workers: tuple[str, ...]) -> Command:
    """The inverse, for the answer."""
    ends = DOES[call.do] is Do.DISASSOCIATE
    return Command(
        do=DOES[call.do],
        epoch=call.epoch,
        worker="" if call.worker < 0 else workers[call.worker],
        association_id=f"a{call.id}" if ends and call.id else "",
        second=DOES[call.do] is Do.ASSOCIATE,
    )


def land(site: Site, call: Call, fresh: int) -> tuple[Site, int, int]:
    """The site after the call, its outcome, and the association that an ASSOCIATE leads to.

    `fresh` is an association number that is in use nowhere.
    """
    if call.do == DISASSOCIATE:
        ends = site.id if FRESH_ID else call.id
        if site.id and site.id == ends:
            site = put(site, -1, 0, hand=0)
        return site, DONE, 0
    if call.do == ASSOCIATE:
        return _associate(site, call, fresh)
    machine = site.machines[call.worker]
    if call.do == ISOLATE:
        machine = machine._replace(isolated=True)
    elif call.do == RESTORE:
        machine = machine._replace(isolated=False)
    elif call.do == STOP:
        machine = machine._replace(off=True)
    elif machine.off:
        machine = Machine(off=False, isolated=machine.isolated, serves=True)
    return with_machine(site, call.worker, machine), DONE, 0


def _associate(site: Site, call: Call, fresh: int) -> tuple[Site, int, int]:
    if site.at == call.worker and not site.aside:
        return site, DONE, site.id
    if site.at >= 0 and not ONE_CALL_MOVE:
        return site, DEFERRED, 0
    return put(site, call.worker, fresh, hand=0), DONE, fresh


def put(site: Site, worker: int, number: int, *, hand: int, aside: bool = False) -> Site:
    """The site with the address on `worker` (-1 = on nobody), by association `number`; `aside`: on another card of it."""
    before = {"was_at": site.at, "was_id": site.id, "was_aside": site.aside}
    return site._replace(at=worker, id=number, hand=hand, aside=aside, **before)


def with_machine(site: Site, worker: int, machine: Machine) -> Site:
    """The site with one machine changed."""
    return site._replace(machines=(*site.machines[:worker], machine, *site.machines[worker + 1 :]))
