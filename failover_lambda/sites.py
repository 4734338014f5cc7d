"""The sites of a fleet: how one is listed, and which shard looks after it. Pure.

The record table is the list: an item `site#NAME` holds the settings that a watchdog of that site alone would have in its
environment, as one JSON object of the same names and texts. So there is one form of settings and one reader of it. Table,
shard and standby of the arbiter are the fleet's: a site that names others is watched all the same.

May import `contract` only.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any, cast

from failover_lambda.contract import Settings, site_key

FAULT_CHARACTERS_MAX = 400
"""Of why a site cannot be watched: enough for the first names that are missing."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One site as the list has it: its settings, or why there are none to be had."""

    site: str
    settings: Settings | None = None
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class FleetSettings:
    """What an arbiter of many sites is told: everything else stands in the list."""

    table: str
    shard: int
    shards: int

    @property
    def lease_shard(self) -> str:
        """The shard as the lease's key names it."""
        return str(self.shard)


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
    return Listed(site=site, settings=replace(settings, shard=fleet.lease_shard, record_table=fleet.table))


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
