"""What a user may say of failback windows, and what is said to a user who said something else. Whole messages."""

from collections.abc import Iterator, Mapping
from typing import cast

import pytest

from failover_lambda.contract import Tier
from infra.config import AwsConfig
from infra.config.advice import advice
from infra.config.faults import Fault
from infra.config.keys import Mode
from infra.config.relations.registry import RELATIONS
from infra.timetable import shortest_distance_s, time_zone, time_zone_content
from tests.infra.test_config import faults, read

WINDOW = {"failbackEnabled": "true", "failbackCron": "0 3 * * SUN", "failbackLengthMinutes": "120"}


def test_failback_is_by_hand_unless_it_is_asked_for() -> None:
    config = read()

    assert not config.failback_enabled
    assert (config.failback_cron, config.failback_length_minutes, config.failback_time_zone) == ("", 0, "UTC")
    assert not config.watch_only


def test_a_window_is_taken_as_it_is_said() -> None:
    config = read({**WINDOW, "failbackTimeZone": "Europe/Berlin"})

    assert (config.failback_cron, config.failback_length_minutes, config.failback_time_zone) == (
        "0 3 * * SUN",
        120,
        "Europe/Berlin",
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"failbackTimeZone": "Europe/Berln"},
            (
                "failbackTimeZone is Europe/Berln (did you mean Europe/Berlin?). "
                "Allowed: UTC, or a name of the IANA time zone database such as Europe/Berlin. "
                "Next: pulumi config set failbackTimeZone Europe/Berlin"
            ),
        ),
        (
            {"failbackTimeZone": "asia/tokyo"},
            (
                "failbackTimeZone is asia/tokyo (did you mean Asia/Tokyo?). "
                "Allowed: UTC, or a name of the IANA time zone database such as Europe/Berlin. "
                "Next: pulumi config set failbackTimeZone Europe/Berlin"
            ),
        ),
        (
            {"failbackTimeZone": "../../etc/passwd"},
            (
                "failbackTimeZone is ../../etc/passwd. "
                "Allowed: UTC, or a name of the IANA time zone database such as Europe/Berlin. "
                "Next: pulumi config set failbackTimeZone Europe/Berlin"
            ),
        ),
        (
            {"failbackCron": "0 25 * * *"},
            (
                "failbackCron is 0 25 * * * (bad hour). Allowed: a cron of five fields such as 0 3 * * SUN, at most 48 "
                'characters. Next: pulumi config set failbackCron "0 3 * * SUN"'
            ),
        ),
        (
            {"failbackCron": "0 0 3 * * SUN"},
            (
                "failbackCron is 0 0 3 * * SUN (6 fields). Allowed: a cron of five fields such as 0 3 * * SUN, at most 48 "
                'characters. Next: pulumi config set failbackCron "0 3 * * SUN"'
            ),
        ),
        (
            {"failbackCron": "0 3 */28 2 MON#2"},
            (
                "failbackCron is 0 3 */28 2 MON#2 (a day that never comes). Allowed: a cron of five fields such as 0 3 * * "
                'SUN, at most 48 characters. Next: pulumi config set failbackCron "0 3 * * SUN"'
            ),
        ),
        (
            {"failbackLengthMinutes": "1441"},
            (
                "failbackLengthMinutes is 1441. Allowed: a whole number of minutes from 0 to 1440. "
                "Next: pulumi config set failbackLengthMinutes 120"
            ),
        ),
        (
            {"failbackEnabled": "yes"},
            (
                "failbackEnabled is yes (neither true nor false). Allowed: true or false. "
                "Next: pulumi config set failbackEnabled false"
            ),
        ),
    ],
)
def test_a_value_is_refused_with_what_was_found_what_is_allowed_and_the_next_step(
    changes: Mapping[str, str], message: str
) -> None:
    assert faults({**WINDOW, **changes}) == [message]


