"""RULE.md 1.6, 1.10 and 1.12 to the field: what an adopted record takes over from the one before, and what it forgets."""

from dataclasses import replace
from typing import Any

import pytest

from failover_lambda import rule
from failover_lambda.model import AddressView, Decision, Drift, Intent, Kind, Loss, Lost, Phase, Request, Verb
from tests.fakes import make_settings
from tests.spec.desk import (
    NOW_S,
    SETTINGS,
    address_on,
    calls,
    decide,
    intent_of,
    moving,
    record_of,
    round_of,
    streak_of,
    written,
)
from tests.spec.test_guards import moved

LOST = Lost(what=Loss.LOST, floor=4, version=0, why="the record of lis is missing, and epoch 4 had been reached")
STRANGE = address_on("wk1", instance_id="i-9", network_interface_id="eni-9")
STRANGE_SINCE = address_on("wk1", "assoc-8", instance_id="i-9", network_interface_id="eni-9")


def test_what_a_watchdog_does_without_a_record_names_why_there_is_none() -> None:
    """1.12: lost is another thing than new."""
    seen = round_of("HH", address=address_on("wk1"))
    off = replace(SETTINGS, enabled=False)
    for lost, why in ((LOST, LOST.why), (None, "there is no record yet")):
        assert rule.step(None, seen, off, NOW_S, lost).reason == f"disabled, and {why}"
        unread = rule.step(None, round_of("HH"), SETTINGS, NOW_S, lost)
        assert unread.reason == f"{why}, and the address could not be read"


def test_a_holder_that_is_configured_no_more_is_replaced_only_once_the_address_was_read() -> None:
    """1.10."""
    record = record_of("wk9")
    decision = decide(record, round_of("HH", address=None))
    assert (decision.record, calls(decision)) == (record, [])
    assert decision.reason == "the holder wk9 is not configured any more, and the address could not be read"


def test_fences_of_workers_that_are_configured_no_more_go_with_them() -> None:
    """1.10: those of the others stand."""
    (fence,) = moved().record.fences
    standing = (replace(fence, worker="wk9"), replace(fence, worker="wk2"))
    decision = decide(record_of("wk9", fences=standing), round_of("HH", address=address_on("wk1")))
    assert [each.worker for each in written(decision).fences] == ["wk2"]


def test_an_incident_of_a_holder_that_is_configured_no_more_is_over() -> None:
    """1.10: its attempts are not those of the one that takes the address now."""
    old = record_of("wk9", phase=Phase.MOVING, intent=intent_of(attempt=3, tried=("wk2",), source="wk9"))
    decision = decide(old, round_of("HH", address=address_on("")))
    intent = written(decision).intent
    assert intent is not None
    assert (intent.kind, intent.attempt, intent.tried, calls(decision)) == (Kind.ADOPT, 1, (), ["associate wk1"])


@pytest.mark.parametrize(
    ("intent", "sent"),
    [
        (intent_of(source="wk1", asked_s=NOW_S - 1), ["disassociate wk1"]),
        (intent_of(source="wk1", unanswered=True), ["disassociate wk1"]),
        (intent_of(source="wk1"), []),
        (intent_of(source="wk1", asked_s=NOW_S - 1, expected_id="assoc-1"), []),
    ],
    ids=["asked", "once unanswered", "every ask refused", "of another association"],
)
def test_an_association_that_a_call_of_ours_may_end_is_kept_by_nobody(intent: Intent, sent: list[str]) -> None:
    """1.10, 5.5: found by the search; the late call tore down what had been adopted."""
    old = record_of("wk9", phase=Phase.FENCING, association_id="", intent=intent)
    decision = decide(old, round_of("HH", address=address_on("wk1")))
    after = written(decision)
    assert (after.holder, after.epoch, calls(decision)) == ("wk1", 3, sent)
    assert after.association_id == ("" if sent else "assoc-2")


