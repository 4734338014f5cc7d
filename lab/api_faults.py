"""Faults of AWS's API: which call goes wrong, in which way, how often; and whether it really did.

    faults = ApiFaults({"ec2": url, ...})          # the fronts of `lab.fault_front`
    faults.put([Fault("ec2", "AssociateAddress", Kind.LOST)])
    ...
    faults.require_fired()

A `Fault` is compiled into rules of microburst (0.10.0, read in its source): rules are looked at in order, the first that
matches wins, `times` exhausts a rule, and a rule without an effect lets a call pass, which is how the nth call is found.
Rules count calls from the moment they are put. Here: values, the compiler, and the client of the control API. The process
itself is `lab.fault_front`. Knows nothing of the watchdog; the lab and tests may import this file.
"""

import http.client
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final
from urllib.parse import urlsplit

from lab.child import Child

FOREIGN_BODY: Final = "x-tandem-foreign-body"
"""As in `lab.fault_front`, which is not imported: microburst stays in its own process."""

_CONTROL: Final = "/_microburst"
_ANSWER_S: Final = 10.0
_ALL: Final = 100_000


class Kind(Enum):
    """What becomes of one call. Applied = the service carried it out."""

    THROTTLED = "throttled"
    """Turned away with the service's own code. Not applied."""
    DENIED = "denied"
    """Not permitted, in the service's own words. Not applied."""
    SLOW = "slow"
    """Nothing is answered until the caller gives up. Not applied."""
    LATE = "late"
    """Nothing is answered until the caller gives up; applied after that."""
    REFUSED = "refused"
    """Nothing listens. Not applied. No rule can do this: close the front, or point the caller elsewhere."""
    RESET = "reset"
    """The connection breaks before anything happens. Not applied."""
    LOST = "answer-lost"
    """Applied; the connection breaks after the first byte of the answer."""
    CUT = "answer-cut"
    """Applied; the answer ends in order in the middle of its body."""
    UNREADABLE = "unreadable"
    """Applied; the answer is a page of somebody else's with status 200."""
    INTERCEPTED = "intercepted"
    """Somebody else answers with a page of his own and status 200. Not applied."""

    @property
    def applied(self) -> bool:
        """Whether the service carries the call out although the caller does not learn it."""
        return self in (Kind.LATE, Kind.LOST, Kind.CUT, Kind.UNREADABLE)

    @property
    def by_rule(self) -> bool:
        """Whether a rule of microburst can do it."""
        return self is not Kind.REFUSED


@dataclass(frozen=True)
class Words:
    """How one service turns a call away: code and HTTP status."""

    throttled: tuple[str, int]
    denied: tuple[str, int]


WORDS: Final[Mapping[str, Words]] = {
    "ec2": Words(("RequestLimitExceeded", 503), ("UnauthorizedOperation", 403)),
    "dynamodb": Words(("ProvisionedThroughputExceededException", 400), ("AccessDeniedException", 400)),
    "sns": Words(("Throttled", 429), ("AuthorizationError", 403)),
    "lambda": Words(("TooManyRequestsException", 429), ("AccessDeniedException", 403)),
}
"""Source: the services' API references, common and own errors; botocore 1.44.5's models for those that it has."""


@dataclass(frozen=True)
class Fault:
    """One way in which calls go wrong.

    Attributes:
        service: boto3's name of it; a front is called so.
        action: the API's name of the call; "" = every call of the service.
        kind: what becomes of the call.
        nth: the first call that it hits, from 1, counted from when the fault is put.
        times: how many calls in a row it hits; None = all from there on.
    """

    service: str
    action: str
    kind: Kind
    nth: int = 1
    times: int | None = 1

    def __str__(self) -> str:
        times = "*" if self.times is None else self.times
        return f"{self.service}.{self.action or '*'}#{self.nth}x{times}={self.kind.value}"

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """The inverse of `str`.

        Raises:
            ValueError: it is no such text.
        """
        call, _, kind = text.partition("=")
        name, _, which = call.partition("#")
        nth, _, times = which.partition("x")
        service, _, action = name.partition(".")
        return cls(
            service, "" if action == "*" else action, Kind(kind), int(nth), None if times == "*" else int(times or "1")
        )


@dataclass(frozen=True)
class Patience:
    """How long the callers wait, in seconds: what SLOW and LATE have to exceed."""

    read_timeout_s: float
    margin_s: float = 0.2

    @property
    def held_ms(self) -> float:
        """How long an answer is held."""
        return (self.read_timeout_s + self.margin_s) * 1000


class FaultNotFiredError(RuntimeError):
    """A fault was put and no call met it: the run proves nothing of it."""


def compile_rules(faults: Iterable[Fault], patience: Patience) -> list[tuple[Fault | None, dict[str, Any]]]:
    """The rules of one front, in order; each with the fault that it carries out, None for one that lets calls pass.

    Raises:
        ValueError: two faults claim the same call of an action, or no rule can do one.
    """
    rules: list[tuple[Fault | None, dict[str, Any]]] = []
    faults = list(faults)
    if len({fault.action for fault in faults}) > 1 and any(not fault.action for fault in faults):
        raise ValueError("a fault of every call of a service leaves no room for one of a single action")
    ordered = sorted(faults, key=lambda fault: (fault.action, fault.nth))
    for action, group in itertools.groupby(ordered, key=lambda fault: fault.action):
        free = 1
        for fault in group:
            if fault.nth < free:
                raise ValueError(f"{fault}: that call is claimed by another fault already")
            match: dict[str, Any] = {"service": fault.service} | ({"operation": action} if action else {})
            if fault.nth > free:
                rules.append((None, match | {"times": fault.nth - free}))
            limit = {} if fault.times is None else {"times": fault.times}
            rules.append((fault, match | limit | _effect(fault, patience)))
            free = _ALL if fault.times is None else fault.nth + fault.times
    return rules


