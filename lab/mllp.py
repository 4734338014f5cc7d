"""Both ends of an MLLP connection over the `hl7` package's asyncio streams, with bounds and an encoding on every read.

Texts in, texts out (see `lab.hl7_messages`). The package parses each incoming block; a block that it cannot parse
ends the connection. Its server starts handlers that nobody keeps a reference to, so handlers are kept here.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import hl7
from hl7.mllp import HL7StreamReader, HL7StreamWriter, InvalidBlockError, open_hl7_connection, start_hl7_server

from lab.arguments import Endpoint
from lab.background import Background
from lab.failure import EXPECTED, WrongAnswerError
from lab.hl7_messages import Acknowledgement, MalformedMessageError, accepted

ENCODING: Final = "utf-8"
_LIMIT: Final = 1 << 20  # bytes of one message
_IDLE_S: Final = 600.0  # an integration engine keeps its connection open between messages
_WRITE_S: Final = 10.0
_UNREADABLE: Final = (InvalidBlockError, hl7.HL7Exception, ValueError)  # too long or wrongly encoded: ValueError

Receive = Callable[[str], Awaitable[str | None]]
"""Takes a message, gives its acknowledgement; None leaves the sender without an answer."""


class Link:
    """A client's connection, one message in flight. Build it with `Link.open`."""

    def __init__(self, reader: HL7StreamReader, writer: HL7StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, peer: Endpoint, timeout_s: float) -> "Link":
        """Connect; raises OSError, which includes TimeoutError."""
        async with asyncio.timeout(timeout_s):
            reader, writer = await open_hl7_connection(peer.host, peer.port, limit=_LIMIT, encoding=ENCODING)
        return cls(reader, writer)

    async def exchange(self, text: str, timeout_s: float) -> Acknowledgement:
        """Send a message and wait until it is accepted.

        Raises OSError (TimeoutError included), EOFError, or `WrongAnswerError` for any other answer. After an error
        the connection's state is unknown: close it.
        """
        async with asyncio.timeout(timeout_s):
            self._writer.writeblock(text.encode(ENCODING))
            await self._writer.drain()
            try:
                answer = str(await self._reader.readmessage())
            except _UNREADABLE as error:
                raise WrongAnswerError(f"the answer is no HL7 message: {error}") from error
        return accepted(text, answer)

    def close(self) -> None:
        """Close without waiting for the peer."""
        self._writer.close()


async def serve_mllp(receive: Receive, address: Endpoint, background: Background) -> asyncio.Server:
    """Listen at `address` (port 0: the system chooses) and answer each message with what `receive` gives."""

    def connected(reader: HL7StreamReader, writer: HL7StreamWriter) -> None:
        background.spawn(_answer_all(reader, writer, receive))

    return await start_hl7_server(connected, address.host, address.port, limit=_LIMIT, encoding=ENCODING)


async def _answer_all(reader: HL7StreamReader, writer: HL7StreamWriter, receive: Receive) -> None:
    """Serve one connection until the peer leaves, falls silent or sends what is no message; its next one starts afresh.

    Errors of `receive` itself are not the peer's and are not caught, apart from its verdict on the message.
    """
    try:
        while (text := await _next(reader)) is not None:
            answer = await receive(text)
            if answer is not None and not await _written(writer, answer):
                return
    except MalformedMessageError:
        return
    finally:
        writer.close()


async def _next(reader: HL7StreamReader) -> str | None:
    try:
        async with asyncio.timeout(_IDLE_S):
            return str(await reader.readmessage())
    except (*EXPECTED, *_UNREADABLE):
        return None


async def _written(writer: HL7StreamWriter, answer: str) -> bool:
    writer.writeblock(answer.encode(ENCODING))
    try:
        async with asyncio.timeout(_WRITE_S):
            await writer.drain()
    except OSError:
        return False
    return True
