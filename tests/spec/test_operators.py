"""RULE.md section 9: what operators ask for, over the real cycle and the in-memory ports."""

from dataclasses import replace
from typing import Any

import pytest

from failover_lambda.leadership import lead
from failover_lambda.model import Answer, Do, Kind, Phase, Verb
from failover_lambda.operators import PAUSE_S_MAX, REASONS_KEPT, REPLIES_KEPT
from tests.worlds import World


def settled(**about: Any) -> World:
    """A settled site, its first notice read."""
    world = World(**about).settled()
    world.reporter.told.clear()
    return world


def answered(world: World, request: str) -> tuple[bool, str]:
    reply = world.reply(request)
    assert reply is not None, world.record.requests
    return reply.done, reply.why


# Moves


def test_a_switchover_moves_the_address_and_fences_nobody() -> None:
    """9.7, 9.8: the worker that let go lives on and is a standby at once."""
    world = settled()
    request = world.ask(Verb.SWITCHOVER)
    world.tick(8)
    assert world.cloud.did() == ["disassociate wk1", "associate wk2"]
    assert (world.record.holder, world.record.epoch, world.record.phase) == ("wk2", 2, Phase.STEADY)
    assert (world.record.fences, world.record.moves) == ((), ())
    done, why = answered(world, request)
    assert done
    assert why.startswith("wk2 holds in epoch 2")
    assert world.told == ["switchover"]


def test_a_switchover_leads_to_the_worker_that_was_named() -> None:
    """9.7."""
    world = settled(workers=3)
    world.ask(Verb.SWITCHOVER, worker="wk3")
    world.tick(8)
    assert (world.record.holder, world.cloud.on) == ("wk3", "wk3")


def test_what_was_asked_for_by_people_neither_uses_nor_obeys_hold_and_budget() -> None:
    """9.8, hole 24: three planned moves within the hold, and a failover after them is still free."""
    world = settled(moves_per_hour_max=1)
    for holder in ("wk2", "wk1", "wk2"):
        world.ask(Verb.SWITCHOVER)
        world.tick(12)
        assert world.record.holder == holder
    world.kill("wk2")
    world.until(Phase.VERIFYING)
    assert world.record.holder == "wk1"


def test_a_switchover_to_a_standby_that_does_not_answer_is_refused_with_the_reason_when_its_patience_is_over() -> None:
    """9.4, 9.7."""
    world = settled()
    world.kill("wk2", Answer.TIMEOUT)
    request = world.ask(Verb.SWITCHOVER, worker="wk2", patience_s=20.0)
    world.tick(15)
    assert world.reply(request) is None
    world.tick(10)
    assert answered(world, request) == (False, "not begun within 20 s: wk2 gave no healthy answer in this round")
    assert world.cloud.did() == []


def test_a_switchover_that_waits_begins_when_its_standby_answers() -> None:
    """9.4."""
    world = settled()
    world.kill("wk2", Answer.TIMEOUT)
    request = world.ask(Verb.SWITCHOVER, patience_s=60.0)
    world.tick(5)
    world.heal("wk2")
    world.tick(12)
    assert answered(world, request)[0]
    assert world.record.holder == "wk2"


def test_a_switchover_waits_while_an_association_of_ours_may_still_land() -> None:
    """9.9, hole 2: an Associate that was never answered is waited for fifteen minutes."""
    world = settled()
    world.cloud.lose[Do.ASSOCIATE] = "before"
    world.ask(Verb.SWITCHOVER)
    world.tick(4)
    world.cloud.lose.clear()
    world.until(Phase.STEADY)
    assert world.record.loose_s is not None
    request = world.ask(Verb.SWITCHOVER, patience_s=3600.0)
    world.tick(800)
    assert world.record.holder == "wk2"
    assert world.reply(request) is None
    world.tick(120)
    assert (world.record.holder, answered(world, request)[0]) == ("wk1", True)


def test_an_operators_failover_needs_no_verdict_and_fences_the_holder() -> None:
    """9.10."""
    world = settled()
    request = world.ask(Verb.FAILOVER)
    world.tick(8)
    assert world.cloud.did()[:4] == ["disassociate wk1", "isolate wk1", "stop wk1", "associate wk2"]
    assert (world.record.holder, world.record.moves, answered(world, request)[0]) == ("wk2", (), True)


