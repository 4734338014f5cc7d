"""Record and lease as any reader of a cloud's store finds them, in one read: what the observer asks.

Written from what is stored, and not with the watchdog's own code. Only `lab.observer` and the desks import this. Each SDK is
imported by its own store alone, so that a lab of one cloud needs nothing of the other.
"""

import argparse
import base64
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from failover_lambda.contract import RECORD_KEY, lease_key, record_key

SHARD = "0"
_CONNECT_S, _READ_S = 1, 2


class StoreSilentError(Exception):
    """The store gave no answer, or one that is no record."""


@dataclass(frozen=True)
class Seen:
    """One read; None, 0 and "" where there is none."""

    record: Mapping[str, Any] | None
    version: int
    owner: str
    token: int


class Store(Protocol):
    """Where one site's record is."""

    def look(self) -> Seen:
        """Record and lease as they are now.

        Raises:
            StoreSilentError: nobody answered.
        """
        ...


def unpacked(packed: bytes) -> dict[str, Any]:
    """A long record is stored compressed."""
    return json.loads(zlib.decompress(packed))


class Table:
    """DynamoDB's."""

    def __init__(self, endpoint: str, region: str, table: str, site: str) -> None:
        import boto3  # noqa: PLC0415 - see the module's docstring
        from botocore.config import Config  # noqa: PLC0415 - same
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - same

        self._client: Any = boto3.client(
            "dynamodb",
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the emulator takes any
            config=Config(connect_timeout=_CONNECT_S, read_timeout=_READ_S, retries={"total_max_attempts": 1}),
        )
        self._silent = (BotoCoreError, ClientError)
        self._table, self._record_key, self._lease_key = table, record_key(site), lease_key(SHARD)

    def look(self) -> Seen:
        """Both items in one call."""
        keys = [{RECORD_KEY: {"S": key}} for key in (self._record_key, self._lease_key)]
        try:
            answer = self._client.batch_get_item(RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}})
        except self._silent as exc:
            raise StoreSilentError from exc
        items = {item[RECORD_KEY]["S"]: item for item in answer["Responses"].get(self._table, [])}
        record, lease = items.get(self._record_key), items.get(self._lease_key)
        return Seen(
            record=document(record) if record else None,
            version=int(record["version"]["N"]) if record else 0,
            owner=lease["owner"]["S"] if lease else "",
            token=int(lease["token"]["N"]) if lease else 0,
        )


def document(item: Mapping[str, Any]) -> dict[str, Any]:
    """The record in the table's item."""
    return unpacked(item["packed"]["B"]) if "packed" in item else json.loads(item["document"]["S"])


class Container:
    """Azure's: lease and records of a shard in one blob."""

    def __init__(self, url: str, site: str, credential: Any, *, trusted: str = "", shard: str = SHARD) -> None:
        from azure.core.exceptions import AzureError, ResourceNotFoundError  # noqa: PLC0415 - see the module's docstring
        from azure.storage.blob import ContainerClient  # noqa: PLC0415 - same

        once: dict[str, Any] = {"connection_timeout": _CONNECT_S, "read_timeout": _READ_S, "retry_total": 0}
        once |= {"connection_verify": trusted} if trusted else {}
        client = ContainerClient.from_container_url(url, credential=credential, **once)
        self._blob = client.get_blob_client(lease_key(shard))
        self._missing, self._silent = ResourceNotFoundError, AzureError
        self._site = site

    def look(self) -> Seen:
        """The whole blob."""
        try:
            text = self._blob.download_blob().readall()
        except self._missing:
            return Seen(None, 0, "", 0)
        except self._silent as exc:
            raise StoreSilentError from exc
        shard: dict[str, Any] = json.loads(text)
        lease, entry = shard["lease"] or {}, shard["records"].get(self._site)
        return Seen(
            record=record_in(entry) if entry else None,
            version=int(entry["version"]) if entry else 0,
            owner=str(lease.get("owner", "")),
            token=int(lease.get("token", 0)),
        )


def record_in(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The record in a shard's blob."""
    return unpacked(base64.b64decode(entry["packed"])) if "packed" in entry else json.loads(entry["document"])


def _container(arguments: argparse.Namespace) -> Store:
    from lab.providers.azure_native.blobs import KEY  # noqa: PLC0415 - see the module's docstring

    return Container(arguments.endpoint, arguments.site, KEY, trusted=arguments.certificate)


STORES: Mapping[str, Callable[[argparse.Namespace], Store]] = {
    "table": lambda arguments: Table(arguments.endpoint, arguments.region, arguments.table, arguments.site),
    "container": _container,
}
"""By the observer's flag."""
