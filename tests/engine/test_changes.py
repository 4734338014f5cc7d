"""Changes that operators make: what is changed in place and what is made anew. Never the address, never a living worker.

One story, told once: a real lab under HL7 traffic, change after change by the real engine. At its end the holder is killed,
and the demo's accounting judges the whole of it. Each test looks at a part.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lab import site
from lab.bare_cloud import cloud
from lab.checkers import Findings, check
from lab.deploying import By
from lab.pulumi_cli import Pulumi, PulumiError
from lab.report_inputs import write_lab_info
from lab.site import Options, Site
from lab.story import DEADLINES, Fault, acts, wait_for_arbiter
from lab.traffic import Traffic
from lab.urns import type_of
from tests.engine.deployed import Deployed
from tests.engine.owned import Operated, Owned, no_progress

pytestmark = pytest.mark.engine

FIRST_TICK = "aws:lambda/invocation:Invocation"
FUNCTION = "aws:lambda/function:Function"

CHANGES: Mapping[str, Mapping[str, Any]] = {
    "disk": {"dataVolumeGb": 140},
    "probe": {"probeIntervalSeconds": 1.5},
    "tag": {"tags": ["cost-center=42"]},
    "order": {"order": ["wk2", "wk1"]},
    "zone": {"zones": ["eu-central-1a", "eu-central-1b", "eu-central-1c"], "tieBreakerZone": ""},
    "image and type": {"amiId": "ami-0fedcba9876543210", "instanceType": "m6i.xlarge"},
}
"""What is changed, in this order, and the keys of the stack file that do it."""

MISTAKES = {"logRetentionDays": 17, "probePath": "no slash", "tier": "best", "order": ["wk1", "wk9"]}


@dataclass(frozen=True)
class Part:
    """What came of one change."""

    plan: Mapping[str, set[str]]
    before: Owned
    after: Owned
    served: int
    """Messages acknowledged while it was brought in."""


@dataclass
class Told:
    """What came of the story."""

    parts: dict[str, Part] = field(default_factory=dict[str, Part])
    volumes: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    tags: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    """Of the tag's key, wherever the cloud lists it."""
    address: Mapping[str, Any] = field(default_factory=dict[str, Any])
    instances: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    rotations: int = 0
    after_rotation: int = -1
    """Changes that a refresh and an up made after the key's material was renewed."""
    refusal: PulumiError | None = None
    state_kept: bool = False
    findings: Findings | None = None


@pytest.fixture(scope="module")
def told(command: Path, stage: str) -> Iterator[Told]:
    with contextlib.ExitStack() as stack:
        running = stack.enter_context(site.start(Options(by=By.AT_HAND, stage=stage), no_progress))
        traffic = Traffic.begin(running)
        holder = wait_for_arbiter(running, no_progress)
        running.wait_for("the clients to be served", lambda: traffic.all_served_by(holder, 0.0), DEADLINES.served)
        lab, told = Operated(running, Pulumi(command, running.project)), Told()
        tell(lab, traffic.acknowledged, told)
        told.findings = found_after_the_holders_death(running, traffic, holder)
        yield told


def found_after_the_holders_death(running: Site, traffic: Traffic, holder: str) -> Findings:
    acts(running, traffic, Fault.KILL, holder, no_progress)
    write_lab_info(running, Fault.KILL.value, {})
    return check(running.folder)


def changed(lab: Operated, acknowledged: Callable[[], int], values: Mapping[str, Any]) -> Part:
    """Bring in one change, and see what came of it."""
    before, served = lab.owned(), acknowledged()
    plan = Deployed(lab.pulumi).change(**values)
    return Part(plan, before, lab.owned(), acknowledged() - served)


def tell(lab: Operated, acknowledged: Callable[[], int], told: Told) -> None:
    stack, ec2, kms = Deployed(lab.pulumi), lab.site.client("ec2"), lab.site.client("kms")
    for name, values in CHANGES.items():
        told.parts[name] = changed(lab, acknowledged, values)
    told.volumes = ec2.describe_volumes()["Volumes"]
    told.tags = ec2.describe_tags(Filters=[{"Name": "key", "Values": ["cost-center"]}])["Tags"]
    (told.address,) = ec2.describe_addresses()["Addresses"]
    told.instances = [each for one in ec2.describe_instances()["Reservations"] for each in one["Instances"]]
    (key,) = (each["id"] for each in lab.pulumi.state()["resources"] if each["type"] == "aws:kms/key:Key")
    kms.rotate_key_on_demand(KeyId=key)
    told.rotations = len(kms.list_key_rotations(KeyId=key)["Rotations"])
    told.after_rotation = lab.pulumi.refresh().changes + lab.pulumi.up().changes
    mistake(stack, told)


