"""RULE.md section 9, what operators ask for: each verb's conditions, bounds and notices, one by one and to the second."""

from dataclasses import replace
from typing import Any

import pytest

from failover_lambda import rule
from failover_lambda.contract import Settings
from failover_lambda.model import (
    AddressView,
    Debt,
    Decision,
    Drift,
    Fence,
    Maintenance,
    Pause,
    Phase,
    Record,
    Reply,
    Request,
    Verb,
)
from failover_lambda.moves import maintenance_of
from tests.fakes import make_settings
from tests.spec.desk import (
    NOW_S,
    SETTINGS,
    address_on,
    calls,
    decide,
    intent_of,
    machine,
    moving,
    record_of,
    round_of,
    streak_of,
    told,
    written,
)

HOME = address_on("wk1")
PAUSE = Pause(until_s=NOW_S + 600, who="eva", why="before")
MOVED = ["disassociate wk1"]


def entry(verb: Verb | None, **changes: Any) -> Request:
    """An operator asked for it ten seconds ago, and it may wait for a minute. It lies in the inbox."""
    request = Request(id="r1", site="lis", verb=verb, who="mia", why="test", asked_s=NOW_S - 10, patience_s=60.0)
    return replace(request, **changes)


def kept(verb: Verb | None, *, age_s: float = 10.0, **changes: Any) -> Request:
    """The same, taken into the record so long ago."""
    return entry(verb, **{"asked_s": NOW_S - age_s, "first_seen_s": NOW_S - age_s, **changes})


def ask(
    *requests: Request, record: Record | None = None, shown: AddressView = HOME, settings: Settings = SETTINGS, **seen: Any
) -> Decision:
    """A round in which everybody answers, with these in the inbox."""
    return decide(record or record_of(), round_of(address=shown, requests=requests, **seen), settings=settings)


def answers(decision: Decision) -> list[tuple[str, bool]]:
    """What was answered, in order."""
    return [(reply.id, reply.done) for reply in written(decision).replies]


def sentence(decision: Decision) -> str:
    """Of the last reply."""
    return written(decision).replies[-1].why


def notices(decision: Decision) -> list[tuple[str, str, str]]:
    """What people are told, from whom and to whom."""
    return [(notice.what, notice.source, notice.target) for notice in written(decision).outbox]


def old_replies(count: int) -> tuple[Reply, ...]:
    return tuple(Reply(id=f"old-{number}", done=True, why="") for number in range(count))


MOVING = moving(Phase.MOVING, intent=intent_of(asked_s=NOW_S - 1))
"""A move to wk2 whose association has not been answered yet."""
NOBODY = address_on("")


# Taken in


def test_an_entry_is_new_whatever_it_says_of_itself() -> None:
    """9.2, 9.3: when it was taken in, and which move carries it out, is the record's to say."""
    assert calls(ask(entry(Verb.SWITCHOVER, epoch=7, first_seen_s=1.0))) == MOVED


@pytest.mark.parametrize(
    ("known", "new", "taken"), [(0, 3, 3), (0, 40, 32), (30, 5, 2), (31, 1, 1), (32, 1, 0), (20, 20, 12)]
)
def test_no_more_is_taken_in_than_can_be_remembered_while_it_lies_in_the_inbox(known: int, new: int, taken: int) -> None:
    """9.3: what is too much waits there."""
    there = [entry(Verb.ACKNOWLEDGE, id=f"old-{number}") for number in range(known)]
    fresh = [entry(Verb.ACKNOWLEDGE, id=f"new-{number:02}") for number in range(new)]
    after = written(ask(*there, *fresh, record=record_of(replies=old_replies(known))))
    assert [reply.id for reply in after.replies[known:]] == [request.id for request in fresh[:taken]]


def test_of_entries_that_came_at_once_the_one_that_was_asked_first_is_answered_first() -> None:
    """9.3: by the time at which it was asked, then by its id."""
    later, second, first = (
        entry(Verb.ACKNOWLEDGE, id=name, asked_s=NOW_S - age_s) for name, age_s in (("a", 1.0), ("c", 9.0), ("b", 9.0))
    )
    assert [name for name, _ in answers(ask(later, second, first))] == ["b", "c", "a"]


