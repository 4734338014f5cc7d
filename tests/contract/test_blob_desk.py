"""An operator's desk on Azure and the watchdog's own store, at one blob: each reads what the other wrote."""

from dataclasses import replace

import pytest
from azure.core.exceptions import ResourceNotFoundError

from failover_lambda.azure.state import LiveStore
from failover_lambda.contract import Settings
from failover_lambda.model import Reply
from lab.asking import Answer
from lab.blob_desk import BlobDesk
from lab.watched import Container, Seen
from tests.contract.emulators import AZURITE_ACCOUNT, AZURITE_KEY, TABLE, blob_container, blobs
from tests.contract.test_record_store import full_record

pytestmark = [pytest.mark.contract, pytest.mark.lab]

LONG = 120
"""So many denials make a record long enough to be stored compressed."""


@pytest.fixture
def desk(azurite: str, settings: Settings) -> BlobDesk:
    return BlobDesk(blob_container(azurite), settings.site, settings.shard)


@pytest.mark.parametrize("denials", [0, LONG])
def test_what_is_asked_at_the_desk_reaches_the_leader_and_its_reply_the_desk(
    azurite: str, settings: Settings, desk: BlobDesk, denials: int
) -> None:
    store = LiveStore(settings, blobs(azurite))
    assert (desk.leader(), desk.record(), desk.inbox()) == ("", {}, ()), "nobody led yet, so there is no blob"
    with pytest.raises(ResourceNotFoundError):
        desk.put(desk.entry("acknowledge", own_id="mia-1", why="seen"))
    lease = store.take_lease("arbiter-1", None)
    desk.put(desk.entry("acknowledge", own_id="mia-1", why="seen"))
    assert [each.id for each in store.renew_lease(lease).inbox] == ["mia-1"]
    assert len(desk.inbox()) == 1
    record = replace(
        full_record(settings.site),
        version=0,
        replies=(Reply(id="mia-1", done=True, why="seen"),),
        denied=tuple(f"ask the prober in zone {number:03}, again" for number in range(denials)),
    )
    saved = store.save(record, lease)
    assert desk.answer("mia-1") == Answer("mia-1", done=True, why="seen")
    assert (desk.record()["holder"], desk.leader()) == (record.holder, "arbiter-1")

    watched = Container(f"{azurite}/{AZURITE_ACCOUNT}/{TABLE}", settings.site, AZURITE_KEY, shard=settings.shard)
    assert watched.look() == Seen(desk.record(), saved.version, "arbiter-1", lease.token)


def test_where_nobody_ever_led_the_observer_sees_nothing(azurite: str, settings: Settings) -> None:
    watched = Container(f"{azurite}/{AZURITE_ACCOUNT}/{TABLE}", settings.site, AZURITE_KEY, shard=settings.shard)
    assert watched.look() == Seen(None, 0, "", 0)
