"""RULE.md sections 1, 4, 5 and 6: the real cycle and rule in a small world, over the in-memory ports."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from failover_lambda.contract import ProbeKind
from failover_lambda.model import Answer, Command, Do, Kind, Phase, Power, Round, Sight
from failover_lambda.moves import Case, is_healthy, is_ready
from tests.worlds import PublicPort, World

# 1. The first record


def test_home_takes_an_address_that_is_on_nobody_whoever_answers_first() -> None:
    """1.6, hole 22: the standby boots first and does not get the address."""
    world = World()
    world.kill("wk1", Answer.TIMEOUT)
    world.tick(30)
    assert (world.record.holder, world.cloud.on, world.record.epoch) == ("wk1", "wk1", 1)


def test_a_home_worker_that_boots_slowly_is_not_judged_until_its_grace_ends() -> None:
    """1.7."""
    world = World(boot_grace_s=60.0)
    world.kill("wk1", Answer.TIMEOUT)
    world.tick(40)
    assert world.cloud.on == "wk1"
    world.until(Phase.FENCING, Phase.MOVING, Phase.VERIFYING)
    assert world.record.holder == "wk2"


def test_the_grace_ends_with_the_first_answer() -> None:
    """1.7."""
    world = World().settled()
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    assert world.record.holder == "wk2"


def test_an_address_that_is_on_a_worker_already_is_adopted_without_a_call() -> None:
    """1.6."""
    world = World()
    world.cloud.put_address("wk2")
    world.tick(5)
    assert (world.record.holder, world.record.phase, world.cloud.did()) == ("wk2", Phase.STEADY, [])
    assert world.told == ["adopted"]


def test_nothing_is_adopted_while_the_address_cannot_be_read() -> None:
    """1.6, 3.2."""
    world = World()
    world.cloud.deaf.add("address")
    world.tick(5)
    assert world.store.record is None
    assert world.cloud.did() == []


def test_an_address_on_a_stranger_is_not_touched() -> None:
    """1.9."""
    world = World()
    world.cloud.put_address("wk1")
    assert world.cloud.association is not None
    world.cloud.association = replace(world.cloud.association, instance_id="i-stranger")
    world.tick(10)
    assert (world.record.phase, world.cloud.did(), world.told) == (Phase.MANUAL, [], ["manual"])


# 5. A move


@pytest.mark.parametrize("answer", [Answer.REFUSED, Answer.RESET, Answer.TIMEOUT, Answer.SILENT, Answer.WRONG])
def test_a_dead_holder_is_replaced(answer: Answer) -> None:
    """5.2, 5.3, 6.3 in their order: the end of the old association is asked for first, then isolation and stop."""
    world = World().settled()
    world.kill("wk1", answer)
    world.until(Phase.VERIFYING)
    assert world.cloud.did() == ["disassociate wk1", "isolate wk1", "stop wk1", "associate wk2"]
    world.until(Phase.STEADY)
    assert (world.record.holder, world.record.epoch, world.cloud.on) == ("wk2", 2, "wk2")


@pytest.mark.parametrize(
    ("answer", "grace"), [(Answer.SILENT, "slow_grace_s"), (Answer.REFUSED, "restart_grace_s")], ids=["silent", "refused"]
)
def test_a_pause_that_is_shorter_than_its_grace_moves_nothing_and_a_longer_one_does(answer: Answer, grace: str) -> None:
    """3.11, hole 13: a long garbage collection, a restart of the service."""
    world = World(2, **{grace: 15.0}).settled()
    world.kill("wk1", answer)
    began = world.clock.time_s
    while world.clock.time_s < began + 14.0:
        world.tick()
    world.heal("wk1")
    world.tick(5)
    assert (world.record.phase, world.cloud.did(), world.told) == (Phase.STEADY, [], ["adopt"])
    world.kill("wk1", answer)
    began = world.clock.time_s
    world.until(Phase.VERIFYING)
    assert 15.0 <= world.clock.time_s - began < 17.0


def test_a_grace_that_is_longer_than_a_leadership_ends_all_the_same() -> None:
    """3.13: an arbiter leads for about a minute, and its successor goes on with the time."""
    world = World(restart_grace_s=150.0).settled()
    world.kill("wk1")
    began = world.clock.time_s
    while not world.cloud.did():
        assert world.clock.time_s < began + 160.0
        world.leadership.release()
        world.new_arbiter()
        minute = world.clock.time_s + 50.0
        while world.clock.time_s < minute and not world.cloud.did():
            world.tick()
    assert world.clock.time_s - began >= 150.0


def test_a_standby_that_is_not_ready_is_no_target_and_the_reason_names_it() -> None:
    """3.14, 5.2, hole 25: a licence that is not there, data that are stale."""
    world = World(ready_path="/ready").settled()
    world.cloud.machines["wk2"].ready = Answer.WRONG
    world.kill("wk1")
    reason = world.tick(20)
    assert (world.record.phase, world.cloud.did()) == (Phase.SUSPECT, [])
    assert reason.endswith("no standby can take over: wk2 is healthy and not ready")
    world.cloud.machines["wk2"].ready = Answer.HEALTHY
    world.until(Phase.VERIFYING)
    assert world.record.holder == "wk2"


def test_the_next_standby_in_order_that_is_ready_takes_over() -> None:
    """3.14, 5.2."""
    world = World(workers=3, ready_path="/ready").settled()
    world.cloud.machines["wk2"].ready = Answer.TIMEOUT
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    assert world.record.holder == "wk3"


def test_a_holder_that_is_not_ready_keeps_the_address() -> None:
    """3.14: readiness is asked of who could take over, health of who serves."""
    world = World(ready_path="/ready").settled()
    world.cloud.machines["wk1"].ready = Answer.WRONG
    world.tick(30)
    assert (world.record.phase, world.cloud.did()) == (Phase.STEADY, [])


def test_a_fenced_worker_that_is_left_alone_is_promoted_only_if_it_is_ready() -> None:
    """3.14, 6.7."""
    world = World(ready_path="/ready", hold_s=0.0).settled()
    world.cloud.refuse[Do.STOP] = "UnauthorizedOperation"
    world.cloud.refuse[Do.ISOLATE] = "UnauthorizedOperation"
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    world.until(Phase.STEADY)
    world.heal("wk1")
    world.cloud.machines["wk1"].ready = Answer.WRONG
    world.kill("wk2")
    world.tick(20)
    assert world.record.holder == "wk2"
    world.cloud.machines["wk1"].ready = Answer.HEALTHY
    world.tick(5)
    assert world.record.holder == "wk1"


def test_ready_and_healthy_are_one_vantages_word() -> None:
    """3.14: what one vantage finds healthy and another ready is not known to be both."""
    world = World(ready_path="/ready").settled()
    look = world.cloud.look

    def halves(vantage: str, timeout_s: float) -> Sight:
        half = {"answer": Answer.HEALTHY, "ready": Answer.WRONG}
        other = {"answer": Answer.COULD_NOT_ASK, "ready": Answer.HEALTHY}
        sight = look(vantage, timeout_s)
        reports = tuple(
            replace(report, **(half if vantage == "prober-a" else other)) if report.worker == "wk2" else report
            for report in sight.reports
        )
        return replace(sight, reports=reports)

    case = Case(record=world.record, seen=round_of(world, look), settings=world.settings, now_s=0.0)
    assert (is_healthy(case, "wk2"), is_ready(case, "wk2")) == (True, True)
    case = replace(case, seen=round_of(world, halves))
    assert (is_healthy(case, "wk2"), is_ready(case, "wk2")) == (True, False)


def round_of(world: World, look: Callable[[str, float], Sight]) -> Round:
    sights = tuple(look(vantage, 1.0) for vantage in world.cloud.vantages)
    return Round(token=1, overrun=False, sights=sights, address=None, instances=None)


def test_a_holder_stopped_at_the_console_is_replaced() -> None:
    """3.7."""
    world = World().settled()
    world.stop("wk1")
    world.until(Phase.VERIFYING)
    assert world.cloud.on == "wk2"


def test_the_decision_is_stored_before_its_first_call_is_sent() -> None:
    """5.1: at each call, the stored record already carries its epoch."""
    world = World().settled()
    stored: list[tuple[Do, int, int]] = []
    run = world.cloud.run

    def watched(command: Command) -> object:
        stored.append((command.do, command.epoch, world.record.epoch))
        return run(command)

    world.cloud.run = watched  # type: ignore[method-assign, assignment]
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    assert stored
    assert all(epoch <= in_store for _, epoch, in_store in stored)


def test_nothing_is_sent_when_the_decision_cannot_be_stored() -> None:
    """5.1, 5.6: the store being down begins no move."""
    world = World().settled()
    world.kill("wk1")
    world.store.down = True
    world.tick(30)
    assert world.cloud.did() == []
    world.store.down = False
    world.until(Phase.VERIFYING)
    assert world.cloud.on == "wk2"


def test_nothing_is_sent_by_a_leader_that_was_deposed() -> None:
    """2.5: its write fails on the lease's token."""
    world = World().settled()
    world.kill("wk1")
    world.tick()
    assert world.store.lease is not None
    world.store.lease = replace(world.store.lease, owner="another", token=world.store.lease.token + 1)
    world.tick(4)
    assert world.cloud.did() == []


