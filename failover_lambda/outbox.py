"""Hands notices over: each to every channel by itself, again and again until it was taken. At least once each (RULE 7.1).

A notice is known to be taken when the record says so, for each channel apart. So a channel that fails for ever keeps nothing
from the other one, and no arbiter that comes later tells again what was told. Which notices there are, and when one is done,
is decided in `rule`; this file only carries. May import `contract`, `model` and `ports`.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass

from failover_lambda.contract import Channel
from failover_lambda.model import Notice
from failover_lambda.ports import Reporter

AGAIN_S_MIN = 5.0
AGAIN_S_MAX = 60.0
"""From a failed hand-over to the next of the same notice to the same channel: doubled each time, between these."""


@dataclass(frozen=True)
class HandOver:
    """What became of one notice at one channel; `fault` empty = it was taken."""

    notice: Notice
    channel: Channel
    fault: str


Key = tuple[str, Channel]
"""A notice's id, and where it goes."""


class Outbox:
    """The hand-overs of one leadership. Times are monotonic seconds; not shared between threads."""

    def __init__(self, channels: tuple[Channel, ...], reporter: Reporter, pool: Executor) -> None:
        self._channels = channels
        self._reporter = reporter
        self._pool = pool
        self._on_the_way: dict[Key, tuple[Future[None], Notice]] = {}
        self._again_at: dict[Key, float] = {}
        self._again_s: dict[Key, float] = {}

    def done(self, now_s: float) -> Iterator[HandOver]:
        """The hand-overs that ended since the last call, each once."""
        ended = [key for key, (future, _) in self._on_the_way.items() if future.done()]
        for key in ended:
            future, notice = self._on_the_way.pop(key)
            exc = future.exception()
            if exc:
                self._rest(key, now_s)
            yield HandOver(notice, key[1], f"{type(exc).__name__}: {exc}" if exc else "")

    def send(self, notices: Iterable[Notice], now_s: float) -> Iterator[Notice]:
        """Begin every hand-over that is due; gives the notices that no channel waits for any more."""
        for notice in notices:
            missing = [channel for channel in self._channels if channel not in notice.taken]
            for channel in missing:
                self._begin(notice, channel, now_s)
            if not missing:
                yield notice

    def _begin(self, notice: Notice, channel: Channel, now_s: float) -> None:
        key = (notice.id, channel)
        if key not in self._on_the_way and now_s >= self._again_at.get(key, now_s):
            self._on_the_way[key] = self._pool.submit(self._reporter.tell, notice, channel), notice

    def _rest(self, key: Key, now_s: float) -> None:
        self._again_s[key] = min(2 * self._again_s.get(key, AGAIN_S_MIN / 2), AGAIN_S_MAX)
        self._again_at[key] = now_s + self._again_s[key]
