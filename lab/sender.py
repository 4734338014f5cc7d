"""An HL7 sender: one connection, one message in flight, and no next message before this one is acknowledged.

    python -m lab.sender --name s1 --address 127.64.250.1 --port 2575 --log DIR/sender-s1.jsonl --rate 20

After any failure it connects anew and sends the same message again, for as long as it takes, as integration engines
do. It does not catch up: after an outage it goes on at its rate.

Commands: `stop` (deadline_s): make no new message, try to finish the current one until the deadline, then say
whether it was acknowledged, and how many were.
"""

import argparse
import asyncio
import itertools
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from lab.arguments import Endpoint, plain_name
from lab.background import Background
from lab.control import Answer, Command, Console, run_child, unknown
from lab.failure import EXPECTED, failure_of
from lab.hl7_messages import Acknowledgement, MessageKey, key_of, observation
from lab.jsonlog import JsonLog
from lab.mllp import Link

_STOP_S: Final = 10.0


@dataclass(frozen=True)
class Pace:
    """The sender's times, all in seconds."""

    interval_s: float
    """From the start of one message to the start of the next, if the acknowledgement comes in time."""
    connect_s: float
    acknowledge_s: float
    retry_s: float
    """From a failure to the next try."""


class _Message(NamedTuple):
    seq: int
    text: str
    key: MessageKey


class Sender:
    """Sends from construction of its task until it is stopped; `run` is that task's work."""

    def __init__(self, name: str, target: Endpoint, pace: Pace, log: JsonLog) -> None:
        self._name = name
        self._target = target
        self._pace = pace
        self._log = log
        self._run = uuid.uuid4().hex[:4]  # tells this process's messages from those of an earlier one of this name
        self._link: Link | None = None
        self._acknowledged = 0
        self._stopping = asyncio.Event()
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """Send message after message; returns when a stop was asked and the current one is acknowledged."""
        for seq in itertools.count(1):
            if self._stopping.is_set():
                break
            due = asyncio.get_running_loop().time() + self._pace.interval_s
            await self._finish(self._made(seq))
            await self._wait_until(due)
        self._hang_up()
        self._stopped.set()

    async def obey(self, command: Command) -> Answer:
        """Carry out one command of the lab."""
        if command.do != "stop":
            raise unknown(command, "stop")
        deadline_s = command.number("deadline_s", _STOP_S)
        self._stopping.set()
        try:
            async with asyncio.timeout(deadline_s):
                await self._stopped.wait()
        except TimeoutError:
            return {"finished": False, "acknowledged": self._acknowledged}
        return {"finished": True, "acknowledged": self._acknowledged}

    def _made(self, seq: int) -> _Message:
        text = observation(self._name, f"{self._name}-{self._run}-{seq:06d}", seq, datetime.now(UTC))
        return _Message(seq, text, key_of(text))

    async def _wait_until(self, due: float) -> None:
        try:
            async with asyncio.timeout_at(due):
                await self._stopping.wait()
        except TimeoutError:
            pass

    async def _finish(self, message: _Message) -> None:
        """Try until the message is acknowledged; only the end of the process ends that."""
        for attempt in itertools.count(1):
            about = {"key": message.key, "attempt": attempt, "seq": message.seq}
            try:
                answer = await self._try(message, about)
            except EXPECTED as error:
                self._log.write("failed", **about, how=failure_of(error).value)
                self._hang_up()
                await asyncio.sleep(self._pace.retry_s)
            else:
                worker, _, boot = answer.text.partition(" ")
                self._log.write("acked", **about, worker=worker, boot=boot)
                self._acknowledged += 1
                return

    async def _try(self, message: _Message, about: Mapping[str, object]) -> Acknowledgement:
        if self._link is None:
            self._link = await Link.open(self._target, self._pace.connect_s)
            self._log.write("connected")
        self._log.write("sent", **about)
        return await self._link.exchange(message.text, self._pace.acknowledge_s)

    def _hang_up(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None


async def _main(console: Console) -> None:
    parser = argparse.ArgumentParser(prog="python -m lab.sender", description="An HL7 sender.")
    parser.add_argument("--name", type=plain_name, required=True, help="MSH-3 of its messages")
    parser.add_argument("--address", required=True, help="where it sends to")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True, help="its raw log")
    parser.add_argument("--rate", type=float, default=20.0, help="messages a second (%(default)s)")
    parser.add_argument("--connect-timeout", type=float, default=0.5, help="seconds (%(default)s)")
    parser.add_argument("--ack-timeout", type=float, default=1.0, help="seconds (%(default)s)")
    parser.add_argument("--retry", type=float, default=0.1, help="seconds from a failure to the next try (%(default)s)")
    a = parser.parse_args()
    pace = Pace(1 / a.rate, connect_s=a.connect_timeout, acknowledge_s=a.ack_timeout, retry_s=a.retry)
    sender = Sender(a.name, Endpoint(a.address, a.port), pace, JsonLog(a.log))
    console.emit("ready", sender=a.name)
    Background().spawn(sender.run())
    await console.serve(sender.obey)


if __name__ == "__main__":
    run_child(_main)