def test_a_move_that_has_begun_ends_though_the_store_is_down() -> None:
    """5.6: the second call asks neither store nor lease."""
    world = World().settled()
    run = world.cloud.run

    def store_dies_after_the_first(command: Command) -> object:
        if command.do is Do.DISASSOCIATE:
            world.store.down = True
        return run(command)

    world.cloud.run = store_dies_after_the_first  # type: ignore[method-assign, assignment]
    world.kill("wk1")
    world.tick(3)
    assert world.cloud.on == "wk2"
    world.store.down = False
    world.until(Phase.STEADY)
    assert world.record.holder == "wk2"


def test_no_move_without_a_read_of_the_association() -> None:
    """5.1: the condition of the call must be read before the write that permits it."""
    world = World().settled()
    world.kill("wk1")
    world.cloud.deaf.add("address")
    world.tick(20)
    assert (world.record.phase, world.cloud.did()) == (Phase.SUSPECT, [])


def test_the_end_of_the_old_association_is_asked_by_the_stored_id_only() -> None:
    """5.4, hole 3: a newer association is not torn down by an old intent."""
    world = World().settled()
    world.cloud.lose[Do.DISASSOCIATE] = "before"
    world.kill("wk1")
    world.until(Phase.FENCING)
    old = world.cloud.calls[0].association_id
    world.cloud.put_address("wk1")
    del world.cloud.lose[Do.DISASSOCIATE]
    world.until(Phase.STEADY)
    ended = [call.association_id for call in world.cloud.calls if call.do is Do.DISASSOCIATE]
    assert ended[0] == old
    assert world.record.epoch > 2
    assert world.cloud.on == "wk2"


