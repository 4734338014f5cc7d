"""RULE.md section 3: what one round says, and how many it takes."""

from dataclasses import replace

import pytest

from failover_lambda.contract import ProbeKind
from failover_lambda.model import Answer, InstanceView, Page, Power, ProbeReport, PublicAnswer, Round, Sight, Streak, Verdict
from failover_lambda.verdict import Finding, advance, judge, verdict_of
from tests.fakes import make_settings

SETTINGS = make_settings()
H, R, X, T, S, W, C = (
    Answer.HEALTHY,
    Answer.REFUSED,
    Answer.RESET,
    Answer.TIMEOUT,
    Answer.SILENT,
    Answer.WRONG,
    Answer.COULD_NOT_ASK,
)


def sight(zone: str, holder: Answer, standby: Answer = H, *, anchor: bool = True) -> Sight:
    reports = (ProbeReport(worker="wk1", answer=holder), ProbeReport(worker="wk2", answer=standby))
    return Sight(vantage=f"prober-{zone}", zone=zone, anchor_reached=anchor, reports=reports)


def seen(*sights: Sight, power: Power | None = None, public: PublicAnswer | None = None) -> Round:
    machines = (InstanceView(worker="wk1", power=power, launched_s=1, isolated=False),) if power else None
    return Round(token=1, overrun=False, sights=sights, address=None, instances=machines, public=public)


def public(worker: str, answer: Answer) -> PublicAnswer:
    return PublicAnswer(worker=worker, boot_id="", answer=answer)


@pytest.mark.parametrize(
    ("sentence", "the_round", "finding", "quick", "single"),
    [
        ("3.3 two vantages, one outside the holder's zone", seen(sight("a", R), sight("b", R)), Finding.FAILED, True, False),
        ("3.3 two vantages outside", seen(sight("b", T), sight("c", T)), Finding.FAILED, False, False),
        ("3.4 one timeout makes a round not quick", seen(sight("b", R), sight("c", T)), Finding.FAILED, False, False),
        ("3.4 reset and wrong are quick", seen(sight("b", X), sight("c", W)), Finding.FAILED, True, False),
        ("3.4 silence is not quick", seen(sight("b", S), sight("c", S)), Finding.FAILED, False, False),
        (
            "3.3 one vantage of three is not enough",
            seen(sight("a", T), sight("b", C), sight("c", C)),
            Finding.NOTHING,
            False,
            False,
        ),
        (
            "3.3 a vantage that reaches no other worker does not count",
            seen(sight("a", T, standby=T), sight("b", T), sight("c", T, standby=C)),
            Finding.NOTHING,
            False,
            False,
        ),
        (
            "3.3 a vantage without its anchor does not count",
            seen(sight("a", T, anchor=False), sight("b", T), sight("c", T, anchor=False)),
            Finding.NOTHING,
            False,
            False,
        ),
        (
            "3.8 a standby that refuses gives no healthy answer",
            seen(sight("b", T, standby=R), sight("c", T, standby=R)),
            Finding.ALL_FAILED,
            False,
            False,
        ),
        (
            "3.5 one healthy answer outweighs two failures",
            seen(sight("a", H), sight("b", T), sight("c", T)),
            Finding.ALIVE,
            False,
            False,
        ),
        (
            "3.5 the public address counts as a healthy answer",
            seen(sight("b", T), sight("c", T), public=public("wk1", H)),
            Finding.ALIVE,
            False,
            False,
        ),
        (
            "3.5 another worker's answer through the public address does not",
            seen(sight("b", T), sight("c", T), public=public("wk2", H)),
            Finding.FAILED,
            False,
            False,
        ),
        ("3.6 a lone vantage alone says nothing", seen(sight("b", R)), Finding.NOTHING, False, False),
        ("3.6 a lone vantage and the public port", seen(sight("b", R), public=public("", T)), Finding.FAILED, True, True),
        ("3.7 the cloud says stopped", seen(sight("b", T), power=Power.STOPPED), Finding.GONE, False, False),
        ("3.7 the cloud says terminated, nobody could ask", seen(power=Power.TERMINATED), Finding.GONE, False, False),
        ("3.7 stopping is not stopped", seen(sight("b", C), power=Power.STOPPING), Finding.NOTHING, False, False),
        (
            "3.7 stopped with a healthy answer is not believed",
            seen(sight("b", H), power=Power.STOPPED),
            Finding.ALIVE,
            False,
            False,
        ),
        (
            "3.8 no worker answers",
            seen(sight("a", T, standby=T), sight("b", R, standby=T)),
            Finding.ALL_FAILED,
            False,
            False,
        ),
        (
            "3.8 and 3.9: without anchors nothing is concluded",
            seen(sight("a", T, standby=T, anchor=False), sight("b", T, standby=T, anchor=False)),
            Finding.NOTHING,
            False,
            False,
        ),
        ("3.2 nobody could ask", seen(), Finding.NOTHING, False, False),
        (
            "3.2 could not ask is never dead",
            seen(sight("a", C), sight("b", C), sight("c", C)),
            Finding.NOTHING,
            False,
            False,
        ),
    ],
)
def test_one_round_says(sentence: str, the_round: Round, finding: Finding, *, quick: bool, single: bool) -> None:
    judgement = judge(the_round, SETTINGS.worker("wk1"), SETTINGS)
    assert (judgement.finding, judgement.quick, judgement.single) == (finding, quick, single), sentence


