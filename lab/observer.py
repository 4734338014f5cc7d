"""The observer: reads record and lease again and again, and writes down each change with the time at which it was seen.

It sees what any reader of the store sees, and nothing of the watchdog's own words. `record_poll_s` in lab.json bounds how
late a change can be seen; every line also carries `previous_poll_t`, when the record surely was still another.
"""

import argparse
import asyncio
import time
from pathlib import Path

from lab.control import Answer, Command, Console, run_child, unknown
from lab.jsonlog import JsonLog
from lab.watched import STORES, Store, StoreSilentError


class Observer:
    """Watches one record and its lease."""

    def __init__(self, store: Store, log: JsonLog) -> None:
        self._store = store
        self._log = log
        self._seen: dict[str, object] = {}
        self._previous_poll_t = time.monotonic()

    def poll(self) -> None:
        """Read both in one call; write what has changed. A read without an answer is no change."""
        asked_t = time.monotonic()
        try:
            seen = self._store.look()
        except StoreSilentError:
            return
        if seen.token:
            who: dict[str, object] = {"owner": seen.owner, "token": seen.token}
            self._note("lease", who, who)
        if seen.record is not None:
            self._note("record", seen.version, {"record": seen.record})
        self._previous_poll_t = asked_t

    def _note(self, what: str, identity: object, fields: dict[str, object]) -> None:
        if self._seen.get(what) == identity:
            return
        self._seen[what] = identity
        self._log.write(what, **fields, previous_poll_t=self._previous_poll_t)


async def _watch(observer: Observer, interval_s: float) -> None:
    while True:
        started_s = time.monotonic()
        await asyncio.to_thread(observer.poll)
        await asyncio.sleep(max(0.0, interval_s - (time.monotonic() - started_s)))


async def _obey(command: Command) -> Answer:
    raise unknown(command)


async def _main(console: Console) -> None:
    parser = argparse.ArgumentParser(prog="python -m lab.observer", description="Watches the record and the lease.")
    parser.add_argument("--store", choices=sorted(STORES), required=True, help="of which cloud")
    parser.add_argument("--endpoint", required=True, help="where it answers; for blobs the container's address")
    parser.add_argument("--table", default="", help="of DynamoDB")
    parser.add_argument("--region", default="")
    parser.add_argument("--certificate", default="", help="file of the one to trust, for blobs over TLS")
    parser.add_argument("--site", required=True)
    parser.add_argument("--interval", type=float, required=True, help="seconds between polls")
    parser.add_argument("--log", type=Path, required=True, help="its raw log")
    arguments = parser.parse_args()
    observer = Observer(STORES[arguments.store](arguments), JsonLog(arguments.log))
    watching = asyncio.create_task(_watch(observer, arguments.interval))
    console.emit("ready")
    await console.serve(_obey)
    watching.cancel()


if __name__ == "__main__":
    run_child(_main)
