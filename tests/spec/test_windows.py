"""RULE.md 10.2: a window is a cron start and a length in a time zone of its own, and its opening names it. The calendar.

Expected times stand in UTC, so that no test repeats the arithmetic of time zones that it is about.
"""

import random
from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest
from cronsim import CronSim

from failover_lambda.model import Window
from failover_lambda.windows import Schedule, Windows, open_at, schedule_of
from infra.timetable import time_zone
from tests.fakes import make_settings


def schedule(cron: str, minutes: int, zone: str = "Europe/Berlin") -> Schedule:
    return Schedule(cron=cron, length=timedelta(minutes=minutes), time_zone=time_zone(zone))


def at(text: str) -> float:
    """A moment in UTC, as seconds since 1970."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def windows(of: Schedule, begin: str, end: str, step_s: int = 60) -> list[tuple[str, str]]:
    """Every window from `begin` until `end`, asked for each `step_s`; each is checked to be the same for all of its life."""
    found: dict[float, Window] = {}
    moments: dict[float, list[float]] = {}
    moment = at(begin)
    while moment < at(end):
        window = open_at(of, moment)
        if window:
            assert found.setdefault(window.opened_s, window) == window
            moments.setdefault(window.opened_s, []).append(moment)
        moment += step_s
    for window in found.values():
        asked = range(int(window.opened_s), int(window.closes_s), step_s)
        assert moments[window.opened_s] == list(asked)
    return [(text(each.opened_s), text(each.closes_s)) for each in found.values()]


def text(moment_s: float) -> str:
    return datetime.fromtimestamp(moment_s, UTC).strftime("%Y-%m-%d %H:%M")


def test_a_window_is_open_from_its_start_until_before_its_end() -> None:
    of = schedule("0 3 * * SUN", 120)  # 2027-01-03 is a Sunday; winter: UTC + 1
    window = Window(opened_s=at("2027-01-03 02:00"), closes_s=at("2027-01-03 04:00"))
    assert open_at(of, window.opened_s - 0.001) is None
    assert open_at(of, window.opened_s) == window
    assert open_at(of, window.closes_s - 0.001) == window
    assert open_at(of, window.closes_s) is None


def test_the_zone_is_the_windows_own() -> None:
    for zone, opens in (
        ("UTC", "2027-07-04 03:00"),
        ("Europe/Berlin", "2027-07-04 01:00"),
        ("Asia/Kolkata", "2027-07-03 21:30"),
    ):
        of = schedule("0 3 * * SUN", 60, zone)
        assert open_at(of, at(opens)) == Window(opened_s=at(opens), closes_s=at(opens) + 3600)


@pytest.mark.parametrize("cron", ["30 2 * * *", "0,30 2 * * *", "15-45/15 2 * * SUN"])
def test_a_window_in_the_hour_that_does_not_exist_opens_once_at_its_end(cron: str) -> None:
    """2027-03-28 in Berlin: after 01:59 comes 03:00, which is 01:00 UTC."""
    assert windows(schedule(cron, 20), "2027-03-27 23:30", "2027-03-28 06:00") == [("2027-03-28 01:00", "2027-03-28 01:20")]


def test_a_window_in_the_hour_that_comes_twice_opens_once_the_first_time() -> None:
    """2027-10-31 in Berlin: 02:00 to 02:59 is at 00:00 UTC and again at 01:00 UTC."""
    of = schedule("30 2 * * *", 20)
    assert windows(of, "2027-10-30 22:00", "2027-10-31 06:00") == [("2027-10-31 00:30", "2027-10-31 00:50")]


def test_in_the_hour_that_comes_twice_a_long_window_is_one_and_the_same_in_both() -> None:
    """Who asks in the second 02:45 is told of the opening at the first 02:30."""
    of = schedule("30 2 * * *", 120)
    assert windows(of, "2027-10-30 22:00", "2027-10-31 06:00") == [("2027-10-31 00:30", "2027-10-31 02:30")]


@pytest.mark.parametrize(("night", "opens"), [("2027-03-27", "2027-03-27 23:30"), ("2027-10-30", "2027-10-30 22:30")])
def test_a_length_is_elapsed_time_whatever_the_clocks_on_the_wall_do(night: str, opens: str) -> None:
    """From half past midnight for three hours, across either change."""
    begin = datetime.fromisoformat(f"{night} 12:00")
    found = windows(schedule("30 0 * * *", 180), str(begin), str(begin + timedelta(hours=20)))
    assert found == [(opens, text(at(opens) + 3 * 3600))]


def test_a_change_at_midnight_is_no_other_case() -> None:
    """Beirut 2027-03-28: after 23:59 comes 01:00, which is 22:00 UTC of the day before."""
    of = schedule("15 0 * * *", 30, "Asia/Beirut")
    assert windows(of, "2027-03-27 18:00", "2027-03-28 06:00") == [("2027-03-27 22:00", "2027-03-27 22:30")]


def test_a_change_of_half_an_hour_is_no_other_case() -> None:
    """Lord Howe 2027-10-03: after 01:59 (UTC+10:30) comes 02:30 (UTC+11), which is 15:30 UTC of the day before."""
    of = schedule("10 2 * * *", 15, "Australia/Lord_Howe")
    assert windows(of, "2027-10-02 12:00", "2027-10-02 20:00") == [("2027-10-02 15:30", "2027-10-02 15:45")]


def test_a_window_goes_on_over_midnight() -> None:
    of = schedule("30 23 * * *", 90, "UTC")
    assert windows(of, "2027-06-01 12:00", "2027-06-02 12:00") == [("2027-06-01 23:30", "2027-06-02 01:00")]
    assert open_at(of, at("2027-06-02 00:15")) == Window(opened_s=at("2027-06-01 23:30"), closes_s=at("2027-06-02 01:00"))


def test_the_last_day_of_a_month_is_the_last_whatever_its_number() -> None:
    of = schedule("0 23 L * *", 120, "UTC")
    assert windows(of, "2028-01-31 00:00", "2028-03-02 00:00", 1800) == [
        ("2028-01-31 23:00", "2028-02-01 01:00"),
        ("2028-02-29 23:00", "2028-03-01 01:00"),
    ]


def test_a_day_that_a_month_lacks_is_left_out() -> None:
    of = schedule("0 0 31 * *", 60, "UTC")
    assert windows(of, "2027-03-30 00:00", "2027-06-01 00:00", 1800) == [
        ("2027-03-31 00:00", "2027-03-31 01:00"),
        ("2027-05-31 00:00", "2027-05-31 01:00"),
    ]


def test_a_leap_day_comes_in_leap_years() -> None:
    of = schedule("0 3 29 2 *", 60, "UTC")
    assert open_at(of, at("2027-03-01 03:30")) is None
    assert open_at(of, at("2028-02-29 03:30")) == Window(opened_s=at("2028-02-29 03:00"), closes_s=at("2028-02-29 04:00"))
    assert open_at(of, at("2100-03-01 03:30")) is None
    assert windows(schedule("0 3 28 2 *", 60, "UTC"), "2028-02-28 00:00", "2028-03-01 00:00", 600) == [
        ("2028-02-28 03:00", "2028-02-28 04:00")
    ]


def test_of_two_windows_that_overlap_the_later_one_counts() -> None:
    """The configuration refuses what it finds to overlap; what it did not look far enough for is settled here."""
    of = schedule("0,30 3 * * *", 45, "UTC")
    window = open_at(of, at("2027-06-01 03:35"))
    assert window is not None
    assert text(window.opened_s) == "2027-06-01 03:30"


def test_every_hour_of_the_night_of_a_change_by_real_time_where_no_hour_is_said() -> None:
    """With `*` for the hour a job follows elapsed time: the doubled hour has two windows, told apart by their openings."""
    of = schedule("0 * * * *", 10)
    assert [opened for opened, _ in windows(of, "2027-10-30 23:30", "2027-10-31 02:30")] == [
        "2027-10-31 00:00",
        "2027-10-31 01:00",
        "2027-10-31 02:00",
    ]


ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "America/Santiago", "UTC")
CRONS = ("30 2 * * *", "0 0 * * *", "45 1 * * *", "0,20,40 0-4 * * *", "15 * * * *", "*/10 2 * * *", "59 23 L * *")


@pytest.mark.parametrize("seed", range(20))
def test_the_same_window_is_found_however_far_back_one_looks(seed: int) -> None:
    """A month's openings in their order, against a look that begins one length ago. The seed is in the test's name."""
    dice = random.Random(seed)
    of = schedule(dice.choice(CRONS), dice.choice((5, 50, 200, 1439)), dice.choice(ZONES))
    begin = datetime(2027, dice.choice((3, 4, 9, 10, 11)), 1, tzinfo=UTC)
    openings = [
        each.timestamp()
        for each in takewhile(
            lambda each: each < begin + timedelta(days=32), CronSim(of.cron, begin.astimezone(of.time_zone))
        )
    ]
    for _ in range(150):
        moment = begin.timestamp() + 86400 + dice.randrange(30 * 1440) * 60
        opened = max((each for each in openings if each <= moment), default=-1e9)
        window = open_at(of, moment)
        open_now = moment < opened + of.length.total_seconds()
        assert (window.opened_s if window else None) == (opened if open_now else None), (of, text(moment))


def test_without_failback_by_itself_no_window_is_ever_open() -> None:
    settings = make_settings(failback_cron="* * * * *", failback_length_minutes=5)
    assert schedule_of(settings) is None
    assert Windows(settings).at(at("2027-01-03 03:00")) is None


def test_the_calendar_is_asked_once_a_minute_and_says_the_same() -> None:
    settings = make_settings(failback_enabled=True, failback_cron="0 3 * * *", failback_length_minutes=5)
    asked = Windows(settings)
    of = schedule("0 3 * * *", 5, "UTC")
    for second in range(600):
        moment = at("2027-01-03 02:57") + second
        assert asked.at(moment) == open_at(of, moment)


def test_a_zone_that_the_bundle_does_not_hold_is_an_error_and_not_another_zone() -> None:
    """What the machine has installed is not looked at: it would hide a file that is missing in the bundle."""
    settings = make_settings(
        failback_enabled=True, failback_cron="0 3 * * *", failback_length_minutes=5, failback_time_zone="Europe/Berlin"
    )
    with pytest.raises(FileNotFoundError, match=r"timezones/Europe/Berlin"):
        Windows(settings)
