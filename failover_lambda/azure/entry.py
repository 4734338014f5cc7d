"""The watchdog's entry on Azure: joins the real parts, and ticks by a timer or for whoever asks by HTTP.

Settings and clients are built while the host indexes the functions, so a broken bundle or environment leaves it without any,
and the first `once` tick of the deployment fails. `zip_root/function_app.py` says which function calls what.

Theory of operation. The timer fires every few seconds, in one instance of the app at a time, and never twice at once. What
AWS's arbiter does in one long life, a `Post` does here in many short firings of one process: it keeps the lease and the
cycle in between (docs/RULE.md 2.13). The HTTP functions run in other processes, because the platform scales them apart
from the timer (Azure Functions, "Flex Consumption plan", per-function scaling); so they are arbiters of their own, for one
call each, and the lease decides between all of them.
"""

import json
import os
import threading
import time
import uuid
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final, assert_never

from failover_lambda.azure import BORN_S, clients
from failover_lambda.azure.blobs import Blobs, container
from failover_lambda.azure.cloud import LiveCloud
from failover_lambda.azure.credential import ManagedIdentity
from failover_lambda.azure.life import ALIVE_S, BURST_S, CADENCE_S, LIFE_S, ONCE_WAIT_S, REHEARSES_EACH_S
from failover_lambda.azure.names import subscription_of
from failover_lambda.azure.probers import LiveProbers, anchor_of
from failover_lambda.azure.report import LiveReporter
from failover_lambda.azure.state import LiveStore
from failover_lambda.contract import Settings, TickKind
from failover_lambda.cycle import Cycle, Ports
from failover_lambda.errors import StoreError
from failover_lambda.leadership import TO_THE_NEXT_FIRING, Leadership, lead_if_nobody_does, once
from failover_lambda.leadership import fire as fire_once
from failover_lambda.machine import RealClock, peak_mb
from failover_lambda.prober import Anchor
from failover_lambda.public import LivePublicPath

STILL_FIRING: Final = "the firing before this one has not ended"

SETTINGS: Final = Settings.from_environment(os.environ)
_CREDENTIAL: Final = ManagedIdentity(os.environ)
_CLIENTS: Final = clients.build(subscription_of(SETTINGS.address_id), _CREDENTIAL, **clients.options_of(os.environ))
_CLOCK: Final = RealClock()
_STORE: Final = LiveStore(SETTINGS, Blobs(container(SETTINGS.record_table, _CREDENTIAL)))
PORTS: Final = Ports(
    clock=_CLOCK,
    probers=LiveProbers(SETTINGS, Anchor(*anchor_of(SETTINGS.record_table))),
    public=LivePublicPath(SETTINGS),
    cloud=LiveCloud(SETTINGS, _CLIENTS.network, _CLIENTS.compute, _CLOCK),
    store=_STORE,
    reporter=LiveReporter(SETTINGS),
)
IMPORT_S: Final = time.monotonic() - BORN_S


class Post:
    """The timer's place in this process: lease and cycle from one firing to the next."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()
        self._leadership = Leadership(uuid.uuid4().hex, SETTINGS, PORTS.store, PORTS.clock)
        self._cycle = Cycle(SETTINGS, PORTS)
        self._let_rehearse_at = PORTS.clock.monotonic_s()
        self._firings = 0

    def fire(self, *, past_due: bool) -> str:
        """See `leadership.fire`. The host fires no timer twice at once; if it did, the second firing would end here."""
        if not self._one_at_a_time.acquire(blocking=False):
            return STILL_FIRING
        try:
            self._begin(past_due=past_due)
            led = self._leadership.lease is not None
            ended = fire_once(
                self._cycle, self._leadership, PORTS.clock, PORTS.reporter, cadence_s=CADENCE_S, burst_s=BURST_S
            )
            if ended != TO_THE_NEXT_FIRING and (led or ended != self._leadership.why_not):
                self._leave(ended)
            return ended
        finally:
            self._one_at_a_time.release()

    def _begin(self, *, past_due: bool) -> None:
        self._firings += 1
        if self._firings == 1 or past_due:
            PORTS.reporter.event("start", _about("timer", self._leadership.owner) | {"past_due": past_due})
        now_s = PORTS.clock.monotonic_s()
        if now_s - self._let_rehearse_at >= REHEARSES_EACH_S:
            self._let_rehearse_at = now_s
            self._cycle.let_rehearse()

    def _leave(self, why: str) -> None:
        """It led, and does not any more: whatever the cycle knows is another's by now."""
        self._cycle.close()
        self._cycle = Cycle(SETTINGS, PORTS)
        PORTS.reporter.event("end", {"owner": self._leadership.owner, "ended": why, "peak_mb": peak_mb()})


