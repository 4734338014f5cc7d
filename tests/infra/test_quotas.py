"""What a stack takes of an account's quotas, and what is said where a new account cannot hold it."""

import functools
import gzip
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import moto
import pytest

from infra.quotas import Parts, Quota, concurrency, needs, processors, shown, warnings
from lab.recording import Deployment
from tests.infra.stand import BALANCED, REGION, THREE_ZONES, balanced, run, usual

CATALOGUE = Path(moto.__file__).parent / "ec2" / "resources" / "instance_types.json.gz"
"""Every machine type as AWS describes it; moto carries a copy."""
PARTS: Mapping[str, Any] = {
    "addresses": 0,
    "workers": 0,
    "instance_type": "m6i.large",
    "concurrent_runs": 0,
    "own_networks": 0,
    "nat_gateways_per_zone": 0,
    "interface_endpoints": 0,
    "balancers": 0,
}


def parts(**changes: Any) -> Parts:
    return Parts(**{**PARTS, **changes})


@functools.cache
def catalogue() -> Mapping[str, int]:
    types: Mapping[str, Any] = json.loads(gzip.decompress(CATALOGUE.read_bytes()))
    return {name: described["VCpuInfo"]["DefaultVCpus"] for name, described in types.items()}


def test_processors_are_what_aws_says_of_every_type_that_is_counted() -> None:
    counted = {name: told for name in catalogue() if (told := processors(name)) is not None}

    assert len(counted) > 1000
    assert {name: (told, catalogue()[name]) for name, told in counted.items() if told != catalogue()[name]} == {}


def test_only_bare_metal_and_special_families_are_not_counted() -> None:
    left_out = {name for name in catalogue() if processors(name) is None}

    of_standard_families = {name for name in left_out if re.match(r"([acdhimrtz]|im|is)\d", name)}
    assert {name.rpartition(".")[2] for name in of_standard_families} == {"metal"}
    assert {"g5.xlarge", "p4d.24xlarge", "x2idn.16xlarge", "mac1.metal", "trn1.2xlarge"} <= left_out


@pytest.mark.parametrize("name", ["nonsense", "m6i.", "m6i.huge", ".large", "m.large"])
def test_a_type_that_nobody_knows_is_not_counted(name: str) -> None:
    assert processors(name) is None


def test_functions_without_a_reserve_run_at_most_twice_each() -> None:
    """An arbiter and three probers: 8 runs at a hand-over."""
    assert concurrency(4, -1) == 8


def test_a_reserve_is_taken_beside_what_nobody_may_reserve() -> None:
    assert concurrency(4, 3) == 4 * 3 + 100


def test_no_function_needs_nothing() -> None:
    assert (concurrency(0, -1), concurrency(0, 5)) == (0, 0)


def test_what_is_not_touched_is_not_shown() -> None:
    assert needs(parts()) == {}
    assert needs(parts(workers=2, instance_type="x2idn.16xlarge")) == {}


def test_a_need_within_the_start_of_an_account_is_no_warning() -> None:
    assert list(warnings(needs(parts(addresses=5)), REGION)) == []


def test_a_need_beyond_it_names_the_code_and_how_to_ask() -> None:
    (sentence,) = warnings(needs(parts(addresses=6)), REGION)

    assert sentence == (
        "This stack alone needs 6 Elastic IP addresses, and an account starts with 5 (L-0263D0A3): "
        "aws service-quotas request-service-quota-increase --region eu-central-1 --service-code ec2 "
        "--quota-code L-0263D0A3 --desired-value 6, or more where other stacks live in the account. It may take a day."
    )


def test_each_quota_is_shown_by_its_code() -> None:
    assert shown({Quota.BALANCERS: 1}) == {
        "L-69A177A2": {"service": "elasticloadbalancing", "name": "network load balancers", "need": 1, "default": 50}
    }
    assert len({quota.value.code for quota in Quota}) == len(Quota) == 7


def need(deployment: Deployment) -> Mapping[str, int]:
    return {code: entry["need"] for code, entry in deployment.outputs["quotas"].items()}


def counted(deployment: Deployment) -> Mapping[str, int]:
    """The same from what came into being."""

    def number(type_token: str) -> int:
        return len(deployment.of_type(type_token))

    gateways = [each.inputs["subnetId"] for each in deployment.of_type("aws:ec2/natGateway:NatGateway")]
    endpoints = [
        each
        for each in deployment.of_type("aws:ec2/vpcEndpoint:VpcEndpoint")
        if each.inputs["vpcEndpointType"] == "Interface"
    ]
    found = {
        Quota.ADDRESSES: number("aws:ec2/eip:Eip"),
        Quota.PROCESSORS: 2 * number("aws:ec2/instance:Instance"),
        Quota.CONCURRENCY: 2 * number("aws:lambda/function:Function"),
        Quota.NETWORKS: number("aws:ec2/vpc:Vpc"),
        Quota.NAT_GATEWAYS: max((gateways.count(subnet) for subnet in gateways), default=0),
        Quota.ENDPOINTS: len(endpoints),
        Quota.BALANCERS: number("aws:lb/loadBalancer:LoadBalancer"),
    }
    return {quota.value.code: count for quota, count in found.items() if count}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"zones": THREE_ZONES},
        {"managementEndpoints": "false"},
        {"egress": "own"},
        BALANCED,
        {**BALANCED, "natGateways": "one"},
        {**BALANCED, "zones": THREE_ZONES, "natGateways": "none"},
    ],
)
def test_what_a_stack_says_it_needs_is_what_it_makes(changes: Mapping[str, str]) -> None:
    deployment = run(changes)

    assert need(deployment) == counted(deployment)


def test_the_usual_stacks_fit_into_a_new_account() -> None:
    for deployment in (usual(), balanced()):
        assert not [message for message in deployment.messages if "starts with" in message]


def test_three_zones_behind_a_balancer_have_one_address_each_and_two_gateways_and_fit() -> None:
    deployment = run({**BALANCED, "zones": THREE_ZONES})

    assert need(deployment)["L-0263D0A3"] == 5
    assert not [message for message in deployment.messages if "starts with" in message]


def test_a_large_machine_is_warned_of_at_preview_by_the_code() -> None:
    deployment = run({"instanceType": "m6i.2xlarge"})

    (said,) = (message for message in deployment.messages if "L-1216C47A" in message)
    assert said.startswith("This stack alone needs 16 vCPUs of running standard instances (A, C, D, H, I, M, R, T, Z), and")


def test_a_reserve_is_counted_with_what_must_stay_free() -> None:
    assert need(run({"reservedConcurrency": "3"}))["L-B99A9384"] == 4 * 3 + 100
