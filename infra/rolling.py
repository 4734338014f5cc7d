"""A rolling change: in one run one worker, and only a standby, takes what the program else ignores of a living one.

    TANDEM_ROLL_WORKER=wk2 pulumi up

The name is of that run alone and stands in no stack file, where the next run would find it again. Here: who may be rolled,
for every cloud. What is lifted stands in each cloud's `workers`, and who holds is asked in its `rolling`.
"""

from collections.abc import Collection

import pulumi

from infra.run import ROLL_VARIABLE

VARIABLE = ROLL_VARIABLE
"""Of the environment that `pulumi` is started in; the worker's name."""


def check_name(worker: str, workers: Collection[str]) -> None:
    """Refuse a name that no worker has; an empty one rolls nobody.

    Raises:
        pulumi.RunError: with the names that are allowed.
    """
    if worker and worker not in workers:
        raise pulumi.RunError(
            f"{VARIABLE} is {worker!r}, and the workers are {', '.join(workers)}: one run rolls exactly one of them. "
            f"For example: {VARIABLE}={list(workers)[-1]} pulumi up"
        )


def standby(worker: str, *, holds: str, moved_by: str = "switchover") -> str:
    """The worker's name, if it does not hold: `holds` says what it has now, in a few words; empty if nothing.

    `moved_by` is what operators ask for to move the address away.

    Raises:
        pulumi.RunError: it holds, and what to do first.
    """
    if holds:
        raise pulumi.RunError(
            f"{VARIABLE} is {worker!r}, and {worker} {holds}: the holder is never rolled. Move the address first with a "
            f"{moved_by} (docs/RUNBOOK.md, Ask the watchdog), then repeat this"
        )
    return worker
