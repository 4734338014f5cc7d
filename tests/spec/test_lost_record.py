"""RULE.md 1.11 to 1.14: a record that is missing, damaged or from a backup, over the real cycle and rule."""

import json
from dataclasses import replace

import pytest

from failover_lambda import rule
from failover_lambda.document import QUARANTINED_MAX
from failover_lambda.fences import LATE_CALL_S
from failover_lambda.model import Answer, Do, Kind, Loss, Lost, Phase, Verb
from tests.spec.test_guards import seen
from tests.worlds import World


def failed_over() -> World:
    """wk2 holds in epoch 2; wk1 came back as a standby."""
    world = World(hold_s=0.0).settled()
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.tick(8)
    world.cloud.start("wk1")
    world.tick(8)
    assert (world.cloud.on, world.record.epoch, world.record.fences) == ("wk2", 2, ())
    world.cloud.calls.clear()
    world.reporter.told.clear()
    return world


def lose(world: World, what: Loss) -> None:
    """Another hand, and then another leader."""
    match what:
        case Loss.LOST:
            world.store.record = None
        case Loss.RESTORED:
            world.store.record = next(record for record in world.store.saves if record.epoch == 1)
        case Loss.DAMAGED:
            world.store.damage = '{"schema": 1, "holder": "wk1"'
    world.new_arbiter()


EVERY_LOSS = pytest.mark.parametrize("what", Loss, ids=lambda what: what.value)


@EVERY_LOSS
def test_the_clouds_view_is_adopted_in_a_higher_epoch_and_it_is_told(what: Loss) -> None:
    """1.11, 1.12: not the backup's holder, and nothing is called."""
    world = failed_over()
    lose(world, what)
    world.tick(3)
    assert (world.record.holder, world.record.epoch, world.record.phase) == ("wk2", 3, Phase.STEADY)
    assert (world.cloud.on, world.cloud.calls, world.told) == ("wk2", [], ["adopted", what.value])
    notice = world.reporter.told[-1]
    assert notice.epoch == 3
    assert "docs/RUNBOOK.md" in notice.why
    assert len(world.store.quarantine) == (what is not Loss.LOST)


@EVERY_LOSS
def test_notices_have_names_that_no_earlier_one_had(what: Loss) -> None:
    """7.1: whoever counts by name hears of it."""
    world = World().settled()
    world.store.saves.insert(0, replace(world.record, epoch=0))
    if what is Loss.RESTORED:
        world.store.record = world.store.saves[0]
        world.new_arbiter()
    else:
        lose(world, what)
    world.tick(3)
    assert world.told == ["adopt", "adopted", what.value]
    assert len({notice.id for notice in world.reporter.told}) == 3


@EVERY_LOSS
def test_no_automatic_move_begins_for_a_quarter_of_an_hour(what: Loss) -> None:
    """1.13: what it costs, and that people are told as of any suspicion."""
    world = failed_over()
    lose(world, what)
    world.tick(3)
    began_s = world.clock.time_s
    world.kill("wk2")
    reason = world.tick(10)
    assert (world.record.phase, world.cloud.calls) == (Phase.SUSPECT, [])
    assert "the record was lost, and calls of the time before may still land" in reason
    while world.clock.time_s - began_s < LATE_CALL_S - 10:
        world.tick()
    assert (world.cloud.on, world.cloud.calls) == ("wk2", [])
    assert "suspect-for-long" in world.told
    world.until(Phase.STEADY)
    assert (world.cloud.on, world.record.epoch, world.record.quiet_until_s) == ("wk1", 4, None)
    assert world.clock.time_s - began_s < LATE_CALL_S + 15


def test_a_new_site_has_no_such_wait() -> None:
    """1.13."""
    world = World().settled()
    assert world.record.quiet_until_s is None
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    assert world.record.holder == "wk2"


@EVERY_LOSS
def test_an_address_on_nobody_goes_at_once_to_a_worker_that_answers(what: Loss) -> None:
    """1.12, 1.13, 5.9: not to home, which is down; this is no site that boots for the first time."""
    world = failed_over()
    world.kill("wk1")
    world.cloud.association = None
    lose(world, what)
    world.until(Phase.STEADY)
    assert (world.cloud.on, world.record.holder, world.record.epoch) == ("wk2", "wk2", 3)


@EVERY_LOSS
def test_an_address_that_falls_off_in_the_quiet_time_is_put_back(what: Loss) -> None:
    """1.13, 5.9."""
    world = failed_over()
    lose(world, what)
    world.tick(3)
    world.cloud.association = None
    world.tick(20)
    assert (world.cloud.on, world.record.phase) == ("wk2", Phase.STEADY)
    assert world.record.quiet_until_s is not None


