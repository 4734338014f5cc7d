"""What a fleet reports: the figures of all its sites in one line a minute, and a site's tick only where it tells something.

Each site by itself would write a line a second and six metrics a minute; for a thousand sites that costs more than the rest
of the watchdog. A notice is handed over as ever, by the site's own reporter. May import `contract`, `model`, `ports` and
`pulse`.
"""

from collections.abc import Mapping
from threading import Lock

from failover_lambda.contract import Channel
from failover_lambda.model import Notice, Vitals
from failover_lambda.ports import Clock, Reporter
from failover_lambda.pulse import PERIOD_S

TELLING = ("phase", "epoch", "holder", "reason", "failed", "overrun")
"""Fields of a tick: where none of them has changed it is written once a minute."""

SILENT_S = 2 * PERIOD_S
"""A site that told no figures for so long is not observed."""


class Gathered:
    """The figures that the sites of a fleet told last. May be told from many threads at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last: dict[str, tuple[float, Vitals]] = {}
        self._failed = 0
        self._suspect_s = 0.0

    def put(self, site: str, vitals: Vitals, at: float) -> None:
        """What one site tells; `at` is monotonic."""
        with self._lock:
            self._last[site] = at, vitals
            self._failed += vitals.failed_ticks
            self._suspect_s += vitals.suspect_s

    def leave(self, site: str) -> None:
        """A site that is looked after no more is not missed."""
        with self._lock:
            self._last.pop(site, None)

    def take(self, sites: int, *, failed: int, at: float) -> Vitals:
        """The figures of `sites` sites since the last line; `failed` = ticks that failed without a site's telling it.

        The heartbeat is that of all: a site without a complete round, or without a word, stops it.
        """
        with self._lock:
            heard = [vitals for told_at, vitals in self._last.values() if at - told_at < SILENT_S]
            suspect_s, failed_ticks = self._suspect_s, self._failed + failed
            self._suspect_s, self._failed = 0.0, 0
        not_ready = [vitals.standbys_not_ready for vitals in heard if vitals.standbys_not_ready is not None]
        left = [vitals.moves_left for vitals in heard if vitals.moves_left is not None]
        return Vitals(
            heartbeat=len(heard) >= sites and all(vitals.heartbeat for vitals in heard),
            failed_ticks=failed_ticks,
            suspect_s=suspect_s,
            needs_person=any(vitals.needs_person for vitals in heard),
            standbys_not_ready=sum(not_ready) if not_ready else None,
            moves_left=min(left) if left else None,
        )


class OfOneSite:
    """See `ports.Reporter`: one site's, within a fleet."""

    def __init__(self, site: str, reporter: Reporter, gathered: Gathered, clock: Clock) -> None:
        self._site = site
        self._reporter = reporter
        self._gathered = gathered
        self._clock = clock
        self._told: tuple[object, ...] = ()
        self._told_at = float("-inf")

    def event(self, name: str, fields: Mapping[str, object]) -> None:
        """One line; a tick's only if it differs from the last one, or once a minute."""
        if name == "tick":
            telling = tuple(fields.get(each) for each in TELLING)
            now_s = self._clock.monotonic_s()
            if telling == self._told and now_s - self._told_at < PERIOD_S:
                return
            self._told, self._told_at = telling, now_s
        self._reporter.event(name, {"site": self._site, **fields})

    def vitals(self, vitals: Vitals) -> None:
        """Gathered with those of the others."""
        self._gathered.put(self._site, vitals, self._clock.monotonic_s())

    def tell(self, notice: Notice, channel: Channel) -> None:
        """As ever."""
        self._reporter.tell(notice, channel)
