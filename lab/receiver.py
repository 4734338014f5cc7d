"""The downstream receiver: where every message must arrive once, through whichever worker.

    python -m lab.receiver --address 127.64.251.1 --port 2575 --log DIR/receiver.jsonl

It is an idempotent receiver, as whoever takes messages over MLLP has to be: a copy of a known message is acknowledged
again and not delivered again. One kind of copy is delivered nevertheless, so that the checker can find it: one that the
same start of the same worker has called new before (MSH-11). An honest worker calls a message new once; its later tries
say that they may be repeats, and another worker's copy it cannot know of.

The log holds what was delivered. Recognised repeats go to a log of their own beside it (receiver-repeats.jsonl).

Commands: `hold` (on): take messages and answer none, so that the workers' backlogs grow; off: answer what waits.
`state`: how many copies wait.
"""

import argparse
import asyncio
from datetime import UTC, datetime
from pathlib import Path

from lab.arguments import Endpoint
from lab.background import Background
from lab.control import Answer, Command, Console, run_child, unknown
from lab.hl7_messages import MessageKey, Mode, Origin, acknowledgement, key_of, origin_of
from lab.jsonlog import JsonLog
from lab.mllp import serve_mllp


class Receiver:
    """Takes deliveries and remembers their keys for as long as the process lives."""

    def __init__(self, log: JsonLog, repeats: JsonLog) -> None:
        self._log = log
        self._repeats = repeats
        self._delivered: set[MessageKey] = set()
        self._called_new: set[tuple[MessageKey, str]] = set()
        self._held = 0
        self._answering = asyncio.Event()
        self._answering.set()

    async def receive(self, text: str) -> str:
        """Take one copy; gives its acknowledgement."""
        self._held += 1
        await self._answering.wait()
        self._held -= 1
        key, origin = key_of(text), origin_of(text)
        copy = {"key": key, "from": origin.worker, "boot": origin.boot}
        if self._is_repeat(key, origin):
            self._repeats.write("recognised", **copy)
        else:
            self._delivered.add(key)
            self._log.write("delivered", **copy)
        if origin.mode is Mode.CURRENT:
            self._called_new.add((key, origin.boot))
        return acknowledgement(text, "receiver", datetime.now(UTC))

    async def obey(self, command: Command) -> Answer:
        """Carry out one command of the lab."""
        match command.do:
            case "hold" if command.flag("on"):
                self._answering.clear()
            case "hold":
                self._answering.set()
            case "state":
                return {"held": self._held}
            case _:
                raise unknown(command, "hold", "state")
        return {}

    def _is_repeat(self, key: MessageKey, origin: Origin) -> bool:
        called_new_again = origin.mode is Mode.CURRENT and (key, origin.boot) in self._called_new
        return key in self._delivered and not called_new_again


async def _main(console: Console) -> None:
    parser = argparse.ArgumentParser(prog="python -m lab.receiver", description="The downstream HL7 receiver.")
    parser.add_argument("--address", required=True, help="where it listens, in 127.0.0.0/8")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True, help="its raw log")
    arguments = parser.parse_args()
    repeats = arguments.log.with_name(f"{arguments.log.stem}-repeats.jsonl")
    receiver = Receiver(JsonLog(arguments.log), JsonLog(repeats))
    await serve_mllp(receiver.receive, Endpoint(arguments.address, arguments.port), Background())
    console.emit("ready", address=arguments.address, port=arguments.port)
    await console.serve(receiver.obey)


if __name__ == "__main__":
    run_child(_main)
