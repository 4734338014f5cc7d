"""Checks of what operators ask for, over the raw logs: the reply in the record, and what came of it besides. Pure.

Written as those in `checks`. Standard library and the checker's own files only.
"""

from collections.abc import Iterable
from itertools import pairwise

from lab.promises.case import Case, Judgement, broken, count, judged
from lab.promises.record import FENCES
from lab.rawevents import Call, Fault, Replied, Seen, Verb
from lab.rawlines import Key
from lab.scenarios.expectations import Check
from lab.timeline import address_calls, measure


def answered(own_id: str) -> Check:
    """The request was carried out."""

    def judge(case: Case) -> Judgement:
        """The record says once, and from then on, that the request was carried out."""
        return _answer(case, own_id, done=True, words="")

    return Check(f"{own_id}-was-carried-out", judge)


def refused(own_id: str, words: str) -> Check:
    """The request was refused, and the reply says so."""

    def judge(case: Case) -> Judgement:
        """The record says once, and from then on, that the request was refused, and why."""
        return _answer(case, own_id, done=False, words=words)

    return Check(f"{own_id}-was-refused", judge)


def _answer(case: Case, own_id: str, *, done: bool, words: str) -> Judgement:
    """One reply, of that kind, with those words, and never another one after it."""
    replies = [(seen, reply) for seen in case.logs.records for reply in seen.replies if reply.id == own_id]
    if not replies:
        return broken(f"no record that was seen has a reply to {own_id}")
    first, reply = replies[0]
    breaches = list(_wrong(reply, done=done, words=words))
    breaches += [f"{len(twice)} replies to {own_id} at {case.at(seen.t)}" for seen, twice in _doubled(case, own_id)]
    breaches += [f"at {case.at(seen.t)} it said done={it.done}" for seen, it in replies if it.done is not reply.done]
    if not any(it.id == own_id for it in case.timeline.after.replies):
        breaches.append(f"the last record has no reply to {own_id} any more")
    return judged(breaches, f"{own_id} was {'carried out' if done else 'refused'} at {case.at(first.t)}: {reply.why}")


def _wrong(reply: Replied, *, done: bool, words: str) -> Iterable[str]:
    if reply.done is not done:
        yield f"the reply to {reply.id} is done={reply.done}: {reply.why}"
    if words not in reply.why:
        yield f"the reply to {reply.id} says {reply.why!r}, wanted are the words {words!r}"


def _doubled(case: Case, own_id: str) -> Iterable[tuple[Seen, list[Replied]]]:
    for seen in case.logs.records:
        of_it = [reply for reply in seen.replies if reply.id == own_id]
        if len(of_it) > 1:
            yield seen, of_it


def nobody_was_fenced(case: Case) -> Judgement:
    """No worker is isolated, stopped or started again: each machine runs on, and each process in its boot."""
    after = case.timeline.fault.t
    breaches = [
        f"{call.action} against {case.lab.named_in(call)} reached the gate at {case.at(call.t_in)}"
        for call in _fences(case)
        if call.t_in > after
    ]
    states = [it for it in case.logs.instance_states if it.t > after and case.lab.by_instance(it.instance_id)]
    breaches += [f"the machine of {case.lab.by_instance(it.instance_id)} is {it.state} at {case.at(it.t)}" for it in states]
    breaches += [f"{it.worker} began a new boot at {case.at(it.t)}" for it in case.logs.starts if it.t > after]
    return judged(breaches, f"{count(len(case.lab.workers), 'worker')}, each in the boot of before to the end")


def _fences(case: Case) -> list[Call]:
    return [call for call in case.logs.calls if call.verb in FENCES and not case.lab.is_operators(call)]


def old_holder_was_fenced(case: Case) -> Judgement:
    """The old holder is isolated and stopped: both calls were accepted, and its machine was off."""
    old, after = case.timeline.fault.worker, case.timeline.fault.t
    accepted = {
        call.verb for call in _fences(case) if call.accepted and case.lab.named_in(call) == old and call.t_in > after
    }
    breaches = [f"no accepted call to {verb.value} {old}" for verb in _BOTH if verb not in accepted]
    off = [it for it in case.logs.instance_states if case.lab.by_instance(it.instance_id) == old and it.state == "stopped"]
    stopped = next((it.t for it in off if it.t > after), None)
    if stopped is None:
        return judged([*breaches, f"the machine of {old} was never seen stopped"], "")
    return judged(breaches, f"{old} was isolated and stopped, and off at {case.at(stopped)}")


_BOTH = (Verb.ISOLATE, Verb.STOP)


def old_holder_delivered_what_it_accepted(case: Case) -> Judgement:
    """Whatever the old holder wrote down before it was relieved reaches the receiver from it, or is known there already."""
    old, relief = case.timeline.fault.worker, _relief_t(case)
    if relief is None:
        return broken("nobody took over from it, as the record and the clients tell")
    mine = [event for event in case.logs.accepted if event.worker == old and event.t < relief]
    reached = {(event.worker, event.key) for event in (*case.logs.deliveries, *case.logs.recognised)}
    missing = [event for event in mine if (event.worker, event.key) not in reached]
    breaches = [
        f"{event.key} was accepted at {case.at(event.t)} and never came to the receiver from {old}" for event in missing
    ]
    last = max((event.t for event in (*case.logs.deliveries, *case.logs.recognised) if event.worker == old), default=0.0)
    late = len(_handed_over_keys(case))
    return judged(
        breaches,
        f"{count(len(mine), 'message')} accepted by {old} came from it, the last at {case.at(last)}; {late} of them after "
        "its successor had answered",
    )


