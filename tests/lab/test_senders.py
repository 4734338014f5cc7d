"""Senders and the HTTP client against servers that follow a script."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.lab.children import Child, StartChild, eventually, lines
from tests.lab.plain_clients import ANSWER_S, answer, close_by_reset

pytestmark = pytest.mark.lab

Act = Callable[[socket.socket, str], None]
"""What the server does with a connection on which it has read this."""


def acknowledge(connection: socket.socket, text: str) -> None:
    _reply(connection, text.split("|")[9], "AA")


def reject(connection: socket.socket, text: str) -> None:
    _reply(connection, text.split("|")[9], "AE")


def acknowledge_another(connection: socket.socket, _: str) -> None:
    _reply(connection, "another", "AA")


def close(connection: socket.socket, _: str) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def reset(connection: socket.socket, _: str) -> None:
    close_by_reset(connection)


def stay_silent(_: socket.socket, __: str) -> None:
    """The sender's own timeout has to end this."""


def _reply(connection: socket.socket, control_id: str, code: str) -> None:
    header = "MSH|^~\\&|TANDEM|PAIR|s1|LAB|20260102030405||ACK^R01|A|P|2.5"
    connection.sendall(f"\x0b{header}\rMSA|{code}|{control_id}|wk9 b00t\r\x1c\r".encode())


class ScriptedServer:
    """Answers one request after the other by the script, whose last act goes on for ever; keeps what it read."""

    def __init__(self, address: tuple[str, int], script: list[Act], read: Callable[[socket.socket], str]) -> None:
        self.requests: list[str] = []
        self._script = script
        self._read = read
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(address)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for connection in self._open:
            with suppress(OSError):  # it may be gone already
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(ANSWER_S)
        for sock in (self._listener, *self._open):
            sock.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(ANSWER_S)
            self._open.append(connection)
            try:
                self._talk(connection)
            except (OSError, EOFError):
                connection.close()

    def _talk(self, connection: socket.socket) -> None:
        while True:
            self.requests.append(self._read(connection))
            act = self._script.pop(0) if len(self._script) > 1 else self._script[0]
            act(connection, self.requests[-1])


Serve = Callable[..., ScriptedServer]


@pytest.fixture
def serve(network: str) -> Iterator[Serve]:
    servers: list[ScriptedServer] = []

    def start(*script: Act, read: Callable[[socket.socket], str] = answer) -> ScriptedServer:
        servers.append(ScriptedServer((f"{network}.250", 2575), list(script), read))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "client.jsonl"


@pytest.fixture
def sender(child: StartChild, network: str, log: Path) -> Callable[[], Child]:
    where = ("--address", f"{network}.250", "--port", 2575, "--log", log)
    return lambda: child("lab.sender", "--name", "s1", *where, "--rate", 100, "--ack-timeout", 0.4, "--retry", 0.02)


@pytest.fixture
def http_client(child: StartChild, network: str, log: Path) -> Callable[[], Child]:
    where = ("--address", f"{network}.250", "--port", 2575, "--log", log)
    return lambda: child("lab.http_client", *where, "--interval", 0.02, "--timeout", 0.4)


def test_a_sender_sends_one_message_after_the_other_over_one_connection(
    serve: Serve, sender: Callable[[], Child], log: Path
) -> None:
    serve(acknowledge)
    child = sender()
    eventually(lambda: len(lines(log, "acked")) >= 3)
    done = child.do("stop")
    told = lines(log)
    assert [line["event"] for line in told[:5]] == ["connected", "sent", "acked", "sent", "acked"]
    assert [line["seq"] for line in lines(log, "acked")] == list(range(1, done["acknowledged"] + 1))
    assert {(line["worker"], line["boot"], line["attempt"]) for line in lines(log, "acked")} == {("wk9", "b00t", 1)}
    assert len(lines(log, "connected")) == 1
    assert len({line["key"][1] for line in lines(log, "acked")}) == done["acknowledged"]


