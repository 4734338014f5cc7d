"""`aws.state.LiveStore`: the items as an observer reads them, and items that no store of ours has written."""

import json
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from failover_lambda.aws.items import Item
from failover_lambda.aws.state import LiveStore
from failover_lambda.contract import Settings, to_plain
from failover_lambda.errors import ConflictError, RecordLostError, RecordUnreadableError, StoreUnavailableError
from failover_lambda.model import RECORD_SCHEMA, Lease, Loss, Lost
from tests.contract.emulators import PATIENT, TABLE, client
from tests.contract.hands import LiveHand
from tests.contract.test_record_store import full_record, plain_record
from tests.fakes import make_settings

pytestmark = [pytest.mark.contract, pytest.mark.lab]


class Items:
    """The table as somebody else sees it."""

    def __init__(self, endpoint: str, settings: Settings) -> None:
        self.settings = settings
        self.endpoint = endpoint
        self.dynamodb = client("dynamodb", endpoint, PATIENT)
        self.store = LiveStore(settings, client("dynamodb", endpoint))

    def get(self, key: str) -> Mapping[str, Any]:
        return self.dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": key}})["Item"]

    def put_record(self, version: int, document: str) -> None:
        item = {
            "pk": {"S": f"record#{self.settings.site}"},
            "version": {"N": str(version)},
            "document": {"S": document},
            "writer": {"S": "somebody#1"},
        }
        self.dynamodb.put_item(TableName=TABLE, Item=item)


@pytest.fixture
def items(table_endpoint: str, settings: Settings) -> Items:
    return Items(table_endpoint, settings)


def document(site: str, **changes: object) -> str:
    return json.dumps({**to_plain(plain_record(site, version=3)), **changes})


def test_the_record_is_one_item_with_document_and_version(items: Items) -> None:
    site = items.settings.site
    saved = items.store.save(full_record(site), items.store.take_lease("arbiter-1", None))
    item = items.get(f"record#{site}")
    assert item["version"] == {"N": "1"}
    assert json.loads(item["document"]["S"]) == to_plain(saved, sparse=True)
    assert items.get(f"epoch#{site}")["epoch"] == {"N": str(saved.epoch)}
    assert item["writer"] == {"S": "arbiter-1#1"}


def test_the_lease_is_one_item_with_owner_token_rvn_and_wish(items: Items) -> None:
    lease = items.store.renew_lease(items.store.take_lease("arbiter-1", None))
    items.store.wish_lease("arbiter-2")
    item = items.get(f"lease#{items.settings.shard}")
    assert item["owner"] == {"S": "arbiter-1"}
    assert (item["token"], item["rvn"]) == ({"N": "1"}, {"N": str(lease.beat)})
    assert item["wish"] == {"S": "arbiter-2"}


def test_sites_of_one_table_and_shard_have_records_of_their_own(items: Items) -> None:
    other = make_settings(site=f"{items.settings.site}-b", shard=items.settings.shard, record_table=TABLE)
    lease = items.store.take_lease("arbiter-1", None)
    store = LiveStore(other, items.dynamodb)
    items.store.save(plain_record(items.settings.site), lease)
    assert store.load() is None
    store.save(plain_record(other.site, epoch=9), lease)
    assert items.store.load() == plain_record(items.settings.site, version=1)


def test_shards_of_one_table_have_leases_of_their_own(items: Items) -> None:
    other = make_settings(site=items.settings.site, shard=f"{items.settings.shard}-b", record_table=TABLE)
    items.store.take_lease("arbiter-1", None)
    assert LiveStore(other, items.dynamodb).read_lease() is None