def test_an_operators_failover_is_carried_out_in_manual_and_the_site_stays_there() -> None:
    """9.10."""
    world = settled(moves_per_hour_max=0)
    world.kill("wk1")
    world.until(Phase.MANUAL)
    request = world.ask(Verb.FAILOVER)
    world.tick(10)
    assert (world.record.holder, world.record.phase, answered(world, request)[0]) == ("wk2", Phase.MANUAL, True)


def test_a_worker_with_an_unproven_fence_is_taken_only_where_that_was_said() -> None:
    """9.10."""
    world = settled(workers=3)
    world.cloud.refuse[Do.STOP] = world.cloud.refuse[Do.ISOLATE] = "RequestLimitExceeded"
    world.ask(Verb.FAILOVER)
    world.tick(10)
    assert world.record.fence("wk1") is not None
    refused = world.ask(Verb.FAILOVER, worker="wk1", patience_s=5.0)
    world.tick(12)
    assert answered(world, refused) == (
        False,
        "not begun within 5 s: wk1 is fenced and was not seen stopped and started again",
    )
    world.ask(Verb.FAILOVER, worker="wk1", unproven=True)
    world.tick(10)
    assert world.record.holder == "wk1"


def test_failback_leads_home() -> None:
    """9.7."""
    world = settled(workers=3)
    world.ask(Verb.SWITCHOVER, worker="wk3")
    world.tick(10)
    request = world.ask(Verb.FAILBACK)
    world.tick(10)
    assert (world.record.holder, answered(world, request)[0], world.told) == ("wk1", True, ["switchover", "failback"])


def test_a_move_whose_target_does_not_take_the_address_is_answered_with_where_it_ended() -> None:
    """9.3: known to the end, not half."""
    world = settled(workers=3)
    world.cloud.refuse_target.add("wk2")
    request = world.ask(Verb.SWITCHOVER, worker="wk2")
    world.tick(40)
    done, why = answered(world, request)
    assert not done
    assert why.startswith(f"{world.record.holder} holds in epoch {world.record.epoch}")
    assert world.cloud.on == world.record.holder != "wk2"


# Never twice, never half


def test_the_same_entry_is_carried_out_once_however_often_it_is_seen() -> None:
    """9.3: the inbox could not be emptied."""
    world = settled()
    world.store.drop_requests = set  # type: ignore[method-assign, assignment]
    world.ask(Verb.SWITCHOVER)
    world.tick(60)
    assert (world.record.holder, world.record.epoch) == ("wk2", 2)


def test_what_the_record_knows_leaves_the_inbox() -> None:
    """9.2."""
    world = settled()
    world.ask(Verb.PAUSE, duration_s=300.0)
    world.tick(5)
    assert world.store.lease is not None
    assert world.store.lease.inbox == ()
    assert world.record.phase is Phase.PAUSED


def test_an_entry_of_another_site_is_refused_and_leaves_the_inbox() -> None:
    """9.3: a mistyped site gets an answer too, and does not lie there for ever."""
    world = settled()
    world.ask(Verb.SWITCHOVER)
    assert world.store.lease is not None
    (entry,) = world.store.lease.inbox
    world.store.lease = replace(world.store.lease, inbox=(replace(entry, site="ris"),))
    world.tick(10)
    assert answered(world, entry.id) == (False, "this watchdog serves site lis, not ris")
    assert world.record.holder == "wk1"
    assert world.store.lease.inbox == ()


def test_a_request_wakes_a_leader_that_sleeps_and_begins_in_the_round_that_it_wakes_for() -> None:
    """9.2: neither the cadence of rounds nor that of reads is waited for."""
    world = settled(probe_interval_s=5.0, lease_renew_s=1.0)
    world.tick()  # the address was just read
    asked_at = world.clock.time_s
    world.ask(Verb.SWITCHOVER)
    sleep = world.clock.sleep
    moved_at: list[float] = []

    def watched(seconds: float) -> None:
        sleep(seconds)
        if world.cloud.on == "wk2" and not moved_at:
            moved_at.append(world.clock.time_s)

    world.clock.sleep = watched  # type: ignore[method-assign]
    world.leadership.release()
    lead(world.cycle, world.leadership, world.clock, world.reporter, life_s=12.0)
    assert moved_at[0] - asked_at <= 2.0


