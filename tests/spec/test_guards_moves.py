"""RULE.md section 5 and 7: who can be the target, what forbids a move, what an intent says, and what people read of it."""

from dataclasses import replace
from typing import Any

import pytest

from failover_lambda import rule
from failover_lambda.contract import Channel
from failover_lambda.model import (
    AddressView,
    Answer,
    Answered,
    Command,
    Debt,
    Decision,
    Do,
    Drift,
    Fence,
    InstanceView,
    Kind,
    Maintenance,
    Notice,
    Outcome,
    Pause,
    Phase,
    Power,
    ProbeReport,
    Record,
    Request,
    Sight,
    Told,
    Verb,
    Verdict,
    Window,
)
from failover_lambda.moves import TRANSITIONS, go, moves_left
from tests.fakes import make_settings
from tests.spec.desk import (
    NOW_S,
    SETTINGS,
    address_on,
    calls,
    decide,
    intent_of,
    machine,
    move_of,
    moving,
    record_of,
    round_of,
    streak_of,
    told,
    written,
)
from tests.spec.rounds import a_round, sight

FOUR = make_settings(workers=4)
DONE = Debt(asked_s=NOW_S - 300, answered=True)


def fenced(worker: str) -> Fence:
    """A fence whose worker still runs on the boot that was fenced."""
    return Fence(worker=worker, epoch=1, launched_s=1.0, raised_s=NOW_S - 300, isolate=DONE, stop=DONE, told=True)


def fail_over(holder: str, answers: str, *machines: InstanceView, **changes: Any) -> Decision:
    """One more round of four workers in which the holder is dead by the verdict."""
    record = record_of(holder, settings=FOUR, phase=Phase.SUSPECT, phase_since_s=NOW_S - 2, streak=streak_of(), **changes)
    seen = round_of(answers, address=address_on(holder, settings=FOUR), machines=machines)
    return decide(record, seen, settings=FOUR)


# The target


@pytest.mark.parametrize(
    ("holder", "answers", "target"),
    [
        ("wk1", "THHH", "wk2"),
        ("wk1", "TTHH", "wk3"),
        ("wk2", "HTHH", "wk3"),
        ("wk2", "HTTT", "wk1"),
        ("wk3", "HHTT", "wk1"),
        ("wk4", "HHHT", "wk1"),
        ("wk4", "TTHT", "wk3"),
    ],
)
def test_the_target_is_the_next_in_order_that_answers_and_the_order_is_a_ring(
    holder: str, answers: str, target: str
) -> None:
    """5.2."""
    assert written(fail_over(holder, answers)).holder == target


@pytest.mark.parametrize(
    ("of_wk2", "target"),
    [
        (machine("wk2"), "wk2"),
        (machine("wk2", Power.UNKNOWN), "wk2"),
        (machine("wk2", Power.STOPPED), "wk3"),
        (machine("wk2", Power.TERMINATED), "wk3"),
        (machine("wk2", isolated=True), "wk3"),
    ],
)
def test_a_standby_that_the_cloud_calls_stopped_or_isolated_is_passed_over_though_it_answers(
    of_wk2: InstanceView, target: str
) -> None:
    """5.2."""
    assert written(fail_over("wk1", "THHH", of_wk2)).holder == target


def test_one_vantage_that_gets_a_healthy_answer_is_enough_for_a_target() -> None:
    """5.2: it answered healthy in this very round."""
    record = record_of(phase=Phase.SUSPECT, streak=streak_of(), phase_since_s=NOW_S - 2)
    seen = replace(a_round(sight("a", "TT"), sight("b", "TS"), sight("c", "TH")), address=address_on("wk1"))
    assert written(decide(record, seen)).holder == "wk2"


@pytest.mark.parametrize(
    ("answers", "fences", "target"),
    [
        ("THHH", ("wk2",), "wk3"),
        ("THTT", ("wk2",), "wk2"),
        ("THHT", ("wk2", "wk3"), "wk2"),
        ("TTHT", ("wk2", "wk3"), "wk3"),
        ("THTH", ("wk2",), "wk4"),
    ],
)
def test_a_worker_with_an_unproven_fence_is_promoted_only_if_nobody_else_answers(
    answers: str, fences: tuple[str, ...], target: str
) -> None:
    """1.3, 6.7: whom a fence may not have stopped, may still serve."""
    assert written(fail_over("wk1", answers, fences=tuple(map(fenced, fences)))).holder == target


