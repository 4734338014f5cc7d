"""The emulated Resource Manager: one request in, one answer out, one at a time; the time comes from a clock it is given.

    clock -> end what is due -> carry out what comes late -> is the caller somebody -> a fault -> may the caller ->
    read or write -> log -> tell the lab what happened -> keep everything

The HTTP around it is `lab.arm.server`. Nothing here sleeps; whoever wants operations to end while nobody asks calls `tick`.
"""

import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lab.arm import access, effects, keeping, reading, writing
from lab.arm.action_names import action_of
from lab.arm.call import NOT_EMULATED, Call, group_not_found
from lab.arm.faults import Effect, Fault, strike
from lab.arm.ids import GROUP_TYPE, Target, parse
from lab.arm.messages import LOST, Json, Lost, Refusal, RefusedError, Reply, Request
from lab.arm.redacting import redacted
from lab.arm.settings import Clock, Settings
from lab.arm.settling import next_due_s, settle
from lab.arm.world import World
from lab.jsonlog import JsonLog

_READS = frozenset({"GET", "HEAD"})
Hook = Callable[[str, Json], None]
"""Called with the name and fields of everything that happens (`lab.arm.effects`), under the emulator's lock: return soon."""


def _nobody(event: str, fields: Json) -> None:
    """Tell nobody."""


@dataclass
class Emulator:
    """All of it, but the HTTP.

    Attributes:
        settings: what the subscription is like.
        clock: the time.
        hook: told what happens.
        log: a line per request; None: no log.
        state_file: where everything is kept over a restart; None: nowhere.
        faults: ordered faults, oldest first; may be changed through `order` and `clear`.
    """

    settings: Settings
    clock: Clock
    hook: Hook = _nobody
    log: JsonLog | None = None
    state_file: Path | None = None
    faults: list[Fault] = field(default_factory=list[Fault])
    world: World = field(init=False)
    _late: list[tuple[float, Request]] = field(init=False, default_factory=list[tuple[float, Request]])
    _lock: threading.RLock = field(init=False, default_factory=threading.RLock)

    def __post_init__(self) -> None:
        kept = keeping.load(self.state_file) if self.state_file else None
        self.world = kept or World(seed=self.settings.seed)

    def serve(self, request: Request) -> Reply | Lost:
        """Answer one request."""
        with self._lock:
            t_in = self.clock.now_s()
            self._advance(t_in)
            reply, fault = self._met(request, t_in)
            if request.method not in _READS:
                self._keep()
            self._tell()
            self._write(request, reply, fault, t_in)
            return LOST if fault and fault.effect in {Effect.LOSE, Effect.LATE} else reply

    def tick(self) -> float | None:
        """End what is due by now; gives when something will be due next, on the clock, or None."""
        with self._lock:
            self._advance(self.clock.now_s())
            self._tell()
            late = [due_s for due_s, _ in self._late]
            return min([*late, *([due] if (due := next_due_s(self.world)) is not None else [])], default=None)

    def tell_all(self) -> None:
        """Tell the hook everything that stands, as if it had just happened: for a lab that has not seen it happen."""
        with self._lock:
            now_s = self.clock.now_s()
            self._advance(now_s)
            for document in self.world.documents.values():
                effects.tell_all(self.world, document, now_s)
            self._tell()

    def order(self, fault: Fault) -> None:
        """Add a fault."""
        with self._lock:
            self.faults.append(fault)

    def clear(self) -> int:
        """Forget every fault, late calls too; gives how many there were."""
        with self._lock:
            there_were = len(self.faults) + len(self._late)
            self.faults.clear()
            self._late.clear()
            return there_were

    def _advance(self, now_s: float) -> None:
        before = len(self.world.events)
        for due_s, request in sorted((each for each in self._late if each[0] <= now_s), key=lambda each: each[0]):
            self._late.remove((due_s, request))
            settle(self.world, self.settings, due_s)
            self._write(request, self._answer(request, due_s, None), None, due_s)
        settle(self.world, self.settings, now_s)
        if len(self.world.events) != before:
            self._keep()

    def _met(self, request: Request, now_s: float) -> tuple[Reply, Fault | None]:
        action, identity = _action(request), access.identity_of(request.token)
        fault = strike(self.faults, request.method, action, request.path, identity)
        if fault and fault.effect is Effect.REFUSE:
            return fault.refusal.reply(), fault
        if fault and fault.effect is Effect.LATE:
            self._late.append((now_s + fault.late_s, request))
            return Reply(0), fault
        will_fail = fault.refusal if fault and fault.effect is Effect.FAIL else None
        return self._answer(request, now_s, will_fail), fault

    def _answer(self, request: Request, now_s: float, will_fail: Refusal | None) -> Reply:
        try:
            return self._carried(request, now_s, will_fail)
        except RefusedError as refused:
            return refused.refusal.reply()
        except Exception as fault:  # noqa: BLE001 - whatever a body makes us raise must reach the caller as an answer
            traceback.print_exc(file=sys.stderr)
            message = f"{request.method} {request.path}: the emulator failed with {type(fault).__name__}: {fault}"
            return Refusal(400, NOT_EMULATED, message).reply()

    def _carried(self, request: Request, now_s: float, will_fail: Refusal | None) -> Reply:
        try:
            target = parse(request.path)
        except ValueError as error:
            raise RefusedError(Refusal(404, "InvalidResourceType", str(error))) from error
        identity, action = access.identity_of(request.token), action_of(request.method, target)
        caller = access.Caller(self.world, self.settings, identity, now_s)
        for refusal in (
            _no_version(request),
            access.unauthenticated(self.settings, request.token),
            _no_subscription(self.settings, target),
            caller.forbidden(action, target.id),
        ):
            if refusal:
                raise RefusedError(refusal)
        if target.group and target.group_key not in self.world.documents and not _is_the_group(target):
            raise group_not_found(target)
        call = Call(self.world, self.settings, request, target, action, caller)
        return reading.read(call) if request.method in _READS else writing.write(call, will_fail)

    def _tell(self) -> None:
        events, self.world.events = self.world.events, []
        for name, fields in events:
            self.hook(name, fields)

    def _keep(self) -> None:
        if self.state_file:
            keeping.save(self.world, self.state_file)

    def _write(self, request: Request, reply: Reply, fault: Fault | None, t_in: float) -> None:
        if self.log is None:
            return
        self.log.write(
            "request",
            t_in=t_in,
            t_out=self.clock.now_s(),
            method=request.method,
            path=request.path,
            query=dict(request.query),
            action=_action(request),
            identity=access.identity_of(request.token),
            status=reply.status,
            error=reply.error,
            if_match=request.headers.get("if-match"),
            fault=fault.effect.value if fault else None,
            **({"body": redacted(request.body)} if request.method in {"PUT", "PATCH"} else {}),
        )


def _action(request: Request) -> str:
    try:
        return action_of(request.method, parse(request.path))
    except ValueError:
        return ""


def _no_version(request: Request) -> Refusal | None:
    if request.api_version:
        return None
    return Refusal(
        400,
        "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.",
    )


def _no_subscription(settings: Settings, target: Target) -> Refusal | None:
    if target.subscription.lower() == settings.subscription.lower():
        return None
    return Refusal(404, "SubscriptionNotFound", f"The subscription '{target.subscription}' could not be found.")


def _is_the_group(target: Target) -> bool:
    """Whether the call is about the group itself."""
    return target.type == GROUP_TYPE and not target.rest
