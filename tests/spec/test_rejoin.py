"""RULE 6.5: who starts a fenced worker again."""

from failover_lambda.contract import Rejoin
from failover_lambda.fences import START_AGAIN_S
from failover_lambda.model import Do, Phase, Power
from tests.worlds import World


def failed_over(rejoin: Rejoin) -> World:
    """wk1 was killed, fenced and is stopped; wk2 holds."""
    world = World(rejoin=rejoin).settled()
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    world.until(Phase.STEADY)
    return world


def test_a_fenced_worker_stays_off_until_an_operator_starts_it() -> None:
    world = failed_over(Rejoin.OPERATOR)
    world.tick(300)
    assert world.cloud.machines["wk1"].power is Power.STOPPED
    assert Do.START not in {call.do for call in world.cloud.calls}


def test_with_rejoin_auto_a_fenced_worker_is_started_after_its_proof_and_is_a_standby_again() -> None:
    """Groups first: a worker that boots behind closed groups could never be probed (hole 16)."""
    world = failed_over(Rejoin.AUTO)
    world.tick(20)
    after_the_move = world.cloud.did()[world.cloud.did().index("associate wk2") + 1 :]
    assert after_the_move == ["restore wk1", "start wk1"]
    assert (world.record.fences, world.record.holder) == ((), "wk2")
    assert "rejoined" in world.told


def test_a_start_that_is_refused_is_asked_again_once_a_minute() -> None:
    world = World(rejoin=Rejoin.AUTO).settled()
    world.cloud.refuse[Do.START] = "InsufficientInstanceCapacity"
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    world.tick(int(5 * START_AGAIN_S))
    assert 4 <= sum(call.do is Do.START for call in world.cloud.calls) <= 6
    world.cloud.refuse.clear()
    world.tick(70)
    assert world.record.fences == ()


def test_a_terminated_worker_is_not_started() -> None:
    world = World(rejoin=Rejoin.AUTO).settled()
    world.cloud.refuse[Do.START] = "InsufficientInstanceCapacity"
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    world.until(Phase.STEADY)
    world.cloud.machines["wk1"].power = Power.TERMINATED
    world.cloud.refuse.clear()
    world.cloud.calls.clear()
    world.tick(100)
    assert world.cloud.did() == []
    assert world.record.fence("wk1") is not None
