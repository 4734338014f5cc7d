"""An HTTP client that asks the public address again and again, each time over a new connection.

    python -m lab.http_client --address 127.64.250.1 --port 8080 --log DIR/http.jsonl

A request that is not answered in time counts as failed; the next one then follows at once. Commands: `stop`.
"""

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any, Final, NamedTuple

from lab.arguments import Endpoint
from lab.background import Background
from lab.control import Answer, Command, Console, run_child, unknown
from lab.failure import EXPECTED, WrongAnswerError, failure_of
from lab.jsonlog import JsonLog

_OK: Final = b"HTTP/1.1 200 "


class Served(NamedTuple):
    """Who answered."""

    worker: str
    boot: str


class HttpClient:
    """Asks `target` for `/` every `interval_s` seconds; each request may take `timeout_s`."""

    def __init__(self, target: Endpoint, log: JsonLog, interval_s: float, timeout_s: float) -> None:
        self._target = target
        self._log = log
        self._interval_s = interval_s
        self._timeout_s = timeout_s
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Ask until stopped."""
        clock = asyncio.get_running_loop().time
        while not self._stopping.is_set():
            asked = clock()
            try:
                async with asyncio.timeout(self._timeout_s):
                    served = await ask(self._target, "/")
            except EXPECTED as error:
                self._log.write("failed", how=failure_of(error).value)
            else:
                self._log.write("answer", **served._asdict(), seconds=clock() - asked)
            await asyncio.sleep(max(0.0, asked + self._interval_s - clock()))

    async def obey(self, command: Command) -> Answer:
        """Carry out one command of the lab."""
        if command.do != "stop":
            raise unknown(command, "stop")
        self._stopping.set()
        return {}


async def ask(target: Endpoint, path: str) -> Served:
    """Send one GET; raises OSError, EOFError or `WrongAnswerError`. The caller bounds the time."""
    reader, writer = await asyncio.open_connection(*target)
    try:
        request = f"GET {path} HTTP/1.1\r\nHost: {target.host}:{target.port}\r\nConnection: close\r\n\r\n"
        writer.write(request.encode())
        await writer.drain()
        return _served(await reader.read())
    finally:
        writer.close()


def _served(answer: bytes) -> Served:
    if not answer:
        raise EOFError("closed without an answer")
    head, _, body = answer.partition(b"\r\n\r\n")
    try:
        value: Any = json.loads(body)
        served = Served(worker=value["worker"], boot=value["boot"])
    except (ValueError, KeyError, TypeError) as error:
        raise WrongAnswerError(f"the body names no worker and boot: {answer!r}") from error
    if not head.startswith(_OK):
        raise WrongAnswerError(f"wanted status 200, found {head.splitlines()[0]!r}")
    return served


async def _main(console: Console) -> None:
    parser = argparse.ArgumentParser(prog="python -m lab.http_client", description="An HTTP client.")
    parser.add_argument("--address", required=True, help="where it asks")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True, help="its raw log")
    parser.add_argument("--interval", type=float, default=0.1, help="seconds between requests (%(default)s)")
    parser.add_argument("--timeout", type=float, default=1.0, help="seconds for a whole request (%(default)s)")
    a = parser.parse_args()
    client = HttpClient(Endpoint(a.address, a.port), JsonLog(a.log), a.interval, a.timeout)
    console.emit("ready", address=a.address, port=a.port)
    Background().spawn(client.run())
    await console.serve(client.obey)


if __name__ == "__main__":
    run_child(_main)