_POST: Final = Post()


def fire(*, past_due: bool = False) -> str:
    """One firing of the timer; why it ended. `past_due`: it comes later than the schedule says."""
    return _POST.fire(past_due=past_due)


def tick(kind: TickKind) -> dict[str, Any]:
    """One start by HTTP.

    Returns:
        For `once` the fields of `leadership.Outcome`; for `loop` and `event` why it ended. These two lead where nobody does,
        so they replace a timer that has stopped, and disturb none that fires.

    Raises:
        TimeoutError: a `once` tick that did not settle: the deployment fails.
    """
    cycle = Cycle(SETTINGS, PORTS)
    leadership = Leadership(uuid.uuid4().hex, SETTINGS, PORTS.store, PORTS.clock)
    PORTS.reporter.event("start", _about(kind.value, leadership.owner))
    answer: dict[str, Any] = {}
    try:
        answer = _run(kind, cycle, leadership)
    finally:
        cycle.close()
        PORTS.reporter.event("end", {"owner": leadership.owner, "peak_mb": peak_mb(), **answer})
    return answer


def _run(kind: TickKind, cycle: Cycle, leadership: Leadership) -> dict[str, Any]:
    match kind:
        case TickKind.ONCE:
            leadership.acquire_if_nobody_leads()  # a process that the deployment ended may have it still
            return asdict(once(cycle, leadership, PORTS.clock, wait_s=ONCE_WAIT_S))
        case TickKind.LOOP | TickKind.EVENT:
            return {"ended": lead_if_nobody_does(cycle, leadership, PORTS.clock, PORTS.reporter, life_s=LIFE_S)}
        case _:
            assert_never(kind)


def answer(word: str | None) -> tuple[HTTPStatus, str]:
    """The HTTP tick: status and JSON body. `word` is a `TickKind`; None = `loop`, as an alarm calls that says nothing."""
    try:
        kind = TickKind(TickKind.LOOP.value if word is None else word)
    except ValueError:
        kinds = ", ".join(each.value for each in TickKind)
        return HTTPStatus.BAD_REQUEST, json.dumps({"error": f"tick={word!r} is none of {kinds}"})
    try:
        return HTTPStatus.OK, json.dumps(tick(kind))
    except TimeoutError as exc:
        return HTTPStatus.GATEWAY_TIMEOUT, json.dumps({"error": str(exc)})


def alive_status() -> HTTPStatus:
    """200 when a tick ended in the last minute, in whatever process; else 503, also when that cannot be known.

    Every leader beats in the store, and no beat comes before the end of the tick before it, which is a firing ago at most.
    What operators write there looks the same for a minute.
    """
    try:
        age_s = _STORE.beat_age_s()
    except StoreError:
        return HTTPStatus.SERVICE_UNAVAILABLE
    is_alive = age_s is not None and age_s <= ALIVE_S - 2 * CADENCE_S
    return HTTPStatus.OK if is_alive else HTTPStatus.SERVICE_UNAVAILABLE


def _about(tick_kind: str, owner: str) -> dict[str, object]:
    return {"tick": tick_kind, "owner": owner, "import_s": round(IMPORT_S, 3)}
