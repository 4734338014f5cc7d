"""Probes against real sockets that misbehave: every failure has the class that `prober` promises."""

import asyncio
import errno
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hl7.mllp import start_hl7_server

from failover_lambda import prober
from failover_lambda.contract import ProbeKind, from_plain, to_plain
from failover_lambda.model import Answer, Page, ProbeReport, Sight
from failover_lambda.prober import THREAD_MARGIN_S, Anchor, Inquiry, Target, ask, look, look_all, tls_context
from failover_lambda.probes import PROBES, Question
from tests.spec.misbehaving import (
    HOST,
    Authority,
    Behaviour,
    answers,
    behind_tls,
    closes,
    drips,
    floods,
    full_backlog,
    reserved_port,
    resets,
    serving,
    stays_silent,
)

SOON_S = 0.3
"""A timeout that runs out in a test."""
LONG_S = 10.0
"""A timeout that does not, however busy the machine is."""

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
NOT_OK = b"HTTP/1.1 500 Internal Server Error\r\n\r\n"
NAK = b"\x0bMSH|^~\\&|ENGINE\rMSA|AE|17-001\r\x1c\r"
ACK = b"\x0bMSH|^~\\&|ENGINE\rMSA|AA|17-001\r\x1c\r"
TCP, HTTP, HTTPS, MLLP = ProbeKind.TCP, ProbeKind.HTTP, ProbeKind.HTTPS, ProbeKind.MLLP


def asked(kind: ProbeKind, port: int, timeout_s: float, context: ssl.SSLContext | None = None) -> Answer:
    question = Question(host=HOST, port=port, path="/", id="17-001", stamp="20261121101010")
    return ask(PROBES[kind], question, timeout_s, timeout_s, context).answer


def asked_of(kind: ProbeKind, behave: Behaviour, timeout_s: float, context: ssl.SSLContext | None = None) -> Answer:
    with serving(behave) as port:
        return asked(kind, port, timeout_s, context)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"), "ours")


@pytest.fixture(scope="module")
def trusting(authority: Authority) -> ssl.SSLContext:
    return tls_context(verify=True, ca_pem=authority.pem)


# Connecting


@pytest.mark.parametrize("kind", [TCP, HTTP, MLLP])
def test_nobody_listening_is_refused(kind: ProbeKind) -> None:
    with reserved_port() as port:
        assert asked(kind, port, LONG_S) is Answer.REFUSED


@pytest.mark.parametrize("kind", [TCP, HTTP, MLLP])
def test_a_full_backlog_is_a_timeout(kind: ProbeKind) -> None:
    with full_backlog() as port:
        assert asked(kind, port, SOON_S) is Answer.TIMEOUT


def test_a_network_that_cannot_be_reached_could_not_be_asked() -> None:
    """The kernel refuses TCP to a broadcast address by itself, as without a route; nothing leaves the machine."""
    question = Question(host="255.255.255.255", port=9)
    judgement = ask(PROBES[TCP], question, LONG_S, LONG_S)
    assert judgement.answer is Answer.COULD_NOT_ASK
    assert "Network is unreachable" in judgement.detail


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        (errno.ECONNREFUSED, Answer.REFUSED),
        (errno.ECONNRESET, Answer.RESET),
        (errno.ETIMEDOUT, Answer.TIMEOUT),
        (errno.EHOSTUNREACH, Answer.TIMEOUT),
        (errno.EHOSTDOWN, Answer.TIMEOUT),
        (errno.ENETUNREACH, Answer.COULD_NOT_ASK),
        (errno.ENETDOWN, Answer.COULD_NOT_ASK),
        (errno.EMFILE, Answer.COULD_NOT_ASK),
        (errno.ENFILE, Answer.COULD_NOT_ASK),
        (errno.ENOBUFS, Answer.COULD_NOT_ASK),
        (errno.EADDRNOTAVAIL, Answer.COULD_NOT_ASK),
        (errno.EACCES, Answer.COULD_NOT_ASK),
        (errno.EPERM, Answer.COULD_NOT_ASK),
    ],
    ids=lambda value: errno.errorcode[value] if isinstance(value, int) else "",
)
def test_only_what_the_network_says_of_the_worker_counts(
    monkeypatch: pytest.MonkeyPatch, number: int, answer: Answer
) -> None:
    def fails(*_: object, **__: object) -> socket.socket:
        raise OSError(number, "as the kernel says")

    monkeypatch.setattr(socket, "create_connection", fails)
    assert asked(TCP, 1, LONG_S) is answer


