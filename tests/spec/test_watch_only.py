"""RULE.md 4.7: what `watchOnly` watches is judged and told, and nothing is done."""

import os
import random
from dataclasses import replace
from typing import Any

import pytest

from failover_lambda.leadership import once
from failover_lambda.model import Answer, Do, Phase, Power, Record, Verb
from tests.worlds import World

SEEDS = int(os.environ.get("TANDEM_HISTORIES", "40"))
FEW = 10
"""So many of them `make check` tries."""
STEPS = 40


def switch(world: World, *, on: bool, **more: Any) -> None:
    """A deployment with another setting: the next arbiter brings it."""
    world.settings = replace(world.settings, watch_only=on, **more)
    world.leadership.release()
    world.new_arbiter()


def watching(workers: int = 2, **changes: Any) -> World:
    """A settled site that is only watched from now on."""
    world = World(workers, **changes).settled()
    switch(world, on=True)
    world.tick(2)
    world.reporter.told.clear()
    return world


def held(record: Record) -> tuple[int, str, Phase]:
    """What stays as it was; a steady site may be suspect for a while."""
    return record.epoch, record.holder, Phase.STEADY if record.phase is Phase.SUSPECT else record.phase


# Nothing is done


def test_a_dead_holder_is_told_once_with_who_would_take_over_and_keeps_the_address() -> None:
    """4.7."""
    world = watching()
    before = held(world.record)
    world.kill("wk1")
    world.tick(200)
    assert (held(world.record), world.cloud.did(), world.cloud.on) == (before, [], "wk1")
    assert [(each.what, each.source, each.target) for each in world.reporter.told] == [("would-move", "wk1", "wk2")]
    assert world.reporter.told[0].why.startswith("wk1 fails: refused at prober-a")


def test_a_second_suspicion_is_told_again() -> None:
    """4.7: once for each."""
    world = watching()
    for times in (1, 2):
        world.kill("wk1")
        world.tick(60)
        assert world.told == ["would-move"] * times
        world.heal("wk1")
        world.tick(20)


def test_that_nobody_could_be_asked_ends_no_suspicion() -> None:
    """3.2: it is the same one when they can be asked again."""
    world = watching()
    world.kill("wk1")
    world.tick(30)
    world.cloud.deaf.update(("address", "instances"))
    world.tick(20)
    world.cloud.deaf.clear()
    world.tick(60)
    assert world.told == ["would-move"]


def test_both_down_is_told_once() -> None:
    """3.8, 4.7."""
    world = watching()
    before = held(world.record)
    world.kill("wk1")
    world.kill("wk2")
    world.tick(200)
    assert (held(world.record), world.told) == (before, ["both-down"])


def test_an_address_that_drifted_is_told_once_and_left_where_it_is() -> None:
    """5.11, 4.7."""
    world = watching()
    before = held(world.record)
    world.cloud.put_address("wk2")
    world.tick(200)
    assert (held(world.record), world.cloud.did(), world.cloud.on) == (before, [], "wk2")
    assert world.told == ["would-move"]


def test_an_address_with_a_stranger_is_told_once() -> None:
    """1.9, 4.7."""
    world = watching()
    before = held(world.record)
    world.cloud.put_address("wk2")
    assert world.cloud.association is not None
    world.cloud.association = replace(world.cloud.association, instance_id="i-9", network_interface_id="eni-9")
    world.tick(200)
    assert (held(world.record), world.cloud.did(), world.told) == (before, [], ["manual"])


def test_in_manual_an_address_on_nobody_that_nobody_can_take_is_told_once() -> None:
    """5.9, 4.7."""
    world = World(moves_per_hour_max=0).settled()
    world.kill("wk1")
    world.until(Phase.MANUAL)
    world.kill("wk2")
    switch(world, on=True)
    world.tick(2)
    world.reporter.told.clear()
    world.cloud.association = None
    world.tick(200)
    assert (world.record.phase, world.told, world.cloud.did()) == (Phase.MANUAL, ["manual"], [])


def test_a_spent_budget_is_told_once() -> None:
    """5.12, 4.7."""
    world = watching(moves_per_hour_max=0)
    world.kill("wk1")
    world.tick(200)
    assert (world.record.phase, world.told) == (Phase.SUSPECT, ["manual"])