def test_a_fenced_worker_in_maintenance_is_promoted_by_nobody() -> None:
    """6.7, 9.11: its fence is not what stands against it then."""
    until_s = NOW_S + 60.0
    in_work = Maintenance(worker="wk2", until_s=until_s, who="mia", why="disk")
    decision = fail_over("wk1", "THTT", fences=(fenced("wk2"),), maintenance=(in_work,))
    assert (written(decision).holder, calls(decision)) == ("wk1", [])
    over = replace(in_work, until_s=NOW_S)
    assert written(fail_over("wk1", "THTT", fences=(fenced("wk2"),), maintenance=(over,))).holder == "wk2"


def test_no_fence_call_leaves_with_the_decision_that_promotes_its_worker() -> None:
    """6.7: its stop is due again in this very round; the one against the old holder goes."""
    due = replace(fenced("wk2"), isolate=Debt(asked_s=NOW_S - 60), stop=Debt(asked_s=NOW_S - 60))
    other = replace(due, worker="wk3")
    decision = fail_over("wk1", "THTT", machine("wk2"), machine("wk3"), fences=(due, other))
    assert calls(decision) == ["isolate wk3", "stop wk3", "disassociate wk1", "isolate wk1", "stop wk1"]


# What forbids a move


@pytest.mark.parametrize(
    ("ages_s", "left"),
    [
        ((), 3),
        ((10.0,), 2),
        ((3599.999,), 2),
        ((3600.0,), 3),
        ((10.0, 20.0, 30.0), 0),
        ((4000.0, 5000.0, 6000.0), 2),
        ((4000.0, 5000.0, 6000.0, 7000.0, 8000.0), 0),
        ((86399.999, 5000.0, 6000.0, 7000.0), 1),
        ((86400.0, 5000.0, 6000.0, 7000.0), 2),
        ((10.0,) * 9, 0),
    ],
)
def test_both_budgets_count_and_a_move_leaves_them_on_its_second(ages_s: tuple[float, ...], left: int) -> None:
    """5.12: three an hour and five a day here; never less than none."""
    record = record_of(moves=tuple(map(move_of, ages_s)))
    assert moves_left(record, SETTINGS, NOW_S) == left


@pytest.mark.parametrize(("attempt", "phase"), [(7, Phase.MOVING), (8, Phase.MANUAL)])
def test_an_incident_has_two_attempts_for_each_worker(attempt: int, phase: Phase) -> None:
    """5.12."""
    record = moving(Phase.VERIFYING, settings=FOUR, association_id="assoc-3", intent=intent_of(attempt=attempt))
    seen = round_of("HTTT", address=address_on("", settings=FOUR))
    decision = decide(replace(record, streak=streak_of()), seen, settings=FOUR)
    assert written(decision).phase is phase


def test_within_an_incident_neither_hold_nor_budget_forbids_the_next_target() -> None:
    """5.12: a target that died before it was verified is replaced at once."""
    moves = tuple(map(move_of, (1.0, 2.0, 3.0)))
    record = moving(Phase.VERIFYING, association_id="assoc-3", streak=streak_of(), moves=moves)
    decision = decide(record, round_of("HT", address=address_on("wk2", "assoc-3")))
    assert (written(decision).holder, written(decision).epoch) == ("wk1", 4)


# An intent


def test_an_intent_says_what_it_was_decided_on() -> None:
    """5.1, 5.12, 7.1: the id that was read, its deadline, the first failing round, and one move of the budget."""
    decision = fail_over("wk1", "THHH", association_id="assoc-0", association_reads=2)
    record = written(decision)
    intent = record.intent
    assert intent is not None
    assert (intent.expected_id, intent.source, intent.kind, intent.attempt, intent.tried) == (
        "assoc-2",
        "wk1",
        Kind.FAILOVER,
        1,
        (),
    )
    assert (intent.made_s, intent.asked_s, intent.deadline_s) == (NOW_S, NOW_S, NOW_S + 30.0)
    assert intent.suspected_s == NOW_S - 2.0
    assert (intent.refusals, intent.unanswered) == (0, False)
    assert (record.association_id, record.association_reads, record.streak, record.phase_since_s) == ("", 0, None, NOW_S)
    move = record.moves[-1]
    assert (move.at_s, move.epoch, move.source, move.target, move.kind) == (NOW_S, 3, "wk1", "wk2", Kind.FAILOVER)


