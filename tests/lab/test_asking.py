"""An operator's way to the record: what is read is what the watchdog wrote, however it stored it."""

from dataclasses import replace
from typing import Any
from unittest.mock import Mock

from failover_lambda.aws.items import record_item
from failover_lambda.model import Lease, Reply
from lab.asking import Answer, Desk, TableDesk
from tests.contract.test_record_store import full_record

LEASE = Lease(owner="arbiter-1", token=1, beat=1, wish="")
LONG = 120
"""So many denials make a long document."""


def desk(item: dict[str, Any]) -> Desk:
    return TableDesk(Mock(get_item=Mock(return_value={"Item": item} if item else {})), "table", "site")


def test_a_reply_is_found_in_a_short_record_and_in_one_that_is_stored_compressed() -> None:
    short = replace(full_record("site"), denied=(), replies=(Reply(id="own", done=True, why="moved"),))
    long = replace(short, denied=tuple(f"ask the prober in zone {number:03}, again" for number in range(LONG)))
    items = [record_item(record, LEASE) for record in (short, long)]
    assert [item.keys() & {"document", "packed"} for item in items] == [{"document"}, {"packed"}]
    for item in items:
        assert desk(item).answer("own") == Answer("own", done=True, why="moved")
        assert desk(item).answer("another") is None


def test_where_there_is_no_record_there_is_no_reply() -> None:
    assert desk({}).record() == {}
    assert desk({}).answer("own") is None