@pytest.mark.parametrize("effects", range(1, 7))
def test_a_leader_that_dies_in_the_middle_leaves_a_request_that_is_carried_out_once(effects: int) -> None:
    """9.3: after every write and every call."""
    world = settled()
    left = [effects]
    save, run = world.store.save, world.cloud.run

    class DiedError(BaseException):
        pass

    def dying(effect: object) -> object:
        def wrapped(*args: object) -> object:
            result = effect(*args)  # type: ignore[operator]
            left[0] -= 1
            if left[0] == 0:
                raise DiedError
            return result

        return wrapped

    world.store.save, world.cloud.run = dying(save), dying(run)  # type: ignore[method-assign, assignment]
    request = world.ask(Verb.SWITCHOVER)
    try:
        world.tick(12)
    except DiedError:
        world.store.save, world.cloud.run = save, run  # type: ignore[method-assign]
        world.new_arbiter()
        world.tick(12)
    assert (world.record.holder, world.cloud.on, world.record.epoch) == ("wk2", "wk2", 2)
    assert answered(world, request)[0]


def test_replies_are_bounded_and_their_ids_are_remembered_longest() -> None:
    """9.3."""
    world = settled()
    asked = [world.ask(Verb.ACKNOWLEDGE) for _ in range(REPLIES_KEPT)]
    world.tick(5)
    asked += [world.ask(Verb.ACKNOWLEDGE) for _ in range(5)]
    world.tick(5)
    replies = world.record.replies
    assert {each.id for each in replies[-5:]} == set(asked[-5:])
    assert len(replies) == REPLIES_KEPT
    assert [bool(each.why) for each in replies] == [False] * (REPLIES_KEPT - REASONS_KEPT) + [True] * REASONS_KEPT


def test_more_entries_than_the_record_can_remember_are_each_carried_out_once() -> None:
    """9.3: what lies in the inbox is never forgotten; what is too much waits there."""
    world = settled()
    for number in range(3 * REPLIES_KEPT):
        world.ask(Verb.ORDER, order=("wk1", "wk2") if number % 2 else ("wk2", "wk1"))
        world.ask(Verb.MAINTENANCE, worker="wk2", duration_s=600.0)
    world.tick(60)
    assert world.store.lease is not None
    assert world.store.lease.inbox == ()
    assert world.record.notices == 1 + 6 * REPLIES_KEPT


# Where connections stay on the old holder


STAYS = "connections that stand would go on to the old holder, beside the new one: ask for failover, which fences it"


@pytest.mark.parametrize("verb", [Verb.SWITCHOVER, Verb.FAILBACK])
def test_where_connections_stay_on_the_old_holder_nothing_is_moved_that_does_not_fence_it(verb: Verb) -> None:
    """9.15."""
    world = World(connections_stay=True).settled()
    world.ask(Verb.FAILOVER, worker="wk2")
    world.tick(10)
    assert (world.record.holder, [fence.worker for fence in world.record.fences]) == ("wk2", ["wk1"])
    name = world.ask(verb, worker="wk1")
    world.tick(3)
    assert answered(world, name) == (False, STAYS)
    assert world.record.holder == "wk2"


def test_a_switchover_that_waited_when_the_settings_changed_is_not_begun() -> None:
    """9.15: it was taken in while connections ended with a move."""
    world = World().settled()
    world.kill("wk2")
    name = world.ask(Verb.SWITCHOVER, worker="wk2", patience_s=30.0)
    world.tick(3)
    world.settings = replace(world.settings, connections_stay=True)
    world.new_arbiter()
    world.heal("wk2")
    world.tick(40)
    assert (world.record.holder, world.cloud.did()) == ("wk1", [])
    assert answered(world, name) == (False, f"not begun within 30 s: {STAYS}")


# Refused at once, each with its sentence


