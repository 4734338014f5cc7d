"""A listening TCP endpoint that can be open, silent or shut, as a network card in front of a server can.

    OPEN    connections are accepted and handed over
    SILENT  a SYN gets no answer: the client's connect runs into its own timeout
    SHUT    a SYN gets a reset: connection refused

SILENT without privileges (Linux): the listener's backlog is made 0 and filled with a connection of our own, and
nobody accepts. The kernel drops every SYN to a full accept queue. The listener itself stays, so there is no moment
at which a client is refused on the way in or out. A client that slips into the queue just before it is full is
connected and hears nothing; when the door opens it is served, as a client is whose SYN was sent again.
"""

import asyncio
import socket
from collections.abc import Callable
from enum import Enum
from typing import Final, assert_never

from lab.arguments import Endpoint
from lab.sockets import BACKLOG, close_with_reset, make_ready, queue_is_full, tcp_socket

_FILLERS_MAX: Final = 64  # one is enough on a quiet machine; each stray client that takes its place costs one more


class DoorState(Enum):
    """What a SYN meets."""

    OPEN = "open"
    SILENT = "silent"
    SHUT = "shut"


class Door:
    """One TCP endpoint; starts SHUT, holding no socket. Use it inside a running event loop.

    `on_connection` gets each accepted socket, made ready, and owns it from then on. Port 0 lets the system choose
    when the door first leaves SHUT; `endpoint` tells the port from then on.
    """

    def __init__(self, endpoint: Endpoint, on_connection: Callable[[socket.socket], None]) -> None:
        self.endpoint = endpoint
        self.state = DoorState.SHUT
        self._on_connection = on_connection
        self._listener: socket.socket | None = None
        self._fillers: list[socket.socket] = []

    def become(self, state: DoorState) -> None:
        """Change at once; the same state again changes nothing. Raises OSError if the endpoint is taken."""
        if state is self.state:
            return
        match state:
            case DoorState.SHUT:
                self._shut()
            case DoorState.SILENT:
                self._silence(self._listener or self._bound())
            case DoorState.OPEN:
                self._open(self._listener or self._bound())
            case _:
                assert_never(state)
        self.state = state

    def _bound(self) -> socket.socket:
        listener = tcp_socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(self.endpoint)
        self.endpoint = Endpoint(*listener.getsockname())
        self._listener = listener
        return listener

    def _open(self, listener: socket.socket) -> None:
        listener.listen(BACKLOG)
        self._accept(listener)  # takes the fillers out of the queue, so that none is left behind
        self._drop_fillers()
        asyncio.get_running_loop().add_reader(listener, self._accept, listener)

    def _silence(self, listener: socket.socket) -> None:
        asyncio.get_running_loop().remove_reader(listener)
        listener.listen(0)
        for _ in range(_FILLERS_MAX):
            if queue_is_full(listener):
                return
            filler = tcp_socket()
            filler.connect_ex(self.endpoint)  # on loopback the handshake is over when this returns
            self._fillers.append(filler)
        raise OSError(f"no way to silence {self.endpoint}: its queue is not full after {_FILLERS_MAX} connections")

    def _shut(self) -> None:
        if self._listener is None:
            return
        asyncio.get_running_loop().remove_reader(self._listener)
        self._listener.close()
        self._listener = None
        self._drop_fillers()

    def _drop_fillers(self) -> None:
        while self._fillers:
            close_with_reset(self._fillers.pop())

    def _accept(self, listener: socket.socket) -> None:
        ours = {filler.getsockname() for filler in self._fillers}
        while True:
            try:
                connection, peer = listener.accept()
            except BlockingIOError:
                return
            if peer in ours:
                close_with_reset(connection)
            else:
                make_ready(connection)
                self._on_connection(connection)
