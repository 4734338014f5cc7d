"""RULE.md sections 9 and 10, planned moves: each condition by itself and to the second, with everything else in order."""

from dataclasses import replace
from typing import Any

import pytest

from failover_lambda.contract import Settings
from failover_lambda.model import (
    AddressView,
    Answer,
    Debt,
    Decision,
    Drift,
    Fence,
    InstanceView,
    Kind,
    Maintenance,
    Pause,
    Phase,
    Record,
    Request,
    Round,
    Verb,
    Window,
)
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
    told,
    written,
)

HOME = address_on("wk1")
NOBODY = address_on("")
ANEW = address_on("wk1", "assoc-9")
"""Somebody associated the address with its holder anew."""
STRANGE = address_on("wk1", instance_id="i-9", network_interface_id="eni-9")
PAUSE = Pause(until_s=NOW_S + 600, who="mia", why="patch")
MOVED = ["disassociate wk1"]
FAILED_OVER = ["disassociate wk1", "isolate wk1", "stop wk1"]


def asked(verb: Verb = Verb.SWITCHOVER, *, age_s: float = 10.0, **changes: Any) -> Request:
    """An operator asked for it so long ago, and it may wait for a minute."""
    since_s = NOW_S - age_s
    request = Request(
        id="r1", site="lis", verb=verb, who="mia", why="test", asked_s=since_s, patience_s=60.0, first_seen_s=since_s
    )
    return replace(request, **changes)


def waiting(*requests: Request, **changes: Any) -> Record:
    """A settled site in which these wait."""
    return record_of(requests=requests or (asked(),), **changes)


def tried(record: Record, answers: str = "HH", shown: AddressView | None = HOME, **seen: Any) -> Decision:
    """One round in which everybody answers, unless changed."""
    return decide(record, round_of(answers, address=shown, **seen))


def fenced(worker: str) -> Fence:
    """A fence whose worker still runs on the boot that was fenced; no call of it is due."""
    done = Debt(asked_s=NOW_S - 5, answered=True)
    return Fence(worker=worker, epoch=1, launched_s=1.0, raised_s=NOW_S - 300, isolate=done, stop=done, told=True)


def maintained(worker: str) -> Maintenance:
    """It is being worked on."""
    return Maintenance(worker=worker, until_s=NOW_S + 60, who="mia", why="disk")


# When a move that was asked for begins


def test_no_planned_move_begins_in_the_round_that_adopts_what_people_did() -> None:
    """9.7, 1.5: where the address was is not what the record said; the adoption is an epoch of its own, and stored."""
    adopted = tried(waiting(drift=Drift(association_id="assoc-9", reads=1)), shown=ANEW)
    assert (written(adopted).epoch, written(adopted).phase, calls(adopted)) == (3, Phase.STEADY, [])
    begun = tried(written(adopted), shown=ANEW)
    assert (written(begun).epoch, calls(begun)) == (4, MOVED)


def test_a_planned_move_begins_in_the_very_round_in_which_the_move_before_it_ends() -> None:
    """9.7: nothing is in motion then."""
    record = moving(Phase.VERIFYING, intent=intent_of(Kind.RECONCILE), association_id="assoc-3", association_reads=1)
    decision = tried(replace(record, requests=(asked(),)), shown=address_on("wk2", "assoc-3"))
    assert (written(decision).epoch, written(decision).holder, calls(decision)) == (4, "wk1", ["disassociate wk2"])


def test_a_pause_that_waited_for_the_end_of_a_move_begins_in_the_round_after() -> None:
    """9.6: it is no move, and begins none."""
    record = moving(Phase.VERIFYING, intent=intent_of(Kind.RECONCILE), association_id="assoc-3", association_reads=1)
    pause = asked(Verb.PAUSE, duration_s=300.0)
    ended = tried(replace(record, requests=(pause,)), shown=address_on("wk2", "assoc-3"))
    assert (written(ended).epoch, written(ended).phase, written(ended).requests) == (3, Phase.STEADY, (pause,))
    assert written(tried(written(ended), shown=address_on("wk2", "assoc-3"))).phase is Phase.PAUSED