@pytest.mark.parametrize(
    ("answers", "fenced", "target"),
    [("HHH", "", "wk2"), ("HTH", "", "wk1"), ("HHH", "wk2", "wk1"), ("THH", "wk2", "wk3"), ("TTT", "", "wk2")],
    ids=["it can serve", "it does not answer", "it is fenced", "it and the first are no targets", "nobody answers"],
)
def test_whoever_can_serve_gets_the_new_association_the_one_that_has_the_address_first(
    answers: str, fenced: str, target: str
) -> None:
    """1.10, 5.2: the move in motion may have been a failover from the very worker that still has the address."""
    three = make_settings(workers=3)
    (fence,) = moved().record.fences
    standing = (replace(fence, worker=fenced),) if fenced else ()
    intent = intent_of(source="wk2", asked_s=NOW_S - 1)
    old = record_of("wk9", settings=three, phase=Phase.FENCING, association_id="", intent=intent, fences=standing)
    decision = decide(old, round_of(answers, address=address_on("wk2", settings=three)), settings=three)
    after = written(decision)
    assert (after.holder, [each.worker for each in after.fences]) == (target, [fenced] if fenced else [])
    assert calls(decision) == ["disassociate wk2"]


ASKED = intent_of(asked_s=NOW_S - 1)
OURS_NO_MORE = replace(address_on("wk1"), owner="ris")
RESUME = Request(id="r1", site="lis", verb=Verb.RESUME, who="mia", why="ours again", asked_s=NOW_S - 1, patience_s=60.0)


@pytest.mark.parametrize(
    ("intent", "phase", "shown", "ending_id"),
    [
        (ASKED, Phase.FENCING, OURS_NO_MORE, "assoc-2"),
        (intent_of(unanswered=True), Phase.MOVING, OURS_NO_MORE, "assoc-2"),
        (intent_of(), Phase.FENCING, OURS_NO_MORE, ""),
        (intent_of(asked_s=NOW_S - 1, expected_id=""), Phase.MOVING, OURS_NO_MORE, ""),
        (intent_of(unanswered=True), Phase.MOVING, STRANGE_SINCE, "assoc-2"),
    ],
    ids=["asked", "once unanswered", "every ask refused", "there was none", "by the way of a stranger"],
)
def test_what_a_move_asked_to_end_is_remembered_where_it_is_given_up(
    intent: Intent, phase: Phase, shown: AddressView, ending_id: str
) -> None:
    """1.9, 5.5: the tag of another site, or a stranger, ends the move; the call that was sent may still land."""
    after = written(decide(moving(phase, intent=intent), round_of("HH", address=shown)))
    assert (after.phase, after.intent, after.ending_id) == (Phase.MANUAL, None, ending_id)


@pytest.mark.parametrize(("phase", "loose_s"), [(Phase.MOVING, NOW_S - 7), (Phase.FENCING, NOW_S - 900)])
def test_an_association_that_was_asked_for_is_remembered_where_the_move_is_given_up(phase: Phase, loose_s: float) -> None:
    """9.9: found by the simulation; a switchover two minutes later did not wait for it."""
    record = moving(phase, intent=intent_of(asked_s=NOW_S - 7), loose_s=NOW_S - 900)
    for shown in (OURS_NO_MORE, STRANGE_SINCE):
        after = written(decide(record, round_of("HH", address=shown)))
        assert (after.phase, after.loose_s) == (Phase.MANUAL, loose_s)


def test_what_an_earlier_move_asked_to_end_is_remembered_as_well() -> None:
    """5.5: a later move, from nobody, asked for the end of nothing."""
    later = moving(Phase.MOVING, intent=intent_of(asked_s=NOW_S - 1, expected_id=""), ending_id="assoc-2")
    assert written(decide(later, round_of("HH", address=OURS_NO_MORE))).ending_id == "assoc-2"


def test_a_move_that_goes_on_to_another_target_remembers_the_end_that_is_open() -> None:
    """5.5, 5.8: the next move is from nobody, and asks for the end of nothing."""
    record = moving(Phase.MOVING, intent=intent_of(unanswered=True, refusals=3))
    after = written(decide(record, round_of("HH", address=address_on(""))))
    assert after.intent is not None
    assert (after.holder, after.intent.expected_id, after.ending_id) == ("wk1", "", "assoc-2")


