"""RULE.md 5.3 to 5.10: a move in motion, from every state that a leader can find it in, to the second and to the read."""

from dataclasses import replace
from typing import Any

import pytest

from failover_lambda import rule
from failover_lambda.model import (
    Answer,
    Answered,
    Command,
    Decision,
    Do,
    Drift,
    Kind,
    Outcome,
    Pause,
    Phase,
    PublicAnswer,
    Record,
    Verdict,
)
from tests.spec.desk import (
    NOW_S,
    SETTINGS,
    address_on,
    calls,
    decide,
    intent_of,
    machine,
    moving,
    round_of,
    streak_of,
    told,
    written,
)
from tests.worlds import World

NOBODY = address_on("")
AGES = [(0.0, False), (0.5, False), (3.499, False), (3.5, True), (60.0, True), (-0.001, True)]


def on_nobody(intent: Any, *, phase: Phase = Phase.MOVING, answers: str = "TH", **changes: Any) -> Decision:
    """A round that shows the address on nobody, in the middle of a move to wk2."""
    return decide(moving(phase, intent=intent, **changes), round_of(answers, address=NOBODY))


# The address is on nobody: it is put on its target


@pytest.mark.parametrize(("age_s", "asked"), AGES)
def test_an_association_without_an_answer_is_asked_for_again_after_its_time(age_s: float, asked: bool) -> None:
    """5.8; also where the ask lies in the future, by the clock of another leader."""
    decision = on_nobody(intent_of(asked_s=NOW_S - age_s))
    assert calls(decision) == (["associate wk2"] if asked else [])


def test_an_effect_that_was_read_is_as_good_as_an_answer() -> None:
    """5.6: the end of the old association has no answer yet, and the address is on nobody."""
    decision = on_nobody(intent_of(asked_s=NOW_S - 0.3), phase=Phase.FENCING)
    assert (calls(decision), written(decision).phase) == (["associate wk2"], Phase.MOVING)
    assert decision.commands[0].second
    intent = written(decision).intent
    assert intent is not None
    assert intent.asked_s == NOW_S


@pytest.mark.parametrize(
    ("refusals", "age_s", "holder"),
    [(2, 60.0, "wk2"), (3, 4.999, "wk2"), (3, 5.0, "wk1"), (4, 9.0, "wk1")],
)
def test_three_refusals_and_five_seconds_give_the_address_to_the_next_and_nothing_less(
    refusals: int, age_s: float, holder: str
) -> None:
    """5.8: here the next is the old holder, which answers."""
    intent = intent_of(refusals=refusals, made_s=NOW_S - age_s, asked_s=None)
    assert written(on_nobody(intent, answers="HH")).holder == holder


@pytest.mark.parametrize(
    ("why", "overdue_s", "answers", "grace_s", "holder", "telling"),
    [
        ("not yet", 0.0, "HT", None, "wk2", []),
        ("it answers, and the cloud is slow", 0.001, "HH", None, "wk2", ["move-overdue"]),
        ("it is still booting", 0.001, "HT", 1.0, "wk2", ["move-overdue"]),
        ("its time to boot is over", 0.001, "HT", 0.0, "wk1", []),
        ("it does not answer", 0.001, "HT", None, "wk1", []),
    ],
)
def test_at_the_move_deadline_a_target_that_may_still_take_it_is_asked_again_and_another_is_not(
    why: str, *, overdue_s: float, answers: str, grace_s: float | None, holder: str, telling: list[str]
) -> None:
    """5.8: "not now" is no refusal; people are told at each deadline."""
    grace_until_s = None if grace_s is None else NOW_S + grace_s
    intent = intent_of(deadline_s=NOW_S - overdue_s)
    decision = on_nobody(intent, answers=answers, grace_until_s=grace_until_s)
    assert (written(decision).holder, told(decision)) == (holder, telling), why
    after = written(decision).intent
    assert after is not None
    if telling:
        assert after.deadline_s == NOW_S + SETTINGS.move_deadline_s, "told at each deadline, and not in each round"


