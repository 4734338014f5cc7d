"""Time zones and cron: what a failback window can be made of; pure.

The zones are those of the pinned package `tzdata`, and not of the machine that the program runs on: the same configuration
means the same everywhere, and what was checked is what the watchdog's bundle takes along. Everybody in `infra` may import
this file.
"""

from datetime import UTC, datetime, tzinfo
from functools import cache
from importlib import resources
from io import BytesIO
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from failover_lambda import contract

FIELDS = 5
"""Minute, hour, day of the month, month, day of the week. A sixth one would be seconds."""

LOOKED_AT_MAX = 3000
"""Openings that are compared with the next: eight years of daily ones, four months of hourly ones."""
LOOKED_AT_YEARS = 8
"""Two leap days; by then the days of the week have met most dates."""

_BEGIN = datetime(2027, 2, 1, tzinfo=UTC)
"""Before a leap year, and before the change of clocks that brings openings together. It is never now: what is refused does
not depend on the day."""


@cache
def time_zones() -> frozenset[str]:
    """Every name that there is."""
    return frozenset((resources.files("tzdata") / "zones").read_text(encoding="utf-8").split())


def time_zone_content(name: str) -> bytes:
    """The rules of a zone, as a TZif file; KeyError when there is none of that name."""
    if name not in time_zones():
        raise KeyError(name)
    return resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()


def time_zone(name: str) -> tzinfo:
    """The zone of that name; KeyError when there is none."""
    return UTC if name == contract.UTC else ZoneInfo.from_file(BytesIO(time_zone_content(name)), key=name)


def cron_fault(text: str) -> str:
    """Why a text is no cron of a window; empty when it is one.

    >>> cron_fault("0 3 * * SUN")
    ''
    >>> cron_fault("0 25 * * *")
    'bad hour'
    >>> cron_fault("0 0 3 * * *")
    '6 fields'
    """
    if len(text.split()) != FIELDS:
        return f"{len(text.split())} fields"
    try:
        first = next(CronSim(text, _BEGIN), None)
    except CronSimError as exc:
        return str(exc).lower()
    return "" if first else "a day that never comes"


def shortest_distance_s(cron: str, zone: tzinfo) -> float | None:
    """The shortest time from one opening to the next, the changes of clocks counted in; None when one is all there is.

    Two that fall on one moment, in the hour that does not exist, are one opening.

    >>> shortest_distance_s("0 3 * * SUN", UTC) / 86400
    7.0
    """
    coming = takewhile(lambda each: each.year < _BEGIN.year + LOOKED_AT_YEARS, CronSim(cron, _BEGIN.astimezone(zone)))
    openings = [each.timestamp() for each in islice(coming, LOOKED_AT_MAX)]
    distances = [later - earlier for earlier, later in pairwise(openings)]
    return min((distance for distance in distances if distance), default=None)