def test_a_target_that_has_the_address_already_gets_a_new_association() -> None:
    """5.5, hole 1."""
    world = World().settled()
    world.cloud.put_address("wk2")
    assert world.cloud.association is not None
    by_hand = world.cloud.association.association_id
    world.kill("wk1")
    world.until(Phase.STEADY)
    assert world.cloud.on == "wk2"
    assert world.record.association_id not in ("", by_hand)


@pytest.mark.parametrize("do", [Do.DISASSOCIATE, Do.ASSOCIATE])
@pytest.mark.parametrize("how", ["before", "after"])
def test_a_lost_answer_is_read_back_before_it_is_judged(do: Do, how: str) -> None:
    """5.8: whether it was applied or not, the move ends on the target, in one epoch."""
    world = World().settled()
    world.cloud.lose[do] = how
    world.kill("wk1")
    world.tick(3)
    world.cloud.lose.clear()
    world.until(Phase.STEADY)
    assert (world.cloud.on, world.record.holder, world.record.epoch) == ("wk2", "wk2", 2)
    if how == "after":
        assert world.cloud.did().count(f"{do.value} {'wk1' if do is Do.DISASSOCIATE else 'wk2'}") == 1


def test_a_target_that_is_refused_is_followed_by_the_next() -> None:
    """5.8: as a new epoch."""
    world = World(workers=3).settled()
    world.cloud.refuse_target.add("wk2")
    world.kill("wk1")
    world.until(Phase.STEADY)
    assert (world.cloud.on, world.record.holder, world.record.epoch) == ("wk3", "wk3", 3)