def test_who_did_not_take_the_address_is_not_tried_again_in_the_same_incident() -> None:
    """5.8: wk1 was tried, wk2 is refused now; wk3 is the next, and after it nobody is left but people."""
    settings = World(workers=3).settings
    intent = intent_of(refusals=3, source="wk1", tried=("wk1",), attempt=2)
    record = moving(Phase.MOVING, settings=settings, intent=intent)
    decision = decide(record, round_of("HHH", address=NOBODY), settings=settings)
    assert written(decision).holder == "wk3"
    after = written(decision).intent
    assert after is not None
    assert (after.tried, after.attempt, after.kind) == (("wk1", "wk2"), 3, Kind.RETARGET)


def test_without_a_standby_the_address_goes_back_to_the_old_holder_even_if_it_is_silent() -> None:
    """5.8, 5.9: better on one that may come back than on nobody."""
    decision = on_nobody(intent_of(refusals=3), answers="TT")
    assert (written(decision).holder, calls(decision)) == ("wk1", ["associate wk1"])


@pytest.mark.parametrize(("source", "tried"), [("wk1", ("wk1",)), ("wk2", ()), ("", ())])
def test_when_the_old_holder_was_tried_too_people_are_asked(source: str, tried: tuple[str, ...]) -> None:
    """5.8; or where there was none."""
    decision = on_nobody(intent_of(refusals=3, source=source, tried=tried), answers="TT")
    assert (written(decision).phase, told(decision)) == (Phase.MANUAL, ["manual"])


# The old association stands


def still_there(intent: Any, *, phase: Phase = Phase.FENCING, answers: str = "TH", **changes: Any) -> Decision:
    """A round that shows the address where it was before the move to wk2."""
    seen = round_of(answers, address=address_on("wk1"), machines=(machine("wk1"), machine("wk2")))
    return decide(moving(phase, intent=intent, **changes), seen)


@pytest.mark.parametrize(("age_s", "asked"), AGES)
def test_the_end_of_the_old_association_is_asked_for_again_by_its_id(age_s: float, asked: bool) -> None:
    """5.3, 5.4, 5.10."""
    decision = still_there(intent_of(asked_s=NOW_S - age_s))
    assert calls(decision) == (["disassociate wk1"] if asked else [])
    assert [call.association_id for call in decision.commands] == (["assoc-2"] if asked else [])


def test_an_old_read_in_the_second_half_of_a_move_asks_for_nothing() -> None:
    """5.8: its end was answered; the read is from before."""
    decision = still_there(intent_of(asked_s=None), phase=Phase.MOVING)
    assert (calls(decision), written(decision).phase) == ([], Phase.MOVING)


@pytest.mark.parametrize(
    ("why", "overdue_s", "answers", "intent", "holder", "sent", "telling"),
    [
        ("not yet", 0.0, "HH", intent_of(), "wk2", ["disassociate wk1"], []),
        ("the old holder is still silent", 0.001, "TH", intent_of(), "wk2", ["disassociate wk1"], ["move-overdue"]),
        ("it answers, every ask was refused", 0.001, "HH", intent_of(), "wk1", [], ["adopted"]),
        ("it answers, an ask was lost", 0.001, "HH", intent_of(unanswered=True), "wk1", ["disassociate wk1"], []),
        ("it answers, an ask is out", 0.001, "HH", intent_of(asked_s=NOW_S - 1), "wk1", ["disassociate wk1"], []),
        ("another holder had it before", 0.001, "HH", intent_of(source=""), "wk2", ["disassociate "], ["move-overdue"]),
    ],
)
def test_at_the_move_deadline_an_old_holder_that_answers_keeps_the_address(
    why: str, *, overdue_s: float, answers: str, intent: Any, holder: str, sent: list[str], telling: list[str]
) -> None:
    """5.10."""
    decision = still_there(replace(intent, deadline_s=NOW_S - overdue_s), answers=answers)
    assert (written(decision).holder, calls(decision), told(decision)) == (holder, sent, telling), why
    if "move-overdue" in telling:
        after = written(decision).intent
        assert after is not None
        assert (after.deadline_s, after.asked_s) == (NOW_S + SETTINGS.move_deadline_s, NOW_S)