@pytest.mark.parametrize(
    ("what", "the_round", "finding"),
    [
        (
            "two vantages reached it, no acknowledgement",
            seen(sight("b", S), sight("c", S), public=public("wk1", H)),
            "failed",
        ),
        ("refused and wrong are reached", seen(sight("b", R), sight("c", W), public=public("wk1", H)), "failed"),
        ("a way that is cut says nothing of it", seen(sight("b", T), sight("c", T), public=public("wk1", H)), "alive"),
        ("one vantage that reached it is not enough", seen(sight("b", S), sight("c", T), public=public("wk1", H)), "alive"),
        ("both in the holder's zone", seen(sight("a", S), sight("a", S), public=public("wk1", H)), "alive"),
        (
            "a vantage that reaches no other worker",
            seen(sight("b", S), sight("c", S, standby=T), public=public("wk1", H)),
            "alive",
        ),
        ("a vantage without its anchor", seen(sight("b", S), sight("c", S, anchor=False), public=public("wk1", H)), "alive"),
        ("one acknowledgement", seen(sight("a", H), sight("b", S), sight("c", S), public=public("wk1", H)), "alive"),
        ("a lone vantage", seen(sight("b", S), public=public("wk1", H)), "alive"),
    ],
)
def test_a_health_page_does_not_speak_for_messages(what: str, the_round: Round, finding: str) -> None:
    """3.5: with probes of kind mllp; a holder that lies is seen, a holder that vantages cannot reach is not."""
    mllp = replace(SETTINGS, probe_kind=ProbeKind.MLLP)
    assert judge(the_round, mllp.worker("wk1"), mllp).finding.value == finding, what


@pytest.mark.parametrize("kind", [ProbeKind.HTTP, ProbeKind.HTTPS])
def test_the_same_question_through_the_public_address_outweighs_the_vantages(kind: ProbeKind) -> None:
    """3.5: they asked for the health page as well."""
    settings = replace(SETTINGS, probe_kind=kind)
    silent = seen(sight("b", S), sight("c", S), public=public("wk1", H))
    assert judge(silent, settings.worker("wk1"), settings).finding is Finding.ALIVE


def test_two_vantages_in_the_holders_own_zone_are_not_enough() -> None:
    """3.3: one of them outside the holder's zone."""
    twice = (sight("a", T), replace(sight("a", T), vantage="prober-a2"))
    assert judge(seen(*twice), SETTINGS.worker("wk1"), SETTINGS).finding is Finding.NOTHING


REFUSED_ROUND = seen(sight("b", R), sight("c", R))
TIMEOUT_ROUND = seen(sight("b", T), sight("c", T))
GONE_ROUND = seen(sight("b", T), power=Power.STOPPED)
NOTHING_ROUND = seen()
ALIVE_ROUND = seen(sight("b", H), sight("c", T))
ALL_DEAD_ROUND = seen(sight("a", T, standby=T), sight("b", T, standby=T))
ALL_REFUSED_ROUND = seen(sight("a", R, standby=R), sight("b", R, standby=R))
LONE_ROUND = seen(sight("b", T), public=public("", T))


