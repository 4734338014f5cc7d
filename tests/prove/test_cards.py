"""A half of a move on Azure in the small worlds: what overtakes it, what refuses it, and how it ends."""

from prove import cards, effects
from prove.effects import ASSOCIATE, DEFERRED, DISASSOCIATE, DONE, LOST, REFUSED
from prove.parts import BEGUN, LEADER, SENT, STALE, UNDER_WAY, Call, Flight, Machine, Site

MACHINE = Machine(off=False, isolated=False, serves=True)
HELD = Site(machines=(MACHINE, MACHINE), at=0, id=1, hand=0, was_at=0, was_id=1, marked=1)
FREE = effects.put(HELD, -1, 0, hand=0)
ENDS = Call(owner=LEADER, outcome=0, do=DISASSOCIATE, epoch=2, worker=-1, id=1)
PUTS = Call(owner=LEADER, outcome=0, do=ASSOCIATE, epoch=2, worker=1, id=0)


def test_a_half_begins_writes_and_ends() -> None:
    site, call = cards.begin(HELD, ENDS)
    assert (site.marked, call.stage, call.worker) == (2, BEGUN, 0)
    site, call = cards.write(site, call)
    assert (site.busy, site.id, call.stage) == (True, 1, UNDER_WAY)
    site, call = cards.end(site, call, 2, well=True)
    assert (site.busy, site.at, call.outcome, call.stage) == (False, -1, DONE, SENT)


def test_a_later_epoch_on_the_cards_refuses_one_that_begins_and_overtakes_one_that_has_begun() -> None:
    """Hole 2: its ETag is another one, so its write changes nothing."""
    _, begun = cards.begin(FREE, PUTS)
    marked = FREE._replace(marked=3)
    assert cards.begin(marked, PUTS)[1].outcome == REFUSED
    (late,) = cards.overtaken(Flight((begun,), ()), FREE._replace(marked=2), marked, None)
    assert late.stage == STALE
    assert cards.write(marked, late) == (marked, late._replace(outcome=DEFERRED, stage=SENT))


def test_a_hand_that_moves_the_address_overtakes_who_has_read_one_of_its_cards() -> None:
    _, begun = cards.begin(HELD, ENDS)
    other = begun._replace(worker=2)
    moved = effects.put(HELD, 1, 2, hand=1)
    assert [call.stage for call in cards.overtaken(Flight((begun, other), ()), HELD, moved, None)] == [STALE, BEGUN]


def test_a_write_that_was_accepted_and_fails_leads_nowhere() -> None:
    """`azure.address`: done is the reference and a card that is provisioned."""
    site, call = cards.write(*cards.begin(FREE, PUTS))
    site, call = cards.end(site, call, 2, well=False)
    assert (site.at, site.id, site.aside, call.outcome) == (1, 2, True, LOST)
    site, again = cards.begin(site, PUTS)
    assert (site.aside, again.outcome, again.id) == (False, DONE, 2)


def test_what_need_not_be_done_is_done_and_what_cannot_be_done_now_is_put_off() -> None:
    assert cards.begin(FREE, ENDS)[1].outcome == DONE
    assert cards.begin(FREE._replace(busy=True), PUTS)[1].outcome == DEFERRED
    assert cards.write(HELD, PUTS._replace(stage=BEGUN))[1].outcome == DEFERRED