def test_who_gets_the_address_in_the_quiet_time_and_dies_while_that_is_verified_keeps_it_until_it_ends() -> None:
    """1.13: nobody knows which call of the time before still lands on the next one (simulation, seeds 759 and 770)."""
    world = failed_over()
    lose(world, Loss.LOST)
    world.tick(3)
    world.cloud.association = None
    world.until(Phase.VERIFYING)
    world.kill("wk2")
    world.cloud.calls.clear()
    world.tick(300)
    assert (world.cloud.on, world.record.holder, world.record.phase) == ("wk2", "wk2", Phase.SUSPECT)
    assert (world.cloud.calls, world.record.fences) == ([], ())
    assert world.told[-1] == "suspect-for-long"
    world.clock.sleep(LATE_CALL_S)
    world.new_arbiter()
    world.until(Phase.STEADY)
    assert (world.cloud.on, world.record.holder) == ("wk1", "wk1")


def test_an_address_that_somebody_moves_in_the_quiet_time_stays_until_it_ends() -> None:
    """1.13, 5.11."""
    world = failed_over()
    lose(world, Loss.LOST)
    world.tick(3)
    world.cloud.put_address("wk1")
    world.tick(60)
    assert (world.cloud.on, world.cloud.calls) == ("wk1", [])
    world.clock.sleep(LATE_CALL_S)
    world.new_arbiter()
    world.tick(20)
    assert (world.cloud.on, world.record.phase) == ("wk2", Phase.STEADY)


def test_an_address_on_another_private_address_of_its_holder_waits_too() -> None:
    """1.12, 1.13: it is adopted as it is."""
    world = failed_over()
    assert world.cloud.association is not None
    world.cloud.association = replace(world.cloud.association, private_ip="10.0.2.99")
    lose(world, Loss.LOST)
    world.tick(20)
    assert (world.record.holder, world.record.phase, world.cloud.calls) == ("wk2", Phase.STEADY, [])
    world.clock.sleep(LATE_CALL_S)
    world.new_arbiter()
    world.tick(20)
    assert world.cloud.did() == ["disassociate wk2", "associate wk2"]


def test_nobody_has_a_grace_after_a_loss() -> None:
    """1.12: no worker boots for the first time, so a silent holder is suspected at once."""
    world = failed_over()
    lose(world, Loss.LOST)
    world.kill("wk2")
    world.tick(3)
    assert (world.record.grace_until_s, world.record.phase) == (None, Phase.SUSPECT)


@EVERY_LOSS
def test_switched_off_nothing_is_adopted_and_the_loss_is_the_reason(what: Loss) -> None:
    """1.8, 4.5: it is adopted as lost when it is switched on again."""
    world = failed_over()
    enabled, world.settings = world.settings, replace(world.settings, enabled=False)
    lose(world, what)
    saves = len(world.store.saves)
    assert world.tick(3).startswith("disabled, and ")
    assert (len(world.store.saves), world.told) == (saves, [])
    world.settings = enabled
    world.new_arbiter()
    world.tick(3)
    assert (world.record.epoch, world.told) == (3, ["adopted", what.value])


@EVERY_LOSS
def test_nothing_is_adopted_before_the_address_was_read(what: Loss) -> None:
    """1.6, 1.12."""
    world = failed_over()
    lose(world, what)
    saves = len(world.store.saves)
    world.cloud.deaf.add("address")
    assert world.tick(3).endswith("and the address could not be read")
    assert len(world.store.saves) == saves
    world.cloud.deaf.clear()
    world.tick(2)
    assert world.record.epoch == 3


@EVERY_LOSS
def test_a_stranger_that_has_the_address_is_left_alone_in_an_epoch_of_its_own(what: Loss) -> None:
    """1.5, 1.9, 1.12: the record names a holder that it did not name before."""
    world = failed_over()
    assert world.cloud.association is not None
    world.cloud.association = replace(world.cloud.association, instance_id="i-9", network_interface_id="eni-9")
    lose(world, what)
    world.tick(5)
    assert (world.record.phase, world.record.epoch, world.cloud.calls) == (Phase.MANUAL, 3, [])
    assert world.told == ["manual", what.value]


def test_a_record_without_a_floor_is_gone_on_from_and_gets_one() -> None:
    """1.11: one of an earlier version of this program."""
    world = failed_over()
    world.store.floor = None
    world.new_arbiter()
    world.tick(3)
    assert (world.record.epoch, world.told) == (2, [])
    world.kill("wk2")
    world.until(Phase.STEADY)
    assert world.store.floor == 3


