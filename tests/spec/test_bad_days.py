"""Histories that once ended badly: throttling, late calls, stale and slow reads, hands at the console, a store that hangs.

Each was found by a review of the rule and broke it; each cites the sentence of docs/RULE.md that holds now.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from failover_lambda.cycle import Cycle, Ports
from failover_lambda.leadership import lead
from failover_lambda.model import (
    AddressView,
    Answer,
    Answered,
    Command,
    Do,
    InstanceView,
    Lease,
    Outcome,
    Phase,
    Power,
    Record,
    Sight,
)
from failover_lambda.public import names_in
from tests.worlds import PublicPort, World


def with_public_port(*, closed: bool = False) -> World:
    world = World(public_health_port=8081).settled()
    world.public = PublicPort(world, closed=closed)
    world.new_arbiter()
    world.tick(3)
    return world


def in_manual_with_wk2() -> World:
    """The budget is spent, wk2 holds, everybody answers again, and the address has fallen off."""
    world = World(moves_per_hour_max=1, hold_s=0.0).settled()
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.tick(8)
    world.cloud.start("wk1")
    world.tick(8)
    world.kill("wk2")
    world.until(Phase.MANUAL)
    world.heal("wk2")
    world.cloud.association = None
    world.until(Phase.VERIFYING)
    return world


# "Not now" says nothing of the target


def test_throttling_does_not_count_against_the_target() -> None:
    """5.8: a healthy standby is not passed over because the API is busy, and the dead holder gets nothing back."""
    world = World().settled()
    world.kill("wk1", Answer.TIMEOUT)
    world.cloud.refuse[Do.ASSOCIATE] = "RequestLimitExceeded"
    world.until(Phase.MOVING)
    world.tick(60)
    assert (world.record.holder, world.record.epoch) == ("wk2", 2)
    world.cloud.refuse.clear()
    world.until(Phase.STEADY)
    assert world.cloud.on == "wk2"


def test_a_new_site_waits_for_a_home_worker_that_is_still_coming_up() -> None:
    """1.6, 1.7, 5.8: an instance that is pending takes no address, and that is no reason for people or for the standby."""
    world = World()
    for machine in world.cloud.machines.values():
        machine.answer, machine.power = Answer.TIMEOUT, Power.PENDING
    world.cloud.refuse[Do.ASSOCIATE] = "InvalidInstanceID"
    world.tick(150)
    world.cloud.refuse.clear()
    for machine in world.cloud.machines.values():
        machine.answer, machine.power = Answer.HEALTHY, Power.RUNNING
    world.until(Phase.STEADY)
    assert (world.cloud.on, world.record.epoch, world.record.manual) == ("wk1", 1, "")


# Late stops


def test_a_stop_that_takes_effect_late_on_a_holder_is_undone_by_a_start() -> None:
    """6.7: it was accepted, the machine went on for a while, and the address had come back to it meanwhile."""
    world = World().settled()
    run, lands_at_s = world.cloud.run, [float("inf")]

    def slow_stop(command: Command) -> Answered:
        if command.do is Do.STOP:
            lands_at_s[0] = min(lands_at_s[0], world.clock.time_s + 8)
            return Answered(command=command, outcome=Outcome.DONE)
        return run(command)

    world.cloud.run = slow_stop  # type: ignore[method-assign]
    world.cloud.refuse_target.add("wk2")
    world.cloud.refuse[Do.ISOLATE] = "RequestLimitExceeded"
    world.kill("wk1")
    while world.record.holder != "wk1" or world.record.epoch == 1:
        world.tick()
    world.heal("wk1")
    while world.clock.time_s < lands_at_s[0]:
        world.tick()
    world.cloud.run = run  # type: ignore[method-assign]
    world.stop("wk1")
    world.tick(20)
    assert world.cloud.machines["wk1"].power is Power.RUNNING
    assert world.cloud.on == "wk1"


def test_a_worker_whose_stop_may_still_land_stays_fenced_for_a_quarter_of_an_hour() -> None:
    """6.5: the first ask was never answered; the second was, and the worker was started again."""
    world = World(hold_s=0.0).settled()
    world.cloud.lose[Do.STOP] = "before"
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.cloud.lose.clear()
    world.tick(20)
    world.cloud.start("wk1")
    world.tick(60)
    assert world.record.fence("wk1") is not None
    world.clock.sleep(900)
    world.new_arbiter()
    world.tick(10)
    assert world.record.fence("wk1") is None


def test_an_ask_that_a_dead_leader_left_unanswered_is_remembered_as_lost() -> None:
    """6.4."""
    world = World(hold_s=0.0).settled()
    run = world.cloud.run

    def dies(command: Command) -> Answered:
        if command.do is Do.STOP:
            raise SystemExit
        return run(command)

    world.cloud.run = dies  # type: ignore[method-assign]
    world.kill("wk1")
    with pytest.raises(SystemExit):
        world.tick(5)
    world.cloud.run = run  # type: ignore[method-assign]
    world.new_arbiter()
    world.tick(40)
    fence = world.record.fence("wk1")
    assert fence is not None
    assert fence.stop.lost


@pytest.mark.parametrize("wait", range(14))
def test_no_fence_call_leaves_together_with_the_promotion_of_its_worker(wait: int) -> None:
    """6.7: an old stop that is due is not sent to the worker that this very decision makes the holder."""
    world = World(hold_s=0.0).settled()
    world.cloud.refuse.update({Do.STOP: "RequestLimitExceeded", Do.ISOLATE: "RequestLimitExceeded"})
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.heal("wk1")
    world.tick(wait)
    world.kill("wk2", Answer.TIMEOUT)
    while world.record.holder == "wk2":
        if world.record.streak and world.record.streak.rounds == 2:
            world.cloud.refuse.clear()
            world.cloud.calls.clear()
        world.tick()
    assert "stop wk1" not in world.cloud.did()
    assert world.cloud.machines["wk1"].power is Power.RUNNING


def test_a_standby_that_served_its_time_is_not_stopped_again_though_isolation_is_denied() -> None:
    """6.4, 6.5, 7.4: people are told what is missing, not that a stopped machine is unproven; the pair is whole again."""
    world = World().settled()
    world.cloud.refuse[Do.ISOLATE] = "UnauthorizedOperation"
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.tick(80)
    assert (world.told.count("denied"), world.told.count("fence-unproven")) == (1, 0)
    world.cloud.calls.clear()
    world.cloud.start("wk1")
    world.tick(20)
    assert "stop wk1" not in world.cloud.did()
    assert world.record.fence("wk1") is None


# Manual, and what is told


def test_manual_does_not_fail_over_when_the_rescued_address_meets_a_dead_worker() -> None:
    """Section 4, table; 5.12."""
    world = in_manual_with_wk2()
    world.cloud.calls.clear()
    world.kill("wk2", Answer.TIMEOUT)
    world.tick(30)
    assert world.record.phase is Phase.MANUAL
    assert not any(call.do is Do.STOP for call in world.cloud.calls)


def test_manual_does_not_end_because_both_died_and_came_back() -> None:
    """Section 4, table."""
    world = in_manual_with_wk2()
    world.kill("wk1", Answer.TIMEOUT)
    world.kill("wk2", Answer.TIMEOUT)
    world.tick(10)
    world.heal("wk1")
    world.heal("wk2")
    world.tick(10)
    assert world.record.phase is Phase.MANUAL


def test_a_move_whose_target_dies_before_it_is_verified_is_told_all_the_same() -> None:
    """7.1: a machine was stopped for it."""
    world = World().settled()
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    world.kill("wk2", Answer.TIMEOUT)
    world.tick(40)
    assert "failover" in world.told


# Nothing goes on for ever


def test_one_incident_has_so_many_attempts_and_then_people() -> None:
    """5.12: whoever gets the traffic dies of it, and its fence is denied."""
    world = with_public_port(closed=True)
    world.cloud.refuse.update({Do.STOP: "OperationNotPermitted", Do.ISOLATE: "UnauthorizedOperation"})
    for _ in range(900):
        for name, machine in world.cloud.machines.items():
            machine.answer = Answer.REFUSED if name == world.cloud.on else Answer.HEALTHY
        world.tick()
    assert world.record.epoch < 10


def test_two_watchdogs_at_one_address_both_end_in_manual() -> None:
    """Section 8: until their budgets are spent."""
    one, other = World().settled(), World().settled()
    other.cloud, other.clock = one.cloud, one.clock
    other.store.record = replace(other.record, holder="wk2", association_id="assoc-old")
    other.new_arbiter()
    one.new_arbiter()
    for _ in range(600):
        for world in (one, other):
            lease = world.leadership.keep()
            assert lease is not None
            world.cycle.tick(lease)
        one.clock.sleep(min(one.cycle.interval_s, other.cycle.interval_s))
    assert one.record.epoch < 16
    assert Phase.MANUAL in (one.record.phase, other.record.phase)
    assert one.cloud.on


# Hands at the console


def test_an_address_that_was_put_on_a_stranger_is_not_taken_from_it() -> None:
    """1.9: a maintenance page, for example."""
    world = World().settled()
    assert world.cloud.association is not None
    stranger = replace(
        world.cloud.association, association_id="assoc-x", instance_id="i-stranger", network_interface_id="eni-s"
    )
    world.cloud.association = stranger
    world.tick(20)
    assert world.cloud.did() == []
    assert (world.record.phase, world.told[-1]) == (Phase.MANUAL, "manual")


def test_an_address_on_another_card_of_the_holder_is_brought_to_the_right_one() -> None:
    """5.11: the console's default may be another private address than the service listens on."""
    world = World().settled()
    assert world.cloud.association is not None
    world.cloud.association = replace(
        world.cloud.association, association_id="assoc-x", private_ip="10.0.1.99", network_interface_id="eni-other"
    )
    world.tick(30)
    assert world.cloud.association is not None
    assert world.cloud.association.private_ip == "10.0.1.10"
    assert world.record.phase is Phase.STEADY