@pytest.mark.lab
def test_a_prober_without_a_free_descriptor_could_not_ask() -> None:
    """In a process of its own, because it takes its descriptors away."""
    code = (
        "import resource; from failover_lambda.prober import ask; from failover_lambda.probes import *\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))\n"
        "print(ask(TcpProbe(), Question(host='127.0.0.1', port=1), 1.0, 1.0))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "COULD_NOT_ASK" in done.stdout
    assert "Too many open files" in done.stdout


# After the connection


@pytest.mark.parametrize(
    ("kind", "behave", "answer"),
    [
        (TCP, stays_silent, Answer.HEALTHY),
        (HTTP, answers(OK), Answer.HEALTHY),
        (HTTP, answers(OK, then=resets), Answer.HEALTHY),
        (HTTP, answers(NOT_OK), Answer.WRONG),
        (HTTP, answers(NOT_OK, then=closes), Answer.WRONG),
        (HTTP, answers(b"\x00\xff garbage"), Answer.WRONG),
        (HTTP, floods(b"x" * 4096), Answer.WRONG),
        (HTTP, answers(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000), Answer.WRONG),
        (HTTP, resets, Answer.RESET),
        (HTTP, closes, Answer.RESET),
        (HTTP, answers(OK[:10], then=closes), Answer.RESET),
        (HTTP, answers(OK[:10], then=resets), Answer.RESET),
        (MLLP, answers(ACK), Answer.HEALTHY),
        (MLLP, answers(NAK), Answer.WRONG),
        (MLLP, answers(ACK[1:]), Answer.WRONG),
        (MLLP, answers(ACK[:-1] + b"\n"), Answer.WRONG),
        (MLLP, answers(OK), Answer.WRONG),
        (MLLP, answers(b"\x0b" + b"x" * 100_000), Answer.WRONG),
        (MLLP, resets, Answer.RESET),
        (MLLP, closes, Answer.RESET),
    ],
)
def test_what_happens_after_the_connection_has_its_class(kind: ProbeKind, behave: Behaviour, answer: Answer) -> None:
    assert asked_of(kind, behave, LONG_S) is answer


@pytest.mark.parametrize(
    ("kind", "behave"),
    [
        (HTTP, stays_silent),
        (HTTP, answers(OK[:-1])),
        (HTTP, drips(OK, pause_s=0.05)),
        (HTTP, drips(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 10_000, pause_s=0.01)),
        (MLLP, stays_silent),
        (MLLP, answers(ACK[:-1])),
        (MLLP, drips(ACK, pause_s=0.05)),
    ],
)
def test_an_answer_that_is_not_complete_by_the_deadline_is_silence(kind: ProbeKind, behave: Behaviour) -> None:
    """The two that drip end in a healthy answer, seconds later: only a deadline for the whole of it tells them apart."""
    assert asked_of(kind, behave, SOON_S) is Answer.SILENT


def test_a_slow_answer_within_the_deadline_is_an_answer() -> None:
    assert asked_of(HTTP, drips(OK, pause_s=0.001), LONG_S) is Answer.HEALTHY


class Service(BaseHTTPRequestHandler):
    """The standard library's HTTP server."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/" else 503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's name)
        """Say nothing."""


@pytest.mark.parametrize(("path", "answer"), [("/", Answer.HEALTHY), ("/down", Answer.WRONG)])
def test_an_http_server_that_we_did_not_write_understands_the_question(path: str, answer: Answer) -> None:
    with ThreadingHTTPServer((HOST, 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        judgement = ask(PROBES[HTTP], Question(host=HOST, port=server.server_port, path=path), LONG_S, LONG_S)
        server.shutdown()
        thread.join()
    assert judgement.answer is answer


def test_an_hl7_server_that_we_did_not_write_understands_the_question() -> None:
    """The hl7 package's own server acknowledges it."""

    async def acknowledge(reader: Any, writer: Any) -> None:
        message: Any = await reader.readmessage()
        writer.writemessage(message.create_ack("AA"))
        await writer.drain()
        writer.close()

    async def story() -> Answer:
        async with await start_hl7_server(acknowledge, HOST, 0) as server:
            port: int = server.sockets[0].getsockname()[1]
            return await asyncio.to_thread(asked, MLLP, port, LONG_S)

    assert asyncio.run(story()) is Answer.HEALTHY


# TLS


def test_a_certificate_of_the_right_authority_is_healthy(authority: Authority, trusting: ssl.SSLContext) -> None:
    behave = behind_tls(authority.certificate("good"), answers(OK))
    assert asked_of(HTTPS, behave, LONG_S, trusting) is Answer.HEALTHY


def test_the_name_in_a_certificate_is_not_compared(authority: Authority, trusting: ssl.SSLContext) -> None:
    """A worker is asked by its private IP; its certificate names the service."""
    behave = behind_tls(authority.certificate("lis.example.org"), answers(NOT_OK))
    assert asked_of(HTTPS, behave, LONG_S, trusting) is Answer.WRONG


def test_a_certificate_that_has_expired_is_wrong(authority: Authority, trusting: ssl.SSLContext) -> None:
    certificate = authority.certificate("expired", days=-1)
    with serving(behind_tls(certificate, answers(OK))) as port:
        judgement = ask(PROBES[HTTPS], Question(host=HOST, port=port), LONG_S, LONG_S, trusting)
    assert judgement.answer is Answer.WRONG
    assert judgement.detail == "certificate: certificate has expired"


def test_a_certificate_of_another_authority_is_wrong(tmp_path: Path, trusting: ssl.SSLContext) -> None:
    certificate = Authority(tmp_path, "theirs").certificate("wrong")
    assert asked_of(HTTPS, behind_tls(certificate, answers(OK)), LONG_S, trusting) is Answer.WRONG


def test_without_an_authority_of_its_own_a_probe_trusts_the_public_ones(authority: Authority) -> None:
    public = tls_context(verify=True, ca_pem="")
    assert asked_of(HTTPS, behind_tls(authority.certificate("private"), answers(OK)), LONG_S, public) is Answer.WRONG


def test_with_verification_off_any_certificate_is_healthy(authority: Authority) -> None:
    blind = tls_context(verify=False, ca_pem="")
    certificate = authority.certificate("unverified", days=-1)
    assert asked_of(HTTPS, behind_tls(certificate, answers(OK)), LONG_S, blind) is Answer.HEALTHY


@pytest.mark.parametrize(
    ("behave", "answer"),
    [(answers(b"HTTP/1.1 200 OK\r\n\r\n"), Answer.WRONG), (closes, Answer.RESET), (resets, Answer.RESET)],
)
def test_a_server_that_does_not_speak_tls_has_its_class(trusting: ssl.SSLContext, behave: Behaviour, answer: Answer) -> None:
    assert asked_of(HTTPS, behave, LONG_S, trusting) is answer


def test_a_handshake_that_is_never_answered_is_silence(trusting: ssl.SSLContext) -> None:
    assert asked_of(HTTPS, stays_silent, SOON_S, trusting) is Answer.SILENT


def test_a_handshake_that_drips_is_silence(trusting: ssl.SSLContext) -> None:
    record_of_an_hour = b"\x16\x03\x03\x40\x00" + b"\x02" * 10_000
    assert asked_of(HTTPS, drips(record_of_an_hour, pause_s=0.01), SOON_S, trusting) is Answer.SILENT


def test_silence_after_the_handshake_is_silence(authority: Authority, trusting: ssl.SSLContext) -> None:
    behave = behind_tls(authority.certificate("silent"), stays_silent)
    assert asked_of(HTTPS, behave, 2 * SOON_S, trusting) is Answer.SILENT


def test_a_reset_after_the_handshake_is_a_reset(authority: Authority, trusting: ssl.SSLContext) -> None:
    behave = behind_tls(authority.certificate("reset"), answers(OK[:10], then=resets))
    assert asked_of(HTTPS, behave, LONG_S, trusting) is Answer.RESET


def test_an_encrypted_probe_without_a_context_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="TLS context"):
        asked(HTTPS, 1, LONG_S)


