"""Changes that operators make: what is changed in place and what is made anew. Never the address, never a living worker."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lab.bare_cloud import cloud
from lab.pulumi_cli import PulumiError
from lab.urns import type_of
from tests.engine.deployed import Deployed

pytestmark = pytest.mark.engine

FIRST_TICK = "aws:lambda/invocation:Invocation"
FUNCTION = "aws:lambda/function:Function"


@pytest.fixture(scope="module")
def stack(command: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with cloud(command, tmp_path_factory.mktemp("engine")) as here:
        pulumi = here.stack("dev")
        pulumi.up()
        yield Deployed(here, pulumi)


def test_a_larger_data_disk_grows_in_place(stack: Deployed) -> None:
    assert stack.change(dataVolumeGb=40) == {"update": {"aws:ebs/volume:Volume"}}
    sizes = {each["Size"] for each in stack.here.emulators.client("ec2").describe_volumes()["Volumes"]}
    assert 40 in sizes


def test_another_probe_changes_the_functions_and_asks_the_first_tick_again(stack: Deployed) -> None:
    assert stack.change(probePath="/ready") == {"update": {FUNCTION}, "replace": {FIRST_TICK}}


def test_a_new_tag_changes_tags_only_and_reaches_the_workers(stack: Deployed) -> None:
    assert set(stack.change(tags=["cost-center=42"])) == {"update"}
    ec2 = stack.here.emulators.client("ec2")
    found = ec2.describe_tags(Filters=[{"Name": "key", "Values": ["cost-center"]}])["Tags"]
    assert {each["Value"] for each in found} == {"42"}
    assert {each["ResourceType"] for each in found} >= {"instance", "volume", "subnet", "vpc"}
    (address,) = ec2.describe_addresses()["Addresses"]
    assert {"Key": "cost-center", "Value": "42"} in address["Tags"]


def test_another_order_of_promotion_changes_the_functions_only(stack: Deployed) -> None:
    assert stack.change(order=["wk2", "wk1"]) == {"update": {FUNCTION}, "replace": {FIRST_TICK}}


def test_a_third_zone_adds_subnets_and_changes_nothing_that_was_there(stack: Deployed) -> None:
    """The tie breaker of two zones has its prober in the third one already."""
    plan = stack.change(zones=["eu-central-1a", "eu-central-1b", "eu-central-1c"])
    assert plan == {"create": {"aws:ec2/subnet:Subnet", "aws:ec2/routeTableAssociation:RouteTableAssociation"}}


def test_another_image_and_type_touch_no_living_worker(stack: Deployed) -> None:
    """Both would stop, or make anew, the holder and its standby in one up: they are brought in worker by worker."""
    before = stack.here.emulators.client("ec2").describe_instances()
    assert stack.change(amiId="ami-0fedcba9876543210", instanceType="m6i.large") == {}
    after = stack.here.emulators.client("ec2").describe_instances()
    assert types_of(before) == types_of(after)


def types_of(answer: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    instances = [instance for each in answer["Reservations"] for instance in each["Instances"]]
    return {each["InstanceId"]: (each["ImageId"], each["InstanceType"]) for each in instances}


def test_every_mistake_of_a_stack_file_is_named_in_one_preview_and_nothing_is_made(stack: Deployed) -> None:
    good = stack.pulumi.project.stack_file.read_text()
    before = stack.pulumi.state()
    stack.put(logRetentionDays=17, probePath="no slash", tier="best", order=["wk1", "wk9"])
    with pytest.raises(PulumiError) as refused:
        stack.pulumi.preview()
    stack.pulumi.project.stack_file.write_text(good)
    assert refused.value.status != 0
    for key in ("logRetentionDays", "probePath", "tier", "order"):
        assert key in str(refused.value), key
    assert "Traceback" not in refused.value.said
    assert stack.pulumi.state() == before


@pytest.fixture(scope="module")
def balancer(command: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with cloud(command, tmp_path_factory.mktemp("engine")) as here:
        pulumi = here.stack("balancer", {"natGateways": "one"})
        pulumi.up()
        yield Deployed(here, pulumi)


def test_a_second_nat_gateway_is_added_and_only_the_other_zone_s_way_out_changes(balancer: Deployed) -> None:
    """The first one keeps its address, which partners may have in their lists."""
    before = balancer.precious()
    balancer.put(natGateways="per-zone")
    plan = balancer.plan()
    balancer.pulumi.up()
    after = balancer.precious()
    assert {urn: after[urn] for urn in before} == before
    (new,) = after.keys() - before.keys()
    assert type_of(new) == "aws:ec2/eip:Eip"
    assert plan["create"] >= {"aws:ec2/natGateway:NatGateway", "aws:ec2/eip:Eip"}
    assert not plan.keys() & {"delete", "replace", "create-replacement", "delete-replaced"}, plan