def test_what_was_counted_of_the_target_while_it_was_verified_says_nothing_of_the_source_that_keeps_the_address() -> None:
    """5.5, 3.10: the read of it on the target was stale, and nobody was asked to end the old association."""
    decision = decide(
        moving(
            Phase.VERIFYING,
            intent=intent_of(asked_s=None, deadline_s=NOW_S - 0.001),
            association_id="assoc-9",
            streak=streak_of(rounds=1),
            drift=Drift(association_id="assoc-2", reads=1),
        ),
        round_of("HT", address=address_on("wk1", "assoc-2")),
    )
    after = written(decision)
    assert (after.holder, after.association_id, after.phase) == ("wk1", "assoc-2", Phase.STEADY)
    assert after.streak is None


@pytest.mark.parametrize(
    ("intent", "unanswered"),
    [
        (intent_of(asked_s=None), False),
        (intent_of(asked_s=NOW_S - 60), True),
        (intent_of(asked_s=None, unanswered=True), True),
    ],
)
def test_an_ask_that_was_never_answered_is_remembered_through_all_later_asks(intent: Any, unanswered: bool) -> None:
    """5.10: it may still end what the old holder would keep."""
    after = written(still_there(intent)).intent
    assert after is not None
    assert after.unanswered is unanswered


def test_a_move_whose_address_cannot_be_read_waits_for_the_next_read() -> None:
    """5.8."""
    for phase in (Phase.FENCING, Phase.MOVING):
        record = moving(phase)
        decision = decide(record, round_of("TH", address=None))
        assert (decision.commands, written(decision).phase, written(decision).intent) == ((), phase, record.intent)


# Somebody else moved it meanwhile


def test_an_address_that_others_moved_in_the_middle_of_a_move_is_taken_back_after_two_reads() -> None:
    """5.4, 5.11: a newer association id needs a newer intent."""
    settings = World(workers=3).settings
    seen = round_of("THH", address=address_on("wk3", "assoc-9", settings=settings))
    first = decide(moving(Phase.MOVING, settings=settings), seen, settings=settings)
    assert (calls(first), written(first).epoch) == ([], 3)
    second = decide(written(first), seen, settings=settings)
    assert (calls(second), second.commands[0].association_id) == (["disassociate wk3"], "assoc-9")
    assert (written(second).epoch, written(second).holder) == (4, "wk2")


def test_an_address_that_others_move_again_and_again_is_left_to_people() -> None:
    """5.12: at most two attempts for each worker in one incident."""
    for attempt, phase in ((3, Phase.FENCING), (4, Phase.MANUAL)):
        record = moving(Phase.MOVING, intent=intent_of(attempt=attempt), drift=Drift(association_id="assoc-9", reads=1))
        seen = round_of("TH", address=address_on("wk1", "assoc-9"))
        assert written(decide(record, seen)).phase is phase


def test_an_address_that_others_put_on_a_stranger_is_left_to_people_at_once() -> None:
    """1.9."""
    seen = round_of("TH", address=address_on("wk1", "assoc-9", instance_id="i-stranger"))
    decision = decide(moving(Phase.MOVING), seen)
    assert (written(decision).phase, calls(decision)) == (Phase.MANUAL, [])


def test_a_target_that_has_the_address_already_by_another_association_is_verified() -> None:
    """5.8: our own earlier success is accepted."""
    decision = decide(moving(Phase.MOVING), round_of("TH", address=address_on("wk2", "assoc-3")))
    assert (written(decision).phase, written(decision).association_id) == (Phase.VERIFYING, "assoc-3")


