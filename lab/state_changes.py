"""EC2's state-change events in the lab: what moto's instances do is put on ministack's event bus, as AWS does it.

moto and ministack do not know each other, so the lab carries the news. As on AWS it is best effort and comes beside
everything else: one thread, in the order of the changes, and whoever follows the instances does not wait for it. What was
published, and what was not and why, is in `state-changes.jsonl` of the lab's logs.

Shape of the event: EC2 user guide, "EC2 instance state change events" (read 2026-11-22).
"""

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lab.jsonlog import JsonLog

SOURCE = "aws.ec2"
DETAIL_TYPE = "EC2 Instance State-change Notification"

READY_S = 120.0
"""Longest wait for the bus to be there: longer than the lab itself waits for it."""


class StateChanges:
    """Publishes the changes that it is given; nothing before `begin`, and nothing after `close`."""

    def __init__(self, arn_of: Callable[[str], str], log: JsonLog) -> None:
        """`arn_of` makes the ARN of an instance from its id."""
        self._arn_of = arn_of
        self._log = log
        self._states: dict[str, str] = {}
        self._begun = threading.Event()
        self._closed = False
        self._events: Any = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="state-changes")

    def begin(self, events: Any) -> None:
        """The bus is there: `events` is a boto3 client for it."""
        self._events = events
        self._begun.set()

    def take(self, event: Mapping[str, Any]) -> None:
        """Publish it if it is an instance in another state than before; returns at once.

        A machine that loses its power while it is stopping is news for the lab, and none for EC2.
        """
        if event.get("event") != "instance" or self._closed:
            return
        instance_id, state = str(event["instance_id"]), str(event["state"])
        if self._states.get(instance_id) != state:
            self._states[instance_id] = state
            self._thread.submit(self._publish, instance_id, state)

    def close(self) -> None:
        """What was not published by now never is. Waits for nothing."""
        self._closed = True
        self._begun.set()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _publish(self, instance_id: str, state: str) -> None:
        self._begun.wait(READY_S)
        if self._closed or self._events is None:
            return
        try:
            answer = self._events.put_events(Entries=[self._entry(instance_id, state)])
        except Exception as exc:  # noqa: BLE001 - best effort, as on AWS; the log says why it was none
            self._log.write("lost", instance_id=instance_id, state=state, why=f"{type(exc).__name__}: {exc}")
            return
        (entry,) = answer["Entries"]
        self._log.write("published", instance_id=instance_id, state=state, **entry)

    def _entry(self, instance_id: str, state: str) -> dict[str, Any]:
        return {
            "Source": SOURCE,
            "DetailType": DETAIL_TYPE,
            "Resources": [self._arn_of(instance_id)],
            "Detail": json.dumps({"instance-id": instance_id, "state": state}),
        }
