"""The public address: a forwarder at it that follows the cloud's word on where it leads.

    python -m lab.public_address --address 127.64.250.1 --ports 2575,8080,8081 --log DIR/public.jsonl

New flows go to the private address that it carries, same port. While it carries none, a SYN gets no answer.
Open flows belong to the worker that they were opened to:

    association taken away                 they fall silent
    ... and given to another worker        they are reset: the new worker's kernel does not know them
    ... and given back to the same one     they go on

A balancer's address (`keeps_flows`) is otherwise in this: open flows go on with their worker, whoever takes the new ones;
and it carries the `ports` that a rule of it names, the others give no answer.

One thing differs from a real address: the client is connected before the worker was asked. So a refusal of the worker
reaches the client as a reset right after the connect, and a worker without an answer as a silent connection.

Commands: `carry` (private_ip, or null; keeps_flows, ports), `leak` (on). `leak`, a planted breach, leaves open flows with
their old worker.
"""

import argparse
import asyncio
import socket
from functools import partial
from pathlib import Path
from typing import NamedTuple

from lab.arguments import Endpoint, ports
from lab.background import Background
from lab.control import Answer, Command, CommandRefusedError, Console, run_child, unknown
from lab.door import Door, DoorState
from lab.flow import Flow, FlowEnd
from lab.jsonlog import JsonLog


class _Passage(NamedTuple):
    """An open flow, and the worker that it was opened to."""

    worker_ip: str
    flow: Flow


class PublicAddress:
    """The forwarder at `address`; carries nothing at first."""

    def __init__(self, address: str, ports: tuple[int, ...], log: JsonLog) -> None:
        self._log = log
        self._private_ip: str | None = None
        self._leak = False
        self._keeps_flows = False
        self._ports: frozenset[int] | None = None
        """None: whatever it is asked for."""
        self._passages: dict[int, _Passage] = {}
        self._opened = 0
        self._passing = asyncio.Event()
        self._background = Background()
        self._doors = [Door(Endpoint(address, port), partial(self._connected, port)) for port in ports]
        self._settle()

    async def obey(self, command: Command) -> Answer:
        """Carry out one command of the lab."""
        match command.do:
            case "carry":
                self._keeps_flows = command.flag("keeps_flows") if "keeps_flows" in command.options else False
                self._ports = _ports(command)
                self._carry(_private_ip(command))
                self._settle()
                return {"private_ip": self._private_ip}
            case "leak":
                self._leak = command.flag("on")
                self._settle()
                return {}
            case _:
                raise unknown(command, "carry", "leak")

    def _carry(self, private_ip: str | None) -> None:
        if private_ip == self._private_ip:
            return
        self._private_ip = private_ip
        self._log.write("carries", private_ip=private_ip)
        if private_ip is not None and not self._flows_stay:
            for passage in self._passages.values():
                if passage.worker_ip != private_ip:
                    passage.flow.end(FlowEnd.MOVED)

    @property
    def _flows_stay(self) -> bool:
        return self._leak or self._keeps_flows

    def _settle(self) -> None:
        carries = self._private_ip is not None
        if carries or self._flows_stay:
            self._passing.set()
        else:
            self._passing.clear()
        for door in self._doors:
            named = self._ports is None or door.endpoint.port in self._ports
            door.become(DoorState.OPEN if carries and named else DoorState.SILENT)

    def _connected(self, port: int, connection: socket.socket) -> None:
        worker_ip = self._private_ip
        if worker_ip is None:
            raise RuntimeError("a door was open while the address carried nothing")
        self._opened += 1
        flow = Flow(connection, Endpoint(worker_ip, port), self._passing)
        self._background.spawn(self._follow(self._opened, _Passage(worker_ip, flow)))

    async def _follow(self, number: int, passage: _Passage) -> None:
        self._passages[number] = passage
        self._log.write("open", flow=number, worker_ip=passage.worker_ip)
        end = await passage.flow.run()
        del self._passages[number]
        self._log.write("close", flow=number, how=end.value)


def _private_ip(command: Command) -> str | None:
    value = command.options.get("private_ip")
    if value is None or isinstance(value, str):
        return value
    raise CommandRefusedError(f"carry: 'private_ip' is {value!r}, allowed are an IPv4 address and null")


def _ports(command: Command) -> frozenset[int] | None:
    value = command.options.get("ports")
    if value is None:
        return None
    if isinstance(value, list) and all(isinstance(each, int) for each in value):
        return frozenset(value)
    raise CommandRefusedError(f"carry: 'ports' is {value!r}, allowed is a list of numbers")


async def _main(console: Console) -> None:
    parser = argparse.ArgumentParser(prog="python -m lab.public_address", description="The public address.")
    parser.add_argument("--address", required=True, help="the fixed address, in 127.0.0.0/8")
    parser.add_argument("--ports", type=ports, required=True, help="the ports it forwards: 2575,8080,8081")
    parser.add_argument("--log", type=Path, required=True, help="its raw log")
    arguments = parser.parse_args()
    public = PublicAddress(arguments.address, arguments.ports, JsonLog(arguments.log))
    console.emit("ready", address=arguments.address, ports=arguments.ports)
    await console.serve(public.obey)


if __name__ == "__main__":
    run_child(_main)