# Answers


def answer_to(record: Record, do: Do, outcome: Outcome, *, epoch: int = 3, association_id: str = "") -> Decision:
    """What follows from the answer to a call of this move."""
    event = Answered(
        command=Command(do=do, epoch=epoch, worker="wk2"), outcome=outcome, code="Any", association_id=association_id
    )
    return rule.step(record, event, SETTINGS, NOW_S)


def test_an_answered_end_of_the_old_association_sends_the_second_call_at_once() -> None:
    """5.6."""
    decision = answer_to(moving(Phase.FENCING, intent=intent_of(asked_s=NOW_S - 1)), Do.DISASSOCIATE, Outcome.DONE)
    assert (calls(decision), written(decision).phase, written(decision).phase_since_s) == (
        ["associate wk2"],
        Phase.MOVING,
        NOW_S,
    )
    intent = written(decision).intent
    assert intent is not None
    assert intent.asked_s == NOW_S, "the next rounds wait for its answer"
    assert calls(decide(written(decision), round_of("TH", address=NOBODY), now_s=NOW_S + 3.4)) == []


@pytest.mark.parametrize(
    ("outcome", "unanswered"), [(Outcome.LOST, True), (Outcome.REFUSED, False), (Outcome.DEFERRED, False)]
)
def test_an_end_that_did_not_come_is_asked_for_after_the_next_read(outcome: Outcome, unanswered: bool) -> None:
    """5.8, 5.10."""
    decision = answer_to(moving(Phase.FENCING, intent=intent_of(asked_s=NOW_S - 1)), Do.DISASSOCIATE, outcome)
    intent = written(decision).intent
    assert intent is not None
    assert (calls(decision), intent.asked_s, intent.unanswered) == ([], None, unanswered)


@pytest.mark.parametrize(("outcome", "refusals"), [(Outcome.LOST, 1), (Outcome.REFUSED, 2), (Outcome.DEFERRED, 1)])
def test_only_a_definite_refusal_counts_against_the_target(outcome: Outcome, refusals: int) -> None:
    """5.8."""
    decision = answer_to(moving(Phase.MOVING, intent=intent_of(asked_s=NOW_S - 1, refusals=1)), Do.ASSOCIATE, outcome)
    intent = written(decision).intent
    assert intent is not None
    assert (intent.asked_s, intent.refusals, calls(decision)) == (None, refusals, [])


@pytest.mark.parametrize(
    ("phase", "do", "epoch"),
    [
        (Phase.MOVING, Do.DISASSOCIATE, 3),
        (Phase.VERIFYING, Do.DISASSOCIATE, 3),
        (Phase.FENCING, Do.DISASSOCIATE, 2),
        (Phase.FENCING, Do.ASSOCIATE, 3),
        (Phase.VERIFYING, Do.ASSOCIATE, 3),
        (Phase.MOVING, Do.ASSOCIATE, 2),
    ],
)
def test_an_answer_of_another_epoch_or_of_a_half_that_is_over_is_of_no_consequence(phase: Phase, do: Do, epoch: int) -> None:
    """5.4, 5.8."""
    record = moving(phase)
    decision = answer_to(record, do, Outcome.DONE, epoch=epoch, association_id="assoc-7")
    assert (decision.record, decision.commands) == (record, ())


def test_a_late_answer_to_a_settled_site_is_of_no_consequence() -> None:
    """5.8."""
    record = replace(moving(Phase.STEADY), intent=None)
    for do in (Do.DISASSOCIATE, Do.ASSOCIATE):
        assert answer_to(record, do, Outcome.DONE, association_id="assoc-7").record == record


# Verifying


def verifying(seen: Any, **changes: Any) -> Decision:
    """A round of the phase verifying: the address was put on wk2 by assoc-3, five seconds ago."""
    record = moving(Phase.VERIFYING, association_id="assoc-3")
    return decide(replace(record, **{"phase_since_s": NOW_S - 5, **changes}), seen)


