"""What the stories found wrong in an earlier rule, as the sentences that it broke."""

import pytest

from failover_lambda.model import Do, Phase, Verb
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