@pytest.mark.parametrize(("age_s", "begins"), [(59.999, True), (60.0, True), (60.001, False)])
def test_a_request_begins_within_its_patience_its_last_instant_included(age_s: float, begins: bool) -> None:
    """9.1, 9.4: and is refused after it, whatever was about to be possible."""
    decision = tried(waiting(asked(age_s=age_s)))
    assert calls(decision) == (MOVED if begins else [])
    assert [reply.done for reply in written(decision).replies] == ([] if begins else [False])


@pytest.mark.parametrize(
    ("verb", "phase", "answers", "sent"),
    [
        (Verb.SWITCHOVER, Phase.STEADY, "HH", MOVED),
        (Verb.SWITCHOVER, Phase.PAUSED, "HH", MOVED),
        (Verb.SWITCHOVER, Phase.MANUAL, "HH", MOVED),
        (Verb.SWITCHOVER, Phase.SUSPECT, "TH", []),
        (Verb.SWITCHOVER, Phase.BOTH_DOWN, "TH", []),
        (Verb.FAILOVER, Phase.STEADY, "HH", FAILED_OVER),
        (Verb.FAILOVER, Phase.PAUSED, "HH", FAILED_OVER),
        (Verb.FAILOVER, Phase.MANUAL, "HH", FAILED_OVER),
        (Verb.FAILOVER, Phase.SUSPECT, "TH", FAILED_OVER),
        (Verb.FAILOVER, Phase.BOTH_DOWN, "TH", FAILED_OVER),
    ],
)
def test_a_planned_move_waits_out_a_suspicion_and_an_operators_failover_does_not(
    verb: Verb, phase: Phase, answers: str, sent: list[str]
) -> None:
    """9.6, 9.7, 9.10: it needs no verdict; a pause and manual hinder neither."""
    record = waiting(asked(verb), phase=phase, pause=PAUSE if phase is Phase.PAUSED else None)
    record = replace(record, manual="?" if phase is Phase.MANUAL else "")
    decision = tried(record, answers)
    assert calls(decision) == sent
    assert written(decision).holder == ("wk2" if sent else "wk1")


@pytest.mark.parametrize("verb", [Verb.SWITCHOVER, Verb.FAILOVER])
def test_what_was_asked_for_in_the_middle_of_a_move_is_refused_with_that_move_as_the_reason(verb: Verb) -> None:
    """9.4: the reason that stands when its patience is over."""
    record = moving(Phase.MOVING, intent=intent_of(asked_s=NOW_S - 1), requests=(asked(verb, age_s=61.0),))
    (reply,) = written(tried(record, shown=NOBODY)).replies
    assert (reply.done, reply.why) == (False, "not begun within 60 s: the site is in phase moving")


def test_a_move_to_the_worker_that_holds_meanwhile_begins_nothing() -> None:
    """9.7: it was asked for when another held."""
    decision = tried(waiting(asked(worker="wk1")))
    assert (calls(decision), written(decision).epoch) == ([], 2)


@pytest.mark.parametrize(
    ("why", "request_", "changes", "answers", "begins"),
    [
        ("said, and it answers", asked(Verb.FAILOVER, unproven=True), {"fences": (fenced("wk2"),)}, "HH", True),
        ("not said", asked(Verb.FAILOVER), {"fences": (fenced("wk2"),)}, "HH", False),
        ("a switchover", asked(unproven=True), {"fences": (fenced("wk2"),)}, "HH", False),
        ("it does not answer", asked(Verb.FAILOVER, unproven=True), {"fences": (fenced("wk2"),)}, "HT", False),
        (
            "fenced and in maintenance",
            asked(Verb.FAILOVER, unproven=True),
            {"fences": (fenced("wk2"),), "maintenance": (maintained("wk2"),)},
            "HH",
            False,
        ),
        (
            "no fence, in maintenance",
            asked(Verb.FAILOVER, unproven=True),
            {"maintenance": (maintained("wk2"),)},
            "HH",
            False,
        ),
    ],
)
def test_unproven_is_a_word_about_a_failover_to_a_fenced_worker_that_answers_and_about_nothing_else(
    why: str, request_: Request, changes: dict[str, Any], answers: str, begins: bool
) -> None:
    """9.10, 5.2."""
    decision = tried(waiting(replace(request_, worker="wk2"), **changes), answers)
    assert (written(decision).holder == "wk2") is begins, why