# A round


def inquiry(port: int, *hosts: str, **changes: Any) -> Inquiry:
    asked_for = Inquiry(
        vantage="prober-a",
        zone="a",
        targets=tuple(Target(worker=f"wk{number}", host=host) for number, host in enumerate(hosts, 1)),
        kind=HTTP,
        port=port,
        path="/",
        tls_verify=True,
        tls_ca_pem="",
        connect_s=LONG_S,
        answer_s=LONG_S,
    )
    return replace(asked_for, **changes)


@pytest.fixture
def anchor() -> Generator[Anchor]:
    with serving(stays_silent) as port:
        yield Anchor("localhost", port)


@pytest.fixture
def no_anchor() -> Generator[Anchor]:
    with reserved_port() as port:
        yield Anchor(HOST, port)


def test_a_round_tells_each_worker_and_the_anchor_apart(anchor: Anchor) -> None:
    with serving(answers(OK)) as port, serving(answers(NOT_OK), "127.0.0.2", port):
        sight = look(inquiry(port, HOST, "127.0.0.2", "127.0.0.3"), anchor)
    assert (sight.vantage, sight.zone, sight.anchor_reached) == ("prober-a", "a", True)
    assert [report.worker for report in sight.reports] == ["wk1", "wk2", "wk3"]
    assert [sight.of(worker) for worker in ("wk1", "wk2", "wk3")] == [Answer.HEALTHY, Answer.WRONG, Answer.REFUSED]


