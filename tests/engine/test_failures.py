"""A call to the cloud fails, half-fails or hangs in an up: the error names resource and reason, and the next up heals it."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab.bare_cloud import Cloud, cloud, resources
from lab.providers.rules import VARIABLE
from lab.pulumi_cli import Pulumi, PulumiError

pytestmark = pytest.mark.engine

VPC = "aws:ec2/vpc:Vpc"
INSTANCE = "aws:ec2/instance:Instance"
QUEUE = "aws:sqs/queue:Queue"


@pytest.fixture(scope="module")
def here(command: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with cloud(command, tmp_path_factory.mktemp("engine")) as made:
        yield made


def failing(pulumi: Pulumi, *rules: dict[str, Any]) -> Pulumi:
    """The same engine, with calls that fail so; counted anew, because counts stand beside the file."""
    file = pulumi.project.folder / f"rules-{uuid.uuid4().hex[:8]}.json"
    file.write_text(json.dumps(rules))
    environment = {**pulumi.project.environment, VARIABLE: str(file)}
    return replace(pulumi, project=replace(pulumi.project, environment=environment))


def test_what_fails_is_named_with_the_clouds_reason_and_the_next_up_makes_it_once(here: Cloud, stage: str) -> None:
    pulumi = here.stack(stage, name=uuid.uuid4().hex[:8])
    said = "VpcLimitExceeded: the maximum number of VPCs has been reached"
    with pytest.raises(PulumiError) as failed:
        failing(pulumi, {"type": VPC, "verb": "create", "call": 1, "what": "fail", "message": said}).up()
    assert failed.value.status != 0
    assert f"tandem-aws-{stage}-vpc" in str(failed.value)
    assert said in str(failed.value)
    assert VPC not in {each["type"] for each in resources(pulumi.state())}

    half = {"type": INSTANCE, "verb": "create", "call": 1, "what": "not-ready", "message": "still creating"}
    with pytest.raises(PulumiError, match="still creating"):
        failing(pulumi, half).up()
    kept = [each for each in resources(pulumi.state()) if each["type"] == INSTANCE and each.get("initErrors")]
    assert len(kept) == 1, "what was made and is not ready keeps its id"

    pulumi.up()
    ec2 = here.emulators.client("ec2")
    names = [tag["Value"] for vpc in ec2.describe_vpcs()["Vpcs"] for tag in vpc.get("Tags", []) if tag["Key"] == "Name"]
    assert names.count(f"tandem-aws-{stage}-vpc") == 1
    made = {each["id"] for each in resources(pulumi.state()) if each["type"] == INSTANCE}
    assert kept[0]["id"] in made
    machines = [each for found in ec2.describe_instances()["Reservations"] for each in found["Instances"]]
    there = [each["InstanceId"] for each in machines if each["State"]["Name"] != "terminated"]
    assert sorted(there) == sorted(made), "nothing was made twice"
    assert len(made) == 2
    assert pulumi.preview().changes == 0

    slow = {"type": QUEUE, "verb": "read", "call": 1, "what": "hang", "seconds": 3}
    run = failing(pulumi, slow).refresh()
    assert run.seconds >= 3
    assert QUEUE in {each["type"] for each in resources(pulumi.state())}
    with pytest.raises(PulumiError, match="AccessDenied: not you"):
        failing(
            pulumi, {"type": QUEUE, "verb": "delete", "call": 1, "what": "fail", "message": "AccessDenied: not you"}
        ).destroy()
    left = list(resources(pulumi.state()))
    assert QUEUE in {each["type"] for each in left}
    pulumi.destroy()
    assert not list(resources(pulumi.state()))
