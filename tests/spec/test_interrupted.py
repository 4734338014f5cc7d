"""RULE 2.5, 5.1, 5.8: the arbiter dies after each of its effects; the next one goes on, and the end is the same.

An effect is a write of the record or a call to the cloud. The arbiter is killed right after effect number n, for every n
until a run needs no more: before its answer is known. Model: Patroni's test_quorum replays from every interrupted step.
"""

from collections.abc import Callable
from typing import Any

import pytest

from failover_lambda.model import Answer, Phase
from tests.worlds import World


class KilledError(BaseException):
    """The arbiter's process is gone."""


def kill_after(world: World, effects: int) -> None:
    """Let the arbiter die right after so many more effects."""
    left = [effects]

    def counted(effect: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any) -> Any:
            result = effect(*args)
            left[0] -= 1
            if left[0] == 0:
                raise KilledError
            return result

        return run

    world.store.save = counted(type(world.store).save.__get__(world.store))  # type: ignore[method-assign]
    world.cloud.run = counted(type(world.cloud).run.__get__(world.cloud))  # type: ignore[method-assign]


def revive(world: World) -> None:
    """The next arbiter takes over, after the lease's time."""
    vars(world.store).pop("save")
    vars(world.cloud).pop("run")
    world.new_arbiter()


def a_holder_dies() -> World:
    world = World().settled()
    world.kill("wk1")
    return world


def a_holder_hangs() -> World:
    world = World(workers=3).settled()
    world.kill("wk1", Answer.TIMEOUT)
    return world


def the_address_fell_off() -> World:
    world = World().settled()
    world.cloud.association = None
    return world


def a_site_is_new() -> World:
    return World()


def run_to_the_end(world: World) -> None:
    world.tick(40)


@pytest.mark.parametrize("story", [a_holder_dies, a_holder_hangs, the_address_fell_off, a_site_is_new])
def test_the_end_is_the_same_wherever_the_arbiter_died(story: Callable[[], World]) -> None:
    whole = story()
    run_to_the_end(whole)
    effects = 0
    died = True
    while died:
        effects += 1
        world = story()
        died = dies_after(world, effects)
        run_to_the_end(world)
        context = f"killed after effect {effects}"
        assert world.cloud.on == whole.cloud.on, context
        assert world.record.holder == whole.record.holder, context
        assert world.record.phase is Phase.STEADY, context
        assert world.record.epoch == whole.record.epoch, context
        assert [fence.worker for fence in world.record.fences] == [fence.worker for fence in whole.record.fences], context
        assert set(whole.told) <= set(world.told), context
    assert effects > 3


def dies_after(world: World, effects: int) -> bool:
    """Run with the death planted; False when the run needed fewer effects."""
    kill_after(world, effects)
    died = False
    try:
        run_to_the_end(world)
    except KilledError:
        died = True
    revive(world)
    return died


def test_every_second_arbiter_dies_and_still_the_address_arrives() -> None:
    """L4: many deaths in a row, one effect further each time."""
    world = a_holder_dies()
    for _ in range(12):
        dies_after(world, 1)
    run_to_the_end(world)
    assert (world.cloud.on, world.record.holder, world.record.epoch) == ("wk2", "wk2", 2)
