"""The lifeline: the connection by which a relay knows that its worker's process lives, and where it listens.

    worker -> relay   {"boot": "...", "llp": 40001, "http": 40002, "public": 40003}     one line, ports on 127.0.0.1
    relay  -> worker  {"egress": 40100}          one line, when the relay's doors have taken the worker's place

Then silence, until one of the two processes ends and the kernel closes the connection. It is no part of the lab's
network: no fault of the network card touches it.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Final

from lab.arguments import Endpoint

LOOPBACK: Final = "127.0.0.1"
_HELLO_S: Final = 5.0


@dataclass(frozen=True)
class Registration:
    """A worker's process: its boot id, and the loopback ports that it listens on."""

    boot: str
    llp: int
    http: int
    public: int


@dataclass(frozen=True)
class Attached:
    """A worker's end: `egress` leads to the receiver; `lost` returns when the relay is gone."""

    egress: Endpoint
    lost: Callable[[], Awaitable[None]]


async def attach(relay: Endpoint, registration: Registration) -> Attached:
    """Tell the relay about this process; raises OSError, ValueError or KeyError if no relay answers."""
    async with asyncio.timeout(_HELLO_S):
        reader, writer = await asyncio.open_connection(*relay)
        writer.write(json.dumps(asdict(registration)).encode() + b"\n")
        answer: Any = json.loads(await reader.readline())

    async def lost() -> None:
        await _until_closed(reader)
        writer.close()

    return Attached(Endpoint(LOOPBACK, answer["egress"]), lost)


class Lifelines:
    """The relay's end. A newer registration takes an older one's place: the older process is as good as gone.

    `on_change` hears of every change: the registration of the worker that is up, or None.
    """

    def __init__(self, egress_port: Callable[[], int], on_change: Callable[[Registration | None], None]) -> None:
        self.current: Registration | None = None
        self._egress_port = egress_port
        self._on_change = on_change

    async def listen(self) -> Endpoint:
        """Listen on a free loopback port."""
        server = await asyncio.start_server(self._attended, LOOPBACK, 0)
        return Endpoint(*server.sockets[0].getsockname())

    async def _attended(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            registration = Registration(**json.loads(await reader.readline()))
            self._become(registration)
            writer.write(json.dumps({"egress": self._egress_port()}).encode() + b"\n")
            await _until_closed(reader)
            if self.current is registration:
                self._become(None)
        finally:
            writer.close()

    def _become(self, registration: Registration | None) -> None:
        self.current = registration
        self._on_change(registration)


async def _until_closed(reader: asyncio.StreamReader) -> None:
    with suppress(ConnectionError):  # a killed process may leave by a reset instead of an end
        await reader.read()
