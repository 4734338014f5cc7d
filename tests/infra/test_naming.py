"""Names fit everywhere, whatever a stack is called."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover_lambda.contract import OWNER_TAG
from infra.aws.function import log_group_name
from infra.aws.watchdog import arbiter_name, prober_name
from infra.naming import (
    AUTONAMING_LENGTH,
    AZURE_AUTONAMING_LENGTH,
    LIMITS,
    SITE_LENGTH_MAX,
    TAG_PATTERN,
    Kind,
    physical,
    shortened,
    site_name,
    stem,
    tags,
    worker_names,
    worldwide,
)
from infra.regions import AWS_REGIONS

LONGEST_STACK = "s" * 100
"""Pulumi takes no longer one."""
LONGEST_ZONE = max((zone for region in AWS_REGIONS.values() for zone in region.zones), key=len)


@given(st.text(min_size=1, max_size=100), st.text(min_size=1, max_size=100))
def test_a_site_fits_its_limit_and_its_characters(project: str, stack: str) -> None:
    site = site_name(project, stack)

    assert len(site) <= SITE_LENGTH_MAX
    assert re.fullmatch("[a-z0-9]([a-z0-9-]*[a-z0-9])?", site)


@given(st.sets(st.text(alphabet="ab-_.A", min_size=1, max_size=40), min_size=2, max_size=2))
def test_two_stacks_never_share_a_site(stacks: set[str]) -> None:
    one, other = stacks

    assert site_name("tandem", one) != site_name("tandem", other)


def test_the_longest_stack_still_names_everything() -> None:
    site = site_name("tandem", LONGEST_STACK)

    assert log_group_name(arbiter_name(site)).endswith("-arbiter")
    assert log_group_name(prober_name(site, LONGEST_ZONE)).endswith(LONGEST_ZONE)
    role = f"{site}-prober-{LONGEST_ZONE}"
    assert len(role) + AUTONAMING_LENGTH <= LIMITS[Kind.ROLE].length_max


def test_a_name_that_does_not_fit_is_refused_with_the_limit() -> None:
    with pytest.raises(ValueError, match="cannot be called") as caught:
        physical(Kind.FUNCTION, "x" * 65)

    assert str(caught.value) == (
        f"the function cannot be called '{'x' * 65}' (65 characters): allowed are 1 to 64 of [A-Za-z0-9_-]; "
        "use a shorter stack name"
    )


def test_a_two_letter_table_is_refused_though_emulators_take_it() -> None:
    with pytest.raises(ValueError, match="allowed are 3 to 255"):
        physical(Kind.TABLE, "ab")


def test_every_kind_has_a_limit() -> None:
    assert set(LIMITS) == set(Kind)


def test_workers_are_numbered_by_zone() -> None:
    assert worker_names(3) == ("wk1", "wk2", "wk3")


def test_own_tags_win_and_a_display_name_is_optional() -> None:
    assert tags("site", {"team": "x"}) == {"team": "x", OWNER_TAG: "site"}
    assert tags("site", {}, "shown") == {"Name": "shown", OWNER_TAG: "site"}


def test_own_tags_fit_the_narrowest_service() -> None:
    assert all(TAG_PATTERN.fullmatch(text) for pair in tags("site", {}, "shown").items() for text in pair)


BALANCER_KINDS = (Kind.BALANCER, Kind.TARGET_GROUP)


@given(st.text(min_size=1, max_size=100), st.sampled_from(BALANCER_KINDS), st.integers(1, 65535))
def test_a_shortened_name_fits_whatever_the_stack_is_called(stack: str, kind: Kind, port: int) -> None:
    name = shortened(kind, site_name("tandem", stack), str(port))

    assert len(name) <= LIMITS[kind].length_max
    # Two hyphens in a row, or one at either end, are refused as well; no document says so.
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", name)
    assert not name.startswith("internal-")


@given(st.sets(st.text(alphabet="ab-", min_size=30, max_size=40), min_size=2, max_size=2))
def test_two_sites_never_share_a_shortened_name(stacks: set[str]) -> None:
    one, other = (shortened(Kind.BALANCER, site_name("tandem", stack), "nlb") for stack in stacks)

    assert one != other


def test_what_replaces_a_resource_gives_it_another_shortened_name() -> None:
    one, other = (shortened(Kind.TARGET_GROUP, "site", "2575", identity) for identity in ("vpc-1", "vpc-2"))

    assert one != other


WORLDWIDE = ((Kind.STORAGE, "record"), (Kind.STORAGE, "package"), (Kind.SITE, ""))


@given(st.text(min_size=1, max_size=100), st.sampled_from(WORLDWIDE), st.uuids())
def test_a_name_for_the_whole_world_fits_whatever_the_stack_is_called(
    stack: str, named: tuple[Kind, str], subscription: object
) -> None:
    kind, part = named
    name = worldwide(kind, site_name("tandem", stack), part, f"{subscription}/group")

    assert len(name) <= LIMITS[kind].length_max
    assert re.fullmatch("[a-z0-9]+" if kind is Kind.STORAGE else "[a-z0-9]+(-[a-z0-9]+)*", name)


@given(st.sets(st.text(alphabet="ab-", min_size=30, max_size=40), min_size=2, max_size=2), st.sampled_from(WORLDWIDE))
def test_neither_two_stacks_nor_one_stack_in_two_subscriptions_share_a_name(
    stacks: set[str], named: tuple[Kind, str]
) -> None:
    one, other = (site_name("tandem", stack) for stack in stacks)

    assert len({worldwide(*_at(named, site), where) for site in (one, other) for where in ("s/g", "t/g", "s/h")}) == 6


def _at(named: tuple[Kind, str], site: str) -> tuple[Kind, str, str]:
    return named[0], site, named[1]


@given(st.text(min_size=1, max_size=100), st.text(min_size=1, max_size=100))
def test_a_vault_has_room_for_what_the_provider_adds_to_its_name(project: str, stack: str) -> None:
    name = stem(Kind.VAULT, site_name(project, stack), "s/g") + "0" * AZURE_AUTONAMING_LENGTH

    assert re.fullmatch("[a-z](-?[a-z0-9])+", name)
    assert len(name) <= LIMITS[Kind.VAULT].length_max
