"""Containers and blobs of the azure-native provider, over Azurite: written, read, signed for, refused."""

import base64
import hashlib
import io
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lab.engine import deploy, destroy
from lab.providers.azure_native.blobs import Blobs
from lab.providers.azure_native.client import AzureError
from lab.providers.azure_native.cloud import AlreadyThereError
from lab.providers.azure_native.tables import table
from lab.providers.plain import AssetArchive, FileAsset, Secret, TextAsset
from tests.contract.emulators import AZURITE, emulator
from tests.lab.azure_cases import CASES
from tests.lab.azure_rig import WHOLE, Azure, Made, Play, azure

pytestmark = pytest.mark.lab

BLOB = "azure-native:storage:Blob"
SIGN = "azure-native:storage:listStorageAccountServiceSAS"
KEYS = "azure-native:storage:listStorageAccountKeys"
SPOT = {"resourceGroupName": "small", "accountName": "tandempackage", "containerName": "package"}


@pytest.fixture(scope="module")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blobs]:
    with emulator(AZURITE, tmp_path_factory.mktemp("azurite")) as endpoint:
        yield Blobs(endpoint)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Azure]:
    with azure(tmp_path) as made:
        yield made


@pytest.fixture
def play(here: Azure, blobs: Blobs) -> Iterator[Play]:
    """Two accounts, one without shared keys, and an empty container in the other."""
    made, playing = list[Made](), Play(here.registry(blobs=blobs))
    for case in CASES:
        if case.name in {"group", "record", "package", "container"}:
            made.append(playing.make(case.type, case.name, case.inputs))
    yield playing
    for each in reversed(made):
        playing.delete(each)


def package(**more: Any) -> dict[str, Any]:
    source = AssetArchive({"app.py": TextAsset("print(1)")})
    return {**SPOT, "blobName": "app.zip", "type": "Block", "source": source, **more}


def fetched(blobs: Blobs, url: str) -> bytes:
    """What stands at an address that the program knows, as the lab finds it."""
    with urllib.request.urlopen(blobs.found_at(url), timeout=30) as answer:  # noqa: S310 - http on this machine
        return answer.read()


def signed(play: Play, made: Made, **more: str) -> str:
    asked: Mapping[str, Any] = {
        "resourceGroupName": "small",
        "accountName": "tandempackage",
        "canonicalizedResource": "/blob/tandempackage/package",
        "resource": "c",
        "permissions": "r",
        "protocols": "https",
        "sharedAccessStartTime": "2020-01-01T00:00:00Z",
        "sharedAccessExpiryTime": "2099-01-01T00:00:00Z",
        **more,
    }
    token = play.registry.invoke(SIGN, asked)["serviceSasToken"]
    return f"{made.outputs['url']}?{token}"


def test_a_package_is_written_and_fetched_by_a_signature_for_its_container(play: Play, blobs: Blobs) -> None:
    made = play.make(BLOB, "package", package())
    assert made.outputs["url"] == "https://tandempackage.blob.core.windows.net/package/app.zip"
    assert made.id.endswith("/blobServices/default/containers/package/blobs/app.zip")
    with zipfile.ZipFile(io.BytesIO(fetched(blobs, signed(play, made)))) as found:
        assert found.read("app.py") == b"print(1)"
    one = signed(play, made, resource="b", canonicalizedResource="/blob/tandempackage/package/app.zip")
    assert fetched(blobs, one) == fetched(blobs, signed(play, made))


@pytest.mark.parametrize("more", [{"sharedAccessExpiryTime": "2020-01-02T00:00:00Z"}, {"permissions": "w"}])
def test_a_signature_that_is_over_or_is_for_something_else_opens_nothing(
    play: Play, blobs: Blobs, more: dict[str, str]
) -> None:
    made = play.make(BLOB, "package", package())
    with pytest.raises(urllib.error.HTTPError) as refused:
        fetched(blobs, signed(play, made, **more))
    with refused.value as answer:
        assert answer.code == 403