def test_the_record_remembers_the_moves_that_any_budget_can_ask_for() -> None:
    """5.12: the newest twenty-four."""
    old = tuple(move_of(90_000.0 - number) for number in range(24))
    record = written(fail_over("wk1", "THHH", moves=old))
    assert (len(record.moves), record.moves[0], record.moves[-1].at_s) == (24, old[1], NOW_S)


def test_a_move_within_an_incident_uses_no_budget_and_remembers_how_it_began() -> None:
    """5.12, 7.1: the replacement of a target; the seconds are those since the first failing round."""
    intent = intent_of(refusals=3, suspected_s=NOW_S - 44)
    record = moving(Phase.MOVING, intent=intent, moves=(move_of(10.0),))
    after = written(decide(record, round_of("HT", address=address_on(""))))
    assert (len(after.moves), after.fences) == (1, ())
    assert after.intent is not None
    assert (after.intent.suspected_s, after.intent.attempt) == (NOW_S - 44, 2)


def test_a_boot_that_could_not_be_read_is_not_known_to_the_fence() -> None:
    """6.6."""
    seen = round_of("TH", address=address_on("wk1"), machines=None)
    record = record_of(phase=Phase.SUSPECT, streak=streak_of(), phase_since_s=NOW_S - 2)
    fence = written(decide(record, seen)).fence("wk1")
    assert fence is not None
    assert fence.launched_s == 0.0


# Manual and nobody


@pytest.mark.parametrize(
    ("since_s", "association", "answers", "sent"),
    [
        (29.999, "", "HH", []),
        (29.999, "assoc-1", "HH", ["associate wk1"]),
        (30.0, "", "HH", ["associate wk1"]),
        (30.0, "", "TH", ["associate wk2"]),
        (30.0, "", "TT", []),
    ],
)
def test_in_manual_an_address_on_nobody_is_put_on_its_holder_else_on_the_next_once_a_deadline(
    since_s: float, association: str, answers: str, sent: list[str]
) -> None:
    """5.9: at once where nothing was tried in this epoch."""
    drift = Drift(association_id="", reads=1)
    record = record_of(
        phase=Phase.MANUAL, manual="?", phase_since_s=NOW_S - since_s, drift=drift, association_id=association
    )
    decision = decide(record, round_of(answers, address=address_on("")))
    assert calls(decision) == sent
    if not sent and since_s >= 30.0:
        assert (written(decision).phase_since_s, told(decision)) == (NOW_S, ["manual"])


# Phases


def test_a_step_that_the_table_does_not_know_is_an_error_of_the_rule() -> None:
    """4.1: nothing else is possible."""
    for phase in Phase:
        for other in Phase:
            record = record_of(phase=phase)
            if other is phase or other in TRANSITIONS[phase]:
                assert go(record, other, NOW_S, "?").phase is other
            else:
                with pytest.raises(ValueError, match=f"no way from phase {phase.value} to {other.value}"):
                    go(record, other, NOW_S, "?")


@pytest.mark.parametrize(
    ("phase", "never"),
    [
        (Phase.DISABLED, (Phase.SUSPECT, Phase.VERIFYING, Phase.BOTH_DOWN, Phase.PAUSED)),
        (Phase.STEADY, (Phase.VERIFYING,)),
        (Phase.SUSPECT, (Phase.VERIFYING,)),
        (Phase.FENCING, (Phase.SUSPECT, Phase.BOTH_DOWN, Phase.DISABLED)),
        (Phase.MOVING, (Phase.SUSPECT, Phase.BOTH_DOWN, Phase.DISABLED)),
        (Phase.BOTH_DOWN, (Phase.VERIFYING,)),
        (Phase.PAUSED, (Phase.SUSPECT, Phase.BOTH_DOWN, Phase.VERIFYING)),
        (Phase.MANUAL, (Phase.SUSPECT, Phase.BOTH_DOWN, Phase.VERIFYING, Phase.PAUSED)),
    ],
)
def test_what_never_follows(phase: Phase, never: tuple[Phase, ...]) -> None:
    """4.1: a move does not become a suspicion, nor is it switched off in its middle; manual is left by people only."""
    assert TRANSITIONS[phase].isdisjoint(never)


