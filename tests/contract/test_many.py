"""What is asked for many sites at once on AWS, and taken apart for each: ports `SharedProbers`, `SharedCloud`, `Sites`."""

import importlib
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest
from botocore.stub import Stubber

from failover_lambda.aws.listing import LiveSites
from failover_lambda.aws.many import EVENT_CODES, PAGES_MAX, LiveSharedCloud, LiveSharedProbers
from failover_lambda.contract import ProberRef, Settings, site_key, to_plain
from failover_lambda.errors import CouldNotAskError, DeniedError, StoreUnavailableError
from failover_lambda.model import Answer, InstanceView, Power, ProbeReport, Sight
from failover_lambda.sites import FleetSettings, document_of, shard_of
from tests.contract.cloud_worlds import LiveWorld
from tests.contract.emulators import TABLE, client
from tests.contract.judge import Judge
from tests.fleets import settings_of

pytestmark = pytest.mark.contract

SITES = tuple(settings_of(site) for site in "abc")
LAUNCHED = datetime(2026, 1, 1, tzinfo=UTC)
DUE = datetime(2027, 1, 5, 3, 0, tzinfo=UTC)


def shown_address(settings: Settings, **changes: Any) -> dict[str, Any]:
    return {"AllocationId": settings.address_id, "PublicIp": "192.0.2.1", "Tags": [], **changes}


def shown_instance(instance_id: str) -> dict[str, Any]:
    groups = [{"GroupId": "sg-worker"}]
    return {"InstanceId": instance_id, "State": {"Name": "running"}, "LaunchTime": LAUNCHED, "SecurityGroups": groups}


def asked(operation: str, *answers: dict[str, Any]) -> Any:
    """A cloud whose client answers so, in the form of EC2."""
    ec2: Any = client("ec2", "http://127.0.0.1:1")
    stubber = Stubber(ec2)
    for answer in answers:
        stubber.add_response(operation, {"ResponseMetadata": {"RequestId": "r-1"}, **answer})
    stubber.activate()
    return LiveSharedCloud(ec2)


# Requests


def test_one_filtered_request_asks_for_all() -> None:
    """By filter: of an id that is gone EC2 would answer an error for all."""
    ec2 = Judge("ec2")
    cloud = LiveSharedCloud(ec2.client)
    cloud.read_addresses(SITES)
    cloud.read_instances(SITES)
    cloud.read_announcements(SITES)
    assert ec2.faults == []
    assert ec2.only("DescribeAddresses") == {
        "Filters": [{"Name": "allocation-id", "Values": ["eipalloc-a", "eipalloc-b", "eipalloc-c"]}]
    }
    ids = [worker.instance_id for settings in SITES for worker in settings.workers]
    assert ec2.only("DescribeInstances") == {"Filters": [{"Name": "instance-id", "Values": ids}]}
    assert ec2.only("DescribeInstanceStatus") == {
        "Filters": [{"Name": "event.code", "Values": list(EVENT_CODES)}],
        "MaxResults": 1000,
    }


# One site's part


def test_an_address_that_is_not_shown_or_cannot_be_read_is_its_own_sites_fault() -> None:
    a, b, _ = SITES
    broken = {"AllocationId": b.address_id}
    views = asked("describe_addresses", {"Addresses": [broken, shown_address(a)]}).read_addresses(SITES)
    assert views["a"].public_ip == "192.0.2.1"
    for site in "bc":
        assert isinstance(views[site], CouldNotAskError)
        assert "DescribeAddresses: the answer cannot be read: KeyError" in str(views[site])


def test_the_machines_of_each_site_are_its_own() -> None:
    a, b, c = SITES
    shown = [shown_instance(worker.instance_id) for settings in (b, a) for worker in settings.workers]
    views = asked("describe_instances", {"Reservations": [{"Instances": shown}]}).read_instances(SITES)
    running = [
        InstanceView(worker=name, power=Power.RUNNING, launched_s=LAUNCHED.timestamp(), isolated=False)
        for name in ("wk1", "wk2")
    ]
    assert [list(views[settings.site]) for settings in (a, b)] == [running, running]
    assert {view.power for view in views[c.site]} == {Power.TERMINATED}


def test_a_machine_that_cannot_be_read_is_its_own_sites_fault() -> None:
    shown = [shown_instance(worker.instance_id) for settings in SITES for worker in settings.workers]
    del shown[2]["LaunchTime"]
    views = asked("describe_instances", {"Reservations": [{"Instances": shown}]}).read_instances(SITES)
    assert [isinstance(views[site], CouldNotAskError) for site in "abc"] == [False, True, False]


def test_a_part_of_the_machines_is_no_answer_for_anybody() -> None:
    cloud = asked("describe_instances", {"Reservations": [], "NextToken": "more"})
    with pytest.raises(CouldNotAskError, match="only a part"):
        cloud.read_instances(SITES)


