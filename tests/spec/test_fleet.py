"""RULE.md 2.8 to 2.12: one watchdog, many sites."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, cast

import pytest

from failover_lambda import observation
from failover_lambda.contract import Settings
from failover_lambda.fleet import (
    HAND_OVER_AFTER_S,
    IDLE_S,
    LIST_EVERY_S,
    REHEARSAL_EVERY_S,
    ROUNDS_MAX,
    STRANGER_S,
    Pools,
    next_due_s,
)
from failover_lambda.leadership import Leadership, lead, once
from failover_lambda.model import Answer, Answered, Command, Do, Lease, Phase, Power, Request, Verb
from failover_lambda.observation import TRIAL_EVERY_S, SiteRound
from failover_lambda.rehearsal import AFTER_S
from failover_lambda.sites import FleetSettings, document_of, listed, phase_of, shard_of
from tests.claims import Claims
from tests.effects import Effects
from tests.fakes import FakeCloud, InlineExecutor, make_settings
from tests.fleets import FleetWorld, Holding, settings_of
from tests.worlds import World

SEEDS = 12
FEW = 3
"""So many of them `make check` tries."""
INLINE = InlineExecutor()
FLEET = FleetSettings(record_table="record", shard="3", shards=4)


def ticks_of(world: FleetWorld, site: str) -> int:
    """How often a site was looked at by one vantage."""
    return sum(site in sites for vantage, sites, _ in world.shared.looks if vantage == "prober-a")


def kill(world: FleetWorld, site: str, worker: str = "wk1", answer: Answer = Answer.TIMEOUT) -> None:
    world.clouds[site].machines[worker].answer = answer


def until_on(world: FleetWorld, site: str, worker: str, seconds: float = 30.0) -> float:
    """Run until the address is on this worker; how long that took."""
    began_s = world.clock.time_s
    while world.clouds[site].on != worker:
        assert world.clock.time_s < began_s + seconds, f"{site} is on {world.clouds[site].on}"
        world.run(0.1)
    return world.clock.time_s - began_s


# 2.8: as if it were alone


def test_each_site_is_decided_by_its_own_record_and_moves_alone() -> None:
    """2.8."""
    world = FleetWorld("a", "b", "c").settled()
    kill(world, "b")
    until_on(world, "b", "wk2")
    world.run(10)
    assert {site: cloud.on for site, cloud in world.clouds.items()} == {"a": "wk1", "b": "wk2", "c": "wk1"}
    assert [world.record(site).epoch for site in "abc"] == [1, 2, 1]
    assert [world.clouds[site].did() for site in "ac"] == [[], []]


def test_a_site_of_a_fleet_decides_what_it_would_decide_alone() -> None:
    """2.8: the same faults at the same places of its life, the same epochs, holders and calls."""
    alone = World().settled()
    alone.kill("wk1", Answer.TIMEOUT)
    alone.until(Phase.VERIFYING)
    alone.until(Phase.STEADY)
    world = FleetWorld("a", "b").settled()
    kill(world, "a")
    until_on(world, "a", "wk2")
    world.run(10)
    assert world.clouds["a"].did() == alone.cloud.did()
    record = world.record("a")
    assert (record.epoch, record.holder, record.phase) == (alone.record.epoch, alone.record.holder, alone.record.phase)


def test_a_site_whose_tick_hangs_delays_no_other_and_has_never_two_ticks_at_once() -> None:
    """2.8: the others keep their second; the one that hangs is skipped."""

    def of_b(*args: object) -> bool:
        return bool(args) and isinstance(args[0], SiteRound) and args[0].member.site == "b"

    world = FleetWorld("a", "b", "c").settled()
    ticks = Holding(of_b)
    world.new_arbiter(Pools(eyes=INLINE, ticks=ticks, calls=INLINE))
    world.shared.looks.clear()
    world.run(30)
    assert (len(ticks.held), ticks_of(world, "b")) == (1, 1)
    assert min(ticks_of(world, site) for site in "ac") >= 29
    kill(world, "c")
    assert until_on(world, "c", "wk2") < 3.0
    ticks.let_go()
    world.run(5)
    assert ticks_of(world, "b") >= 5


def test_a_vantage_that_hangs_for_some_sites_has_no_voice_in_their_round() -> None:
    """2.8, 3.2: each goes on at the deadline of its own round, with the vantages that answered."""

    def by_c(*args: object) -> bool:
        return bool(args) and args[0] == "prober-c"

    world = FleetWorld("a", "b").settled()
    eyes = Holding(by_c)
    world.new_arbiter(Pools(eyes=eyes, ticks=INLINE, calls=INLINE))
    world.run(10)
    kill(world, "a")
    until_on(world, "a", "wk2")
    assert world.clouds["b"].did() == []
    eyes.let_go()
    world.run(10)
    assert world.record("a").phase is Phase.STEADY


def test_a_prober_that_hangs_takes_no_more_threads_than_its_own() -> None:
    """2.8: the others go on and do not wait for it; it is tried with one call each second until it answers."""

    def by_c(*args: object) -> bool:
        return bool(args) and args[0] == "prober-c"

    world = FleetWorld(*(f"s{number}" for number in range(40))).settled()
    eyes = Holding(by_c)
    world.new_arbiter(Pools(eyes=eyes, ticks=INLINE, calls=INLINE))
    world.run(20)
    assert len(eyes.held) <= 20 / TRIAL_EVERY_S + 15, "ten instants a second until it is known, then one call a second"
    kill(world, "s1")
    assert until_on(world, "s1", "wk2") < 2.5
    eyes.let_go()
    world.shared.looks.clear()
    world.run(2)
    assert len({len([1 for each, *_ in world.shared.looks if each == vantage]) // 4 for vantage in VANTAGES}) == 1


VANTAGES = ("prober-a", "prober-b", "prober-c")


@pytest.mark.sweep
def test_where_more_is_due_than_can_be_done_the_longest_due_comes_first_and_nobody_is_left_out() -> None:
    """2.8: rounds are bounded, and those that hang take no place from the others."""
    world = FleetWorld(*(f"s{number}" for number in range(ROUNDS_MAX + 60))).settled(20)
    ticks = Holding(lambda *_: True)
    world.new_arbiter(Pools(eyes=INLINE, ticks=ticks, calls=INLINE))
    world.run(3)
    assert len(ticks.held) == ROUNDS_MAX
    first = {member.site for member in world.fleet.members if member.round}
    world.run(4)
    assert {member.site for member in world.fleet.members if member.round} > first
    ticks.let_go()
    world.shared.looks.clear()
    world.run(3)
    assert all(ticks_of(world, member.site) >= 2 for member in world.fleet.members)


def test_a_round_that_waited_too_long_for_its_tick_counts_for_nothing() -> None:
    """2.8, 3.1: what was seen before a stall is not judged after it."""
    world = FleetWorld("a").settled()
    ticks = Holding(lambda *_: True)
    world.new_arbiter(Pools(eyes=INLINE, ticks=ticks, calls=INLINE))
    kill(world, "a")
    world.run(2)
    kill(world, "a", answer=Answer.HEALTHY)
    world.run(10)
    ticks.let_go()
    assert world.record("a").streak is None
    world.run(20)
    assert (world.record("a").phase, world.clouds["a"].on) == (Phase.STEADY, "wk1")


@pytest.mark.parametrize("poison", ["settings", "ports", "record", "tick", "answers"])
def test_a_poisoned_site_is_told_by_its_name_and_ends_no_other(poison: str) -> None:
    """2.8: whatever it is that cannot be read or dies."""
    world = FleetWorld("a", "b", "c")
    if poison == "settings":
        world.sites.spoil("b")
    if poison == "ports":
        world.broken.add("b")
    if poison == "record":
        world.stores["b"].record = replace(World().settled().record, site="b")
        world.stores["b"].damage = "{"
    if poison == "answers":
        world.shared.poisoned.add("b")
    world.run(2)
    if poison == "tick":
        member = next(each for each in world.fleet.members if each.site == "b")
        member.cycle.tick = _dies  # type: ignore[method-assign]
    world.run(70)
    kill(world, "c")
    assert until_on(world, "c", "wk2") < 3.0
    assert world.record("a").phase is Phase.STEADY
    assert world.clouds["b"].did() == ([] if poison != "tick" else ["associate wk1"])
    of_the_fleet = world.reporter.events
    of_the_site = world.site_reporters["b"].events
    assert any(fields.get("site") == "b" and fields.get("failed") for _, fields in [*of_the_fleet, *of_the_site])
    assert world.reporter.written[-1].failed_ticks > 0
    told = [fields for fields in world.said("poisoned") if fields["site"] == "b"]
    assert len(told) == (1 if poison in ("settings", "ports", "tick") else 0), "once, and not in each round"


def _dies(lease: Lease) -> str:
    raise RuntimeError(f"the tick of {lease.owner} dies")


def test_a_site_whose_tick_died_is_tried_again_in_its_next_round() -> None:
    """2.8."""
    world = FleetWorld("a", "b").settled()
    member = next(each for each in world.fleet.members if each.site == "b")
    tick = member.cycle.tick
    member.cycle.tick = _dies  # type: ignore[method-assign]
    world.run(5)
    assert ticks_of(world, "b") >= 5
    member.cycle.tick = tick  # type: ignore[method-assign]
    kill(world, "b")
    until_on(world, "b", "wk2")


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=[pytest.mark.sweep] * (seed >= FEW)) for seed in range(SEEDS)])
def test_no_claim_is_broken_in_random_histories_of_a_fleet(seed: int) -> None:
    """2.8: every claim of a site alone (tests/claims.py) holds for each, with poison and hand-overs among them."""
    chance = random.Random(seed)
    sites = ("a", "b", "c")
    world = FleetWorld(*sites, hold_s=0.0, moves_per_hour_max=24, moves_per_day_max=24).settled()
    claims: dict[str, Claims] = {}
    for site in sites:
        one: Any = _OneSite(world, site)
        claims[site] = Claims(cast("World", one))
        Effects(cast("World", one), claims[site])
    world.new_arbiter()
    for step in range(30):
        site = chance.choice(sites)
        cloud, store = world.clouds[site], world.stores[site]
        for each in ("wk1", "wk2"):  # somebody has started it again, and its service is well
            if each != cloud.on:
                cloud.start(each)
                cloud.machines[each].isolated, cloud.machines[each].answer = False, Answer.HEALTHY
        if cloud.on:
            kill(world, site, cloud.on, chance.choice((Answer.TIMEOUT, Answer.REFUSED)))
        cloud.lose = chance.choice(({}, {}, {Do.DISASSOCIATE: "after"}, {Do.ASSOCIATE: "before"}))
        store.down = chance.random() < 0.2
        world.shared.poisoned = {chance.choice(sites)} if chance.random() < 0.2 else set()
        if chance.random() < 0.2:
            world.new_arbiter()
        world.run(chance.uniform(0.1, 8.0))
        assert {each: claim.broken for each, claim in claims.items() if claim.broken} == {}, f"seed {seed}, step {step}"
    assert sum(world.record(site).epoch for site in sites) > 10, "the history has moves in it"


class _OneSite:
    """What claims ask of a world, for one site of a fleet."""

    def __init__(self, world: FleetWorld, site: str) -> None:
        self.settings = world.clouds[site].settings
        self.cloud, self.store, self.reporter = world.clouds[site], world.stores[site], world.site_reporters[site]


# 2.9: the hand-over


def in_motion_for_long(*others: str) -> FleetWorld:
    """Site a cannot get its address onto anybody for minutes."""
    world = FleetWorld("a", *others, move_deadline_s=300.0).settled()
    world.clouds["a"].refuse[Do.ASSOCIATE] = "RequestLimitExceeded"
    kill(world, "a")
    world.run(5)
    assert world.fleet.in_motion
    return world


def test_a_hand_over_waits_for_a_move_and_begins_nothing_new_once_there_is_none() -> None:
    """2.9, 2.3."""
    world = in_motion_for_long("b")
    world.shard.wish_lease("next")
    world.run(5)
    assert not world.fleet.may_let_go
    world.clouds["a"].refuse.clear()
    world.run(20)
    assert world.fleet.may_let_go
    world.shared.looks.clear()
    world.run(3)
    assert world.shared.looks == []


def test_a_hand_over_waits_no_longer_than_thirty_seconds_and_the_move_goes_on_from_its_record() -> None:
    """2.9."""
    world = in_motion_for_long("b")
    world.shard.wish_lease("next")
    world.run(HAND_OVER_AFTER_S + 3)
    assert world.fleet.in_motion
    assert world.fleet.may_let_go
    world.leadership.release()
    world.new_arbiter()
    world.clouds["a"].refuse.clear()
    until_on(world, "a", "wk2")


def test_a_leader_of_a_fleet_hands_over_and_lets_go_at_the_end_of_its_life() -> None:
    """2.3 with many sites."""
    world = FleetWorld("a", "b").settled()
    world.leadership.release()
    reason = lead(world.fleet, world.leadership, world.clock, world.reporter, life_s=30.0)
    assert reason == "its life is over"
    assert world.shard.lease is not None
    assert world.shard.lease.owner == ""


def test_a_question_is_answered_when_the_list_was_read_anew_and_every_site_ticked() -> None:
    """2.10: a deployment that adds a site asks, and is answered by a leader that looks after it."""
    world = FleetWorld("a", "b").settled()
    world.add(settings_of("new"))
    world.shard.ask_leader("ask-1")
    world.run(LIST_EVERY_S / 10)
    began_s = world.clock.time_s
    while not world.fleet.may_answer("ask-1"):
        world.run(0.1)
    assert world.clock.time_s - began_s < 3.0
    assert world.record("new").phase in (Phase.STEADY, Phase.MOVING, Phase.VERIFYING)


def test_for_a_question_sites_at_rest_are_asked_at_once_and_not_in_their_own_phases() -> None:
    """2.10, 2.11: a round every five seconds is longer than a deployment should wait."""
    world = FleetWorld("a", "b", "c", probe_interval_s=5.0).settled(20.0)
    began_s = world.clock.time_s
    while not world.fleet.may_answer("ask-1"):
        world.run(0.1)
    assert world.clock.time_s - began_s <= IDLE_S
    assert {site for _, sites, _ in world.shared.looks for site in sites} == {"a", "b", "c"}


def test_a_question_is_not_kept_waiting_by_a_site_that_hangs() -> None:
    """2.8, 2.10."""
    world = FleetWorld("a", "b").settled()
    world.new_arbiter(Pools(eyes=INLINE, ticks=Holding(lambda *_: True), calls=INLINE))
    world.run(1)
    assert not world.fleet.may_answer("ask-1")
    world.run(4)
    assert not world.fleet.may_answer("ask-1")
    world.run(2)
    assert world.fleet.may_answer("ask-1")


def test_once_for_a_site_of_a_fleet_reads_its_record_after_the_leader_answered() -> None:
    """2.10: asked for one site, by an arbiter that does not lead."""
    world = FleetWorld("a", "b").settled()
    asking = World()
    asking.settings = world.clouds["b"].settings
    asking.store, asking.clock, asking.cloud = world.stores["b"], world.clock, world.clouds["b"]
    asking.store.lease = world.shard.lease
    asking.new_arbiter()
    leadership = Leadership("once", asking.settings, world.shard, world.clock, INLINE)
    sleep = world.clock.sleep

    def leader_goes_on(seconds: float) -> None:
        lease = world.leadership.keep()
        assert lease is not None
        if lease.asked and lease.asked != lease.answered and world.fleet.may_answer(lease.asked):
            world.leadership.keep(answered=lease.asked)
        world.fleet.tick(lease)
        sleep(seconds)

    world.clock.sleep = leader_goes_on  # type: ignore[method-assign]
    outcome = once(asking.cycle, leadership, world.clock, wait_s=60.0)
    assert (outcome.settled, outcome.holder, outcome.arbiter) == (True, "wk1", "arbiter-1")


# 2.10: the list


def test_a_site_that_is_added_joins_within_a_minute() -> None:
    """2.10."""
    world = FleetWorld("a").settled()
    world.add(settings_of("b"))
    world.run(LIST_EVERY_S + 5)
    assert world.record("b").phase is Phase.STEADY


def test_a_site_that_was_removed_is_let_go_and_never_in_a_move() -> None:
    """2.10."""
    world = in_motion_for_long("b")
    del world.sites.entries["a"], world.sites.entries["b"]
    world.run(LIST_EVERY_S + 5)
    assert [member.site for member in world.fleet.members] == ["a"]
    world.clouds["a"].refuse.clear()
    until_on(world, "a", "wk2")
    world.run(20)
    assert world.fleet.members == ()
    before = len(world.shared.looks)
    world.run(20)
    assert len(world.shared.looks) == before


def test_changed_settings_take_effect_within_a_minute_and_never_in_a_move() -> None:
    """2.10."""
    world = in_motion_for_long("b")
    for site in "ab":
        world.sites.put(replace(world.clouds[site].settings, enabled=False))
    world.run(LIST_EVERY_S + 5)
    assert (world.record("a").phase, world.record("b").phase) == (Phase.MOVING, Phase.DISABLED)
    world.clouds["a"].refuse.clear()
    until_on(world, "a", "wk2")
    world.run(30)
    assert world.record("a").phase is Phase.DISABLED


def test_settings_that_become_unreadable_leave_those_that_it_had() -> None:
    """2.10."""
    world = FleetWorld("a", "b").settled()
    world.sites.spoil("b")
    world.run(LIST_EVERY_S + 5)
    assert world.said("poisoned") == [
        {
            "site": "b",
            "fault": "its settings cannot be used: TANDEM_SITE is missing; it goes on with the settings it had",
            "failed": True,
        }
    ]
    kill(world, "b")
    until_on(world, "b", "wk2")


def test_changed_settings_that_cannot_be_used_leave_the_site_as_it_was() -> None:
    """2.10."""
    world = FleetWorld("a", "b").settled()
    world.sites.put(replace(world.clouds["b"].settings, hold_s=1.0))
    world.broken.add("b")
    world.run(LIST_EVERY_S + 5)
    assert len(world.said("poisoned")) == 1
    kill(world, "b")
    until_on(world, "b", "wk2")


def test_a_list_that_cannot_be_read_takes_nobody_for_gone_and_is_told() -> None:
    """2.10."""
    world = FleetWorld("a", "b").settled()
    world.sites.down = True
    world.sites.entries.clear()
    world.run(3 * LIST_EVERY_S)
    assert [member.site for member in world.fleet.members] == ["a", "b"]
    assert world.said("list")[0]["fault"] == "StoreUnavailableError: the table does not answer"
    assert world.reporter.written[-1].failed_ticks > 0


def test_a_fleet_that_begins_without_a_list_asks_for_it_again_within_seconds() -> None:
    """2.10."""
    world = FleetWorld("a")
    world.sites.down = True
    world.run(10)
    assert world.fleet.members == ()
    world.sites.down = False
    world.run(20)
    assert world.record("a").phase is Phase.STEADY


# 2.11: one observation


def test_a_thousand_sites_are_not_asked_in_one_instant() -> None:
    """2.11: by their names, evenly over the interval."""
    phases = Counter(int(phase_of(f"site-{number}") * 10) for number in range(1000))
    assert sorted(phases) == list(range(10))
    assert max(phases.values()) < 140


def test_a_site_at_rest_is_due_once_an_interval_in_its_own_phase() -> None:
    """2.11."""
    settings = settings_of("a")
    due = [1000.0]
    for _ in range(20):
        due.append(next_due_s(settings, 1.0, due[-1], due[-1] + 0.05))
    gaps = [round(after - before, 6) for before, after in pairwise(due[1:])]
    assert set(gaps) == {1.0}
    assert due[-1] % 1.0 == pytest.approx(phase_of("a"), abs=0.051)
    assert 0.5 <= due[1] - due[0] <= 1.5


def test_sites_of_one_instant_share_the_calls_and_all_share_the_reads() -> None:
    """2.11: at most ten instants a second, and a read of address and machines each five seconds for all."""
    names = [f"s{number}" for number in range(60)]
    world = FleetWorld(*names).settled(15)
    world.run(20)
    by_a = [sites for vantage, sites, _ in world.shared.looks if vantage == "prober-a"]
    assert len(by_a) <= 10 * 20 + 10
    assert all(20 <= sum(name in sites for sites in by_a) <= 22 for name in names)
    reads = [count for name, count in world.shared.reads if name == "address"]
    assert sum(reads) <= 6 * len(names)
    assert len(reads) <= 6


@pytest.mark.sweep
def test_a_call_asks_no_more_questions_than_a_prober_has_sockets_and_a_read_names_no_more_than_it_may() -> None:
    """2.11: four hundred questions, two hundred workers."""
    names = [name for number in range(8000) if phase_of(name := f"s{number}") < 0.05][:250]
    world = FleetWorld(*names, ready_path="/ready").settled(15)
    world.run(6)
    assert max(len(sites) for _, sites, _ in world.shared.looks) == 100
    assert max(count for name, count in world.shared.reads if name != "announcements") == 100


def test_a_worker_that_hangs_is_asked_apart_from_those_that_answer_from_its_next_round_on() -> None:
    """2.11: a standby that never answers in time keeps the rounds of others waiting once."""
    names = [name for number in range(4000) if phase_of(name := f"s{number}") < 0.05][:20]
    world = FleetWorld(*names).settled()
    slow = names[7]
    kill(world, slow, "wk2", Answer.SILENT)
    world.run(30)
    with_it = [sites for vantage, sites, _ in world.shared.looks if vantage == "prober-a" and slow in sites]
    assert len(with_it) >= 29
    assert [len(sites) for sites in with_it].count(20) == 1
    assert set(with_it[1:]) == {(slow,)}
    kill(world, slow, "wk2", Answer.HEALTHY)
    world.shared.looks.clear()
    world.run(5)
    assert len(world.shared.looks[-1][1]) == 20


def test_sites_in_doubt_share_reads_that_are_as_new_as_each_needs() -> None:
    """2.11, 5.5: thirty sites fail at once; each moves and settles, on reads that began after its own last call."""
    names = [f"s{number}" for number in range(30)]
    world = FleetWorld(*names).settled()
    for name in names:
        kill(world, name)
    world.run(15)
    assert {name: world.clouds[name].on for name in names} == dict.fromkeys(names, "wk2")
    assert {world.record(name).phase for name in names} == {Phase.STEADY}
    assert {world.record(name).epoch for name in names} == {2}
    reads = [count for name, count in world.shared.reads if name == "address"]
    assert sum(reads) / len(reads) > 5, "one read for many"


@pytest.mark.sweep
def test_no_more_sites_are_read_in_a_second_than_there_is_time_for_and_each_has_its_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """2.11: where more are in doubt than can be read each round, those that were not read for longest come first."""
    monkeypatch.setattr(observation, "SITES_READ_AT_ONCE", 20.0)
    monkeypatch.setattr(observation, "SITES_READ_A_SECOND", 25.0)
    names = [f"s{number}" for number in range(40)]
    world = FleetWorld(*names).settled(30)
    began_s = world.clock.time_s
    for name in names:
        kill(world, name)
    world.run(60)
    read = sum(count for name, count in world.shared.reads if name == "address")
    assert read <= 20 + 25 * (world.clock.time_s - began_s) + 1
    assert {world.clouds[name].on for name in names} == {"wk2"}
    assert {world.record(name).phase for name in names} == {Phase.STEADY}


@pytest.mark.sweep
def test_a_fleet_at_rest_is_read_a_part_at_a_time() -> None:
    """2.11: a page is work; were all read in one moment, every round would wait that long for the processor."""
    sites = 400  # two hundred, two pages, may be read in one moment
    world = FleetWorld(*(f"s{number}" for number in range(sites))).settled()
    read: list[int] = []
    for _ in range(120):
        world.shared.reads.clear()
        world.run(0.1)
        read.append(sum(count for name, count in world.shared.reads if name == "address"))
    assert sum(read) >= 2 * sites, "each in every five seconds"
    assert max(read) <= 200


# 2.12: shards


def test_a_shard_is_given_by_the_name_alone_and_for_ever() -> None:
    """2.12: these values never change; a site that changed its shard would be looked after by two arbiters."""
    names = ("lis", "pacs", "ris", "interface-engine-1", "interface-engine-2", "")
    assert [shard_of(name, 1) for name in names] == [0] * 6
    assert [shard_of(name, 8) for name in names] == SHARDS_OF_EIGHT


SHARDS_OF_EIGHT = [3, 3, 2, 2, 7, 4]


def test_shards_are_even() -> None:
    """2.12: ten thousand names over eight shards, each within a tenth of its share."""
    sizes = Counter(shard_of(f"site-{number}", 8) for number in range(10_000))
    assert sorted(sizes) == list(range(8))
    assert all(1125 <= size <= 1375 for size in sizes.values())


def test_a_listed_site_is_led_by_the_lease_of_its_fleet_and_kept_in_its_table() -> None:
    """2.12, 2.10: whatever its own settings name."""
    settings = make_settings(record_table="another", shard="9")
    entry = listed("lis", document_of(settings), FLEET)
    assert entry.settings == replace(settings, record_table="record", shard="3")


def test_what_a_fleet_is_told_travels_in_one_variable() -> None:
    """2.12."""
    fleet = replace(FLEET, arbiter_standby=True)
    assert FleetSettings.from_environment(fleet.to_environment()) == fleet
    assert fleet.site == "shard-3"


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"record_table":"t","shard":"4","shards":4}', '{"record_table":"t","shard":"-1","shards":4}']
)
def test_a_fleet_that_names_no_shard_of_its_own_is_refused(text: str) -> None:
    """2.12."""
    with pytest.raises((TypeError, ValueError)):
        FleetSettings.from_environment({"TANDEM_FLEET": text})


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (None, "there are no settings"),
        ("{", "Expecting property name"),
        ("[]", "no JSON object"),
        ('{"TANDEM_SITE": 7}', "TANDEM_SITE: not a text"),
        ("{}", "TANDEM_SITE is missing"),
        (document_of(make_settings(site="other")), "the settings under site#lis are those of site other"),
    ],
)
def test_a_site_that_cannot_be_read_says_why(document: str | None, fault: str) -> None:
    """2.10."""
    entry = listed("lis", document, FLEET)
    assert entry.settings is None
    assert fault in entry.fault


# Requests


def request_for(world: FleetWorld, site: str, **about: Any) -> Request:
    request = Request(
        id=f"r-{site}", site=site, verb=Verb.SWITCHOVER, who="mia", why="test", asked_s=world.clock.now_s(), **about
    )
    world.shard.put_request(request)
    return request


def test_a_request_reaches_its_own_site_at_once_and_no_other() -> None:
    """2.8, 9.2: a fleet has one inbox."""
    world = FleetWorld("a", "b").settled()
    request_for(world, "b", patience_s=60.0, worker="wk2")
    assert until_on(world, "b", "wk2") < 2 * make_settings().lease_renew_s + 1.0
    world.run(10)
    assert [reply.done for reply in world.record("b").replies] == [True]
    assert (world.record("a").replies, world.clouds["a"].did()) == ((), [])
    assert world.shard.lease is not None
    assert world.shard.lease.inbox == ()


def test_a_request_for_a_site_that_no_list_names_is_dropped_and_told() -> None:
    """2.10: but not before a new site could have been listed."""
    world = FleetWorld("a").settled()
    request_for(world, "nobody", patience_s=60.0, worker="wk2")
    world.run(STRANGER_S - 5)
    assert world.shard.lease is not None
    assert len(world.shard.lease.inbox) == 1
    world.run(10)
    assert world.shard.lease.inbox == ()
    assert [fields["site"] for fields in world.said("dropped")] == ["nobody"]


def test_sites_rehearse_in_turns_and_each_gets_one() -> None:
    """7.6 with many sites: they share the rates of one account with the calls of real moves."""
    names = [f"s{number}" for number in range(8)]
    world = FleetWorld(*names).settled()
    at: dict[str, float] = {}
    for name in names:
        cloud = world.clouds[name]

        def noting(commands: Sequence[Command], name: str = name, cloud: FakeCloud = cloud) -> tuple[Answered, ...]:
            at[name] = world.clock.time_s
            return FakeCloud.rehearse(cloud, commands)

        cloud.rehearse = noting  # type: ignore[method-assign]
    world.clock.sleep(AFTER_S + 1)
    world.new_arbiter()
    world.run(60)
    assert sorted(at) == names
    times = sorted(at.values())
    assert min(after - before for before, after in pairwise(times)) >= 0.9
    assert times[-1] - times[0] >= REHEARSAL_EVERY_S * (len(names) - 2)
    assert all(world.record(name).rehearsed_s is not None for name in names)


# What is reported


def test_a_site_at_rest_writes_a_line_a_minute_and_the_fleet_its_figures() -> None:
    """7.3 with many sites: not a line a second and six metrics for each."""
    world = FleetWorld("a", "b").settled()
    world.site_reporters["a"].events.clear()
    world.reporter.written.clear()
    world.run(120)
    assert sum(name == "tick" for name, _ in world.site_reporters["a"].events) == 2
    assert world.site_reporters["a"].written == []
    assert [(each.heartbeat, each.failed_ticks, each.standbys_not_ready) for each in world.reporter.written] == [
        (True, 0, 0),
        (True, 0, 0),
    ]
    pace = world.said("pace")[-1]
    assert (pace["sites"], pace["late"], pace["died"]) == (2, 0, 0)
    assert 118 <= cast("int", pace["ticks"]) <= 122


def test_a_site_without_a_complete_round_stops_the_heartbeat_of_all() -> None:
    """7.3 with many sites: it is the watchdog's, and one that is blind for a site is not whole."""
    world = FleetWorld("a", "b").settled()
    world.stores["b"].record = None
    world.stores["b"].down = True
    world.new_arbiter()
    world.run(130)
    assert [each.heartbeat for each in world.reporter.written] == [False] * len(world.reporter.written)
    assert len(world.reporter.written) == 2


