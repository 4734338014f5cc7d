"""A very small HTTP/1.1 server for JSON answers: GET only, one request a connection, no body read."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final, NamedTuple

from lab.arguments import Endpoint

_REQUEST_S: Final = 5.0


class Reply(NamedTuple):
    """Status and the value that becomes the JSON body."""

    status: HTTPStatus
    value: Mapping[str, object]


Routes = Mapping[str, Callable[[], Reply]]
"""Path without query to what answers it, asked anew for each request."""

_NOT_FOUND: Final = Reply(HTTPStatus.NOT_FOUND, {"error": "no such path"})
_NOT_GET: Final = Reply(HTTPStatus.METHOD_NOT_ALLOWED, {"error": "GET only"})


Before = Callable[[], Awaitable[None]]
"""What every answer waits for."""


async def _nothing() -> None:
    """Wait for nothing."""


async def serve_http(routes: Routes, address: Endpoint, before: Before = _nothing) -> asyncio.Server:
    """Listen at `address` (port 0: the system chooses)."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_S):
                head = await reader.readuntil(b"\r\n\r\n")
                await before()
                writer.write(_encoded(_replied(routes, head)))
                await writer.drain()
        except (OSError, EOFError, asyncio.LimitOverrunError):
            pass  # the client left, fell silent or did not speak HTTP
        finally:
            writer.close()

    return await asyncio.start_server(connected, address.host, address.port)


def _replied(routes: Routes, head: bytes) -> Reply:
    method, _, rest = head.partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0].decode("ascii", "replace")
    if method != b"GET":
        return _NOT_GET
    return routes[path]() if path in routes else _NOT_FOUND


def _encoded(reply: Reply) -> bytes:
    body = json.dumps(reply.value).encode()
    head = (
        f"HTTP/1.1 {reply.status.value} {reply.status.phrase}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
