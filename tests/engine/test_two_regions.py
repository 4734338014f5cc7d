"""A program of one's own with two pairs, each with a provider of its own that is passed in, in two regions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.bare_cloud import Cloud, cloud, resources
from lab.pulumi_cli import Run
from lab.stack_file import REPOSITORY
from tests.engine.projects import put_program
from tests.engine.sizes import at_night

pytestmark = [pytest.mark.engine, at_night]

REGIONS = ("eu-central-1", "eu-west-1")

PROGRAM = f"""
import json
import sys
from pathlib import Path

sys.path.insert(0, {str(REPOSITORY)!r})

import pulumi
import pulumi_aws as aws
from pulumi.runtime import config as pulumi_config

from infra import package
from infra.aws.arguments import pair_args
from infra.aws.pair import Pair
from infra.config import Source, parse

ROOT = Path({str(REPOSITORY)!r})
texts = {{key.removeprefix("tandem:"): str(text) for key, text in pulumi_config.CONFIG.get().items()}}
for region in {REGIONS!r}:
    zones = json.dumps([region + "a", region + "b"])
    own = {{**texts, "region": region, "zones": zones}}
    config = parse(Source(texts=own, read_text=lambda path: (ROOT / path).read_text(), loopback_cloud=True))
    bundle = package.build(ROOT, config.cloud.value, config.failback_time_zone)
    name = "lis-" + region
    args = pair_args(
        config, site=name, bundle=str(package.write(bundle, ROOT / "out" / "bundle")), bundle_digest=bundle.digest
    )
    provider = aws.Provider(region, region=region)
    pair = Pair(name, args, pulumi.ResourceOptions(providers={{"aws": provider}}))
    pulumi.export(region, pair.outputs()["addressId"])
"""


@dataclass(frozen=True)
class Life:
    """What the engine said, and what the clouds of both regions had, from the first up to the end."""

    state: Mapping[str, Any]
    outputs: Mapping[str, Any]
    addresses: Mapping[str, tuple[str, ...]]
    again: Run
    refreshed: Run
    left: Mapping[str, tuple[str, ...]]
    last_state: Mapping[str, Any]


@pytest.fixture(scope="module")
def life(command: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    with cloud(command, tmp_path_factory.mktemp("engine")) as here:
        pulumi = here.stack("dev")
        put_program(pulumi, PROGRAM)
        pulumi.up()
        state, outputs, addresses = pulumi.state(), pulumi.outputs(), addresses_of(here)
        again, refreshed = pulumi.up(), pulumi.refresh()
        pulumi.destroy()
        yield Life(state, outputs, addresses, again, refreshed, machines_of(here), pulumi.state())


def addresses_of(here: Cloud) -> dict[str, tuple[str, ...]]:
    """Region to the ids of its fixed addresses."""
    answers = {region: here.emulators.client("ec2", region=region).describe_addresses() for region in REGIONS}
    return {region: tuple(each["AllocationId"] for each in answer["Addresses"]) for region, answer in answers.items()}


def machines_of(here: Cloud) -> dict[str, tuple[str, ...]]:
    """Region to the states of its machines."""
    answers = {region: here.emulators.client("ec2", region=region).describe_instances() for region in REGIONS}
    return {
        region: tuple(each["State"]["Name"] for found in answer["Reservations"] for each in found["Instances"])
        for region, answer in answers.items()
    }


def test_each_pair_is_wholly_in_the_region_of_its_provider(life: Life) -> None:
    for each in resources(life.state):
        region = next(name for name in REGIONS if f"lis-{name}" in each["urn"])
        assert each["provider"].split("::")[-2] == region
        assert each["inputs"].get("region", region) == region
    assert life.addresses == {region: (life.outputs[region],) for region in REGIONS}


def test_a_second_up_and_a_refresh_change_nothing_in_either(life: Life) -> None:
    assert life.again.changes == 0, life.again.said
    assert life.refreshed.changes == 0, life.refreshed.said


def test_a_destroy_leaves_nothing_in_either(life: Life) -> None:
    assert not list(resources(life.last_state))
    assert {state for states in life.left.values() for state in states} == {"terminated"}