def test_a_reply_to_one_leaves_the_others_waiting() -> None:
    """9.3."""
    other = kept(Verb.SWITCHOVER, id="r9", worker="wk2")
    decision = ask(entry(Verb.ACKNOWLEDGE), record=record_of(requests=(other,), loose_s=NOW_S - 1))
    assert (answers(decision), written(decision).requests) == ([("r1", False)], (other,))


def test_what_still_lies_in_the_inbox_is_never_among_what_is_forgotten() -> None:
    """9.3: the oldest lies there still; the second oldest goes instead."""
    there = entry(Verb.ACKNOWLEDGE, id="old-0")
    after = written(ask(there, entry(Verb.ACKNOWLEDGE), record=record_of(replies=old_replies(32))))
    names = [reply.id for reply in after.replies]
    assert (len(names), names[:2], names[-1]) == (32, ["old-0", "old-2"], "r1")


def test_where_only_is_watched_no_more_is_remembered_either() -> None:
    """9.3, 4.7: in a round, too, that would move."""
    watching = replace(SETTINGS, watch_only=True)
    record = record_of(replies=old_replies(32), streak=streak_of(), watched_only=True)
    seen = round_of("TH", address=HOME, requests=(entry(Verb.ACKNOWLEDGE),))
    decision = decide(record, seen, settings=watching)
    assert (told(decision), calls(decision)) == (["would-move"], [])
    assert (len(written(decision).replies), written(decision).replies[-1].id) == (32, "r1")


def test_a_move_that_was_in_motion_when_watching_only_began_is_answered_when_it_has_ended() -> None:
    """4.7, 9.3."""
    begun = kept(Verb.SWITCHOVER, worker="wk2", epoch=3)
    watching = replace(SETTINGS, watch_only=True)
    decision = ask(record=replace(MOVING, requests=(begun,)), shown=NOBODY, settings=watching)
    assert (answers(decision), written(decision).requests) == ([], (begun,))


def test_a_move_that_waits_is_refused_when_watching_only_begins() -> None:
    """9.4, 4.7."""
    record = record_of(requests=(kept(Verb.SWITCHOVER),), loose_s=NOW_S - 1)
    decision = ask(record=record, settings=replace(SETTINGS, watch_only=True))
    assert (answers(decision), written(decision).requests) == ([("r1", False)], ())
    assert sentence(decision) == "watch-only: nothing is changed while watchOnly is true"


def test_what_waits_is_refused_too_when_the_watchdog_is_switched_off() -> None:
    """9.4: everything is, what waits first."""
    record = record_of(requests=(kept(Verb.SWITCHOVER, id="r9"),))
    decision = ask(entry(Verb.ACKNOWLEDGE), record=record, settings=replace(SETTINGS, enabled=False))
    assert (answers(decision), written(decision).requests) == ([("r9", False), ("r1", False)], ())


def test_the_record_knows_what_waits_and_what_was_answered() -> None:
    """9.2: these can leave the inbox."""
    record = record_of(requests=(kept(Verb.SWITCHOVER, id="r9"),), replies=old_replies(1))
    there = [entry(Verb.ACKNOWLEDGE, id=name) for name in ("r9", "old-0", "r1")]
    assert rule.known_requests(record, there) == {"r9", "old-0"}


# Refused at once, or not


@pytest.mark.parametrize(
    ("request_", "refused"),
    [
        (entry(Verb.SWITCHOVER, patience_s=0.5), False),
        (entry(Verb.SWITCHOVER, patience_s=3600.0), False),
        (entry(Verb.SWITCHOVER, drain_s=0.5), True),
        (entry(Verb.SWITCHOVER, asked_s=NOW_S - 120.0), False),
        (entry(Verb.SWITCHOVER, asked_s=NOW_S - 120.001), True),
        (entry(Verb.SWITCHOVER, asked_s=NOW_S + 500.0), False),
        (entry(Verb.PAUSE, duration_s=0.5), False),
        (entry(Verb.PAUSE, duration_s=86_400.0), False),
        (entry(Verb.PAUSE, duration_s=86_400.5), True),
        (entry(Verb.PAUSE, duration_s=0.0), True),
        (entry(Verb.PAUSE, duration_s=-1.0), True),
        (entry(Verb.MAINTENANCE, worker="wk2", duration_s=0.5), False),
        (entry(Verb.MAINTENANCE, worker="wk2", duration_s=14_400.0), False),
        (entry(Verb.MAINTENANCE, worker="wk2", duration_s=14_400.5), True),
        (entry(Verb.MAINTENANCE, worker="wk2", duration_s=0.0), True),
    ],
)
def test_bounds_are_bounds_to_the_second(request_: Request, refused: bool) -> None:
    """9.1, 9.4, 9.5, 9.11: a minute besides its patience is allowed for clocks that differ."""
    assert (("r1", False) in answers(ask(request_))) is refused


