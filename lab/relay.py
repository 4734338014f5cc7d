"""A relay: the network card of one worker, in a process of its own, so that the worker's end is not the card's end.

    python -m lab.relay --name wk1 --address 127.64.0.10 --llp 2575 --http 8080 --public 8081
                        --receiver 127.64.251.1:2575 --log DIR/relay-wk1.jsonl

    outside -> 127.64.0.10:2575, :8080, :8081 -> relay -> 127.0.0.1:(the worker's own ports)
    outside -> 127.64.0.11:2575, ...          -> the same, once the card has that private address too
    worker  -> 127.0.0.1:(egress port)        -> relay -> the receiver, seen there as coming from 127.64.0.10

What the outside meets, by card and by whether a worker's process holds a lifeline (`lab.lifeline`):

    card       new flows in                   new flows out   open flows
    open       served; refused if no worker   served          pass
    isolated   no answer                      no answer       pass (a security group tracks them)
    cut        no answer                      no answer       silent; they go on when the card is healed
    cut-in     no answer                      pass            those from outside are silent, the worker's own pass
    cut-out    served; refused if no worker   no answer       those from outside pass, the worker's own are silent
    stopped    no answer                      no answer       silent; reset when the machine has power again

Commands: `set` (card, addresses, or leak). All private addresses of a card share its state, and the worker listens on all
of them, as behind a guest that is set up. `leak`, a planted breach, lets open flows pass whatever the card says.
"""

import argparse
import asyncio
import socket
from collections.abc import Sequence
from enum import Enum
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final, assert_never

from lab.arguments import Endpoint, endpoint, plain_name
from lab.background import Background
from lab.control import Answer, Command, Console, run_child, unknown
from lab.door import Door, DoorState
from lab.flow import Flow, FlowEnd
from lab.jsonlog import JsonLog
from lab.lifeline import LOOPBACK, Lifelines, Registration
from lab.sockets import close_with_reset

_SERVICES: Final = ("llp", "http", "public")


class Card(Enum):
    """The state of the network card."""

    OPEN = "open"
    CUT = "cut"
    CUT_IN = "cut-in"
    CUT_OUT = "cut-out"
    ISOLATED = "isolated"
    STOPPED = "stopped"


def door_in(card: Card, *, worker_up: bool) -> DoorState:
    """Say what a new flow from outside meets at the worker's address."""
    match card:
        case Card.OPEN | Card.CUT_OUT:
            return DoorState.OPEN if worker_up else DoorState.SHUT
        case Card.CUT | Card.CUT_IN | Card.ISOLATED | Card.STOPPED:
            return DoorState.SILENT
        case _:
            assert_never(card)


def door_out(card: Card) -> DoorState:
    """Say what a new flow of the worker meets."""
    return DoorState.OPEN if card in {Card.OPEN, Card.CUT_IN} else DoorState.SILENT


def open_flows_in_pass(card: Card, *, leak: bool) -> bool:
    """Say whether bytes move, in both directions, of open flows that came from outside."""
    return leak or card in {Card.OPEN, Card.ISOLATED, Card.CUT_OUT}


def open_flows_out_pass(card: Card, *, leak: bool) -> bool:
    """Say whether bytes move, in both directions, of open flows that the worker began."""
    return leak or card in {Card.OPEN, Card.ISOLATED, Card.CUT_IN}