def test_unproven_reaches_past_a_missing_proof_and_past_no_missing_readiness() -> None:
    """9.10, 5.2, 3.14: it answers, and says that it is not ready."""
    record = waiting(replace(asked(Verb.FAILOVER, unproven=True), worker="wk2"), fences=(fenced("wk2"),))
    answers = round_of(address=HOME)
    unready = [
        replace(
            sight,
            reports=tuple(
                replace(each, ready=Answer.HEALTHY if each.worker == "wk1" else Answer.WRONG) for each in sight.reports
            ),
        )
        for sight in answers.sights
    ]
    decision = decide(record, replace(answers, sights=tuple(unready)))
    assert (calls(decision), written(decision).epoch) == ([], 2)


@pytest.mark.parametrize(
    ("shown", "phase"),
    [
        (None, Phase.STEADY),
        (NOBODY, Phase.PAUSED),
        (address_on("wk2"), Phase.PAUSED),
        (address_on("wk1", private_ip="10.9.9.9"), Phase.PAUSED),
        (NOBODY, Phase.STEADY),
        (address_on("wk2"), Phase.STEADY),
        (ANEW, Phase.STEADY),
    ],
)
def test_a_planned_move_waits_while_the_address_is_not_on_the_holder_as_the_record_says(
    shown: AddressView | None, phase: Phase
) -> None:
    """9.7: not even one read may show anything else."""
    record = waiting(phase=phase, pause=PAUSE if phase is Phase.PAUSED else None)
    decision = tried(record, shown=shown)
    assert (calls(decision), written(decision).epoch, written(decision).requests) == ([], 2, record.requests)


@pytest.mark.parametrize(("age_s", "begins"), [(0.0, False), (0.5, False), (899.999, False), (900.0, True), (None, True)])
def test_a_planned_move_waits_fifteen_minutes_after_an_association_that_was_never_answered(
    age_s: float | None, begins: bool
) -> None:
    """9.9: from the instant on in which it was asked for."""
    decision = tried(waiting(loose_s=None if age_s is None else NOW_S - age_s))
    assert calls(decision) == (MOVED if begins else [])


def test_an_operators_failover_waits_for_no_association_of_ours() -> None:
    """9.9, 9.10: planned moves do."""
    assert calls(tried(waiting(asked(Verb.FAILOVER), loose_s=NOW_S - 1))) == FAILED_OVER


def test_an_operators_failover_takes_an_address_from_nobody() -> None:
    """9.10."""
    assert calls(tried(waiting(asked(Verb.FAILOVER)), shown=NOBODY)) == ["associate wk2", "isolate wk1", "stop wk1"]


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        (STRANGE, "the address is on i-9, which is no worker of this site"),
        (replace(HOME, owner="ris"), "the address is tagged tandem:site = ris, and this site is lis"),
        (None, "the address could not be read in this round"),
    ],
)
def test_an_operators_failover_takes_an_address_from_no_stranger_and_not_unread(shown: AddressView | None, why: str) -> None:
    """1.9, 5.1, 9.10."""
    record = waiting(asked(Verb.FAILOVER), phase=Phase.MANUAL, manual=why)
    assert calls(tried(record, shown=shown)) == []
    over = waiting(asked(Verb.FAILOVER, age_s=61.0), phase=Phase.MANUAL, manual=why)
    (reply,) = written(tried(over, shown=shown)).replies
    assert reply.why == f"not begun within 60 s: {why}"


@pytest.mark.parametrize(
    ("shown", "answers", "why"),
    [
        (HOME, "HT", "no standby can take over: wk2 gave no healthy answer in this round"),
        (None, "HH", "the address could not be read in this round"),
        (NOBODY, "HH", "the address is not where the record says: on wk1"),
        (STRANGE, "HH", "the address is on i-9, which is no worker of this site"),
    ],
)
def test_a_switchover_that_could_not_begin_is_refused_with_what_stood_against_it(
    shown: AddressView | None, answers: str, why: str
) -> None:
    """9.4, 9.7."""
    (reply,) = written(tried(waiting(asked(age_s=61.0)), answers, shown)).replies
    assert (reply.done, reply.why) == (False, f"not begun within 60 s: {why}")


