"""A worker of the lab: a real process that does what an integration engine does with HL7 messages.

    python -m lab.worker --name wk1 --store DIR/store-wk1.jsonl --log DIR/worker-wk1.jsonl --relay HOST:PORT

It listens on free ports of 127.0.0.1; its relay stands between it and the outside, both ways, and the process ends
with its relay. `lab.intake` takes messages, `lab.forwarder` hands them on, `lab.message_log` keeps them. Here is the
process: ports, HTTP answers, commands.

Commands: `release` delivers the held backlog; `steal` does so unasked, as a breach; `breach` (breach, times), `lie` (on),
`unready` (on) and `slow` (seconds) are explained in `lab.breaches`; `fill` (on) leaves the disk without room; `state` counts
what waits.
"""

import argparse
import os
import sys
import uuid
from http import HTTPStatus
from pathlib import Path
from typing import Final

from lab.arguments import Endpoint, endpoint, plain_name
from lab.background import Background
from lab.breaches import Breach, Breaches
from lab.control import Answer, Command, Console, run_child, unknown
from lab.forwarder import Forwarder
from lab.http_server import Reply, Routes, serve_http
from lab.intake import Identity, Intake
from lab.jsonlog import JsonLog
from lab.lifeline import LOOPBACK, Attached, Registration, attach
from lab.message_log import MessageLog
from lab.mllp import serve_mllp

_ANY_PORT: Final = Endpoint(LOOPBACK, 0)
_RELAY_GONE: Final = 1


class Worker:
    """One start of one worker."""

    def __init__(self, name: str, store: Path, log: Path) -> None:
        self.identity = Identity(name, uuid.uuid4().hex)
        self._background = Background()
        self._breaches = Breaches()
        self._log = JsonLog(log)
        self._messages = MessageLog(store)
        self._forwarder = Forwarder(self.identity, self._messages, self._log, self._breaches)
        self._attached = False

    async def start(self, relay: Endpoint) -> Registration:
        """Listen, attach to the relay, begin to forward; on return the outside reaches this worker."""
        self._log.write("started", boot=self.identity.boot, backlog=self._forwarder.held)
        registration = await self._listen()
        attached = await attach(relay, registration)
        self._attached = True
        self._background.spawn(self._forwarder.run(attached.egress))
        self._background.spawn(_end_with(attached))
        return registration

    async def obey(self, command: Command) -> Answer:
        """Carry out one command of the lab."""
        match command.do:
            case "release":
                self._log.write("released", boot=self.identity.boot, backlog=self._forwarder.held)
                return {"backlog": self._forwarder.release()}
            case "steal":
                return {"backlog": self._forwarder.release()}
            case "breach":
                self._breaches.plan(command.choice("breach", Breach), int(command.number("times", 1)))
            case "lie":
                self._breaches.lying = command.flag("on")
            case "unready":
                self._breaches.unready = command.flag("on")
            case "slow":
                self._breaches.slow_s = command.number("seconds", 0.0)
            case "fill":
                self._messages.fill_disk(on=command.flag("on"))
            case "state":
                return {"held": self._forwarder.held, "undelivered": len(self._messages.undelivered())}
            case _:
                raise unknown(command, "release", "steal", "breach", "lie", "unready", "slow", "fill", "state")
        return {}

    async def _listen(self) -> Registration:
        intake = Intake(self.identity, self._messages, self._log, self._breaches, self._forwarder.submit)
        health: Routes = {"/health": self._health}
        servers = [
            await serve_mllp(intake.receive, _ANY_PORT, self._background),
            await serve_http({**health, "/ready": self._ready, "/": self._business}, _ANY_PORT, self._breaches.dawdle),
            await serve_http(health, _ANY_PORT, self._breaches.dawdle),
        ]
        llp, http, public = (server.sockets[0].getsockname()[1] for server in servers)
        return Registration(boot=self.identity.boot, llp=llp, http=http, public=public)

    def _health(self) -> Reply:
        ready = self._attached and self._messages.takes
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        return Reply(status, {**self.identity._asdict(), "ready": ready})

    def _ready(self) -> Reply:
        status = HTTPStatus.SERVICE_UNAVAILABLE if self._breaches.unready else self._health().status
        return Reply(status, self.identity._asdict())

    def _business(self) -> Reply:
        return Reply(HTTPStatus.OK, self.identity._asdict())


async def _end_with(attached: Attached) -> None:
    await attached.lost()
    print("the relay has gone, and with it every way in and out", file=sys.stderr)
    os._exit(_RELAY_GONE)


async def _main(console: Console) -> None:
    parser = argparse.ArgumentParser(prog="python -m lab.worker", description="A worker of the lab.")
    parser.add_argument("--name", type=plain_name, required=True, help="as its acknowledgements say it: wk1")
    parser.add_argument("--store", type=Path, required=True, help="its durable message store, kept between starts")
    parser.add_argument("--log", type=Path, required=True, help="its raw log")
    parser.add_argument("--relay", type=endpoint, required=True, help="the lifeline address of its relay, HOST:PORT")
    arguments = parser.parse_args()
    worker = Worker(arguments.name, arguments.store, arguments.log)
    registration = await worker.start(arguments.relay)
    state = await worker.obey(Command("state", {}))
    console.emit(
        "ready",
        worker=worker.identity.worker,
        boot=registration.boot,
        backlog=state["held"],
        llp=registration.llp,
        http=registration.http,
        public=registration.public,
    )
    await console.serve(worker.obey)


if __name__ == "__main__":
    run_child(_main)
