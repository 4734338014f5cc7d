"""The HTTP of the emulated Resource Manager, on 127.0.0.1: bytes in, bytes out, and a clock that goes on.

Every connection has a thread; the emulator answers one request at a time. A lost answer is a connection that is closed. The
lab may hold a call on its way in or out (`lab.trap`), by the name of its action.
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from lab.arm.access import identity_of
from lab.arm.action_names import action_of
from lab.arm.emulator import Emulator
from lab.arm.ids import parse
from lab.arm.messages import Lost, RefusedError, Reply, Request, parsed
from lab.trap import Fate, Trap, Way

HOST = "127.0.0.1"
_REST_S = 0.5
"""Longest time between two looks at what is due."""


class MonotonicClock:
    """The machine's clock, which the lab's logs are stamped on too."""

    def now_s(self) -> float:
        """Seconds, monotonic."""
        return time.monotonic()


class Server:
    """A running server; `ticking`: operations end by themselves and not only when somebody asks."""

    def __init__(self, emulator: Emulator, port: int = 0, trap: Trap | None = None, *, ticking: bool = True) -> None:
        self.emulator = emulator
        self._http = _Http((HOST, port), _Handler)
        self._http.tandem = (emulator, trap, threading.Event())
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)]
        self._threads += [threading.Thread(target=self._tick, daemon=True)] if ticking else []
        for thread in self._threads:
            thread.start()

    @property
    def endpoint(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self._http.server_address[1]}"

    def close(self) -> None:
        """Stop answering."""
        self._ending.set()
        self._http.shutdown()
        self._http.server_close()
        for thread in self._threads:
            thread.join()

    def _tick(self) -> None:
        changed = self._http.tandem[2]
        while not self._ending.is_set():
            due_s = self.emulator.tick()
            rest_s = _REST_S if due_s is None else max(0.0, min(_REST_S, due_s - self.emulator.clock.now_s()))
            changed.wait(rest_s)
            changed.clear()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    block_on_close = False
    tandem: tuple[Emulator, Trap | None, threading.Event]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that left; anything else is a fault of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        emulator, trap, changed = cast("_Http", self.server).tandem
        try:
            request = self._request()
        except RefusedError as refused:
            self._send(refused.refusal.reply())
            return
        if _is_dropped(trap, request, Way.IN):
            self._cut()
            return
        reply: Reply | Lost = emulator.serve(request)
        changed.set()
        if isinstance(reply, Lost) or _is_dropped(trap, request, Way.OUT):
            self._cut()
            return
        self._send(reply)

    do_GET = do_HEAD = do_PUT = do_PATCH = do_POST = do_DELETE = _answer  # noqa: N815 - the names that http.server calls

    def _request(self) -> Request:
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size) if size else b""
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        base_url = f"http://{self.headers.get('Host', '')}"
        return Request(self.command, unquote(url.path), query, headers, parsed(body), base_url)

    def _send(self, reply: Reply) -> None:
        body = b"" if reply.body is None else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if body:
            self.send_header("Content-Type", "application/json; charset=utf-8")
        if reply.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _cut(self) -> None:
        self.close_connection = True

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class's name
        """Write nothing: the emulator keeps a log of its own."""


def _is_dropped(trap: Trap | None, request: Request, way: Way) -> bool:
    """Meet the trap; whether the call, or its answer, is lost."""
    if trap is None:
        return False
    try:
        action = action_of(request.method, parse(request.path))
    except ValueError:
        return False
    about = f"{request.method} {request.path}"
    return trap.meet(action, identity_of(request.token), way, about) is Fate.DROP
