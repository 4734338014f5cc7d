"""The figures behind a promise and behind a bill."""

import doctest
import importlib
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover_lambda.contract import Settings, Tier
from infra.pace import PACES, SLOW_GRACE_S, balancer_decision_s, longest_outage, longest_slow_outage
from infra.price import monthly_cost

USUAL: Mapping[str, Any] = {
    "architecture": "arm64",
    "arbiter_memory_mb": 256,
    "prober_memory_mb": 256,
    "probers": 3,
    "probe_interval_s": 1.0,
    "lease_renew_s": 2.0,
    "metrics": 6,
    "alarms": 7,
    "interface_endpoints": 4,
    "nat_gateways": 0,
    "addresses": 1,
}


def test_the_tiers_of_this_version_are_those_that_fail_over_by_themselves() -> None:
    assert set(PACES) == {Tier.FAULT_TOLERANT, Tier.HIGH_AVAILABILITY}


@pytest.mark.parametrize("tier", PACES)
def test_a_tier_keeps_its_promise_at_its_own_pace(tier: Tier) -> None:
    pace = PACES[tier]

    assert longest_outage(pace.probe_interval_s, 0.4, pace.restart_grace_s).total_s <= pace.outage_s_max
    assert longest_slow_outage(pace.probe_interval_s, 0.4, SLOW_GRACE_S).total_s <= pace.slow_outage_s_max


@pytest.mark.parametrize("tier", PACES)
def test_a_lease_survives_a_renewal_that_was_missed(tier: Tier) -> None:
    """2 * renewal < lease: one lost write is no change of arbiters."""
    assert 2 * PACES[tier].lease_renew_s < PACES[tier].lease_ttl_s


def test_an_outage_is_the_sum_of_its_parts() -> None:
    outage = longest_outage(1, 0.4, 0)

    assert (outage.decision_s, outage.move_s, outage.carries_s, outage.total_s) == (3.2, 1.2, 5.0, 9.4)


def test_a_silent_service_is_waited_for() -> None:
    """The grace, and the one round that sees its end; without a grace, the rounds that silence needs."""
    assert longest_slow_outage(1, 0.4, 15).decision_s == pytest.approx(1 + 0.8 + 15 + 0.7)
    assert longest_slow_outage(1, 0.4, 0) == longest_outage(1, 0.4, 0)


@given(st.floats(1, 60), st.floats(0.1, 5), st.floats(0, 600))
def test_nothing_slower_makes_an_outage_shorter(interval_s: float, timeout_s: float, grace_s: float) -> None:
    usual = longest_outage(interval_s, timeout_s, grace_s).decision_s

    assert longest_outage(interval_s + 1, timeout_s, grace_s).decision_s >= usual
    assert longest_outage(interval_s, timeout_s + 1, grace_s).decision_s >= usual
    assert longest_outage(interval_s, timeout_s, grace_s + 1).decision_s >= usual
    assert usual > interval_s + 2 * Settings.burst_timeout_s
    slow = longest_slow_outage(interval_s, timeout_s, grace_s).decision_s
    assert longest_slow_outage(interval_s + 1, timeout_s, grace_s).decision_s >= slow
    assert longest_slow_outage(interval_s, timeout_s + 1, grace_s).decision_s >= slow
    assert longest_slow_outage(interval_s, timeout_s, grace_s + 1).decision_s >= slow > grace_s


def test_a_bill_adds_up() -> None:
    bill = dict(monthly_cost(**USUAL))
    total = bill.pop("total")

    assert total == pytest.approx(sum(bill.values()), abs=0.05)
    assert bill["arbiter"] == 8.76
    assert bill["interface endpoints"] == 29.2
    assert (bill["metrics and alarms"], bill["dashboard"]) == (2.5, 3.0)


def test_what_is_not_built_is_not_paid() -> None:
    without: dict[str, Any] = {**USUAL, "interface_endpoints": 0}

    assert monthly_cost(**without)["interface endpoints"] == 0
    assert monthly_cost(**USUAL)["nat gateways"] == 0


def test_a_nat_gateway_is_paid_with_its_address() -> None:
    more: dict[str, Any] = {**USUAL, "nat_gateways": 2}

    assert monthly_cost(**more)["nat gateways"] == 73.0


def test_a_balancer_is_paid_by_the_hour_and_its_addresses_too() -> None:
    more: dict[str, Any] = {**USUAL, "balancers": 1, "addresses": 3}
    usual, with_balancer = monthly_cost(**USUAL), monthly_cost(**more)

    assert (usual["balancer"], with_balancer["balancer"]) == (0, 16.43)
    assert (usual["addresses"], with_balancer["addresses"]) == (3.65, 10.95)


def test_nobody_who_watches_costs_nothing() -> None:
    fewer: dict[str, Any] = {**USUAL, "arbiters": 0, "probers": 0}
    unwatched = monthly_cost(**fewer)

    assert (unwatched["arbiter"], unwatched["probers"], unwatched["record"]) == (0, 0, 0)


def test_a_balancer_decides_no_sooner_than_its_checks() -> None:
    assert balancer_decision_s() == 12
    assert balancer_decision_s() > PACES[Tier.FAULT_TOLERANT].outage_s_max
    assert balancer_decision_s() < PACES[Tier.HIGH_AVAILABILITY].outage_s_max


@pytest.mark.parametrize(
    "module",
    [
        "infra.addressing",
        "infra.aws.services",
        "infra.aws.guest",
        "infra.guest",
        "infra.naming",
        "infra.pace",
        "infra.quotas",
        "infra.regions",
        "infra.config.docs",
        "infra.config.faults",
        "infra.config.keys",
        "infra.config.kinds",
        "infra.aws.dashboard",
    ],
)
def test_examples_in_docstrings_are_true(module: str) -> None:
    results = doctest.testmod(importlib.import_module(module))

    assert results.attempted > 0
    assert results.failed == 0
