"""The arbiter's entry on AWS: joins the real parts, and leads or asks.

Settings and clients are built while the platform starts the function, because it lends a whole CPU then; a broken bundle or
environment fails there, and with it the deployment that invokes the `once` tick.
"""

import os
import time
from dataclasses import asdict
from typing import Any, Final, assert_never

from failover_lambda.aws import BORN_S, clients
from failover_lambda.aws.cloud import LiveCloud
from failover_lambda.aws.life import END_MARGIN_S, LIFE_S_MAX, ONCE_WAIT_S, STANDBY_LIFE_S, Context
from failover_lambda.aws.probers import LiveProbers
from failover_lambda.aws.report import LiveReporter
from failover_lambda.aws.state import LiveStore
from failover_lambda.contract import Settings, TickKind
from failover_lambda.cycle import Cycle, Ports
from failover_lambda.leadership import Leadership, lead, lead_if_nobody_does, once, stand_by
from failover_lambda.machine import RealClock, peak_mb
from failover_lambda.public import LivePublicPath

SETTINGS: Final = Settings.from_environment(os.environ)
_CLIENTS: Final = clients.build(SETTINGS)
PORTS: Final = Ports(
    clock=RealClock(),
    probers=LiveProbers(SETTINGS, _CLIENTS.functions),
    public=LivePublicPath(SETTINGS),
    cloud=LiveCloud(SETTINGS, _CLIENTS.ec2),
    store=LiveStore(SETTINGS, _CLIENTS.dynamodb),
    reporter=LiveReporter(SETTINGS, _CLIENTS.sns, _CLIENTS.events),
)
IMPORT_S: Final = time.monotonic() - BORN_S


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """One start of an arbiter; `event["tick"]` is a `TickKind`, a missing one is `loop`.

    An `event` also carries `instance` and `state`. They are logged and not believed: a leader asks the cloud itself.

    Returns:
        For `once` the fields of `leadership.Outcome`; for `loop` and `event` why it ended.

    Raises:
        ValueError: an unknown kind of tick.
        TimeoutError: a `once` tick that did not settle: the deployment fails.
    """
    kind = TickKind(event.get("tick", TickKind.LOOP.value))
    left_s = context.get_remaining_time_in_millis() / 1000 - END_MARGIN_S
    cycle = Cycle(SETTINGS, PORTS)
    leadership = Leadership(context.aws_request_id, SETTINGS, PORTS.store, PORTS.clock)
    about = {name: event[name] for name in ("instance", "state") if name in event}
    PORTS.reporter.event("start", {"tick": kind.value, "owner": leadership.owner, "import_s": round(IMPORT_S, 3), **about})
    answer: dict[str, Any] = {}
    try:
        answer = _run(kind, cycle, leadership, left_s)
    finally:
        cycle.close()
        PORTS.reporter.event("end", {"owner": leadership.owner, "peak_mb": peak_mb(), **answer})
    return answer


def _run(kind: TickKind, cycle: Cycle, leadership: Leadership, left_s: float) -> dict[str, Any]:
    life_s = min(LIFE_S_MAX, left_s)
    match kind:
        case TickKind.ONCE:
            return asdict(once(cycle, leadership, PORTS.clock, wait_s=min(ONCE_WAIT_S, left_s)))
        case TickKind.LOOP if SETTINGS.arbiter_standby:
            life_s = min(STANDBY_LIFE_S, left_s)
            return {"ended": stand_by(cycle, leadership, PORTS.clock, PORTS.reporter, life_s=life_s)}
        case TickKind.LOOP:
            return {"ended": lead(cycle, leadership, PORTS.clock, PORTS.reporter, life_s=life_s)}
        case TickKind.EVENT:
            return {"ended": lead_if_nobody_does(cycle, leadership, PORTS.clock, PORTS.reporter, life_s=life_s)}
        case _:
            assert_never(kind)