def count(*rounds: Round, apart_s: float = 0.3, **settings: float) -> Streak | None:
    """The streak after these rounds."""
    streak: Streak | None = None
    configured = replace(SETTINGS, **settings)
    for number, the_round in enumerate(rounds):
        judgement = judge(the_round, configured.worker("wk1"), configured)
        streak = advance(streak, judgement, 1, configured, 1000 + number * apart_s)
    return streak


@pytest.mark.parametrize(
    ("sentence", "rounds", "verdict"),
    [
        ("3.4 two refusals", (REFUSED_ROUND,) * 2, Verdict.DEAD),
        ("3.4 one refusal", (REFUSED_ROUND,), Verdict.INCONCLUSIVE),
        ("3.4 two timeouts", (TIMEOUT_ROUND,) * 2, Verdict.INCONCLUSIVE),
        ("3.4 three timeouts", (TIMEOUT_ROUND,) * 3, Verdict.DEAD),
        ("3.4 a refusal and a timeout weigh as timeouts", (REFUSED_ROUND, TIMEOUT_ROUND), Verdict.INCONCLUSIVE),
        ("3.4 of three rounds one refused", (REFUSED_ROUND, TIMEOUT_ROUND, REFUSED_ROUND), Verdict.DEAD),
        (
            "3.5 a healthy answer ends the streak",
            (TIMEOUT_ROUND, TIMEOUT_ROUND, ALIVE_ROUND, TIMEOUT_ROUND),
            Verdict.INCONCLUSIVE,
        ),
        (
            "3.9 nothing freezes the count",
            (TIMEOUT_ROUND, NOTHING_ROUND, TIMEOUT_ROUND, NOTHING_ROUND, TIMEOUT_ROUND),
            Verdict.DEAD,
        ),
        ("3.9 nothing adds nothing", (TIMEOUT_ROUND, TIMEOUT_ROUND, NOTHING_ROUND), Verdict.INCONCLUSIVE),
        ("3.7 one read of stopped", (GONE_ROUND,), Verdict.INCONCLUSIVE),
        ("3.7 two reads of stopped", (GONE_ROUND, GONE_ROUND), Verdict.DEAD),
        ("3.8 all dead", (ALL_DEAD_ROUND,) * 3, Verdict.ALL_DEAD),
        ("3.8 refusals are no quicker there", (ALL_REFUSED_ROUND,) * 2, Verdict.INCONCLUSIVE),
        ("3.8 and are not slower either", (ALL_REFUSED_ROUND,) * 3, Verdict.ALL_DEAD),
        ("3.8 all dead and dead are counted apart", (ALL_DEAD_ROUND, TIMEOUT_ROUND, ALL_DEAD_ROUND), Verdict.INCONCLUSIVE),
        ("3.6 three rounds of a lone vantage", (LONE_ROUND,) * 5, Verdict.INCONCLUSIVE),
        ("3.6 six rounds of a lone vantage", (LONE_ROUND,) * 6, Verdict.DEAD),
        ("3.6 a lone round is none of the three", (TIMEOUT_ROUND, LONE_ROUND, TIMEOUT_ROUND), Verdict.INCONCLUSIVE),
        ("3.6 nor are two of them", (LONE_ROUND, LONE_ROUND, TIMEOUT_ROUND), Verdict.INCONCLUSIVE),
        ("3.6 three beside a lone one", (TIMEOUT_ROUND, LONE_ROUND, TIMEOUT_ROUND, TIMEOUT_ROUND), Verdict.DEAD),
        ("3.6 five of both kinds", (LONE_ROUND, *(TIMEOUT_ROUND, LONE_ROUND) * 2), Verdict.INCONCLUSIVE),
        ("3.6 six of both kinds", (*(LONE_ROUND,) * 4, TIMEOUT_ROUND, TIMEOUT_ROUND), Verdict.DEAD),
    ],
)
def test_rounds_amount_to(sentence: str, rounds: tuple[Round, ...], verdict: Verdict) -> None:
    assert verdict_of(count(*rounds), SETTINGS) is verdict, sentence


