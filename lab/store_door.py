"""A door before the emulated record table: the functions reach DynamoDB through it, and the lab can close it.

    python -m lab.store_door --address 127.64.252.1

It listens on a free port (the event `ready` tells it) and passes every flow on to the emulator, which `lead` (host, port)
names. `set` (state: open, silent, shut) says what new flows meet; unless it is open, open ones fall silent too, as they do
when the way to a service is gone. Nothing is buffered, changed or answered here.
"""

import argparse
import asyncio
import socket

from lab.arguments import Endpoint
from lab.background import Background
from lab.control import Answer, Command, Console, run_child, unknown
from lab.door import Door, DoorState
from lab.flow import Flow


class StoreDoor:
    """The way to one service; shut until it leads somewhere."""

    def __init__(self, address: str) -> None:
        self._target: Endpoint | None = None
        self._passing = asyncio.Event()
        self._background = Background()
        self._door = Door(Endpoint(address, 0), self._connected)
        self._door.become(DoorState.SILENT)  # chooses the port

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""
        return self._door.endpoint

    async def obey(self, command: Command) -> Answer:
        """Carry out one command of the lab."""
        match command.do:
            case "lead":
                self._target = Endpoint(command.text("host"), int(command.number("port", 0)))
                self._become(DoorState.OPEN)
            case "set":
                self._become(command.choice("state", DoorState))
            case _:
                raise unknown(command, "lead", "set")
        return {}

    def _become(self, state: DoorState) -> None:
        if state is DoorState.OPEN:
            self._passing.set()
        else:
            self._passing.clear()
        self._door.become(state)

    def _connected(self, connection: socket.socket) -> None:
        if self._target is None:
            raise RuntimeError("the door was open before it led anywhere")
        self._background.spawn(Flow(connection, self._target, self._passing).run())


async def _main(console: Console) -> None:
    parser = argparse.ArgumentParser(prog="python -m lab.store_door", description="The way to the record's table.")
    parser.add_argument("--address", required=True, help="where it listens, in 127.0.0.0/8; the port is free")
    arguments = parser.parse_args()
    door = StoreDoor(arguments.address)
    console.emit("ready", address=door.endpoint.host, port=door.endpoint.port)
    await console.serve(door.obey)


if __name__ == "__main__":
    run_child(_main)