def test_a_damaged_record_without_a_floor_moves_nothing_and_fails_the_ticks() -> None:
    """1.12, 7.5."""
    world = failed_over()
    world.store.floor = None
    lose(world, Loss.DAMAGED)
    world.kill("wk2")
    assert "no decision: what stands in the place of the record of lis is no record" in world.tick(30)
    assert (world.cloud.calls, world.store.quarantine) == ([], [])
    ticks = [fields for name, fields in world.reporter.events if name == "tick"][-30:]
    assert all(fields["failed"] for fields in ticks)


def test_a_full_quarantine_moves_nothing_and_fails_the_ticks() -> None:
    """1.12: something writes over the record again and again; a person has to look."""
    world = failed_over()
    for _ in range(QUARANTINED_MAX):
        lose(world, Loss.DAMAGED)
        world.tick(2)
    epoch = world.record.epoch
    lose(world, Loss.DAMAGED)
    assert "8 earlier ones lie in quarantine already" in world.tick(5)
    assert (world.store.floor, len(world.store.quarantine), world.cloud.calls) == (epoch, QUARANTINED_MAX, [])


@EVERY_LOSS
def test_a_loss_whose_adoption_had_no_answer_is_adopted_once(what: Loss) -> None:
    """1.12, 2.5: the store recognises it as ours."""
    world = failed_over()
    lose(world, what)
    world.store.lose_next_answer = True
    world.tick(5)
    assert world.record.epoch == 3
    assert len(world.store.quarantine) == (what is not Loss.LOST)
    assert world.told == ["adopted", what.value]


def test_a_record_that_is_mended_before_it_was_adopted_is_gone_on_from() -> None:
    """1.12."""
    world = failed_over()
    good = world.record
    lose(world, Loss.LOST)
    world.cloud.deaf.add("address")
    world.tick()
    world.store.record = good
    world.cloud.deaf.clear()
    assert "lost the race" in world.tick()
    world.tick(3)
    assert (world.record, world.told) == (good, [])


def test_a_leader_whose_record_is_taken_away_finds_out_at_its_next_write() -> None:
    """1.11, 2.5: it writes nothing over what is there."""
    world = failed_over()
    world.store.record = next(record for record in world.store.saves if record.epoch == 1)
    world.kill("wk2")
    world.tick(10)
    assert (world.record.epoch, world.record.holder, world.cloud.calls) == (3, "wk2", [])
    assert Loss.RESTORED.value in world.told


def test_planned_moves_wait_as_after_an_association_without_an_answer() -> None:
    """1.13, 9.9: a switchover is answered when its patience is over; an operator's failover is no automatic move."""
    world = failed_over()
    lose(world, Loss.LOST)
    world.tick(3)
    world.ask(Verb.SWITCHOVER, patience_s=30.0)
    world.tick(60)
    assert "was never answered and may still land" in world.record.replies[-1].why
    assert world.cloud.calls == []
    world.ask(Verb.FAILOVER)
    world.tick(5)
    assert world.record.holder == "wk1"


@EVERY_LOSS
def test_watching_only_adopts_what_is_shown_and_calls_nothing(what: Loss) -> None:
    """1.12, 4.7."""
    world = failed_over()
    world.settings = replace(world.settings, watch_only=True)
    lose(world, what)
    world.tick(10)
    assert (world.record.holder, world.record.epoch, world.cloud.calls) == ("wk2", 3, [])


@pytest.mark.parametrize("lost", [True, False])
def test_watching_only_puts_an_address_that_is_on_nobody_nowhere(lost: bool) -> None:
    """1.6, 1.12, 4.7: there is nothing to judge by yet, and no call."""
    world = failed_over()
    world.settings = replace(world.settings, watch_only=True)
    world.cloud.association = None
    world.store.record = None
    world.store.floor = world.store.floor if lost else None
    world.new_arbiter()
    assert world.tick(10).startswith("watch-only, and ")
    assert (world.store.record, world.cloud.calls) == (None, [])


def test_late_calls_of_the_time_before_meet_no_move_of_ours() -> None:
    """1.13: a move's second call is on its way when the record is lost; it lands in the quiet time and is repaired."""
    world = failed_over()
    world.cloud.lose[Do.ASSOCIATE] = "before"
    world.kill("wk2")
    world.until(Phase.MOVING)
    lose(world, Loss.LOST)
    world.cloud.lose.clear()
    world.until(Phase.STEADY)
    assert world.cloud.on == world.record.holder == "wk1"
    assert world.record.quiet_until_s is not None