def test_the_rounds_of_a_streak_die_with_the_leader_that_counted_them() -> None:
    """3.10."""
    old = count(TIMEOUT_ROUND, TIMEOUT_ROUND)
    judgement = judge(TIMEOUT_ROUND, SETTINGS.worker("wk1"), SETTINGS)
    fresh = advance(old, judgement, 2, SETTINGS, 1000.9)
    assert fresh is not None
    assert (fresh.rounds, fresh.mute) == (1, 1)
    lone = advance(count(*(LONE_ROUND,) * 5), judgement, 2, SETTINGS, 1000.9)
    assert lone is not None
    assert (lone.rounds, lone.singles, lone.mute_singles) == (1, 0, 0)


def test_a_mute_run_counts_its_rounds_of_one_vantage_apart() -> None:
    """3.12: three mute rounds, with one vantage six; a service that answered before is waited for otherwise."""
    patient = replace(SETTINGS, restart_grace_s=600.0)
    lone = seen(sight("b", T), public=public("", T))
    mixed = count(REFUSED_ROUND, TIMEOUT_ROUND, lone, TIMEOUT_ROUND)
    assert mixed is not None
    assert (mixed.mute, mixed.mute_singles) == (3, 1)
    assert verdict_of(mixed, patient) is Verdict.INCONCLUSIVE
    whole = count(REFUSED_ROUND, TIMEOUT_ROUND, lone, TIMEOUT_ROUND, TIMEOUT_ROUND)
    assert verdict_of(whole, patient) is Verdict.DEAD


def test_a_streak_dies_when_nothing_was_added_for_three_probe_intervals() -> None:
    """3.10, hole 14: two stored failures, a gap, and one more failure are not a verdict."""
    assert count(TIMEOUT_ROUND, TIMEOUT_ROUND, apart_s=0.9) is not None
    gap = count(TIMEOUT_ROUND, TIMEOUT_ROUND, apart_s=3.1)
    assert gap is not None
    assert gap.rounds == 1


def test_refusals_wait_for_the_restart_grace_and_timeouts_do_not() -> None:
    """3.4: a service that restarts refuses for a while; a machine that is gone does not answer at all."""
    graced = replace(SETTINGS, restart_grace_s=2.0)
    assert verdict_of(count(*(REFUSED_ROUND,) * 6, restart_grace_s=2.0), graced) is Verdict.INCONCLUSIVE
    assert verdict_of(count(*(REFUSED_ROUND,) * 8, restart_grace_s=2.0), graced) is Verdict.DEAD
    assert verdict_of(count(*(TIMEOUT_ROUND,) * 3, restart_grace_s=2.0), graced) is Verdict.DEAD


SLOW_ROUND = seen(sight("b", S), sight("c", S))


def lasting(the_round: Round, seconds: float, **settings: float) -> Verdict:
    """The verdict after rounds of one kind, four a second (a fraction that adds up exactly), of which the last is then."""
    rounds = int(seconds * 4) + 1
    return verdict_of(count(*(the_round,) * rounds, apart_s=0.25, **settings), replace(SETTINGS, **settings))


@pytest.mark.parametrize(
    ("what", "the_round", "grace", "asks_for"),
    [
        ("refused", REFUSED_ROUND, "restart_grace_s", 8.0),
        ("wrong", seen(sight("b", W), sight("c", W)), "restart_grace_s", 8.0),
        ("reset", seen(sight("b", X), sight("c", X)), "restart_grace_s", 8.0),
        ("silent", SLOW_ROUND, "slow_grace_s", 15.0),
        ("refused at one, silent at another", seen(sight("b", R), sight("c", S)), "slow_grace_s", 15.0),
        ("refused at one, no answer at another", seen(sight("b", R), sight("c", T)), "restart_grace_s", 8.0),
        ("silent at one, no answer at another", seen(sight("b", S), sight("c", T)), "slow_grace_s", 15.0),
    ],
)
def test_a_failure_that_was_answered_must_last(what: str, the_round: Round, grace: str, asks_for: float) -> None:
    """3.11: to the round; one that falls short of the grace by a quarter of a second is not enough."""
    graces = {"restart_grace_s": 8.0, "slow_grace_s": 15.0}
    assert graces[grace] == asks_for
    assert lasting(the_round, asks_for - 0.25, **graces) is Verdict.INCONCLUSIVE, what
    assert lasting(the_round, asks_for, **graces) is Verdict.DEAD, what


