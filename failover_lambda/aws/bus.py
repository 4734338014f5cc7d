"""Notices as events on a bus of EventBridge, for machines; docs/EVENTS.md is this interface for those who read them.

May import `model`.
"""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from failover_lambda.model import Notice

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE: Final = "tandem"
SCHEMA: Final = 1
"""Of the detail; it grows when a member changes its meaning or goes away, and not when one is added."""


class RefusedEventError(Exception):
    """The bus answered 200 and took nothing: it says so for each entry."""


def entry(notice: Notice, bus: str) -> "PutEventsRequestEntryTypeDef":
    """One event."""
    return {
        "EventBusName": bus,
        "Source": SOURCE,
        "DetailType": notice.what,
        "Time": datetime.fromtimestamp(notice.at_s, UTC),
        "Detail": json.dumps(detail(notice)),
    }


def detail(notice: Notice) -> dict[str, object]:
    """What happened, as plain JSON values."""
    return {
        "schema": SCHEMA,
        "id": notice.id,
        "site": notice.site,
        "what": notice.what,
        "from": notice.source,
        "to": notice.target,
        "why": notice.why,
        "epoch": notice.epoch,
        "seconds": notice.seconds,
        "at": datetime.fromtimestamp(notice.at_s, UTC).isoformat(timespec="milliseconds"),
    }


def put(events: "EventBridgeClient", bus: str, notice: Notice) -> None:
    """One PutEvents with one entry; whatever the SDK raises passes through.

    Raises:
        RefusedEventError: the entry was not taken.
    """
    answer = events.put_events(Entries=[entry(notice, bus)])
    if answer["FailedEntryCount"]:
        refused = answer["Entries"][0]
        raise RefusedEventError(f"{refused.get('ErrorCode', '')}: {refused.get('ErrorMessage', '')}")
