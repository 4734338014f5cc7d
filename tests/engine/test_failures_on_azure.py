"""A call to Resource Manager fails, half-fails or hangs in an up; the same story on AWS: `test_failures`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.azure_cloud import AzureCloud
from lab.bare_cloud import Cloud, cloud, resources
from lab.pulumi_cli import PulumiError
from tests.engine.sizes import at_night
from tests.engine.test_failures import failing

pytestmark = [pytest.mark.engine, at_night]

NETWORK = "azure-native:network:VirtualNetwork"
MACHINE = "azure-native:compute:VirtualMachine"
WORKBOOK = "azure-native:applicationinsights:Workbook"
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/tandem-azure-dev"
COMPUTE_API = "2024-11-01"


@pytest.fixture(scope="module")
def here(command: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with cloud(command, tmp_path_factory.mktemp("engine"), "azure") as made:
        yield made


def test_what_fails_is_named_with_azures_reason_and_the_next_up_makes_it_once(here: Cloud) -> None:
    pulumi = here.stack("dev")
    said = 'Status=429 Code="SubscriptionVirtualNetworkCountLimitReached" Message="no more than 1000"'
    with pytest.raises(PulumiError) as failed:
        failing(pulumi, {"type": NETWORK, "verb": "create", "call": 1, "what": "fail", "message": said}).up()
    assert failed.value.status != 0
    assert "tandem-azure-dev-network" in str(failed.value)
    assert said in str(failed.value)
    assert NETWORK not in {each["type"] for each in resources(pulumi.state())}

    half = {"type": MACHINE, "verb": "create", "call": 1, "what": "not-ready", "message": "still creating"}
    with pytest.raises(PulumiError, match="still creating"):
        failing(pulumi, half).up()
    kept = [each for each in resources(pulumi.state()) if each["type"] == MACHINE and each.get("initErrors")]
    assert len(kept) == 1, "what was made and is not ready keeps its id"

    pulumi.up()
    made = {each["id"] for each in resources(pulumi.state()) if each["type"] == MACHINE}
    assert kept[0]["id"] in made
    assert machines_of(here) == {each.lower() for each in made}
    assert len(made) == 2
    assert pulumi.preview().changes == 0

    slow = {"type": WORKBOOK, "verb": "read", "call": 1, "what": "hang", "seconds": 3}
    assert failing(pulumi, slow).refresh().seconds >= 3
    assert WORKBOOK in {each["type"] for each in resources(pulumi.state())}
    refused = {"type": WORKBOOK, "verb": "delete", "call": 1, "what": "fail", "message": "AuthorizationFailed: not you"}
    with pytest.raises(PulumiError, match="AuthorizationFailed: not you"):
        failing(pulumi, refused).destroy()
    assert WORKBOOK in {each["type"] for each in resources(pulumi.state())}
    pulumi.destroy()
    assert not list(resources(pulumi.state()))


def machines_of(here: Cloud) -> set[str]:
    """The machines that Azure has, past the engine."""
    assert isinstance(here.running, AzureCloud)
    answer = here.running.client.ask("GET", f"{GROUP}/providers/Microsoft.Compute/virtualMachines", COMPUTE_API)
    return {str(each["id"]).lower() for each in answer.body["value"]}