def test_a_failback_and_an_announcement_are_told_once_and_not_used_up() -> None:
    """10.5, 10.7, 4.7: when watching ends they are still to be done."""
    world = World(failback_enabled=True, failback_cron="48 13 * * *", failback_length_minutes=60).settled()
    world.ask(Verb.SWITCHOVER)
    world.tick(8)
    switch(world, on=True)
    world.reporter.told.clear()
    world.cloud.calls.clear()
    world.tick(300)
    assert (world.cloud.did(), world.told, world.record.window_spent_s) == ([], ["would-move"], None)
    assert world.record.would == "failback wk1"
    switch(world, on=False)
    world.tick(80)
    assert world.record.holder == "wk1"


def test_an_announcement_is_told_once_and_heeded_when_watching_ends() -> None:
    """10.7, 4.7."""
    world = watching()
    world.cloud.announced["wk1"] = "system-reboot instance-event-1"
    world.tick(200)
    assert (world.cloud.did(), world.told, world.record.heeded) == ([], ["would-move"], ())
    switch(world, on=False)
    world.tick(15)
    assert world.record.holder == "wk2"


@pytest.mark.parametrize("cloud", ["on nobody", "on another card of wk1"])
def test_a_site_without_a_record_whose_address_would_have_to_be_moved_gets_none(cloud: str) -> None:
    """1.6, 4.7: and the deployment does not wait for what never comes."""
    world = World(watch_only=True)
    if cloud != "on nobody":
        world.cloud.put_address("wk1")
        assert world.cloud.association is not None
        world.cloud.association = replace(world.cloud.association, private_ip="10.0.1.99")
    outcome = once(world.cycle, world.leadership, world.clock, wait_s=30.0)
    assert (outcome.settled, world.store.record, world.cloud.did()) == (True, None, [])
    assert outcome.reason.startswith("watch-only, and there is no record yet; would: ")


def test_a_site_without_a_record_is_watched_with_the_holder_that_the_cloud_shows() -> None:
    """1.6, 4.7: without one nothing could be judged; it takes no call."""
    world = World(watch_only=True)
    world.cloud.put_address("wk2")
    world.tick(5)
    assert (world.record.holder, world.cloud.did()) == ("wk2", [])
    world.kill("wk2")
    world.tick(30)
    assert (world.record.holder, world.cloud.did(), world.told) == ("wk2", [], ["adopted", "would-move"])


def test_a_holder_that_was_taken_out_of_the_configuration_stays_in_the_record() -> None:
    """1.10, 4.7."""
    world = World(3).settled()
    world.ask(Verb.SWITCHOVER, worker="wk3")
    world.tick(8)
    before = held(world.record)
    world.cloud.calls.clear()
    switch(world, on=True, workers=world.settings.workers[:2])
    world.tick(30)
    assert (held(world.record), world.cloud.did()) == (before, [])


def test_fence_calls_that_are_due_are_neither_sent_nor_written_down_as_sent() -> None:
    """6.4, 4.7: what the record calls asked has left."""
    world = World(3).settled()
    world.cloud.refuse[Do.STOP] = world.cloud.refuse[Do.ISOLATE] = "RequestLimitExceeded"
    world.ask(Verb.FAILOVER)
    world.tick(12)
    switch(world, on=True)
    world.cloud.refuse.clear()
    world.cloud.calls.clear()
    fence = world.record.fence("wk1")
    world.tick(60)
    assert world.cloud.did() == []
    assert fence is not None
    assert world.record.fence("wk1") in (fence, replace(fence, told=True))
    switch(world, on=False)
    world.tick(10)
    assert world.cloud.machines["wk1"].power is Power.STOPPED


def test_what_operators_ask_for_is_refused_and_what_waits_is_answered() -> None:
    """9.4, 4.7: nothing waits for the end of a time that nobody said."""
    world = World().settled()
    world.kill("wk2", Answer.TIMEOUT)
    waiting = world.ask(Verb.SWITCHOVER, worker="wk2", patience_s=3600.0)
    world.tick(5)
    switch(world, on=True)
    asked = world.ask(Verb.PAUSE, duration_s=60.0)
    world.tick(5)
    for request in (waiting, asked):
        reply = world.reply(request)
        assert reply is not None
        assert (reply.done, reply.why) == (False, "watch-only: nothing is changed while watchOnly is true")
    assert world.record.requests == ()


