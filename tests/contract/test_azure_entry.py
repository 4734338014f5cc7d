"""The entry of Azure's function: what it answers, and what a process keeps from one firing to the next."""

import importlib
import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from types import ModuleType
from typing import Any

import pytest

from failover_lambda.azure import clients
from failover_lambda.azure.life import ALIVE_S, BURST_S, CADENCE_S, REHEARSES_EACH_S
from failover_lambda.contract import TickKind
from failover_lambda.cycle import Cycle, Ports
from failover_lambda.errors import StoreUnavailableError
from failover_lambda.leadership import NOT_HELD, NOT_OURS, TO_THE_NEXT_FIRING
from failover_lambda.model import Phase
from tests.fakes import FakeClock, FakeCloud, ListReporter, MemoryStore, NoPublicPath, make_settings

pytestmark = pytest.mark.contract

NAME = "failover_lambda.azure.entry"
ADDRESS = "/subscriptions/s-1/resourceGroups/g/providers/Microsoft.Network/publicIPAddresses/front"
PLATFORM = {"IDENTITY_ENDPOINT": "http://127.0.0.1:9/msi/token", "IDENTITY_HEADER": "h", "TANDEM_CLIENT_ID": "c"}


def imported(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> ModuleType:
    """As the worker imports it, anew."""
    url = "https://account.blob.core.windows.net/record"
    own: dict[str, Any] = {"address_id": ADDRESS, "record_table": url}
    settings = replace(make_settings(), **(own | changes))
    for name, value in (settings.to_environment() | PLATFORM).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delitem(sys.modules, NAME, raising=False)
    return importlib.import_module(NAME)


class Fakes:
    """What the entry is joined to in the place of Azure."""

    def __init__(self, entry: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock, self.store, self.reporter = FakeClock(), MemoryStore(), ListReporter()
        self.cloud = FakeCloud(settings=entry.SETTINGS)
        ports = Ports(
            clock=self.clock,
            probers=self.cloud,
            public=NoPublicPath(),
            cloud=self.cloud,
            store=self.store,
            reporter=self.reporter,
        )
        monkeypatch.setattr(entry, "PORTS", ports)
        monkeypatch.setattr(entry, "_POST", entry.Post())

    def events(self, name: str) -> list[Any]:
        return [fields for said, fields in self.reporter.events if said == name]


@pytest.fixture
def entry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    yield imported(monkeypatch, probe_interval_s=5.0, lease_ttl_s=15.0, lease_renew_s=5.0)
    sys.modules.pop(NAME, None)


@pytest.fixture
def fakes(entry: Any, monkeypatch: pytest.MonkeyPatch) -> Fakes:
    return Fakes(entry, monkeypatch)


def test_the_parts_are_joined_by_what_the_environment_says(entry: Any) -> None:
    assert entry.SETTINGS.site == "lis"
    assert list(entry.PORTS.probers.vantages) == ["inside"]
    assert entry.IMPORT_S > 0


@pytest.mark.parametrize("address_id", ["eipalloc-1", "/subscriptions/s-1"])
def test_an_address_that_is_none_of_azures_ends_the_start(monkeypatch: pytest.MonkeyPatch, address_id: str) -> None:
    with pytest.raises(ValueError, match="is no id of a resource in a subscription"):
        imported(monkeypatch, address_id=address_id)


def test_firings_of_a_process_go_on_with_one_lease_and_one_cycle(entry: Any, fakes: Fakes) -> None:
    for _ in range(30):
        assert entry.fire() == TO_THE_NEXT_FIRING
        fakes.clock.sleep(CADENCE_S)
    assert {fields["token"] for fields in fakes.events("tick")} == {1}
    assert fakes.store.record is not None
    assert fakes.store.record.phase is Phase.STEADY
    assert len(fakes.events("start")) == len(fakes.events("leading")) == 1
    minutes = (fakes.clock.time_s - FakeClock().time_s) / 60
    assert len(fakes.reporter.written) <= minutes + 2, "metrics once a minute, not once a firing"


def test_a_firing_that_comes_late_says_so(entry: Any, fakes: Fakes) -> None:
    entry.fire()
    entry.fire(past_due=True)
    assert [fields["past_due"] for fields in fakes.events("start")] == [False, True]


def test_a_firing_while_another_one_runs_ends_at_once(entry: Any, fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host does not do that; if it did, two threads would tick one cycle."""
    del fakes
    inside, leave, ended = threading.Event(), threading.Event(), list[str]()

    def slow(*_: object, **__: object) -> str:
        inside.set()
        assert leave.wait(10)
        return TO_THE_NEXT_FIRING

    monkeypatch.setattr(entry, "fire_once", slow)
    first = threading.Thread(target=lambda: ended.append(entry.fire()))
    first.start()
    assert inside.wait(10)
    assert entry.fire() == entry.STILL_FIRING
    leave.set()
    first.join(10)
    assert ended == [TO_THE_NEXT_FIRING]
    leave.set()
    assert entry.fire() == TO_THE_NEXT_FIRING, "and the next one fires"


def test_a_process_that_lost_its_lease_begins_anew(entry: Any, fakes: Fakes) -> None:
    """What its cycle knew is another's by now; it says so once, and looks on."""
    entry.fire()
    other = fakes.store.lease
    assert other is not None
    fakes.clock.sleep(20.0)
    fakes.store.take_lease("other", other)
    assert entry.fire() == NOT_OURS
    assert entry.fire() == NOT_OURS
    assert [fields["ended"] for fields in fakes.events("end")] == [NOT_OURS]


def test_a_process_that_took_the_lease_and_lost_it_in_one_firing_begins_anew(
    entry: Any, fakes: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A site without a record is in doubt, so its first firing has many ticks."""
    fakes.cloud.deaf.add("address")
    sleep = fakes.clock.sleep

    def taken(seconds: float) -> None:
        sleep(seconds)
        lease = fakes.store.lease
        if lease and lease.owner != "other" and fakes.clock.time_s > FakeClock().time_s + 5.0:
            fakes.store.take_lease("other", lease)

    monkeypatch.setattr(fakes.clock, "sleep", taken)
    assert entry.fire() == NOT_HELD
    assert [fields["ended"] for fields in fakes.events("end")] == [NOT_HELD]


def test_what_was_not_reported_yet_is_reported_by_whoever_leaves(entry: Any, fakes: Fakes) -> None:
    """The last part of a minute: by a process that lost its lease, and by a call that ends."""
    entry.fire()
    fakes.clock.sleep(CADENCE_S)
    entry.fire()
    assert len(fakes.reporter.written) == 1
    lease = fakes.store.lease
    assert lease is not None
    fakes.clock.sleep(20.0)
    other = fakes.store.take_lease("other", lease)
    entry.fire()
    assert len(fakes.reporter.written) == 2
    fakes.store.release_lease(other)
    entry.tick(TickKind.ONCE)
    before = len(fakes.reporter.written)
    entry.tick(TickKind.LOOP)
    assert len(fakes.reporter.written) - before == 1 + 5 + 1, "at once, each minute of five and a half, and at the end"


def test_whether_a_rehearsal_is_due_is_looked_at_each_minute(
    entry: Any, fakes: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    let: list[float] = []
    monkeypatch.setattr(Cycle, "let_rehearse", lambda _: let.append(fakes.clock.time_s))
    began_s = fakes.clock.time_s
    while fakes.clock.time_s - began_s < 4.5 * REHEARSES_EACH_S:
        entry.fire()
        fakes.clock.sleep(CADENCE_S)
    assert len(let) == 4


def test_a_once_tick_answers_the_outcome_and_lets_the_lease_go(entry: Any, fakes: Fakes) -> None:
    status, text = entry.answer("once")
    outcome = json.loads(text)
    assert status == HTTPStatus.OK
    assert [outcome[name] for name in ("settled", "phase", "holder", "epoch")] == [True, "steady", "wk1", 1]
    assert fakes.store.lease is not None
    assert fakes.store.lease.owner == ""
    assert (fakes.events("start")[0]["tick"], fakes.events("end")[0]["settled"]) == ("once", True)


def test_a_once_tick_does_not_wait_for_a_timer_where_the_leader_is_dead(entry: Any, fakes: Fakes) -> None:
    """A deployment ends every process, whatever it has; the timer may come much later, or never."""
    fakes.store.take_lease("dead", None)
    began_s = fakes.clock.time_s
    status, text = entry.answer("once")
    assert (status, json.loads(text)["settled"]) == (HTTPStatus.OK, True)
    assert fakes.clock.time_s - began_s < 15.0 + 5.0
    assert {fields["token"] for fields in fakes.events("tick")} == {2}


def test_a_once_tick_that_does_not_settle_says_why(entry: Any, fakes: Fakes) -> None:
    fakes.cloud.deaf.add("address")
    status, text = entry.answer("once")
    assert status == HTTPStatus.GATEWAY_TIMEOUT
    assert "the site did not settle within 120 s" in json.loads(text)["error"]
    assert fakes.events("end")


@pytest.mark.parametrize(("word", "kind"), [(None, "loop"), ("loop", "loop"), ("event", "event")])
def test_a_call_without_a_word_is_a_loop_that_leads_for_its_life(
    entry: Any, fakes: Fakes, word: str | None, kind: str
) -> None:
    began_s = fakes.clock.time_s
    assert entry.answer(word) == (HTTPStatus.OK, json.dumps({"ended": "its life is over"}))
    assert fakes.events("start")[0]["tick"] == kind
    assert 300.0 < fakes.clock.time_s - began_s < 340.0, "longer than the alarm needs to call again"


def test_an_unknown_word_starts_nothing(entry: Any, fakes: Fakes) -> None:
    status, text = entry.answer("")
    assert (status, json.loads(text)) == (HTTPStatus.BAD_REQUEST, {"error": "tick='' is none of loop, once, event"})
    assert not fakes.reporter.events
    assert {kind.value for kind in TickKind} == {"loop", "once", "event"}


@pytest.mark.parametrize(
    ("age_s", "status"),
    [
        (0.0, 200),
        (-2.0, 200),
        (ALIVE_S - 2 * CADENCE_S, 200),
        (ALIVE_S - 2 * CADENCE_S + 1, 503),
        (3600.0, 503),
        (None, 503),
    ],
)
def test_alive_rests_on_the_age_of_the_last_beat(
    entry: Any, monkeypatch: pytest.MonkeyPatch, age_s: float | None, status: int
) -> None:
    """A beat comes after the end of the tick before it, which is two firings ago at most."""

    class Store:
        def beat_age_s(self) -> float | None:
            return age_s

    monkeypatch.setattr(entry, "_STORE", Store())
    assert entry.alive_status() == status


def test_alive_is_not_said_where_nobody_knows(entry: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Store:
        def beat_age_s(self) -> float | None:
            raise StoreUnavailableError("no answer")

    monkeypatch.setattr(entry, "_STORE", Store())
    assert entry.alive_status() == HTTPStatus.SERVICE_UNAVAILABLE


def test_a_burst_is_longer_than_a_move_on_the_old_control_plane() -> None:
    assert BURST_S > 85.0


# Where Resource Manager is


def test_the_public_cloud_needs_no_word() -> None:
    assert clients.options_of({}) == {}


def test_another_cloud_is_named_by_its_endpoint_which_is_what_its_tokens_are_for() -> None:
    assert clients.options_of({clients.ENDPOINT_VARIABLE: "https://management.usgovcloudapi.net/"}) == {
        "base_url": "https://management.usgovcloudapi.net",
        "credential_scopes": ["https://management.usgovcloudapi.net/.default"],
    }


@pytest.mark.parametrize(
    "endpoint", ["http://management.azure.com", "http://10.0.0.1:80", "http://localhost:1", "x", "https://"]
)
def test_tokens_travel_in_clear_on_this_machine_only(endpoint: str) -> None:
    assert clients.options_of({clients.ENDPOINT_VARIABLE: "http://127.0.0.1:8000"})["per_call_policies"]
    with pytest.raises(ValueError, match=r"is no https address$"):
        clients.options_of({clients.ENDPOINT_VARIABLE: endpoint})