@pytest.mark.parametrize(
    ("verb", "about", "sentence"),
    [
        (Verb.SWITCHOVER, {"worker": "wk1"}, "wk1 holds already"),
        (Verb.SWITCHOVER, {"worker": "wk9"}, "wk9 is no worker of this site; its workers are wk1, wk2"),
        (
            Verb.SWITCHOVER,
            {"drain_s": 30.0},
            "drain needs the worker's agent, which is not in this version; without it open connections end with the move",
        ),
        (Verb.FAILBACK, {}, "wk1 holds already"),
        (Verb.FAILBACK, {"worker": "wk2"}, "failback leads to wk1, the first in order; switchover leads to wk2"),
        (Verb.PAUSE, {"duration_s": 0.0}, "a pause lasts more than 0 and at most 86400 s, not 0"),
        (Verb.PAUSE, {"duration_s": 86401.0}, "a pause lasts more than 0 and at most 86400 s, not 86401"),
        (Verb.RESUME, {}, "nothing is to be resumed: the site is in phase steady"),
        (Verb.RESUME, {"worker": "wk2"}, "wk2 is not in maintenance"),
        (Verb.MAINTENANCE, {"duration_s": 60.0}, "maintenance is of one worker, and none was named"),
        (
            Verb.MAINTENANCE,
            {"worker": "wk1", "duration_s": 14401.0},
            "maintenance lasts more than 0 and at most 14400 s, not 14401",
        ),
        (Verb.CONFIRM_FENCE, {"worker": "wk2"}, "no fence stands against wk2; one stands against nobody"),
        (Verb.ORDER, {"order": ("wk2",)}, "an order names each of wk1, wk2 once, not wk2"),
        (Verb.ORDER, {"order": ("wk2", "wk2")}, "an order names each of wk1, wk2 once, not wk2, wk2"),
        (Verb.ACKNOWLEDGE, {}, "nothing waits for a person: the site is in phase steady"),
        (Verb.SWITCHOVER, {"patience_s": 0.0}, "patience is 0 s; more than 0, at most 3600"),
        (Verb.SWITCHOVER, {"patience_s": 3601.0}, "patience is 3601 s; more than 0, at most 3600"),
        (None, {"fault": "verb 'reboot' is none of switchover"}, "verb 'reboot' is none of switchover"),
        (None, {}, "what is asked for cannot be read"),
    ],
)
def test_what_can_never_be_is_refused_at_once(verb: Verb, about: dict[str, object], sentence: str) -> None:
    """9.4."""
    world = settled()
    request = world.ask(verb, **about)  # type: ignore[arg-type]
    world.tick(3)
    assert answered(world, request) == (False, sentence)
    assert (world.record.epoch, world.record.phase, world.cloud.did()) == (1, Phase.STEADY, [])


def test_an_entry_that_lay_in_the_inbox_longer_than_its_patience_is_refused() -> None:
    """9.4: a switchover of last night is not carried out in the morning."""
    world = settled()
    request = world.ask(Verb.SWITCHOVER, patience_s=60.0)
    world.clock.sleep(121.0)
    world.new_arbiter()
    world.tick(3)
    done, why = answered(world, request)
    assert not done
    assert why.endswith("patience 60 s")
    assert world.record.holder == "wk1"


def test_at_most_eight_requests_wait() -> None:
    """9.4."""
    world = settled()
    world.kill("wk2", Answer.TIMEOUT)
    asked = [world.ask(Verb.SWITCHOVER) for _ in range(9)]
    world.tick(4)
    assert [bool(world.reply(each)) for each in asked] == [False] * 8 + [True]
    assert answered(world, asked[-1]) == (False, "8 requests wait already")


def test_everything_is_refused_while_the_watchdog_is_switched_off() -> None:
    """9.4, 4.5."""
    world = settled()
    world.settings = replace(world.settings, enabled=False)
    world.new_arbiter()
    request = world.ask(Verb.SWITCHOVER)
    world.tick(4)
    assert answered(world, request) == (False, "the watchdog is switched off: enabled is false")


# Pause and resume


def test_nothing_moves_in_a_pause_and_people_are_told_that_the_holder_is_dead() -> None:
    """9.5, 9.6."""
    world = settled()
    world.ask(Verb.PAUSE, duration_s=600.0)
    world.tick(4)
    world.kill("wk1")
    world.tick(60)
    assert (world.record.phase, world.cloud.did()) == (Phase.PAUSED, [])
    assert world.told == ["paused", "holder-dead-in-pause"]


def test_a_pause_ends_by_itself_after_a_warning_and_the_dead_holder_is_replaced() -> None:
    """9.5, 9.6."""
    world = settled()
    world.ask(Verb.PAUSE, duration_s=100.0)
    world.tick(4)
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    assert world.told[:4] == ["paused", "holder-dead-in-pause", "pause-ends", "resumed"]
    assert world.record.holder == "wk2"