def test_with_nobody_else_left_the_old_holder_gets_the_address_back_and_is_started() -> None:
    """5.8, 6.7: our own stop of it is undone."""
    world = World().settled()
    world.cloud.refuse_target.add("wk2")
    world.kill("wk1")
    world.until(Phase.STEADY)
    assert (world.cloud.on, world.record.holder) == ("wk1", "wk1")
    world.tick(3)
    assert "start wk1" in world.cloud.did()
    assert not world.cloud.machines["wk1"].isolated


def test_an_address_that_nobody_takes_ends_with_people_and_is_tried_again() -> None:
    """5.8, 5.9: manual is no end of trying."""
    world = World().settled()
    world.cloud.refuse_target.update(("wk1", "wk2"))
    world.kill("wk1")
    world.until(Phase.MANUAL)
    world.tick(3)
    assert (world.cloud.on, world.told[-1]) == ("", "manual")
    world.cloud.refuse_target.clear()
    world.tick(90)
    assert world.cloud.machines[world.cloud.on].seen() is Answer.HEALTHY


def test_an_old_association_that_cannot_be_ended_is_asked_again_and_told() -> None:
    """5.10: the service comes before giving up."""
    world = World().settled()
    world.cloud.refuse[Do.DISASSOCIATE] = "RequestLimitExceeded"
    world.kill("wk1")
    world.tick(130)
    assert "move-overdue" in world.told
    del world.cloud.refuse[Do.DISASSOCIATE]
    world.until(Phase.STEADY)
    assert world.cloud.on == "wk2"


def test_an_old_holder_that_answers_again_keeps_an_address_that_could_not_be_taken() -> None:
    """5.10."""
    world = World().settled()
    for do in (Do.DISASSOCIATE, Do.ISOLATE, Do.STOP):
        world.cloud.refuse[do] = "RequestLimitExceeded"
    world.kill("wk1")
    world.until(Phase.FENCING)
    world.heal("wk1")
    world.until(Phase.STEADY)
    assert (world.record.holder, world.cloud.on, world.record.epoch) == ("wk1", "wk1", 3)


def test_an_old_holder_does_not_keep_an_address_that_is_on_another() -> None:
    """5.10: somebody had moved it by hand before the move could begin."""
    world = World(workers=3).settled()
    world.kill("wk1")
    world.tick()
    world.cloud.put_address("wk3")
    for do in (Do.DISASSOCIATE, Do.ISOLATE, Do.STOP):
        world.cloud.refuse[do] = "RequestLimitExceeded"
    world.until(Phase.FENCING)
    world.heal("wk1")
    world.tick(130)
    world.cloud.refuse.clear()
    world.until(Phase.STEADY)
    assert world.cloud.on == world.record.holder


def test_a_move_is_verified_by_the_workers_own_word_through_the_public_address() -> None:
    """5.7, hole 15: one read back is enough then."""
    world = World(public_health_port=8081).settled()
    world.public = PublicPort(world)
    world.new_arbiter()
    world.tick(3)
    world.kill("wk1")
    reason = world.until(Phase.STEADY) if world.until(Phase.VERIFYING) else ""
    assert "by name through the address" in reason
    assert world.record.association_reads == 1


def lying_holder(kind: ProbeKind, answer: Answer) -> World:
    """A holder whose health page answers through the address while its probes bring `answer`."""
    world = World(probe_kind=kind, public_health_port=8081)
    world.public = PublicPort(world, lying=("wk1",))
    world.new_arbiter()
    world.settled()
    world.kill("wk1", answer)
    return world


def test_a_holder_that_acknowledges_no_message_is_failed_over_whatever_its_health_page_says() -> None:
    """3.5: with probes of kind mllp."""
    world = lying_holder(ProbeKind.MLLP, Answer.SILENT)
    world.until(Phase.VERIFYING)
    world.until(Phase.STEADY)
    assert (world.record.holder, world.cloud.on, world.record.epoch) == ("wk2", "wk2", 2)