@pytest.mark.parametrize(
    ("verb", "holder", "kind", "target", "fences"),
    [
        (Verb.SWITCHOVER, "wk1", Kind.SWITCHOVER, "wk2", ()),
        (Verb.FAILBACK, "wk2", Kind.FAILBACK, "wk1", ()),
        (Verb.FAILOVER, "wk1", Kind.FAILOVER, "wk2", ("wk1",)),
    ],
)
def test_what_was_asked_for_is_told_as_what_it_was_and_uses_no_budget(
    verb: Verb, holder: str, kind: Kind, target: str, fences: tuple[str, ...]
) -> None:
    """9.7, 9.8, 9.10."""
    after = written(tried(waiting(asked(verb), holder=holder), shown=address_on(holder)))
    assert after.intent is not None
    assert (after.intent.kind, after.holder, after.moves) == (kind, target, ())
    assert tuple(each.worker for each in after.fences) == fences


def test_a_move_that_ended_elsewhere_is_answered_and_not_begun_again() -> None:
    """9.3: none is carried out twice."""
    begun = asked(worker="wk2", epoch=3)
    record = moving(Phase.VERIFYING, intent=intent_of(Kind.RETARGET), association_id="assoc-4", association_reads=1)
    ended = tried(replace(record, holder="wk1", epoch=4, requests=(begun,)), shown=address_on("wk1", "assoc-4"))
    assert (calls(ended), written(ended).epoch, written(ended).phase) == ([], 4, Phase.STEADY)
    assert [reply.done for reply in written(ended).replies] == [False]


def test_of_two_requests_the_older_begins_and_the_other_waits_as_it_was() -> None:
    """9.3: each has its own answer."""
    other = asked(Verb.FAILOVER, id="r2", worker="wk2")
    begun, waits = written(tried(waiting(asked(), other))).requests
    assert (begun.id, begun.worker, begun.epoch, waits) == ("r1", "wk2", 3, other)


def test_a_move_that_has_begun_and_lasts_longer_than_its_patience_is_answered_with_its_epoch() -> None:
    """9.3, 9.4."""
    begun = written(tried(waiting(asked(patience_s=20.0))))
    later = decide(begun, round_of(address=HOME), now_s=NOW_S + 11)
    (reply,) = written(later).replies
    assert (reply.done, reply.why) == (False, "begun in epoch 3 and not settled in time; the move goes on")


# Failback


WINDOW = Window(opened_s=NOW_S - 100, closes_s=NOW_S + 500)
FAILS_BACK = make_settings(failback_enabled=True)
BOTH = (machine("wk1"), machine("wk2"))


def night(*, settings: Settings = FAILS_BACK, answers: str = "HH", record: Any = None, **seen: Any) -> Decision:
    """A round in which everything is in order for home to get the address back, unless changed."""
    standing = replace(record_of("wk2", home_healthy_s=NOW_S - 60.0, home_watched="wk1"), **(record or {}))
    shown: dict[str, Any] = {"address": address_on("wk2"), "machines": BOTH, "window": WINDOW, **seen}
    return decide(standing, round_of(answers, **shown), settings=settings)


