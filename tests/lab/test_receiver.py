"""The downstream receiver: which copies it delivers, and which it only acknowledges."""

from pathlib import Path

import pytest

from lab.hl7_messages import Mode, Origin, forwarded
from tests.lab.children import Child, StartChild, lines
from tests.lab.plain_clients import answer, connected, exchange, is_silent, message, send

pytestmark = pytest.mark.lab


def copy(control_id: str, worker: str, boot: str, mode: Mode = Mode.CURRENT) -> str:
    return forwarded(message(control_id), Origin(worker, boot, mode))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "receiver.jsonl"


@pytest.fixture
def receiver(child: StartChild, network: str, log: Path) -> Child:
    return child("lab.receiver", "--address", f"{network}.251", "--port", 2575, "--log", log)


def where(receiver: Child) -> tuple[str, int]:
    return receiver.ready["address"], receiver.ready["port"]


@pytest.mark.parametrize(
    ("first", "second", "delivered"),
    [
        (copy("c1", "wk1", "b1"), copy("c1", "wk1", "b1"), 2),  # called new twice by one start of one worker
        (copy("c1", "wk1", "b1"), copy("c1", "wk1", "b1", Mode.RESTORED), 1),
        (copy("c1", "wk1", "b1", Mode.RESTORED), copy("c1", "wk1", "b1"), 1),  # the first try, late from a broken flow
        (copy("c1", "wk1", "b1"), copy("c1", "wk1", "b2"), 1),
        (copy("c1", "wk1", "b1"), copy("c1", "wk2", "b3"), 1),
        (copy("c1", "wk1", "b1"), copy("c2", "wk1", "b1"), 2),
        (copy("c1", "wk1", "b1"), copy("c2", "wk1", "b1", Mode.RESTORED), 2),
    ],
)
def test_a_known_message_is_delivered_again_only_if_one_worker_calls_it_new_twice(
    receiver: Child, log: Path, first: str, second: str, delivered: int
) -> None:
    with connected(where(receiver)) as flow:
        assert [exchange(flow, text)[1] for text in (first, second)] == ["AA", "AA"]
    repeats = log.with_name("receiver-repeats.jsonl")
    assert (len(lines(log, "delivered")), len(lines(repeats, "recognised"))) == (delivered, 2 - delivered)


def test_a_holding_receiver_answers_and_delivers_nothing_until_it_goes_on(receiver: Child, log: Path) -> None:
    receiver.do("hold", on=True)
    with connected(where(receiver)) as flow:
        send(flow, copy("c1", "wk1", "b1"))
        assert is_silent(flow)
        assert (receiver.do("state")["held"], lines(log)) == (1, [])
        receiver.do("hold", on=False)
        assert "MSA|AA|c1|" in answer(flow)
    assert [(line["from"], line["boot"]) for line in lines(log, "delivered")] == [("wk1", "b1")]


@pytest.mark.parametrize(
    "junk", [b"GET / HTTP/1.1\r\n\r\n\x1c\r", b"\x0bhello\x1c\r", b"\x0bMSH|^~\\&|a\x1c\r", b"\x0b\xff\xfe\x1c\r"]
)
def test_what_is_no_message_ends_its_connection_and_nothing_else(receiver: Child, junk: bytes) -> None:
    with connected(where(receiver)) as flow:
        flow.sendall(junk)
        assert flow.recv(1) == b""
    with connected(where(receiver)) as flow:
        assert exchange(flow, copy("c1", "wk1", "b1"))[1:3] == ["AA", "c1"]
