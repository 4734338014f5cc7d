"""A call to the cloud fails, half-fails or hangs in an up: the error names resource and reason, and the next up heals it."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from lab.arm.settings import SUBSCRIPTION
from lab.azure_cloud import AzureCloud
from lab.bare_cloud import Cloud, resources
from lab.providers.rules import VARIABLE
from lab.pulumi_cli import Pulumi, PulumiError
from tests.engine.sizes import STORIES

pytestmark = pytest.mark.engine


@dataclass(frozen=True)
class Kinds:
    """What the story is told of in one cloud."""

    network: str
    named: str
    """The network's name in the program, after the site's."""
    machine: str
    small: str
    """Something that can be read slowly, and whose deletion is refused once."""
    full: str
    """How the cloud says that there are networks enough."""
    denied: str


AWS = Kinds(
    network="aws:ec2/vpc:Vpc",
    named="vpc",
    machine="aws:ec2/instance:Instance",
    small="aws:sqs/queue:Queue",
    full="VpcLimitExceeded: the maximum number of VPCs has been reached",
    denied="AccessDenied: not you",
)
AZURE = Kinds(
    network="azure-native:network:VirtualNetwork",
    named="network",
    machine="azure-native:compute:VirtualMachine",
    small="azure-native:applicationinsights:Workbook",
    full='Status=429 Code="SubscriptionVirtualNetworkCountLimitReached" Message="no more than 1000"',
    denied="AuthorizationFailed: not you",
)
COMPUTE_API = "2024-11-01"


def failing(pulumi: Pulumi, *rules: dict[str, Any]) -> Pulumi:
    """The same engine, with calls that fail so; counted anew, because counts stand beside the file."""
    file = pulumi.project.folder / f"rules-{uuid.uuid4().hex[:8]}.json"
    file.write_text(json.dumps(rules))
    environment = {**pulumi.project.environment, VARIABLE: str(file)}
    return replace(pulumi, project=replace(pulumi.project, environment=environment))


def machines_of(here: Cloud, name: str) -> set[str]:
    """The machines that the cloud has, past the engine."""
    if isinstance(here.running, AzureCloud):
        path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/tandem-{name}/providers/Microsoft.Compute/virtualMachines"
        return {str(each["id"]).lower() for each in here.running.client.ask("GET", path, COMPUTE_API).body["value"]}
    found = here.emulators.client("ec2").describe_instances()["Reservations"]
    machines = [each for reservation in found for each in reservation["Instances"]]
    return {each["InstanceId"] for each in machines if each["State"]["Name"] != "terminated"}


@pytest.mark.parametrize("name", STORIES)
def test_what_fails_is_named_with_the_clouds_reason_and_the_next_up_makes_it_once(
    bare: Callable[[str], Cloud], name: str
) -> None:
    on, _, stage = name.partition("-")
    here, kinds = bare(on), AZURE if on == "azure" else AWS
    pulumi = here.stack(stage, name=uuid.uuid4().hex[:8])
    with pytest.raises(PulumiError) as failed:
        failing(pulumi, {"type": kinds.network, "verb": "create", "call": 1, "what": "fail", "message": kinds.full}).up()
    assert failed.value.status != 0
    assert f"tandem-{name}-{kinds.named}" in str(failed.value)
    assert kinds.full in str(failed.value)
    assert kinds.network not in types_in(pulumi)

    half = {"type": kinds.machine, "verb": "create", "call": 1, "what": "not-ready", "message": "still creating"}
    with pytest.raises(PulumiError, match="still creating"):
        failing(pulumi, half).up()
    kept = [each for each in resources(pulumi.state()) if each["type"] == kinds.machine and each.get("initErrors")]
    assert len(kept) == 1, "what was made and is not ready keeps its id"

    pulumi.up()
    if on == "aws":  # on Azure no two have one name
        names = [tag["Value"] for vpc in here.emulators.client("ec2").describe_vpcs()["Vpcs"] for tag in vpc.get("Tags", [])]
        assert names.count(f"tandem-{name}-{kinds.named}") == 1
    made = {each["id"] for each in resources(pulumi.state()) if each["type"] == kinds.machine}
    assert kept[0]["id"] in made
    assert machines_of(here, name) == {each.lower() for each in made}, "nothing was made twice"
    assert len(made) == 2
    assert pulumi.preview().changes == 0

    slow = {"type": kinds.small, "verb": "read", "call": 1, "what": "hang", "seconds": 3}
    assert failing(pulumi, slow).refresh().seconds >= 3
    assert kinds.small in types_in(pulumi)
    with pytest.raises(PulumiError, match=kinds.denied):
        failing(
            pulumi, {"type": kinds.small, "verb": "delete", "call": 1, "what": "fail", "message": kinds.denied}
        ).destroy()
    assert kinds.small in types_in(pulumi)
    pulumi.destroy()
    assert not types_in(pulumi)


def types_in(pulumi: Pulumi) -> set[str]:
    """What the state knows."""
    return {each["type"] for each in resources(pulumi.state())}
