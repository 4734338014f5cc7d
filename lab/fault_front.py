"""The process that spoils AWS calls: microburst, once per service, between clients and whoever plays the service.

    python -m lab.fault_front --front ec2=http://127.0.0.1:4000 --front dynamodb

Every front is a microburst of its own on a free loopback port, so that one service can be broken, or be gone, while the
others answer. Rules and the audit of what fired go over microburst's own control API on the front's port
(`lab.api_faults` speaks it). Speaks the control protocol of the lab's children: `ready` with `fronts` (name to URL), then

    connect {"front", "upstream"}   where a front forwards to; needed by a front that was started without a URL
    close   {"front"}               nothing listens there any more, and standing connections are gone
    open    {"front"}               it listens again, on the same port

One thing is added to microburst, which always sends what its upstream answered: a rule that sets the header `FOREIGN_BODY`
answers with somebody else's page, as a gateway does that asks for a sign-in; `AFTER` the call was carried out, or instead.
"""

import argparse
import os
import socket
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from microburst.app import make_app
from microburst.core.pipeline import Microburst
from microburst.forward import ResponseFault, Upstream
from microburst.protocols import render_error

from lab.control import Answer, Command, CommandRefusedError, Console, run_child, unknown

FOREIGN_BODY = "x-tandem-foreign-body"
AFTER = "after"
"""Value of that header; any other: the call is not passed on."""
PAGE = "<html><body>please sign in to the network</body></html>"
_HOST = "127.0.0.1"
_NOBODY = "http://127.0.0.1:9"
"""Upstream of a front that is not connected yet: the discard port, where nothing listens."""
_KEPT = 100_000
"""Fired rules that are remembered; more than any story fires."""


class ForeignUpstream(Upstream):
    """Forwards; or answers with `PAGE`, with or without forwarding before."""

    async def relay(
        self, request: web.Request, body: bytes | None, mutator: ResponseFault | None = None, data: Any = None
    ) -> web.StreamResponse:
        """See `microburst.forward.Upstream.relay`."""
        if mutator is None or FOREIGN_BODY not in mutator.set_headers:
            return await super().relay(request, body, mutator, data)
        if mutator.set_headers[FOREIGN_BODY] == AFTER:
            await self._carry_out(request, body)
        return web.Response(text=PAGE, content_type="text/html")

    async def _carry_out(self, request: web.Request, body: bytes | None) -> None:
        if self.session is None:
            raise RuntimeError("this upstream was not started")
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OWN_HEADERS}
        url = self.base_url + request.rel_url.raw_path_qs
        async with self.session.request(request.method, url, headers=headers, data=body) as answer:
            await answer.read()


_OWN_HEADERS = frozenset({"host", "connection", "content-length", "transfer-encoding"})


@dataclass
class Front:
    """One service's microburst on one port."""

    name: str
    upstream: str
    port: int = 0
    _burst: Microburst = field(init=False)
    _runner: web.AppRunner | None = None

    def __post_init__(self) -> None:
        self._burst = Microburst(self.upstream, resign=False, fired_capacity=_KEPT)
        self.connect(self.upstream)

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://{_HOST}:{self.port}"

    def connect(self, upstream: str) -> None:
        """Forward to `upstream` from now on."""
        session = self._burst.upstream.session
        self._burst.upstream = ForeignUpstream(upstream, stats=self._burst.stats)
        self._burst.upstream.session = session

    async def open(self) -> None:
        """Listen; the first time on a free port, then on the same one again."""
        if self._runner:
            return
        self._runner = web.AppRunner(make_app(self._burst), access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        await web.SockSite(self._runner, self._listener()).start()

    async def close(self) -> None:
        """Listen no more. Rules and audit stay."""
        runner, self._runner = self._runner, None
        if runner:
            await runner.cleanup()

    def _listener(self) -> socket.socket:
        listener = socket.create_server((_HOST, self.port))
        self.port = listener.getsockname()[1]
        return listener


class Fronts:
    """All fronts of the process."""

    def __init__(self, fronts: list[Front]) -> None:
        self._fronts = {front.name: front for front in fronts}

    def wake(self) -> None:
        """Load what a first call would wait for: each service's model."""
        for name in self._fronts:
            render_error(name, "NobodyAsked")

    async def open(self) -> dict[str, str]:
        """Listen everywhere; gives name to URL."""
        for front in self._fronts.values():
            await front.open()
        return {name: front.url for name, front in self._fronts.items()}

    async def obey(self, command: Command) -> Answer:
        """Carry out one command of the lab."""
        front = self._fronts.get(str(command.options.get("front")))
        if front is None:
            raise CommandRefusedError(f"{command.do}: no such front; there are {', '.join(sorted(self._fronts))}")
        match command.do:
            case "connect":
                front.connect(str(command.options["upstream"]))
            case "close":
                await front.close()
            case "open":
                await front.open()
            case _:
                raise unknown(command, "connect", "close", "open")
        return {"url": front.url}


async def serve(console: Console) -> None:
    """Start everything, then obey until standard input ends."""
    fronts = Fronts([_front(text) for text in _arguments().front])
    fronts.wake()
    urls = await fronts.open()
    console.emit("ready", endpoint=next(iter(urls.values())), fronts=urls, pid=os.getpid())
    await console.serve(fronts.obey)


def _front(text: str) -> Front:
    name, _, upstream = text.partition("=")
    return Front(name, upstream or _NOBODY)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.fault_front", description=__doc__, allow_abbrev=False)
    parser.add_argument("--front", action="append", required=True, metavar="NAME[=URL]", help="a service and who plays it")
    return parser.parse_args()


if __name__ == "__main__":
    run_child(serve)
