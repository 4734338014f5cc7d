"""The promise about who started the arbiter that decided: the platform, and not the lab.

The schedule does it, or the rule of state changes where no arbiter led; never a call, which whoever has a client can make.

The lease names its owner by the id of the request that started it; the emulated platform's own log (function-starts.jsonl)
says of each request why and in which process it was started. Pure.
"""

from lab.promises.case import Case, Judgement, broken, judged, not_tried
from lab.rawevents import FunctionStart, LeaseSeen


def schedule_started_the_arbiter(case: Case) -> Judgement:
    """The arbiter that held the lease at the decision was started by schedule or event rule, in a process of its own."""
    decided = case.timeline.decided
    if case.logs.platform is None:
        return not_tried("the run kept no log of the platform's starts (function-starts.jsonl)")
    if decided is None:
        return not_tried("nothing was decided in this run")
    owner = _owner(case, decided.t)
    if owner is None:
        return broken(f"nobody was seen to hold the lease at {case.at(decided.t)}")
    start = next((start for start in case.logs.function_starts if start.request_id == owner.owner), None)
    if start is None:
        return broken(f"the platform's log has no start of the lease's owner {owner.owner}")
    return judged(_objections(case, start), _told(case, start, owner))


def _owner(case: Case, t: float) -> LeaseSeen | None:
    """The last owner seen by `t`: the observer reads lease and record in one call, so there is no allowance."""
    last = next((lease for lease in reversed(case.logs.leases) if lease.t <= t), None)
    return last if last is not None and last.owner else None


def _objections(case: Case, start: FunctionStart) -> list[str]:
    objections: list[str] = []
    if start.source == "call":
        objections.append(f"the arbiter that decided ({start.request_id}) was started by: {start.source}, not a rule")
    if start.pid == case.lab.pid:
        objections.append(f"the arbiter that decided ran in the lab's own process {start.pid}")
    return objections


def _told(case: Case, start: FunctionStart, owner: LeaseSeen) -> str:
    return (
        f"the {start.source} rule started {start.function} at {case.at(start.t)} in process {start.pid}, request "
        f"{start.request_id}; it held the lease (token {owner.token}) when the move was decided"
    )