# Switching it on and off


@pytest.mark.parametrize("phase", [Phase.FENCING, Phase.MOVING, Phase.VERIFYING])
def test_a_move_in_motion_ends_first(phase: Phase) -> None:
    """4.7: the address is never left on nobody by a setting."""
    world = World().settled()
    world.cloud.lose[Do.DISASSOCIATE if phase is Phase.FENCING else Do.ASSOCIATE] = "before"
    if phase is Phase.VERIFYING:
        world.cloud.lose.clear()
    world.kill("wk1")
    world.until(phase)
    switch(world, on=True)
    world.cloud.lose.clear()
    world.tick(20)
    assert (world.record.phase, world.record.holder, world.cloud.on) == (Phase.STEADY, "wk2", "wk2")
    before = held(world.record)
    world.cloud.calls.clear()
    world.kill("wk2")
    world.tick(100)
    assert (held(world.record), world.cloud.did()) == (before, [])


def test_the_move_that_ends_is_the_last_one_even_in_the_round_in_which_it_ends() -> None:
    """4.7: an announcement that stood ready for that round begins none."""
    world = World(3).settled()
    world.cloud.announced["wk1"] = "system-reboot instance-event-1"
    world.until(Phase.VERIFYING)
    world.cloud.announced["wk2"] = "system-reboot instance-event-2"
    switch(world, on=True)
    world.tick(30)
    assert (world.record.holder, world.record.epoch, world.record.phase) == ("wk2", 2, Phase.STEADY)
    assert (world.told[-1], world.record.would) == ("would-move", "switchover wk3")


def test_what_people_did_meanwhile_is_adopted_when_it_is_switched_off() -> None:
    """4.7, 9.6."""
    world = watching()
    world.cloud.put_address("wk2")
    world.tick(20)
    switch(world, on=False)
    world.tick(10)
    assert (world.record.holder, world.record.epoch, world.record.phase) == ("wk2", 2, Phase.STEADY)
    assert (world.cloud.did(), world.record.watched_only, world.record.would) == ([], False, "")


def test_where_nobody_did_anything_no_epoch_begins() -> None:
    """4.7, 9.6."""
    world = watching()
    switch(world, on=False)
    world.tick(10)
    assert (world.record.epoch, world.told) == (1, ["resumed"])


def test_switched_off_while_the_address_cannot_be_read_it_is_adopted_from_the_next_read() -> None:
    """9.6."""
    world = watching()
    world.cloud.put_address("wk2")
    world.cloud.deaf.add("address")
    switch(world, on=False)
    world.tick(10)
    assert world.record.holder == "wk1"
    world.cloud.deaf.clear()
    world.tick(10)
    assert (world.record.holder, world.cloud.did()) == ("wk2", [])


def test_a_holder_that_is_dead_when_it_is_switched_off_is_failed_over_by_fresh_streaks() -> None:
    """4.7, 9.6."""
    world = watching()
    world.kill("wk1")
    world.tick(60)
    switch(world, on=False)
    world.tick(2)
    assert world.record.holder == "wk1"
    world.until(Phase.VERIFYING, ticks=10)
    assert world.record.holder == "wk2"


def test_a_pause_lasts_as_long_as_its_operator_said() -> None:
    """9.5, 9.6: switching watching off does not cut it short, and watching does not repeat that it is over."""
    world = World().settled()
    world.ask(Verb.PAUSE, duration_s=300.0)
    world.tick(3)
    switch(world, on=True)
    world.tick(20)
    switch(world, on=False)
    world.tick(20)
    assert world.record.phase is Phase.PAUSED
    switch(world, on=True)
    world.reporter.told.clear()
    world.tick(600)
    assert (world.record.phase, world.told) == (Phase.PAUSED, ["pause-ends", "resumed"])
    switch(world, on=False)
    world.tick(5)
    assert world.record.phase is Phase.STEADY


def test_a_site_in_manual_is_in_manual_afterwards() -> None:
    """4.7, 9.6: only *resume*, or `enabled` off and on, ends that."""
    world = World(moves_per_hour_max=0).settled()
    world.kill("wk1")
    world.until(Phase.MANUAL)
    world.heal("wk1")
    switch(world, on=True)
    world.tick(20)
    switch(world, on=False)
    world.tick(20)
    assert world.record.phase is Phase.MANUAL