def test_a_request_that_is_denied_is_denied_for_all() -> None:
    ec2: Any = client("ec2", "http://127.0.0.1:1")
    with Stubber(ec2) as stubber:
        stubber.add_client_error("describe_addresses", "UnauthorizedOperation", http_status_code=403)
        with pytest.raises(DeniedError):
            LiveSharedCloud(ec2).read_addresses(SITES)


def test_announcements_are_read_page_by_page_and_those_of_strangers_are_passed_over() -> None:
    def status(instance_id: str) -> dict[str, Any]:
        event = {"InstanceEventId": "e-1", "Code": "system-reboot", "Description": "x", "NotBefore": DUE}
        return {"InstanceId": instance_id, "Events": [event]}

    first = {"InstanceStatuses": [status("i-stranger"), status("i-b-wk2")], "NextToken": "more"}
    views = asked("describe_instance_status", first, {"InstanceStatuses": [status("i-a-wk1")]}).read_announcements(SITES)
    assert views == {"a": {"wk1": "system-reboot e-1"}, "b": {"wk2": "system-reboot e-1"}, "c": {}}


def test_announcements_without_an_end_are_not_told() -> None:
    page = {"InstanceStatuses": [], "NextToken": "more"}
    with pytest.raises(CouldNotAskError, match="more than 20 pages"):
        asked("describe_instance_status", *[page] * PAGES_MAX).read_announcements(SITES)


# Probers


def sight_of(settings: Settings, **changes: Any) -> Any:
    reports = tuple(ProbeReport(worker=worker.name, answer=Answer.HEALTHY) for worker in settings.workers)
    return to_plain(Sight(vantage="prober-a", zone="a", anchor_reached=True, reports=reports)) | changes