@EVERY_LOSS
def test_a_worker_that_was_isolated_when_the_record_was_lost_comes_back(what: Loss) -> None:
    """1.16, 6.5: stopped for proof, its groups put back, and after a quarter of an hour it is a standby again."""
    world = failed_over()
    world.cloud.machines["wk1"].isolated = True
    lose(world, what)
    world.tick(12)
    fence = world.record.fence("wk1")
    assert fence is not None
    assert (fence.epoch, fence.isolate.lost, fence.stop.lost) == (3, True, True)
    assert [call.do for call in world.cloud.calls] == [Do.STOP, Do.RESTORE]
    assert not world.cloud.machines["wk1"].isolated
    world.cloud.start("wk1")
    world.tick(60)
    assert world.record.fence("wk1")
    world.clock.sleep(LATE_CALL_S)
    world.new_arbiter()
    world.tick(20)
    assert world.record.fences == ()
    assert (world.cloud.on, world.told.count("rejoined")) == ("wk2", 1)
    assert [call.do for call in world.cloud.calls] == [Do.STOP, Do.RESTORE]


def test_a_holder_that_is_isolated_after_a_loss_gets_its_groups_back() -> None:
    """1.16, 6.7: and it is not stopped."""
    world = failed_over()
    world.cloud.machines["wk2"].isolated = True
    lose(world, Loss.LOST)
    world.tick(12)
    assert (world.cloud.on, world.cloud.machines["wk2"].isolated) == ("wk2", False)
    assert [call.do for call in world.cloud.calls] == [Do.RESTORE]
    fence = world.record.fence("wk2")
    assert fence is not None
    world.clock.sleep(LATE_CALL_S)
    world.new_arbiter()
    world.tick(20)
    assert (world.record.fences, world.record.holder) == ((), "wk2")


def test_a_worker_that_was_only_stopped_when_the_record_was_lost_is_left_as_it_is() -> None:
    """1.16: a stop tells nobody whose it was."""
    world = failed_over()
    world.stop("wk1")
    lose(world, Loss.LOST)
    world.tick(30)
    assert (world.record.fences, world.cloud.calls) == ((), [])


@pytest.mark.parametrize("known", [True, False])
def test_without_a_loss_an_isolated_worker_gets_no_fence(known: bool) -> None:
    """1.16: nor after the fifteen minutes, nor at a new site."""
    world = failed_over()
    lose(world, Loss.LOST)
    world.tick(3)
    if known:
        world.clock.sleep(LATE_CALL_S)
    else:
        world.store.record, world.store.floor = None, None
    world.cloud.machines["wk1"].isolated = True
    world.new_arbiter()
    world.tick(30)
    assert (world.record.fences, world.cloud.calls) == ((), [])


# The rule alone


def lost(floor: int = 41, version: int = 7) -> Lost:
    return Lost(what=Loss.RESTORED, floor=floor, version=version, why="it is old")


def test_the_adoption_is_made_from_what_the_store_told() -> None:
    """1.12: its version is the condition of the write, and its epoch exceeds the floor."""
    world = failed_over()
    decision = rule.step(None, seen(world), world.settings, 1000.0, lost())
    assert decision.record is not None
    assert (decision.record.version, decision.record.epoch) == (7, 42)
    assert decision.record.quiet_until_s == 1000.0 + LATE_CALL_S


def test_without_a_loss_the_first_epoch_is_one() -> None:
    """1.6."""
    world = failed_over()
    decision = rule.step(None, seen(world), world.settings, 1000.0)
    assert decision.record is not None
    assert (decision.record.version, decision.record.epoch, decision.record.quiet_until_s) == (0, 1, None)


def test_with_nobody_answering_home_takes_an_address_that_is_on_nobody() -> None:
    """1.6, 1.12."""
    world = failed_over()
    for worker in ("wk1", "wk2"):
        world.kill(worker, Answer.TIMEOUT)
    world.cloud.association = None
    decision = rule.step(None, seen(world), world.settings, 1000.0, lost())
    assert decision.record is not None
    assert decision.record.intent is not None
    assert (decision.record.holder, decision.record.intent.kind) == ("wk1", Kind.ADOPT)


# A record of another version


@pytest.mark.parametrize("more", [{"tomorrow": 1}, {"phase": "asleep"}, {"schema": 2}, {"schema": 0}], ids=str)
def test_a_record_of_another_version_moves_nothing_and_is_left_as_it_is(more: dict[str, object]) -> None:
    """1.14: two versions of the watchdog during a deployment, and the older one comes to lead."""
    world = failed_over()
    document = json.dumps({"schema": 1, **more})
    world.store.damage = document
    world.new_arbiter()
    world.kill("wk2")
    assert "no decision: the record has" in world.tick(30)
    assert (world.cloud.calls, world.store.damage, world.store.quarantine) == ([], document, [])
