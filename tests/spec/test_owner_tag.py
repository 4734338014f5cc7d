"""RULE.md 1.9: an address that carries another site's owner tag is not ours to touch, in no phase (hole 18)."""

from dataclasses import replace

import pytest

from failover_lambda.model import Answer, Do, Phase, Verb
from failover_lambda.moves import OWNER_SHOWN
from tests.worlds import World

ADDRESS_CALLS = (Do.ASSOCIATE, Do.DISASSOCIATE)


def address_calls(world: World) -> list[str]:
    return [f"{call.do.value} {call.worker}" for call in world.cloud.calls if call.do in ADDRESS_CALLS]


def test_a_foreign_tag_ends_in_manual_and_is_told_once_whatever_dies() -> None:
    world = World().settled()
    world.reporter.told.clear()
    world.cloud.owner = "another"
    world.tick(10)
    assert (world.record.phase, world.told) == (Phase.MANUAL, ["manual"])
    assert world.record.manual == "the address is tagged tandem:site = another, and this site is lis"
    world.kill("wk1")
    world.tick(100)
    assert (world.cloud.calls, world.told) == ([], ["manual", "holder-dead-in-manual"])


@pytest.mark.parametrize("owner", ["lis", ""])
def test_an_address_of_ours_and_one_without_a_tag_are_moved(owner: str) -> None:
    """A missing tag names nobody, and the address is ours by the id in our settings."""
    world = World().settled()
    world.cloud.owner = owner
    world.kill("wk1")
    world.until(Phase.STEADY)
    assert world.cloud.on == "wk2"


def test_a_read_without_tags_says_nothing() -> None:
    world = World().settled()
    read = world.cloud.read_address
    world.cloud.read_address = lambda: replace(read(), owner=None)  # type: ignore[method-assign]
    world.kill("wk1")
    world.until(Phase.STEADY)
    assert world.cloud.on == "wk2"


@pytest.mark.parametrize("phase", [Phase.SUSPECT, Phase.FENCING, Phase.MOVING, Phase.VERIFYING, Phase.BOTH_DOWN])
def test_no_phase_makes_a_call_to_an_address_that_became_anothers(phase: Phase) -> None:
    """The second call of a move in motion, and 5.9, among them: nobody's address it is not, but another's."""
    world = World().settled()
    if phase in (Phase.FENCING, Phase.MOVING):
        world.cloud.lose[Do.DISASSOCIATE if phase is Phase.FENCING else Do.ASSOCIATE] = "before"
    for worker in ("wk1", "wk2") if phase is Phase.BOTH_DOWN else ("wk1",):
        world.kill(worker, Answer.REFUSED)
    world.until(phase)
    world.cloud.owner = "another"
    world.cloud.calls.clear()
    world.tick(100)
    assert (world.record.phase, address_calls(world)) == (Phase.MANUAL, [])
    assert [notice.what for notice in world.reporter.told].count("manual") == 1


def test_a_move_that_was_stopped_by_a_tag_leaves_its_fence_calls_alone() -> None:
    """6.3: the machines are ours."""
    world = World().settled()
    world.cloud.lose.update({Do.ASSOCIATE: "before", Do.STOP: "before"})
    world.kill("wk1")
    world.until(Phase.MOVING)
    world.cloud.owner = "another"
    world.cloud.lose.clear()
    world.cloud.calls.clear()
    world.tick(30)
    assert (address_calls(world), "stop wk1" in world.cloud.did()) == ([], True)


def test_manual_for_another_reason_touches_nothing_either_and_says_so() -> None:
    """5.9 holds for our address."""
    world = World(moves_per_hour_max=1, hold_s=0.0).settled()
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.tick(8)
    world.cloud.start("wk1")
    world.tick(8)
    world.kill("wk2")
    world.until(Phase.MANUAL)
    world.cloud.owner = "another"
    world.cloud.association = None
    world.cloud.calls.clear()
    world.tick(100)
    assert address_calls(world) == []
    assert [notice.why for notice in world.reporter.told if notice.what == "manual"][-1].startswith("the address is tagged")
    assert [notice.what for notice in world.reporter.told].count("manual") == 2


def test_an_address_that_is_ours_again_waits_for_a_person_and_is_kept_from_nobody() -> None:
    """5.9, 4: manual ends by `enabled` off and on."""
    world = World().settled()
    world.cloud.owner = "another"
    world.tick(10)
    world.cloud.owner = None
    world.cloud.association = None
    world.until(Phase.VERIFYING)
    world.tick(5)
    assert (world.cloud.on, world.record.phase) == ("wk1", Phase.MANUAL)
    on, world.settings = world.settings, replace(world.settings, enabled=False)
    world.new_arbiter()
    world.until(Phase.DISABLED)
    world.settings = on
    world.new_arbiter()
    world.until(Phase.STEADY)
    assert world.record.manual == ""


def test_switched_on_again_over_anothers_address_nothing_is_adopted() -> None:
    """1.8."""
    world = World().settled()
    on, world.settings = world.settings, replace(world.settings, enabled=False)
    world.new_arbiter()
    world.until(Phase.DISABLED)
    world.cloud.owner = "another"
    world.tick(5)
    assert world.record.phase is Phase.DISABLED
    world.settings, epoch = on, world.record.epoch
    world.new_arbiter()
    world.tick(5)
    assert (world.record.phase, world.record.epoch, world.cloud.calls) == (Phase.MANUAL, epoch, [])


