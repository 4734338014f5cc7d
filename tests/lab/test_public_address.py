"""The public address, as its clients see it, over two echo servers that play the workers."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.children import Child, StartChild, eventually, lines
from tests.lab.plain_clients import ANSWER_S, connected, is_reset, is_silent, what_a_syn_meets

pytestmark = pytest.mark.lab

PORTS = (2575, 8080)


class Echo:
    """A server that names itself on connect, then sends back what it gets; `taken` is all that it ever got."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.taken = b""
        self._open: list[socket.socket] = []
        self._listeners = [socket.create_server((host, port)) for port in PORTS]
        self._threads = [threading.Thread(target=self._serve, args=(one,)) for one in self._listeners]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        for listener in self._listeners:
            listener.shutdown(socket.SHUT_RDWR)  # wakes the accept
        for thread in self._threads:
            thread.join(ANSWER_S)
        for sock in [*self._listeners, *self._open]:
            sock.close()

    def _serve(self, listener: socket.socket) -> None:
        # One connection after the other is enough here, and leaves no thread behind.
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self._open.append(connection)
            connection.settimeout(ANSWER_S)
            try:
                connection.sendall(f"{self.host}\n".encode())
                while data := connection.recv(1024):
                    self.taken += data
                    connection.sendall(data)
            except OSError:
                pass
            connection.close()


@pytest.fixture
def first(network: str) -> Iterator[Echo]:
    server = Echo(f"{network}.10")
    yield server
    server.close()


@pytest.fixture
def second(network: str) -> Iterator[Echo]:
    server = Echo(f"{network}.20")
    yield server
    server.close()


@pytest.fixture
def where(network: str) -> tuple[str, int]:
    return f"{network}.250", PORTS[0]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "public.jsonl"


@pytest.fixture
def public(child: StartChild, where: tuple[str, int], log: Path) -> Child:
    ports = ",".join(map(str, PORTS))
    return child("lab.public_address", "--address", where[0], "--ports", ports, "--log", log)


def read(flow: socket.socket, size: int) -> str:
    got = b""
    while len(got) < size:
        data = flow.recv(size - len(got))
        assert data, f"closed after {got!r}"
        got += data
    return got.decode()


def greeted(flow: socket.socket, server: Echo) -> socket.socket:
    assert read(flow, len(server.host) + 1) == f"{server.host}\n"
    return flow


def test_an_address_that_carries_nothing_answers_no_syn(public: Child, where: tuple[str, int]) -> None:
    assert what_a_syn_meets(where) == "silent"
    assert public.do("carry", private_ip=None)["private_ip"] is None
    assert what_a_syn_meets(where) == "silent"


def test_every_port_leads_to_the_same_port_of_the_worker(public: Child, where: tuple[str, int], first: Echo) -> None:
    public.do("carry", private_ip=first.host)
    for port in PORTS:
        with connected((where[0], port)) as flow:
            greeted(flow, first).sendall(b"hello")
            assert read(flow, 5) == "hello"


def test_new_flows_follow_the_association(public: Child, where: tuple[str, int], first: Echo, second: Echo) -> None:
    for server in (first, second, first):
        public.do("carry", private_ip=server.host)
        with connected(where) as flow:
            greeted(flow, server)


def test_open_flows_fall_silent_without_association_and_are_reset_by_the_next(
    public: Child, where: tuple[str, int], first: Echo, second: Echo
) -> None:
    public.do("carry", private_ip=first.host)
    with connected(where) as flow:
        greeted(flow, first)
        public.do("carry", private_ip=None)
        flow.sendall(b"lost")
        assert is_silent(flow)
        public.do("carry", private_ip=second.host)
        assert is_reset(flow)
    assert (first.taken, second.taken) == (b"", b"")


def test_open_flows_are_reset_by_a_move_in_one_step(
    public: Child, where: tuple[str, int], first: Echo, second: Echo
) -> None:
    public.do("carry", private_ip=first.host)
    with connected(where) as flow:
        greeted(flow, first)
        public.do("carry", private_ip=second.host)
        assert is_reset(flow)


def test_open_flows_go_on_when_the_same_worker_gets_the_address_back(
    public: Child, where: tuple[str, int], first: Echo
) -> None:
    public.do("carry", private_ip=first.host)
    with connected(where) as flow:
        greeted(flow, first)
        public.do("carry", private_ip=None)
        flow.sendall(b"late")
        assert is_silent(flow)
        public.do("carry", private_ip=first.host)
        assert read(flow, 4) == "late"