def test_equal_content_is_no_change_and_other_content_is_another_blob(play: Play, tmp_path: Path) -> None:
    file = tmp_path / "app.txt"
    file.write_text("one")
    made = play.make(BLOB, "text", package(blobName="app.txt", source=FileAsset(str(file), "digest-of-one")))
    again = package(blobName="app.txt", source=FileAsset(str(file), "digest-of-one"))
    other = package(blobName="app.txt", source=FileAsset(str(file), "digest-of-two"))
    assert play.compared(made, again) == []
    assert [(each.top, each.replaces) for each in play.compared(made, other)] == [("source", True)]
    assert made.outputs["contentMd5"] == base64.b64encode(hashlib.md5(b"one").digest()).decode()  # noqa: S324 - as storage tells it


def test_its_type_and_what_lies_beside_it_change_in_place(play: Play) -> None:
    made = play.make(BLOB, "package", package())
    updated = play.update(made, package(contentType="application/zip", metadata={"digest": "abc"}))
    assert updated.outputs["contentType"] == "application/zip"
    assert updated.outputs["metadata"] == {"digest": "abc"}
    read = play.read(updated)
    assert read
    assert read.inputs == updated.inputs


def test_a_blob_without_a_name_is_named_as_the_program_names_it(play: Play) -> None:
    made = play.make(BLOB, "package.zip", {key: value for key, value in package().items() if key != "blobName"})
    assert made.outputs["name"] == "package.zip"
    assert made.inputs.get("__createBeforeDelete") is None


def test_what_is_there_is_not_written_over(play: Play) -> None:
    play.make(BLOB, "package", package())
    with pytest.raises(AlreadyThereError):
        play.make(BLOB, "again", package())


def test_a_deleted_blob_is_gone_and_so_is_one_whose_account_is(play: Play) -> None:
    made = play.make(BLOB, "package", package())
    play.delete(made)
    assert play.read(made) is None
    gone = Made(made.type, made.name, made.inputs, made.id.replace("tandempackage", "none"), made.outputs)
    assert play.read(gone) is None
    play.delete(gone)


def test_an_account_without_shared_keys_refuses_blob_and_signature(play: Play) -> None:
    with pytest.raises(AzureError, match="KeyBasedAuthenticationNotPermitted"):
        play.make(BLOB, "package", package(accountName="tandemrecord"))
    with pytest.raises(AzureError, match="KeyBasedAuthenticationNotPermitted"):
        play.registry.invoke(SIGN, {"resourceGroupName": "small", "accountName": "tandemrecord"})


def test_an_accounts_keys_are_told(play: Play) -> None:
    keys = play.registry.invoke(KEYS, {"resourceGroupName": "small", "accountName": "tandempackage"})["keys"]
    assert [each["keyName"] for each in keys] == ["key1", "key2"]


def test_without_a_blob_service_a_blob_is_refused_and_a_container_is_a_document(here: Azure) -> None:
    playing = Play(here.registry())
    for case in CASES:
        if case.name in {"group", "package", "container"}:
            playing.make(case.type, case.name, case.inputs)
    with pytest.raises(LookupError, match="the lab has no blob service here"):
        playing.make(BLOB, "package", package())


def test_a_program_of_every_type_is_deployed_and_its_package_is_there(here: Azure, blobs: Blobs) -> None:
    registry = here.registry(blobs=blobs)
    deployment = deploy(
        WHOLE, project="whole", stack="dev", config={}, create=registry.create, invoke=registry.invoke, environment={}
    )
    assert deployment.gaps == ()
    used = {each.type for each in deployment.registrations if each.custom}
    assert used == {BLOB, *table().rows}
    where = deployment.outputs["package"]
    assert isinstance(where, Secret)
    with zipfile.ZipFile(io.BytesIO(fetched(blobs, where.value))) as found:
        assert found.namelist() == ["function_app.py"]
    app = deployment.only("azure-native:web:WebApp").id
    assert here.get(f"{app}/extensions/onedeploy")["properties"]["packageUri"] == where.value
    destroy(deployment, registry.delete)
    assert here.emulator.world.documents == {}


def test_what_the_lab_does_not_sign_for_is_refused_by_name(blobs: Blobs) -> None:
    with pytest.raises(ValueError, match=r"the lab signs for a container .* asked was resource 's' at '/file/a/b'"):
        blobs.sas({"canonicalizedResource": "/file/a/b", "resource": "s"})


def test_an_address_that_is_no_blobs_is_refused(blobs: Blobs) -> None:
    with pytest.raises(ValueError, match=r"example\.org/a is no address of a blob or container"):
        blobs.found_at("https://example.org/a")