@pytest.mark.parametrize(
    ("kind", "answer"), [(ProbeKind.HTTP, Answer.SILENT), (ProbeKind.MLLP, Answer.TIMEOUT)], ids=["same question", "cut"]
)
def test_a_holder_that_answers_its_clients_is_kept_where_only_the_vantages_fail(kind: ProbeKind, answer: Answer) -> None:
    """3.5, hole 11: the vantages ask the same question, or their way is cut."""
    world = lying_holder(kind, answer)
    world.tick(60)
    assert (world.record.holder, world.cloud.on, world.record.epoch) == ("wk1", "wk1", 1)


def test_one_stale_read_after_the_move_changes_nothing() -> None:
    """5.7: a control plane may show yesterday's association for a moment."""
    world = World().settled()
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    made = world.cloud.association
    world.cloud.association = None
    world.tick()
    world.cloud.association = made
    world.until(Phase.STEADY)
    assert world.cloud.did().count("associate wk2") == 1
    assert world.record.epoch == 2


def test_an_address_that_falls_off_while_verifying_is_put_on_again() -> None:
    """5.7, 5.9."""
    world = World().settled()
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    world.cloud.association = None
    world.until(Phase.STEADY)
    assert (world.cloud.on, world.record.epoch) == ("wk2", 2)


def test_verifying_ends_at_its_deadline_though_the_public_port_never_answers() -> None:
    """5.7, hole 15: never a failover by itself."""
    world = World(public_health_port=8081).settled()
    world.public = PublicPort(world, closed=True)
    world.new_arbiter()
    world.tick(3)
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    began_s = world.clock.time_s
    reason = world.until(Phase.STEADY)
    assert "deadline" in reason
    assert world.clock.time_s - began_s >= world.settings.verify_deadline_s - 1
    assert (world.record.epoch, world.cloud.on) == (2, "wk2")


def test_a_target_that_dies_while_verifying_is_followed_by_the_next_without_a_hold() -> None:
    """5.7, 5.12."""
    world = World(workers=3).settled()
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    world.kill("wk2")
    world.until(Phase.STEADY)
    assert (world.cloud.on, world.record.holder) == ("wk3", "wk3")


def test_an_association_moved_by_hand_is_brought_back_after_two_reads() -> None:
    """5.11."""
    world = World().settled()
    world.cloud.put_address("wk2")
    world.until(Phase.VERIFYING)
    world.until(Phase.STEADY)
    assert (world.cloud.on, world.record.holder, world.record.epoch) == ("wk1", "wk1", 2)
    assert world.record.moves[-1].kind is Kind.RECONCILE


def test_an_address_that_fell_off_is_put_back() -> None:
    """5.9, 5.11."""
    world = World().settled()
    world.cloud.association = None
    world.tick(12)
    assert (world.cloud.on, world.record.phase) == ("wk1", Phase.STEADY)


def test_a_new_association_of_the_holder_itself_is_adopted() -> None:
    """5.11: no call, and a new epoch."""
    world = World().settled()
    world.cloud.put_address("wk1")
    world.tick(12)
    assert (world.cloud.did(), world.record.epoch, world.record.phase) == ([], 2, Phase.STEADY)


# 4. Phases


def test_nothing_moves_when_every_worker_is_dead_and_people_are_told() -> None:
    """4.4."""
    world = World().settled()
    world.kill("wk1", Answer.TIMEOUT)
    world.kill("wk2", Answer.TIMEOUT)
    world.until(Phase.BOTH_DOWN)
    world.tick(20)
    assert (world.cloud.did(), world.cloud.on) == ([], "wk1")
    assert world.told[-1] == "both-down"


def test_a_holder_that_comes_back_from_both_down_keeps_the_address() -> None:
    """4.4."""
    world = World().settled()
    world.kill("wk1", Answer.TIMEOUT)
    world.kill("wk2", Answer.TIMEOUT)
    world.until(Phase.BOTH_DOWN)
    world.heal("wk1")
    world.tick(3)
    assert (world.record.phase, world.record.epoch, world.cloud.did()) == (Phase.STEADY, 1, [])


