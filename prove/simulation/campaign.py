"""Many runs, side by side in processes. The seeds decide everything; how many processes there are changes nothing."""

import hashlib
import time
from collections import deque
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass

from prove import children
from prove.simulation.repairs import Repair
from prove.simulation.world import Outcome, play


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """What many runs were like."""

    first_seed: int
    seeds: int
    ticks: int
    failovers: int
    broken: tuple[Outcome, ...]
    hidden_failovers: tuple[str, ...]
    repairs: tuple[Repair, ...]
    digest: str
    """Over the digests of all runs, in the order of their seeds."""
    seconds: float

    @property
    def last_seed(self) -> int:
        """Of the last run."""
        return self.first_seed + self.seeds - 1

    @property
    def violations(self) -> int:
        """In all runs."""
        return sum(len(outcome.violations) for outcome in self.broken)

    @property
    def false_failovers(self) -> int:
        """In all runs."""
        return sum(len(outcome.false_failovers) for outcome in self.broken)

    @property
    def is_broken(self) -> bool:
        """Something was found."""
        return bool(self.broken)


def play_many(first_seed: int, ticks: int, processes: int) -> Campaign:
    """Play one seed after the other until so many ticks were made."""
    began_s = time.monotonic()
    outcomes = list(_until(first_seed, ticks, processes))
    digest = hashlib.blake2b("".join(outcome.digest for outcome in outcomes).encode(), digest_size=16).hexdigest()
    return Campaign(
        first_seed=first_seed,
        seeds=len(outcomes),
        ticks=sum(outcome.ticks for outcome in outcomes),
        failovers=sum(outcome.failovers for outcome in outcomes),
        broken=tuple(outcome for outcome in outcomes if outcome.is_broken),
        hidden_failovers=tuple(story for outcome in outcomes for story in outcome.hidden_failovers),
        repairs=tuple(repair for outcome in outcomes for repair in outcome.repairs),
        digest=digest,
        seconds=time.monotonic() - began_s,
    )


def _until(first_seed: int, ticks: int, processes: int) -> Generator[Outcome]:
    """Outcomes in the order of their seeds. More may be begun than are needed; they are not counted."""
    made = 0
    with closing(_play_from(first_seed, processes)) as outcomes:
        for outcome in outcomes:
            made += outcome.ticks
            yield outcome
            if made >= ticks:
                return


def _play_from(seed: int, processes: int) -> Generator[Outcome]:
    if processes <= 1:
        while True:
            yield play(seed)
            seed += 1
    pool = children.pool(processes)
    try:
        waiting = deque(pool.submit(play, seed + number) for number in range(4 * processes))
        seed += len(waiting)
        while True:
            yield waiting.popleft().result()
            waiting.append(pool.submit(play, seed))
            seed += 1
    finally:
        pool.shutdown(cancel_futures=True)