def test_a_record_of_this_version_is_read_whoever_wrote_it(items: Items) -> None:
    site = items.settings.site
    items.put_record(3, document(site))
    assert items.store.load() == plain_record(site, version=3)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            lambda site: document(site, schema=RECORD_SCHEMA + 1),
            "schema 2, this version reads 1: a newer watchdog has written it. Next: deploy that version again",
        ),
        (
            lambda site: document(site, schema=0),
            "schema 0, this version reads 1: it is lifted by an operator and never by itself. Next: deploy the version that",
        ),
        (lambda site: document(site, phase="asleep"), "does not know: 'asleep' is not a valid Phase. A newer watchdog"),
        (lambda site: document(site, tomorrow=1), "does not know: Record has no tomorrow. A newer watchdog"),
    ],
    ids=["newer", "older", "word", "field"],
)
def test_a_record_of_another_version_is_refused_with_the_next_step(
    items: Items, text: Callable[[str], str], says: str
) -> None:
    """RULE 1.14, whether there is a floor or not."""
    items.put_record(3, text(items.settings.site))
    items.dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": f"epoch#{items.settings.site}"}, "epoch": {"N": "9"}})
    with pytest.raises(RecordUnreadableError, match=re.escape(says)):
        items.store.load()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (lambda site: document(site, schema="1"), "no record: TypeError it names no schema"),
        (lambda site: document(f"{site}-copy"), "-copy' and version 3"),
        (lambda site: document(site, version=4), "and version 4, its item"),
        (lambda site: document(site, phase_since_s=float("nan")), "no record: ValueError NaN is no number"),
        (lambda site: document(site, epoch="1"), "no record: TypeError"),
        (lambda site: document(site, streak=[]), "no record: TypeError"),
        (lambda site: document(site, moves="x"), "no record: TypeError"),
        (lambda _: '{"schema": 1}', "no record: TypeError"),
        (lambda _: "{}", "no record: TypeError"),
        (lambda _: "[]", "no record: TypeError"),
        (lambda _: "", "no record: JSONDecodeError"),
    ],
    ids=["schema", "site", "version", "number", "type", "part", "list", "fields", "empty", "array", "nothing"],
)
def test_an_item_that_is_damaged_is_refused_where_no_floor_is_kept(
    items: Items, text: Callable[[str], str], says: str
) -> None:
    items.put_record(3, text(items.settings.site))
    with pytest.raises(RecordUnreadableError, match=says):
        items.store.load()


def test_an_item_without_a_document_is_refused(items: Items) -> None:
    items.dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": f"record#{items.settings.site}"}, "version": {"N": "1"}})
    with pytest.raises(RecordUnreadableError, match="it has no document"):
        items.store.load()


LONG = 60
"""So many denials make a long document."""


def test_a_long_record_is_one_compressed_item(items: Items) -> None:
    site = items.settings.site
    long = replace(
        full_record(site), denied=tuple(f"ask the prober in zone {number:03}, again" for number in range(2 * LONG))
    )
    saved = items.store.save(long, items.store.take_lease("arbiter-1", None))
    item = items.get(f"record#{site}")
    assert "document" not in item
    assert json.loads(zlib.decompress(item["packed"]["B"])) == to_plain(saved, sparse=True)
    assert items.store.load() == saved
    short = items.store.save(replace(saved, denied=()), items.store.take_lease("arbiter-2", items.store.read_lease()))
    assert "packed" not in items.get(f"record#{site}")
    assert items.store.load() == short


def test_a_compressed_item_that_is_cut_off_is_damaged(items: Items) -> None:
    site = items.settings.site
    long = replace(
        full_record(site), denied=tuple(f"ask the prober in zone {number:03}, again" for number in range(2 * LONG))
    )
    lease = items.store.take_lease("arbiter-1", None)
    saved = items.store.save(long, lease)
    item = dict(items.get(f"record#{site}"))
    cut = {**item, "packed": {"B": item["packed"]["B"][:-20]}}
    items.dynamodb.put_item(TableName=TABLE, Item=cut)
    with pytest.raises(RecordLostError) as caught:
        items.store.load()
    lost = caught.value.lost
    assert (lost.what, lost.version) == (Loss.DAMAGED, saved.version)
    items.store.supersede(plain_record(site, epoch=saved.epoch + 1, version=lost.version), lease)
    kept = items.get(f"quarantine#{site}#1")
    assert (kept["packed"], kept["version"], kept["why"]) == (cut["packed"], cut["version"], {"S": lost.why})