@pytest.mark.parametrize(
    ("act", "how"),
    [
        (reject, "nack"),
        (acknowledge_another, "nack"),
        (close, "eof"),
        (reset, "reset"),
        (stay_silent, "timeout"),
    ],
)
def test_after_any_failure_a_sender_connects_anew_and_sends_the_same_message(
    serve: Serve, sender: Callable[[], Child], log: Path, act: Act, how: str
) -> None:
    server = serve(act, acknowledge)
    sender()
    eventually(lambda: len(lines(log, "acked")) >= 2)
    assert [line["event"] for line in lines(log)[:6]] == ["connected", "sent", "failed", "connected", "sent", "acked"]
    failed, acked = lines(log, "failed")[0], lines(log, "acked")[0]
    assert (failed["how"], failed["attempt"], acked["attempt"]) == (how, 1, 2)
    assert failed["key"] == acked["key"]
    assert server.requests[0] == server.requests[1] != server.requests[2]


def test_a_sender_waits_for_a_server_that_refuses(serve: Serve, sender: Callable[[], Child], log: Path) -> None:
    sender()
    eventually(lambda: len(lines(log, "failed")) >= 2)
    assert {line["how"] for line in lines(log)} == {"refused"}
    serve(acknowledge)
    acked = eventually(lambda: lines(log, "acked"))[0]
    assert (acked["seq"], acked["attempt"]) == (1, len(lines(log, "failed")) + 1)


def test_a_stopped_sender_finishes_its_message_first(serve: Serve, sender: Callable[[], Child], log: Path) -> None:
    serve(stay_silent, acknowledge)
    child = sender()
    eventually(lambda: lines(log, "sent"))
    done = child.do("stop")
    assert (done["finished"], done["acknowledged"]) == (True, 1)
    assert [line["event"] for line in lines(log)] == ["connected", "sent", "failed", "connected", "sent", "acked"]


def test_a_stopped_sender_says_at_its_deadline_that_it_is_not_finished(
    serve: Serve, sender: Callable[[], Child], log: Path
) -> None:
    serve(reject)
    child = sender()
    eventually(lambda: lines(log, "failed"))
    done = child.do("stop", deadline_s=0.1)
    assert (done["finished"], done["acknowledged"]) == (False, 0)


def test_the_sent_line_is_in_the_log_before_the_server_has_the_message(
    serve: Serve, sender: Callable[[], Child], log: Path
) -> None:
    seen: list[int] = []

    def look(connection: socket.socket, text: str) -> None:
        seen.append(len(lines(log, "sent")))
        acknowledge(connection, text)

    serve(look)
    sender()
    eventually(lambda: len(seen) >= 3)
    assert seen[:3] == [1, 2, 3]


def _request(connection: socket.socket) -> str:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        data = connection.recv(1)
        if not data:
            raise EOFError
        head += data
    return head.decode()


def _http(status: str, body: str) -> Act:
    def act(connection: socket.socket, _: str) -> None:
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        connection.shutdown(socket.SHUT_WR)

    return act


GOOD = _http("200 OK", '{"worker": "wk9", "boot": "b00t"}')


@pytest.mark.parametrize(
    ("act", "how"),
    [
        (_http("503 Service Unavailable", '{"worker": "wk9", "boot": "b00t"}'), "nack"),
        (_http("200 OK", "hello"), "nack"),
        (close, "eof"),
        (reset, "reset"),
        (stay_silent, "timeout"),
    ],
)
def test_the_http_client_tells_answers_from_each_kind_of_failure(
    serve: Serve, http_client: Callable[[], Child], log: Path, act: Act, how: str
) -> None:
    serve(act, GOOD, read=_request)
    http_client()
    eventually(lambda: lines(log, "answer"))
    first, second = lines(log)[:2]
    assert (first["event"], first["how"]) == ("failed", how)
    assert (second["event"], second["worker"], second["boot"]) == ("answer", "wk9", "b00t")
    assert second["seconds"] > 0


def test_a_stopped_http_client_asks_no_more(serve: Serve, http_client: Callable[[], Child], log: Path) -> None:
    server = serve(GOOD, read=_request)
    child = http_client()
    eventually(lambda: lines(log, "answer"))
    child.do("stop")
    asked: list[Any] = list(server.requests)
    eventually(lambda: len(lines(log, "answer")) >= len(asked))
    assert len(server.requests) <= len(asked) + 1
