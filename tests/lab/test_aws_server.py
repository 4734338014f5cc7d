"""The gate and its server: one call at a time, refusals in AWS's own form, latency outside the lock, an honest log."""

import contextlib
import io
import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from lab.child import Child, ChildRefusedError
from lab.figures import Basis, Figure
from lab.gate import NOT_EMULATED, Gate, parse_call
from lab.jsonlog import JsonLog
from lab.profiles import INSTANT, Profile
from lab.supervisor import Supervisor
from tests.lab.sites import NETWORK, build_site

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def supervisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    with Supervisor(tmp_path_factory.mktemp("lab"), f"test-{uuid.uuid4().hex}") as supervisor:
        yield supervisor


def serve(supervisor: Supervisor, name: str, *flags: str) -> Child:
    logs = [f"--{log}-log={supervisor.logs / f'{name}-{log}.jsonl'}" for log in ("gate", "cloud")]
    return supervisor.module(name, "lab.aws_server", "--network", NETWORK, "--profile", "instant", *logs, *flags)


@pytest.fixture(scope="module")
def server(supervisor: Supervisor) -> Child:
    return serve(supervisor, "moto", "--log-reads", "--own-caller", "TANDEMLAB")


@pytest.fixture(scope="module")
def endpoint(server: Child) -> str:
    return str(server.expect("ready", 60)["endpoint"])


@pytest.fixture(scope="module")
def client(endpoint: str) -> Callable[[str], Any]:
    """Make clients as the lab's; one attempt, so that a retried answer would show as an error."""
    config = Config(read_timeout=10, retries={"total_max_attempts": 1}, proxies={})
    session: Any = boto3.session.Session("TANDEMLAB", "lab", region_name="eu-central-1")
    return lambda service: session.client(service, endpoint_url=endpoint, config=config)


def gate_log(supervisor: Supervisor) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (supervisor.logs / "moto-gate.jsonl").read_text().splitlines()]


# The server


@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("ec2", lambda ec2: ec2.create_placement_group(GroupName="unknown to moto")),
        ("iam", lambda iam: iam.simulate_custom_policy(PolicyInputList=["{}"], ActionNames=["ec2:StopInstances"])),
        ("kms", lambda kms: kms.connect_custom_key_store(CustomKeyStoreId="unknown to moto")),
        ("lambda", lambda functions: functions.list_functions()),
        ("dynamodb", lambda tables: tables.list_tables()),
        ("sns", lambda topics: topics.list_topics()),
    ],
    ids=["ec2 action", "iam action", "kms action", "rest service", "json service", "query service"],
)  # fmt: skip
def test_what_is_not_played_is_refused_at_once(
    client: Callable[[str], Any], service: str, call: Callable[[Any], object]
) -> None:
    with pytest.raises(ClientError) as refusal:
        call(client(service))
    answer: Any = refusal.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (NOT_EMULATED, 400)


@pytest.mark.parametrize("service", ["ec2", "iam", "kms", "sts"])
def test_every_played_service_answers(client: Callable[[str], Any], service: str) -> None:
    harmless = {"ec2": "describe_vpcs", "iam": "list_roles", "kms": "list_keys", "sts": "get_caller_identity"}
    assert getattr(client(service), harmless[service])()


