"""What a leader's ticks were like between two lines of metrics: counted here, written by the port `Reporter`.

A leadership lasts about a minute, because each start by the schedule takes over. So a line is due after the first tick, once
a minute, and at the end: what the last part of a minute brought is not lost. No I/O and no clock. May import `contract`,
`model` and `moves`.
"""

from failover_lambda.contract import Settings
from failover_lambda.model import Phase, Record, Round, Vitals
from failover_lambda.moves import moves_left

PERIOD_S = 60.0
"""A stored minute is the shortest period of an alarm without metrics of high resolution."""

NEEDS_PERSON = frozenset({Phase.MANUAL, Phase.BOTH_DOWN})


class Pulse:
    """Counts the ticks of one leadership on one site. Times are monotonic seconds unless a name says otherwise."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._written_at: float | None = None
        self._ticked_at: float | None = None
        self._was_suspect = False
        self._forget()

    def _forget(self) -> None:
        self._ticks = 0
        self._failed = 0
        self._suspect_s = 0.0
        self._complete = False
        self._not_ready: int | None = None

    def count(self, seen: Round | None, record: Record | None, *, failed: bool, at: float) -> None:
        """Count one tick, from what it saw and what it left; `seen` None = its round was not complete."""
        if self._was_suspect and self._ticked_at is not None:
            self._suspect_s += at - self._ticked_at
        self._was_suspect = record is not None and record.phase is Phase.SUSPECT
        self._ticked_at = at
        self._ticks += 1
        self._failed += failed
        if seen:
            self._complete = True
        if seen and seen.sights:
            self._not_ready = _standbys_not_ready(seen, record)

    def due(self, at: float) -> bool:
        """Whether a line is to be written now."""
        return self._ticks > 0 and (self._written_at is None or at - self._written_at >= PERIOD_S)

    @property
    def pending(self) -> bool:
        """Whether there was a tick that no line tells of."""
        return self._ticks > 0

    def take(self, record: Record | None, *, at: float, now_s: float) -> Vitals:
        """What was counted since the last line; counting begins anew. `now_s` is the wall clock, as in the record."""
        known = record if record and record.phase is not Phase.DISABLED else None
        vitals = Vitals(
            heartbeat=self._complete,
            failed_ticks=self._failed,
            suspect_s=self._suspect_s,
            needs_person=record is not None and record.phase in NEEDS_PERSON and not record.acknowledged,
            standbys_not_ready=self._not_ready,
            moves_left=moves_left(known, self._settings, now_s) if known else None,
        )
        self._written_at = at
        self._forget()
        return vitals


def _standbys_not_ready(seen: Round, record: Record | None) -> int:
    """How many were asked and found healthy and ready by nobody. Whom nobody could ask is not counted: RULE 3.2."""
    reports = [report for sight in seen.sights for report in sight.reports]
    fit = {report.worker for report in reports if report.fit}
    failing = {report.worker for report in reports if report.answer.failing or (report.ready and report.ready.failing)}
    return len(failing - fit - {record.holder if record else ""})
