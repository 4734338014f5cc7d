"""The observer: reads record and lease again and again, and writes down each change with the time at which it was seen.

It sees what any reader of the table sees, and nothing of the watchdog's own words. `record_poll_s` in lab.json bounds how
late a change can be seen; every line also carries `previous_poll_t`, when the record surely was still another.
"""

import argparse
import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lab.asking import document
from lab.control import Answer, Command, Console, run_child, unknown
from lab.jsonlog import JsonLog

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Observer:
    """Watches one record and its lease."""

    def __init__(self, dynamodb: "DynamoDBClient", arguments: argparse.Namespace, log: JsonLog) -> None:
        self._dynamodb = dynamodb
        self._table: str = arguments.table
        self._keys = {"record": arguments.record_key, "lease": arguments.lease_key}
        self._log = log
        self._seen: dict[str, Any] = {}
        self._previous_poll_t = time.monotonic()

    def poll(self) -> None:
        """Read both items in one call; write what has changed. A read without an answer is no change."""
        asked_t = time.monotonic()
        try:
            record, lease = self._read()
        except (BotoCoreError, ClientError):
            return
        if lease is not None:
            who: dict[str, object] = {"owner": lease["owner"]["S"], "token": int(lease["token"]["N"])}
            self._note("lease", who, who)
        if record is not None:
            self._note("record", record["version"]["N"], {"record": document(record)})
        self._previous_poll_t = asked_t

    def _read(self) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        keys = [{"pk": {"S": key}} for key in self._keys.values()]
        answer: Any = self._dynamodb.batch_get_item(RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}})
        items: dict[str, dict[str, Any]] = {item["pk"]["S"]: item for item in answer["Responses"].get(self._table, [])}
        return items.get(self._keys["record"]), items.get(self._keys["lease"])

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
    parser.add_argument("--endpoint", required=True, help="of DynamoDB")
    parser.add_argument("--region", required=True)
    parser.add_argument("--table", required=True)
    parser.add_argument("--record-key", required=True)
    parser.add_argument("--lease-key", required=True)
    parser.add_argument("--interval", type=float, required=True, help="seconds between polls")
    parser.add_argument("--log", type=Path, required=True, help="its raw log")
    arguments = parser.parse_args()
    client = boto3.client(
        "dynamodb",
        endpoint_url=arguments.endpoint,
        region_name=arguments.region,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator takes any
        config=Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1}),
    )
    observer = Observer(client, arguments, JsonLog(arguments.log))
    watching = asyncio.create_task(_watch(observer, arguments.interval))
    console.emit("ready")
    await console.serve(_obey)
    watching.cancel()


if __name__ == "__main__":
    run_child(_main)
