"""The sites of a fleet: how one is listed, and which shard looks after it. Pure.

The record table is the list: an item `site#NAME` holds the settings that a watchdog of that site alone would have in its
environment, as one JSON object of the same names and texts. So there is one form of settings and one reader of it. Table,
shard and standby of the arbiter are the fleet's: a site that names others is watched all the same.

May import `contract` only.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, cast

from failover_lambda.contract import ENVIRONMENT_PREFIX, Settings, from_plain, site_key, to_plain

FAULT_CHARACTERS_MAX = 400
"""Of why a site cannot be watched: enough for the first names that are missing."""


FLEET_VARIABLE = f"{ENVIRONMENT_PREFIX}FLEET"


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One site as the list has it: its settings, or why there are none to be had."""

    site: str
    settings: Settings | None = None
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class FleetSettings:
    """What an arbiter of many sites is told: everything else stands in the list."""

    record_table: str
    shard: str
    """As the lease's key names it: a number from 0."""
    shards: int
    lease_ttl_s: float = 6.0
    lease_renew_s: float = 2.0
    arbiter_standby: bool = False
    notice_topic: str = ""
    """A fleet as a whole has nothing to tell: each site tells its own notices."""
    notice_event_bus: str = ""

    @property
    def site(self) -> str:
        """Under which name the fleet as a whole is reported."""
        return f"shard-{self.shard}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """From `TANDEM_FLEET`, a JSON object of these fields.

        Raises:
            KeyError, TypeError, ValueError: it is missing or cannot be read.
        """
        fleet: Self = from_plain(cls, json.loads(environment[FLEET_VARIABLE]))
        if not (fleet.shard.isdecimal() and int(fleet.shard) < fleet.shards):
            raise ValueError(f"{FLEET_VARIABLE}: shard {fleet.shard} is none of 0 to {fleet.shards - 1}")
        return fleet

    def to_environment(self) -> dict[str, str]:
        """The inverse."""
        return {FLEET_VARIABLE: json.dumps(to_plain(self, sparse=True), separators=(",", ":"), sort_keys=True)}


def shard_of(site: str, shards: int) -> int:
    """The shard of a site, from 0: the same for ever and on every machine, and even over many names.

    >>> [shard_of(name, 4) for name in ("lis", "pacs", "ris")]
    [3, 3, 2]
    """
    return _number(site) % shards


def phase_of(site: str) -> float:
    """Where in its interval a site is asked, from 0 to below 1: so a thousand sites are not asked in one instant."""
    return (_number(site) >> 64) % 2**32 / 2**32


def _number(site: str) -> int:
    return int.from_bytes(hashlib.sha256(site.encode()).digest()[:16], "big")


def document_of(settings: Settings) -> str:
    """The settings as they stand in the list."""
    return json.dumps(settings.to_environment(), separators=(",", ":"), sort_keys=True)


def listed(site: str, document: str | None, fleet: FleetSettings) -> Listed:
    """What an item of the list says; never raises."""
    try:
        settings = Settings.from_environment(_environment(document))
    except (ValueError, TypeError, KeyError) as exc:
        return Listed(site=site, fault=str(exc)[:FAULT_CHARACTERS_MAX])
    if settings.site != site:
        return Listed(site=site, fault=f"the settings under {site_key(site)} are those of site {settings.site}")
    return Listed(site=site, settings=replace(settings, shard=fleet.shard, record_table=fleet.record_table))


def _environment(document: str | None) -> dict[str, str]:
    if document is None:
        raise ValueError("there are no settings")
    plain: Any = json.loads(document)
    if not isinstance(plain, dict):
        raise TypeError("the settings are no JSON object")
    texts = cast("dict[str, Any]", plain)
    if strange := sorted(name for name, value in texts.items() if not isinstance(value, str)):
        raise TypeError(f"{', '.join(strange)}: not a text, as in the environment")
    return texts
