"""Subscriptions to test with: an empty one, one with a network, one with a running pair."""

import pytest

from tests.lab.arm.clouds import Cloud, build_balancer, build_network, build_pair


@pytest.fixture
def network() -> Cloud:
    """A network and an address."""
    cloud = Cloud()
    build_network(cloud)
    return cloud


@pytest.fixture
def pair() -> Cloud:
    """Two running machines; the first one holds the address."""
    cloud = Cloud()
    build_pair(cloud)
    return cloud


@pytest.fixture
def balanced(pair: Cloud) -> Cloud:
    """The pair behind a balancer whose pool is empty."""
    build_balancer(pair)
    return pair