def through_public(worker: str, answer: Answer = Answer.HEALTHY) -> PublicAnswer:
    return PublicAnswer(worker=worker, boot_id="", answer=answer)


ON_TARGET = address_on("wk2", "assoc-3")


@pytest.mark.parametrize(
    ("why", "seen", "changes", "settles"),
    [
        ("one read and its own word", round_of("TH", address=ON_TARGET, public=through_public("wk2")), {}, True),
        ("its word without a read", round_of("TH", address=None, public=through_public("wk2")), {}, False),
        (
            "another one's word",
            round_of("TH", address=ON_TARGET, public=through_public("wk1")),
            {"association_reads": 5},
            False,
        ),
        (
            "no word, though the port is asked",
            round_of("TH", address=ON_TARGET, public=through_public("", Answer.TIMEOUT)),
            {"association_reads": 5},
            False,
        ),
        ("no port, one read", round_of("TH", address=ON_TARGET), {}, False),
        ("no port, two reads and a healthy answer", round_of("TH", address=ON_TARGET), {"association_reads": 1}, True),
        ("no port, two reads and no healthy answer", round_of("TS", address=ON_TARGET), {"association_reads": 1}, False),
        (
            "two reads, it is still booting",
            round_of("TT", address=ON_TARGET),
            {"association_reads": 1, "grace_until_s": NOW_S + 9},
            True,
        ),
        ("one read, it is still booting", round_of("TT", address=ON_TARGET), {"grace_until_s": NOW_S + 9}, False),
        ("at the deadline", round_of("TC", address=ON_TARGET), {"phase_since_s": NOW_S - 20.0}, False),
        ("after the deadline", round_of("TC", address=ON_TARGET), {"phase_since_s": NOW_S - 20.001}, True),
    ],
)
def test_a_move_is_believed(why: str, seen: Any, changes: Any, settles: bool) -> None:
    """5.7: after one read back and the target's own word, or two reads and a healthy answer; at the deadline as it is."""
    decision = verifying(seen, **changes)
    assert (written(decision).phase is Phase.STEADY) is settles, why
    assert (told(decision) == ["failover"]) is settles, why


def test_a_read_that_shows_another_association_is_believed_the_second_time() -> None:
    """5.7: a single one may be stale."""
    elsewhere = round_of("TH", address=address_on("wk1", "assoc-9"))
    first = verifying(elsewhere, association_reads=1)
    assert (calls(first), written(first).phase, written(first).association_reads) == ([], Phase.VERIFYING, 0)
    second = decide(written(first), elsewhere)
    assert calls(second) == ["disassociate wk1"]


def test_reads_that_agree_again_forget_one_that_did_not() -> None:
    """5.7."""
    decision = verifying(round_of("TS", address=ON_TARGET), drift=Drift(association_id="assoc-9", reads=1))
    assert (written(decision).drift, written(decision).association_reads) == (None, 1)


def test_an_address_that_fell_off_again_is_put_back_after_two_reads() -> None:
    """5.7, 5.9."""
    record = moving(Phase.VERIFYING, association_id="assoc-3", drift=Drift(association_id="", reads=1))
    assert calls(decide(record, round_of("TH", address=NOBODY))) == ["associate wk2"]


@pytest.mark.parametrize(
    ("why", "verdict", "changes", "phase", "telling"),
    [
        ("another worker answers", Verdict.DEAD, {}, Phase.FENCING, ["failover"]),
        ("nobody answers", Verdict.ALL_DEAD, {}, Phase.BOTH_DOWN, ["failover", "both-down"]),
        ("in manual nothing moves", Verdict.DEAD, {"manual": "?"}, Phase.MANUAL, ["failover"]),
        (
            "in a pause nothing moves",
            Verdict.DEAD,
            {"pause": Pause(until_s=NOW_S + 999, who="mia", why="?")},
            Phase.PAUSED,
            ["failover"],
        ),
    ],
)
def test_a_target_that_dies_before_it_is_verified(
    why: str, verdict: Verdict, changes: Any, phase: Phase, telling: list[str]
) -> None:
    """5.7: that the move was made is told; a dead target is a failover by section 3."""
    answers = "HT" if verdict is Verdict.DEAD else "TT"
    seen = round_of(answers, address=ON_TARGET, machines=(machine("wk1"), machine("wk2")))
    decision = verifying(seen, streak=streak_of(verdict), **changes)
    assert (written(decision).phase, told(decision)) == (phase, telling), why


