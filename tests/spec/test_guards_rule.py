"""The switch and the events of the rule, to the field: what an answer means without a record, what is forgotten and told."""

from dataclasses import replace

import pytest

from failover_lambda import rule
from failover_lambda.contract import Channel, Settings
from failover_lambda.model import (
    AddressView,
    Answered,
    Command,
    Debt,
    Do,
    Drift,
    Event,
    Fence,
    Outcome,
    Pause,
    Phase,
    Record,
    Told,
    Verb,
)
from failover_lambda.moves import IN_MOTION
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
from tests.spec.test_guards_planned import asked

HOME = address_on("wk1")
OFF = replace(SETTINGS, enabled=False)
PAUSE = Pause(until_s=NOW_S + 600, who="mia", why="patch")


# Which rounds read


@pytest.mark.parametrize(
    ("record", "reads"),
    [
        (None, True),
        *((record_of(phase=phase), False) for phase in (Phase.STEADY, Phase.PAUSED, Phase.MANUAL)),
        *((record_of(phase=phase), True) for phase in (Phase.DISABLED, Phase.SUSPECT, Phase.BOTH_DOWN)),
        *((record_of(phase=phase), True) for phase in (Phase.FENCING, Phase.MOVING, Phase.VERIFYING)),
        (record_of(drift=Drift(association_id="assoc-9", reads=1)), True),
        (record_of(requests=(asked(Verb.SWITCHOVER),)), True),
    ],
)
def test_a_round_reads_the_cloud_whenever_something_depends_on_it(record: Record | None, reads: bool) -> None:
    """1.6, 1.8, 4, 5.11, 9.7: else every five seconds are enough. What is switched off reads, and changes nothing."""
    assert rule.wants_cloud(record) is reads


# Without a record


ASSOCIATED = Answered(
    command=Command(do=Do.ASSOCIATE, epoch=3, worker="wk2"), outcome=Outcome.DONE, association_id="assoc-3"
)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (ASSOCIATED, "associate of wk2: done"),
        (replace(ASSOCIATED, outcome=Outcome.REFUSED, code="UnauthorizedOperation", denied=True), None),
        (Told(notice_id="lis-3-1", channel=Channel.TOPIC), "told"),
    ],
)
def test_an_answer_that_comes_after_the_record_was_lost_makes_none(event: Event, reason: str | None) -> None:
    """1.11: it is acted on by nothing that belonged to it."""
    decision = rule.step(None, event, SETTINGS, NOW_S)
    assert (decision.record, decision.commands) == (None, ())
    assert reason in (None, decision.reason)


# The switch


def test_what_was_counted_and_said_until_then_is_forgotten_when_it_is_switched_off() -> None:
    """1.8, 4.5: streaks are fresh after it, and a pause is no more."""
    before = record_of(
        phase=Phase.PAUSED,
        pause=PAUSE,
        streak=streak_of(),
        drift=Drift(association_id="assoc-9", reads=1),
        watched_only=True,
    )
    decision = decide(before, round_of(address=HOME), settings=OFF)
    off = written(decision)
    assert (off.phase, told(decision), calls(decision)) == (Phase.DISABLED, ["disabled"], [])
    assert (off.streak, off.drift, off.pause, off.watched_only) == (None, None, None, False)
    on = written(decide(off, round_of(address=HOME)))
    assert (on.phase, on.epoch) == (Phase.STEADY, 3)


@pytest.mark.parametrize(
    ("shown", "phase", "epoch"),
    [(HOME, Phase.STEADY, 3), (address_on(""), Phase.STEADY, 2), (None, Phase.DISABLED, 2)],
    ids=["on its holder", "on nobody", "not read"],
)
def test_what_is_switched_on_again_adopts_what_is_shown_once_it_was_read_and_suspects_nobody(
    shown: AddressView | None, phase: Phase, epoch: int
) -> None:
    """1.8, 4.3: what was told of the suspicion before is told anew."""
    before = record_of(phase=Phase.DISABLED, suspicion_told=True, manual="?")
    decision = decide(before, round_of(address=shown))
    after = written(decision)
    assert (after.phase, after.epoch, calls(decision)) == (phase, epoch, [])
    assert (after.suspicion_told, after.manual) == (False, "")