def test_an_item_of_any_shape_is_moved_to_quarantine_as_it_is(items: Items) -> None:
    """Somebody has put something else there: no attribute is ours, and none is lost."""
    site, store = items.settings.site, items.store
    lease = store.take_lease("arbiter-1", None)
    store.save(plain_record(site, epoch=4), lease)
    strange = {"version": {"S": "x"}, "document": {"N": "7"}, "packed": {"L": [{"S": "y"}]}, "colour": {"S": "red"}}
    items.dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": f"record#{site}"}, **strange})
    with pytest.raises(RecordLostError) as caught:
        store.load()
    assert (caught.value.lost.what, caught.value.lost.floor, caught.value.lost.version) == (Loss.DAMAGED, 4, 0)
    after = store.supersede(plain_record(site, epoch=5), lease)
    assert store.load() == after
    kept = dict(items.get(f"quarantine#{site}#1"))
    assert {name: kept[name] for name in strange} == strange


def test_a_floor_that_is_no_number_is_none_and_is_made_anew(items: Items) -> None:
    """The record is the truth; the floor only guards it."""
    site, store = items.settings.site, items.store
    saved = store.save(plain_record(site), store.take_lease("arbiter-1", None))
    for broken in ({"epoch": {"S": "nine"}}, {"colour": {"S": "red"}}):
        items.dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": f"epoch#{site}"}, **broken})
        assert store.load() == saved
        saved = store.save(replace(saved, epoch=saved.epoch + 1), store.take_lease("arbiter-2", store.read_lease()))
        assert items.get(f"epoch#{site}")["epoch"] == {"N": str(saved.epoch)}


def test_a_lease_item_that_is_no_lease_is_no_answer(items: Items) -> None:
    items.dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": f"lease#{items.settings.shard}"}, "owner": {"S": "x"}})
    with pytest.raises(StoreUnavailableError, match="cannot be read"):
        items.store.read_lease()


def test_a_table_that_is_not_there_is_no_answer(items: Items) -> None:
    store = LiveStore(make_settings(record_table="missing-table"), items.dynamodb)
    lease = Lease(owner="arbiter-1", token=1, beat=1, wish="")
    for call in (
        store.load,
        store.read_lease,
        lambda: store.take_lease("arbiter-1", None),
        lambda: store.take_lease("arbiter-1", lease),
        lambda: store.renew_lease(lease),
        lambda: store.release_lease(lease),
        lambda: store.wish_lease("arbiter-1"),
        lambda: store.ask_leader("q-1"),
        lambda: store.save(plain_record("lis"), lease),
    ):
        with pytest.raises(StoreUnavailableError, match="ResourceNotFoundException"):
            call()


def test_a_table_without_a_service_is_no_answer(settings: Settings) -> None:
    store = LiveStore(settings, client("dynamodb", "http://127.0.0.1:1"))
    with pytest.raises(StoreUnavailableError, match="no answer: EndpointConnectionError"):
        store.load()


def test_a_record_that_is_mended_between_read_and_write_is_not_superseded(items: Items) -> None:
    """RULE 1.12: the transaction holds only if what stands there is what was looked at."""
    site = items.settings.site
    hand = LiveHand(items.settings, items.endpoint)

    class Mended(LiveStore):
        """Another hand is quicker than its transaction."""

        def _quarantined(self, found: Item, lost: Lost) -> Item:
            part = super()._quarantined(found, lost)
            hand.put_back(stored)
            return part

    lease = items.store.take_lease("arbiter-1", None)
    stored = items.store.save(plain_record(site, epoch=4), lease)
    hand.damage("{")
    with pytest.raises(ConflictError):
        Mended(items.settings, items.dynamodb).supersede(plain_record(site, epoch=5, version=stored.version), lease)
    assert (items.store.load(), hand.floor(), hand.quarantined()) == (stored, 4, [])
