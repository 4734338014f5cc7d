"""RULE.md 7.1 with two channels: people by the topic, machines by the bus, each by itself."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from failover_lambda.contract import Channel
from failover_lambda.cycle import Cycle
from failover_lambda.model import Notice, Phase
from failover_lambda.outbox import AGAIN_S_MAX, AGAIN_S_MIN, Outbox
from tests.fakes import ListReporter, by_name
from tests.worlds import World

BUS = "hospital"


def world_with_bus() -> World:
    world = World(notice_event_bus=BUS)
    world.until(Phase.STEADY)
    world.tick(3)
    return world


def test_without_a_bus_there_is_one_channel() -> None:
    world = World().settled()
    assert world.settings.channels == (Channel.TOPIC,)
    assert (by_name(world.reporter.told), world.reporter.on_the_bus) == (["adopt"], [])
    assert world.record.outbox == ()


def test_a_notice_leaves_by_both_channels_once_and_then_the_record() -> None:
    world = world_with_bus()
    assert by_name(world.reporter.told) == by_name(world.reporter.on_the_bus) == ["adopt"]
    assert world.record.outbox == ()


def test_a_bus_that_fails_for_ever_keeps_nothing_from_people_and_people_are_told_once() -> None:
    """Neither a failover in the meantime nor the next arbiter tells again what was told."""
    world = World(notice_event_bus=BUS)
    world.reporter.no_bus = True
    world.until(Phase.STEADY)
    world.tick(30)
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.tick(3)
    for _ in range(3):
        world.new_arbiter()
        world.tick(90)
    assert by_name(world.reporter.told) == ["adopt", "failover"]
    assert world.reporter.on_the_bus == []
    assert [(notice.what, notice.taken) for notice in world.record.outbox] == [
        ("adopt", (Channel.TOPIC,)),
        ("failover", (Channel.TOPIC,)),
    ]


def test_a_bus_that_comes_back_gets_what_it_missed() -> None:
    world = World(notice_event_bus=BUS)
    world.reporter.no_bus = True
    world.until(Phase.STEADY)
    world.tick(30)
    world.reporter.no_bus = False
    world.tick(int(AGAIN_S_MAX) + 10)
    assert by_name(world.reporter.on_the_bus) == ["adopt"]
    assert (by_name(world.reporter.told), world.record.outbox) == (["adopt"], ())


def test_a_topic_that_fails_keeps_nothing_from_machines() -> None:
    world = World(notice_event_bus=BUS)
    tell = world.reporter.tell

    def no_topic(notice: object, channel: Channel) -> None:
        if channel is Channel.TOPIC:
            raise OSError("no topic")
        tell(notice, channel)  # type: ignore[arg-type]

    world.reporter.tell = no_topic  # type: ignore[method-assign]
    world.until(Phase.STEADY)
    world.tick(30)
    assert (by_name(world.reporter.on_the_bus), world.reporter.told) == (["adopt"], [])
    assert [notice.taken for notice in world.record.outbox] == [(Channel.BUS,)]


def test_a_notice_that_waits_for_a_bus_that_was_taken_out_of_the_settings_is_done_with() -> None:
    world = World(notice_event_bus=BUS)
    world.reporter.no_bus = True
    world.until(Phase.STEADY)
    world.tick(3)
    assert len(world.record.outbox) == 1
    world.settings = replace(world.settings, notice_event_bus="")
    world.new_arbiter()
    world.tick(3)
    assert (world.record.outbox, by_name(world.reporter.told)) == ((), ["adopt"])


def test_a_channel_that_fails_is_asked_less_and_less() -> None:
    world = World(notice_event_bus=BUS)
    asked: list[float] = []

    def no_bus(notice: object, channel: Channel) -> None:
        del notice
        if channel is Channel.BUS:
            asked.append(world.clock.time_s)
            raise OSError("no bus")

    world.reporter.tell = no_bus  # type: ignore[method-assign]
    world.until(Phase.STEADY)
    world.tick(300)
    pauses = [after - before for before, after in pairwise(asked)]
    expected = [AGAIN_S_MIN, 2 * AGAIN_S_MIN, 4 * AGAIN_S_MIN, 8 * AGAIN_S_MIN, AGAIN_S_MAX, AGAIN_S_MAX]
    assert pauses[: len(expected)] == pytest.approx(expected, abs=1.5)


def test_a_record_of_the_time_before_channels_is_told_by_both() -> None:
    """Its notices say of nobody that they were taken."""
    world = World()
    world.reporter.deaf = True
    world.until(Phase.STEADY)
    world.tick(3)
    world.reporter.deaf = False
    world.settings = replace(world.settings, notice_event_bus=BUS)
    world.cycle = Cycle(world.settings, world.cycle._ports, pool=world.cycle._pool)  # pyright: ignore[reportPrivateUsage]
    world.tick(3)
    assert by_name(world.reporter.told) == by_name(world.reporter.on_the_bus) == ["adopt"]


def test_a_hand_over_that_is_on_the_way_is_not_begun_again() -> None:
    """A topic that answers after many ticks is told once."""
    begun: list[str] = []
    answers = threading.Event()

    class SlowTopic(ListReporter):
        def tell(self, notice: Notice, channel: Channel) -> None:
            begun.append(notice.id)
            answers.wait(60)
            super().tell(notice, channel)

    about: dict[str, Any] = {
        "what": "failover",
        "site": "lis",
        "source": "wk1",
        "target": "wk2",
        "why": "",
        "epoch": 2,
        "seconds": 1.0,
    }
    notice = Notice(id="n-1", at_s=1.0, **about)
    with ThreadPoolExecutor() as pool:
        outbox = Outbox((Channel.TOPIC,), SlowTopic(), pool)
        for now_s in range(100):
            assert list(outbox.send([notice], now_s)) == list(outbox.done(now_s)) == []
        answers.set()
    assert begun == ["n-1"]
    assert [handed.fault for handed in outbox.done(100.0)] == [""]
