"""The entry of an arbiter of many sites on AWS: as `arbiter`, with the sites of a shard in place of one.

An entry of its own, and no branch in the other one, so that each reads its whole environment at its start or fails there.
The environment names table and shard (`TANDEM_FLEET`, `sites.FleetSettings`); who is looked after stands in the table.
"""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any, Final, assert_never

from failover_lambda.aws import BORN_S, clients
from failover_lambda.aws.cloud import LiveCloud
from failover_lambda.aws.life import END_MARGIN_S, LIFE_S_MAX, ONCE_WAIT_S, STANDBY_LIFE_S, Context
from failover_lambda.aws.listing import LiveSites
from failover_lambda.aws.many import LiveSharedCloud, LiveSharedProbers
from failover_lambda.aws.probers import LiveProbers
from failover_lambda.aws.report import LiveReporter
from failover_lambda.aws.state import LiveStore
from failover_lambda.contract import Settings, TickKind
from failover_lambda.cycle import Cycle, Ports
from failover_lambda.fleet import Fleet, FleetPorts, Pools, SitePorts
from failover_lambda.leadership import Leadership, lead, lead_if_nobody_does, once, stand_by
from failover_lambda.machine import RealClock, peak_mb
from failover_lambda.public import LivePublicPath
from failover_lambda.shared import InTurn, Turn
from failover_lambda.sites import FleetSettings

EYES, TICKS, CALLS = 128, 256, 64
"""Threads, started as needed. The eyes have room for three probers and for reads that all hang (`observation`). So many
ticks as there are threads for may hang at once, each of one site, before they delay others."""

SWITCH_S: Final = 0.001
"""How long a thread may compute while others wait for the interpreter: those that come back from a call are short."""

FLEET: Final = FleetSettings.from_environment(os.environ)
_CLIENTS: Final = clients.build_shared()
CLOCK: Final = RealClock()
REPORTER: Final = LiveReporter(FLEET, _CLIENTS.sns)
TURN: Final = Turn()
STORE: Final = InTurn(LiveStore(FLEET, _CLIENTS.dynamodb), TURN)
SITES: Final = LiveSites(FLEET, _CLIENTS.dynamodb)
IMPORT_S: Final = time.monotonic() - BORN_S


def _of(settings: Settings) -> SitePorts:
    return SitePorts(
        cloud=LiveCloud(settings, _CLIENTS.ec2),
        public=LivePublicPath(settings),
        store=LiveStore(settings, _CLIENTS.dynamodb),
        reporter=LiveReporter(settings, _CLIENTS.sns, _CLIENTS.events),
    )


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """One start; see `arbiter.handler`. A `once` tick names its `site`: it settles that one, or asks the leader of all.

    Raises:
        ValueError: an unknown kind of tick, or a site that is not on the list of this shard or cannot be read.
        TimeoutError: a `once` tick that did not settle: the deployment fails.
    """
    kind = TickKind(event.get("tick", TickKind.LOOP.value))
    left_s = context.get_remaining_time_in_millis() / 1000 - END_MARGIN_S
    leadership = Leadership(context.aws_request_id, FLEET, STORE, CLOCK)
    about = {name: event[name] for name in ("instance", "state", "site") if name in event}
    REPORTER.event("start", {"tick": kind.value, "owner": leadership.owner, "import_s": round(IMPORT_S, 3), **about})
    answer: dict[str, Any] = {}
    try:
        answer = _once(event, leadership, left_s) if kind is TickKind.ONCE else {"ended": _lead(kind, leadership, left_s)}
    finally:
        REPORTER.event("end", {"owner": leadership.owner, "peak_mb": peak_mb(), **answer})
    return answer


def _lead(kind: TickKind, leadership: Leadership, left_s: float) -> str:
    ports = FleetPorts(
        clock=CLOCK,
        sites=SITES,
        store=STORE,
        probers=LiveSharedProbers(_CLIENTS.functions),
        cloud=LiveSharedCloud(_CLIENTS.ec2),
        reporter=REPORTER,
        of=_of,
        turn=TURN,
    )
    sys.setswitchinterval(SWITCH_S)
    eyes, ticks, calls = (ThreadPoolExecutor(max_workers=most) for most in (EYES, TICKS, CALLS))
    fleet = Fleet(ports, Pools(eyes=eyes, ticks=ticks, calls=calls))
    life_s = min(STANDBY_LIFE_S if FLEET.arbiter_standby else LIFE_S_MAX, left_s)
    try:
        match kind:
            case TickKind.LOOP | TickKind.ONCE if FLEET.arbiter_standby:
                return stand_by(fleet, leadership, CLOCK, REPORTER, life_s=life_s)
            case TickKind.LOOP | TickKind.ONCE:
                return lead(fleet, leadership, CLOCK, REPORTER, life_s=life_s)
            case TickKind.EVENT:
                return lead_if_nobody_does(fleet, leadership, CLOCK, REPORTER, life_s=min(LIFE_S_MAX, left_s))
            case _:
                assert_never(kind)
    finally:
        fleet.close()


def _once(event: dict[str, Any], leadership: Leadership, left_s: float) -> dict[str, Any]:
    settings = _listed(str(event.get("site", "")))
    own = _of(settings)
    ports = Ports(
        clock=CLOCK,
        probers=LiveProbers(settings, _CLIENTS.functions),
        public=own.public,
        cloud=own.cloud,
        store=own.store,
        reporter=own.reporter,
    )
    cycle = Cycle(settings, ports)
    try:
        return asdict(once(cycle, leadership, CLOCK, wait_s=min(ONCE_WAIT_S, left_s)))
    finally:
        cycle.close()


def _listed(site: str) -> Settings:
    for entry in SITES.list():
        if entry.site == site and entry.settings:
            return entry.settings
        if entry.site == site:
            raise ValueError(f"the settings of {site} cannot be read: {entry.fault}")
    raise ValueError(f"site {site!r} is not on the list of shard {FLEET.shard} of {FLEET.shards}")