def _relief_t(case: Case) -> float | None:
    old = case.timeline.fault.worker
    return next((it.first_answer for it in case.serving.tenures if it.relieved == old), None)


def _handed_over_keys(case: Case) -> set[Key]:
    return {event.key for event in case.serving.handed_over if event.worker == case.timeline.fault.worker}


def only_what_was_handed_over_was_overtaken(case: Case) -> Judgement:
    """Messages of one sender arrive in its order, but for what a relieved worker still had to deliver."""
    handed_over = set(case.serving.handed_over)
    wrong = [it for it in case.ledger.reordered if it.entry.deliveries[0] not in handed_over]
    breaches = [
        f"message {it.entry.seq} of {it.entry.sender} came at {case.at(it.entry.deliveries[0].t)} by "
        f"{it.entry.deliveries[0].worker}, after message {it.overtaken_by.seq} of the same sender, and was not handed over"
        for it in wrong
    ]
    return judged(
        breaches,
        f"{count(len(handed_over), 'message')} handed over, of which {len(case.ledger.reordered)} were overtaken; "
        "all others in order",
    )


def something_was_handed_over(case: Case) -> Judgement:
    """The old holder really had something left to deliver when its successor answered, and younger messages passed it."""
    late = _handed_over_keys(case)
    return broken("nothing was left to hand over") if not late else judged([], f"{count(len(late), 'message')} handed over")


def moves_made(wanted: int) -> Check:
    """So many moves, and nothing else."""

    def judge(case: Case) -> Judgement:
        """The cloud made exactly the associations that were asked for, each in one new epoch."""
        after = case.timeline.fault.t
        made = [event for event in case.logs.associations if event.association_id and event.t > after]
        epochs = [new for old, new in pairwise(case.logs.records) if new.t > after and new.epoch > old.epoch]
        breaches = [
            f"{count(len(found), what)}, wanted {wanted}: {', '.join(case.at(it.t) for it in found)}"
            for what, found in (("association", made), ("new epoch", epochs))
            if len(found) != wanted
        ]
        return judged(
            breaches, f"{count(wanted, 'association')} and as many epochs, the last at {case.at(made[-1].t)}" if made else ""
        )

    return Check(f"{count(wanted, 'move')}-made".replace(" ", "-"), judge)


def came_home(case: Case) -> Judgement:
    """At the end the first holder holds again, and serves every client that it served before."""
    home, asked = case.old_holder, _second_request(case)
    if asked is None:
        return broken("the lab's log has no request to go home")
    way = measure(case.logs, asked)
    breaches: list[str] = []
    if case.timeline.after.entitled != home:
        breaches.append(f"the last record names {case.timeline.after.entitled}, home is {home}")
    served = {ack.sender for ack in case.logs.acked if ack.t > asked.t and ack.worker == home}
    breaches += [
        f"sender {it} was not acknowledged by {home} after {case.at(asked.t)}"
        for it in sorted(set(case.logs.senders) - served)
    ]
    if not any(it.t > asked.t and it.worker == home for it in case.logs.http_answers):
        breaches.append(f"the HTTP client was not answered by {home} after {case.at(asked.t)}")
    if way.moved_s is None or way.outage_s is None:
        return judged([*breaches, "the way home was not measured: no accepted move, or a sender that never came back"], "")
    told = (
        f"asked at {case.at(asked.t)}, moved {way.moved_s:.3f} s later, HL7 senders without service for {way.outage_s:.3f} s"
    )
    return judged(breaches, f"{home} holds and serves; {told}")


def _second_request(case: Case) -> Fault | None:
    return next((fault for fault in case.logs.faults[1:] if fault.kind.planned), None)


def nothing_done_between(begin: str, end: str) -> Check:
    """No call and no epoch between two acts of the lab."""

    def judge(case: Case) -> Judgement:
        """Nobody calls for the address or against a worker in that time, and epoch and holder stay."""
        begin_t, end_t = _act_t(case, begin), _act_t(case, end)
        if begin_t is None or end_t is None:
            return broken(f"the lab's log lacks {begin} or {end}")
        calls = [call for call in (*address_calls(case.logs), *_fences(case)) if begin_t < call.t_in < end_t]
        breaches = [f"{call.action} reached the gate at {case.at(call.t_in)}" for call in calls]
        breaches += [
            f"the record named {new.entitled} in epoch {new.epoch} at {case.at(new.t)}"
            for old, new in pairwise(case.logs.records)
            if (new.epoch, new.entitled) != (old.epoch, old.entitled) and begin_t < new.not_before and new.t < end_t
        ]
        return judged(breaches, f"no call and no epoch from {case.at(begin_t)} to {case.at(end_t)}")

    return Check(f"nothing-done-between-{begin}-and-{end}", judge)


def told_between(what: str, begin: str, end: str) -> Check:
    """A notice reached the topic's subscriber between two acts of the lab."""

    def judge(case: Case) -> Judgement:
        """People are told in that time."""
        begin_t, end_t, told_t = _act_t(case, begin), _act_t(case, end), _act_t(case, told(what))
        if begin_t is None or end_t is None or told_t is None:
            return broken(f"the lab's log lacks {begin}, {end} or {told(what)}")
        breaches = [] if begin_t < told_t < end_t else [f"the mail {what} was read at {case.at(told_t)}"]
        return judged(breaches, f"the mail {what} was read at {case.at(told_t)}, before {end} at {case.at(end_t)}")

    return Check(f"told-{what}", judge)


def told(what: str) -> str:
    """The act that the lab writes down when it has read a mail."""
    return f"told-{what}"


def _act_t(case: Case, act: str) -> float | None:
    return next((it.t for it in case.logs.acts if it.act == act), None)