# Notices


def test_the_outbox_keeps_the_newest_sixteen_and_each_notice_has_a_name_of_its_own() -> None:
    """7.2, 7.1."""
    old = tuple(
        Notice(id=f"lis-1-{n}", at_s=1.0, what="adopted", site="lis", source="", target="", why="", epoch=1, seconds=0.0)
        for n in range(1, 17)
    )
    record = record_of(phase=Phase.SUSPECT, streak=streak_of(), outbox=old, notices=16)
    after = written(decide(record, round_of("TH", address=address_on("wk1", instance_id="i-stranger"))))
    assert [notice.id for notice in after.outbox] == [*(notice.id for notice in old[1:]), "lis-2-17"]
    assert after.notices == 17


def test_a_notice_of_a_move_says_from_whom_to_whom_and_how_long_it_took() -> None:
    """7.1: with site, from, to, why, epoch, seconds."""
    intent = intent_of(suspected_s=NOW_S - 12.3456)
    record = moving(Phase.VERIFYING, intent=intent, association_id="assoc-3", association_reads=1)
    after = written(decide(record, round_of("TH", address=address_on("wk2", "assoc-3"))))
    notice = after.outbox[-1]
    assert (notice.what, notice.source, notice.target, notice.epoch, notice.site) == ("failover", "wk1", "wk2", 3, "lis")
    assert (notice.seconds, notice.at_s) == (12.346, NOW_S)
    assert notice.why.startswith("wk1 fails; verified")


def test_a_move_that_began_without_a_failure_took_no_time() -> None:
    """7.1: 0 where nothing failed."""
    record = moving(Phase.VERIFYING, intent=intent_of(Kind.RECONCILE), association_id="assoc-3", association_reads=1)
    after = written(decide(record, round_of("TH", address=address_on("wk2", "assoc-3"))))
    assert (after.outbox[-1].what, after.outbox[-1].seconds) == ("reconcile", 0.0)


NOTICE = Notice(id="lis-2-1", at_s=1.0, what="manual", site="lis", source="", target="", why="", epoch=2, seconds=0.0)


def after_told(record: Record, notice_id: str, channel: Channel, **settings: Any) -> Record:
    """The record after a notice has left by a channel."""
    event = Told(notice_id=notice_id, channel=channel)
    return written(rule.step(record, event, make_settings(**settings), NOW_S))


def test_a_notice_is_kept_until_every_channel_took_it_and_each_is_marked_once() -> None:
    """7.1: topic and bus take it each by itself."""
    other = replace(NOTICE, id="lis-2-2")
    record = record_of(outbox=(NOTICE, other))
    assert after_told(record, "lis-2-1", Channel.TOPIC).outbox == (other,)
    by_bus = after_told(record, "lis-2-1", Channel.BUS, notice_event_bus="bus")
    assert by_bus.outbox == (replace(NOTICE, taken=(Channel.BUS,)), other)
    assert after_told(by_bus, "lis-2-1", Channel.BUS, notice_event_bus="bus") == by_bus
    assert after_told(by_bus, "lis-2-1", Channel.TOPIC, notice_event_bus="bus").outbox == (other,)
    by_topic = after_told(record, "lis-2-1", Channel.TOPIC, notice_event_bus="bus")
    assert by_topic.outbox == (replace(NOTICE, taken=(Channel.TOPIC,)), other)
    assert after_told(by_topic, "lis-2-1", Channel.BUS, notice_event_bus="bus").outbox == (other,)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_the_role_may_not_do_is_told_with_the_worker_it_is_about(outcome: Outcome) -> None:
    """7.4."""
    event = Answered(command=Command(do=Do.STOP, epoch=2, worker="wk1"), outcome=outcome, denied=outcome is Outcome.REFUSED)
    after = written(rule.step(record_of(), event, SETTINGS, NOW_S))
    assert [(notice.what, notice.source) for notice in after.outbox] == (
        [("denied", "wk1")] if outcome is Outcome.REFUSED else []
    )


# The target, once more: who was tried, who is ready, and whose order it is


THREE = make_settings(workers=3)


def refused(tried: tuple[str, ...], holder: str, answers: str, **about: Any) -> Decision:
    """The third refusal to put the address on `holder`, of three workers."""
    intent = intent_of(refusals=3, tried=tried, **about)
    record = replace(moving(Phase.MOVING, settings=THREE, intent=intent), holder=holder)
    return decide(record, round_of(answers, address=address_on("", settings=THREE)), settings=THREE)


