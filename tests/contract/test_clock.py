"""How far the store's clock is from ours: the contract of `ports.RecordStore.clock_offset_s`, and what an answer tells."""

import time
from typing import Any

import pytest

from failover_lambda.aws.state import LiveStore
from failover_lambda.contract import Settings
from failover_lambda.errors import StoreUnavailableError
from failover_lambda.ports import RecordStore
from tests.contract.emulators import client
from tests.contract.judge import SETTINGS, Judge

pytestmark = pytest.mark.contract

NOW_S = 1_793_412_600.0
DATED = "Sat, 31 Oct 2026 02:10:30 GMT"
"""Half a minute after NOW_S."""
TOLERANCE_S = 3.0
"""Of a machine with one clock: whole seconds, and a slow answer of a busy emulator."""


def test_one_clock_does_not_differ_from_itself(store: RecordStore) -> None:
    store.read_lease()
    offset_s = store.clock_offset_s()
    assert offset_s is not None
    assert abs(offset_s) < TOLERANCE_S


@pytest.mark.lab
def test_every_operation_tells_the_time(table_endpoint: str, settings: Settings) -> None:
    """A leader that only renews is not left with the difference of its start."""
    ours_s = [time.time()]
    store = LiveStore(settings, client("dynamodb", table_endpoint), now_s=lambda: ours_s[0])
    lease = store.take_lease("arbiter-1", None)
    for shift_s in (3600.0, -3600.0):
        ours_s[0] = time.time() - shift_s
        lease = store.renew_lease(lease)
        offset_s = store.clock_offset_s()
        assert offset_s is not None
        assert abs(offset_s - shift_s) < TOLERANCE_S


def dated(headers: dict[str, str]) -> Judge:
    dynamodb = Judge("dynamodb")
    answer: dict[str, Any] = {"ConsumedCapacity": {"TableName": "record"}, "ResponseMetadata": {"HTTPHeaders": headers}}
    dynamodb.answers["GetItem"] = answer
    return dynamodb


def offset_after(dynamodb: Judge, now_s: float = NOW_S) -> float | None:
    store = LiveStore(SETTINGS, dynamodb.client, now_s=lambda: now_s)
    assert store.clock_offset_s() is None  # nobody was asked yet
    store.read_lease()
    return store.clock_offset_s()


def test_the_difference_is_the_stores_clock_less_ours() -> None:
    assert offset_after(dated({"date": DATED})) == 30.0
    assert offset_after(dated({"date": DATED}), NOW_S + 90.0) == -60.0


@pytest.mark.parametrize("headers", [{}, {"date": ""}, {"date": "yesterday"}, {"date": "Sat, 31 Feb 2026 99:10:30 GMT"}])
def test_an_answer_without_a_time_that_can_be_read_tells_nothing(headers: dict[str, str]) -> None:
    assert offset_after(dated(headers)) is None


def test_what_did_not_come_whole_from_the_store_tells_no_time() -> None:
    """A gateway has a clock of its own."""
    dynamodb = dated({"date": DATED})
    del dynamodb.answers["GetItem"]["ConsumedCapacity"]
    store = LiveStore(SETTINGS, dynamodb.client, now_s=lambda: NOW_S)
    with pytest.raises(StoreUnavailableError):
        store.read_lease()
    assert store.clock_offset_s() is None


def test_what_an_earlier_answer_told_stands_until_a_later_one_tells_otherwise() -> None:
    dynamodb = dated({"date": DATED})
    store = LiveStore(SETTINGS, dynamodb.client, now_s=lambda: NOW_S)
    store.read_lease()
    dynamodb.answers["GetItem"]["ResponseMetadata"] = {"HTTPHeaders": {}}
    store.read_lease()
    assert store.clock_offset_s() == 30.0
