"""Single guards of the rule, each of which no story above misses by chance: what is late, unproven, unstored or unready."""

from dataclasses import replace

import pytest

from failover_lambda import fences, rule
from failover_lambda.cycle import _Read  # pyright: ignore[reportPrivateUsage]
from failover_lambda.model import Answer, Answered, Command, Do, InstanceView, Outcome, Phase, Power, Round
from failover_lambda.moves import Case, choose_target, limitation
from tests.fakes import InlineExecutor
from tests.spec.test_leadership import SETTINGS, pair
from tests.worlds import World


def moved() -> World:
    """wk1 was failed over and is fenced; wk2 holds."""
    world = World(workers=3).settled()
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    return world


def seen(world: World, *machines: InstanceView) -> Round:
    sights = tuple(world.cloud.look(vantage, 0.1) for vantage in world.cloud.vantages)
    return Round(
        token=1,
        overrun=False,
        sights=sights,
        address=world.cloud.read_address(),
        instances=machines or world.cloud.read_instances(),
    )


def machine(power: Power, launched_s: float) -> InstanceView:
    return InstanceView(worker="wk1", power=power, launched_s=launched_s, isolated=False)


def test_a_fenced_worker_that_runs_on_the_boot_that_was_fenced_is_not_let_back() -> None:
    """6.5: seen stopped once, by a read that may have been wrong."""
    world = moved()
    proven = replace(world.record.fences[0], seen_stopped_s=world.clock.time_s, launched_s=7.0)
    record = replace(world.record, fences=(proven,))
    same_boot = fences.watch(record, seen(world, machine(Power.RUNNING, 7.0)), world.settings, world.clock.time_s)
    later_boot = fences.watch(record, seen(world, machine(Power.RUNNING, 8.0)), world.settings, world.clock.time_s)
    assert (same_boot.rejoined, later_boot.rejoined) == ((), ("wk1",))


@pytest.mark.parametrize("power", [Power.STOPPING, Power.STOPPED, Power.TERMINATED])
def test_a_stop_that_is_under_way_or_done_is_not_asked_again(power: Power) -> None:
    """6.4."""
    world = moved()
    unproven = replace(world.record.fences[0], seen_stopped_s=None)
    unproven = replace(unproven, isolate=replace(unproven.isolate, answered=False))
    record = replace(world.record, fences=(unproven,))
    watched = fences.watch(record, seen(world, machine(power, 1.0)), world.settings, world.clock.time_s + 100)
    assert Do.STOP not in [command.do for command in watched.commands]


@pytest.mark.parametrize("change", [{"power": Power.STOPPING}, {"power": Power.STOPPED}, {"isolated": True}])
def test_a_standby_that_answers_but_is_off_or_isolated_by_the_clouds_word_is_no_target(change: dict[str, object]) -> None:
    """5.2: its answer may be the last one."""
    world = World().settled()
    off = InstanceView(worker="wk2", power=Power.RUNNING, launched_s=1.0, isolated=False)
    off = replace(off, **change)  # type: ignore[arg-type]
    case = Case(record=world.record, seen=seen(world, off), settings=world.settings, now_s=world.clock.time_s)
    target, against = choose_target(case)
    expected = "wk2" if change == {"power": Power.STOPPING} else None
    assert target == expected, against


def test_a_fenced_worker_is_passed_over_for_a_later_one_in_order() -> None:
    """5.2, 6.5: though it answers."""
    world = World(workers=3).settled()
    standing = fences.raise_fence(world.record, "wk1", 2, 1.0, world.clock.time_s)
    record = replace(world.record, holder="wk3", fences=standing)
    case = Case(record=record, seen=seen(world), settings=world.settings, now_s=world.clock.time_s)
    assert choose_target(case)[0] == "wk2"


def test_manual_tries_an_address_that_nobody_takes_twice_a_minute_at_most() -> None:
    """5.9: not in every round."""
    world = World().settled()
    world.cloud.refuse_target.update(("wk1", "wk2"))
    world.kill("wk1")
    world.until(Phase.MANUAL)
    epoch, began_s = world.record.epoch, world.clock.time_s
    while world.clock.time_s - began_s < 120:
        world.tick()
    assert world.record.epoch - epoch <= 2 * 4


