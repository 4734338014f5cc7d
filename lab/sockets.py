"""What the lab asks of Linux TCP sockets beyond the usual. Linux only; the relay and the public address import it."""

import os
import socket
import struct
from typing import Final

BACKLOG: Final = 128

_TCP_INFO_BYTES: Final = 104
_STATE_OFFSET: Final = 0
_QUEUE_OFFSET: Final = 24  # tcpi_unacked, tcpi_sacked: of a listener they are the accept queue's length and its limit
_PEER_CLOSED: Final = frozenset({7, 8, 9, 11})  # CLOSE, CLOSE_WAIT, LAST_ACK, CLOSING in Linux's tcp_states.h
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


def tcp_socket() -> socket.socket:
    """Make a non-blocking TCP socket that sends small writes at once."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    make_ready(sock)
    return sock


def make_ready(sock: socket.socket) -> None:
    """Set an accepted or a new socket up for forwarding: non-blocking, small writes at once."""
    sock.settimeout(0)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def close_with_reset(sock: socket.socket) -> None:
    """Close so that the peer reads a reset; what was not yet sent is lost."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    sock.close()


def raise_if_reset(sock: socket.socket) -> None:
    """Raise the ConnectionError that a peer's reset has left on the socket.

    Linux still hands out bytes that arrived before the reset; whoever did not read for a while must ask here first.
    """
    error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error:
        raise OSError(error, os.strerror(error))


def peer_has_left(sock: socket.socket) -> bool:
    """Tell whether the peer has closed its end or reset the connection; reads nothing."""
    return _tcp_info(sock)[_STATE_OFFSET] in _PEER_CLOSED


def queue_is_full(listener: socket.socket) -> bool:
    """Tell whether the kernel drops further SYNs: it does when the accept queue is longer than its limit."""
    length, limit = struct.unpack_from("II", _tcp_info(listener), _QUEUE_OFFSET)
    return length > limit


def _tcp_info(sock: socket.socket) -> bytes:
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
