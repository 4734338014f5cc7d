"""RULE 2.5, 5.1, 5.8, 6.4: the arbiter dies at each of its effects, in every story; the next one goes on to the same end.

An effect is a write of the record or a call to the cloud. Three deaths are tried at each: it was applied and its answer is
not known; it was never applied, and everything before it is known; it is on its way, and lands when the next arbiter leads.
What must be the same is `places.End`, and on the way there every `places.Place`. Model: Patroni's test_quorum, which replays
from every interrupted step.

`make check` takes, of effects that do the same in the same stretch of ticks, some of each kind, and of long stories fewer,
for the first kind of death; `make test` does so for the third one too. `make nightly` takes every effect of every story for
the first kind of death, and some of each kind for the other two.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from failover_lambda import fences, motion, moves, rule
from failover_lambda.cycle import Cycle
from failover_lambda.model import Command, Decision, Event, Fence, Kind, Lease, Notice, Phase
from failover_lambda.moves import Case
from failover_lambda.outbox import Outbox
from tests.effects import Effect, Effects, KilledError
from tests.spec.interruptions import Interrupted, Reference
from tests.spec.places import Death, End, Moment, Place, Point, different
from tests.worlds import World

STORIES = sorted((Path(__file__).parent / "scenarios").glob("*.txt"))
TICKS_A_STORY = 150
"""So many ticks of deaths are spent on one story and one kind of death."""


WAITS = {
    "asked_switchover": ("the arbiter dies before the effect number 5", "the arbiter dies after the effect number 4"),
}
"""Deaths after which the way back is not open yet: an association was read and never answered, so it waits (9.9)."""


@cache
def reference(story: Path) -> tuple[End, list[Place], list[Point], int]:
    """The story without a death."""
    player = Reference()
    end = player.run(story.read_text())
    player.close()
    assert end.broken == ()
    ticks = sum(name == "tick" for name, _ in player.stage.world.reporter.events)
    return end, player.places, player.effects, ticks


def die(story: Path, points: list[Point], moment: Moment) -> Iterator[str]:
    """Where the story ends otherwise: the deaths, and what was found."""
    end, places, _, _ = reference(story)
    for point in points:
        death = Death(effect=point.number, moment=moment)
        player = Interrupted(death)
        try:
            other = player.run_beside(story.read_text(), places)
        except AssertionError as exc:
            yield str(exc)
            continue
        finally:
            player.close()
        if other != end or not player.has_died:
            yield f"{death}: {end.difference(other) or 'there was no such effect'}"


def dying(points: list[Point], moment: Moment) -> list[Point]:
    """Those at which such a death is another one."""
    return [point for point in points if moment is not Moment.ON_ITS_WAY or point.is_a_call_that_was_done]


def some(points: list[Point], ticks: int) -> list[Point]:
    """As many as the time allows, evenly."""
    step = max(1, -(-len(points) * ticks // TICKS_A_STORY))
    return points[::step]


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(Moment.UNANSWERED, id="unanswered"),
        pytest.param(Moment.ON_ITS_WAY, id="on its way", marks=pytest.mark.sweep),
    ],
)
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.stem)
def test_the_end_is_the_same_wherever_the_arbiter_died(story: Path, moment: Moment) -> None:
    _, _, points, ticks = reference(story)
    assert list(die(story, some(dying(different(points), moment), ticks), moment)) == []


@pytest.mark.prove
@pytest.mark.parametrize("moment", Moment, ids=lambda moment: moment.value)
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.stem)
def test_the_end_is_the_same_at_every_effect_of_every_story(story: Path, moment: Moment) -> None:
    _, _, points, _ = reference(story)
    every = points if moment is Moment.UNANSWERED else different(points)
    found = list(die(story, dying(every, moment), moment))
    waits = [each for each in WAITS.get(story.stem, ()) if moment.value.split()[0] in each]
    assert [line.partition(":")[0] for line in found] == waits


# Many deaths in a row


class KillAfter:
    """The arbiter dies right after so many more effects."""

    def __init__(self, effects: int) -> None:
        self.left = effects

    def before(self, effect: Effect) -> None:
        """An effect is about to be applied."""

    def after(self, effect: Effect, answered: object) -> None:
        """An effect was applied."""
        del effect, answered
        self.left -= 1
        if self.left == 0:
            raise KilledError

    def failed(self, effect: Effect, why: str) -> None:
        """A write was refused."""


@pytest.mark.parametrize("life", [1, 2, 3])
def test_every_arbiter_dies_and_still_the_address_arrives(life: int) -> None:
    """L4: twelve deaths in a row, each so many effects further."""
    world = World().settled()
    world.kill("wk1")
    effects = Effects(world)
    for _ in range(12):
        effects.hooks = [KillAfter(life)]
        try:
            world.tick(40)
        except KilledError:
            world.new_arbiter()
    effects.hooks = []
    world.tick(40)
    assert (world.cloud.on, world.record.holder, world.record.epoch) == ("wk2", "wk2", 2)


# The suite can fail


def nothing_is_asked_again(fence: Fence, *_: object) -> tuple[Fence, tuple[Command, ...]]:
    """A stop that may not have landed is forgotten with the arbiter that sent it."""
    return fence, ()


def every_leader_begins_anew(case: Case) -> Decision:
    """The next leader does not go on in the epoch of the last one."""
    if case.record.phase is Phase.VERIFYING:
        return motion.on_verifying(case)
    return moves.intend(case, Kind.FAILOVER, case.record.holder, source="wk1", why="begun anew")


def told_when_sent(outbox: Outbox, notices: Iterable[Notice], now_s: float) -> Iterator[Notice]:
    """A notice leaves the record before anybody took it."""
    del outbox, now_s
    yield from notices


def sent_before_it_is_stored(cycle: Cycle, event: Event, lease: Lease) -> str:
    """The decision's calls leave first, then it is stored."""
    decision = rule.step(cycle.record, event, cycle._settings, cycle._ports.clock.now_s())  # pyright: ignore[reportPrivateUsage]
    cycle._send(decision.commands)  # pyright: ignore[reportPrivateUsage]
    cycle._save(decision, lease)  # pyright: ignore[reportPrivateUsage]
    return decision.reason


BREACHES: dict[str, tuple[object, str, object, str]] = {
    "a stop is not asked again": (fences, "_ask_again", nothing_is_asked_again, "machines is"),
    "each leader begins anew": (rule, "_HANDLERS", dict.fromkeys(Phase, every_leader_begins_anew), "never came to"),
    "told when sent": (Outbox, "send", told_when_sent, "L5 never told"),
    "sent before it is stored": (Cycle, "_apply", sent_before_it_is_stored, "S5 disassociate wk1 of epoch 2 before"),
}
"""What is planted, where, and by which words the suite names it."""


@pytest.mark.parametrize("breach", BREACHES)
def test_a_planted_breach_is_found_and_named(breach: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference is the sound watchdog's; who dies is the one with the breach in it."""
    story = next(story for story in STORIES if story.stem == "killed")
    _, _, points, _ = reference(story)
    where, name, planted, named = BREACHES[breach]
    monkeypatch.setattr(where, name, planted)
    found: list[str] = []
    for moment in Moment:
        for fault in die(story, dying(different(points), moment), moment):
            found.append(fault)
            if named in fault:
                return
    raise AssertionError(f"not named {named}: {found}")