def test_the_longest_patience_holds_whichever_class_has_it() -> None:
    """3.11: a restart that first refuses and then accepts without an answer has the time of a restart."""
    graces = {"restart_grace_s": 20.0, "slow_grace_s": 15.0}
    starting = (*(REFUSED_ROUND,) * 40, *(SLOW_ROUND,) * 40)
    settings = replace(SETTINGS, **graces)
    assert verdict_of(count(*starting, apart_s=0.25, **graces), settings) is Verdict.INCONCLUSIVE
    assert verdict_of(count(*starting, SLOW_ROUND, apart_s=0.25, **graces), settings) is Verdict.DEAD


def test_a_grace_of_nothing_leaves_the_number_of_rounds() -> None:
    """3.4: three silent ones, two refused ones."""
    none = {"restart_grace_s": 0.0, "slow_grace_s": 0.0}
    settings = replace(SETTINGS, **none)
    assert verdict_of(count(*(SLOW_ROUND,) * 2, **none), settings) is Verdict.INCONCLUSIVE
    assert verdict_of(count(*(SLOW_ROUND,) * 3, **none), settings) is Verdict.DEAD
    assert verdict_of(count(*(REFUSED_ROUND,) * 2, **none), settings) is Verdict.DEAD


@pytest.mark.parametrize("before", [REFUSED_ROUND, SLOW_ROUND])
def test_mute_rounds_in_a_row_need_no_patience_whatever_came_before(before: Round) -> None:
    """3.12: a service that went down before its machine did."""
    graces = {"restart_grace_s": 30.0, "slow_grace_s": 30.0}
    settings = replace(SETTINGS, **graces)
    assert verdict_of(count(before, TIMEOUT_ROUND, TIMEOUT_ROUND, **graces), settings) is Verdict.INCONCLUSIVE
    assert verdict_of(count(before, *(TIMEOUT_ROUND,) * 3, **graces), settings) is Verdict.DEAD
    broken = (TIMEOUT_ROUND, TIMEOUT_ROUND, before, TIMEOUT_ROUND, TIMEOUT_ROUND)
    assert verdict_of(count(*broken, **graces), settings) is Verdict.INCONCLUSIVE, "in a row"
    assert verdict_of(count(before, TIMEOUT_ROUND, GONE_ROUND, TIMEOUT_ROUND, **graces), settings) is Verdict.DEAD


def test_a_lone_vantage_needs_twice_as_many_mute_rounds() -> None:
    """3.6, 3.12."""
    graces = {"restart_grace_s": 30.0}
    settings = replace(SETTINGS, **graces)
    refused = seen(sight("b", R), public=public("", T))
    assert verdict_of(count(refused, *(LONE_ROUND,) * 5, **graces), settings) is Verdict.INCONCLUSIVE
    assert verdict_of(count(refused, *(LONE_ROUND,) * 6, **graces), settings) is Verdict.DEAD


def test_an_answer_of_the_public_port_asks_for_patience_too() -> None:
    """3.6, 3.11: the one vantage gets nothing, and through the public address the machine refuses."""
    refused = seen(sight("b", T), public=public("", R))
    assert lasting(refused, 7.75, restart_grace_s=8.0) is Verdict.INCONCLUSIVE
    assert lasting(refused, 8.0, restart_grace_s=8.0) is Verdict.DEAD


def test_all_dead_has_the_holders_patience() -> None:
    """3.8, 3.11: what the others answer changes nothing."""
    slow = seen(sight("a", S, standby=R), sight("b", S, standby=R))
    assert lasting(slow, 14.75) is Verdict.INCONCLUSIVE
    assert lasting(slow, 15.0) is Verdict.ALL_DEAD
    assert verdict_of(count(*(seen(sight("a", T, standby=S), sight("b", T, standby=S)),) * 3), SETTINGS) is Verdict.ALL_DEAD


