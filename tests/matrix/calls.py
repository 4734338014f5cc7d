"""The watchdog's own calls, counted at its clients: which is the nth of an action, and how each ended.

Also here, because only the client's side can do it: a call that finds nobody listening (`Kind.REFUSED`) is sent to a port
that is ours and on which nothing listens.
"""

import collections
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ReadTimeoutError

from lab.api_faults import Fault, Kind
from tests.matrix.virtual import Toll


@dataclass
class Call:
    """One call of the watchdog."""

    service: str
    action: str
    nth: int
    sent_t: float
    """Monotonic clock of this machine, in seconds."""
    virtual_s: float
    fault: Fault | None
    error: str = ""
    """Why there was no answer; "" = there was one."""

    @property
    def name(self) -> str:
        return f"{self.service}.{self.action}#{self.nth}"


@dataclass
class Calls:
    """Counts, breaks and notes. One per story.

    Attributes:
        faults: what is to go wrong.
        nowhere: URL of a port where nothing listens.
        toll: told when a caller gave up.
        now_s: the virtual time.
        on_late: called when a call was sent that will be applied late.
    """

    faults: Sequence[Fault]
    nowhere: str
    toll: Toll
    now_s: Callable[[], float]
    on_late: Callable[[], None]
    made: list[Call] = field(default_factory=list[Call])
    _counts: "collections.Counter[tuple[str, str]]" = field(default_factory=collections.Counter[tuple[str, str]])

    @property
    def disturbed(self) -> list[Call]:
        """Calls without an answer that were to have one: the machine was too busy, and the run says nothing."""
        return [call for call in self.made if call.error and call.fault is None]

    def sent(self, service: str, action: str, request: Any) -> None:
        """A call is about to leave."""
        self._counts[service, action] += 1
        nth = self._counts[service, action]
        fault = next((each for each in self.faults if _covers(each, service, action, nth)), None)
        self.made.append(Call(service, action, nth, time.monotonic(), self.now_s(), fault))
        if fault and fault.kind is Kind.REFUSED:
            request.url = self.nowhere
        if fault and fault.kind is Kind.LATE:
            self.on_late()

    def failed(self, exception: Exception, gives_up_after_s: float) -> None:
        """The call that was sent last had no answer; a read timeout counts as so many seconds of virtual time."""
        self.made[-1].error = f"{type(exception).__name__}: {exception}"
        if isinstance(exception, ReadTimeoutError):
            self.toll.add(gives_up_after_s)


def _covers(fault: Fault, service: str, action: str, nth: int) -> bool:
    last = fault.nth + fault.times - 1 if fault.times else nth
    return (fault.service, fault.action) == (service, action) and fault.nth <= nth <= last


def for_the_proxy(faults: Sequence[Fault]) -> list[Fault]:
    """The faults that a rule carries out, counted as the proxy counts: calls that never reach it are none."""
    refused = [fault for fault in faults if fault.kind is Kind.REFUSED]
    return [_shifted(fault, refused) for fault in faults if fault.kind.by_rule]


def _shifted(fault: Fault, refused: Sequence[Fault]) -> Fault:
    before = sum(
        other.times or 0
        for other in refused
        if (other.service, other.action) == (fault.service, fault.action) and other.nth < fault.nth
    )
    return Fault(fault.service, fault.action, fault.kind, fault.nth - before, fault.times)


class Wires:
    """The watchdog's clients, with the counter of the story that plays now.

    Args:
        make: service to client.
    """

    def __init__(self, make: Callable[[str], Any]) -> None:
        self.calls: Calls | None = None
        self.ec2, self.dynamodb, self.sns = (self._watched(make(name), 2.0) for name in ("ec2", "dynamodb", "sns"))
        self.functions = self._watched(make("lambda"), 1.2)

    def _watched(self, client: Any, gives_up_after_s: float) -> Any:
        """A read timeout of this client counts as so many seconds: as `failover_lambda.aws.clients` has it."""
        client.meta.events.register("before-send", self._before)
        client.meta.events.register(
            "after-call-error", lambda exception, **_: self._calls().failed(exception, gives_up_after_s)
        )
        return client

    def _before(self, request: Any, event_name: str, **_: object) -> None:
        service, action = event_name.split(".")[1:3]
        self._calls().sent(service, action, request)

    def _calls(self) -> Calls:
        assert self.calls, "a call outside a story"
        return self.calls