def test_what_an_entry_does_not_say_is_not_asked_for() -> None:
    """9.5, 9.10, 9.11: a pause or maintenance without an end, and a worker whose fence is not proven."""
    assert answers(ask(entry(Verb.PAUSE))) == [("r1", False)]
    assert answers(ask(entry(Verb.MAINTENANCE, worker="wk2"))) == [("r1", False)]
    assert calls(ask(entry(Verb.SWITCHOVER, worker="wk2"))) == MOVED
    waits = ask(entry(Verb.FAILOVER, worker="wk2"), record=record_of(fences=(fenced("wk2"),)))
    assert (answers(waits), calls(waits)) == ([], [])


def test_what_was_taken_in_in_time_is_not_refused_later_for_having_lain_in_the_inbox() -> None:
    """9.4: it waits as long as its patience says, from then on."""
    waits = kept(Verb.PAUSE, duration_s=300.0, asked_s=NOW_S - 125, first_seen_s=NOW_S - 30)
    decision = ask(record=replace(MOVING, requests=(waits,)), shown=NOBODY)
    assert (answers(decision), written(decision).requests) == ([], (waits,))


def test_the_eighth_that_waits_is_not_one_too_many() -> None:
    """9.4: a ninth is."""
    waiting = tuple(kept(Verb.PAUSE, id=f"w{number}", duration_s=300.0) for number in range(8))
    decision = ask(entry(Verb.PAUSE, duration_s=300.0), record=replace(MOVING, requests=waiting), shown=NOBODY)
    assert (answers(decision), set(written(decision).requests)) == ([("r1", False)], set(waiting))
    assert sentence(decision) == "8 requests wait already"


def test_failback_may_name_home_and_nobody_else() -> None:
    """9.7."""
    away = record_of("wk2")
    to_home = ask(entry(Verb.FAILBACK, worker="wk1"), record=away, shown=address_on("wk2"))
    assert (written(to_home).holder, calls(to_home)) == ("wk1", ["disassociate wk2"])
    elsewhere = ask(entry(Verb.FAILBACK, worker="wk2"), record=away, shown=address_on("wk2"))
    assert (answers(elsewhere), calls(elsewhere)) == ([("r1", False)], [])


def test_a_switchover_to_the_target_of_a_move_in_motion_waits_for_its_end() -> None:
    """9.4: it does not hold yet, and may never."""
    decision = ask(entry(Verb.SWITCHOVER, worker="wk2"), record=MOVING, shown=NOBODY)
    assert (answers(decision), [each.id for each in written(decision).requests]) == ([], ["r1"])


def test_a_pause_whose_patience_ends_with_the_move_that_it_waited_for_is_refused_with_where_the_site_stands() -> None:
    """9.4: what stands against a move does not stand against it."""
    record = moving(Phase.VERIFYING, intent=intent_of(), association_id="assoc-3", association_reads=1)
    late = kept(Verb.PAUSE, age_s=61.0, duration_s=300.0)
    decision = ask(record=replace(record, requests=(late,)), shown=address_on("wk2", "assoc-3"))
    assert sentence(decision) == "not begun within 60 s: the site is in phase steady"


# Pause and resume


def test_a_pause_lasts_from_now_on_and_is_told_with_who_holds() -> None:
    """9.5, 9.6, 7.1."""
    decision = ask(entry(Verb.PAUSE, duration_s=300.0))
    after = written(decision)
    assert after.pause is not None
    assert (after.phase, after.pause.until_s, after.pause.who, after.pause.why) == (Phase.PAUSED, NOW_S + 300, "mia", "test")
    assert (after.pause.warned, after.pause.nobody_since_s) == (False, None)
    assert (answers(decision), notices(decision)) == ([("r1", True)], [("paused", "wk1", "")])