def test_an_association_of_its_own_is_brought_to_the_private_address_that_the_settings_mean_now() -> None:
    """5.11: the egress was changed, so the first private address has a public address of its own from now on."""
    world = World().settled()
    epoch = world.record.epoch
    moved = tuple(replace(each, address_private_ip=f"10.0.{each.name[2:]}.11") for each in world.settings.workers)
    world.settings = world.cloud.settings = replace(world.settings, workers=moved)
    world.new_arbiter()
    world.tick(80)
    assert world.cloud.association is not None
    assert (world.cloud.association.instance_id, world.cloud.association.private_ip) == ("i-1", "10.0.1.11")
    assert (world.record.phase, world.record.holder) == (Phase.STEADY, "wk1")
    assert world.record.epoch == epoch + 1


def test_a_holder_that_was_taken_out_of_the_configuration_is_decided_anew() -> None:
    """1.10: the address is on a worker that is not configured any more, so it is a stranger's."""
    world = World(workers=3).settled()
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.settings = replace(world.settings, workers=(world.settings.workers[0], world.settings.workers[2]))
    world.new_arbiter()
    world.tick(3)
    assert world.record.phase is Phase.MANUAL
    world.cloud.association = None
    world.tick(80)
    assert world.cloud.on in ("wk1", "wk3")


