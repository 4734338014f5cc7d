"""The door before the record's table: passes everything on, falls silent, and goes on where it stood."""

import socket
from collections.abc import Iterator

import pytest

from tests.lab.children import Child, StartChild
from tests.lab.plain_clients import ANSWER_S, is_silent, what_a_syn_meets

pytestmark = pytest.mark.lab


@pytest.fixture
def store(network: str) -> Iterator[socket.socket]:
    """Stand in for the emulator: a listener."""
    with socket.create_server((f"{network}.1", 0)) as listener:
        listener.settimeout(ANSWER_S)
        yield listener


@pytest.fixture
def door(child: StartChild, network: str, store: socket.socket) -> Child:
    door = child("lab.store_door", "--address", f"{network}.252")
    host, port = store.getsockname()
    door.do("lead", host=host, port=port)
    return door


def place(door: Child) -> tuple[str, int]:
    return door.ready["address"], door.ready["port"]


def test_a_flow_passes_both_ways(door: Child, store: socket.socket) -> None:
    with socket.create_connection(place(door), timeout=ANSWER_S) as client:
        inside, _ = store.accept()
        with inside:
            client.sendall(b"question")
            assert inside.recv(8) == b"question"
            inside.sendall(b"answer")
            assert client.recv(6) == b"answer"


def test_closed_it_answers_no_syn_and_holds_open_flows_until_it_opens(door: Child, store: socket.socket) -> None:
    with socket.create_connection(place(door), timeout=ANSWER_S) as client:
        inside, _ = store.accept()
        with inside:
            door.do("set", state="silent")
            inside.sendall(b"answer")
            assert is_silent(client)
            assert what_a_syn_meets(place(door)) == "silent"
            door.do("set", state="open")
            assert client.recv(6) == b"answer"


def test_before_it_leads_anywhere_nobody_is_answered(child: StartChild, network: str) -> None:
    assert what_a_syn_meets(place(child("lab.store_door", "--address", f"{network}.253"))) == "silent"
