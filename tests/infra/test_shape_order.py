"""Traps of order: what has to be there first, and what has to be gone first."""

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest

from lab.engine import DestroyError, destroy
from lab.recording import Deployment, Registration
from tests.infra.stand import SITE, run, usual

pytestmark = pytest.mark.shape

INSTANCE = "aws:ec2/instance:Instance"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
RULE = "aws:cloudwatch/eventRule:EventRule"
ADDRESS = "aws:ec2/eip:Eip"
FUNCTION = "aws:lambda/function:Function"
ORDERS = range(12)
"""The real engine deletes in any order that the dependencies allow; so many are tried, each from its seed."""


@pytest.fixture(scope="module")
def loose() -> Deployment:
    """The usual stack without protection."""
    return run({"protect": "false"})


def deleted(deployment: Deployment, seed: int) -> list[str]:
    """Types in the order of their deletion, chosen at random among what nothing needs any more."""
    chance = random.Random(seed)

    def any_of(candidates: Sequence[Registration]) -> Registration:
        return chance.choice(candidates)

    gone: list[str] = []
    destroy(deployment, lambda each: gone.append(each.type), pick=any_of)
    return gone


def last(gone: Sequence[str], type_token: str) -> int:
    return max(place for place, each in enumerate(gone) if each == type_token)


@pytest.mark.parametrize("seed", ORDERS)
def test_address_at_destroy_schedule_then_workers_then_address_then_gateway(loose: Deployment, seed: int) -> None:
    gone = deleted(loose, seed)

    for starter in (TARGET, RULE, "aws:lambda/permission:Permission"):
        in_this_order = [starter, INSTANCE, ADDRESS, "aws:ec2/internetGateway:InternetGateway"]
        places = [(gone.index(each), last(gone, each)) for each in in_this_order]
        assert all(before[1] < after[0] for before, after in pairwise(places)), places


@pytest.mark.parametrize("seed", ORDERS)
def test_a_rule_is_emptied_before_it_goes(loose: Deployment, seed: int) -> None:
    """DeleteRule is refused while the rule has targets."""
    chance, gone = random.Random(seed), list[tuple[str, str]]()
    destroy(loose, lambda each: gone.append((each.type, each.name)), pick=chance.choice)

    for part in ("schedule", "state-change"):
        name = f"{SITE}-{part}"
        assert gone.index((TARGET, name)) < gone.index((RULE, name))


@pytest.mark.parametrize("seed", ORDERS)
def test_interfaces_of_functions_are_taken_out_while_their_role_still_may(loose: Deployment, seed: int) -> None:
    gone = deleted(loose, seed)

    assert last(gone, FUNCTION) < last(gone, "aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert last(gone, FUNCTION) < last(gone, "aws:ec2/subnet:Subnet")


def test_a_prober_needs_its_rights_before_it_is_placed() -> None:
    for function in usual().of_type(FUNCTION):
        attachment = usual().named("aws:iam/rolePolicyAttachment:RolePolicyAttachment", function.name)
        assert attachment.urn in function.depends_on


def test_address_to_a_pending_worker_the_schedule_waits_for_workers_and_address() -> None:
    workers = {each.urn for each in usual().of_type(INSTANCE)}
    address = usual().only(ADDRESS).urn

    starters = [each for kind in (RULE, TARGET, "aws:lambda/permission:Permission") for each in usual().of_type(kind)]
    assert len(starters) == 6
    for each in starters:
        assert {*workers, address} <= set(each.depends_on)


def test_workers_wait_for_the_address() -> None:
    address = usual().only(ADDRESS).urn

    assert all(address in each.depends_on for each in usual().of_type(INSTANCE))


def test_the_first_tick_comes_after_everything_that_it_needs() -> None:
    needed = usual().needs(usual().only("aws:lambda/invocation:Invocation"))

    for type_token in (
        INSTANCE,
        ADDRESS,
        TARGET,
        FUNCTION,
        "aws:dynamodb/table:Table",
        "aws:ec2/volumeAttachment:VolumeAttachment",
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    ):
        missing = [each.name for each in usual().of_type(type_token) if each.urn not in needed]
        assert missing == [], type_token


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
