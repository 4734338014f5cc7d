"""The worker's front half: take a message, make it durable, only then acknowledge it.

A repeat of a message that is in the store is acknowledged again and goes no further: the sender did not see the
first acknowledgement, and needs one. A message that the disk does not take is refused (AE), so that its sender keeps it. A
query about the system itself (a watchdog's probe) is answered and kept nowhere.
"""

import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from lab.breaches import Breach, Breaches
from lab.hl7_messages import acknowledgement, asks_for_the_system, key_of
from lab.jsonlog import JsonLog
from lab.message_log import Entry, MessageLog


class Identity(NamedTuple):
    """Which worker this is, and which start of it: `boot` is fresh with every process."""

    worker: str
    boot: str

    def __str__(self) -> str:
        return f"{self.worker} {self.boot}"


class Intake:
    """Receives for one worker; `on_accepted` gets each new message, in the order of the store."""

    def __init__(
        self,
        identity: Identity,
        messages: MessageLog,
        log: JsonLog,
        breaches: Breaches,
        on_accepted: Callable[[Entry], None],
    ) -> None:
        self._identity = identity
        self._messages = messages
        self._log = log
        self._breaches = breaches
        self._on_accepted = on_accepted

    async def receive(self, text: str) -> str | None:
        """Take one message; gives its acknowledgement, or None for no answer (a worker that lies)."""
        if self._breaches.lying:
            return None
        await self._breaches.dawdle()
        code = "AA" if asks_for_the_system(text) or await self._is_durable(text) else "AE"
        return acknowledgement(text, str(self._identity), datetime.now(UTC), code)

    async def _is_durable(self, text: str) -> bool:
        """Put a message on disk, or find it there; False where the disk does not take it."""
        key = key_of(text)
        if not self._messages.knows(key) and self._breaches.take(Breach.DROP_AFTER_ACK):
            return True
        try:
            entry = await self._messages.accept(key, text)
        except OSError as refused:
            print(f"the store does not take {key}: {refused}", file=sys.stderr)
            return False
        if entry is None:
            self._log.write("known", key=key, boot=self._identity.boot)
        else:
            self._accepted(entry)
        return True

    def _accepted(self, entry: Entry) -> None:
        self._log.write("accepted", key=entry.key, boot=self._identity.boot, seq_in_log=entry.seq)
        if self._breaches.take(Breach.DIE_AFTER_STORE):
            os.kill(os.getpid(), signal.SIGKILL)
        self._on_accepted(entry)