@pytest.mark.parametrize("put", [True, False])
def test_a_new_site_takes_no_address_of_another(put: bool) -> None:
    """1.6."""
    world = World()
    world.cloud.owner = "another"
    if put:
        world.cloud.put_address("wk1")
    world.tick(20)
    assert (world.record.phase, world.cloud.calls, world.told) == (Phase.MANUAL, [], ["manual"])


def test_a_long_tag_is_shown_in_part_and_told_once() -> None:
    world = World().settled()
    world.reporter.told.clear()
    world.cloud.owner = "x" * 256
    world.tick(30)
    assert world.told == ["manual"]
    assert "x" * OWNER_SHOWN in world.record.manual
    assert "x" * (OWNER_SHOWN + 1) not in world.record.manual


@pytest.mark.parametrize("stranger", ["tag", "machine"])
def test_a_holder_that_is_configured_no_more_over_a_strangers_address_is_an_epoch(stranger: str) -> None:
    """1.5, 1.9, 1.10: the record names another holder from then on, one that is not fenced, so it is another epoch."""
    world = World(workers=3).settled()
    world.kill("wk1")
    world.until(Phase.STEADY)
    record = world.record
    two = world.settings.workers[0], world.settings.workers[2]
    world.settings = replace(world.settings, workers=two)
    assert (record.holder, world.cloud.association is not None) == ("wk2", True)
    if stranger == "tag":
        world.cloud.owner = "another"
    world.cloud.calls.clear()
    world.new_arbiter()
    world.tick(5)
    assert (world.record.holder, world.record.epoch, world.record.phase) == ("wk3", record.epoch + 1, Phase.MANUAL)
    assert address_calls(world) == []


def test_no_planned_move_touches_it_either_and_the_reply_says_why() -> None:
    """9.7, 9.10."""
    world = World().settled()
    world.cloud.owner = "another"
    world.tick(10)
    world.cloud.calls.clear()
    for verb in (Verb.SWITCHOVER, Verb.FAILOVER):
        world.ask(verb, patience_s=5.0)
        world.tick(10)
        assert world.record.replies[-1].why.endswith("the address is tagged tandem:site = another, and this site is lis")
    assert world.cloud.calls == []


def test_resumed_by_hand_over_anothers_address_it_is_manual_again_and_told_again() -> None:
    """9.6."""
    world = World().settled()
    world.cloud.owner = "another"
    world.tick(10)
    world.ask(Verb.RESUME)
    world.tick(10)
    assert (world.record.phase, world.cloud.calls) == (Phase.MANUAL, [])
    assert world.told.count("manual") == 2


def test_a_pause_over_anothers_address_becomes_manual() -> None:
    world = World().settled()
    world.ask(Verb.PAUSE, duration_s=300.0)
    world.until(Phase.PAUSED)
    world.cloud.owner = "another"
    world.tick(10)
    assert (world.record.phase, world.record.pause, world.cloud.calls) == (Phase.MANUAL, None, [])


@pytest.mark.parametrize("dead", [True, False])
@pytest.mark.parametrize("stranger", ["tag", "machine", "both"])
def test_where_we_only_watch_a_stranger_is_no_news_in_every_round(stranger: str, dead: bool) -> None:
    """4.7: neither called nor told."""
    world = World().settled()
    world.settings = replace(world.settings, watch_only=True)
    world.new_arbiter()
    world.reporter.told.clear()
    if stranger != "machine":
        world.cloud.owner = "another"
    if stranger != "tag":
        assert world.cloud.association is not None
        world.cloud.association = replace(world.cloud.association, instance_id="i-9", network_interface_id="eni-9")
    if dead:
        world.kill("wk1")
    world.tick(60)
    resting = Phase.SUSPECT if dead else Phase.STEADY
    assert (world.record.phase, world.record.manual, world.cloud.calls) == (resting, "", [])
    assert len(world.told) <= 1


def test_where_we_only_watch_a_spent_budget_is_no_news_in_every_round() -> None:
    """4.7."""
    world = World(moves_per_hour_max=1, hold_s=0.0).settled()
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.tick(8)
    world.cloud.start("wk1")
    world.tick(8)
    world.settings = replace(world.settings, watch_only=True)
    world.new_arbiter()
    world.cloud.calls.clear()
    world.reporter.told.clear()
    world.kill("wk2")
    world.tick(60)
    assert (world.record.holder, world.cloud.calls) == ("wk2", [])
    assert len(world.told) <= 1


def test_a_holder_that_is_configured_no_more_is_left_where_we_only_watch() -> None:
    """1.10, 4.7: no call, no epoch, no other holder."""
    world = World(workers=3).settled()
    world.kill("wk1")
    world.until(Phase.STEADY)
    record = world.record
    others = world.settings.workers[0], world.settings.workers[2]
    world.settings = replace(world.settings, workers=others, watch_only=True)
    world.cloud.association = None
    world.cloud.calls.clear()
    world.new_arbiter()
    assert "the holder wk2 is not configured any more" in world.tick(20)
    assert (world.record.holder, world.record.epoch, world.cloud.calls) == ("wk2", record.epoch, [])