def test_unsigned_request_is_refused(endpoint: str) -> None:
    answer = raw_request(endpoint, b"POST /moto-api/reset HTTP/1.1\r\nHost: lab\r\nContent-Length: 0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert NOT_EMULATED.encode() in answer


def raw_request(endpoint: str, request: bytes) -> bytes:
    place = urlsplit(endpoint)
    with socket.create_connection((str(place.hostname), int(place.port or 0)), timeout=10) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_half_sent_request_stops_nobody_else(endpoint: str, client: Callable[[str], Any]) -> None:
    place = urlsplit(endpoint)
    with socket.create_connection((str(place.hostname), int(place.port or 0))) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nHost: lab\r\nContent-Length: 1000\r\n\r\nAction=")
        assert client("ec2").describe_vpcs()["Vpcs"]


def test_calls_at_once_are_carried_out_one_by_one(client: Callable[[str], Any]) -> None:
    ec2 = client("ec2")
    with ThreadPoolExecutor(8) as threads:
        allocated = list(threads.map(lambda _: ec2.allocate_address(Domain="vpc")["PublicIp"], range(24)))
    assert len(set(allocated)) == 24


def test_gate_writes_down_what_was_asked_and_answered(supervisor: Supervisor, client: Callable[[str], Any]) -> None:
    site = build_site(client("ec2"))
    association = site.associate(site.one)
    with pytest.raises(ClientError):
        site.associate(site.two)
    accepted, refused = [line for line in gate_log(supervisor) if line["params"].get("AllocationId") == site.allocation]
    assert accepted["action"] == refused["action"] == "AssociateAddress"
    assert accepted["caller"] == "TANDEMLAB"
    assert accepted["params"]["PrivateIpAddress"] == site.one.private_ip
    assert accepted["params"]["AllowReassociation"] == "false"
    assert (accepted["status"], accepted["error"]) == (200, None)
    assert accepted["answer"] == {"associationId": association}
    assert (refused["status"], refused["error"]) == (400, "Resource.AlreadyAssociated")
    assert accepted["t_in"] <= accepted["t_out"] <= refused["t_in"]


def test_reads_are_written_down_on_demand(supervisor: Supervisor, client: Callable[[str], Any]) -> None:
    client("ec2").describe_vpcs(Filters=[{"Name": "vpc-id", "Values": ["vpc-asked-for"]}])
    assert any("vpc-asked-for" in line["params"].values() for line in gate_log(supervisor))


def test_the_cloud_is_not_changed_by_commands(server: Child, endpoint: str) -> None:
    assert endpoint
    with pytest.raises(ChildRefusedError, match="known here: trap, release"):
        server.call("stop-instance", 10)


# The trap


@pytest.fixture
def function(endpoint: str) -> Any:
    """An EC2 client with the key of a function; an answer that never comes is an error after a second."""
    config = Config(read_timeout=60, retries={"total_max_attempts": 1}, proxies={})
    session: Any = boto3.session.Session("123456789012", "lab", region_name="eu-central-1")
    return session.client("ec2", endpoint_url=endpoint, config=config)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def addresses(client: Callable[[str], Any]) -> int:
    return len(client("ec2").describe_addresses()["Addresses"])


def test_a_call_held_on_its_way_in_has_changed_nothing_and_takes_effect_when_it_is_let_in(
    server: Child, client: Callable[[str], Any], function: Any, threads: ThreadPoolExecutor, supervisor: Supervisor
) -> None:
    before = addresses(client)
    server.call("trap", 10, action="AllocateAddress", way="in")
    call = threads.submit(function.allocate_address, Domain="vpc")
    assert server.expect("trapped", 30) == {"event": "trapped", "action": "AllocateAddress", "way": "in"}
    assert addresses(client) == before
    assert server.call("release", 10, fate="go-on")["held"] == 1
    allocated = call.result(30)["AllocationId"]
    assert addresses(client) == before + 1
    assert allocated in [line["answer"].get("allocationId") for line in gate_log(supervisor)]


def test_a_call_dropped_on_its_way_in_never_arrives_and_no_log_knows_it(
    server: Child, client: Callable[[str], Any], function: Any, threads: ThreadPoolExecutor, supervisor: Supervisor
) -> None:
    before, logged = addresses(client), len(gate_log(supervisor))
    server.call("trap", 10, action="AllocateAddress", way="in")
    call = threads.submit(function.allocate_address, Domain="vpc")
    server.expect("trapped", 30)
    server.call("release", 10, fate="drop")
    with pytest.raises(ClientError):
        call.result(30)
    assert addresses(client) == before
    assert [line["action"] for line in gate_log(supervisor)[logged:]].count("AllocateAddress") == 0


def test_an_answer_held_on_its_way_out_is_of_a_call_that_took_effect_and_is_written_down(
    server: Child, client: Callable[[str], Any], function: Any, threads: ThreadPoolExecutor, supervisor: Supervisor
) -> None:
    before, logged = addresses(client), len(gate_log(supervisor))
    server.call("trap", 10, action="AllocateAddress", way="out")
    call = threads.submit(function.allocate_address, Domain="vpc")
    server.expect("trapped", 30)
    assert addresses(client) == before + 1
    assert [line["action"] for line in gate_log(supervisor)[logged:]].count("AllocateAddress") == 1
    server.call("release", 10, fate="drop")
    with pytest.raises(ClientError):
        call.result(30)


def test_the_labs_own_calls_and_other_actions_are_never_held_and_one_call_at_most_is(
    server: Child, client: Callable[[str], Any], function: Any, threads: ThreadPoolExecutor
) -> None:
    server.call("trap", 10, action="AllocateAddress", way="in")
    client("ec2").allocate_address(Domain="vpc")
    function.describe_vpcs()
    held = threads.submit(function.allocate_address, Domain="vpc")
    server.expect("trapped", 30)
    function.allocate_address(Domain="vpc")
    server.call("release", 10, fate="go-on")
    held.result(30)
    assert server.call("release", 10, fate="go-on")["held"] == 0


def test_server_ends_with_its_standard_input(supervisor: Supervisor) -> None:
    child = serve(supervisor, "brief")
    child.expect("ready", 60)
    child.end()
    assert child.status == 0


# The gate alone, around an application that only notes what it is asked


def environment(action: str, **params: str) -> dict[str, Any]:
    body = urlencode({"Action": action, "Version": "2016-11-15", "X": "1", **params}).encode()
    credential = "Credential=ME/20260101/eu-central-1/ec2/aws4_request"
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }


def profile_with(action: str, seconds: float) -> Profile:
    return replace(INSTANT, calls={action: Figure(seconds, seconds, Basis.CHOSEN, "test")})