def test_a_target_that_did_not_take_the_address_is_not_tried_again_in_the_incident() -> None:
    """5.8: the next target, then the old holder, then people. wk2 was tried, wk1 held, and does not answer."""
    decision = refused(("wk2",), "wk3", "THH")
    assert (written(decision).holder, calls(decision)) == ("wk1", ["associate wk1"])
    intent = written(decision).intent
    assert intent is not None
    assert (intent.kind, intent.source, intent.origin, intent.tried) == (Kind.RETARGET, "", "wk1", ("wk2", "wk3"))


def test_of_a_later_target_people_read_who_had_the_address_when_the_incident_began() -> None:
    """7.1: also two targets later."""
    once = written(refused((), "wk2", "THH"))
    assert once.intent is not None
    assert (once.holder, once.intent.origin, once.intent.former) == ("wk3", "wk1", "wk1")
    record = replace(once, phase=Phase.VERIFYING, association_id="assoc-4", association_reads=1)
    after = written(decide(record, round_of("THH", address=address_on("wk3", "assoc-4", settings=THREE)), settings=THREE))
    notice = after.outbox[-1]
    assert (notice.what, notice.source, notice.target, after.intent) == ("retarget", "wk1", "wk3", None)


def test_an_association_that_was_asked_for_and_not_answered_is_remembered_by_the_next_epoch() -> None:
    """9.9: it may still land; one whose old association still stood was not asked for yet."""
    assert written(refused((), "wk2", "THH", asked_s=NOW_S - 4)).loose_s == NOW_S - 4
    record = moving(Phase.FENCING, intent=intent_of(asked_s=NOW_S - 4, deadline_s=NOW_S - 1), loose_s=NOW_S - 99)
    kept = decide(record, round_of("HT", address=address_on("wk1")))
    assert (written(kept).holder, written(kept).loose_s) == ("wk1", NOW_S - 99)


def with_ready(ready: dict[str, Answer]) -> Any:
    """Two vantages; wk1 does not answer, the others are healthy and answer so for their readiness."""
    names = {"wk1": Answer.TIMEOUT, "wk2": Answer.HEALTHY, "wk3": Answer.HEALTHY}
    reports = tuple(
        ProbeReport(worker=name, answer=answer, ready=ready.get(name, Answer.TIMEOUT)) for name, answer in names.items()
    )
    sights = tuple(Sight(vantage=f"prober-{zone}", zone=zone, anchor_reached=True, reports=reports) for zone in "bc")
    return round_of(address=address_on("wk1", settings=THREE), sights=sights)


def test_a_standby_that_is_healthy_and_not_ready_is_passed_over_whoever_else_is_ready() -> None:
    """3.14, 5.2."""
    record = record_of(settings=THREE, phase=Phase.SUSPECT, phase_since_s=NOW_S - 2, streak=streak_of())
    seen = with_ready({"wk2": Answer.WRONG, "wk3": Answer.HEALTHY})
    assert written(decide(record, seen, settings=THREE)).holder == "wk3"
    nobody = decide(record, with_ready({"wk2": Answer.WRONG, "wk3": Answer.WRONG}), settings=THREE)
    assert calls(nobody) == []
    assert nobody.reason.endswith("wk2 is healthy and not ready; wk3 is healthy and not ready")


def test_a_standby_is_ready_by_one_vantage_that_got_both_answers_and_not_by_two_that_got_one_each() -> None:
    """3.14, 5.2."""
    seen = with_ready({"wk2": Answer.WRONG, "wk3": Answer.HEALTHY})
    first, second = seen.sights
    reports = tuple(
        ProbeReport(worker=each.worker, answer=Answer.TIMEOUT, ready=Answer.HEALTHY) if each.worker == "wk2" else each
        for each in second.reports
    )
    record = record_of(settings=THREE, phase=Phase.SUSPECT, phase_since_s=NOW_S - 2, streak=streak_of())
    decision = decide(record, replace(seen, sights=(first, replace(second, reports=reports))), settings=THREE)
    assert written(decision).holder == "wk3"


