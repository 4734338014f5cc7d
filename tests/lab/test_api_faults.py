"""`lab.api_faults` and `lab.fault_front`: the nth call and no other, closed and opened fronts, and what fired."""

import socket
import threading
import uuid
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from lab.api_faults import ApiFaults, Fault, FaultNotFiredError, Kind, Patience, compile_rules
from lab.emulators import CloudSettings, ministack_environment
from lab.profiles import PROFILES
from lab.supervisor import Supervisor

PATIENCE = Patience(read_timeout_s=0.2, margin_s=0.1)
READY_S = 60.0


def fault(text: str) -> Fault:
    return Fault.parse(text)


# The compiler


def test_a_fault_is_its_text() -> None:
    for text in ("ec2.AssociateAddress#1x1=answer-lost", "dynamodb.*#3x*=reset", "sns.Publish#2x7=denied"):
        assert str(Fault.parse(text)) == text


def test_the_nth_call_is_found_by_letting_those_before_it_pass() -> None:
    rules = compile_rules([fault("ec2.StopInstances#3x2=reset")], PATIENCE)
    match = {"service": "ec2", "operation": "StopInstances"}
    assert [rule for _, rule in rules] == [match | {"times": 2}, match | {"times": 2, "reset": True}]


def test_two_faults_of_one_action_are_counted_together() -> None:
    rules = compile_rules([fault("ec2.A#5x1=reset"), fault("ec2.A#2x2=slow")], PATIENCE)
    assert [(str(hit) if hit else "pass", rule["times"]) for hit, rule in rules] == [
        ("pass", 1),
        ("ec2.A#2x2=slow", 2),
        ("pass", 1),
        ("ec2.A#5x1=reset", 1),
    ]


@pytest.mark.parametrize(
    "texts",
    [
        ("ec2.A#1x2=reset", "ec2.A#2x1=slow"),
        ("ec2.A#1x*=reset", "ec2.A#9x1=slow"),
        ("ec2.*#1x1=reset", "ec2.A#1x1=slow"),
        ("ec2.A#1x1=refused",),
    ],
)
def test_faults_that_no_rules_can_carry_out_are_refused(texts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"claimed|leaves no room|nothing listens"):
        compile_rules([fault(text) for text in texts], PATIENCE)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind.by_rule], ids=lambda kind: kind.value)
@pytest.mark.parametrize("service", ["ec2", "dynamodb", "sns", "lambda"])
def test_every_kind_but_one_has_a_rule_for_every_service(service: str, kind: Kind) -> None:
    ((_, rule),) = compile_rules([Fault(service, "Any", kind)], PATIENCE)
    assert set(rule) - {"service", "operation", "times"}


# The process