def given_up(shown: str = "assoc-2", worker: str = "wk1", **changes: Any) -> Decision:
    """A move of epoch 3 from wk1 to wk2 was given up, its ask to end assoc-2 open; now people resume."""
    record = record_of("wk2", epoch=3, association_id="", ending_id="assoc-2", **changes)
    asked = (RESUME,) if record.phase is Phase.MANUAL else ()
    return decide(record, round_of("HH", address=address_on(worker, shown), requests=asked))


MANUAL: dict[str, Any] = {"phase": Phase.MANUAL, "manual": "a stranger had it"}


@pytest.mark.parametrize(
    ("why", "standing"),
    [("resumed", MANUAL), ("enabled again", {"phase": Phase.DISABLED}), ("watched only", {"watched_only": True})],
)
def test_an_association_whose_end_was_asked_for_is_adopted_by_nobody_later_either(
    why: str, standing: dict[str, Any]
) -> None:
    """1.8, 4.7, 5.5, 9.6: the late call would end what had been settled on."""
    decision = given_up(**standing)
    after = written(decision)
    assert (after.holder, after.epoch, after.phase, calls(decision)) == ("wk1", 4, Phase.FENCING, ["disassociate wk1"]), why
    assert after.intent is not None
    assert (after.intent.kind, after.intent.unanswered, after.ending_id) == (Kind.ADOPT, True, "assoc-2")


def test_where_it_leads_to_another_card_it_goes_to_one_that_can_serve_all_the_same() -> None:
    """5.5 before 5.11: the configuration means another private address now, and the worker that has it is fenced."""
    (fence,) = moved().record.fences
    record = record_of("wk2", epoch=3, association_id="", ending_id="assoc-2", fences=(fence,), **MANUAL)
    shown = address_on("wk1", private_ip="10.9.9.9")
    after = written(decide(record, round_of("HH", address=shown, requests=(RESUME,))))
    assert after.intent is not None
    assert (after.holder, after.intent.kind, after.intent.source) == ("wk2", Kind.ADOPT, "wk1")


def test_another_association_is_adopted_as_ever_and_the_open_end_is_forgotten() -> None:
    """1.8: people gave the address to wk1 anew; no call of ours names that association."""
    decision = given_up("assoc-7", **MANUAL)
    after = written(decision)
    assert (after.holder, after.association_id, after.ending_id, calls(decision)) == ("wk1", "assoc-7", "", [])


def test_an_association_whose_end_was_asked_for_is_replaced_though_it_was_read_late() -> None:
    """5.5, 5.11: resumed by a stale read of nobody; two reads show it on the holder after all."""
    drift = Drift(association_id="assoc-2", reads=1)
    decision = given_up(worker="wk2", drift=drift)
    after = written(decision)
    assert (after.holder, after.epoch, calls(decision)) == ("wk2", 4, ["disassociate wk2"])


def test_where_the_address_is_not_ours_an_open_call_of_ours_makes_no_other() -> None:
    """1.9 before 5.5."""
    old = record_of("wk9", phase=Phase.FENCING, intent=intent_of(source="wk1", asked_s=NOW_S - 1))
    for shown in (STRANGE, replace(address_on("wk1"), owner="another")):
        decision = decide(old, round_of("HH", address=shown))
        assert (written(decision).phase, calls(decision)) == (Phase.MANUAL, [])


def test_an_association_with_a_holder_that_is_configured_no_more_may_still_land() -> None:
    """1.10, 9.9."""
    old = record_of("wk9", phase=Phase.MOVING, intent=intent_of(source="wk1", asked_s=NOW_S - 7))
    assert written(decide(old, round_of("HH", address=address_on("wk2", "assoc-9")))).loose_s == NOW_S - 7


def test_what_was_counted_of_a_holder_that_is_configured_no_more_is_forgotten_by_a_stranger_too() -> None:
    """1.9, 1.10."""
    old = record_of("wk9", streak=streak_of(), drift=Drift(association_id="assoc-9", reads=1))
    decision = decide(old, round_of("HH", address=STRANGE))
    after = written(decision)
    assert (after.phase, after.epoch, after.holder, calls(decision)) == (Phase.MANUAL, 3, "wk1", [])
    assert (after.streak, after.drift, after.association_id) == (None, None, "")
