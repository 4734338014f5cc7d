"""How long `rule.step` takes, on this machine: the arguments of a run are kept and given to it again, outside of the run."""

import random
import time
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from failover_lambda import rule
from prove.simulation.plan import Length
from prove.simulation.summary import percentile
from prove.simulation.world import play

KEPT = 5_000


@dataclass(frozen=True, kw_only=True)
class StepTime:
    """Microseconds of one call."""

    n: int
    median_us: float
    p95_us: float
    max_us: float


def time_step(seed: int) -> StepTime:
    """Of a sample of the calls in one run in which much goes wrong."""
    step, calls = rule.step, list[tuple[Any, ...]]()

    def keep(*arguments: Any) -> Any:
        calls.append(arguments)
        return step(*arguments)

    with patch.object(rule, "step", keep):
        play(seed, sites=2, length=Length(trouble_s=600.0, calm_s=250.0))
    took: list[float] = []
    for arguments in random.Random(seed).sample(calls, min(KEPT, len(calls))):
        began = time.perf_counter_ns()
        step(*arguments)
        took.append((time.perf_counter_ns() - began) / 1000)
    took.sort()
    return StepTime(n=len(took), median_us=percentile(took, 0.5), p95_us=percentile(took, 0.95), max_us=took[-1])