def test_the_order_of_an_operator_decides_who_is_next() -> None:
    """9.13, 5.2: while it names the workers there are."""
    assert written(fail_over("wk1", "THHH", order=("wk1", "wk4", "wk3", "wk2"))).holder == "wk4"
    assert written(fail_over("wk1", "THHH", order=("wk1", "wk4", "wk3"))).holder == "wk2"


# What forbids a move, once more


@pytest.mark.parametrize(("left_s", "moves"), [(0.001, False), (0.0, True), (-0.001, True)])
def test_no_automatic_move_begins_in_the_quarter_of_an_hour_after_a_loss(left_s: float, moves: bool) -> None:
    """1.13: it is waited for in suspicion, and no person is needed for that."""
    decision = fail_over("wk1", "THHH", quiet_until_s=NOW_S + left_s)
    assert (written(decision).phase, bool(calls(decision))) == (Phase.FENCING if moves else Phase.SUSPECT, moves)


def test_the_hold_is_that_of_the_last_move_however_old_the_others_are() -> None:
    """5.12."""
    assert written(fail_over("wk1", "THHH", moves=(move_of(5000.0), move_of(10.0)))).phase is Phase.SUSPECT
    assert written(fail_over("wk1", "THHH", moves=(move_of(5000.0), move_of(60.0)))).phase is Phase.FENCING


# Whom a move fences, and what it does to a window


def test_a_planned_move_sends_no_call_of_a_fence_that_stands_against_the_old_holder() -> None:
    """9.8, 6.3: with a failover it does."""
    late = fenced("wk1")
    request = Request(
        id="r1", site="lis", verb=Verb.SWITCHOVER, who="mia", why="test", asked_s=NOW_S, patience_s=60.0, first_seen_s=NOW_S
    )
    decision = decide(record_of(fences=(late,), requests=(request,)), round_of(address=address_on("wk1")))
    assert (calls(decision), written(decision).fences) == (["disassociate wk1"], (late,))


@pytest.mark.parametrize(
    ("holder", "verb", "spent"),
    [("wk1", None, True), ("wk2", None, False), ("wk1", Verb.SWITCHOVER, False), ("wk1", Verb.FAILOVER, True)],
)
def test_only_a_failover_away_from_home_and_a_failback_use_a_window_up(holder: str, verb: Verb | None, spent: bool) -> None:
    """10.5: what an operator only switched is no failure of home."""
    window = Window(opened_s=NOW_S - 100, closes_s=NOW_S + 500)
    request = Request(
        id="r1", site="lis", verb=verb, who="mia", why="test", asked_s=NOW_S, patience_s=60.0, first_seen_s=NOW_S
    )
    record = record_of(holder, window_spent_s=5.0, requests=(request,) if verb else ())
    if not verb:
        record = replace(record, phase=Phase.SUSPECT, phase_since_s=NOW_S - 2, streak=streak_of())
    answers = "HH" if verb else {"wk1": "TH", "wk2": "HT"}[holder]
    after = written(decide(record, round_of(answers, address=address_on(holder), window=window)))
    assert (after.epoch, after.window_spent_s) == (3, window.opened_s if spent else 5.0)


# Adopted, and hands off


STRANGE = address_on("wk1", instance_id="i-9", network_interface_id="eni-9")


def test_the_first_record_is_of_epoch_one_and_says_that_nobody_had_the_address_before() -> None:
    """1.5, 1.6, 7.1."""
    record = written(decide(None, round_of(address=address_on("wk2"))))
    assert (record.epoch, record.holder, record.notices) == (1, "wk2", 1)
    (notice,) = record.outbox
    assert (notice.what, notice.source, notice.target, notice.id) == ("adopted", "", "wk2", "lis-1-1")


def test_an_association_that_somebody_made_anew_is_adopted_and_nothing_is_elsewhere_then() -> None:
    """5.11, 7.1."""
    record = record_of(drift=Drift(association_id="assoc-9", reads=1))
    after = written(decide(record, round_of(address=address_on("wk1", "assoc-9"))))
    assert (after.epoch, after.association_id, after.drift, after.streak) == (3, "assoc-9", None, None)
    (notice,) = after.outbox
    assert (notice.what, notice.source, notice.target) == ("adopted", "wk1", "wk1")