def test_a_notice_leaves_by_its_own_sites_reporter() -> None:
    """7.1 with many sites."""
    world = FleetWorld("a", "b").settled()
    kill(world, "b")
    until_on(world, "b", "wk2")
    world.run(10)
    assert [notice.what for notice in world.site_reporters["b"].told][-1] == "failover"
    assert "failover" not in [notice.what for notice in world.site_reporters["a"].told]


def test_a_fleet_that_is_closed_reports_the_last_part_of_a_minute() -> None:
    world = FleetWorld("a").settled()
    world.reporter.written.clear()
    world.fleet.close()
    assert len(world.reporter.written) == 1


def test_a_machine_that_is_off_is_seen_by_the_shared_read() -> None:
    """3.7 over shared reads: two reads, and not one that is shown twice."""
    world = FleetWorld("a", "b", refusals_to_dead=50, timeouts_to_dead=50).settled()
    world.clouds["a"].machines["wk1"].power = Power.STOPPED
    until_on(world, "a", "wk2")
    reads = [count for name, count in world.shared.reads if name == "instances"]
    assert len(reads) >= 2


def test_settings_of_the_list_are_those_of_the_environment() -> None:
    """2.10: one form, one reader."""
    settings: Settings = settings_of("a")
    assert Settings.from_environment(settings.to_environment()) == settings
