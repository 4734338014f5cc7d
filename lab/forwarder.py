"""The worker's back half: deliver accepted messages to the downstream receiver, in order, over one connection.

The next message goes out when the receiver has acknowledged the one before and the store has that on disk. A try
that fails is made again until it succeeds, for as long as the process lives, as integration engines do.

A worker that starts with undelivered messages holds them: while it was away another worker may have served, and
whether the old ones still count is the operator's to say. New messages pass them by.

A copy that may have arrived before (from the held backlog, or after a lost acknowledgement) says so in MSH-11, so that
the receiver can recognise it.
"""

import asyncio
from typing import Final, NamedTuple

from lab.arguments import Endpoint
from lab.breaches import Breach, Breaches
from lab.failure import EXPECTED
from lab.hl7_messages import Mode, Origin, forwarded
from lab.intake import Identity
from lab.jsonlog import JsonLog
from lab.message_log import Entry, MessageLog
from lab.mllp import Link

_CONNECT_S: Final = 0.5
_ACKNOWLEDGE_S: Final = 2.0
_RETRY_S: Final = 0.1


class _Parcel(NamedTuple):
    entry: Entry
    backlog: bool


class Forwarder:
    """Delivers for one worker; holds what `messages` has undelivered when it is made."""

    def __init__(self, identity: Identity, messages: MessageLog, log: JsonLog, breaches: Breaches) -> None:
        self._identity = identity
        self._messages = messages
        self._log = log
        self._breaches = breaches
        self._link: Link | None = None
        self._parcels: asyncio.Queue[_Parcel] = asyncio.Queue()
        self._held = [_Parcel(entry, backlog=True) for entry in messages.undelivered()]
        self._swapped: dict[str, Entry] = {}

    @property
    def held(self) -> int:
        """How many messages wait for their release."""
        return len(self._held)

    def submit(self, entry: Entry) -> None:
        """Queue a message that was just accepted."""
        sender = entry.key.application
        if sender in self._swapped:
            self._queue(entry)
            self._queue(self._swapped.pop(sender))
        elif self._breaches.take(Breach.SWAP_TWO):
            self._swapped[sender] = entry
        else:
            self._queue(entry)

    def release(self) -> int:
        """Queue the held backlog, oldest first; gives how many messages that were."""
        released, self._held = self._held, []
        for parcel in released:
            self._parcels.put_nowait(parcel)
        return len(released)

    async def run(self, receiver: Endpoint) -> None:
        """Deliver to `receiver` until the process ends."""
        while True:
            parcel = await self._parcels.get()
            await self._deliver(parcel, receiver)
            await self._mark(parcel.entry)
            self._log.write("delivered", key=parcel.entry.key, boot=self._identity.boot, backlog=parcel.backlog)
            if self._breaches.take(Breach.DELIVER_TWICE):
                await self._deliver(_Parcel(parcel.entry, backlog=False), receiver)

    async def _mark(self, entry: Entry) -> None:
        """Until the disk has it; a worker without room goes no further, and knows what it has delivered while it lives."""
        while True:
            try:
                return await self._messages.mark_delivered(entry)
            except OSError:
                await asyncio.sleep(_RETRY_S)

    def _queue(self, entry: Entry) -> None:
        self._parcels.put_nowait(_Parcel(entry, backlog=False))

    async def _deliver(self, parcel: _Parcel, receiver: Endpoint) -> None:
        may_repeat = parcel.backlog
        while True:
            mode = Mode.RESTORED if may_repeat else Mode.CURRENT
            text = forwarded(parcel.entry.text, Origin(*self._identity, mode))
            try:
                link = self._link = self._link or await Link.open(receiver, _CONNECT_S)
                may_repeat = True
                await link.exchange(text, _ACKNOWLEDGE_S)
            except EXPECTED:
                self._hang_up()
                await asyncio.sleep(_RETRY_S)
            else:
                return

    def _hang_up(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None
