"""Faults that a test or a scenario orders: refuse a call, fail its operation, lose its answer, carry it out late.

A fault counts the calls that fit it; it strikes at the nth of them and at as many as it says. Throttling is a refusal with
429 and a Retry-After.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from lab.arm.messages import Refusal


class Effect(Enum):
    """What becomes of a call."""

    REFUSE = "refuse"
    """Answered with the error; nothing happens."""
    FAIL = "fail"
    """Accepted; its operation fails with the error. A call that begins none is refused with it."""
    LOSE = "lose"
    """Carried out; the connection is cut instead of an answer."""
    LATE = "late"
    """The connection is cut; the call is carried out some time later."""


@dataclass
class Fault:
    """One order.

    Attributes:
        effect: what becomes of the calls that it strikes.
        refusal: the error, for the effects that have one.
        method: of the calls that fit; empty: any.
        action: as roles name it; empty: any.
        path: a part of the path, in any letter case; empty: any.
        identity: object id of the caller; empty: any.
        nth: the first call that it strikes, counted from 1.
        times: how many it strikes; 0: all that follow.
        late_s: seconds until a late call is carried out.
    """

    effect: Effect
    refusal: Refusal = field(default_factory=lambda: Refusal(500, "InternalServerError", "An error occurred."))
    method: str = ""
    action: str = ""
    path: str = ""
    identity: str = ""
    nth: int = 1
    times: int = 1
    late_s: float = 0.0
    seen: int = 0
    struck: int = 0

    def fits(self, method: str, action: str, path: str, identity: str) -> bool:
        """Whether it is about this call."""
        return (
            self.method in {"", method}
            and self.action.lower() in {"", action.lower()}
            and self.path.lower() in path.lower()
            and self.identity in {"", identity}
        )


def throttled(retry_after_s: int, action: str = "", method: str = "") -> Fault:
    """The subscription's limit is reached, once: 429 with a Retry-After."""
    refusal = Refusal(
        429,
        "SubscriptionRequestsThrottled",
        "Number of requests for subscription and operation exceeded the backend storage limit. Please try again after "
        f"'{retry_after_s}' seconds.",
        retry_after_s=retry_after_s,
    )
    return Fault(Effect.REFUSE, refusal, method, action)


def strike(faults: Iterable[Fault], method: str, action: str, path: str, identity: str) -> Fault | None:
    """Count the call, and give the first fault that strikes it."""
    struck: Fault | None = None
    for fault in faults:
        if fault.fits(method, action, path, identity):
            fault.seen += 1
            strikes = fault.seen >= fault.nth and (not fault.times or fault.seen < fault.nth + fault.times)
            if strikes and struck is None:
                struck, fault.struck = fault, fault.struck + 1
    return struck
