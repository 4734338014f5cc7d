"""Time that passes only where the watchdog waits, and an executor whose calls take as much of it as a real one would.

A call goes over the network at once, in the caller's thread, so that the nth call of an action is the same one in every run.
Only its *answer* arrives later, if it had to be given up: then its future is done when the clock has reached that moment,
and whoever waits for it gives up or goes on exactly as beside a real thread.
"""

import heapq
import itertools
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, Executor, Future
from concurrent.futures._base import DoneAndNotDoneFutures
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar
from unittest.mock import patch

P = ParamSpec("P")
T = TypeVar("T")

START_S = 1_800_000_000.0
"""Wall clock at the beginning of every story, seconds since 1970."""


class VirtualClock:
    """Port `Clock`, and a list of what happens when."""

    def __init__(self) -> None:
        self.time_s = START_S
        self._agenda: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()
        self.before_waking: Callable[[], None] = lambda: None
        """Called at the end of every `sleep`; may raise to leave whatever sleeps."""

    def now_s(self) -> float:
        return self.time_s

    def monotonic_s(self) -> float:
        return self.time_s

    def sleep(self, seconds: float) -> None:
        self.run_until(self.time_s + max(0.0, seconds))
        self.before_waking()

    def at(self, time_s: float, what: Callable[[], object]) -> None:
        """Do something when the time has come; what lies in the past is done at the next step."""
        heapq.heappush(self._agenda, (time_s, next(self._numbers), what))

    def run_until(self, time_s: float) -> None:
        """Let time pass."""
        while self._agenda and self._agenda[0][0] <= time_s:
            due_s, _, what = heapq.heappop(self._agenda)
            self.time_s = max(self.time_s, due_s)
            what()
        self.time_s = max(self.time_s, time_s)

    def wait(self, futures: Iterable[Future[Any]], timeout: float, return_when: str = ALL_COMPLETED) -> Any:
        """`concurrent.futures.wait`, in this clock's time."""
        asked, end_s = set(futures), self.time_s + timeout
        while True:
            done = {future for future in asked if future.done()}
            enough = len(done) == len(asked) or (return_when == FIRST_COMPLETED and done)
            if enough or self.time_s >= end_s:
                return DoneAndNotDoneFutures(done, asked - done)
            self.run_until(min(end_s, self._agenda[0][0]) if self._agenda else end_s)


class Toll:
    """How long calls took in virtual time; whoever notices that a call was given up adds to it."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._inside = False
        self._owed_s = 0.0

    def add(self, seconds: float) -> None:
        """The call that is being made took so long: at once where its caller waits for it, else until its future is done."""
        if self._inside:
            self._owed_s += seconds
        else:
            self._clock.run_until(self._clock.time_s + seconds)

    @contextmanager
    def taken(self) -> Generator[Callable[[], float]]:
        """Count what a call inside the block owes."""
        self._inside, self._owed_s = True, 0.0
        try:
            yield lambda: self._owed_s
        finally:
            self._inside = False


class VirtualExecutor(Executor):
    """Runs what is submitted at once; its answer is there when the call's own time has passed."""

    def __init__(self, clock: VirtualClock, toll: Toll) -> None:
        self._clock = clock
        self._toll = toll

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        with self._toll.taken() as owed:
            try:
                answer = fn(*args, **kwargs)
            except Exception as exc:  # noqa: BLE001 - that is what an executor does
                failure = exc
                arrive: Callable[[], None] = lambda: future.set_exception(failure)  # noqa: E731 - it closes over the failure
            else:
                arrive = lambda: future.set_result(answer)  # noqa: E731 - the same
            took_s = owed()
        if took_s:
            self._clock.at(self._clock.time_s + took_s, arrive)
        else:
            arrive()
        return future


@contextmanager
def in_virtual_time(clock: VirtualClock) -> Generator[None]:
    """Let the cycle and the lease wait by this clock."""
    with patch("failover_lambda.cycle.wait", clock.wait), patch("failover_lambda.leadership.wait", clock.wait):
        yield