# Watching only


@pytest.mark.parametrize(("phase", "left"), [(Phase.DISABLED, Phase.STEADY), (Phase.PAUSED, Phase.PAUSED)])
def test_what_would_have_been_done_is_forgotten_when_watching_only_ends(phase: Phase, left: Phase) -> None:
    """4.7, 1.8: a pause outlasts it; and it ends once."""
    before = record_of(phase=phase, pause=PAUSE if phase is Phase.PAUSED else None, watched_only=True, would="failover wk2")
    after = written(decide(before, round_of(address=HOME)))
    assert (after.phase, after.watched_only, after.would) == (left, False, "")
    again = written(decide(after, round_of(address=address_on("wk1", after.association_id))))
    assert (again.phase, again.epoch, again.outbox) == (left, after.epoch, after.outbox)


def test_a_suspicion_begins_with_its_first_round_where_it_was_switched_off_for_long() -> None:
    """4.3, 4.7: judged as if it were enabled; the minute is not that of the phase disabled."""
    watching = replace(SETTINGS, watch_only=True)
    before = record_of(phase=Phase.DISABLED, phase_since_s=NOW_S - 5000, watched_only=True)
    decision = decide(before, round_of("TH", address=HOME), settings=watching)
    assert (written(decision).phase, told(decision), calls(decision)) == (Phase.DISABLED, [], [])
    assert written(decision).streak is not None


# Fences, and calls that are answered


def test_two_fences_that_cannot_be_proven_are_told_one_after_the_other() -> None:
    """6.4: what is refused for a minute is told, of each worker."""
    three = make_settings(workers=3)
    refused = Debt(asked_s=NOW_S - 1, refused=True)
    fence = Fence(
        worker="wk1", epoch=2, launched_s=1.0, raised_s=NOW_S - 60, isolate=refused, stop=replace(refused, refused=False)
    )
    record = record_of("wk3", settings=three, fences=(fence, replace(fence, worker="wk2")))
    seen = round_of("HHH", address=address_on("wk3", settings=three), machines=(machine("wk1"), machine("wk2")))
    first = decide(record, seen, settings=three)
    second = decide(written(first), seen, settings=three)
    third = decide(written(second), seen, settings=three)
    assert [notice.source for notice in written(third).outbox] == ["wk1", "wk2"]
    assert [notice.source for notice in written(first).outbox] == ["wk1"]


@pytest.mark.parametrize(
    ("before", "outcome", "after"),
    [
        (True, Outcome.REFUSED, True),
        (True, Outcome.DEFERRED, True),
        (False, Outcome.REFUSED, False),
        (False, Outcome.LOST, True),
    ],
)
def test_an_ask_to_end_the_association_that_was_never_answered_is_remembered_whatever_a_later_one_brings(
    before: bool, outcome: Outcome, after: bool
) -> None:
    """5.10, 5.5: the address is kept by the same association only if every ask to end it was refused."""
    record = moving(Phase.FENCING, intent=intent_of(unanswered=before, asked_s=NOW_S - 1))
    command = Command(do=Do.DISASSOCIATE, epoch=3, worker="wk1", association_id="assoc-2")
    decision = rule.step(record, Answered(command=command, outcome=outcome), SETTINGS, NOW_S)
    intent = written(decision).intent
    assert intent is not None
    assert (intent.unanswered, intent.asked_s, written(decision).phase) == (after, None, Phase.FENCING)


# On again, after people were at work


OTHER_CARD = address_on("wk1", "assoc-9", private_ip="10.0.1.99")


def test_switched_on_again_an_address_on_another_card_of_its_worker_is_put_right_by_a_move() -> None:
    """1.8, 5.11: adopted as ever; it was no way from disabled, and every tick ended in an error."""
    decision = decide(record_of(phase=Phase.DISABLED), round_of(address=OTHER_CARD))
    after = written(decision)
    assert (after.holder, after.epoch, after.phase in IN_MOTION) == ("wk1", 3, True)
    assert calls(decision) != []