class Relay:
    """One worker's network card at `address`; `ports` are those of the services, in the order of `_SERVICES`."""

    def __init__(self, address: str, ports: tuple[int, int, int], receiver: Endpoint, log: JsonLog) -> None:
        self._address = address
        self._receiver = receiver
        self._log = log
        self._card = Card.OPEN
        self._leak = False
        self._flows: set[Flow] = set()
        self._passing_in = asyncio.Event()
        self._passing_out = asyncio.Event()
        self._background = Background()
        self._lifelines = Lifelines(lambda: self._out.endpoint.port, self._worker_changed)
        self._ports = ports
        self._in = {address: self._doors(address)}
        self._out = Door(Endpoint(LOOPBACK, 0), self._outward)

    def _doors(self, address: str) -> list[Door]:
        return [
            Door(Endpoint(address, port), partial(self._inward, service))
            for service, port in zip(_SERVICES, self._ports, strict=True)
        ]

    async def start(self) -> Endpoint:
        """Open the card; gives the endpoint where the worker attaches."""
        self._settle()
        return await self._lifelines.listen()

    async def obey(self, command: Command) -> Answer:
        """Carry out one command of the lab."""
        if command.do != "set":
            raise unknown(command, "set")
        if "leak" in command.options:
            self._leak = command.flag("leak")
        if "card" in command.options:
            self._set_card(command.choice("card", Card))
        if "addresses" in command.options:
            self._set_addresses(command.texts("addresses"))
        self._log.write("card", card=self._card.value, leak=self._leak)
        self._settle()
        return {"card": self._card.value, "leak": self._leak}

    def _set_card(self, card: Card) -> None:
        if self._card is Card.STOPPED and card is not Card.STOPPED:
            for flow in self._flows:
                flow.end(FlowEnd.POWERED_OFF)
        self._card = card

    def _set_addresses(self, wanted: Sequence[str]) -> None:
        for address in [address for address in self._in if address not in wanted]:
            for door in self._in.pop(address):
                door.become(DoorState.SHUT)
        for address in wanted:
            if address not in self._in:
                self._in[address] = self._doors(address)

    def _settle(self) -> None:
        """Make flows and doors what card and worker say; the flows first, so that a cut is one at once."""
        _let(self._passing_in, pass_=open_flows_in_pass(self._card, leak=self._leak))
        _let(self._passing_out, pass_=open_flows_out_pass(self._card, leak=self._leak))
        for door in chain.from_iterable(self._in.values()):
            door.become(door_in(self._card, worker_up=self._lifelines.current is not None))
        self._out.become(door_out(self._card))

    def _worker_changed(self, worker: Registration | None) -> None:
        """Keep the log wider than the service: it says `up` before the doors open, and `down` once they are shut."""
        if worker is None:
            self._settle()
            self._log.write("down")
        else:
            self._log.write("up", boot=worker.boot)
            self._settle()

    def _inward(self, service: str, connection: socket.socket) -> None:
        worker = self._lifelines.current
        if worker is None:  # it died after the kernel had accepted for it
            close_with_reset(connection)
            return
        port = {"llp": worker.llp, "http": worker.http, "public": worker.public}[service]
        self._start(Flow(connection, Endpoint(LOOPBACK, port), self._passing_in))

    def _outward(self, connection: socket.socket) -> None:
        self._start(Flow(connection, self._receiver, self._passing_out, source=self._address))

    def _start(self, flow: Flow) -> None:
        self._flows.add(flow)
        self._background.spawn(self._follow(flow))

    async def _follow(self, flow: Flow) -> None:
        try:
            await flow.run()
        finally:
            self._flows.discard(flow)


def _let(passing: asyncio.Event, *, pass_: bool) -> None:
    if pass_:
        passing.set()
    else:
        passing.clear()


async def _main(console: Console) -> None:
    parser = argparse.ArgumentParser(prog="python -m lab.relay", description="The network card of a worker.")
    parser.add_argument("--name", type=plain_name, required=True, help="the worker's name")
    parser.add_argument("--address", required=True, help="the worker's private address, in 127.0.0.0/8")
    parser.add_argument("--llp", type=int, required=True, help="port of HL7 as users see it")
    parser.add_argument("--http", type=int, required=True, help="port of the HTTP service and its health")
    parser.add_argument("--public", type=int, required=True, help="port of the public health answer")
    parser.add_argument("--receiver", type=endpoint, required=True, help="where the worker delivers to, HOST:PORT")
    parser.add_argument("--log", type=Path, required=True, help="the relay's raw log")
    a = parser.parse_args()
    relay = Relay(a.address, (a.llp, a.http, a.public), a.receiver, JsonLog(a.log))
    lifeline = await relay.start()
    console.emit("ready", worker=a.name, address=a.address, lifeline=f"{lifeline.host}:{lifeline.port}")
    await console.serve(relay.obey)


if __name__ == "__main__":
    run_child(_main)
