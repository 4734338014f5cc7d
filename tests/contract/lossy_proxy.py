"""A small real proxy that loses answers: the request is carried out upstream, and the caller does not learn of it.

One HTTP request per connection, which is all that a client with one attempt and a broken connection ever sends.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urlsplit


class Loss(Enum):
    """What becomes of one request."""

    NONE = "none"
    CLOSED = "closed"
    """Carried out; the connection is closed instead of an answer."""
    RESET = "reset"
    """Carried out; the connection is reset instead of an answer."""
    CUT = "cut"
    """Carried out; the answer ends in the middle of its body."""
    MANGLED = "mangled"
    """Carried out; the status is right and the body is whole, but it is not the service's."""
    SILENT = "silent"
    """Carried out; nothing is answered until the caller gives up."""
    HELD = "held"
    """Kept back until `deliver`; the connection is closed."""
    DROPPED = "dropped"
    """Never carried out; the connection is closed."""
    INTERCEPTED = "intercepted"
    """Never carried out; somebody else answers, with success."""


_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_WAIT_S = 20.0


@dataclass
class LossyProxy:
    """Set `next_losses` before a call: one entry per request that `counts`, then everything passes again."""

    upstream: tuple[str, int]
    endpoint: str = ""
    next_losses: list[Loss] = field(default_factory=list[Loss])
    counts: Callable[[bytes], bool] = lambda _request: True
    held: list[bytes] = field(default_factory=list[bytes])
    requests: list[bytes] = field(default_factory=list[bytes])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def deliver(self) -> bytes:
        """Carry the oldest held request out now, as a network may do; gives its answer."""
        return self._carry_out(self.held.pop(0))

    def serve(self, connection: socket.socket) -> None:
        """One request of one connection."""
        with connection:
            connection.settimeout(_WAIT_S)
            request = _read_message(connection)
            if not request:
                return
            with self._lock:
                self.requests.append(request)
                loss = self.next_losses.pop(0) if self.next_losses and self.counts(request) else Loss.NONE
            with contextlib.suppress(OSError):  # a caller that has given up
                self._answer(connection, request, loss)

    def _answer(self, connection: socket.socket, request: bytes, loss: Loss) -> None:
        match loss:
            case Loss.HELD:
                self.held.append(request)
            case Loss.DROPPED:
                pass
            case Loss.NONE:
                connection.sendall(self._carry_out(request))
            case Loss.CLOSED:
                self._carry_out(request)
            case Loss.SILENT:
                self._carry_out(request)
                connection.recv(1)
            case Loss.RESET:
                self._carry_out(request)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            case Loss.CUT:
                connection.sendall(_with_half_a_body(self._carry_out(request)))
            case Loss.MANGLED:
                connection.sendall(_with_another_body(self._carry_out(request)))
            case Loss.INTERCEPTED:
                connection.sendall(_with_another_body(b"HTTP/1.1 200 OK\r\n\r\n"))

    def _carry_out(self, request: bytes) -> bytes:
        with socket.create_connection(self.upstream, timeout=_WAIT_S) as upstream:
            upstream.sendall(request)
            return _read_message(upstream, is_answer=True)


@contextlib.contextmanager
def lossy_proxy(endpoint: str) -> Generator[LossyProxy]:
    """Put a proxy before `endpoint`."""
    parts = urlsplit(endpoint)
    assert parts.hostname
    assert parts.port
    proxy = LossyProxy((parts.hostname, parts.port))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy.endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
        stop = threading.Event()
        listener.settimeout(0.05)
        acceptor = threading.Thread(target=_accept, args=(listener, proxy, stop))
        acceptor.start()
        try:
            yield proxy
        finally:
            stop.set()
            acceptor.join()


def _accept(listener: socket.socket, proxy: LossyProxy, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        threading.Thread(target=proxy.serve, args=(connection,), daemon=True).start()


def _read_message(connection: socket.socket, *, is_answer: bool = False) -> bytes:
    """A whole HTTP message: head, and the body that Content-Length announces; an answer without it ends with the line."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return b""
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    announced = _content_length(head)
    while (announced is None and is_answer) or len(body) < (announced or 0):
        piece = connection.recv(65536)
        if not piece:
            break
        body += piece
    return _closing(head) + b"\r\n\r\n" + body


def _content_length(head: bytes) -> int | None:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return None


def _closing(head: bytes) -> bytes:
    """The same head, saying that the connection ends afterwards: neither side is to reuse it."""
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([*lines, b"Connection: close"])


def _with_half_a_body(answer: bytes) -> bytes:
    """What has no body ends in the middle of its head."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n" + body[: len(body) // 2] if body else head[: len(head) // 2]


def _with_another_body(answer: bytes) -> bytes:
    status = answer.partition(b"\r\n")[0]
    body = b"<html>please sign in to the network</html>"
    return status + b"\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body