def mistake(stack: Deployed, told: Told) -> None:
    good, before = stack.pulumi.project.stack_file.read_text(), stack.pulumi.state()
    stack.put(**MISTAKES)
    with pytest.raises(PulumiError) as refused:
        stack.pulumi.preview()
    stack.pulumi.project.stack_file.write_text(good)
    told.refusal, told.state_kept = refused.value, stack.pulumi.state() == before


def test_a_larger_data_disk_grows_in_place(told: Told) -> None:
    assert told.parts["disk"].plan == {"update": {"aws:ebs/volume:Volume"}}
    assert 140 in {each["Size"] for each in told.volumes}


def test_another_probe_changes_the_functions_and_asks_the_first_tick_again(told: Told) -> None:
    assert told.parts["probe"].plan == {"update": {FUNCTION}, "replace": {FIRST_TICK}}


def test_a_new_tag_changes_tags_only_and_reaches_the_workers(told: Told) -> None:
    assert set(told.parts["tag"].plan) == {"update"}
    assert {each["Value"] for each in told.tags} == {"42"}
    assert {each["ResourceType"] for each in told.tags} >= {"instance", "volume", "subnet", "vpc"}
    assert {"Key": "cost-center", "Value": "42"} in told.address["Tags"]


def test_another_order_of_promotion_changes_the_functions_only(told: Told) -> None:
    """Whoever holds keeps it, home or not (RULE 4.2)."""
    assert told.parts["order"].plan == {"update": {FUNCTION}, "replace": {FIRST_TICK}}


def test_a_third_zone_adds_subnets_and_changes_nothing_that_was_there(told: Told) -> None:
    """The tie breaker of two zones has its prober in the third one already."""
    added = {"aws:ec2/subnet:Subnet", "aws:ec2/routeTableAssociation:RouteTableAssociation"}
    assert told.parts["zone"].plan == {"create": added}


def test_another_image_and_type_touch_no_living_worker(told: Told) -> None:
    """Both would stop, or make anew, the holder and its standby in one up: they are brought in worker by worker."""
    assert told.parts["image and type"].plan == {}
    asked = CHANGES["image and type"]
    assert asked["amiId"] not in {each["ImageId"] for each in told.instances}
    assert asked["instanceType"] not in {each["InstanceType"] for each in told.instances}


def test_a_key_whose_material_was_renewed_is_the_same_key(told: Told) -> None:
    assert told.rotations == 1
    assert told.after_rotation == 0


@pytest.mark.parametrize("name", CHANGES)
def test_no_change_moves_fences_or_restarts_anything_and_traffic_goes_on(told: Told, name: str) -> None:
    changed_nothing_that_serves(told.parts[name])


def changed_nothing_that_serves(part: Part) -> None:
    assert part.after == part.before
    assert part.served > 0


def test_the_changed_site_fails_over_and_no_message_of_all_that_time_is_lost(told: Told) -> None:
    """Every promise of the demo, over all changes and the death of the holder after them."""
    assert told.findings
    all_is_kept(told.findings)


def all_is_kept(findings: Findings) -> None:
    assert findings.all_kept, [(each.name, each.kept, each.evidence) for each in findings.promises if not each.kept]


def test_every_mistake_of_a_stack_file_is_named_in_one_preview_and_nothing_is_made(told: Told) -> None:
    assert told.refusal
    assert told.refusal.status != 0
    for key in MISTAKES:
        assert key in str(told.refusal), key
    assert "Traceback" not in told.refusal.said
    assert told.state_kept


@pytest.fixture(scope="module")
def balancer(command: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with cloud(command, tmp_path_factory.mktemp("engine")) as here:
        pulumi = here.stack("balancer", {"natGateways": "one"})
        pulumi.up()
        yield Deployed(pulumi)


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
