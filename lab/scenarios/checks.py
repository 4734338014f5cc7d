"""Checks that belong to some scenarios only, over the raw logs: who moved, who decided, when, and what clients saw. Pure.

Each is a function of a `Case` whose docstring says in its first line what must be so. Standard library and the checker's own
files only.
"""

from collections.abc import Callable, Iterable
from itertools import pairwise

from lab.promises.case import Case, Judgement, broken, count, judged
from lab.promises.record import FENCES
from lab.rawevents import Call, Phase
from lab.scenarios.expectations import Check
from lab.timeline import address_calls

ACK_ON_ITS_WAY_S = 0.5
"""An acknowledgement that was sent before the fault may be read so much later."""


def nothing_moved(case: Case) -> Judgement:
    """After the fault nobody calls for the address or against a worker, and epoch and holder stay as they were."""
    t, before = case.timeline, case.timeline.before
    called = [call for call in case.logs.calls if call.verb in FENCES]
    called = [call for call in (*called, *address_calls(case.logs)) if call.t_in > t.fault.t]
    breaches = [
        f"{call.action} reached the gate at {case.at(call.t_in)}" for call in called if not case.lab.is_operators(call)
    ]
    changed = [seen for seen in case.logs.records if (seen.epoch, seen.entitled) != (before.epoch, before.entitled)]
    breaches += [
        f"the record named {seen.entitled} in epoch {seen.epoch} at {case.at(seen.t)}"
        for seen in changed
        if seen.t > t.fault.t
    ]
    return judged(breaches, f"no call; epoch {before.epoch} and holder {before.entitled} from before the fault to the end")


def was_suspected(case: Case) -> Judgement:
    """The record shows the suspicion, and that it ended."""
    suspect = [seen for seen in case.logs.records if seen.t > case.timeline.fault.t and seen.phase is Phase.SUSPECT]
    if not suspect:
        return broken("the record was never seen in the phase suspect after the fault")
    return judged([], f"suspected at {case.at(suspect[0].t)}, {case.timeline.after.phase.value} at the end")


def was_not_even_suspected(case: Case) -> Judgement:
    """The record is steady all the time."""
    other = [seen for seen in case.logs.records if seen.t > case.timeline.fault.t and seen.phase is not Phase.STEADY]
    return judged([f"phase {seen.phase.value} at {case.at(seen.t)}" for seen in other], "steady from the fault to the end")


def was_both_down(case: Case) -> Judgement:
    """The record says both-down, and steady again at the end."""
    down = [seen for seen in case.logs.records if seen.t > case.timeline.fault.t and seen.phase is Phase.BOTH_DOWN]
    if not down:
        return broken("the record was never seen in the phase both-down after the fault")
    return judged([], f"both-down at {case.at(down[0].t)}, {case.timeline.after.phase.value} at the end")


def outage_is_shown(case: Case) -> Judgement:
    """While the worker lies, no sender is acknowledged and the HTTP client is answered: health alone shows nothing."""
    begin, end = case.timeline.fault.t + ACK_ON_ITS_WAY_S, _act_t(case, "honest-again")
    if end is None:
        return broken("the lab's log does not say when the lie ended")
    acks = [ack for ack in case.logs.acked if begin < ack.t < end]
    answers = [answer for answer in case.logs.http_answers if begin < answer.t < end]
    breaches = [f"sender {ack.sender} was acknowledged at {case.at(ack.t)} by {ack.worker}" for ack in acks]
    if not answers:
        breaches.append("the HTTP client was not answered either, so it was no lie")
    return judged(
        breaches, f"no acknowledgement until {case.at(end)}, and {count(len(answers), 'answer')} to the HTTP client"
    )


def no_decision_between(begin: str, end: str) -> Check:
    """No new epoch between two acts of the lab."""

    def judge(case: Case) -> Judgement:
        """Nothing new is decided while that lasts."""
        begin_t, end_t = _act_t(case, begin), _act_t(case, end)
        if begin_t is None or end_t is None:
            return broken(f"the lab's log lacks {begin} or {end}")
        decided = [
            new
            for old, new in pairwise(case.logs.records)
            if new.epoch > old.epoch and begin_t < new.not_before and new.t < end_t
        ]
        span = f"from {case.at(begin_t)} to {case.at(end_t)}"
        return judged([f"epoch {seen.epoch} at {case.at(seen.t)}" for seen in decided], f"no new epoch {span}")

    return Check(f"nothing-decided-between-{begin}-and-{end}", judge)


def decided_after(act: str) -> Check:
    """The move is decided after an act of the lab."""

    def judge(case: Case) -> Judgement:
        """The decision comes after that, not before."""
        act_t, decided = _act_t(case, act), case.timeline.decided
        if act_t is None or decided is None:
            return broken(f"the lab's log lacks {act}, or nothing was decided")
        breaches = [] if decided.t > act_t else [f"decided at {case.at(decided.t)}, {act} was at {case.at(act_t)}"]
        return judged(breaches, f"{act} at {case.at(act_t)}, decided at {case.at(decided.t)}")

    return Check(f"decided-after-{act}", judge)