def test_a_pause_in_a_pause_is_the_same_phase_with_another_end() -> None:
    """9.5, 9.6."""
    before = record_of(phase=Phase.PAUSED, phase_since_s=NOW_S - 500, pause=PAUSE)
    after = written(ask(entry(Verb.PAUSE, duration_s=300.0), record=before))
    assert after.pause == Pause(until_s=NOW_S + 300, who="mia", why="test")
    assert (after.phase, after.phase_since_s) == (Phase.PAUSED, NOW_S - 500)


def test_a_read_of_before_a_pause_hinders_no_planned_move_in_it() -> None:
    """9.6: planned moves are carried out in a pause, once the address is as the record says."""
    stale = record_of(drift=Drift(association_id="assoc-9", reads=1))
    paused = written(ask(entry(Verb.PAUSE, duration_s=300.0), record=stale))
    assert calls(ask(entry(Verb.SWITCHOVER, id="r2"), record=paused)) == MOVED


def test_in_manual_there_is_nothing_to_pause() -> None:
    """9.4, 9.6: refused with the reason for which automatic moves are off."""
    decision = ask(entry(Verb.PAUSE, duration_s=300.0), record=record_of(phase=Phase.MANUAL, manual="the budget is spent"))
    assert (answers(decision), written(decision).phase) == ([("r1", False)], Phase.MANUAL)
    assert sentence(decision) == "automatic moves are off already: the budget is spent"


@pytest.mark.parametrize("verb", [Verb.PAUSE, Verb.RESUME])
def test_a_pause_and_its_end_wait_for_the_end_of_a_move(verb: Verb) -> None:
    """9.6, 9.4."""
    decision = ask(entry(verb, duration_s=300.0), record=MOVING, shown=NOBODY)
    assert (answers(decision), [each.verb for each in written(decision).requests]) == ([], [verb])


def test_a_pause_waits_for_the_round_after_that_in_which_the_watchdog_was_switched_on() -> None:
    """1.8, 9.6: the cloud's view is adopted first."""
    first = ask(entry(Verb.PAUSE, duration_s=300.0), record=record_of(phase=Phase.DISABLED))
    assert (answers(first), written(first).phase) == ([], Phase.STEADY)
    assert written(ask(record=written(first))).phase is Phase.PAUSED


@pytest.mark.parametrize(
    ("phase", "done"),
    [(Phase.PAUSED, True), (Phase.MANUAL, True), (Phase.STEADY, False), (Phase.SUSPECT, False), (Phase.BOTH_DOWN, False)],
)
def test_there_is_something_to_resume_in_a_pause_and_in_manual(phase: Phase, done: bool) -> None:
    """9.6."""
    pause = PAUSE if phase is Phase.PAUSED else None
    record = record_of(phase=phase, pause=pause, manual="?" if phase is Phase.MANUAL else "")
    decision = ask(entry(Verb.RESUME), record=record)
    assert answers(decision) == [("r1", done)]
    assert written(decision).phase is Phase.STEADY
    assert (written(decision).pause, written(decision).manual) == (None, "")


# Maintenance


def maintained(worker: str, *, left_s: float = 60.0, who: str = "eva") -> Maintenance:
    return Maintenance(worker=worker, until_s=NOW_S + left_s, who=who, why="disk")


def test_maintenance_is_of_one_worker_and_the_newest_word_on_it_counts() -> None:
    """9.11, 7.1: the others' goes on."""
    record = record_of(maintenance=(maintained("wk2"), maintained("wk1")))
    decision = ask(entry(Verb.MAINTENANCE, worker="wk2", duration_s=300.0), record=record)
    anew = Maintenance(worker="wk2", until_s=NOW_S + 300, who="mia", why="test")
    assert set(written(decision).maintenance) == {maintained("wk1"), anew}
    assert len(written(decision).maintenance) == 2
    assert (answers(decision), notices(decision)) == ([("r1", True)], [("maintenance", "wk2", "")])


@pytest.mark.parametrize(("left_s", "over"), [(0.001, False), (0.0, True), (-0.001, True)])
def test_maintenance_is_over_in_the_second_in_which_its_time_ends(left_s: float, over: bool) -> None:
    """9.11: told once, and that of another worker goes on."""
    record = record_of(maintenance=(maintained("wk2", left_s=left_s), maintained("wk1")))
    decision = ask(record=record)
    left = [each.worker for each in written(decision).maintenance]
    assert left == (["wk1"] if over else ["wk2", "wk1"])
    assert notices(decision) == ([("maintenance-ended", "wk2", "")] if over else [])
    assert (maintenance_of(record, "wk2", NOW_S) is None) is over
    assert notices(ask(record=written(decision))) == notices(decision)