def test_a_refusing_worker_means_a_reset_at_once(public: Child, where: tuple[str, int], network: str) -> None:
    public.do("carry", private_ip=f"{network}.30")
    with pytest.raises(ConnectionResetError), connected(where) as flow:  # a quick reset meets the connect itself
        flow.recv(1)


def test_a_worker_without_an_answer_means_silence_then_the_move_means_a_reset(
    public: Child, where: tuple[str, int], network: str, second: Echo
) -> None:
    with socket.create_server((f"{network}.30", PORTS[0]), backlog=0) as mute, connected(mute.getsockname()):
        public.do("carry", private_ip=f"{network}.30")
        with connected(where) as flow:
            flow.sendall(b"anybody?")
            assert is_silent(flow)
            public.do("carry", private_ip=second.host)
            assert is_reset(flow)


def test_a_client_that_left_before_the_worker_answered_is_never_heard_by_it(
    public: Child, where: tuple[str, int], network: str, log: Path
) -> None:
    with socket.create_server((f"{network}.30", PORTS[0]), backlog=0) as mute:
        filler = connected(mute.getsockname())
        public.do("carry", private_ip=f"{network}.30")
        with connected(where) as flow:
            flow.sendall(b"too early")
        eventually(lambda: lines(log, "close"))
        assert [line["how"] for line in lines(log, "close")] == ["left"]
        filler.close()
        mute.settimeout(ANSWER_S)
        mute.accept()[0].close()  # the filler
        mute.settimeout(0.3)
        with pytest.raises(TimeoutError):
            mute.accept()


def test_a_balancers_open_flows_go_on_with_their_worker_whoever_takes_the_new_ones(
    public: Child, where: tuple[str, int], first: Echo, second: Echo
) -> None:
    public.do("carry", private_ip=first.host, keeps_flows=True)
    with connected(where) as old:
        greeted(old, first)
        for carried in (None, second.host):
            public.do("carry", private_ip=carried, keeps_flows=True)
            old.sendall(b"still here")
            assert read(old, 10) == "still here"
        with connected(where) as new:
            greeted(new, second)


def test_a_balancer_answers_on_the_ports_that_a_rule_names_and_on_no_other(
    public: Child, where: tuple[str, int], first: Echo
) -> None:
    public.do("carry", private_ip=first.host, ports=[PORTS[0]])
    assert [what_a_syn_meets((where[0], port)) for port in PORTS] == ["open", "silent"]
    public.do("carry", private_ip=first.host, ports=[PORTS[1]])
    assert [what_a_syn_meets((where[0], port)) for port in PORTS] == ["silent", "open"]
    public.do("carry", private_ip=first.host)
    assert [what_a_syn_meets((where[0], port)) for port in PORTS] == ["open", "open"]


@pytest.mark.parametrize("ports", ["2575", ["2575"], {}])
def test_ports_that_are_no_numbers_are_refused(public: Child, ports: object) -> None:
    with pytest.raises(AssertionError, match="allowed is a list of numbers"):
        public.do("carry", private_ip=None, ports=ports)


def test_a_leak_leaves_open_flows_with_their_old_worker(
    public: Child, where: tuple[str, int], first: Echo, second: Echo
) -> None:
    public.do("carry", private_ip=first.host)
    with connected(where) as old:
        greeted(old, first)
        public.do("leak", on=True)
        public.do("carry", private_ip=second.host)
        with connected(where) as new:
            greeted(new, second)
            old.sendall(b"still here")
            assert read(old, 10) == "still here"


def test_the_log_tells_each_association_and_each_flow(
    public: Child, where: tuple[str, int], log: Path, first: Echo, second: Echo
) -> None:
    public.do("carry", private_ip=first.host)
    with connected(where) as flow:
        greeted(flow, first)
        public.do("carry", private_ip=second.host)
        assert is_reset(flow)
    eventually(lambda: lines(log, "close"))
    told = [{name: value for name, value in line.items() if name != "t"} for line in lines(log)]
    assert told == [
        {"event": "carries", "private_ip": first.host},
        {"event": "open", "flow": 1, "worker_ip": first.host},
        {"event": "carries", "private_ip": second.host},
        {"event": "close", "flow": 1, "how": "moved"},
    ]


def test_a_flow_that_both_sides_closed_is_finished(public: Child, where: tuple[str, int], log: Path, first: Echo) -> None:
    public.do("carry", private_ip=first.host)
    with connected(where) as flow:
        greeted(flow, first)
        flow.shutdown(socket.SHUT_WR)
        assert flow.recv(1) == b""
    eventually(lambda: lines(log, "close"))
    assert [line["how"] for line in lines(log, "close")] == ["finished"]
