"""What an operator does at the record's store: put a request into the inbox, and read what became of it.

Written from docs/RUNBOOK.md, "Ask the watchdog", and not with the watchdog's own code, so that the page is tried by whoever
uses this: the lab's scenarios, `python -m lab ask`, the bench. May be imported by everybody but the checker.
"""

import json
import time
import uuid
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from failover_lambda.contract import RECORD_KEY, lease_key, record_key
from lab.watched import SHARD, document

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

WHO = "lab"
PATIENCE_S = 60.0

_POLL_S = 0.2


@dataclass(frozen=True)
class Answer:
    """What the record says of one request."""

    id: str
    done: bool
    why: str


def new_id() -> str:
    """An id that no other request has."""
    return f"lab-{uuid.uuid4().hex[:12]}"


class Desk(ABC):
    """Where one site's operators ask, and read; one kind for each cloud's store."""

    site: str

    def entry(self, verb: str, *, own_id: str, why: str, patience_s: float = PATIENCE_S, **more: Any) -> str:
        """A request as the text that lies in the inbox; `more` are its further fields (worker, duration_s, ...)."""
        about = {"id": own_id, "site": self.site, "verb": verb, "who": WHO, "why": why}
        return json.dumps(about | {"asked_s": time.time(), "patience_s": patience_s} | more)

    @abstractmethod
    def put(self, entry: str) -> None:
        """Lay an entry into the inbox; refused where nobody ever led."""

    @abstractmethod
    def record(self) -> dict[str, Any]:
        """The record as it is stored now; empty where there is none."""

    @abstractmethod
    def leader(self) -> str:
        """Who has the lease, or had it last; empty where nobody ever did."""

    @abstractmethod
    def inbox(self) -> tuple[str, ...]:
        """What lies in the inbox."""

    def answer(self, own_id: str) -> Answer | None:
        """The reply to a request, if it is in the record."""
        replies = self.record().get("replies", [])
        found = next((reply for reply in replies if reply["id"] == own_id), None)
        return None if found is None else Answer(own_id, bool(found["done"]), str(found["why"]))

    def wait(self, own_id: str, longest_s: float) -> Answer | None:
        """The reply as soon as it is there; None where there is none within that time."""
        end_s = time.monotonic() + longest_s
        while time.monotonic() < end_s:
            if answer := self.answer(own_id):
                return answer
            time.sleep(_POLL_S)
        return None


@dataclass(frozen=True)
class TableDesk(Desk):
    """At DynamoDB."""

    dynamodb: "DynamoDBClient"
    table: str
    site: str

    def put(self, entry: str) -> None:
        """The condition keeps a request from making a lease that nobody ever held."""
        self.dynamodb.update_item(
            TableName=self.table,
            Key={RECORD_KEY: {"S": lease_key(SHARD)}},
            ConditionExpression=f"attribute_exists({RECORD_KEY})",
            UpdateExpression="ADD inbox :entry",
            ExpressionAttributeValues={":entry": {"SS": [entry]}},
        )

    def record(self) -> dict[str, Any]:
        """One read."""
        item = self._item(record_key(self.site))
        return document(item) if item else {}

    def leader(self) -> str:
        """One read."""
        return str(self._item(lease_key(SHARD)).get("owner", {}).get("S", ""))

    def inbox(self) -> tuple[str, ...]:
        """One read; the entries are a set of texts beside the lease."""
        return tuple(self._item(lease_key(SHARD)).get("inbox", {}).get("SS", []))

    def _item(self, key: str) -> dict[str, Any]:
        answer = self.dynamodb.get_item(TableName=self.table, Key={RECORD_KEY: {"S": key}}, ConsistentRead=True)
        return dict(answer.get("Item", {}))
