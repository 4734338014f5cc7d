"""Clients made of plain sockets: the tests' own view of the data path, without the lab's code for it."""

import json
import socket
import struct
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any, Final

from lab.hl7_messages import observation

ANSWER_S: Final = 10.0
"""How long a client waits for what must come."""
SILENCE_S: Final = 0.3
"""How long it waits to call it silence: an answer over loopback takes a few thousandths of that."""

Address = tuple[str, int]


def what_a_syn_meets(address: Address) -> str:
    """Try to connect: `open`, `refused` or `silent`."""
    try:
        with socket.create_connection(address, timeout=SILENCE_S):
            return "open"
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "silent"


def connected(address: Address) -> socket.socket:
    """Connect for a test that closes it by `with`."""
    return socket.create_connection(address, timeout=ANSWER_S)


def message(control_id: str, sender: str = "s1") -> str:
    """Make a message of one's own; equal arguments give the same key."""
    return observation(sender, control_id, 1, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))


def send(sock: socket.socket, text: str) -> None:
    """Send one MLLP block."""
    sock.sendall(b"\x0b" + text.encode() + b"\x1c\r")


def answer(sock: socket.socket) -> str:
    """Read one MLLP block; raises TimeoutError, EOFError or ConnectionError."""
    block = b""
    while not block.endswith(b"\x1c\r"):
        data = sock.recv(1)
        if not data:
            raise EOFError(f"closed after {block!r}")
        block += data
    assert block.startswith(b"\x0b"), block
    return block[1:-2].decode()


def exchange(sock: socket.socket, text: str) -> list[str]:
    """Send a message, read its acknowledgement; gives the fields of the MSA segment."""
    send(sock, text)
    segments = answer(sock).split("\r")
    return next(segment for segment in segments if segment.startswith("MSA")).split("|")


def is_silent(sock: socket.socket) -> bool:
    """Tell whether nothing comes from the other end, neither bytes nor an end nor a reset."""
    before = sock.gettimeout()
    sock.settimeout(SILENCE_S)
    try:
        sock.recv(1)
    except TimeoutError:
        return True
    except ConnectionError:
        return False
    finally:
        sock.settimeout(before)
    return False


def is_reset(sock: socket.socket) -> bool:
    """Wait for the other end to reset the connection; False if it closes, answers or falls silent instead."""
    try:
        sock.recv(1)
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return False


def close_by_reset(sock: socket.socket) -> None:
    """Close so that the other end reads a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def get(address: Address, path: str) -> tuple[int, dict[str, Any]]:
    """Ask over HTTP: status and JSON body."""
    url = f"http://{address[0]}:{address[1]}{path}"
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_S) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
