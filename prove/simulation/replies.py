"""Answers that come later, in virtual time, and what the watchdog gets them by: an executor, and `wait`.

The watchdog submits the methods of its ports to an executor and waits for the futures, or calls them directly and waits in
them. A port here never waits by itself: it makes a `Reply`, whose effect happens at one moment and whose answer arrives at a
later one. `Wire` returns it as a future where it was submitted, and waits for it where it was called.
"""

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, Executor, Future
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar, cast
from unittest.mock import patch

from prove.simulation.agenda import Agenda, KilledError, Strand

P = ParamSpec("P")
T = TypeVar("T")

NEVER_S = float("inf")
LEAST_S = 1e-6
"""A wait moves time: by the watchdog's clock, of another rate, a patience may have a rest that is nothing by this one."""


class Reply(Future[T]):
    """An answer that is there from a certain moment on; costs no lock and no entry on the agenda by itself."""

    def __init__(self, agenda: Agenda) -> None:  # the base class would make a condition, and nobody waits for it
        self._agenda = agenda
        self.due_s = NEVER_S
        self._value: T | None = None
        self._error: Exception | None = None
        self.waiter: Strand | None = None

    def arrives(self, due_s: float, value: T | None = None, error: Exception | None = None) -> None:
        """What the answer is, and when it arrives. Once."""
        self.due_s, self._value, self._error = due_s, value, error
        if self.waiter:
            self._agenda.wake(self.waiter)

    def done(self) -> bool:
        """Its moment has come."""
        return self.due_s <= self._agenda.time_s

    def result(self, timeout: float | None = None) -> T:
        """What it brought; raises what it brought where that is an error."""
        del timeout
        if self._error:
            raise self._error
        return cast("T", self._value)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """The error that it brought."""
        del timeout
        return self._error


def wait(agenda: Agenda, replies: Iterable[Reply[Any]], timeout_s: float, return_when: str = ALL_COMPLETED) -> None:
    """`concurrent.futures.wait` of the strand that runs now."""
    asked, end_s = list(replies), agenda.time_s + (max(LEAST_S, timeout_s) if timeout_s > 0 else 0.0)
    strand = agenda.current
    while True:
        due = [reply.due_s for reply in asked]
        now_s = agenda.time_s
        wanted_s = (min(due) if return_when == FIRST_COMPLETED else max(due)) if due else now_s
        if wanted_s <= now_s or now_s >= end_s:
            return
        open_ones = [reply for reply in asked if reply.due_s == NEVER_S]
        for reply in open_ones:
            reply.waiter = strand
        agenda.wait_until(min(wanted_s, end_s))
        for reply in open_ones:
            reply.waiter = None


class Port:
    """What gives replies."""


class Wire:
    """How one arbiter's ports reach the world. Every use is a step at which the arbiter can be killed."""

    def __init__(self, agenda: Agenda) -> None:
        self.agenda = agenda
        self._submitting = False
        self.steps = 0
        """How often a port was used, both ends counted."""
        self.dies_at_step: int | None = None
        self.helpers: list[Strand] = []
        """Strands that die with the arbiter."""

    def step(self) -> None:
        """A moment at which the process can end."""
        self.steps += 1
        if self.steps == self.dies_at_step:
            raise KilledError(f"at its step {self.steps}")

    def answer(self, reply: Reply[T]) -> T:
        """The reply itself to the executor that submitted, else what it brings, when it is there."""
        if self._submitting:
            return cast("T", reply)
        self.step()
        wait(self.agenda, [reply], NEVER_S)
        self.step()
        return reply.result()

    def now(self, value: T, took_s: float) -> T:
        """An answer that is known already and arrives after `took_s`."""
        reply = Reply[T](self.agenda)
        reply.arrives(self.agenda.time_s + took_s, value)
        return self.answer(reply)

    def fails(self, error: Exception, took_s: float) -> Any:
        """No answer, known after `took_s`."""
        reply = Reply[Any](self.agenda)
        reply.arrives(self.agenda.time_s + took_s, error=error)
        return self.answer(reply)

    def submit(self, fn: Callable[..., T], args: Any, kwargs: Any) -> Reply[T]:
        """Call a port's method for its reply; anything else runs in a strand of its own."""
        self.step()
        if not isinstance(getattr(fn, "__self__", None), Port):
            return self._beside(lambda: fn(*args, **kwargs))
        self._submitting = True
        try:
            reply = cast("Reply[T]", fn(*args, **kwargs))
        finally:
            self._submitting = False
        return reply

    def _beside(self, work: Callable[[], T]) -> Reply[T]:
        """Work that uses ports and waits for them, as a thread of the watchdog would."""
        reply = Reply[T](self.agenda)

        def live() -> None:
            try:
                value = work()
            except Exception as exc:  # noqa: BLE001 - that is what an executor does
                reply.arrives(self.agenda.time_s, error=exc)
            else:
                reply.arrives(self.agenda.time_s, value)

        self.helpers = [strand for strand in self.helpers if not strand.ended]
        self.helpers.append(self.agenda.spawn("helper", live))
        return reply


class WireExecutor(Executor):
    """Hands the replies of submitted ports out as futures."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """See the base class."""
        return self._wire.submit(fn, args, kwargs)


@contextmanager
def in_virtual_time(agenda: Agenda) -> Generator[None]:
    """Let the watchdog's own code wait by this agenda."""

    def waits(replies: Iterable[Reply[Any]], timeout: float, return_when: str = ALL_COMPLETED) -> None:
        wait(agenda, replies, timeout, return_when)

    with patch("failover_lambda.cycle.wait", waits), patch("failover_lambda.leadership.wait", waits):
        yield
