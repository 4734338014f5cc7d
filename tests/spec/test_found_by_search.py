"""Histories that the exhaustive search found in an earlier rule (`make prove`), as the sentences that they broke."""

from dataclasses import replace

from failover_lambda import rule
from failover_lambda.fences import LATE_CALL_S
from failover_lambda.model import Answered, Command, Debt, Do, Kind, Outcome, Phase
from tests.worlds import World


def overdue(*, lost: bool) -> World:
    """The end of the old association is asked for in vain, and the holder answers again; just before the move deadline."""
    world = World().settled()
    if lost:
        world.cloud.lose[Do.DISASSOCIATE] = "before"
    else:
        world.cloud.refuse[Do.DISASSOCIATE] = "RequestLimitExceeded"
    world.cloud.refuse[Do.STOP] = world.cloud.refuse[Do.ISOLATE] = "RequestLimitExceeded"
    world.kill("wk1")
    world.until(Phase.FENCING)
    world.heal("wk1")
    while world.clock.time_s < world.record.phase_since_s + world.settings.move_deadline_s - 1:
        world.tick()
    assert (world.record.phase, world.record.holder, world.cloud.on) == (Phase.FENCING, "wk2", "wk1")
    return world


def test_an_old_holder_keeps_the_address_by_its_association_where_every_ask_to_end_it_was_refused() -> None:
    """5.10: nothing of ours can end it any more."""
    world = overdue(lost=False)
    association = world.cloud.association
    world.until(Phase.STEADY)
    assert (world.record.holder, world.record.epoch, world.cloud.association) == ("wk1", 3, association)


def test_an_old_holder_gets_a_new_association_where_an_ask_to_end_the_old_one_may_still_land() -> None:
    """5.10, 5.5: the late call would have taken the address from a settled holder."""
    world = overdue(lost=True)
    old = world.cloud.association
    assert old is not None
    world.tick(5)
    assert (world.record.holder, world.record.epoch) == ("wk1", 3)
    assert world.record.intent is not None
    assert world.record.intent.kind is Kind.RETARGET
    world.cloud.lose.clear()
    world.until(Phase.STEADY)
    assert world.cloud.on == "wk1"
    assert world.record.association_id != old.association_id


def test_one_stale_read_of_nobody_does_not_make_an_ask_that_was_never_answered_forgotten() -> None:
    """5.5, 5.10: the end of the old association was still on its way when a read showed it gone; it was not."""
    world = overdue(lost=True)
    intent, held = world.record.intent, world.cloud.association
    assert intent
    assert held
    now_s = world.clock.now_s()
    first_ask = replace(intent, unanswered=False, asked_s=now_s, deadline_s=now_s + 30)
    world.store.record = replace(world.record, intent=first_ask)
    world.new_arbiter()
    world.cloud.refuse[Do.ASSOCIATE] = "RequestLimitExceeded"
    world.cloud.association = None
    world.tick()
    assert world.record.phase is Phase.MOVING
    world.cloud.association = held
    while world.record.epoch == 2:
        world.tick()
    assert (world.record.holder, world.record.intent and world.record.intent.kind) == ("wk1", Kind.RETARGET)
    world.cloud.lose.clear()
    world.cloud.refuse.clear()
    world.until(Phase.STEADY)
    assert world.record.association_id != held.association_id


def test_an_old_holder_is_chosen_anew_once_only_however_long_the_cloud_does_not_answer() -> None:
    """5.10: no endless epochs."""
    world = overdue(lost=True)
    world.tick(1000)
    assert world.record.epoch == 3


def test_an_answer_that_names_the_association_that_was_to_end_does_not_end_the_move() -> None:
    """5.5: after a stale read the address was asked for where it was already, and the old one's end was still to land."""
    world = World().settled()
    world.cloud.put_address("wk2")
    world.cloud.lose[Do.DISASSOCIATE] = "before"
    world.kill("wk1")
    world.until(Phase.FENCING)
    moving = replace(world.record, phase=Phase.MOVING)
    assert moving.intent is not None
    command = Command(do=Do.ASSOCIATE, epoch=moving.epoch, worker=moving.holder, second=True)
    event = Answered(command=command, outcome=Outcome.DONE, association_id=moving.intent.expected_id)
    decision = rule.step(moving, event, world.settings, world.clock.now_s())
    assert decision.record is not None
    assert (decision.record.phase, decision.record.association_id, decision.commands) == (Phase.FENCING, "", ())
    assert decision.record.intent is not None
    assert decision.record.intent.asked_s is None


def test_a_worker_with_a_stop_on_its_way_is_no_standby_though_it_was_seen_stopped_and_booted() -> None:
    """6.5: it had been stopped by hand before; the stop that nobody answered yet would hit it as the next holder."""
    world = World().settled()
    world.stop("wk1")
    world.until(Phase.VERIFYING)
    world.until(Phase.STEADY)
    fence = world.record.fence("wk1")
    assert fence is not None
    open_stop = replace(fence, stop=Debt(asked_s=fence.raised_s), seen_stopped_s=fence.raised_s)
    world.store.record = replace(world.record, fences=(open_stop,))
    world.new_arbiter()
    world.cloud.start("wk1")
    world.tick(30)
    assert [each.worker for each in world.record.fences] == ["wk1"]
    world.clock.sleep(LATE_CALL_S)
    world.new_arbiter()
    world.tick(3)
    assert world.record.fences == ()
