"""Each region that the program knows can hold a pair."""

import functools

import botocore.session
import pytest
from botocore.session import Session

from infra.regions import AWS_REGIONS, VANTAGES, prober_zones


@pytest.mark.parametrize("name", AWS_REGIONS)
def test_a_region_has_zones_of_its_own_for_two_workers(name: str) -> None:
    region = AWS_REGIONS[name]

    assert len(set(region.zones)) == len(region.zones) >= VANTAGES
    assert all(zone[:-1] == name for zone in region.zones)
    assert 2 <= region.zones_per_account <= len(region.zones)


@functools.cache
def sdk() -> Session:
    """What is read of the SDK's own files is read once."""
    return botocore.session.get_session()


@pytest.mark.parametrize("name", AWS_REGIONS)
def test_a_region_is_in_the_partition_that_the_sdk_knows_it_in(name: str) -> None:
    session = sdk()
    partition = AWS_REGIONS[name].partition

    assert session.get_partition_for_region(name) == partition
    assert name in session.get_available_regions("ec2", partition)
    assert name in session.get_available_regions("lambda", partition)


@pytest.mark.parametrize("name", AWS_REGIONS)
def test_a_third_zone_looks_too_where_an_account_surely_has_one(name: str) -> None:
    region = AWS_REGIONS[name]
    workers = (region.zones[-1], region.zones[0])

    zones = prober_zones(name, workers, "")

    assert zones[:2] == workers
    assert len(set(zones)) == len(zones) == min(VANTAGES, region.zones_per_account)


def test_three_zones_look_and_no_fourth() -> None:
    zones = ("eu-central-1c", "eu-central-1a", "eu-central-1b")

    assert prober_zones("eu-central-1", zones, "") == zones


def test_a_tie_breaker_that_was_named_is_taken_even_where_accounts_differ() -> None:
    assert prober_zones("us-west-1", ("us-west-1a", "us-west-1b"), "us-west-1c") == (
        "us-west-1a",
        "us-west-1b",
        "us-west-1c",
    )
