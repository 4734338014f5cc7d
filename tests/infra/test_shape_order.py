"""Traps of order: what has to be there first, and what has to be gone first."""

import random

import pytest

from lab.engine import DestroyError, destroy
from lab.recording import Deployment
from tests.infra.stand import SITE, run, usual

pytestmark = pytest.mark.shape

TARGET = "aws:cloudwatch/eventTarget:EventTarget"
RULE = "aws:cloudwatch/eventRule:EventRule"
ORDERS = range(12)
"""The real engine deletes in any order that the dependencies allow; so many are tried, each from its seed."""


@pytest.fixture(scope="module")
def loose() -> Deployment:
    """The usual stack without protection."""
    return run({"protect": "false"})


@pytest.mark.parametrize("seed", ORDERS)
def test_a_rule_is_emptied_before_it_goes(loose: Deployment, seed: int) -> None:
    """DeleteRule is refused while the rule has targets."""
    chance, gone = random.Random(seed), list[tuple[str, str]]()
    destroy(loose, lambda each: gone.append((each.type, each.name)), pick=chance.choice)

    for part in ("schedule", "state-change"):
        name = f"{SITE}-{part}"
        assert gone.index((TARGET, name)) < gone.index((RULE, name))


def test_nothing_waits_for_the_first_tick() -> None:
    tick = usual().only("aws:lambda/invocation:Invocation").urn

    assert [each.name for each in usual().registrations if tick in usual().needs(each)] == []


def test_protection_stops_a_destroy_before_its_first_deletion() -> None:
    gone: list[str] = []

    with pytest.raises(DestroyError) as caught:
        destroy(usual(), lambda each: gone.append(each.type))

    assert gone == []
    kept = ("address", "key", "record", "data-wk1", "data-wk2")
    assert all(f"'{SITE}-{part}'" in str(caught.value) for part in kept)
