"""Containers and blobs: the two types of azure-native that have contents, which Resource Manager never sees.

A container is a document and, where the lab has a blob service, a container there. A blob is written with the account's
key, which the real provider lists for it (pulumi-azure-native, `custom_storage_azidentity.go`); so an account without shared
keys refuses it.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar

from lab.providers.archives import zip_bytes
from lab.providers.azure_native.blobs import Blob, Blobs, Spot
from lab.providers.azure_native.client import AzureError, Json
from lab.providers.azure_native.cloud import AlreadyThereError, Cloud
from lab.providers.azure_native.handlers import ArmHandler
from lab.providers.azure_native.names import made_name
from lab.providers.azure_native.tables import PLAIN, Row, table
from lab.providers.handler import Ask, Handler, NotReadyError, State
from lab.providers.naming import Naming
from lab.providers.plain import AssetArchive, FileArchive, FileAsset, TextAsset
from lab.recording import Created

ACCOUNT_TYPE = "azure-native:storage:StorageAccount"
BLOB_TYPE = "azure-native:storage:Blob"


class Container(ArmHandler):
    """A container of blobs."""

    def create(self, ask: Ask) -> Created:
        """Make the document, then what it stands for."""
        created = super().create(ask)
        self.fill(created.id)
        return created

    def fill(self, resource_id: str) -> None:
        """Make what the document stands for; nothing where it is made."""
        if self.cloud.blobs:
            self.cloud.blobs.make_container(*self._names(resource_id))

    def delete(self, state: State) -> None:
        """Delete both; what is in it goes with it."""
        super().delete(state)
        if self.cloud.blobs:
            self.cloud.blobs.drop_container(*self._names(state.id))

    def _names(self, resource_id: str) -> tuple[str, str]:
        names = self.row.names_in(resource_id)
        return names["accountName"], names["containerName"]


BLOB_ROW = Row(
    BLOB_TYPE,
    "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Storage/storageAccounts"
    "/{accountName}/blobServices/default/containers/{containerName}/blobs/{blobName}",
    "",
    dict.fromkeys(("accessTier", "contentMd5", "contentType", "metadata", "source", "type"), PLAIN),
    dict.fromkeys(("accessTier", "contentMd5", "contentType", "metadata", "name", "type", "url"), PLAIN),
    frozenset({"accountName", "containerName", "resourceGroupName"}),
    (),
)
"""The one type that has no api-version and no body: its row is the provider's own, not Microsoft's."""


class BlobHandler(Handler):
    """One block blob."""

    type: ClassVar[str] = BLOB_TYPE
    row: ClassVar[Row] = BLOB_ROW
    named: ClassVar[str] = "blobName"
    required: ClassVar[frozenset[str]] = BLOB_ROW.required
    replaces: ClassVar[frozenset[str]] = frozenset({*BLOB_ROW.in_path, "contentMd5", "source", "type"})
    untold: ClassVar[frozenset[str]] = frozenset({"source"})

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def create(self, ask: Ask) -> Created:
        """Write it, unless it is there.

        Raises:
            AzureError: the account has no shared keys, or is not there.
            AlreadyThereError: it is there.
        """
        inputs = self.whole(ask.name, ask.inputs, {}, Naming())
        for key in ask.inputs:
            ask.get(key)
        blobs, spot = self._blobs(inputs), _spot(inputs)
        resource_id = self.row.id_of(inputs, self.cloud.subscription)
        if blobs.read(spot):
            raise AlreadyThereError(resource_id)
        if str(inputs.get("type", "Block")).lower() != "block":
            raise ValueError(f"the lab writes block blobs; asked was {inputs['type']}")
        content = _content(inputs.get("source"))
        headers = {
            "x-ms-blob-content-type": str(inputs.get("contentType") or "application/octet-stream"),
            "x-ms-blob-content-md5": str(inputs.get("contentMd5") or _digest(content)),
            **{f"x-ms-meta-{key}": str(value) for key, value in (inputs.get("metadata") or {}).items()},
            **({"x-ms-access-tier": str(inputs["accessTier"])} if inputs.get("accessTier") else {}),
        }
        blobs.write(spot, content, headers)
        return self._told(resource_id, inputs)

    def update(self, state: State, ask: Ask, changed: frozenset[str]) -> Created:
        """Set its type and what lies beside it; its content never changes."""
        del changed
        for key in ask.inputs:
            ask.get(key)
        blobs, spot = self._blobs(ask.inputs), _spot(ask.inputs)
        if ask.inputs.get("contentType"):
            blobs.set_headers(spot, {"x-ms-blob-content-type": str(ask.inputs["contentType"])})
        if ask.inputs.get("metadata"):
            blobs.set_metadata(spot, {key: str(value) for key, value in ask.inputs["metadata"].items()})
        return self._told(state.id, ask.inputs)

    def read(self, state: State) -> Mapping[str, Any] | None:
        """What storage tells of it."""
        names = self.row.names_in(state.id)
        found = self._blobs(names).read(_spot(names)) if self._account(names) else None
        return None if found is None else _outputs(names, found)

    def delete(self, state: State) -> None:
        """Delete it; no error where its account is gone."""
        names = self.row.names_in(state.id)
        if self._account(names) is not None:
            self._blobs(names).delete(_spot(names))

    def whole(self, name: str, news: Mapping[str, Any], olds: Mapping[str, Any], naming: Naming) -> dict[str, Any]:
        """The inputs with the name that the provider adds."""
        return {**news, **made_name(self.row, name, news, olds, naming)}

    def _told(self, resource_id: str, inputs: Mapping[str, Any]) -> Created:
        found = self._blobs(inputs).read(_spot(inputs))
        if found is None:
            raise NotReadyError("newly created blob is not found")
        return Created(resource_id, _outputs(inputs, found))

    def _account(self, inputs: Mapping[str, Any]) -> Json | None:
        row = table().rows[ACCOUNT_TYPE]
        return self.cloud.get(row.id_of(inputs, self.cloud.subscription), row.api)

    def _blobs(self, inputs: Mapping[str, Any]) -> Blobs:
        """The blob service, opened with the account's key.

        Raises:
            AzureError: there is no such account, or it has no shared keys.
            LookupError: the lab has no blob service.
        """
        account = self._account(inputs)
        if account is None:
            raise AzureError(404, "ResourceNotFound", f"The storage account {inputs['accountName']} was not found.")
        keys_allowed(account)
        if self.cloud.blobs is None:
            raise LookupError("the lab has no blob service here, so a blob's content would be lost; start Azurite")
        return self.cloud.blobs


def keys_allowed(account: Mapping[str, Any]) -> None:
    """Refuse what needs a key of an account that has none.

    Raises:
        AzureError: as storage says it.
    """
    if (account.get("properties") or {}).get("allowSharedKeyAccess") is False:
        raise AzureError(
            403, "KeyBasedAuthenticationNotPermitted", "Key based authentication is not permitted on this storage account."
        )


def _spot(inputs: Mapping[str, Any]) -> Spot:
    return Spot(str(inputs["accountName"]), str(inputs["containerName"]), str(inputs["blobName"]))


def _outputs(inputs: Mapping[str, Any], found: Blob) -> dict[str, Any]:
    spot = _spot(inputs)
    told = {
        "resourceGroupName": inputs["resourceGroupName"],
        "accountName": spot.account,
        "containerName": spot.container,
        "blobName": spot.name,
        "name": spot.name,
        "contentMd5": found.headers.get("content-md5", ""),
        "contentType": found.headers.get("content-type", ""),
        "metadata": found.metadata,
        "type": found.headers.get("x-ms-blob-type", "").removesuffix("Blob"),
        "url": spot.url,
    }
    tier = found.headers.get("x-ms-access-tier", "")
    return {**told, "accessTier": tier} if tier else told


def _digest(content: bytes) -> str:
    """As storage tells it of every blob."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def _content(source: Any) -> bytes:
    match source:
        case None:
            return b""
        case TextAsset(text=text):
            return text.encode()
        case FileAsset(path=path):
            with open(path, "rb") as file:  # noqa: PTH123 - a path of the program's, as it is
                return file.read()
        case FileArchive() | AssetArchive():
            return zip_bytes(source)
        case _:
            raise TypeError(f"a blob's source is an asset or an archive, and not {type(source).__name__}")