class Recorder:
    """A WSGI application that notes actions in the order in which they take effect."""

    def __init__(self) -> None:
        self.applied: list[object] = []
        self.lock = threading.RLock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        call = parse_call(environ, environ["wsgi.input"].read())
        assert call is not None
        self.applied.append(call.action)
        start_response("200 OK", [])
        return [b"<AssociateAddressResponse/>"]


def ask(gate: Gate, action: str, **params: str) -> bytes:
    return b"".join(gate(environment(action, **params), lambda *_: lambda _: None))


def sleep_with(monkeypatch: pytest.MonkeyPatch, sleep: Callable[[float], object]) -> None:
    monkeypatch.setattr("lab.gate.time", SimpleNamespace(sleep=sleep, monotonic=time.monotonic))


def test_waiting_call_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud, waits, may_go_on = Recorder(), threading.Event(), threading.Event()
    sleep_with(monkeypatch, lambda seconds: seconds and (waits.set(), may_go_on.wait(60)))
    gate = Gate(cloud, cloud.lock, profile_with("StopInstances", 1.0), JsonLog(tmp_path / "gate.jsonl"))
    with ThreadPoolExecutor(2) as threads:
        slow = threads.submit(ask, gate, "StopInstances")
        try:
            assert waits.wait(10)
            threads.submit(ask, gate, "AssociateAddress").result(timeout=10)
            assert cloud.applied == ["AssociateAddress"]
        finally:
            may_go_on.set()
        slow.result(timeout=10)
    assert cloud.applied == ["AssociateAddress", "StopInstances"]


class Meeting(Recorder):
    """Notes whether two calls are inside at once: each waits a while for another one."""

    def __init__(self) -> None:
        super().__init__()
        self.met = threading.Barrier(2)
        self.overlapped = False

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        with contextlib.suppress(threading.BrokenBarrierError):
            self.met.wait(0.3)
            self.overlapped = True
        return super().__call__(environ, start_response)


def test_calls_never_meet_inside_the_emulator(tmp_path: Path) -> None:
    cloud = Meeting()
    gate = Gate(cloud, cloud.lock, INSTANT, JsonLog(tmp_path / "gate.jsonl"))
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda action: ask(gate, action), ["CreateVpc", "CreateSubnet"]))
    assert len(cloud.applied) == 2
    assert not cloud.overlapped


def test_half_of_the_time_passes_before_the_call_takes_effect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Recorder()
    sleep_with(monkeypatch, cloud.applied.append)
    gate = Gate(cloud, cloud.lock, profile_with("AssociateAddress", 0.5), JsonLog(tmp_path / "gate.jsonl"))
    ask(gate, "AssociateAddress")
    assert cloud.applied == [0.25, "AssociateAddress", 0.25]


def test_log_names_service_caller_and_parameters_of_changes_only(tmp_path: Path) -> None:
    cloud, log = Recorder(), tmp_path / "gate.jsonl"
    gate = Gate(cloud, cloud.lock, INSTANT, JsonLog(log))
    ask(gate, "AssociateAddress")
    ask(gate, "DescribeAddresses")
    [line] = [json.loads(text) for text in log.read_text().splitlines()]
    assert (line["event"], line["service"], line["action"], line["caller"]) == ("call", "ec2", "AssociateAddress", "ME")
    assert line["params"] == {"X": "1"}


@pytest.mark.parametrize(
    ("params", "written"),
    [
        ({"UserData": "aHVzaA=="}, {"UserData": "<sensitiveDataRemoved>"}),
        ({"UserData.Value": "aHVzaA=="}, {"UserData.Value": "<sensitiveDataRemoved>"}),
        (
            {"Attribute": "userData", "Value": "aHVzaA=="},
            {"Attribute": "userData", "Value": "<sensitiveDataRemoved>"},
        ),
        ({"Attribute": "instanceType", "Value": "x" * 300}, {"Attribute": "instanceType", "Value": "x" * 256}),
    ],
)
def test_log_keeps_no_user_data(tmp_path: Path, params: dict[str, str], written: dict[str, str]) -> None:
    cloud, log = Recorder(), tmp_path / "gate.jsonl"
    ask(Gate(cloud, cloud.lock, INSTANT, JsonLog(log)), "ModifyInstanceAttribute", **params)
    assert written.items() <= json.loads(log.read_text())["params"].items()


def test_failure_inside_the_emulator_is_an_answer_that_says_so(tmp_path: Path) -> None:
    def broken(_environ: object, _start_response: object) -> list[bytes]:
        raise KeyError("shelf")

    gate = Gate(broken, threading.RLock(), INSTANT, JsonLog(tmp_path / "gate.jsonl"))
    answer = ask(gate, "CreateVpc")
    assert b"<Code>NotEmulated</Code>" in answer
    assert b"the emulator failed with KeyError: 'shelf'" in answer
