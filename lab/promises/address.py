"""Promises about the address: it moved to the standby, by a conditional call, and stayed with the holder in the record.

Judged on the gate's log, the cloud's and the public address' own. Pure.
"""

from collections.abc import Iterable

from lab.promises.case import Case, Judgement, broken, judged, not_tried
from lab.rawevents import Association, Call, Phase
from lab.timeline import address_calls


def moved_to_standby(case: Case) -> Judgement:
    """The accepted association names the worker that the record names, not the broken one, and packets followed it."""
    move = case.timeline.move
    if case.lab.stays:
        return not_tried("nothing was to move in this run")
    if move is None:
        return broken("the gate saw no accepted call after the fault that puts the address anywhere")
    target = case.lab.named_in(move)
    made = case.made
    breaches = [*_wrong_target(case, move, target), *_not_carried(case, target, made)]
    carried = made.carries_at if made else move.t_out
    return judged(
        breaches,
        f"{move.action} named {target} and was accepted at {case.at(move.t_out)} ({_id(move)}); packets followed from "
        f"{case.at(carried)} on",
    )


def _wrong_target(case: Case, move: Call, target: str | None) -> Iterable[str]:
    wanted = (case.timeline.verified or case.timeline.after).entitled
    if target != wanted:
        yield f"the accepted {move.action} names {target}, the record names {wanted}"
    if target == case.timeline.fault.worker:
        yield f"the accepted {move.action} names {target}, the worker that the fault broke"


def _not_carried(case: Case, target: str | None, made: Association | None) -> Iterable[str]:
    if made is None:
        yield "the cloud's log has no association with the id that the gate answered"
        return
    if case.lab.by_ip(made.private_ip) != target:
        yield f"the cloud put {made.association_id} on {case.name_of(made.private_ip)}, the call named {target}"
    if not any(event.t >= made.t and case.lab.by_ip(event.private_ip) == target for event in case.logs.carries):
        yield f"the public address never led new connections to {target} after {case.at(made.t)}"


def _id(call: Call) -> str | None:
    return call.answer.get("associationId")


def move_is_conditional(case: Case) -> Judgement:
    """Every call says what it expects, so that a late call of an earlier leader loses.

    An association never takes the address from somebody; a removal names the association that it removes.
    """
    calls = address_calls(case.logs)
    breaches = [f"{call.action} at {case.at(call.t_in)} {call.unconditional}" for call in calls if call.unconditional]
    return judged(breaches, f"{len(calls)} calls that put or take the address, each conditional")


def association_is_holder(case: Case) -> Judgement:
    """When the run ends, record, cloud and data path name the same worker, and nothing is in motion."""
    end = case.timeline.after
    associations, carries = case.logs.associations, case.logs.carries
    on = case.name_of(associations[-1].private_ip) if associations else "nobody"
    leads_to = case.name_of(carries[-1].private_ip) if carries else "nobody"
    breaches: list[str] = []
    if end.phase is not Phase.STEADY:
        breaches.append(f"the record ends in the phase {end.phase.value}, seen at {case.at(end.t)}")
    if not end.entitled == on == leads_to:
        breaches.append(f"at the end the record names {end.entitled}, the cloud {on}, and new connections go to {leads_to}")
    return judged(breaches, f"record, association and public address all name {end.entitled} in epoch {end.epoch}")