def by_path(pages: dict[str, bytes]) -> Behaviour:
    """Answers each path with its page."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        path = connection.recv(65536).split(b" ")[1].decode()
        connection.sendall(pages[path])
        over.wait()

    return behave


def test_without_a_ready_path_nobody_is_asked_for_it(anchor: Anchor) -> None:
    """3.14."""
    with serving(by_path({"/health": OK})) as port:
        sight = look(inquiry(port, HOST, path="/health"), anchor)
    assert [(report.answer, report.ready, report.fit) for report in sight.reports] == [(Answer.HEALTHY, None, True)]


def test_each_worker_is_asked_for_its_readiness_besides(anchor: Anchor) -> None:
    """3.14: by the same vantage, in the same round, in the order of the workers."""
    hosts = (HOST, "127.0.0.2", "127.0.0.3")
    with (
        serving(by_path({"/health": OK, "/ready": NOT_OK})) as port,
        serving(by_path({"/health": OK, "/ready": OK}), hosts[1], port),
        serving(by_path({"/health": NOT_OK, "/ready": OK}), hosts[2], port),
    ):
        sight = look(inquiry(port, *hosts, path="/health", ready_path="/ready"), anchor)
    assert [(report.answer, report.ready, report.fit) for report in sight.reports] == [
        (Answer.HEALTHY, Answer.WRONG, False),
        (Answer.HEALTHY, Answer.HEALTHY, True),
        (Answer.WRONG, Answer.HEALTHY, False),
    ]
    assert sight.reports[0].detail == "HTTP 200; ready: HTTP 500"
    assert sight.anchor_reached


NAMES = b'{"channels_down": ["ADT_IN"], "dependencies_down": ["hospital-db"]}'
JSON = b"HTTP/1.1 503 No\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(NAMES)


@pytest.mark.parametrize(
    ("behave", "page"),
    [
        (answers(JSON + NAMES), Page(channels_down=("ADT_IN",), dependencies_down=("hospital-db",))),
        (answers(JSON + NAMES[:-1]), None),
        (answers(JSON, then=resets), None),
        (answers(JSON, then=closes), None),
        (answers(NOT_OK), None),
    ],
    ids=["whole", "cut, then silent", "reset", "closed", "no json"],
)
def test_a_page_is_read_to_its_end_and_judged_by_its_head(anchor: Anchor, behave: Behaviour, page: Page | None) -> None:
    """3.15: what becomes of the body changes nothing of the answer."""
    with serving(behave) as port:
        (report,) = look(inquiry(port, HOST, connect_s=SOON_S, answer_s=SOON_S), anchor).reports
    assert (report.answer, report.page) == (Answer.WRONG, page)


def test_a_report_with_names_travels_as_json() -> None:
    page = Page(channels_down=("ADT_IN",), dependencies_down=("hospital-db",))
    report = ProbeReport(worker="wk1", answer=Answer.WRONG, ready=Answer.HEALTHY, page=page)
    sight = Sight(vantage="prober-a", zone="a", anchor_reached=True, reports=(report,))
    assert from_plain(Sight, json.loads(json.dumps(to_plain(sight)))) == sight


def test_an_anchor_that_refuses_is_not_reached_and_hides_no_worker(no_anchor: Anchor) -> None:
    with serving(answers(OK)) as port:
        sight = look(inquiry(port, HOST), no_anchor)
    assert not sight.anchor_reached
    assert sight.of("wk1") is Answer.HEALTHY


def test_all_are_asked_at_once(anchor: Anchor) -> None:
    """Each answers only when all three have been asked: one after the other, nobody would ever get an answer."""
    all_asked = threading.Barrier(3)

    def when_all_are_asked(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        all_asked.wait(LONG_S)
        connection.sendall(OK)
        over.wait()

    hosts = (HOST, "127.0.0.2", "127.0.0.3")
    with (
        serving(when_all_are_asked) as port,
        serving(when_all_are_asked, hosts[1], port),
        serving(when_all_are_asked, hosts[2], port),
    ):
        sight = look(inquiry(port, *hosts), anchor)
    assert {report.answer for report in sight.reports} == {Answer.HEALTHY}


def test_a_service_that_takes_longer_than_a_connection_may_is_healthy(anchor: Anchor) -> None:
    """3.17: in a burst only the connection is waited for less."""

    def takes_its_time(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        over.wait(2 * SOON_S)
        connection.sendall(OK)

    with serving(takes_its_time) as port:
        assert look(inquiry(port, HOST, connect_s=SOON_S), anchor).of("wk1") is Answer.HEALTHY


def test_a_silent_worker_takes_nothing_from_the_others(anchor: Anchor) -> None:
    with serving(stays_silent) as port, serving(answers(OK), "127.0.0.2", port):
        sight = look(inquiry(port, HOST, "127.0.0.2", connect_s=1.0, answer_s=1.0), anchor)
    assert (sight.of("wk1"), sight.of("wk2"), sight.anchor_reached) == (Answer.SILENT, Answer.HEALTHY, True)


@pytest.fixture
def hanging_name_service(monkeypatch: pytest.MonkeyPatch) -> Generator[threading.Event]:
    """Names are resolved only once the event is set; addresses at once."""
    go_on, real = threading.Event(), socket.getaddrinfo

    def resolve(host: str, *arguments: Any, **options: Any) -> Any:
        if host == "localhost":
            go_on.wait()
        return real(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    yield go_on
    go_on.set()


def test_a_name_service_that_hangs_takes_the_anchor_and_no_more(
    anchor: Anchor, hanging_name_service: threading.Event
) -> None:
    with serving(answers(OK)) as port:
        sight = look(inquiry(port, HOST, connect_s=1.0, answer_s=1.0), anchor)
    assert not hanging_name_service.is_set()
    assert (sight.anchor_reached, sight.of("wk1")) == (False, Answer.HEALTHY)


def test_an_anchor_that_was_reached_needs_its_name_no_more(anchor: Anchor, hanging_name_service: threading.Event) -> None:
    hanging_name_service.set()
    assert anchor.reached(LONG_S)
    hanging_name_service.clear()
    assert anchor.reached(LONG_S)


def test_an_anchor_that_was_lost_is_looked_up_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name leads to another address now, as a service's name does from time to time."""
    real = socket.getaddrinfo
    leads_to = HOST

    def resolve(host: str, *arguments: Any, **options: Any) -> Any:
        return real(leads_to if host == "anchor.example" else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with serving(stays_silent) as port:
        anchor = Anchor("anchor.example", port)
        assert anchor.reached(LONG_S)
    leads_to = "127.0.0.2"
    with serving(stays_silent, "127.0.0.2", port):
        assert not anchor.reached(LONG_S)
        assert anchor.reached(LONG_S)


def test_a_name_that_does_not_exist_is_an_anchor_not_reached() -> None:
    assert not Anchor("no-such-host.invalid", 443).reached(LONG_S)


def test_a_certificate_authority_that_cannot_be_read_could_not_be_asked(anchor: Anchor) -> None:
    for nonsense in ("nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "ü"):
        sight = look(inquiry(1, HOST, kind=HTTPS, tls_ca_pem=nonsense), anchor)
        assert (sight.of("wk1"), sight.anchor_reached) == (Answer.COULD_NOT_ASK, True)


def test_a_path_that_cannot_be_asked_for_says_nothing_of_the_worker(anchor: Anchor) -> None:
    (report,) = look(inquiry(1, HOST, path="not a path"), anchor).reports
    assert report.answer is Answer.COULD_NOT_ASK
    assert "is not a path" in report.detail


def test_a_machine_without_a_free_thread_could_not_ask(anchor: Anchor, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    sight = look(inquiry(1, HOST, "127.0.0.2"), anchor)
    assert {report.answer for report in sight.reports} == {Answer.COULD_NOT_ASK}
    assert not sight.anchor_reached


def test_every_question_carries_an_id_of_its_own(anchor: Anchor) -> None:
    seen: list[bytes] = []

    def remember(connection: socket.socket, over: threading.Event) -> None:
        del over
        seen.append(connection.recv(65536))

    with serving(remember) as port:
        for _ in range(3):
            look(inquiry(port, HOST, kind=MLLP), anchor)
    ids = [request.split(b"|")[9] for request in seen]
    assert len(set(ids)) == len(ids) == 3
    assert all(0 < len(one) <= 20 for one in ids)


def test_an_own_authority_is_read_once(authority: Authority) -> None:
    assert tls_context(verify=True, ca_pem=authority.pem) is tls_context(verify=True, ca_pem=authority.pem)


# Many sites at once


def test_many_sites_are_asked_at_once_and_each_is_told_its_own(anchor: Anchor) -> None:
    """RULE 2.11: with other workers, other kinds and other paths."""
    with serving(answers(OK)) as port, serving(stays_silent, "127.0.0.2", port):
        first, second, third = look_all(
            [
                inquiry(port, HOST, connect_s=1.0, answer_s=1.0),
                inquiry(port, "127.0.0.2", HOST, kind=ProbeKind.TCP, connect_s=1.0, answer_s=1.0),
                inquiry(port, "127.0.0.2", ready_path="/ready", connect_s=1.0, answer_s=1.0),
            ],
            anchor,
        )
    assert first.of("wk1") is Answer.HEALTHY
    assert [report.answer for report in second.reports] == [Answer.HEALTHY, Answer.HEALTHY]
    assert [(report.answer, report.ready) for report in third.reports] == [(Answer.SILENT, Answer.SILENT)]
    assert first.anchor_reached is second.anchor_reached is third.anchor_reached is True


def test_no_more_sockets_are_open_at_once_than_there_may_be(anchor: Anchor, monkeypatch: pytest.MonkeyPatch) -> None:
    """RULE 2.11: the others wait for the end of one, and are asked in time."""
    monkeypatch.setattr(prober, "SOCKETS_MAX", 5)
    now = most = 0
    lock = threading.Lock()
    real = prober.ask

    def counting(*asked: Any) -> Any:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        try:
            time.sleep(0.01)
            return real(*asked)
        finally:
            with lock:
                now -= 1

    monkeypatch.setattr(prober, "ask", counting)
    with serving(answers(OK)) as port:
        sights = look_all([inquiry(port, HOST) for _ in range(40)], anchor)
    assert most == 5
    assert {sight.of("wk1") for sight in sights} == {Answer.HEALTHY}


def test_who_was_not_asked_in_time_because_others_hang_could_not_be_asked(
    anchor: Anchor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """3.2: that says nothing of a worker."""
    monkeypatch.setattr(prober, "SOCKETS_MAX", 2)
    with serving(stays_silent) as port, serving(answers(OK), "127.0.0.2", port):
        began_s = time.monotonic()
        sights = look_all(
            [
                *[inquiry(port, HOST, connect_s=0.3, answer_s=0.3)] * 8,
                inquiry(port, "127.0.0.2", connect_s=0.3, answer_s=0.3),
            ],
            anchor,
        )
        took_s = time.monotonic() - began_s
    assert took_s < 2 * 0.3 + THREAD_MARGIN_S + 0.5
    assert {sight.of("wk1") for sight in sights} == {Answer.SILENT, Answer.COULD_NOT_ASK}
    assert sights[-1].of("wk1") is Answer.COULD_NOT_ASK


def test_hanging_workers_take_nothing_from_two_hundred_that_answer(anchor: Anchor) -> None:
    """RULE 2.11: a hanging one costs its own timeout."""
    with serving(answers(OK)) as port, serving(stays_silent, "127.0.0.2", port):
        sights = look_all([inquiry(port, HOST, "127.0.0.2", connect_s=1.0, answer_s=1.0) for _ in range(100)], anchor)
    assert {(sight.of("wk1"), sight.of("wk2")) for sight in sights} == {(Answer.HEALTHY, Answer.SILENT)}


def test_nobody_is_asked_for_nobody(anchor: Anchor) -> None:
    assert look_all([], anchor) == []