def taken_over(after_s: float, rounds: int, the_round: Round = REFUSED_ROUND) -> Verdict:
    """One leader saw refusals for 9 seconds; so long after its last round another one sees so many more, one at a time."""
    settings = replace(SETTINGS, restart_grace_s=10.0)
    streak = count(*(REFUSED_ROUND,) * 37, apart_s=0.25, restart_grace_s=10.0)
    judgement = judge(the_round, settings.worker("wk1"), settings)
    for number in range(rounds):
        streak = advance(streak, judgement, 2, settings, 1009 + after_s + number * 0.25)
    return verdict_of(streak, settings)


@pytest.mark.parametrize(
    ("what", "after_s", "rounds", "verdict"),
    [
        ("its own first round is not enough", 3.0, 1, Verdict.INCONCLUSIVE),
        ("two rounds of its own, and ten seconds in all", 3.0, 2, Verdict.DEAD),
        ("two rounds of its own, and not yet ten seconds", 0.5, 2, Verdict.INCONCLUSIVE),
        ("too late to be one streak", 3.25, 2, Verdict.INCONCLUSIVE),
        ("a clock that is a little behind", -3.0, 2, Verdict.INCONCLUSIVE),
        ("and goes on", -3.0, 17, Verdict.DEAD),
    ],
)
def test_a_successor_counts_its_own_rounds_and_goes_on_with_the_time(
    what: str, after_s: float, rounds: int, verdict: Verdict
) -> None:
    """3.13."""
    assert taken_over(after_s, rounds) is verdict, what


@pytest.mark.parametrize(
    ("what", "before", "its_own", "verdict"),
    [
        ("3.7 the cloud's word is read twice by one leader", GONE_ROUND, 1, Verdict.INCONCLUSIVE),
        ("3.7 and then it is", GONE_ROUND, 2, Verdict.DEAD),
        ("3.12 mute rounds are its own", TIMEOUT_ROUND, 2, Verdict.INCONCLUSIVE),
        ("3.12 three of them", TIMEOUT_ROUND, 3, Verdict.DEAD),
    ],
)
def test_what_a_former_leader_counted_is_not_counted_again(what: str, before: Round, its_own: int, verdict: Verdict) -> None:
    """3.10, 3.13."""
    streak = count(before)
    for number in range(its_own):
        streak = advance(streak, judge(before, SETTINGS.worker("wk1"), SETTINGS), 2, SETTINGS, 1000.3 + number * 0.3)
    assert verdict_of(streak, SETTINGS) is verdict, what


def test_a_successor_that_is_refused_twice_needs_no_third_round_for_what_was_before() -> None:
    """3.4, 3.13."""
    streak = count(TIMEOUT_ROUND)
    for number in range(2):
        streak = advance(streak, judge(REFUSED_ROUND, SETTINGS.worker("wk1"), SETTINGS), 2, SETTINGS, 1000.3 + number * 0.3)
    assert verdict_of(streak, SETTINGS) is Verdict.DEAD


def test_a_clock_far_behind_begins_anew() -> None:
    """3.13: what lies in the future is no past to go on with."""
    old = count(*(REFUSED_ROUND,) * 4)
    judgement = judge(REFUSED_ROUND, SETTINGS.worker("wk1"), SETTINGS)
    fresh = advance(old, judgement, 2, SETTINGS, -2600.0)
    assert fresh is not None
    assert (fresh.since_s, fresh.rounds) == (-2600.0, 1)


def test_a_successor_that_counted_nothing_yet_has_no_verdict() -> None:
    """3.10, 3.9: the former leader's rounds are no verdict of this one."""
    old = count(*(TIMEOUT_ROUND,) * 3)
    kept = advance(old, judge(NOTHING_ROUND, SETTINGS.worker("wk1"), SETTINGS), 2, SETTINGS, 1001.0)
    assert kept is not None
    assert verdict_of(old, SETTINGS) is Verdict.DEAD
    assert verdict_of(kept, SETTINGS) is Verdict.INCONCLUSIVE


# 3.16: common causes

DB, DNS = "hospital-db", "dns"