def test_home_gets_the_address_back_when_everything_is_in_order() -> None:
    """10.1, 10.4, 10.5, 10.8."""
    decision = night()
    assert calls(decision) == ["disassociate wk2"]
    after = written(decision)
    assert (after.holder, after.moves, after.fences, after.window_spent_s) == ("wk1", (), (), WINDOW.opened_s)
    assert after.intent is not None
    assert (after.intent.kind, after.intent.source, after.home_healthy_s) == (Kind.FAILBACK, "wk2", None)


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("10.1 it is not enabled", {"settings": SETTINGS}),
        ("10.1 no window is open", {"window": None}),
        ("10.3 the clocks are not known to agree", {"clocks_agree": False}),
        ("10.4 the minute is not full", {"record": {"home_healthy_s": NOW_S - 59.999}}),
        ("10.4 home was not found ready before", {"record": {"home_healthy_s": None}}),
        ("10.4 that minute was another's", {"record": {"home_watched": "wk3"}}),
        ("10.4 home does not answer in this round", {"answers": "TH"}),
        ("10.4 home is fenced", {"record": {"fences": (fenced("wk1"),)}}),
        ("10.4 home is in maintenance", {"record": {"maintenance": (maintained("wk1"),)}}),
        ("10.4 home's machine was not read", {"machines": BOTH[1:]}),
        ("10.4, 10.7 something is announced for home", {"machines": (replace(BOTH[0], event="reboot-1"), BOTH[1])}),
        ("10.4 a request waits", {"record": {"requests": (asked(worker="wk2"),)}}),
        ("10.4 suspected", {"answers": "HT"}),
        ("10.4 manual", {"record": {"phase": Phase.MANUAL, "manual": "?"}}),
        ("10.4 paused", {"record": {"phase": Phase.PAUSED, "pause": PAUSE}}),
        ("10.4 the hold", {"record": {"moves": (move_of(59.999),)}}),
        ("9.7 the address is elsewhere", {"address": address_on("wk1")}),
        ("5.1 the address was not read", {"address": None}),
        ("9.9 an association may still land", {"record": {"loose_s": NOW_S - 899.0}}),
        ("10.5 the window is spent", {"record": {"window_spent_s": WINDOW.opened_s}}),
        ("10.5 a later one is spent", {"record": {"window_spent_s": WINDOW.opened_s + 86_400}}),
    ],
)
def test_home_does_not_get_it_back_where_one_thing_stands_against_it(why: str, changes: dict[str, Any]) -> None:
    """10.1 to 10.5."""
    decision = night(**changes)
    assert (calls(decision), written(decision).epoch, written(decision).holder) == ([], 2, "wk2"), why


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("an earlier window was spent", {"record": {"window_spent_s": WINDOW.opened_s - 0.001}}),
        ("the hold is over", {"record": {"moves": (move_of(60.0),)}}),
        ("nothing can land any more", {"record": {"loose_s": NOW_S - 900.0}}),
        ("the budget is spent, and not needed", {"record": {"moves": (move_of(61.0), move_of(62.0), move_of(63.0))}}),
        ("home was ready for long", {"record": {"home_healthy_s": NOW_S - 5000.0}}),
        ("something is announced for another", {"machines": (BOTH[0], replace(BOTH[1], event="reboot-1"))}),
    ],
)
def test_home_gets_it_back_as_soon_as_it_may(why: str, changes: dict[str, Any]) -> None:
    """10.4, 10.5, 10.8."""
    assert calls(night(**changes)) == ["disassociate wk2"], why


@pytest.mark.parametrize(
    ("why", "since_s", "changes", "noted"),
    [
        ("found ready for the first time", None, {}, NOW_S),
        ("and again", NOW_S - 9.0, {}, NOW_S - 9.0),
        ("not in this round", NOW_S - 9.0, {"answers": "TH"}, None),
        ("another was home until now", NOW_S - 9.0, {"record": {"home_watched": "wk3"}}, NOW_S),
        ("home holds", NOW_S - 9.0, {"record": {"holder": "wk1"}, "address": HOME}, None),
        ("nobody asks for it", NOW_S - 9.0, {"settings": SETTINGS}, None),
        ("a suspicion", NOW_S - 9.0, {"answers": "HT"}, None),
    ],
)
def test_the_minute_of_home_begins_anew_with_every_round_in_which_it_is_not_ready(
    why: str, since_s: float | None, changes: dict[str, Any], noted: float | None
) -> None:
    """10.4: found ready in every round, by a steady site."""
    record: dict[str, Any] = {"home_healthy_s": since_s, **changes.get("record", {})}
    given: dict[str, Any] = {**changes, "record": record}
    after = written(night(**given))
    assert (after.home_healthy_s, after.home_watched) == (noted, "wk1" if noted is not None else ""), why


# What the platform announces


THREE = make_settings(workers=3)
ALL = (replace(machine("wk1"), event="reboot-1"), machine("wk2"), machine("wk3"))


