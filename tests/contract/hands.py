"""What another hand does to a site's items in the record table, for every adapter of `ports.RecordStore`."""

import json
from dataclasses import dataclass
from typing import Any, Protocol

from failover_lambda.contract import Settings, epoch_key, lease_key, quarantine_key, record_key, to_plain
from failover_lambda.document import QUARANTINED_MAX, written
from failover_lambda.model import Record
from tests.contract.emulators import PATIENT, TABLE, blob_container, blobs, client
from tests.fakes import MemoryStore


class Hand(Protocol):
    """Somebody at the console, or a tool that restores backups."""

    def remove(self) -> None:
        """The record's item is deleted."""

    def put_back(self, record: Record) -> None:
        """An item as it once was stands there again."""

    def damage(self, document: str) -> None:
        """The document is replaced by something else."""

    def forget_floor(self) -> None:
        """The floor's item is deleted, or never was: an earlier version kept none."""

    def set_floor(self, epoch: int) -> None:
        """The floor is another."""

    def floor(self) -> int | None:
        """As it is stored."""
        ...

    def quarantined(self) -> list[str]:
        """The documents in quarantine, in order."""
        ...


@dataclass
class MemoryHand:
    store: MemoryStore

    def remove(self) -> None:
        self.store.record = self.store.damage = None

    def put_back(self, record: Record) -> None:
        self.store.record, self.store.damage = record, None

    def damage(self, document: str) -> None:
        self.store.damage = document

    def forget_floor(self) -> None:
        self.store.floor = None

    def set_floor(self, epoch: int) -> None:
        self.store.floor = epoch

    def floor(self) -> int | None:
        return self.store.floor

    def quarantined(self) -> list[str]:
        return [found if isinstance(found, str) else text_of(found) for found in self.store.quarantine]


class LiveHand:
    def __init__(self, settings: Settings, endpoint: str) -> None:
        self.site = settings.site
        self.dynamodb = client("dynamodb", endpoint, PATIENT)

    def get(self, key: str) -> dict[str, Any]:
        """An item; empty = there is none."""
        return self.dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": key}}, ConsistentRead=True).get("Item", {})

    def put(self, key: str, **attributes: Any) -> None:
        self.dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": key}, **attributes})

    def delete(self, key: str) -> None:
        self.dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": key}})

    def remove(self) -> None:
        self.delete(record_key(self.site))

    def put_back(self, record: Record) -> None:
        version, writer = {"N": str(record.version)}, {"S": "somebody#1"}
        self.put(record_key(self.site), document={"S": text_of(record)}, version=version, writer=writer)

    def damage(self, document: str) -> None:
        item = {name: value for name, value in self.get(record_key(self.site)).items() if name != "pk"}
        self.put(record_key(self.site), **item | {"document": {"S": document}})

    def forget_floor(self) -> None:
        self.delete(epoch_key(self.site))

    def set_floor(self, epoch: int) -> None:
        self.put(epoch_key(self.site), epoch={"N": str(epoch)})

    def floor(self) -> int | None:
        item = self.get(epoch_key(self.site))
        return int(item["epoch"]["N"]) if item else None

    def quarantined(self) -> list[str]:
        found = [self.get(quarantine_key(self.site, number)) for number in range(1, QUARANTINED_MAX + 2)]
        return [item["document"]["S"] for item in found if item]


class BlobHand:
    """At the blobs of an Azurite, past every condition."""

    def __init__(self, settings: Settings, endpoint: str) -> None:
        self.site = settings.site
        self.shard = lease_key(settings.shard)
        self.blobs = blobs(endpoint)
        self.container = blob_container(endpoint)

    def get(self, name: str) -> Any:
        """What a blob has; None = there is none."""
        blob = self.blobs.get(name)
        return None if blob is None else json.loads(blob.text)

    def put(self, name: str, plain: Any) -> None:
        self.blobs.put(name, json.dumps(plain).encode(), self.blobs.get(name))

    def put_entry(self, entry: Any) -> None:
        """In the record's place; None = none."""
        shard = self.get(self.shard)
        records = {site: there for site, there in shard["records"].items() if site != self.site}
        self.put(self.shard, shard | {"records": records | ({} if entry is None else {self.site: entry})})

    def remove(self) -> None:
        self.put_entry(None)

    def put_back(self, record: Record) -> None:
        self.put_entry({"document": text_of(record), "version": record.version, "writer": "somebody#1"})

    def damage(self, document: str) -> None:
        self.put_entry(self.get(self.shard)["records"].get(self.site, {}) | {"document": document})

    def forget_floor(self) -> None:
        if self.floor() is not None:
            self.container.delete_blob(epoch_key(self.site))

    def set_floor(self, epoch: int) -> None:
        self.put(epoch_key(self.site), {"epoch": epoch})

    def floor(self) -> int | None:
        plain = self.get(epoch_key(self.site))
        return plain["epoch"] if plain else None

    def quarantined(self) -> list[str]:
        found = [self.get(quarantine_key(self.site, number)) for number in range(1, QUARANTINED_MAX + 2)]
        return [plain["found"]["document"] for plain in found if plain]


def text_of(record: Record) -> str:
    """As a store writes it."""
    text = written(record)
    assert isinstance(text, str)
    assert json.loads(text) == to_plain(record, sparse=True)
    return text