def test_after_manual_a_verdict_needs_rounds_of_its_own() -> None:
    """9.6, 1.8: with fresh streaks."""
    resume = Request(id="r1", site="lis", verb=Verb.RESUME, who="mia", why="well", asked_s=NOW_S, patience_s=60.0)
    record = record_of(phase=Phase.MANUAL, manual="?", streak=streak_of())
    after = written(decide(record, round_of("TH", address=address_on("wk1"), requests=(resume,))))
    assert (after.phase, after.epoch, after.streak) == (Phase.STEADY, 3, None)


@pytest.mark.parametrize(
    ("shown", "quiet_until_s", "phase", "sent"),
    [
        (address_on("wk2"), None, Phase.STEADY, []),
        (address_on("wk1", private_ip="10.9.9.9"), None, Phase.FENCING, ["disassociate wk1"]),
        (address_on("wk1", private_ip="10.9.9.9"), NOW_S + 1, Phase.STEADY, []),
        (STRANGE, None, Phase.MANUAL, []),
    ],
    ids=["a worker", "another private address", "that, after a loss", "a stranger"],
)
def test_what_is_shown_when_a_pause_ends_is_adopted_or_brought_where_it_belongs_or_left(
    shown: AddressView, quiet_until_s: float | None, phase: Phase, sent: list[str]
) -> None:
    """9.6, 1.9, 1.13, 5.11: what is brought there is a repair, and counts for the budget."""
    over = Pause(until_s=NOW_S, who="mia", why="patch")
    decision = decide(record_of(phase=Phase.PAUSED, pause=over, quiet_until_s=quiet_until_s), round_of(address=shown))
    assert (written(decision).phase, calls(decision)) == (phase, sent)
    repairs = [move.kind for move in written(decision).moves]
    assert repairs == ([Kind.RECONCILE] if sent else [])


@pytest.mark.parametrize(("shown", "phase"), [(address_on("wk2"), Phase.STEADY), (STRANGE, Phase.MANUAL)])
def test_what_is_shown_when_it_is_switched_on_again_is_adopted_or_left(shown: AddressView, phase: Phase) -> None:
    """1.8, 1.9."""
    decision = decide(record_of(phase=Phase.DISABLED), round_of(address=shown))
    assert (written(decision).phase, calls(decision)) == (phase, [])


def of_another(**changes: Any) -> AddressView:
    """The address on its holder, with the tag of another site."""
    return replace(address_on("wk1"), **{"owner": "ris", **changes})


TAGGED = "the address is tagged tandem:site = ris, and this site is lis"


@pytest.mark.parametrize(
    ("record", "news"),
    [
        (record_of(), True),
        (record_of(phase=Phase.MANUAL, manual="the budget is spent", phase_since_s=NOW_S - 99), True),
        (record_of(phase=Phase.MANUAL, manual=TAGGED, phase_since_s=NOW_S - 99), False),
        (moving(Phase.MOVING, manual=TAGGED), True),
    ],
    ids=["steady", "manual for another reason", "manual for this very reason", "in motion"],
)
def test_an_address_with_the_tag_of_another_site_is_left_alone_in_every_phase_and_told_once(
    record: Record, news: bool
) -> None:
    """1.9."""
    decision = decide(record, round_of(address=of_another()))
    after = written(decision)
    assert (after.phase, after.manual, calls(decision)) == (Phase.MANUAL, TAGGED, [])
    assert [(notice.what, notice.source) for notice in after.outbox] == ([("manual", record.holder)] if news else [])
    assert after.phase_since_s == (NOW_S if news else NOW_S - 99)


@pytest.mark.parametrize("owner", ["", None, "lis"])
def test_a_tag_that_is_missing_or_ours_or_was_not_read_names_nobody(owner: str | None) -> None:
    """1.9."""
    assert written(decide(record_of(), round_of(address=of_another(owner=owner)))).phase is Phase.STEADY


# Into manual, and out of a move


def test_manual_says_why_ends_a_pause_and_does_not_tell_twice_that_the_holder_is_dead() -> None:
    """5.9, 7.1: an address on nobody in a pause, and nobody who can take it."""
    pause = Pause(until_s=NOW_S + 600, who="mia", why="patch", nobody_since_s=NOW_S - 30)
    record = record_of(phase=Phase.PAUSED, pause=pause, streak=streak_of(Verdict.ALL_DEAD), suspicion_told=True)
    decision = decide(record, round_of("TT", address=address_on("")))
    after = written(decision)
    assert (after.phase, after.pause, after.phase_since_s, calls(decision)) == (Phase.MANUAL, None, NOW_S, [])
    assert after.manual.startswith("the address is on nobody; no standby can take over: ")
    assert [(notice.what, notice.source) for notice in after.outbox] == [("manual", "wk1")]
    dead = written(decide(after, round_of("TT", address=address_on("wk1"))))
    assert (dead.suspicion_told, dead.outbox) == (True, after.outbox)