@pytest.mark.parametrize(
    ("changes", "messages"),
    [
        (
            {"failbackEnabled": "true"},
            [
                (
                    "failbackCron is not set with failbackEnabled true. Allowed: a cron of five fields such as 0 3 * * SUN. "
                    'Next: pulumi config set failbackCron "0 3 * * SUN", or pulumi config rm failbackEnabled'
                ),
                (
                    "failbackLengthMinutes is not set with failbackEnabled true. Allowed: 5 minutes or more: home is "
                    "watched for "
                    "a minute before it gets the address, and an arbiter may just have begun. "
                    "Next: pulumi config set failbackLengthMinutes 120"
                ),
            ],
        ),
        (
            {**WINDOW, "failbackLengthMinutes": "4"},
            [
                (
                    "failbackLengthMinutes is 4 with failbackEnabled true. Allowed: 5 minutes or more: home is watched "
                    "for a "
                    "minute before it gets the address, and an arbiter may just have begun. "
                    "Next: pulumi config set failbackLengthMinutes 120"
                ),
            ],
        ),
        (
            {"failbackCron": "0 3 * * SUN", "failbackLengthMinutes": "120", "failbackTimeZone": "Europe/Berlin"},
            [
                (
                    "failbackCron is 0 3 * * SUN with failbackEnabled false. Allowed: a cron of five fields such as 0 3 "
                    "* * SUN "
                    "with failbackEnabled true. Next: pulumi config set failbackEnabled true, or pulumi config rm "
                    "failbackCron"
                ),
                (
                    "failbackLengthMinutes is 120 with failbackEnabled false. Allowed: 5 minutes or more with "
                    "failbackEnabled "
                    "true. Next: pulumi config set failbackEnabled true, or pulumi config rm failbackLengthMinutes"
                ),
                (
                    "failbackTimeZone is Europe/Berlin with failbackEnabled false. Allowed: another one than UTC with "
                    "failbackEnabled true. Next: pulumi config set failbackEnabled true, or pulumi config rm "
                    "failbackTimeZone"
                ),
            ],
        ),
        (
            {**WINDOW, "failbackCron": "0 * * * *", "failbackLengthMinutes": "60"},
            [
                (
                    "failbackLengthMinutes is 60 with failbackCron 0 * * * *, by which two windows open 60 minutes apart "
                    "(failbackTimeZone UTC, its changes of clocks counted in). "
                    "Allowed: failbackLengthMinutes < the shortest time between two openings. "
                    "Next: lower failbackLengthMinutes, or set a failbackCron that opens less often, such as 0 3 * * SUN"
                ),
            ],
        ),
        (
            {
                **WINDOW,
                "failbackCron": "0 3 * * *",
                "failbackLengthMinutes": "1380",
                "failbackTimeZone": "Europe/Berlin",
            },
            [
                (
                    "failbackLengthMinutes is 1380 with failbackCron 0 3 * * *, by which two windows open 1380 minutes "
                    "apart "
                    "(failbackTimeZone Europe/Berlin, its changes of clocks counted in). "
                    "Allowed: failbackLengthMinutes < the shortest time between two openings. "
                    "Next: lower failbackLengthMinutes, or set a failbackCron that opens less often, such as 0 3 * * SUN"
                ),
            ],
        ),
    ],
)
def test_a_relation_is_refused_with_both_values(changes: Mapping[str, str], messages: list[str]) -> None:
    assert faults(changes) == messages


def test_the_day_of_23_hours_is_the_only_reason_to_refuse_a_window_of_23() -> None:
    assert read({**WINDOW, "failbackCron": "0 3 * * *", "failbackLengthMinutes": "1380"})


def test_two_openings_of_one_moment_are_one() -> None:
    """In the night in which 2 to 3 is left out, both come at 3."""
    assert shortest_distance_s("0,30 2 * * *", time_zone("Europe/Berlin")) == 30 * 60


def test_the_change_of_clocks_brings_two_openings_together() -> None:
    assert shortest_distance_s("30 1,2 * * *", time_zone("UTC")) == 60 * 60
    assert shortest_distance_s("30 1,2 * * *", time_zone("Europe/Berlin")) == 30 * 60


def test_one_opening_in_years_has_no_distance() -> None:
    assert shortest_distance_s("0 3 29 2 *", time_zone("UTC")) == 1461 * 86400
    assert read({**WINDOW, "failbackCron": "0 3 29 2 *"})


def test_a_zone_that_is_not_there_has_no_rules() -> None:
    with pytest.raises(KeyError):
        time_zone_content("../../etc/passwd")


def check(name: str, config: AwsConfig) -> Iterator[Fault]:
    (relation,) = (each for each in RELATIONS if cast("str", getattr(each.check, "__name__", "")) == name)
    return relation.check(config)


def test_a_tier_without_automatic_failover_has_no_failback_by_itself_either() -> None:
    """Such tiers are not in this version, so no stack file gets there; the day they are, this stands."""
    config = AwsConfig.model_construct(None, tier=Tier.HOT_SPARE, mode=Mode.ACTIVE_PASSIVE, failback_enabled=True)

    assert [str(fault) for fault in check("_who_fails_back_fails_over", config)] == [
        (
            "failbackEnabled is true with tier hot-spare, where a person moves the address. "
            "Allowed: true with tier fault-tolerant or high-availability. Next: pulumi config rm failbackEnabled"
        )
    ]


def test_watching_only_is_warned_of() -> None:
    assert "watchOnly is true: the watchdog tells what it would do and does nothing, and nobody moves the address." in list(
        advice(read({"watchOnly": "true"}))
    )