def announced(
    *, answers: str = "HHH", record: Any = None, machines: tuple[InstanceView, ...] = ALL, **seen: Any
) -> Decision:
    """A round in which something is announced for the holder, and everything is in order to leave it, unless changed."""
    shown: Round = round_of(answers, machines=machines, **{"address": HOME, **seen})
    return decide(record_of(settings=THREE, **(record or {})), shown, settings=THREE)


def test_the_holder_is_left_before_and_what_was_heeded_is_remembered() -> None:
    """10.7, 10.8."""
    decision = announced()
    after = written(decision)
    assert (calls(decision), after.holder, after.heeded) == (MOVED, "wk2", ("reboot-1",))
    assert after.intent is not None
    assert (after.intent.kind, after.intent.source, after.moves, after.fences) == (Kind.SWITCHOVER, "wk1", (), ())


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("it was heeded already", {"record": {"heeded": ("reboot-0", "reboot-1")}}),
        ("nothing is announced", {"machines": (machine("wk1"), *ALL[1:])}),
        ("the holder's machine was not read", {"machines": ALL[1:]}),
        ("suspected", {"answers": "THH"}),
        ("manual", {"record": {"phase": Phase.MANUAL, "manual": "?"}}),
        ("paused", {"record": {"phase": Phase.PAUSED, "pause": PAUSE}}),
        ("a request waits", {"record": {"requests": (asked(worker="wk1"),)}}),
        ("the hold", {"record": {"moves": (move_of(59.999),)}}),
        ("the address was not read", {"address": None}),
        ("the address is elsewhere", {"address": address_on("wk2")}),
        ("an association may still land", {"record": {"loose_s": NOW_S - 899.0}}),
        ("no standby answers", {"answers": "HTT"}),
        ("no standby's machine was read", {"machines": ALL[:1]}),
        ("all are fenced", {"record": {"fences": (fenced("wk2"), fenced("wk3"))}}),
        ("all are in maintenance", {"record": {"maintenance": (maintained("wk2"), maintained("wk3"))}}),
        ("announced for all", {"machines": tuple(replace(each, event="reboot-1") for each in ALL)}),
    ],
)
def test_the_holder_is_not_left_where_one_thing_stands_against_it(why: str, changes: dict[str, Any]) -> None:
    """10.7, 10.4."""
    decision = announced(**changes)
    assert (calls(decision), written(decision).epoch, written(decision).holder) == ([], 2, "wk1"), why


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("it does not answer", {"answers": "HTH"}),
        ("its machine was not read", {"machines": (ALL[0], ALL[2])}),
        ("announced for it too", {"machines": (ALL[0], replace(ALL[1], event="reboot-2"), ALL[2])}),
        ("fenced", {"record": {"fences": (fenced("wk2"),)}}),
        ("in maintenance", {"record": {"maintenance": (maintained("wk2"),)}}),
    ],
)
def test_a_standby_that_cannot_take_over_is_passed_over_for_the_next(why: str, changes: dict[str, Any]) -> None:
    """10.7, 5.2."""
    assert written(announced(**changes)).holder == "wk3", why


def test_where_only_is_watched_a_move_by_itself_is_told_instead() -> None:
    """4.7: and the move that was in motion is the last one."""
    watching = replace(THREE, watch_only=True)
    seen = round_of("HHH", address=HOME, machines=ALL)
    decision = decide(record_of(settings=THREE), seen, settings=watching)
    assert (calls(decision), told(decision), written(decision).would) == ([], ["would-move"], "switchover wk2")
    record = moving(Phase.VERIFYING, intent=intent_of(Kind.RECONCILE), association_id="assoc-3", association_reads=1)
    ended = decide(replace(record, holder="wk1"), replace(seen, address=address_on("wk1", "assoc-3")), settings=watching)
    assert (calls(ended), written(ended).epoch, written(ended).phase) == ([], 3, Phase.STEADY)


def test_the_newest_eight_announcements_are_remembered() -> None:
    """10.7: once for each."""
    old = tuple(f"reboot-{number}" for number in range(10, 18))
    assert written(announced(record={"heeded": old})).heeded == (*old[1:], "reboot-1")


def test_a_move_by_itself_is_told_when_it_has_ended_and_not_before() -> None:
    """10.8, 7.1."""
    assert told(night()) == []
    assert told(announced()) == []