def naming(
    zone: str, holder: tuple[Answer, str], standby: tuple[Answer, str], third: tuple[Answer, str] | None = None
) -> Sight:
    """What a vantage got: each worker's answer, and the dependency that its page names; "-" = no page, "" = a clear one."""
    told = {"wk1": holder, "wk2": standby} | ({"wk3": third} if third else {})
    reports = tuple(
        ProbeReport(
            worker=worker, answer=answer, page=None if name == "-" else Page(dependencies_down=(name,) if name else ())
        )
        for worker, (answer, name) in told.items()
    )
    return Sight(vantage=f"prober-{zone}", zone=zone, anchor_reached=True, reports=reports)


def everywhere(holder: tuple[Answer, str], standby: tuple[Answer, str], third: tuple[Answer, str] | None = None) -> Round:
    return seen(*(naming(zone, holder, standby, third) for zone in "bc"))


@pytest.mark.parametrize(
    ("what", "the_round", "finding"),
    [
        ("both name it, one of them fails of it", everywhere((W, DB), (H, DB)), Finding.EXCUSED),
        ("the standby is truly better", everywhere((W, DB), (H, "")), Finding.FAILED),
        ("the standby says nothing of the kind", everywhere((W, DB), (H, "-")), Finding.FAILED),
        ("each has trouble of its own", everywhere((W, DB), (H, DNS)), Finding.FAILED),
        ("both fail of it", everywhere((W, DB), (W, DB)), Finding.ALL_FAILED),
        ("the holder answers nothing", everywhere((T, "-"), (H, DB)), Finding.FAILED),
        ("the holder fails without a name", everywhere((W, ""), (H, DB)), Finding.FAILED),
        ("of three, one does not name it", everywhere((W, DB), (H, DB), (H, "")), Finding.FAILED),
        ("of three, all who answer name it", everywhere((W, DB), (T, "-"), (H, DB)), Finding.EXCUSED),
        ("one that answers alone may have trouble of its own", everywhere((W, DB), (R, "-"), (C, "-")), Finding.FAILED),
        ("of three, nobody else answers", everywhere((W, DB), (R, "-"), (R, "-")), Finding.ALL_FAILED),
        ("a holder that answers well is alive", everywhere((H, DB), (W, DB)), Finding.ALIVE),
        (
            "one page of the standby does not name it any more",
            seen(naming("b", (W, DB), (H, DB)), naming("c", (W, DB), (H, ""))),
            Finding.FAILED,
        ),
        (
            "one page of the standby did not come as a whole",
            seen(naming("b", (W, DB), (H, DB)), naming("c", (W, DB), (H, "-"))),
            Finding.EXCUSED,
        ),
        (
            "one answer is excused, and the other is silence: not enough",
            seen(naming("b", (W, DB), (H, DB)), naming("c", (S, "-"), (H, DB))),
            Finding.EXCUSED,
        ),
        (
            "two that are not excused are enough",
            seen(*(naming(zone, (S, "-"), (H, DB)) for zone in "bc"), naming("a", (W, DB), (H, DB))),
            Finding.FAILED,
        ),
        ("one vantage", replace(seen(naming("b", (W, DB), (H, DB))), public=public("", W)), Finding.EXCUSED),
        (
            "the cloud's word is another thing",
            replace(everywhere((W, DB), (H, DB)), instances=seen(power=Power.STOPPED).instances),
            Finding.GONE,
        ),
    ],
)
def test_a_common_cause_excuses_what_it_explains(what: str, the_round: Round, finding: Finding) -> None:
    """3.16."""
    settings = make_settings(3) if the_round.sights[0].report("wk3") else SETTINGS
    assert judge(the_round, settings.worker("wk1"), settings).finding is finding, what


def test_all_dead_names_the_common_cause() -> None:
    """3.16."""
    why = judge(everywhere((W, DB), (W, DB)), SETTINGS.worker("wk1"), SETTINGS).why
    assert why.endswith("; every worker that answers names as down: hospital-db")
    assert "names as down" not in judge(everywhere((W, DB), (W, DNS)), SETTINGS.worker("wk1"), SETTINGS).why


def test_an_excuse_ends_the_streak() -> None:
    """3.16: a verdict that was reached before is no reason to move now."""
    failing = everywhere((W, DB), (H, ""))
    assert verdict_of(count(failing, failing), SETTINGS) is Verdict.DEAD
    assert count(failing, failing, everywhere((W, DB), (H, DB))) is None