# Reads and stores that are slow, stale or lost


def test_with_one_vantage_left_the_public_port_decides() -> None:
    """3.6: it is asked as soon as fewer vantages answer than a verdict needs."""
    world = with_public_port()
    world.cloud.deaf.update(("prober-a", "prober-c"))
    world.kill("wk1", Answer.TIMEOUT)
    world.until(Phase.STEADY, ticks=5)
    world.tick(40)
    assert world.cloud.on == "wk2"


def test_one_read_of_stopped_beside_one_failed_round_is_no_verdict() -> None:
    """3.7."""
    world = World().settled()
    world.kill("wk1", Answer.TIMEOUT)
    world.until(Phase.SUSPECT)
    read, reads = world.cloud.read_instances, [0]

    def stopped_once() -> tuple[InstanceView, ...]:
        reads[0] += 1
        views = read()
        return tuple(
            replace(view, power=Power.STOPPED) if view.worker == "wk1" and reads[0] == 1 else view for view in views
        )

    world.cloud.read_instances = stopped_once  # type: ignore[method-assign]
    world.tick()
    assert world.record.epoch == 1


def test_an_adopted_holder_that_still_boots_has_its_grace() -> None:
    """1.7."""
    world = World()
    world.cloud.put_address("wk1")
    world.kill("wk1", Answer.TIMEOUT)
    world.tick(30)
    assert (world.cloud.on, world.cloud.did()) == ("wk1", [])