def test_a_standby_that_comes_back_alone_from_both_down_is_promoted() -> None:
    """4.4."""
    world = World().settled()
    world.kill("wk1", Answer.TIMEOUT)
    world.kill("wk2", Answer.TIMEOUT)
    world.until(Phase.BOTH_DOWN)
    world.heal("wk2")
    world.until(Phase.VERIFYING)
    assert world.cloud.on == "wk2"


def test_rounds_that_overran_count_for_nothing_and_say_so() -> None:
    """3.1: a watchdog that was frozen in the middle of its rounds has no verdict."""
    world = World().settled()
    world.kill("wk1")
    look, slow_s = world.cloud.look, 0.5

    def slow(vantage: str, timeout_s: float) -> Sight:
        world.clock.sleep(slow_s)
        return look(vantage, timeout_s)

    world.cloud.look = slow  # type: ignore[method-assign]
    slow_s = 2.0
    assert "overran" in world.tick(10)
    assert (world.record.streak, world.cloud.did()) == (None, [])
    slow_s = 0.1
    world.until(Phase.VERIFYING)


def test_probers_that_reach_nobody_move_nothing() -> None:
    """3.9: the watchdog's own network is down."""
    world = World().settled()
    world.cloud.deaf.update(world.cloud.vantages)
    world.tick(60)
    assert (world.record.phase, world.cloud.did()) == (Phase.STEADY, [])


def test_a_worker_that_comes_back_moves_nothing() -> None:
    """4.2."""
    world = World().settled()
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.tick(5)
    world.cloud.start("wk1")
    world.tick(200)
    assert (world.cloud.on, world.record.epoch) == ("wk2", 2)
    assert world.cloud.did().count("associate wk1") == 0


def test_a_long_suspicion_is_told_once() -> None:
    """4.3: the holder is dead, and the association cannot be read, so that nothing can be done."""
    world = World().settled()
    world.cloud.deaf.add("address")
    world.kill("wk1")
    world.tick(400)
    assert world.told.count("suspect-for-long") == 1
    assert (world.cloud.did(), world.record.phase) == ([], Phase.SUSPECT)


@pytest.mark.parametrize("answer", [Answer.REFUSED, Answer.WRONG, Answer.TIMEOUT])
def test_two_engines_that_are_stopped_are_both_down_whatever_their_machines_say(answer: Answer) -> None:
    """3.8, 4.4: people hear of it at once."""
    world = World().settled()
    world.kill("wk1")
    world.kill("wk2", answer)
    world.until(Phase.BOTH_DOWN, ticks=8)
    assert (world.cloud.did(), world.told[-1]) == ([], "both-down")


def test_disabled_makes_no_calls_and_enabled_adopts_what_people_did() -> None:
    """4.5, 1.8."""
    world = World().settled()
    world.settings = replace(world.settings, enabled=False)
    world.new_arbiter()
    world.kill("wk1")
    world.tick(20)
    assert (world.record.phase, world.cloud.did()) == (Phase.DISABLED, [])
    world.cloud.put_address("wk2")
    world.settings = replace(world.settings, enabled=True)
    world.new_arbiter()
    world.tick(5)
    assert (world.record.phase, world.record.holder, world.cloud.did()) == (Phase.STEADY, "wk2", [])


def test_disabling_lets_a_move_in_motion_end() -> None:
    """4.5, hole 17."""
    world = World().settled()
    world.cloud.lose[Do.ASSOCIATE] = "before"
    world.kill("wk1")
    world.until(Phase.MOVING)
    world.cloud.lose.clear()
    world.settings = replace(world.settings, enabled=False)
    world.new_arbiter()
    world.until(Phase.DISABLED)
    assert world.cloud.on == "wk2"


# 5.12 Damping


def test_a_second_failover_waits_for_the_hold() -> None:
    """5.12."""
    world = World(workers=3).settled()
    world.kill("wk1")
    world.until(Phase.STEADY)
    decided_s = world.record.moves[-1].at_s
    world.kill("wk2")
    world.tick(10)
    assert (world.record.phase, world.cloud.on) == (Phase.SUSPECT, "wk2")
    world.until(Phase.VERIFYING, ticks=400)
    assert world.clock.time_s - decided_s >= world.settings.hold_s
    assert world.cloud.on == "wk3"


