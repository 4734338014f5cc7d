"""`aws.prober`, the function inside the network: its anchor, its one line, its answer."""

import importlib
import json
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.regions import EndpointResolver

from failover_lambda.contract import ProbeKind, from_plain, to_plain
from failover_lambda.model import Answer, Sight
from failover_lambda.prober import Inquiry, Target

pytestmark = pytest.mark.contract


@pytest.fixture
def entry(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Imported as the platform does, with an anchor that refuses."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.delitem(sys.modules, "failover_lambda.aws.prober", raising=False)
    return importlib.import_module("failover_lambda.aws.prober")


def inquiry(**changes: Any) -> dict[str, Any]:
    asked = Inquiry(
        vantage="prober-a",
        zone="a",
        targets=(Target(worker="wk1", host="127.0.0.1"),),
        kind=ProbeKind.TCP,
        port=1,
        path="/",
        tls_verify=True,
        tls_ca_pem="",
        connect_s=2.0,
        answer_s=2.0,
    )
    return {**to_plain(asked), **changes}


def test_the_answer_is_a_sight_and_one_line_says_so(entry: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    sight: Sight = from_plain(Sight, json.loads(json.dumps(entry.handler(inquiry(), None))))
    assert (sight.vantage, sight.zone, sight.anchor_reached) == ("prober-a", "a", False)
    assert sight.of("wk1") is Answer.REFUSED
    (line,) = capsys.readouterr().out.splitlines()
    said = json.loads(line)
    assert said["event"] == "look"
    assert said["answers"] == {"wk1": "refused: refused"}
    assert said["anchor_reached"] is False
    assert said["not_ready"] == []


def test_a_worker_that_could_not_take_over_is_in_the_line(entry: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    event = inquiry(kind="http", ready_path="/ready")
    sight: Sight = from_plain(Sight, json.loads(json.dumps(entry.handler(event, None))))
    assert [report.ready for report in sight.reports] == [Answer.REFUSED]
    assert json.loads(capsys.readouterr().out)["not_ready"] == ["wk1"]


@pytest.mark.parametrize(
    "event",
    [{}, {"vantage": "x"}, inquiry(kind="smoke"), inquiry(tomorrow=1), inquiry(answer_s="1"), inquiry(targets=[{}])],
    ids=["empty", "short", "kind", "more", "type", "target"],
)
def test_an_event_that_is_no_inquiry_fails_the_call_with_one_line(
    entry: ModuleType, capsys: pytest.CaptureFixture[str], event: dict[str, Any]
) -> None:
    with pytest.raises((TypeError, ValueError)):
        entry.handler(event, None)
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["error"].startswith("the event is no inquiry")


@pytest.mark.parametrize(
    ("environment", "anchor"),
    [
        ({"AWS_REGION": "eu-central-1"}, ("dynamodb.eu-central-1.amazonaws.com", 443)),
        ({"AWS_REGION": "x", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}, ("127.0.0.1", 4566)),
        ({"AWS_ENDPOINT_URL": "http://a:1", "AWS_ENDPOINT_URL_DYNAMODB": "http://b:2"}, ("b", 2)),
        ({"AWS_ENDPOINT_URL_DYNAMODB": "https://vpce-1.example"}, ("vpce-1.example", 443)),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1"}, ("127.0.0.1", 80)),
        ({"AWS_REGION": "x-1", "AWS_ENDPOINT_URL": ""}, ("dynamodb.x-1.amazonaws.com", 443)),
    ],
)
def test_the_anchor_is_the_record_tables_endpoint(
    entry: ModuleType, environment: dict[str, str], anchor: tuple[str, int]
) -> None:
    assert entry.anchor_of(environment) == anchor


def test_an_endpoint_that_is_no_address_stops_the_function_with_its_name(entry: ModuleType) -> None:
    with pytest.raises(ValueError, match="AWS_ENDPOINT_URL='nonsense' is not an http or https address"):
        entry.anchor_of({"AWS_ENDPOINT_URL": "nonsense"})


def test_the_anchor_is_where_the_sdk_finds_the_table_in_every_public_region(entry: ModuleType) -> None:
    """The SDK's own endpoint data is the judge."""
    endpoints: Any = Loader().load_data("endpoints")
    resolver: Any = EndpointResolver(endpoints)
    partitions = ("aws", "aws-cn", "aws-us-gov", "aws-eusc")
    regions = [region for name in partitions for region in resolver.get_available_endpoints("dynamodb", name)]
    assert len(regions) > 25
    for region in regions:
        wanted = resolver.construct_endpoint("dynamodb", region)["hostname"]
        assert entry.anchor_of({"AWS_REGION": region}) == (wanted, 443)


def test_the_endings_of_all_public_partitions_are_known(entry: ModuleType) -> None:
    partitions: Any = Loader().load_data("partitions")
    for partition in partitions["partitions"]:
        if not partition["id"].startswith("aws-iso"):
            region = next(name for name in partition["regions"] if "global" not in name)
            assert entry.anchor_of({"AWS_REGION": region})[0].endswith("." + partition["outputs"]["dnsSuffix"])


@pytest.mark.lab
def test_the_prober_starts_without_the_sdk() -> None:
    """A cold start with it takes most of a second."""
    code = "import sys; import failover_lambda.aws.prober; print([m for m in sys.modules if m.startswith('boto')])"
    environment = {"AWS_REGION": "eu-central-1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_many_inquiries_are_answered_in_their_order_with_one_line(
    entry: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """RULE 2.11: what is wrong with one entry is the answer to that one."""
    said = json.loads(json.dumps(entry.handler({"inquiries": [inquiry(), inquiry(kind="smoke"), 7, inquiry()]}, None)))
    first, second, third, fourth = said["sights"]
    for plain in (first, fourth):
        sight: Sight = from_plain(Sight, plain)
        assert (sight.vantage, sight.of("wk1"), sight.anchor_reached) == ("prober-a", Answer.REFUSED, False)
    assert second["fault"].startswith("it is no inquiry: UnknownWordError")
    assert third["fault"].startswith("it is no inquiry: TypeError")
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["event"], told["sites"], told["not_healthy"], len(told["faults"])) == ("look", 4, 2, 2)


def test_no_inquiries_are_answered_by_no_sights(entry: ModuleType) -> None:
    assert entry.handler({"inquiries": []}, None) == {"sights": []}
