"""Pulumi's own engine and the azure-native provider over the emulated Resource Manager: one life of a small program.

Who has the address after a failover is asked here of the two models that matter; the whole table stands in
`tests/lab/test_azure_owner.py`, without an engine.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.providers.azure_native import Blobs
from lab.pulumi_cli import Pulumi, PulumiError
from tests.contract.emulators import AZURITE, emulator
from tests.lab.azure_rig import GROUP, PROGRAM, WHOLE, Azure, azure, configure, project, stack

pytestmark = pytest.mark.engine

ADDRESS = f"{GROUP}/providers/Microsoft.Network/publicIPAddresses/front"
CARD = f"{GROUP}/providers/Microsoft.Network/networkInterfaces/wk1"
IGNORED = 'ignore_changes=["*"]'
RESOURCES = 8
"""Of the small program, the stack with them."""
TAGGED = 5


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Azure]:
    with azure(tmp_path) as made:
        yield made


@pytest.fixture
def pulumi(command: Path, here: Azure, tmp_path: Path) -> Pulumi:
    return stack(command, project(tmp_path / "project", here))


def attach(here: Azure) -> None:
    """As the watchdog does it."""
    body = here.get(CARD)
    body["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"] = {"id": ADDRESS}
    here.client("watchdog").ask("PUT", CARD, "2024-05-01", body)


def is_held(here: Azure) -> bool:
    return "ipConfiguration" in here.get(ADDRESS)["properties"]


def test_a_small_program_lives_and_is_changed_and_dies(pulumi: Pulumi, here: Azure) -> None:
    assert pulumi.preview().count("to create") == RESOURCES
    assert here.requests("PUT") == []
    assert pulumi.up().count("created") == RESOURCES
    assert pulumi.outputs()["address"] == "203.0.113.1"
    written = len(here.requests("PUT"))
    assert pulumi.up().count("unchanged") == RESOURCES
    assert pulumi.refresh().count("unchanged") == RESOURCES
    assert len(here.requests("PUT")) == written
    attach(here)
    configure(pulumi.project, owner="somebody")
    assert pulumi.preview().count("to update") == TAGGED
    assert pulumi.up().count("updated") == TAGGED
    assert here.get(ADDRESS)["tags"] == {"owner": "somebody"}
    assert is_held(here)
    assert pulumi.destroy().count("deleted") == RESOURCES
    assert here.emulator.world.documents == {}


@pytest.mark.parametrize(("ignored", "held"), [(IGNORED, True), ("ignore_changes=[]", False)])
def test_an_update_takes_the_address_from_a_card_unless_everything_of_it_is_ignored(
    pulumi: Pulumi, here: Azure, ignored: str, held: bool
) -> None:
    program = pulumi.project.work / "infra" / "__main__.py"
    text = PROGRAM.read_text().replace(IGNORED, ignored)
    program.write_text(text)
    pulumi.up()
    attach(here)
    program.write_text(text.replace('network_interface_name="wk1",', 'network_interface_name="wk1", tags=tags,'))
    pulumi.up()
    assert is_held(here) == held


def test_what_azure_refuses_is_told_by_the_engine_and_the_rest_stands(pulumi: Pulumi, here: Azure) -> None:
    program = pulumi.project.work / "infra" / "__main__.py"
    program.write_text(PROGRAM.read_text().replace("10.0.0.10", "10.9.0.10"))
    with pytest.raises(PulumiError, match=r"azure-native:network:NetworkInterface 'wk1' could not be created: Status=400"):
        pulumi.up()
    program.write_text(PROGRAM.read_text())
    assert pulumi.up().count("created") >= 1
    assert here.get(CARD)["name"] == "wk1"


def test_a_program_of_every_type_lives_and_dies(command: Path, here: Azure, tmp_path: Path) -> None:
    with emulator(AZURITE, tmp_path / "azurite") as endpoint:
        pulumi = stack(command, project(tmp_path / "whole", here, WHOLE, Blobs(endpoint)))
        planned = pulumi.preview().count("to create")
        assert pulumi.up().count("created") == planned
        written = len(here.requests("PUT"))
        assert pulumi.up().count("unchanged") == planned
        # The way out names its gateway only now, and to the SDK that is an input of the address: the program ignores it.
        assert pulumi.refresh().count("updated") == 1
        assert pulumi.up().count("unchanged") == planned
        assert len(here.requests("PUT")) == written
        assert "c2VjcmV0" not in (pulumi.project.state_file or tmp_path).read_text()
        assert pulumi.destroy().count("deleted") == planned
    assert here.emulator.world.documents == {}


def test_another_type_is_refused_by_name(pulumi: Pulumi) -> None:
    program = pulumi.project.work / "infra" / "__main__.py"
    table = 'network.RouteTable("way", resource_group_name=group.name)\n'
    program.write_text(PROGRAM.read_text() + table)
    with pytest.raises(PulumiError, match=r"the lab has no handler for azure-native:network:RouteTable"):
        pulumi.preview()