class Upstream(BaseHTTPRequestHandler):
    """Says which call it got; counts in `calls`."""

    calls: list[str] = []  # noqa: RUF012 - the test's own, emptied by the fixture
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.calls.append(body)
        answer = f"<ok>{body}</ok>".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        del format, args


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiFaults]:
    """Fronts for EC2, connected and warm, and SNS, not connected."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with Supervisor(tmp_path_factory.mktemp("fronts"), f"test-{uuid.uuid4().hex}") as supervisor:
            url = f"http://127.0.0.1:{server.server_address[1]}"
            child = supervisor.module("fronts", "lab.fault_front", "--front", f"ec2={url}", "--front", "sns")
            made = ApiFaults(child.expect("ready", READY_S)["fronts"], PATIENCE, child)
            ask(made.fronts["ec2"], "StopInstances")
            yield made
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def faults(running: ApiFaults) -> ApiFaults:
    """The fronts, and nothing injected."""
    running.put([])
    return running


@pytest.fixture
def calls(faults: ApiFaults) -> list[str]:
    """What reaches the service from here on."""
    del faults
    Upstream.calls.clear()
    return Upstream.calls


def ask(url: str, action: str) -> tuple[int, bytes]:
    """One call of EC2, signed as far as a proxy looks."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=READY_S)
    signed = "AWS4-HMAC-SHA256 Credential=key/20260101/eu-central-1/ec2/aws4_request, SignedHeaders=host, Signature=0"
    headers = {"Authorization": signed, "Content-Type": "application/x-www-form-urlencoded"}
    try:
        connection.request("POST", "/", f"Action={action}&Version=2016-11-15", headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.lab
def test_only_the_second_call_of_the_action_is_turned_away(faults: ApiFaults, calls: list[str]) -> None:
    faults.put([fault("ec2.StopInstances#2x1=throttled")])
    url = faults.fronts["ec2"]
    statuses = [ask(url, action)[0] for action in ("StopInstances", "StartInstances", "StopInstances", "StopInstances")]
    assert statuses == [200, 200, 503, 200]
    assert len(calls) == 3
    assert [str(hit) for hit, _ in faults.require_fired()] == ["ec2.StopInstances#2x1=throttled"]


@pytest.mark.lab
def test_a_fault_that_met_no_call_is_an_error(faults: ApiFaults) -> None:
    faults.put([fault("ec2.StopInstances#2x1=throttled")])
    ask(faults.fronts["ec2"], "StopInstances")
    with pytest.raises(FaultNotFiredError, match="StopInstances#2"):
        faults.require_fired()


@pytest.mark.lab
def test_new_faults_forget_the_old_ones_and_cleared_ones_let_everything_pass(faults: ApiFaults) -> None:
    url = faults.fronts["ec2"]
    faults.put([fault("ec2.*#1x*=denied")])
    assert ask(url, "StopInstances")[0] == 403
    faults.put([fault("ec2.*#1x*=throttled")])
    assert faults.fired() == []
    assert b"RequestLimitExceeded" in ask(url, "StopInstances")[1]
    faults.clear()
    assert ask(url, "StopInstances")[0] == 200
    assert len(faults.fired()) == 1


@pytest.mark.lab
@pytest.mark.parametrize(("kind", "applied"), [(Kind.UNREADABLE, 1), (Kind.INTERCEPTED, 0)], ids=["after", "instead"])
def test_a_foreign_page_comes_with_status_200(faults: ApiFaults, calls: list[str], kind: Kind, applied: int) -> None:
    faults.put([Fault("ec2", "StopInstances", kind)])
    status, body = ask(faults.fronts["ec2"], "StopInstances")
    assert (status, b"<html>" in body, len(calls)) == (200, True, applied)


@pytest.mark.lab
@pytest.mark.parametrize(("kind", "applied"), [(Kind.LOST, 1), (Kind.RESET, 0)], ids=["answer-lost", "reset"])
def test_a_broken_connection_says_nothing(faults: ApiFaults, calls: list[str], kind: Kind, applied: int) -> None:
    faults.put([Fault("ec2", "StopInstances", kind)])
    with pytest.raises((OSError, HTTPException)):
        ask(faults.fronts["ec2"], "StopInstances")
    assert len(calls) == applied


@pytest.mark.lab
def test_an_answer_that_is_cut_is_shorter_and_looks_whole(faults: ApiFaults) -> None:
    whole = ask(faults.fronts["ec2"], "StopInstances")[1]
    faults.put([fault("ec2.StopInstances#1x1=answer-cut")])
    status, cut = ask(faults.fronts["ec2"], "StopInstances")
    assert status == 200
    assert 0 < len(cut) < len(whole)


@pytest.mark.lab
def test_a_closed_front_refuses_and_an_opened_one_answers_where_it_was(faults: ApiFaults) -> None:
    url = faults.fronts["ec2"]
    ask(url, "StopInstances")
    faults.close("ec2")
    with pytest.raises(ConnectionRefusedError), socket.create_connection((urlsplit(url).hostname, urlsplit(url).port)):
        pass
    faults.open("ec2")
    assert ask(url, "StopInstances")[0] == 200


@pytest.mark.lab
def test_a_front_can_be_connected_after_its_start(faults: ApiFaults, calls: list[str]) -> None:
    faults.connect("sns", "http://127.0.0.1:9")
    assert ask(faults.fronts["sns"], "Publish")[0] == 502
    faults.connect("sns", faults.fronts["ec2"])
    assert ask(faults.fronts["sns"], "Publish")[0] == 200
    assert len(calls) == 1


def test_functions_find_the_services_behind_their_fronts_and_the_others_at_their_emulators() -> None:
    fronts = {"ec2": "http://127.0.0.1:1", "dynamodb": "http://127.0.0.1:2"}
    settings = CloudSettings("127.77.0.0/16", PROFILES["instant"], 1, fronts=fronts)
    found = ministack_environment(settings, "http://127.0.0.1:3")
    variables = ("AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_KMS", "AWS_ENDPOINT_URL_SNS")
    assert [found.get(variable) for variable in variables] == [*fronts.values(), "http://127.0.0.1:3", None]


def test_a_service_without_a_front_cannot_be_broken() -> None:
    with pytest.raises(KeyError, match="no front plays sqs"):
        ApiFaults({"ec2": "http://127.0.0.1:1"}, PATIENCE).put([fault("sqs.SendMessage#1x1=reset")])
