"""`python -m bench.fleet_prober SITES SECONDS`: one prober that asks the workers of so many sites each second, on one CPU.

Real: `prober.look_all`, its threads and its sockets, to an HTTP server in another process that listens at 127.0.0.1 for
all workers. The sites are due in ten instants a second, as in a fleet; a tenth of the standbys never answers.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

from failover_lambda.contract import ProbeKind
from failover_lambda.machine import peak_mb
from failover_lambda.model import Answer
from failover_lambda.ports import LOOKED_AT_ONCE
from failover_lambda.prober import Anchor, Inquiry, Target, look_all

INSTANTS: Final = 10
SERVER: Final = """
import asyncio, sys
BODY = b'{"status": "UP"}'
HEAD = b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n"
ANSWER = HEAD % len(BODY) + BODY
async def serve(reader, writer):
    try:
        await reader.readuntil(b"\\r\\n\\r\\n")
        writer.write(ANSWER)
        await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    writer.close()
async def hang(reader, writer):
    await reader.read()
    writer.close()
async def main():
    well = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=4096)
    hung = await asyncio.start_server(hang, "127.0.0.2", well.sockets[0].getsockname()[1], backlog=4096)
    print(well.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
asyncio.run(main())
"""


def inquiries(sites: int, port: int) -> list[Inquiry]:
    """A pair each."""
    return [
        Inquiry(
            vantage="prober-a",
            zone="a",
            targets=(
                Target(worker="wk1", host="127.0.0.1"),
                Target(worker="wk2", host="127.0.0.2" if number % 10 == 9 else "127.0.0.1"),
            ),
            kind=ProbeKind.HTTP,
            port=port,
            path="/health",
            tls_verify=True,
            tls_ca_pem="",
            connect_s=0.4,
            answer_s=0.4,
        )
        for number in range(sites)
    ]


class Prober:
    """Asks, each call in a thread of its own, as each would be a run of the function."""

    def __init__(self, port: int) -> None:
        self._anchor = Anchor("127.0.0.1", port)
        self.took_s: list[float] = []
        self.wrong = 0

    def look(self, some: list[Inquiry]) -> None:
        """One call."""
        began = time.monotonic()
        sights = look_all(some, self._anchor)
        self.took_s.append(time.monotonic() - began)
        for inquiry, sight in zip(some, sights, strict=True):
            for target in inquiry.targets:
                wanted = Answer.HEALTHY if target.host == "127.0.0.1" else Answer.SILENT
                self.wrong += sight.of(target.worker) is not wanted


def measured(sites: int, seconds: float, port: int) -> dict[str, Any]:
    """Look for so long; those that hang are asked apart, as a fleet does."""
    asked = inquiries(sites, port)
    prober = Prober(port)
    slots = [asked[slot::INSTANTS] for slot in range(INSTANTS)]
    cpu_s, began_s, descriptors = time.process_time(), time.monotonic(), 0
    threads: list[threading.Thread] = []
    for number in range(int(seconds * INSTANTS)):
        time.sleep(max(0.0, began_s + number / INSTANTS - time.monotonic()))
        slot = slots[number % INSTANTS]
        hung = [each for each in slot if each.targets[1].host == "127.0.0.2"]
        well = [each for each in slot if each.targets[1].host != "127.0.0.2"]
        for group in (well, hung):
            for at in range(0, len(group), LOOKED_AT_ONCE // 2):
                threads.append(threading.Thread(target=prober.look, args=(group[at : at + LOOKED_AT_ONCE // 2],)))
                threads[-1].start()
        descriptors = max(descriptors, sum(1 for _ in Path("/proc/self/fd").iterdir()))
    for thread in threads:
        thread.join()
    took_s = time.monotonic() - began_s
    took = sorted(prober.took_s)
    return {
        "sites": sites,
        "cpu": (time.process_time() - cpu_s) / took_s,
        "calls": len(took),
        "call_p50_s": took[len(took) // 2],
        "call_max_s": took[-1],
        "wrong": prober.wrong,
        "questions": 2 * sites * seconds,
        "descriptors": descriptors,
        "peak_mb": peak_mb(),
    }


def main() -> int:
    """One run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("sites", type=int)
    parser.add_argument("seconds", type=float)
    arguments = parser.parse_args()
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        if server.stdout is None or server.stdin is None:
            raise RuntimeError("the server has no pipes")
        port = int(server.stdout.readline())
        os.sched_setaffinity(0, {0})
        told = measured(arguments.sites, arguments.seconds, port)
        server.stdin.close()
    sys.stdout.write(json.dumps(told) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