def test_a_resume_out_of_manual_puts_right_an_address_on_another_card_of_its_worker() -> None:
    """1.8, 9.8."""
    record = record_of(phase=Phase.MANUAL, manual="?", requests=(asked(Verb.RESUME),))
    decision = decide(record, round_of(address=OTHER_CARD))
    first = written(decision)
    second = written(decide(first, round_of(address=OTHER_CARD)))
    assert any(each.phase in IN_MOTION and each.epoch == 3 for each in (first, second))


def test_switched_on_again_an_address_that_is_on_nobody_is_put_back_with_the_next_read() -> None:
    """1.8, 5.11."""
    first = written(decide(record_of(phase=Phase.DISABLED), round_of(address=address_on(""))))
    assert (first.phase, first.drift) == (Phase.STEADY, Drift(association_id="", reads=1))
    again = decide(first, round_of(address=address_on("")))
    assert calls(again) == ["associate wk1"]
    intent = written(again).intent
    assert intent is not None
    assert not intent.unanswered, "the end of nothing was asked for (5.5)"


def test_a_resume_out_of_manual_that_finds_the_address_on_nobody_suspects_nobody_from_before() -> None:
    """1.8, 9.6: fresh streaks; else the first round after it would fail over, and home had been well for ever."""
    before = record_of(
        phase=Phase.MANUAL,
        manual="?",
        streak=streak_of(),
        drift=Drift(association_id="", reads=1),
        home_healthy_s=NOW_S - 5000,
        home_watched="wk1",
        requests=(asked(Verb.RESUME),),
    )
    after = written(decide(before, round_of("TH", address=address_on(""))))
    assert (after.phase, after.epoch) == (Phase.STEADY, 2)
    assert (after.streak, after.home_healthy_s) == (None, None)
    assert after.drift == Drift(association_id="", reads=1), "a read of before is none of the two that agree (5.11)"
    later = written(decide(after, round_of("HH", address=address_on(""))))
    assert (later.phase, later.epoch) == (Phase.MOVING, 3)


def test_switched_on_again_home_has_to_be_well_for_a_minute_of_its_own() -> None:
    """1.8, 10.4: what was seen of it before the watchdog was switched off is no minute of now."""
    before = record_of("wk2", phase=Phase.DISABLED, home_healthy_s=NOW_S - 5000, home_watched="wk1")
    for shown in (address_on("wk2", "assoc-9"), address_on("")):
        assert written(decide(before, round_of(address=shown))).home_healthy_s is None


STRANGER = record_of(holder="wk9")


@pytest.mark.parametrize("address", [HOME, address_on(""), None], ids=["on a worker", "on nobody", "unread"])
@pytest.mark.parametrize("settings", [OFF, replace(OFF, watch_only=True)], ids=["off", "off, watching only"])
def test_switched_off_nothing_is_changed_though_the_holder_is_not_configured_any_more(
    address: AddressView | None, settings: Settings
) -> None:
    """1.10 begins when the switch is on: `enabled: false` reads, and changes nothing."""
    decision = decide(STRANGER, round_of(address=address), settings=settings)
    off = written(decision)
    assert (off.phase, off.epoch, off.holder, told(decision), calls(decision)) == (
        Phase.DISABLED,
        2,
        "wk9",
        ["disabled"],
        [],
    )
    again = decide(replace(off, outbox=()), round_of(address=address), settings=settings)
    assert (written(again).phase, written(again).epoch, told(again), calls(again)) == (Phase.DISABLED, 2, [], [])


@pytest.mark.parametrize(("address", "sent"), [(HOME, []), (address_on(""), ["associate wk1"])])
def test_switched_on_again_a_holder_that_is_not_configured_any_more_is_no_holder(
    address: AddressView, sent: list[str]
) -> None:
    """1.8, 1.10."""
    decision = decide(replace(STRANGER, phase=Phase.DISABLED), round_of(address=address))
    assert (written(decision).holder, written(decision).epoch, calls(decision)) == ("wk1", 3, sent)