@pytest.mark.parametrize(("hour", "day"), [(2, 5), (5, 2)])
def test_a_spent_budget_ends_in_manual_and_is_told(hour: int, day: int) -> None:
    """5.12."""
    world = World(hold_s=0.0, moves_per_hour_max=hour, moves_per_day_max=day).settled()
    for dead, alive in (("wk1", "wk2"), ("wk2", "wk1"), ("wk1", "wk2")):
        world.kill(dead)
        world.until(Phase.STEADY, Phase.MANUAL, ticks=10)
        world.tick(3)
        world.until(Phase.STEADY, Phase.MANUAL)
        if world.record.phase is Phase.MANUAL:
            break
        world.cloud.start(dead)
        world.tick(8)
        assert world.cloud.on == alive
    assert world.record.phase is Phase.MANUAL
    assert world.told[-1] == "manual"
    assert len(world.record.moves) == 2


def test_manual_does_not_leave_the_address_on_nobody() -> None:
    """5.9, hole 8; and it stays manual."""
    world = World(moves_per_hour_max=1, hold_s=0.0).settled()
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.tick(2)
    world.cloud.start("wk1")
    world.tick(5)
    world.kill("wk2")
    world.until(Phase.MANUAL)
    world.heal("wk2")
    world.cloud.association = None
    world.tick(120)
    assert (world.cloud.on, world.record.phase) == ("wk2", Phase.MANUAL)


def test_enabled_off_and_on_ends_manual() -> None:
    """4, table: the way out of manual."""
    world = World(moves_per_hour_max=1, hold_s=0.0).settled()
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.tick(2)
    world.cloud.start("wk1")
    world.tick(5)
    world.kill("wk2")
    world.until(Phase.MANUAL)
    for enabled in (False, True):
        world.settings = replace(world.settings, enabled=enabled)
        world.new_arbiter()
        world.tick(3)
    assert world.record.manual == ""


# 6. Fences


def test_a_fenced_worker_is_no_target_until_it_was_stopped_and_started_again() -> None:
    """6.5: it answers healthy and is passed over."""
    world = World(hold_s=0.0).settled()
    world.cloud.refuse[Do.STOP] = "InternalError"
    world.cloud.refuse[Do.ISOLATE] = "InternalError"
    world.kill("wk1")
    world.until(Phase.STEADY)
    fence = world.record.fence("wk1")
    assert fence is not None
    assert not fence.stop.answered
    world.cloud.refuse.clear()
    world.tick(20)
    assert world.cloud.machines["wk1"].power is Power.STOPPED
    world.cloud.start("wk1")
    world.tick(20)
    assert world.record.fence("wk1") is None
    assert "rejoined" in world.told


def test_an_unanswered_stop_is_asked_again() -> None:
    """6.4."""
    world = World().settled()
    world.cloud.lose[Do.STOP] = "before"
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.tick(20)
    assert world.cloud.did().count("stop wk1") > 1
    world.cloud.lose.clear()
    world.tick(10)
    fence = world.record.fence("wk1")
    assert fence is not None
    assert fence.seen_stopped_s is not None


def test_the_groups_are_put_back_after_the_worker_was_seen_stopped() -> None:
    """6.5: an operator only has to start it."""
    world = World().settled()
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.tick(6)
    assert not world.cloud.machines["wk1"].isolated
    assert world.cloud.machines["wk1"].power is Power.STOPPED
    assert "start wk1" not in world.cloud.did()


def test_a_late_stop_of_ours_that_hits_the_holder_is_undone_by_a_start() -> None:
    """6.7, hole 4."""
    world = World(hold_s=0.0).settled()
    world.cloud.lose[Do.STOP] = "before"
    world.cloud.lose[Do.ISOLATE] = "after"
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.cloud.machines["wk1"].isolated = False
    world.heal("wk1")
    world.kill("wk2", Answer.REFUSED)
    world.until(Phase.VERIFYING)
    assert world.record.holder == "wk1"
    world.until(Phase.STEADY)
    world.cloud.lose.clear()
    world.tick(2)
    epoch = world.record.epoch
    world.stop("wk1")
    world.tick(4)
    assert world.cloud.machines["wk1"].power is Power.RUNNING
    assert world.record.epoch == epoch
