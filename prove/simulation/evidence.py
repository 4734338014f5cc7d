"""What an arbiter had seen when it decided: its rounds, as the world answered them. For the checker.

Made of events only, and knows nothing of the rule. A round is everything that one arbiter asked at one moment.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from failover_lambda.model import Answer
from prove.simulation.events import AskedPublic, Looked, ReadMachines

ROUNDS_KEPT = 400
"""Of one arbiter. A streak is far shorter, however many rounds of it were void."""

ENOUGH = 2
OFF = ("stopped", "terminated")


@dataclass
class Seen:
    """One round of one arbiter."""

    time_s: float
    looks: list[Looked] = field(default_factory=list[Looked])
    public: AskedPublic | None = None
    off: frozenset[str] = frozenset()
    """Workers whose machine was shown as off, in a read that began with this round."""
    unsure: bool = False
    """The arbiter was frozen in it: it may have taken it for overrun, and then a good answer of it ended nothing."""

    def healthy(self, worker: str) -> bool:
        """Some prober, or the public port, was answered well by it, in time."""
        by_name = self.public is not None and self.public.answer.worker == worker
        return by_name or any(look.in_time and look.answers.get(worker) is Answer.HEALTHY for look in self.looks)

    def had_a_way(self, worker: str) -> bool:
        """It answered some prober well, and only chance lost that answer on the way; or the public port led to it."""
        return any(worker in look.lost for look in self.looks) or (self.public is not None and self.public.asked == worker)

    def against(self, worker: str) -> list[Looked]:
        """The probers that reached their anchor, and not this worker."""
        return [
            look
            for look in self.looks
            if look.in_time and look.anchor and look.answers and look.answers[worker] is not Answer.HEALTHY
        ]

    def counted(self, worker: str) -> list[Looked]:
        """Those of them that reach some other worker's machine."""
        return [look for look in self.against(worker) if _reaches_another(look.answers, worker)]

    def counts(self, worker: str, zone: str) -> bool:
        """Two such probers speak against it, one of them from another zone."""
        counted = self.counted(worker)
        return len(counted) >= ENOUGH and any(look.zone != zone for look in counted)

    def counts_alone(self, worker: str) -> bool:
        """The only prober that answered speaks against it, and so does the public port."""
        voices = [look for look in self.looks if look.in_time and look.answers]
        unheard = self.public is not None and self.public.answer.answer is not Answer.HEALTHY
        return len(voices) == 1 and len(self.counted(worker)) == 1 and unheard

    def quick(self, worker: str) -> bool:
        """Whoever counts against it was answered: refused, reset or wrong."""
        return all(look.answers[worker] in _QUICK for look in self.counted(worker))


_QUICK = (Answer.REFUSED, Answer.RESET, Answer.WRONG)


def _reaches_another(answers: Mapping[str, Answer], worker: str) -> bool:
    return any(answer is not Answer.TIMEOUT for name, answer in answers.items() if name != worker)


class Rounds:
    """What every arbiter of one site has seen."""

    def __init__(self) -> None:
        self._of: dict[str, deque[Seen]] = {}

    def _now(self, owner: str, time_s: float) -> Seen:
        rounds = self._of.setdefault(owner, deque(maxlen=ROUNDS_KEPT))
        if not rounds or rounds[-1].time_s != time_s:
            rounds.append(Seen(time_s))
        return rounds[-1]

    def looked(self, event: Looked) -> None:
        """A prober was asked."""
        self._now(event.owner, event.time_s).looks.append(event)

    def asked_public(self, event: AskedPublic) -> None:
        """The public port was asked."""
        self._now(event.owner, event.time_s).public = event

    def read_machines(self, event: ReadMachines) -> None:
        """The machines were read."""
        off = frozenset(name for name, power in event.powers.items() if power in OFF)
        self._now(event.owner, event.time_s).off = off

    def frozen(self, owner: str) -> None:
        """Its present round may mean nothing."""
        rounds = self._of.get(owner)
        if rounds:
            rounds[-1].unsure = True

    def forget(self, owner: str) -> None:
        """It has ended."""
        self._of.pop(owner, None)

    def newest(self, owner: str) -> Seen | None:
        """The last round of an arbiter."""
        rounds = self._of.get(owner)
        return rounds[-1] if rounds else None

    def without_a_good_answer(self, owner: str, worker: str) -> Iterator[Seen]:
        """The last rounds of an arbiter, newest first, in which nobody got a good answer from a worker."""
        for seen in reversed(self._of.get(owner, ())):
            if seen.healthy(worker):
                if seen.unsure:
                    continue
                return
            yield seen


@dataclass(frozen=True)
class Weighed:
    """How much speaks against a worker."""

    rounds: int
    alone: int
    gone: int
    quick: bool
    since_s: float
    had_a_way: bool

    @property
    def enough(self) -> bool:
        """As much as RULE 3.4, 3.6 or 3.7 asks for at the very least."""
        needed = 2 if self.quick else 3
        return self.rounds >= needed or self.rounds + self.alone >= 2 * needed or self.gone >= ENOUGH


def weigh(rounds: Rounds, owner: str, worker: str, zone: str) -> Weighed:
    """What one arbiter had against one worker, up to now."""
    counted, alone, gone, quick = 0, 0, 0, True
    newest, since_s = rounds.newest(owner), float("inf")
    had_a_way = newest is not None and newest.healthy(worker) and not newest.unsure
    for seen in rounds.without_a_good_answer(owner, worker):
        gone += worker in seen.off
        had_a_way = had_a_way or seen.had_a_way(worker)
        if seen.counts(worker, zone):
            counted += 1
        elif seen.counts_alone(worker):
            alone += 1
        elif worker not in seen.off:
            continue
        quick = quick and seen.quick(worker)
        since_s = seen.time_s
    return Weighed(counted, alone, gone, quick, since_s, had_a_way)