def _effect(fault: Fault, patience: Patience) -> dict[str, Any]:
    words = WORDS[fault.service]
    effects: dict[Kind, dict[str, Any]] = {
        Kind.THROTTLED: _error(words.throttled),
        Kind.DENIED: _error(words.denied),
        Kind.SLOW: {"timeout_ms": patience.held_ms},
        Kind.LATE: {"latency": patience.held_ms},
        Kind.RESET: {"reset": True},
        Kind.LOST: {"response": {"abort_bytes": 1}},
        Kind.CUT: {"response": {"truncate_frac": 0.5}},
        Kind.UNREADABLE: {"response": {"set_headers": {FOREIGN_BODY: "after"}}},
        Kind.INTERCEPTED: {"response": {"set_headers": {FOREIGN_BODY: "instead"}}},
    }
    if fault.kind not in effects:
        raise ValueError(f"{fault}: a proxy that answers cannot play a port where nothing listens")
    return effects[fault.kind]


def _error(words: tuple[str, int]) -> dict[str, Any]:
    code, status = words
    return {"error": {"code": code, "status": status, "message": "injected"}}


FRONTS: Final = ("dynamodb", "ec2", "lambda", "sns")
"""What the watchdog asks AWS for."""

WATCHDOGS_PATIENCE: Final = Patience(read_timeout_s=2.0, margin_s=1.0)
"""Of deployed functions; no less than theirs."""


class ApiFaults:
    """The fronts of one `lab.fault_front`, as whoever breaks things sees them.

    Args:
        fronts: service to URL.
        patience: of the callers.
        child: the process, where fronts are to be closed and opened.
    """

    def __init__(self, fronts: Mapping[str, str], patience: Patience, child: Child | None = None) -> None:
        self.fronts = dict(fronts)
        self._patience = patience
        self._child = child
        self._put: dict[str, dict[int, Fault]] = {name: {} for name in fronts}

    def put(self, faults: Sequence[Fault]) -> None:
        """Let exactly these faults stand, and forget what fired before.

        Raises:
            ValueError: as `compile_rules`; KeyError: no front plays the service.
        """
        unknown = {fault.service for fault in faults} - set(self.fronts)
        if unknown:
            raise KeyError(f"no front plays {', '.join(sorted(unknown))}; there are {', '.join(sorted(self.fronts))}")
        for service in self.fronts:
            self._ask(service, "DELETE", "fired")
            rules = compile_rules([fault for fault in faults if fault.service == service], self._patience)
            stored = self._ask(service, "POST", "rules", [rule for _, rule in rules])
            self._put[service] = {
                kept["id"]: fault for kept, (fault, _) in zip(stored, rules, strict=True) if fault is not None
            }

    def clear(self) -> None:
        """Let every call pass. What fired is still known."""
        for service in self.fronts:
            self._ask(service, "POST", "rules", [])

    def fired(self) -> list[tuple[Fault, float]]:
        """Every call that met a fault since `put`, in order, with its wall-clock time in seconds since 1970."""
        events = [
            (self._put[service][event["rule_id"]], float(event["ts"]))
            for service in self.fronts
            for event in self._ask(service, "GET", f"fired?limit={_ALL}")
            if event["rule_id"] in self._put[service]
        ]
        return sorted(events, key=lambda event: event[1])

    def require_fired(self) -> list[tuple[Fault, float]]:
        """As `fired`.

        Raises:
            FaultNotFiredError: a fault met no call.
        """
        fired = self.fired()
        missed = {fault for faults in self._put.values() for fault in faults.values()} - {fault for fault, _ in fired}
        if missed:
            raise FaultNotFiredError("never fired: " + ", ".join(sorted(map(str, missed))))
        return fired

    def close(self, service: str) -> None:
        """Nothing listens for the service any more."""
        self._tell("close", front=service)

    def open(self, service: str) -> None:
        """The service can be reached again."""
        self._tell("open", front=service)

    def connect(self, service: str, upstream: str) -> None:
        """Let the service's front forward to `upstream`."""
        self._tell("connect", front=service, upstream=upstream)

    def _tell(self, do: str, **options: object) -> None:
        if self._child is None:
            raise RuntimeError(f"{do}: these fronts are not this lab's children")
        self._child.call(do, _ANSWER_S, **options)

    def _ask(self, service: str, method: str, path: str, body: object = None) -> Any:
        connection = http.client.HTTPConnection(urlsplit(self.fronts[service]).netloc, timeout=_ANSWER_S)
        try:
            connection.request(method, f"{_CONTROL}/{path}", None if body is None else json.dumps(body))
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        if answer.status != http.HTTPStatus.OK:
            raise RuntimeError(f"microburst for {service}: {method} {path} answered {answer.status}: {said[:200]!r}")
        return json.loads(said)