def another_arbiter_finished(case: Case) -> Judgement:
    """The arbiter that led when the lab struck is not the one that leads when the move is verified."""
    struck = _act_t(case, "arbiter-struck")
    verified = case.timeline.verified
    if struck is None or verified is None:
        return broken("the lab's log lacks arbiter-struck, or nothing was verified")
    first, last = _leader(case, struck), _leader(case, verified.t)
    if first == last:
        return broken(f"{first} led at {case.at(struck)} and at {case.at(verified.t)}")
    return judged([], f"struck at {case.at(struck)} under {first}; verified at {case.at(verified.t)} under {last}")


def one_leader_at_a_time(case: Case) -> Judgement:
    """The lease's token only grows, and each token has one owner."""
    owners: dict[int, set[str]] = {}
    for lease in case.logs.leases:
        if lease.owner:
            owners.setdefault(lease.token, set()).add(lease.owner)
    breaches = [f"token {token} belonged to {', '.join(sorted(names))}" for token, names in owners.items() if len(names) > 1]
    tokens = [lease.token for lease in case.logs.leases]
    breaches += [f"token {new} after {old}" for old, new in pairwise(tokens) if new < old]
    return judged(breaches, f"{count(len(owners), 'owner')} one after the other")


def late_call_changed_nothing(case: Case) -> Judgement:
    """The call of the leader that was struck arrives after the next leader's move, and the address stays where it is.

    The cloud refuses it, or takes it as a repetition of what is so already: the same target, the same association.
    """
    let_go = _act_t(case, "late-call-let-in")
    if let_go is None:
        return broken("the lab's log does not say when the held call was let in")
    late = [call for call in address_calls(case.logs) if call.t_in >= let_go]
    if not late:
        return broken("no call reached the gate after it was let in")
    changed = [event for event in case.logs.associations if event.t >= let_go]
    breaches = [
        f"the address was put on {case.name_of(event.private_ip)} at {case.at(event.t)} ({event.association_id})"
        for event in changed
    ]
    told = ", ".join(f"{call.action} {_answered(call)}" for call in late)
    return judged(breaches, f"{told} at {case.at(late[0].t_in)}, and the association stayed as it was")


def _answered(call: Call) -> str:
    return "accepted as a repetition" if call.accepted else f"refused with {call.error}"


def no_start_between(begin: str, end: str) -> Check:
    """The schedule started no arbiter between two acts of the lab."""

    def judge(case: Case) -> Judgement:
        """The schedule starts nothing in that time."""
        begin_t, end_t = _act_t(case, begin), _act_t(case, end)
        if begin_t is None or end_t is None:
            return broken(f"the lab's log lacks {begin} or {end}")
        starts = [it for it in case.logs.function_starts if it.source == "schedule" and begin_t < it.t < end_t]
        breaches = [f"{it.function} was started at {case.at(it.t)}" for it in starts]
        return judged(breaches, f"no start by the schedule for {end_t - begin_t:.0f} s")

    return Check("no-start-by-the-schedule", judge)


def made_once(case: Case) -> Judgement:
    """The cloud made one association after the fault, no more."""
    made = [event for event in case.logs.associations if event.association_id and event.t > case.timeline.fault.t]
    breaches = [] if len(made) == 1 else [f"{len(made)} associations: {', '.join(_at(case, (e.t for e in made)))}"]
    return judged(breaches, f"one association, at {case.at(made[0].t)}" if made else "")


def moved_between(begin: str, end: str) -> Check:
    """The accepted call that puts the address on a worker arrives between two acts of the lab."""

    def judge(case: Case) -> Judgement:
        """The address is put on the standby in that time, and the standby serves in it."""
        begin_t, end_t, move = _act_t(case, begin), _act_t(case, end), case.timeline.move
        first = case.timeline.first_ack
        if begin_t is None or end_t is None or move is None or first is None:
            return broken(f"the lab's log lacks {begin} or {end}, or nothing moved, or nobody was served again")
        moments = {move.action: move.t_in, "the first acknowledgement": first.t}
        breaches = [f"{what} came at {case.at(t)}" for what, t in moments.items() if not begin_t < t < end_t]
        told = ", ".join(f"{what} at {case.at(t)}" for what, t in moments.items())
        return judged(breaches, f"{told}; {begin} at {case.at(begin_t)}, {end} at {case.at(end_t)}")

    return Check(f"moved-between-{begin}-and-{end}", judge)


def somebody_leads_after(act: str) -> Check:
    """An arbiter takes the lease after an act of the lab."""

    def judge(case: Case) -> Judgement:
        """An arbiter leads again after that."""
        act_t = _act_t(case, act)
        if act_t is None:
            return broken(f"the lab's log lacks {act}")
        lease = next((it for it in case.logs.leases if it.owner and it.t > act_t), None)
        if lease is None:
            return broken(f"nobody took the lease after {case.at(act_t)}")
        return judged([], f"{act} at {case.at(act_t)}, token {lease.token} was taken by {case.at(lease.t)}")

    return Check(f"somebody-leads-after-{act}", judge)


def check(judge: Callable[[Case], Judgement]) -> Check:
    """A check by its function's name."""
    return Check(judge.__name__.replace("_", "-"), judge)


def _act_t(case: Case, act: str) -> float | None:
    return next((it.t for it in case.logs.acts if it.act == act), None)


def _leader(case: Case, t: float) -> str:
    return next((lease.owner for lease in reversed(case.logs.leases) if lease.t <= t), "")


def _at(case: Case, times: Iterable[float]) -> list[str]:
    return [case.at(t) for t in times]
