"""Every type of azure-native in the lab is found again by its inputs alone, where it is; and is not, where it is not."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.arm.settings import Settings
from lab.arm.times import TIMES
from lab.providers.azure_native.blobs import Blobs, Spot
from lab.providers.azure_native.finding import Finder, UnfindableError
from lab.providers.azure_native.process import ARM, BLOB
from lab.providers.plain import SIGNATURE, Mark
from tests.contract.emulators import AZURITE, emulator
from tests.lab.azure_cases import CASES, IN_GROUP, Case
from tests.lab.azure_rig import GROUP, Azure, Made, Play, azure, filled

pytestmark = pytest.mark.lab

AGAIN = {"azure-native:storage:BlobServiceProperties", "azure-native:web:WebAppApplicationSettings"}
"""There is one in its parent, always."""
ADDRESS = "azure-native:network:PublicIPAddress"
SECRET = {SIGNATURE: Mark.SECRET, "ciphertext": "x"}


@dataclass(frozen=True)
class World:
    """An emulated Azure with one of everything, and what was made of which inputs."""

    here: Azure
    finder: Finder
    made: dict[str, Made]

    def resource(self, name: str, **otherwise: Any) -> dict[str, Any]:
        """As a state that was interrupted has it."""
        made = self.made[name]
        return {"type": made.type, "inputs": {**made.inputs, **otherwise}}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with azure(tmp_path_factory.mktemp("finding")) as here:
        play, made = Play(here.registry()), dict[str, Made]()
        for case in CASES:
            made[case.name] = play.make(case.type, case.name, filled(case.inputs, made))
        yield World(here, Finder({ARM: here.server.endpoint}), made)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_there_is_found_by_its_inputs_and_what_is_elsewhere_is_not(world: World, case: Case) -> None:
    found = world.finder.ids(world.resource(case.name))
    assert found == ([] if case.type in AGAIN else [world.made[case.name].id])
    if "resourceGroupName" in case.inputs:
        assert world.finder.ids(world.resource(case.name, resourceGroupName="another")) == []


def test_what_has_no_way_to_be_found_is_said(world: World) -> None:
    address = next(case.name for case in CASES if case.type == ADDRESS)
    with pytest.raises(UnfindableError, match="no way to find one of azure-native:network:RouteTable"):
        world.finder.ids({"type": "azure-native:network:RouteTable", "inputs": {}})
    with pytest.raises(UnfindableError, match="found by its publicIpAddressName, and it has none, or a secret one"):
        world.finder.ids(world.resource(address, publicIpAddressName=SECRET))


def test_what_is_still_being_made_is_waited_for(tmp_path: Path) -> None:
    with azure(tmp_path, Settings(times=TIMES["azure-new-plane"])) as here:
        client, path = here.client(), f"{GROUP}/providers/Microsoft.Network/publicIPAddresses/late"
        client.ask("PUT", GROUP, "2024-03-01", {"location": "westeurope"})
        body = {"location": "westeurope", "sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}}
        client.ask("PUT", path, "2024-05-01", body)
        assert here.get(path)["properties"]["provisioningState"] == "Updating"
        finder = Finder({ARM: here.server.endpoint})
        resource = {"type": ADDRESS, "inputs": {**IN_GROUP, "publicIpAddressName": "late"}}
        finder.complete(resource, *finder.ids(resource))
        assert here.get(path)["properties"]["provisioningState"] == "Succeeded"


def test_a_container_is_completed_by_what_it_stands_for_and_a_blob_is_found_in_it(tmp_path: Path) -> None:
    with azure(tmp_path) as here, emulator(AZURITE, tmp_path / "azurite") as endpoint:
        blobs = Blobs(endpoint)
        without, whole = Play(here.registry()), Finder({ARM: here.server.endpoint, BLOB: endpoint})
        made = dict[str, Made]()
        for case in CASES:
            if case.type.startswith("azure-native:storage:") or case.type == "azure-native:resources:ResourceGroup":
                made[case.name] = without.make(case.type, case.name, filled(case.inputs, made))
        container = next(each for each in made.values() if each.type == "azure-native:storage:BlobContainer")
        names = {key: str(container.inputs[key]) for key in ("resourceGroupName", "accountName", "containerName")}
        spot = Spot(names["accountName"], names["containerName"], "app.zip")
        blob = {"type": "azure-native:storage:Blob", "inputs": {**names, "blobName": spot.name}}
        assert whole.ids(blob) == []
        whole.complete({"type": container.type, "inputs": container.inputs}, container.id)
        blobs.write(spot, b"content", {})
        (found,) = whole.ids(blob)
        assert found.endswith("/blobs/app.zip")
        whole.complete(blob, found)
