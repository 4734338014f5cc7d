"""An operator's way to inbox and record on Azure: the one blob of the shard, written on condition of its ETag.

Not written with the watchdog's own code, so that what an operator is told to do is tried by whoever uses this.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import ContainerClient

from failover_lambda.contract import lease_key
from lab.asking import Desk
from lab.providers.azure_native.blobs import KEY, Blobs
from lab.watched import SHARD, record_in

TRIES = 20
"""Of one entry, where the leader writes at the same time."""


class InboxBusyError(Exception):
    """The blob was changed by others each time."""


SILENT = (AzureError, InboxBusyError)
"""What is raised where the storage does not answer, or takes nothing."""


@dataclass(frozen=True)
class BlobDesk(Desk):
    """At a container of Azure Storage."""

    container: ContainerClient
    site: str
    shard: str = SHARD

    @classmethod
    def of(cls, blobs: Blobs, outputs: Mapping[str, Any]) -> Self:
        """The one of a stack, by its outputs: one attempt, short timeouts."""
        once: dict[str, Any] = {"connection_timeout": 2, "read_timeout": 10, "retry_total": 0}
        url = blobs.found_at(str(outputs["stateTable"]))
        container = ContainerClient.from_container_url(url, credential=KEY, connection_verify=blobs.trusted, **once)
        return cls(container, str(outputs["cliConfig"]["site"]))

    def put(self, entry: str) -> None:
        """Read, add, write; again where somebody else was faster.

        Raises:
            ResourceNotFoundError: nobody ever led here, so there is no blob.
            InboxBusyError: others were faster each time.
        """
        for _ in range(TRIES):
            text, etag = self._read()
            text["inbox"] = sorted({*text["inbox"], entry})
            try:
                self._blob.upload_blob(
                    json.dumps(text), overwrite=True, etag=etag, match_condition=MatchConditions.IfNotModified
                )
            except ResourceModifiedError:
                continue
            return
        raise InboxBusyError(f"the blob {lease_key(self.shard)} was changed by others {TRIES} times: ask again")

    def record(self) -> dict[str, Any]:
        """Of the blob."""
        entry = self._found().get("records", {}).get(self.site)
        return record_in(entry) if entry else {}

    def leader(self) -> str:
        """Of the blob."""
        return str((self._found().get("lease") or {}).get("owner", ""))

    def inbox(self) -> tuple[str, ...]:
        """Of the blob."""
        return tuple(self._found().get("inbox", ()))

    @property
    def _blob(self) -> Any:
        return self.container.get_blob_client(lease_key(self.shard))

    def _found(self) -> dict[str, Any]:
        """The text of the blob; empty before the first lease, with which it comes."""
        try:
            return self._read()[0]
        except ResourceNotFoundError:
            return {}

    def _read(self) -> tuple[dict[str, Any], str]:
        found = self._blob.download_blob()
        return json.loads(found.readall()), str(found.properties.etag)
