"""Virtual time, and the strands of execution that live in it.

The watchdog's code waits in the middle of its functions, and two arbiters overlap; so each arbiter has a stack of its own: a
strand, which is a greenlet. Only one strand runs at any time. It runs until it waits; then it carries out what lies before
its own moment, and switches to the next strand when it meets one. So the order of everything is that of the agenda, and the
same in every run. No thread is involved: with threads a busy machine would decide how long each switch takes.
"""

import heapq
import itertools
from collections.abc import Callable

from greenlet import getcurrent, greenlet


class KilledError(BaseException):
    """Raised in a strand where it waits; passes every handler of the watchdog, as the end of a process would."""


class Strand:
    """One stack of execution. Made by `Agenda.spawn`."""

    def __init__(self, name: str, stack: greenlet) -> None:
        self.name = name
        self.stack = stack
        self.turn = 0
        """Which of its entries on the agenda counts; older ones were overtaken."""
        self.killed = False
        self.ended = False
        self.frozen_until_s = 0.0


What = Callable[[], object] | Strand
Entry = tuple[float, int, What, int]


class Agenda:
    """What happens when. Who makes it is the driver: it may `run_until`, and must `close`."""

    def __init__(self) -> None:
        self.time_s = 0.0
        self._entries: list[Entry] = []
        self._numbers = itertools.count()
        self._driver = Strand("driver", getcurrent())
        self._current = self._driver
        self._alive: list[Strand] = []
        self._failure: BaseException | None = None
        self._closing = False

    @property
    def current(self) -> Strand:
        """Who runs now."""
        return self._current

    def at(self, time_s: float, what: Callable[[], object]) -> None:
        """Do something when the time has come; what lies in the past is done next."""
        heapq.heappush(self._entries, (time_s, next(self._numbers), what, 0))

    def spawn(self, name: str, body: Callable[[], object]) -> Strand:
        """A new strand, that begins now."""
        strand = Strand(name, greenlet(lambda *_: self._live(strand, body), parent=self._driver.stack))
        self._alive.append(strand)
        self.wake(strand)
        return strand

    def wake(self, strand: Strand) -> None:
        """Let a waiting strand look again now."""
        self._wake_at(strand, self.time_s)

    def kill(self, strand: Strand) -> None:
        """End a strand where it waits."""
        if strand.ended:
            return
        strand.killed = True
        strand.frozen_until_s = 0.0
        self.wake(strand)

    def wait_until(self, time_s: float) -> None:
        """Let time pass for the strand that runs now.

        Raises:
            KilledError: it was killed meanwhile.
        """
        strand = self._current
        self._wake_at(strand, max(time_s, self.time_s))
        self._pass_time(strand)
        if strand.killed:
            raise KilledError(strand.name)

    def run_until(self, time_s: float) -> None:
        """Let time pass for the driver. What any strand or entry raised is raised here."""
        self.wait_until(time_s)
        if self._failure:
            raise self._failure

    def close(self) -> None:
        """End every strand that is alive."""
        self._closing = True
        for strand in list(self._alive):
            strand.killed = True
            self._switch_to(strand)

    def _wake_at(self, strand: Strand, time_s: float) -> None:
        strand.turn += 1
        heapq.heappush(self._entries, (time_s, next(self._numbers), strand, strand.turn))

    def _switch_to(self, strand: Strand) -> None:
        self._current = strand
        strand.stack.switch()

    def _pass_time(self, strand: Strand) -> None:
        """Carry out what comes before this strand's own entry; let another strand run where its entry comes first."""
        following = self._next()
        if following is not strand:
            self._switch_to(following)

    def _next(self) -> Strand:
        """Carry out entries until a strand is due."""
        while self._failure is None:
            time_s, _, what, turn = heapq.heappop(self._entries)
            self.time_s = max(self.time_s, time_s)
            if not isinstance(what, Strand):
                self._carry_out(what)
            elif what.turn == turn and not what.ended:
                if what.frozen_until_s <= self.time_s:
                    return what
                heapq.heappush(self._entries, (what.frozen_until_s, next(self._numbers), what, turn))
        return self._driver

    def _carry_out(self, what: Callable[[], object]) -> None:
        try:
            what()
        except BaseException as exc:  # noqa: BLE001 - it runs in whichever strand waits, and must not be taken for its own
            self._failure = self._failure or exc

    def _live(self, strand: Strand, body: Callable[[], object]) -> None:
        try:
            if not strand.killed:
                body()
        except KilledError:
            pass
        except BaseException as exc:  # noqa: BLE001 - raised again in the driver
            self._failure = self._failure or exc
        strand.ended = True
        self._alive.remove(strand)
        following = self._driver if self._closing else self._next()
        self._current = following
        strand.stack.parent = following.stack  # where a greenlet goes when it ends