class Functions:
    """The client of a prober function that answers so; keeps what it was asked."""

    def __init__(self, *sights: Any, said: Any = None, error: str = "") -> None:
        self._said = {"sights": sights} if said is None else said
        self._error = error
        self.asked: list[Any] = []

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 (boto3's names)
        assert FunctionName == "prober-a"
        self.asked.append(json.loads(Payload))
        failed = {"FunctionError": self._error} if self._error else {}
        return {"Payload": io.BytesIO(json.dumps(self._said).encode()), **failed}


def looked(functions: Any, sites: Sequence[Settings] = SITES) -> Any:
    return LiveSharedProbers(functions).look("prober-a", sites, 0.3)


def test_a_request_to_a_function_is_in_the_form_of_lambda() -> None:
    functions = Judge("lambda")
    with pytest.raises(CouldNotAskError):  # the judge answers a sight of one
        looked(functions.client)
    assert functions.faults == []
    assert len(json.loads(functions.only("Invoke")["Payload"])["inquiries"]) == 3


def test_each_site_gets_its_own_sight_and_the_timeout_travels() -> None:
    functions = Functions(*map(sight_of, SITES))
    sights = looked(functions)
    assert {site: sight.of("wk2") for site, sight in sights.items()} == dict.fromkeys("abc", Answer.HEALTHY)
    assert [each["connect_s"] for each in functions.asked[0]["inquiries"]] == [0.3] * 3


@pytest.mark.parametrize(
    ("sight", "why"),
    [
        ({"fault": "it is no inquiry: TypeError"}, "it is no inquiry"),
        (sight_of(SITES[1], vantage="prober-b"), "answered as prober-b in a"),
        (sight_of(SITES[1], zone="b"), "answered as prober-a in b"),
        (sight_of(SITES[1], reports=[]), "told of "),
        (sight_of(SITES[1], more=1), "Sight has no more"),
        (7, "TypeError"),
    ],
    ids=["fault", "vantage", "zone", "workers", "field", "type"],
)
def test_a_sight_that_cannot_be_read_is_its_own_sites_fault(sight: Any, why: str) -> None:
    sights = looked(Functions(sight_of(SITES[0]), sight, sight_of(SITES[2])))
    assert [isinstance(sights[site], CouldNotAskError) for site in "abc"] == [False, True, False]
    assert why in str(sights["b"])


@pytest.mark.parametrize(
    ("functions", "why"),
    [
        (Functions(error="Unhandled", said={"errorMessage": "no"}), "the function failed"),
        (Functions(sight_of(SITES[0])), "asked for 3 sites, was told of 1"),
        (Functions(said={"hello": "world"}), "KeyError"),
    ],
    ids=["failed", "short", "talks"],
)
def test_an_answer_that_is_none_is_one_for_nobody(functions: Functions, why: str) -> None:
    with pytest.raises(CouldNotAskError, match=why):
        looked(functions)


def test_changed_settings_are_asked_with_from_the_next_call_on() -> None:
    functions = Functions(sight_of(SITES[0]))
    probers: Any = LiveSharedProbers(functions)  # type: ignore[arg-type]
    probers.look("prober-a", SITES[:1], 0.3)
    probers.look("prober-a", (replace(SITES[0], probe_port=99),), 0.3)
    assert [each["inquiries"][0]["port"] for each in functions.asked] == [8080, 99]


def test_the_prober_answers_what_the_arbiter_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ends of the way, over real sockets: nobody listens at these workers."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.delitem(sys.modules, "failover_lambda.aws.prober", raising=False)
    entry: ModuleType = importlib.import_module("failover_lambda.aws.prober")

    class Wired(Functions):
        def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 (boto3's names)
            del FunctionName
            return {"Payload": io.BytesIO(json.dumps(entry.handler(json.loads(Payload), None)).encode())}

    on_loopback = [
        replace(
            settings,
            probe_port=1,
            probers=(ProberRef(zone="a", function_name="prober-a"),),
            workers=tuple(replace(worker, address_private_ip="127.0.0.1") for worker in settings.workers),
        )
        for settings in SITES
    ]
    sights = looked(Wired(), on_loopback)
    assert {site: sight.of("wk1") for site, sight in sights.items()} == dict.fromkeys("abc", Answer.REFUSED)


# The list


def fleet(shard: str = "0", shards: int = 1) -> FleetSettings:
    return FleetSettings(record_table=TABLE, shard=shard, shards=shards)


def item(site: str, document: str | None) -> dict[str, Any]:
    return {"pk": {"S": site_key(site)}, **({} if document is None else {"settings": {"S": document}})}


class Pages:
    """A table that answers with these pages."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self._pages = list(pages)
        self.starts: list[Any] = []

    def scan(self, **asked: Any) -> dict[str, Any]:
        self.starts.append(asked.get("ExclusiveStartKey"))
        return {"ConsumedCapacity": {}, **self._pages[len(self.starts) - 1]}


def test_a_scan_is_in_the_form_of_dynamodb() -> None:
    dynamodb = Judge("dynamodb")
    with pytest.raises(StoreUnavailableError):  # the judge answers nothing
        LiveSites(fleet(), dynamodb.client).list()
    assert dynamodb.faults == []
    assert dynamodb.only("Scan")["ConsistentRead"] is True


def test_the_list_is_read_page_by_page_and_says_of_each_site_what_is_wrong() -> None:
    more = {"pk": {"S": "site#b"}}
    table: Any = Pages(
        {"Items": [item("a", document_of(SITES[0])), item("b", None)], "LastEvaluatedKey": more},
        {"Items": [item("c", "{")]},
    )
    entries = {entry.site: entry for entry in LiveSites(fleet(), table).list()}
    assert table.starts == [None, more]
    assert entries["a"].settings == replace(SITES[0], record_table=TABLE, shard="0")
    assert (entries["b"].fault, bool(entries["c"].fault)) == ("there are no settings", True)


def test_a_shard_lists_its_own_sites_and_all_shards_together_list_each_once() -> None:
    names = [f"site-{number}" for number in range(50)]
    listed = [
        entry.site
        for shard in range(4)
        for entry in LiveSites(fleet(str(shard), 4), Pages({"Items": [item(name, None) for name in names]})).list()  # type: ignore[arg-type]
    ]
    assert sorted(listed) == sorted(names)
    assert listed != names


def test_a_list_that_breaks_off_is_no_list() -> None:
    """Sites that are not read yet must not be taken for gone."""

    class Breaks(Pages):
        def scan(self, **asked: Any) -> dict[str, Any]:
            if self.starts:
                raise TimeoutError("no answer")
            return super().scan(**asked)

    table: Any = Breaks({"Items": [item("a", document_of(SITES[0]))], "LastEvaluatedKey": {"pk": {"S": "site#a"}}})
    with pytest.raises(StoreUnavailableError, match="no answer"):
        LiveSites(fleet(), table).list()


# Over emulators


@pytest.mark.lab
def test_an_emulated_cloud_answers_for_those_that_there_are(live_world: LiveWorld) -> None:
    settings = live_world.settings
    gone = replace(settings_of("gone"), address_id="eipalloc-00000000000000000")
    cloud = LiveSharedCloud(client("ec2", live_world.endpoint))
    addresses, machines = cloud.read_addresses([settings, gone]), cloud.read_instances([settings, gone])
    assert addresses[settings.site] == live_world.cloud.read_address()
    assert isinstance(addresses["gone"], CouldNotAskError)
    assert machines[settings.site] == live_world.cloud.read_instances()


@pytest.mark.lab
def test_an_emulated_table_lists_what_was_put_there(table_endpoint: str) -> None:
    dynamodb = client("dynamodb", table_endpoint)
    names = [f"listed-{number}" for number in range(6)]
    for name in names:
        dynamodb.put_item(TableName=TABLE, Item=item(name, document_of(settings_of(name))))
    found = {entry.site: entry for entry in LiveSites(fleet("1", 2), dynamodb).list() if entry.site in names}
    assert sorted(found) == sorted(name for name in names if shard_of(name, 2) == 1)
    assert all(entry.settings and entry.settings.record_table == TABLE for entry in found.values())