def test_a_site_that_was_disabled_is_judged_and_enabled_only_when_watching_ends() -> None:
    """1.8, 4.7."""
    world = World().settled()
    world.settings = replace(world.settings, enabled=False)
    world.new_arbiter()
    world.until(Phase.DISABLED)
    switch(world, on=True, enabled=True)
    world.tick(2)
    world.reporter.told.clear()
    world.kill("wk1")
    world.tick(60)
    assert (world.record.phase, world.told) == (Phase.DISABLED, ["would-move"])
    switch(world, on=False)
    world.until(Phase.VERIFYING, ticks=20)
    assert world.record.holder == "wk2"


# Whatever happens


def disturb(world: World, dice: random.Random) -> str:
    """Something goes wrong, or right, at random; what it was."""
    cloud, worker = world.cloud, dice.choice(list(world.cloud.machines))
    asked = dice.choice([*cloud.vantages, "address", "instances", "announcements"])

    def ask() -> None:
        verb = dice.choice([Verb.SWITCHOVER, Verb.FAILOVER, Verb.FAILBACK, Verb.PAUSE, Verb.RESUME, Verb.MAINTENANCE])
        world.ask(verb, worker=worker if verb is not Verb.FAILBACK else "", duration_s=30.0, patience_s=20.0)

    def hand_over() -> None:
        world.leadership.release()
        world.new_arbiter()

    happens = {
        f"{worker} refuses": lambda: world.kill(worker),
        f"{worker} is silent": lambda: world.kill(worker, Answer.TIMEOUT),
        f"{worker} answers": lambda: world.heal(worker),
        f"{worker} is stopped": lambda: world.stop(worker),
        f"{worker} is started": lambda: cloud.start(worker),
        f"address by hand to {worker}": lambda: cloud.put_address(worker),
        "address taken off by hand": lambda: setattr(cloud, "association", None),
        f"deaf: {asked}": lambda: cloud.deaf.add(asked),
        f"denied: {asked}": lambda: cloud.denied.add(asked),
        "all ears": lambda: (cloud.deaf.clear(), cloud.denied.clear()),
        f"announced for {worker}": lambda: cloud.announced.update({worker: f"system-reboot {dice.randrange(4)}"}),
        "nothing announced": cloud.announced.clear,
        "clock of the store": lambda: setattr(world.store, "ahead_s", dice.choice([0.0, 90.0, None])),
        "somebody asks": ask,
        "another leader": hand_over,
    }
    name = dice.choice(sorted(happens))
    happens[name]()
    return name


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=[pytest.mark.sweep] * (seed >= FEW)) for seed in range(SEEDS)])
def test_whatever_happens_no_epoch_begins_no_phase_but_suspect_follows_and_no_call_leaves(seed: int) -> None:
    """4.7. The seed is in the test's name; a failure prints what happened."""
    dice = random.Random(seed)
    world = World(
        dice.choice((2, 3)),
        failback_enabled=dice.random() < 0.5,
        failback_cron="48 13 * * *",
        failback_length_minutes=60,
        hold_s=dice.choice((0.0, 60.0)),
        moves_per_hour_max=dice.choice((0, 3)),
    ).settled()
    story = [f"seed {seed}"]
    for _ in range(dice.randrange(4)):  # a past of its own: fences, pauses, phases
        story.append(disturb(world, dice))
        world.tick(dice.randrange(1, 30))
    for _ in range(200):
        if world.record.phase not in (Phase.FENCING, Phase.MOVING, Phase.VERIFYING):
            break
        world.cloud.deaf.clear()
        world.cloud.denied.clear()
        world.tick()
    switch(world, on=True)
    before = held(world.record)
    world.cloud.calls.clear()
    world.reporter.told.clear()
    story.append(f"watch-only in {before}")
    for _ in range(STEPS):
        story.append(disturb(world, dice))
        world.tick(dice.randrange(1, 12))
        assert (held(world.record), world.cloud.did()) == (before, []), story
        assert not world.record.requests, story
    said = len(world.reporter.told)
    world.tick(120)  # and whatever it has come to, it is not told over and over
    assert len(world.reporter.told) - said <= 4, (story, world.told[said:])
    assert (held(world.record), world.cloud.did()) == (before, []), story
