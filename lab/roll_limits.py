"""Why a worker may not be rolled now: what stands in the record speaks against it. Pure; for `lab.rolling`."""

from collections.abc import Mapping, Sequence
from typing import Any

from failover_lambda.model import Phase, Verb

WAIT = "wait until the phase is steady again"

PHASES: Mapping[str, str] = {
    Phase.DISABLED.value: "the watchdog is switched off and cannot be paused; set enabled: true and make up",
    Phase.SUSPECT.value: f"the holder is suspected; {WAIT}",
    Phase.FENCING.value: f"a move is in motion; {WAIT}",
    Phase.MOVING.value: f"a move is in motion; {WAIT}",
    Phase.VERIFYING.value: f"a move is in motion; {WAIT}",
    Phase.BOTH_DOWN.value: "no worker serves; mend that first (docs/RUNBOOK.md, Phase both-down)",
    Phase.MANUAL.value: "a person is needed first (docs/RUNBOOK.md, Phase manual)",
}
"""What is to be done in a phase that is not steady."""


def limitation(
    record: Mapping[str, Any], worker: str, workers: Sequence[str], *, stack: str, now_s: float, verb: Verb = Verb.SWITCHOVER
) -> str:
    """Why this worker may not be rolled now, with the next step; empty if it may. `verb` moves the address away."""
    if worker not in workers:
        said = f"{worker!r} is no worker of {stack}" if worker else "no worker was named"
        return f"{said}; its workers are {', '.join(workers)}. For example: make roll STACK={stack} WORKER={workers[-1]}"
    again = f"Then: make roll STACK={stack} WORKER={worker}"
    if not record:
        return f"{stack} has no record yet: wait for the watchdog's first tick. {again}"
    if why := _unsteady(record, stack, now_s):
        return f"{why}. {again}"
    if record["holder"] == worker:
        other = next(each for each in workers if each != worker)
        return (
            f"{worker} holds the address, and only a standby is rolled. Move the address first: make lab-ask "
            f"VERB={verb.value} WORKER={other}. {again}"
        )
    return ""


def _unsteady(record: Mapping[str, Any], stack: str, now_s: float) -> str:
    """What is in motion, or not well."""
    if pause := record.get("pause"):
        left_s = max(0.0, pause["until_s"] - now_s)
        return (
            f"failover is paused by {pause['who']} ({pause['why']}) for {left_s:.0f} s more, and a roll would end "
            "that. Wait, or end it: make lab-ask VERB=resume"
        )
    phase = str(record["phase"])
    if phase != Phase.STEADY.value:
        return f"{stack} is {phase}: {PHASES.get(phase, WAIT)}"
    if fenced := [str(each["worker"]) for each in record.get("fences", ())]:
        return (
            f"{', '.join(fenced)} is fenced, and no standby before it was started and came back (docs/RUNBOOK.md, After a "
            "failover)"
        )
    if waiting := [str(each["verb"]) for each in record.get("requests", ())]:
        return f"requests wait to be carried out ({', '.join(waiting)}). Wait for their answers"
    return ""