@pytest.mark.parametrize(
    ("phase", "asked_s", "loose_s"),
    [(Phase.MOVING, NOW_S - 2, NOW_S - 2), (Phase.MOVING, None, None), (Phase.FENCING, NOW_S - 2, None)],
)
def test_an_association_that_was_read_and_not_answered_may_be_another_hand_s(
    phase: Phase, asked_s: float | None, loose_s: float | None
) -> None:
    """9.9: ours may still land then, in the gap of a planned move."""
    record = moving(phase, intent=intent_of(asked_s=asked_s))
    decision = decide(record, round_of("TH", address=address_on("wk2", "assoc-9")))
    assert (written(decision).phase, written(decision).loose_s) == (Phase.VERIFYING, loose_s)


# What an ask that is not answered leaves behind


@pytest.mark.parametrize(
    ("phase", "intent", "unanswered"),
    [
        (Phase.FENCING, intent_of(asked_s=NOW_S - 60), True),
        (Phase.FENCING, intent_of(asked_s=None), False),
        (Phase.FENCING, intent_of(asked_s=None, unanswered=True), True),
        (Phase.MOVING, intent_of(asked_s=NOW_S - 60), False),
        (Phase.MOVING, intent_of(asked_s=NOW_S - 60, unanswered=True), True),
    ],
)
def test_an_end_that_was_read_and_not_answered_may_still_be_on_its_way(phase: Phase, intent: Any, unanswered: bool) -> None:
    """5.5: only an end that was asked for; and what was on its way stays so."""
    decision = decide(moving(phase, intent=intent), round_of("TH", address=NOBODY))
    asked = written(decision).intent
    assert asked is not None
    assert (calls(decision), asked.unanswered) == (["associate wk2"], unanswered)


@pytest.mark.parametrize(("asked_s", "loose_s"), [(NOW_S - 60, NOW_S - 60), (None, NOW_S - 900)])
def test_an_association_that_is_asked_for_again_leaves_the_one_before_loose(asked_s: float | None, loose_s: float) -> None:
    """9.9."""
    record = moving(Phase.MOVING, intent=intent_of(asked_s=asked_s), loose_s=NOW_S - 900)
    assert written(decide(record, round_of("TH", address=NOBODY))).loose_s == loose_s


def test_an_association_that_is_the_one_that_was_to_end_has_its_end_asked_for_at_once() -> None:
    """5.5: and that end is one more that may be on its way."""
    record = moving(Phase.MOVING, intent=intent_of(asked_s=NOW_S - 0.1))
    command = Command(do=Do.ASSOCIATE, epoch=3, worker="wk2", second=True)
    made = Answered(command=command, outcome=Outcome.DONE, association_id="assoc-2")
    after = rule.step(record, made, SETTINGS, NOW_S).record
    assert after is not None
    assert after.intent is not None
    assert (after.phase, after.intent.asked_s, after.intent.unanswered) == (Phase.FENCING, None, True)


def from_nobody(**changes: Any) -> Record:
    """A move to wk2 of an address that was read to be on nobody, after one whose ask to end assoc-2 is still open."""
    return moving(Phase.MOVING, intent=intent_of(Kind.RETARGET, source="", expected_id="", **changes), ending_id="assoc-2")