def test_no_pause_is_longer_than_a_day() -> None:
    """9.5."""
    assert PAUSE_S_MAX == 24 * 3600


def test_what_people_moved_in_a_pause_is_adopted_at_its_end() -> None:
    """9.6, hole 17: and not undone during it."""
    world = settled()
    world.ask(Verb.PAUSE, duration_s=100.0)
    world.tick(4)
    world.cloud.put_address("wk2")
    world.tick(60)
    assert (world.cloud.on, world.record.holder) == ("wk2", "wk1")
    world.until(Phase.STEADY)
    assert (world.cloud.on, world.record.holder, world.record.epoch) == ("wk2", "wk2", 2)
    assert world.cloud.did() == []


def test_a_pause_that_changed_nothing_begins_no_epoch() -> None:
    """9.6."""
    world = settled()
    world.ask(Verb.PAUSE, duration_s=70.0)
    world.tick(4)
    world.until(Phase.STEADY)
    world.tick(20)
    assert (world.record.epoch, world.cloud.did(), world.told) == (1, [], ["paused", "pause-ends", "resumed"])


def test_resume_ends_a_pause_at_once() -> None:
    """9.6."""
    world = settled()
    world.ask(Verb.PAUSE, duration_s=6000.0)
    world.tick(4)
    request = world.ask(Verb.RESUME)
    world.tick(10)
    assert (world.record.phase, answered(world, request)) == (Phase.STEADY, (True, "resumed by mia: test"))


def test_a_pause_waits_for_the_end_of_a_move_in_motion() -> None:
    """9.6, hole 17."""
    world = settled()
    world.cloud.lose[Do.ASSOCIATE] = "before"
    world.kill("wk1")
    world.until(Phase.MOVING)
    request = world.ask(Verb.PAUSE, duration_s=600.0)
    world.tick(8)
    assert world.reply(request) is None
    world.cloud.lose.clear()
    world.until(Phase.PAUSED)
    assert (world.cloud.on, world.record.holder, answered(world, request)[0]) == ("wk2", "wk2", True)


def test_an_address_on_nobody_is_put_back_in_a_pause_only_after_the_move_deadline() -> None:
    """5.9, 9.6: whoever moves it by hand has time for the second call."""
    world = settled()
    world.ask(Verb.PAUSE, duration_s=6000.0)
    world.tick(4)
    world.cloud.association = None
    world.tick(25)
    assert world.cloud.on == ""
    world.tick(20)
    assert (world.cloud.on, world.record.phase) == ("wk1", Phase.PAUSED)


def test_no_call_of_a_fence_leaves_in_a_pause_and_after_it_it_is_asked_for_again() -> None:
    """9.6: "in it nothing is sent"; 6.4: what was not done is asked again."""
    world = settled()
    world.cloud.refuse[Do.STOP] = "RequestLimitExceeded"
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.ask(Verb.PAUSE, duration_s=300.0)
    world.until(Phase.PAUSED)
    before = world.cloud.did()
    world.tick(40)
    assert (world.record.phase, world.cloud.did()) == (Phase.PAUSED, before)
    world.ask(Verb.RESUME)
    world.until(Phase.STEADY)
    world.tick(8)
    assert world.cloud.did()[len(before) :][:1] == ["stop wk1"]


def test_a_planned_move_in_a_pause_ends_in_the_pause() -> None:
    """9.6."""
    world = settled()
    world.ask(Verb.PAUSE, duration_s=6000.0)
    world.tick(4)
    request = world.ask(Verb.SWITCHOVER)
    world.tick(12)
    assert (world.record.holder, world.record.phase, answered(world, request)[0]) == ("wk2", Phase.PAUSED, True)


def test_resume_in_manual_begins_again_with_a_fresh_budget() -> None:
    """9.6, 1.8."""
    world = settled(moves_per_hour_max=1, hold_s=0.0)
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    world.until(Phase.STEADY)
    world.cloud.start("wk1")
    world.tick(20)
    world.kill("wk2")
    world.until(Phase.MANUAL)
    world.heal("wk2")
    world.ask(Verb.RESUME)
    world.until(Phase.STEADY)
    assert (world.record.manual, world.record.moves, world.record.holder) == ("", (), "wk2")


