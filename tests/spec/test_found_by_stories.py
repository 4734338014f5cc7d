"""What the stories found wrong in an earlier rule, as the sentences that it broke."""

from dataclasses import replace

import pytest

from failover_lambda.model import Answer, Do, Phase, Power, Verb
from tests.worlds import World


@pytest.mark.parametrize("verb", [Verb.SWITCHOVER, Verb.FAILOVER])
def test_a_request_whose_patience_is_over_is_not_begun(verb: Verb) -> None:
    """9.4: "what cannot be now waits, and is refused with the reason that stands when its patience is over"."""
    world = World().settled()
    world.cloud.deaf.add("address")
    world.ask(verb, patience_s=5.0)
    world.tick(3)
    world.clock.sleep(900)
    world.cloud.deaf.clear()
    world.new_arbiter()
    world.tick(6)
    assert world.record.epoch == 1


def test_an_address_on_nobody_waits_for_no_hold_though_its_holder_is_dead() -> None:
    """5.12: "an address on nobody waits for none"."""
    world = World(workers=3).settled()
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.cloud.association = None
    world.kill("wk2")
    world.tick(30)
    assert world.cloud.on == "wk3"


def test_a_holder_that_was_never_stopped_is_not_told_to_have_rejoined() -> None:
    """7.1: "wk1 was stopped and started again; it is a standby now", of a worker that holds and ran all the time."""
    world = World().settled()
    for do in (Do.DISASSOCIATE, Do.ISOLATE, Do.STOP):
        world.cloud.refuse[do] = "RequestLimitExceeded"
    world.kill("wk1")
    world.until(Phase.FENCING)
    world.heal("wk1")
    world.until(Phase.STEADY)
    world.tick(5)
    assert "rejoined" not in world.told


def test_two_machines_that_are_stopped_are_both_down() -> None:
    """3.8, 4.4: no worker answers anybody; people are told at once, and the alarm that a person is needed goes off."""
    world = World().settled()
    world.stop("wk1")
    world.stop("wk2")
    world.until(Phase.BOTH_DOWN, ticks=12)


def test_a_failover_whose_first_target_is_refused_is_told_with_the_worker_that_was_stopped_for_it() -> None:
    """7.1: "each ... with site, from, to, why": one notice must name wk1, which was isolated and stopped."""
    world = World(workers=3).settled()
    world.cloud.refuse_target.add("wk2")
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.tick(2)
    assert world.cloud.machines["wk1"].power is Power.STOPPED
    assert any(notice.source == "wk1" for notice in world.reporter.told)


def test_a_fenced_worker_is_not_started_because_another_was_taken_out_of_the_configuration() -> None:
    """6.5: "An operator starts it". Phase manual, the address on a stranger, and the fenced home worker is started."""
    world = World(workers=3).settled()
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.tick(8)
    one, _, three = world.settings.workers
    world.settings = replace(world.settings, workers=(one, three))
    world.leadership.release()
    world.new_arbiter()
    world.tick(6)
    assert world.record.phase is Phase.MANUAL
    assert world.cloud.machines["wk1"].power is Power.STOPPED


def test_a_worker_that_served_its_time_as_the_holder_is_not_stopped_again() -> None:
    """6.4: it was seen stopped, the watchdog started it as the holder, and the address goes on to another.

    One call of its fence was never answered, so the fence stands; what was seen is forgotten.
    """
    world = World().settled()
    world.cloud.refuse_target.update(("wk1", "wk2"))
    world.cloud.lose[Do.STOP] = "after"
    world.kill("wk1")
    world.until(Phase.MOVING)
    while world.record.holder != "wk1" or world.cloud.machines["wk1"].power is not Power.RUNNING:
        world.tick()
    world.cloud.lose.clear()
    world.heal("wk1")
    assert world.cloud.machines["wk1"].seen() is Answer.HEALTHY
    world.tick(150)
    assert world.cloud.machines["wk1"].power is Power.RUNNING


def test_an_address_that_falls_off_soon_after_manual_began_is_put_back_at_once() -> None:
    """5.9: nothing was tried before, and the holder answers; it is on nobody for half a minute all the same."""
    world = World(moves_per_hour_max=0).settled()
    world.kill("wk1")
    world.until(Phase.MANUAL)
    world.heal("wk1")
    world.cloud.association = None
    world.tick(12)
    assert world.cloud.on == "wk1"


def test_who_adopts_names_no_worker_that_never_had_the_address_as_the_former_holder() -> None:
    """7.1: there was no record, and "from" is the home worker."""
    world = World()
    world.cloud.put_address("wk2")
    world.tick(5)
    (notice,) = world.reporter.told
    assert notice.source != "wk1"


def test_an_address_that_nobody_can_take_is_told_once() -> None:
    """5.9: it is tried again at every deadline, all night, and comes to the same end."""
    world = World(moves_per_hour_max=0).settled()
    world.kill("wk1")
    world.kill("wk2")
    world.until(Phase.BOTH_DOWN)
    world.heal("wk2")
    world.until(Phase.MANUAL)
    world.kill("wk2")
    world.cloud.association = None
    world.tick(20)
    told = world.told.count("manual")
    world.tick(300)
    assert (world.told.count("manual"), world.record.phase, world.cloud.on) == (told, Phase.MANUAL, "")
    world.heal("wk2")
    world.tick(40)
    assert world.cloud.on == "wk2"


def test_where_two_targets_refuse_the_address_goes_back_to_whom_it_was_taken_from() -> None:
    """5.8: "then the old holder": the second target's own intent came from nobody."""
    world = World(workers=3).settled()
    world.cloud.refuse_target.update({"wk2", "wk3"})
    world.kill("wk1")
    world.until(Phase.MOVING)
    while world.record.phase is Phase.MOVING and world.record.holder != "wk1":
        world.tick()
    world.until(Phase.STEADY)
    assert (world.cloud.on, world.record.holder, world.record.manual) == ("wk1", "wk1", "")


def test_who_adopts_after_a_holder_left_the_configuration_names_no_other_as_the_former_one() -> None:
    """7.1, 1.10: the address is on wk1 by somebody's hand, and wk3, which the record names for a moment, never had it."""
    world = World(workers=3).settled()
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.heal("wk1")
    world.cloud.put_address("wk1")
    world.reporter.told.clear()
    one, _, three = world.settings.workers
    world.settings = replace(world.settings, workers=(one, three))
    world.leadership.release()
    world.new_arbiter()
    world.tick(3)
    (adopted,) = [notice for notice in world.reporter.told if notice.what == "adopted"]
    assert (adopted.source, adopted.target) == ("", "wk1")