class RealClock:
    """This test needs real threads, and so real time."""

    def now_s(self) -> float:
        return time.time()

    def monotonic_s(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def test_a_slow_read_of_the_address_goes_on_over_several_rounds() -> None:
    """5.1: it takes longer than a burst round, and is used all the same."""
    world = World().settled()
    read = world.cloud.read_address

    def slow() -> AddressView:
        time.sleep(1.3)
        return read()

    world.cloud.read_address = slow  # type: ignore[method-assign]
    world.kill("wk1", Answer.TIMEOUT)
    ports = Ports(
        clock=RealClock(),
        probers=world.cloud,
        public=world.public,
        cloud=world.cloud,
        store=world.store,
        reporter=world.reporter,
    )
    cycle = Cycle(world.settings, ports, pool=ThreadPoolExecutor(24))
    assert world.lease is not None
    for _ in range(20):
        cycle.tick(world.lease)
        if world.record.epoch > 1:
            break
        time.sleep(cycle.interval_s)
    cycle.close()
    assert world.record.epoch == 2


def test_a_store_that_hangs_in_the_middle_of_a_move_does_not_leave_the_address_on_nobody() -> None:
    """5.6: the answer of the first call is lost, the table hangs, and the second call leaves all the same."""
    world = World().settled()
    world.leadership.release()
    world.kill("wk1")
    run, check = world.cloud.run, world.store._check  # pyright: ignore[reportPrivateUsage]

    def hangs() -> None:
        if world.store.down:
            world.clock.sleep(3.0)
        check()

    def store_dies_with_the_first(command: Command) -> Answered:
        if command.do is Do.DISASSOCIATE:
            world.store.down = True
            run(command)
            return Answered(command=command, outcome=Outcome.LOST)
        return run(command)

    world.store._check = hangs  # type: ignore[method-assign] # pyright: ignore[reportPrivateUsage]
    world.cloud.run = store_dies_with_the_first  # type: ignore[method-assign]
    lead(world.cycle, world.leadership, world.clock, world.reporter, life_s=150)
    assert world.cloud.on == "wk2"


def test_a_decision_whose_stored_answer_was_lost_is_stored_again_at_once() -> None:
    """5.1: the store recognises it, and its first call leaves in the same tick."""
    world = World().settled()
    world.kill("wk1")
    save, lost = world.store.save, [False]

    def loses_the_answer_of_the_intent(record: Record, lease: Lease) -> Record:
        if record.epoch > 1 and not lost[0]:
            lost[0] = world.store.lose_next_answer = True
        return save(record, lease)

    world.store.save = loses_the_answer_of_the_intent  # type: ignore[method-assign]
    while world.record.epoch == 1:
        world.tick()
    assert lost[0]
    assert "disassociate wk1" in world.cloud.did()


def test_an_address_read_as_free_is_taken_before_the_slow_answer_is_there() -> None:
    """5.8: ASSOCIATE takes it from nobody, so there is nothing to wait for."""
    world = World().settled()
    world.cloud.lose[Do.DISASSOCIATE] = "after"
    world.kill("wk1")
    world.until(Phase.FENCING)
    world.tick()
    assert world.cloud.on == "wk2"


def test_an_answer_that_cannot_be_digested_ends_no_arbiter() -> None:
    """3.2: a sick worker must not end the watchdog exactly in a failover."""
    assert names_in(b"[" * 60000) == ("", "")
    world = World().settled()

    def breaks() -> AddressView:
        raise RecursionError

    world.cloud.read_address = breaks  # type: ignore[method-assign]
    world.kill("wk1")
    assert "address could not be read" in world.tick(10)


def test_a_service_that_takes_its_time_is_no_more_silent_in_a_burst() -> None:
    """3.17: once the connection was all that a burst waited for, and one missed round made every later one silent."""
    world = World(probe_timeout_s=1.0).settled()
    waits: list[tuple[float, float]] = []
    look = world.cloud.look

    def takes_its_time(vantage: str, connect_s: float) -> Sight:
        waits.append((connect_s, world.settings.answer_s(connect_s)))
        sight = look(vantage, connect_s)
        in_time = world.settings.answer_s(connect_s) > 0.6
        silent = tuple(replace(report, answer=Answer.SILENT) for report in sight.reports)
        return sight if in_time else replace(sight, reports=silent)

    world.cloud.look = takes_its_time  # type: ignore[method-assign]
    world.kill("wk1", Answer.SILENT)
    world.tick()
    world.heal("wk1")
    world.tick(40)
    assert {(1.0, 1.0), (0.3, 1.0)} == set(waits)
    assert (world.record.phase, world.record.epoch) == (Phase.STEADY, 1)