def test_resume_of_one_worker_ends_its_maintenance_and_no_other() -> None:
    """9.11, 7.1."""
    record = record_of(maintenance=(maintained("wk2"), maintained("wk1")))
    decision = ask(entry(Verb.RESUME, worker="wk2"), record=record)
    assert (answers(decision), written(decision).maintenance) == ([("r1", True)], (maintained("wk1"),))
    assert notices(decision) == [("maintenance-ended", "wk2", "")]


# Fences, order, acknowledgement


def fenced(worker: str) -> Fence:
    lost = Debt(asked_s=NOW_S - 1, lost=True)
    return Fence(worker=worker, epoch=1, launched_s=1.0, raised_s=NOW_S - 30, isolate=lost, stop=lost)


def test_an_operators_word_proves_the_fence_that_it_names_and_no_other() -> None:
    """9.12, 7.1."""
    three = make_settings(workers=3)
    record = record_of("wk3", settings=three, fences=(fenced("wk1"), fenced("wk2")))
    seen = {"shown": address_on("wk3", settings=three), "machines": (machine("wk1"), machine("wk2"))}
    decision = ask(entry(Verb.CONFIRM_FENCE, worker="wk2"), record=record, settings=three, **seen)  # type: ignore[arg-type]
    named = written(decision).fence("wk2")
    assert named is not None
    assert (named.seen_stopped_s, named.isolate.open, named.stop.open, named.stop.lost) == (NOW_S, False, False, False)
    assert written(decision).fence("wk1") == fenced("wk1")
    assert (answers(decision), notices(decision)) == ([("r1", True)], [("fence-confirmed", "wk2", "")])


@pytest.mark.parametrize(
    ("worker", "standing", "why"),
    [
        ("wk2", (fenced("wk1"),), "no fence stands against wk2; one stands against wk1"),
        ("", (fenced("wk1"),), "no fence stands against a worker without a name; one stands against wk1"),
        ("wk2", (), "no fence stands against wk2; one stands against nobody"),
    ],
)
def test_a_word_about_a_fence_that_does_not_stand_is_refused(worker: str, standing: tuple[Fence, ...], why: str) -> None:
    """9.4, 9.12."""
    decision = ask(
        entry(Verb.CONFIRM_FENCE, worker=worker), record=record_of("wk2", fences=standing), shown=address_on("wk2")
    )
    assert (answers(decision), sentence(decision)) == ([("r1", False)], why)


def test_a_new_order_names_home_and_home_has_to_be_well_for_a_minute_of_its_own() -> None:
    """9.13, 10.4, 7.1: the minute was another worker's."""
    three = make_settings(workers=3, failback_enabled=True)
    record = record_of("wk2", settings=three, home_healthy_s=NOW_S - 500, home_watched="wk1")
    request = entry(Verb.ORDER, order=("wk3", "wk1", "wk2"))
    decision = ask(request, record=record, shown=address_on("wk2", settings=three), settings=three, answers="HHH")
    assert (written(decision).order, written(decision).home_healthy_s) == (("wk3", "wk1", "wk2"), NOW_S)
    assert (answers(decision), notices(decision)) == ([("r1", True)], [("order-changed", "", "wk3")])


@pytest.mark.parametrize(
    ("phase", "done"),
    [
        (Phase.MANUAL, True),
        (Phase.BOTH_DOWN, True),
        (Phase.STEADY, False),
        (Phase.SUSPECT, False),
        (Phase.PAUSED, False),
    ],
)
def test_there_is_something_to_acknowledge_where_a_person_is_needed(phase: Phase, done: bool) -> None:
    """9.14, 7.1."""
    pause = PAUSE if phase is Phase.PAUSED else None
    record = record_of(phase=phase, phase_since_s=NOW_S, pause=pause, manual="?" if phase is Phase.MANUAL else "")
    seen = round_of("TT", address=HOME, requests=(entry(Verb.ACKNOWLEDGE),))
    decision = decide(record, seen)
    assert (answers(decision), written(decision).acknowledged) == ([("r1", done)], "mia" if done else "")
    assert notices(decision) == ([("acknowledged", "", "")] if done else [])
