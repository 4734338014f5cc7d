"""An operator's way to inbox and record on Azure: the one blob of the shard, written on condition of its ETag.

Not written with the watchdog's own code, so that what an operator is told to do is tried by whoever uses this.
"""

import json
from dataclasses import dataclass
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import ContainerClient

from failover_lambda.contract import lease_key
from lab.asking import Desk
from lab.watched import SHARD, record_in

TRIES = 20
"""Of one entry, where the leader writes at the same time."""


class InboxBusyError(Exception):
    """The blob was changed by others each time."""


@dataclass(frozen=True)
class BlobDesk(Desk):
    """At a container of Azure Storage."""

    container: ContainerClient
    site: str
    shard: str = SHARD

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
        entry = self._read()[0]["records"].get(self.site)
        return record_in(entry) if entry else {}

    def leader(self) -> str:
        """Of the blob, which comes with the first lease."""
        try:
            text = self._read()[0]
        except ResourceNotFoundError:
            return ""
        return str((text["lease"] or {}).get("owner", ""))

    def inbox(self) -> tuple[str, ...]:
        """Of the blob."""
        return tuple(self._read()[0]["inbox"])

    @property
    def _blob(self) -> Any:
        return self.container.get_blob_client(lease_key(self.shard))

    def _read(self) -> tuple[dict[str, Any], str]:
        found = self._blob.download_blob()
        return json.loads(found.readall()), str(found.properties.etag)