@pytest.mark.parametrize(
    ("do", "epoch", "phase"),
    [(Do.DISASSOCIATE, 2, Phase.MOVING), (Do.DISASSOCIATE, 1, Phase.FENCING), (Do.ASSOCIATE, 1, Phase.MOVING)],
)
def test_an_answer_of_an_older_epoch_or_of_a_step_that_is_over_is_of_no_consequence(
    do: Do, epoch: int, phase: Phase
) -> None:
    """5.8: late answers come."""
    world = World().settled()
    world.cloud.lose[Do.DISASSOCIATE if phase is Phase.FENCING else Do.ASSOCIATE] = "before"
    world.kill("wk1")
    world.until(phase)
    late = Answered(
        command=Command(do=do, epoch=epoch, worker="wk2"), outcome=Outcome.DONE, association_id="eipassoc-of-another-epoch"
    )
    decision = rule.step(world.record, late, world.settings, world.clock.time_s)
    assert (decision.record, decision.commands) == (world.record, ())


def test_an_association_that_is_answered_after_it_was_verified_changes_nothing() -> None:
    """5.8."""
    world = moved()
    late = Answered(
        command=Command(do=Do.ASSOCIATE, epoch=2, worker="wk2"), outcome=Outcome.DONE, association_id="eipassoc-other"
    )
    assert rule.step(world.record, late, world.settings, world.clock.time_s).record == world.record


def test_what_is_not_stored_is_not_told() -> None:
    """7.1."""
    world = World().settled()
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    world.store.down = True
    world.tick(8)
    assert "failover" not in world.told
    world.store.down = False
    world.until(Phase.STEADY)
    world.tick(2)
    assert world.told.count("failover") == 1


@pytest.mark.parametrize("pause_s", [0.0, SETTINGS.lease_ttl_s + 1])
def test_a_lease_that_beats_is_never_over(pause_s: float) -> None:
    """2.2: however long it is watched, and though its watcher was frozen between two looks."""
    clock, store, one, two = pair()
    lease = one.acquire(1.0)
    assert lease is not None
    sleep = clock.sleep

    def leader_beats(seconds: float) -> None:
        sleep(seconds + pause_s)
        store.renew_lease(lease)

    clock.sleep = leader_beats  # type: ignore[method-assign]
    assert two.acquire(10 * SETTINGS.lease_ttl_s) is None


def test_the_holders_own_answer_is_not_enough_where_it_could_not_be_asked() -> None:
    """3.2: could not ask is no failure and no health."""
    world = World().settled()
    world.cloud.machines["wk1"].answer = Answer.COULD_NOT_ASK
    world.tick(20)
    assert (world.record.phase, world.record.streak, world.cloud.did()) == (Phase.STEADY, None, [])


def test_an_address_that_is_free_is_taken_though_the_call_that_freed_it_was_just_asked() -> None:
    """5.8: ASSOCIATE takes it from nobody, so no answer is waited for."""
    world = World().settled()
    world.cloud.lose[Do.DISASSOCIATE] = "before"
    world.kill("wk1")
    world.until(Phase.FENCING)
    intent = world.record.intent
    assert intent is not None
    just_asked = replace(world.record, intent=replace(intent, asked_s=world.clock.time_s))
    world.cloud.association = None
    decision = rule.step(just_asked, seen(world), world.settings, world.clock.time_s)
    assert Do.ASSOCIATE in [command.do for command in decision.commands]


@pytest.mark.parametrize(("attempt", "forbidden"), [(3, False), (4, True)])
def test_two_attempts_for_each_worker_are_the_most_of_one_incident(attempt: int, *, forbidden: bool) -> None:
    """5.12."""
    world = World().settled()
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    intent = world.record.intent
    assert intent is not None
    record = replace(world.record, intent=replace(intent, attempt=attempt))
    kept = limitation(Case(record=record, seen=seen(world), settings=world.settings, now_s=world.clock.time_s))
    assert (kept is not None and kept.lasting) is forbidden


def test_a_read_that_began_before_a_call_of_ours_is_not_believed() -> None:
    """5.8: it may show what was before the call."""
    world = World().settled()
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    called_s = world.clock.time_s
    world.clock.sleep(1.0)
    read = InlineExecutor().submit(world.cloud.read_address)
    cycle = world.cycle
    for began_s, believed in ((called_s - 60.0, False), (world.clock.time_s, True)):
        cycle._reads["address"] = _Read(read, began_s)  # pyright: ignore[reportPrivateUsage]
        assert (cycle._taken("address") is not None) is believed  # pyright: ignore[reportPrivateUsage]


def test_an_error_that_nobody_thought_of_costs_one_tick_and_no_arbiter() -> None:
    """3.2: the next tick starts from the record."""
    world = World().settled()

    def breaks() -> None:
        raise ZeroDivisionError("nobody thought of it")

    load = world.store.load
    world.store.load = breaks  # type: ignore[method-assign, assignment]
    world.cycle.reload()
    assert world.tick() == "no decision: ZeroDivisionError: nobody thought of it"
    world.store.load = load  # type: ignore[method-assign]
    world.kill("wk1")
    world.tick(10)
    assert world.cloud.on == "wk2"
