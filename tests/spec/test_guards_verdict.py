"""RULE.md section 3: mixtures of answers that are no evidence, and how long a streak has to last, to the second."""

from dataclasses import replace

import pytest

from failover_lambda.model import Answer, Power, Round, Streak, Verdict
from failover_lambda.verdict import advance, judge, verdict_of
from tests.fakes import make_settings
from tests.spec.desk import machine
from tests.spec.rounds import a_round, sight

THREE = make_settings(workers=3)
FAILING = a_round(sight("b", "TH"), sight("c", "TH"))
REFUSED = a_round(sight("b", "RH"), sight("c", "RH"))


@pytest.mark.parametrize(
    ("sentence", "the_round", "finding"),
    [
        (
            "3.2 a holder whom nobody could ask is not dead with the others",
            a_round(sight("a", "CTT"), sight("b", "CTT")),
            "nothing",
        ),
        (
            "3.8 one worker that nobody could ask: not all of them fail",
            a_round(sight("a", "TTC"), sight("b", "TTC")),
            "nothing",
        ),
        ("3.8 two workers that nobody could ask", a_round(sight("a", "TCC"), sight("b", "TCC")), "nothing"),
        (
            "3.8 a standby that is healthy at one vantage is a worker that answers, whoever else fails",
            a_round(sight("a", "TTT"), sight("b", "TTT"), sight("c", "THT")),
            "nothing",
        ),
        ("3.8 all three fail at two vantages", a_round(sight("a", "TTT"), sight("b", "TTT")), "all-failed"),
        (
            "3.3 with three workers it is enough that a vantage reaches one of the others",
            a_round(sight("b", "TTH"), sight("c", "THT")),
            "failed",
        ),
        (
            "3.5 what the public address answers in the holder's name has to be healthy",
            a_round(sight("b", "THH"), sight("c", "THH"), public=Answer.WRONG, name="wk1"),
            "failed",
        ),
        (
            "3.3, 3.6 a lone vantage that reaches no other worker",
            a_round(sight("b", "TTT"), public=Answer.TIMEOUT),
            "nothing",
        ),
        (
            "3.6 a public port that answers well has not failed, whoever it is that answers there",
            a_round(sight("b", "THH"), public=Answer.HEALTHY, name="wk2"),
            "nothing",
        ),
        (
            "3.6 a public port that could not be asked has not failed",
            a_round(sight("b", "THH"), public=Answer.COULD_NOT_ASK),
            "nothing",
        ),
        (
            "3.6 of two vantages that answered, one cannot judge: that is not one vantage answering",
            a_round(sight("b", "THH"), sight("c", "THH", anchor=False), public=Answer.TIMEOUT),
            "nothing",
        ),
    ],
)
def test_a_mixture_says(sentence: str, the_round: Round, finding: str) -> None:
    """3.9: what is not named is inconclusive."""
    assert judge(the_round, THREE.worker("wk1"), THREE).finding.value == finding, sentence


def streak_of(*rounds: tuple[float, Round], **changes: float) -> Streak | None:
    """The streak after these rounds, each with its second."""
    settings = replace(make_settings(), **changes)
    streak = None
    for at_s, the_round in rounds:
        streak = advance(streak, judge(the_round, settings.worker("wk1"), settings), 1, settings, at_s)
    return streak


def test_two_machines_that_are_off_are_waited_for_by_no_grace_whatever_a_late_answer_says() -> None:
    """3.8, 3.12: the cloud says that the holder is off, and a vantage still got a refusal."""
    seen = a_round(sight("b", "RTT"), sight("c", "RTT"))
    assert not judge(seen, THREE.home, THREE).mute
    off = replace(seen, instances=(machine("wk1", Power.STOPPED),))
    judged = judge(off, THREE.home, THREE)
    assert (judged.finding.value, judged.mute) == ("all-failed", True)


def test_a_timeout_among_refusals_makes_the_whole_streak_slow() -> None:
    """3.4: two rounds are enough only if in each of them every answer was a refusal; here the first was none."""
    settings = make_settings()
    mixed = streak_of((0.0, FAILING), (0.3, REFUSED))
    assert verdict_of(mixed, settings) is Verdict.INCONCLUSIVE
    assert verdict_of(streak_of((0.0, FAILING), (0.3, REFUSED), (0.6, REFUSED)), settings) is Verdict.DEAD


@pytest.mark.parametrize(("gap_s", "rounds"), [(6.0, 2), (6.001, 1)])
def test_a_streak_stands_for_three_probe_intervals_and_no_longer(gap_s: float, rounds: int) -> None:
    """3.10."""
    streak = streak_of((0.0, FAILING), (gap_s, FAILING), probe_interval_s=2.0)
    assert streak is not None
    assert streak.rounds == rounds


