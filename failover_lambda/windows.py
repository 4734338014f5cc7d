"""Failback windows: which one is open at a moment, from cron, length and time zone. Knows a calendar and no clock.

A window opens as Debian's cron would start a job (cronsim): where minute and hour are said, an opening in the hour that does
not exist comes at its end, and one in the hour that comes twice comes once, the first time. It closes `length` later by
elapsed time, whatever the clocks on the wall do. Its opening names it (docs/RULE.md 10.2).

The time zone comes from the bundle and nowhere else: what a machine has installed may be old, or not there. Only `cycle`
imports this file. May import `contract` and `model`, and cronsim, which travels in the bundle.
"""

import io
import pkgutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from cronsim import CronSim

from failover_lambda import contract
from failover_lambda.contract import Settings
from failover_lambda.model import Window

MINUTE_S = 60
"""Windows open and close on whole minutes."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When windows open, and for how long."""

    cron: str
    length: timedelta
    time_zone: tzinfo


def schedule_of(settings: Settings) -> Schedule | None:
    """What the settings say; None = failback is by hand only.

    Raises:
        OSError, ValueError: the bundle does not hold the time zone, or what it holds is none.
    """
    if not settings.failback_enabled or not settings.failback_cron:
        return None
    return Schedule(
        cron=settings.failback_cron,
        length=timedelta(minutes=settings.failback_length_minutes),
        time_zone=_time_zone(settings.failback_time_zone),
    )


def _time_zone(name: str) -> tzinfo:
    if name == contract.UTC:
        return UTC
    content = pkgutil.get_data(__package__ or "failover_lambda", contract.time_zone_file(name))
    if content is None:
        raise OSError(f"the bundle cannot be read, so the time zone {name} is not known")
    return ZoneInfo.from_file(io.BytesIO(content), key=name)


def open_at(schedule: Schedule, now_s: float) -> Window | None:
    """The window that is open at `now_s` (wall clock, seconds since 1970); of two, the one that opened later."""
    now = datetime.fromtimestamp(now_s, UTC)
    opened = None
    for each in CronSim(schedule.cron, (now - schedule.length).astimezone(schedule.time_zone)):
        opening = each.astimezone(UTC)  # else a sum with it would be one of the wall clock
        if opening > now:
            break
        opened = opening
    if opened is None or now >= opened + schedule.length:
        return None
    return Window(opened_s=opened.timestamp(), closes_s=(opened + schedule.length).timestamp())


class Windows:
    """The windows of one site. It is asked in every round, and looks at the calendar once a minute."""

    def __init__(self, settings: Settings) -> None:
        self._schedule = schedule_of(settings)
        self._minute: int | None = None
        self._window: Window | None = None

    def at(self, now_s: float) -> Window | None:
        """The window that is open at `now_s`."""
        if self._schedule is None:
            return None
        minute = int(now_s // MINUTE_S)
        if minute != self._minute:
            self._window = open_at(self._schedule, minute * MINUTE_S)
            self._minute = minute
        return self._window