def test_that_nobody_can_take_the_address_is_told_once_however_often_it_is_tried() -> None:
    """5.9."""
    why = "the address is on nobody; no standby can take over: wk2 gave no healthy answer in this round"
    record = record_of(phase=Phase.MANUAL, manual=why, phase_since_s=NOW_S - 30, association_id="")
    seen = round_of("TT", address=address_on(""))
    again = decide(replace(record, drift=Drift(association_id="", reads=1)), seen)
    assert (told(again), written(again).manual, written(again).phase_since_s) == ([], why, NOW_S)


@pytest.mark.parametrize("phase", [Phase.PAUSED, Phase.MANUAL])
def test_a_holder_that_answers_takes_back_in_manual_and_in_a_pause_what_is_on_nobody(phase: Phase) -> None:
    """5.9, 9.6: it holds already, so it is told as no move to another."""
    pause = Pause(until_s=NOW_S + 600, who="mia", why="patch", nobody_since_s=NOW_S - 30) if phase is Phase.PAUSED else None
    drift = Drift(association_id="", reads=1)
    record = record_of(phase=phase, pause=pause, manual="?" if phase is Phase.MANUAL else "", drift=drift)
    after = written(decide(record, round_of(address=address_on(""))))
    assert after.intent is not None
    assert (after.holder, after.intent.kind, after.moves) == ("wk1", Kind.RETARGET, ())


@pytest.mark.parametrize("manual", ["", "?"])
def test_a_planned_move_whose_holder_could_not_let_go_ends_where_it_began(manual: str) -> None:
    """5.10, 9.6: every ask to end the association was refused, so it keeps it; in the pause, or in manual."""
    pause = None if manual else Pause(until_s=NOW_S + 600, who="mia", why="patch")
    intent = intent_of(Kind.SWITCHOVER, deadline_s=NOW_S - 1)
    record = moving(Phase.FENCING, intent=intent, pause=pause, manual=manual)
    after = written(decide(record, round_of(address=address_on("wk1"))))
    assert (after.phase, after.holder, after.epoch) == (Phase.MANUAL if manual else Phase.PAUSED, "wk1", 4)
    assert (after.intent, after.association_id) == (None, "assoc-2")


def test_a_phase_lasts_from_its_first_round_on_and_an_acknowledgement_as_long_as_the_phase() -> None:
    """9.14, 4.3: a round that changes nothing does not begin it anew."""
    record = record_of(phase=Phase.BOTH_DOWN, phase_since_s=NOW_S - 50, acknowledged="mia", streak=streak_of())
    same = written(decide(record, round_of("TT", address=address_on("wk1"))))
    assert (same.phase, same.phase_since_s, same.acknowledged) == (Phase.BOTH_DOWN, NOW_S - 50, "mia")
    well = written(decide(record, round_of("HT", address=address_on("wk1"))))
    assert (well.phase, well.phase_since_s, well.acknowledged) == (Phase.STEADY, NOW_S, "")
    still = written(decide(replace(well, phase_since_s=NOW_S - 9), round_of("HT", address=address_on("wk1"))))
    assert still.phase_since_s == NOW_S - 9


def test_a_holder_whose_death_led_into_manual_is_not_told_to_be_dead_in_manual_as_well() -> None:
    """5.12, 9.6: once for each reason; when it answered in between it is told."""
    manual = written(fail_over("wk1", "THHH", moves=tuple(map(move_of, (100.0, 200.0, 300.0)))))
    assert (manual.phase, manual.suspicion_told, [notice.what for notice in manual.outbox]) == (
        Phase.MANUAL,
        True,
        ["manual"],
    )
    seen = round_of("THHH", address=address_on("wk1", settings=FOUR))
    dead = replace(manual, streak=streak_of(), outbox=())
    assert told(decide(dead, seen, settings=FOUR)) == []
    assert told(decide(replace(dead, suspicion_told=False), seen, settings=FOUR)) == ["holder-dead-in-manual"]