@pytest.mark.parametrize(("lasted_s", "verdict"), [(4.999, Verdict.INCONCLUSIVE), (5.0, Verdict.DEAD)])
def test_refusals_are_a_verdict_as_soon_as_they_lasted_for_the_restart_grace(lasted_s: float, verdict: Verdict) -> None:
    """3.4."""
    settings = make_settings(restart_grace_s=5.0)
    rounds = ((0.0, REFUSED), (2.5, REFUSED), (lasted_s, REFUSED))
    assert verdict_of(streak_of(*rounds, restart_grace_s=5.0), settings) is verdict


def test_no_streak_is_no_verdict_and_says_nothing_good_of_the_holder_either() -> None:
    """3.9."""
    assert verdict_of(None, make_settings()) is Verdict.INCONCLUSIVE


def test_the_restart_grace_is_measured_over_the_streak_that_stands() -> None:
    """3.4, 3.10: what was refused before the streak died does not count."""
    settings = make_settings(restart_grace_s=5.0)
    rounds = ((0.0, REFUSED), (10.0, REFUSED), (12.0, REFUSED), (14.0, REFUSED))
    assert verdict_of(streak_of(*rounds, restart_grace_s=5.0), settings) is Verdict.INCONCLUSIVE
    assert verdict_of(streak_of(*rounds, restart_grace_s=4.0), replace(settings, restart_grace_s=4.0)) is Verdict.DEAD


def test_the_cloud_s_word_that_a_machine_is_off_asks_for_no_patience() -> None:
    """3.7, 3.11: nothing was answered or accepted."""
    machines = (machine("wk1", Power.STOPPED), machine("wk2"), machine("wk3"))
    judgement = judge(replace(FAILING, instances=machines), THREE.workers[0], THREE)
    streak = advance(None, judgement, 1, THREE, 100.0)
    assert streak is not None
    assert (judgement.finding.value, streak.gone, streak.answered, streak.slow) == ("gone", 1, False, False)


def test_a_vantage_that_says_nothing_of_a_worker_did_not_ask_it() -> None:
    """3.2."""
    assert sight("a", "H").of("wk2") is Answer.COULD_NOT_ASK


@pytest.mark.parametrize(
    ("the_round", "why"),
    [
        (a_round(sight("a", "CH"), sight("b", "CH")), "nobody could ask wk1"),
        (a_round(), "nobody could ask wk1"),
        (a_round(sight("a", "TH"), sight("b", "CH")), "only prober-a cannot reach wk1: not enough to judge"),
        (a_round(sight("a", "TH", anchor=False)), "nobody could ask wk1"),
    ],
)
def test_an_inconclusive_round_says_who_could_not_reach_the_holder_or_that_nobody_could_ask(
    the_round: Round, why: str
) -> None:
    """3.2, 3.9: people read in the reason which of the two it was."""
    judged = judge(the_round, THREE.home, make_settings())
    assert (judged.finding.value, judged.why) == ("nothing", why)


SILENT = a_round(sight("b", "SH"), sight("c", "SH"))


@pytest.mark.parametrize(("lasted_s", "verdict"), [(4.999, Verdict.INCONCLUSIVE), (5.0, Verdict.DEAD)])
def test_silence_has_the_patience_of_silence_where_nothing_was_refused(lasted_s: float, verdict: Verdict) -> None:
    """3.11: a longer restart grace is that of refusals."""
    graces = {"restart_grace_s": 30.0, "slow_grace_s": 5.0, "probe_interval_s": 2.0}
    rounds = ((0.0, SILENT), (2.5, SILENT), (lasted_s, SILENT))
    assert verdict_of(streak_of(*rounds, **graces), replace(make_settings(), **graces)) is verdict


def test_mute_rounds_of_one_vantage_count_for_nothing_once_an_answer_was_between() -> None:
    """3.12, 3.6: in a row are those after it; three of two vantages are the verdict, whatever came before them."""
    one = a_round(sight("b", "TH"), public=Answer.TIMEOUT)
    refused = a_round(sight("b", "RH"), public=Answer.REFUSED)
    before = ((0.0, one), (0.3, refused))
    after = tuple((0.6 + 0.3 * number, FAILING) for number in range(3))
    settings = make_settings(restart_grace_s=30.0)
    assert verdict_of(streak_of(*before, *after[:2], restart_grace_s=30.0), settings) is Verdict.INCONCLUSIVE
    assert verdict_of(streak_of(*before, *after, restart_grace_s=30.0), settings) is Verdict.DEAD


def test_two_machines_that_are_off_are_both_down_after_three_rounds_though_one_was_refused() -> None:
    """3.12, 3.8: the restart grace is not waited for."""
    off = replace(a_round(sight("b", "RT"), sight("c", "TT")), instances=(machine("wk1", Power.STOPPED),))
    rounds = ((0.0, off), (0.3, off), (0.6, off))
    settings = make_settings(restart_grace_s=30.0)
    assert verdict_of(streak_of(*rounds[:2], restart_grace_s=30.0), settings) is Verdict.INCONCLUSIVE
    assert verdict_of(streak_of(*rounds, restart_grace_s=30.0), settings) is Verdict.ALL_DEAD