# Maintenance, fences, order, acknowledgement


def test_the_silence_of_a_holder_in_maintenance_counts_for_nothing_until_its_time_is_over() -> None:
    """9.11, hole 13: an announced restart is no failover."""
    world = settled()
    world.ask(Verb.MAINTENANCE, worker="wk1", duration_s=120.0)
    world.tick(4)
    world.kill("wk1")
    world.tick(100)
    assert (world.record.phase, world.cloud.did()) == (Phase.STEADY, [])
    world.until(Phase.VERIFYING)
    assert world.record.holder == "wk2"
    assert world.told[:2] == ["maintenance", "maintenance-ended"]


def test_a_standby_in_maintenance_is_no_target() -> None:
    """9.11."""
    world = settled(workers=3)
    world.ask(Verb.MAINTENANCE, worker="wk2", duration_s=600.0)
    world.tick(4)
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    assert world.record.holder == "wk3"


def test_maintenance_ends_by_resume_of_that_worker() -> None:
    """9.11."""
    world = settled()
    world.ask(Verb.MAINTENANCE, worker="wk1", duration_s=600.0)
    world.tick(4)
    request = world.ask(Verb.RESUME, worker="wk1")
    world.tick(4)
    assert (answered(world, request)[0], world.record.maintenance) == (True, ())
    world.kill("wk1")
    world.until(Phase.VERIFYING)


def test_an_operators_word_proves_a_fence_and_a_later_boot_lets_the_worker_back() -> None:
    """9.12."""
    world = settled()
    world.cloud.lose[Do.STOP] = world.cloud.lose[Do.ISOLATE] = "before"
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    world.until(Phase.STEADY)
    request = world.ask(Verb.CONFIRM_FENCE, worker="wk1")
    world.tick(4)
    assert answered(world, request) == (True, "the fence is proven by the word of mia: test")
    world.stop("wk1")
    world.tick(2)
    world.cloud.start("wk1")
    world.tick(12)
    assert world.record.fences == ()


def test_the_order_that_an_operator_gave_decides_who_is_next_and_who_is_home() -> None:
    """9.13."""
    world = settled(workers=3)
    request = world.ask(Verb.ORDER, order=("wk2", "wk1", "wk3"))
    world.tick(4)
    assert answered(world, request)[0]
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    assert world.record.holder == "wk3"
    world.until(Phase.STEADY)
    world.ask(Verb.FAILBACK)
    world.tick(10)
    assert world.record.holder == "wk2"


def test_an_order_that_does_not_name_the_workers_there_are_any_more_is_forgotten() -> None:
    """9.13."""
    world = settled(workers=3)
    world.ask(Verb.ORDER, order=("wk1", "wk3", "wk2"))
    world.tick(4)
    world.settings = replace(world.settings, workers=world.settings.workers[:2])
    world.cloud.settings = world.settings
    world.new_arbiter()
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    assert world.record.holder == "wk2"


def test_an_acknowledged_site_calls_nobody_until_its_phase_changes() -> None:
    """9.14, 7.5."""
    world = settled(moves_per_hour_max=0)
    world.kill("wk1")
    world.until(Phase.MANUAL)
    world.tick(70)
    assert world.reporter.written[-1].needs_person
    request = world.ask(Verb.ACKNOWLEDGE)
    world.tick(70)
    assert answered(world, request) == (True, "acknowledged by mia")
    assert not world.reporter.written[-1].needs_person
    world.ask(Verb.RESUME)
    world.tick(3)
    assert world.record.acknowledged == ""


def test_requests_wait_out_a_record_that_does_not_exist_yet() -> None:
    """9.2: with the first record they are answered."""
    world = World()
    request = world.ask(Verb.PAUSE, duration_s=60.0)
    world.tick(6)
    assert answered(world, request)[0]


def test_a_planned_move_is_told_with_its_kind() -> None:
    """7.1, 9.8."""
    world = settled()
    world.ask(Verb.SWITCHOVER)
    world.tick(8)
    (notice,) = world.reporter.told
    assert (notice.what, notice.source, notice.target) == (Kind.SWITCHOVER.value, "wk1", "wk2")
    assert notice.why.startswith("mia asked for switchover r1: test; verified")