def test_a_target_that_has_the_association_of_a_move_given_up_gets_a_new_one() -> None:
    """5.5: the reads of nobody were stale."""
    decision = decide(from_nobody(), round_of("HH", address=address_on("wk2")))
    after = written(decision).intent
    assert after is not None
    assert (calls(decision), written(decision).epoch, after.expected_id) == (["disassociate wk2"], 4, "assoc-2")
    assert (after.kind, after.unanswered, written(decision).phase) == (Kind.RETARGET, True, Phase.FENCING)


def test_what_brings_back_the_association_of_a_move_given_up_is_no_success() -> None:
    """5.5, 5.8: the next round reads it."""
    record = from_nobody(asked_s=NOW_S - 0.1)
    command = Command(do=Do.ASSOCIATE, epoch=3, worker="wk2")
    made = Answered(command=command, outcome=Outcome.DONE, association_id="assoc-2")
    after = rule.step(record, made, SETTINGS, NOW_S).record
    assert after is not None
    assert after.intent is not None
    assert (after.phase, after.intent.asked_s, after.ending_id) == (Phase.MOVING, None, "assoc-2")


def test_a_new_association_ends_what_is_remembered_of_an_open_end() -> None:
    """5.5: that one is the record's, and no call of before names it."""
    after = written(decide(from_nobody(), round_of("HH", address=address_on("wk2", "assoc-9"))))
    assert (after.phase, after.association_id, after.ending_id) == (Phase.VERIFYING, "assoc-9", "")


def test_reads_that_agreed_on_another_association_are_none_of_this_one() -> None:
    """5.7."""
    record = moving(Phase.MOVING, intent=intent_of(asked_s=NOW_S - 0.1), association_reads=5)
    command = Command(do=Do.ASSOCIATE, epoch=3, worker="wk2", second=True)
    made = Answered(command=command, outcome=Outcome.DONE, association_id="assoc-3")
    after = rule.step(record, made, SETTINGS, NOW_S).record
    assert after is not None
    assert (after.phase, after.association_id, after.association_reads) == (Phase.VERIFYING, "assoc-3", 0)


# What no leader of ours leaves behind


@pytest.mark.parametrize("phase", [Phase.FENCING, Phase.MOVING])
def test_a_move_without_an_intent_is_none(phase: Phase) -> None:
    """1.5."""
    record = replace(moving(phase), intent=None)
    decision = decide(record, round_of("TH", address=address_on("wk1")))
    assert (written(decision).phase, calls(decision), decision.reason) == (Phase.STEADY, [], "nothing is in motion")


def test_a_target_that_dies_while_a_move_without_an_intent_is_verified_is_replaced() -> None:
    """5.7."""
    record = replace(moving(Phase.VERIFYING, association_id="assoc-3", streak=streak_of()), intent=None)
    decision = decide(record, round_of("HT", address=address_on("wk2", "assoc-3")))
    assert (written(decision).holder, written(decision).epoch) == ("wk1", 4)


def test_the_end_of_an_overdue_association_that_is_on_a_stranger_is_asked_for_again_and_told_with_its_source() -> None:
    """5.10."""
    stranger = address_on("wk1", instance_id="i-9", network_interface_id="eni-9")
    record = moving(Phase.FENCING, intent=intent_of(asked_s=NOW_S - 60, deadline_s=NOW_S - 1))
    decision = decide(record, round_of("HH", address=stranger))
    assert calls(decision) == ["disassociate wk1"]
    (notice,) = written(decision).outbox
    assert (notice.what, notice.source) == ("move-overdue", "wk1")


def test_a_move_that_cannot_be_read_back_is_taken_as_it_is_at_the_verify_deadline() -> None:
    """5.7."""
    record = replace(moving(Phase.VERIFYING, association_id="assoc-3"), phase_since_s=NOW_S - 21)
    decision = decide(record, round_of("HH", address=None))
    assert (written(decision).phase, written(decision).holder) == (Phase.STEADY, "wk2")
    assert "taken as verified at the deadline" in decision.reason
