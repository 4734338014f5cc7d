"""Negative controls: a guard is taken out, and the search must find what it was there for, by the name of the invariant.

Each is a small patch of the rule or of the world around it. The first ones are the holes of earlier drafts of the rule that
a search found; their shortest stories, in docs/proof/, are the reason for the guards.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from failover_lambda import adoption, fences, motion, moves, operators, paused, planned, rule, settled, verdict, watching
from failover_lambda.contract import Settings
from failover_lambda.model import Decision, Intent, Kind, Lost, Phase, Record, Request, Round, Verb, Window
from failover_lambda.moves import Case, intend, is_healthy, is_on
from prove import asked, cards, defects, effects, invariants, liveness, world
from prove.parts import Deployed
from prove.patches import Around, Patch, patched
from prove.rounds import View
from prove.search import Found, Search
from prove.small import Budget, Small
from prove.story import Story


@dataclass(frozen=True, kw_only=True)
class Control:
    """One guard, taken out."""

    name: str
    what: str
    """What is done to the rule or the world."""
    hole: int
    """Number of the hole of an earlier draft that it opens again; 0 = none."""
    invariant: str
    patches: tuple[Patch, ...]
    world: Small
    states_max: int = 100_000


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of one control."""

    name: str
    found: Found
    story: tuple[str, ...]
    """Empty where the search did not find what it should."""

    @property
    def control(self) -> Control:
        """What was tried."""
        return next(control for control in CONTROLS if control.name == self.name)


def _settles_on_any(now: Mapping[Phase, Callable[[Case], Decision]]) -> Any:
    def moving(case: Case) -> Decision:
        association = case.seen.address.association if case.seen.address else None
        if association and is_on(association, moves.holder_of(case)):
            return motion.verify(case.record, association.association_id, case.now_s, "the address is on its target")
        return now[case.record.phase](case)

    return {**now, Phase.FENCING: moving, Phase.MOVING: moving}


def _as_if_all_was_answered(now: Callable[[Case, Intent], Decision]) -> Any:
    def overdue(case: Case, intent: Intent) -> Decision:
        return now(case, replace(intent, unanswered=False, asked_s=None))

    return overdue


def _believed(record: Record, intent: Intent, now_s: float) -> Decision:
    return motion.verify(record, intent.expected_id, now_s, "the address is on its target")


def _no_fence_check(now: Callable[[Case, str], str]) -> Any:
    def against(case: Case, name: str) -> str:
        open_hand = replace(case.record, fences=tuple(f for f in case.record.fences if f.worker != name))
        return now(replace(case, record=open_hand), name)

    return against


def _fence_calls_without_debt(now: Callable[..., Decision]) -> Any:
    def intended(case: Case, kind: Kind, target: str, *, source: str, why: str, automatic: bool = True) -> Decision:
        decision = now(case, kind, target, source=source, why=why, automatic=automatic)
        assert decision.record is not None  # noqa: S101 - an intent has a record
        bare = replace(decision.record, fences=case.record.fences)
        return replace(decision, record=bare)

    return intended


def _home_takes_back(now: Callable[[Case, str], Decision]) -> Any:
    def reconcile(case: Case, why: str) -> Decision:
        home, settled_now = case.settings.home.name, case.record.phase.value == "steady" and case.seen.address is not None
        if settled_now and home != case.record.holder and is_healthy(case, home) and not case.record.fence(home):
            return intend(case, Kind.FAILBACK, home, source=case.record.holder, why="home answers again", automatic=False)
        return now(case, why)

    return reconcile


def _same_epoch(now: Callable[..., Decision]) -> Any:
    def adopt(case: Case, *rest: Any) -> Decision:
        decision = now(case, *rest)
        return replace(decision, record=replace(decision.record, epoch=case.record.epoch) if decision.record else None)

    return adopt


def _always_enabled(now: Callable[..., Any]) -> Any:
    def settings_of(each: Small, told: Deployed = Deployed()) -> Any:  # noqa: B008 - a frozen value
        return now(each, told._replace(enabled=True))

    return settings_of


def _paused_as_steady(now: Mapping[Phase, Callable[[Case], Decision]]) -> Any:
    return {**now, Phase.PAUSED: settled.on_settled}


def _any_transition(now: Mapping[Phase, frozenset[Phase]]) -> Any:
    return {phase: frozenset(Phase) for phase in now}


def _window_always_open(now: Callable[[Case], Decision | None]) -> Any:
    def failback(case: Case) -> Decision | None:
        window = Window(opened_s=case.now_s, closes_s=case.now_s + 1)
        return now(replace(case, seen=replace(case.seen, window=window)))

    return failback


def _clocks_not_compared(now: Callable[[Case], Decision | None]) -> Any:
    def failback(case: Case) -> Decision | None:
        return now(replace(case, seen=replace(case.seen, clocks_agree=True)))

    return failback


def _forgets_replies(now: Callable[..., Record]) -> Any:
    def answered(record: Record, request: Request, *, done: bool, why: str) -> Record:
        return replace(now(record, request, done=done, why=why), replies=())

    return answered


def _none_begins_from_disabled(now: Mapping[Phase, frozenset[Phase]]) -> Any:
    return {**now, Phase.DISABLED: now[Phase.DISABLED] - {Phase.FENCING, Phase.MOVING}}


def _unknown_holder_first(now: Callable[..., Decision]) -> Any:
    """As `rule._on_round` did once: it asked who holds before it asked whether it is enabled."""

    def on_round(record: Record | None, seen: Round, settings: Settings, now_s: float, lost: Lost | None) -> Decision:
        known = {worker.name for worker in settings.workers}
        if record and record.holder not in known and not settings.watch_only:
            return adoption.on_unknown_holder(record, seen, settings, now_s)
        return now(record, seen, settings, now_s, lost)

    return on_round


def _nobody_is_replaced(record: Record, *_: Any) -> Decision:
    return Decision(record=record, commands=(), reason="the holder is not configured any more")


def _streak_outlives(now: Callable[[Case, str], Decision]) -> Any:
    def ended(case: Case, why: str) -> Decision:
        decision = now(case, why)
        return replace(decision, record=replace(decision.record, streak=case.record.streak) if decision.record else None)

    return ended


def _streak_outlives_manual(now: Callable[[Case], Decision]) -> Any:
    """As `rule._on_disabled` did once, where the address is on nobody."""

    def on_disabled(case: Case) -> Decision:
        decision = now(case)
        if decision.record is None or decision.record.epoch != case.record.epoch:
            return decision
        return replace(decision, record=replace(decision.record, streak=case.record.streak))

    return on_disabled


def _on_disabled_with(now: Mapping[Phase, Callable[[Case], Decision]]) -> Any:
    return {**now, Phase.DISABLED: _streak_outlives_manual(now[Phase.DISABLED])}


def _past_maintenance(now: Callable[[Case, str], str]) -> Any:
    """As it was once: whoever is healthy is fit, where an operator does without the proof of its fence."""

    def against(case: Case, name: str) -> str:
        return "" if is_healthy(case, name) else now(case, name)

    return against


PAUSE = (asked.request(1, Verb.PAUSE, duration_s=50.0),)
RESUME = asked.request(2, Verb.RESUME)
_BLIND = (View.TRUE, View.BLIND)

CONTROLS: tuple[Control, ...] = (
    Control(
        name="settles-on-an-old-association",
        what="a move whose target has the address already believes that association instead of making one of its own",
        hole=1,
        invariant="S9",
        patches=((rule, "_HANDLERS", Around(_settles_on_any)),),
        world=Small(name="c", about="", budget=Budget(wrong=2, takeover=1), views=_BLIND),
    ),
    Control(
        name="kept-association",
        what="a holder that answers again keeps the association that an unanswered call of ours is on its way to end",
        hole=1,
        invariant="S9",
        patches=((motion, "_overdue", Around(_as_if_all_was_answered)),),
        world=Small(name="c", about="", budget=Budget(wrong=2, takeover=1), views=_BLIND),
    ),
    Control(
        name="believes-the-old-one",
        what="the answer to an association is believed though it names the one that was to end",
        hole=1,
        invariant="S9",
        patches=((rule, "not_ended", _believed),),
        world=Small(name="c", about="", budget=Budget(kill=1, hand=2, wrong=1), views=(View.TRUE, View.STALE)),
    ),
    Control(
        name="open-debts-forgotten",
        what="a fenced worker comes back while a stop of ours has neither been answered nor lost",
        hole=4,
        invariant="S11",
        patches=((fences, "_may_still_land", lambda fence, _: fence.isolate.lost or fence.stop.lost),),
        world=Small(name="c", about="", budget=Budget(kill=1, off=1, on=1)),
    ),
    Control(
        name="no-gap",
        what="nothing of the rule: the stated exception of S9 is taken away, and the gap between the two calls is found",
        hole=2,
        invariant="S9",
        patches=((invariants, "GAPS_ARE_EXCEPTED", False),),
        world=Small(name="c", about="", budget=Budget(wrong=4, lost=1), views=_BLIND),
        states_max=300_000,
    ),
    Control(
        name="reads-the-id-anew",
        what="the adapter ends whatever association it finds, not the one that was read before the write",
        hole=3,
        invariant="S9",
        patches=((effects, "FRESH_ID", True),),
        world=Small(name="c", about="", budget=Budget(kill=1, takeover=1, lost=1)),
    ),
    Control(
        name="fenced-target",
        what="a fenced worker is a target like any other",
        hole=4,
        invariant="S11",
        patches=((moves, "against", Around(_no_fence_check)),),
        world=Small(name="c", about="", workers=3, dead=(1,), budget=Budget(heal=1, wrong=4), views=_BLIND),
    ),
    Control(
        name="stop-without-debt",
        what="stop and isolation are sent, and the record does not remember it",
        hole=4,
        invariant="S9",
        patches=(
            (moves, "intend", Around(_fence_calls_without_debt)),
            (settled, "intend", Around(_fence_calls_without_debt)),
        ),
        world=Small(name="c", about="", budget=Budget(wrong=4), views=_BLIND),
    ),
    Control(
        name="write-without-token",
        what="the store asks for the record's version and not for the lease's token",
        hole=5,
        invariant="S5",
        patches=((world, "TOKEN_CHECKED", False),),
        world=Small(name="c", about="", budget=Budget(kill=1, heal=1, takeover=1), slow_rounds=True),
    ),
    Control(
        name="one-call-move",
        what="the association is taken from whoever has it (AllowReassociation)",
        hole=0,
        invariant="S9",
        patches=((effects, "ONE_CALL_MOVE", True),),
        world=Small(name="c", about="", budget=Budget(wrong=4, lost=1), views=_BLIND),
        states_max=300_000,
    ),
    Control(
        name="call-before-record",
        what="calls are sent before their record is stored",
        hole=0,
        invariant="S5",
        patches=((world, "CALL_FIRST", True),),
        world=Small(name="c", about="", budget=Budget(kill=1, store=1)),
    ),
    Control(
        name="second-half-waits",
        what="the second half of a move is sent only when its record was stored",
        hole=9,
        invariant="5.6",
        patches=((world, "SECOND_WAITS", True),),
        world=Small(name="c", about="", budget=Budget(kill=1, store=1)),
    ),
    Control(
        name="one-stale-read",
        what="a single read that shows another association is acted on",
        hole=0,
        invariant="S6",
        patches=((settled, "AGREEING_READS", 1),),
        world=Small(name="c", about="", budget=Budget(kill=1, wrong=1), views=(View.TRUE, View.STALE)),
    ),
    Control(
        name="one-read-of-nobody",
        what="a single read that shows the address on nobody ends the hold of a dead holder",
        hole=0,
        invariant="S6",
        patches=((settled, "_on_nobody", lambda case, association: (case, association is None)),),
        world=Small(name="c", about="", budget=Budget(kill=1, wrong=3), views=(View.TRUE, View.BLIND, View.STALE)),
    ),
    Control(
        name="one-failing-round",
        what="one round without an answer is a verdict",
        hole=0,
        invariant="S6",
        patches=((verdict, "_rounds_needed", lambda *_, **__: 1),),
        world=Small(name="c", about="", budget=Budget(kill=1)),
    ),
    Control(
        name="without-anchors",
        what="a vantage that does not reach its anchor counts against the holder",
        hole=0,
        invariant="S6",
        patches=((verdict, "_counted", lambda seen, holder, _: [s for s in seen.sights if s.of(holder.name).failing]),),
        world=Small(name="c", about="", budget=Budget(wrong=2), views=(View.TRUE, View.NO_ANCHOR)),
    ),
    Control(
        name="no-hold",
        what="two automatic moves may follow each other at once",
        hole=0,
        invariant="S6",
        patches=((moves, "hold", lambda _: ""),),
        world=Small(name="c", about="", budget=Budget(kill=1, hand=1)),
    ),
    Control(
        name="not-switched-off",
        what="`enabled: false` is not looked at",
        hole=17,
        invariant="S6",
        patches=((world, "settings_of", Around(_always_enabled)),),
        world=Small(name="c", about="", budget=Budget(kill=1, toggle=1, takeover=1)),
    ),
    Control(
        name="no-way-from-disabled",
        what="no move can begin from disabled: on again with the address on another card, every round ends in an error",
        hole=0,
        invariant="4.1",
        patches=((moves, "TRANSITIONS", Around(_none_begins_from_disabled)),),
        world=Small(name="c", about="", budget=Budget(hand=1, toggle=2), fleet=True, cards=True),
    ),
    Control(
        name="replaced-though-switched-off",
        what="a holder that was taken out of the configuration is replaced though `enabled` is false",
        hole=0,
        invariant="S6",
        patches=((rule, "_on_round", Around(_unknown_holder_first)),),
        world=Small(name="c", about="", workers=3, budget=Budget(member=1, toggle=1, takeover=1), turns=False),
    ),
    Control(
        name="unknown-holder-kept",
        what="a holder that was taken out of the configuration stays the holder",
        hole=0,
        invariant="L1",
        patches=((adoption, "on_unknown_holder", _nobody_is_replaced),),
        world=Small(name="c", about="", workers=3, budget=Budget(member=1, hand=1), fleet=True, turns=False),
        states_max=5_000,
    ),
    Control(
        name="adopted-while-its-end-is-asked-for",
        what="when the holder is taken out in a move, the association that a call of ours is on its way to end is adopted",
        hole=1,
        invariant="S9",
        patches=((adoption, "ending_of", lambda record: record.ending_id),),
        world=Small(name="c", about="", workers=3, budget=Budget(kill=1, member=1, takeover=1), turns=False),
    ),
    Control(
        name="open-end-forgotten-with-the-move",
        what="a move that is given up forgets that it asked for the end of an association; resumed, that one is adopted",
        hole=1,
        invariant="S9",
        patches=((moves, "ending_of", lambda record: record.ending_id),),
        world=Small(
            name="c",
            about="",
            budget=Budget(kill=1, tag=2, ask=1),
            requests=(asked.request(1, Verb.RESUME),),
            turns=False,
        ),
    ),
    Control(
        name="tag-not-heeded",
        what="whose tag the address carries is not looked at",
        hole=18,
        invariant="1.9",
        patches=((rule, "claimed", lambda *_: ""), (adoption, "claimed", lambda *_: "")),
        world=Small(name="c", about="", budget=Budget(kill=1, tag=1)),
    ),
    Control(
        name="tag-tells-nobody",
        what="where the address carries another site's tag nothing is sent, and the phase stays as it is",
        hole=18,
        invariant="L2",
        patches=((rule, "hands_off", lambda case, why: case.stay(why)),),
        world=Small(name="c", about="", budget=Budget(tag=1)),
        states_max=200,
    ),
    Control(
        name="etag-not-compared",
        what="on Azure a card is written whatever its ETag is: a late half of a move ends what is there by then",
        hole=3,
        invariant="5.3",
        patches=((cards, "CONDITIONAL", False),),
        world=Small(name="c", about="", budget=Budget(wrong=2, takeover=1), views=_BLIND, azure=True),
    ),
    Control(
        name="cards-not-marked",
        what="on Azure no epoch is written on the cards before its first write, so a late write of an older finds its ETag",
        hole=2,
        invariant="5.3",
        patches=((cards, "MARKED", False),),
        world=Small(name="c", about="", budget=Budget(kill=2, lost=1), azure=True),
    ),
    Control(
        name="watching-moves",
        what="what is decided while it only watches is done",
        hole=0,
        invariant="4.7",
        patches=((watching, "only_watched", lambda _, decision: decision),),
        world=Small(name="c", about="", budget=Budget(kill=1, watch=1, takeover=1)),
    ),
    Control(
        name="streak-outlives-a-pause",
        what="a streak that was counted in a pause is a verdict when the pause is over",
        hole=17,
        invariant="S6",
        patches=((paused, "ended", Around(_streak_outlives)),),
        world=Small(name="c", about="", budget=Budget(kill=1, ask=2), requests=(*PAUSE, RESUME), turns=False),
    ),
    Control(
        name="streak-outlives-manual",
        what="a streak that was counted in manual is a verdict after resume, where the address is on nobody",
        hole=17,
        invariant="S6",
        patches=((rule, "_HANDLERS", Around(_on_disabled_with)),),
        world=Small(
            name="c",
            about="",
            workers=3,
            out=(2,),
            at=2,
            dead=(0,),
            budget=Budget(hand=1, ask=1),
            requests=(asked.request(1, Verb.RESUME),),
            turns=False,
        ),
    ),
    Control(
        name="unproven-in-maintenance",
        what="an operator's failover without proof reaches past maintenance as well",
        hole=0,
        invariant="9.11",
        patches=((planned, "against_but_for_its_fence", Around(_past_maintenance)),),
        world=Small(
            name="c",
            about="",
            budget=Budget(ask=2),
            requests=(
                asked.request(1, Verb.MAINTENANCE, "wk2", duration_s=50.0),
                asked.request(2, Verb.FAILOVER, "wk2", unproven=True),
            ),
            turns=False,
        ),
    ),
    Control(
        name="fences-in-a-pause",
        what="calls of a fence leave in a pause",
        hole=17,
        invariant="9.6",
        patches=((rule, "_is_paused", lambda _: False),),
        world=Small(name="c", about="", budget=Budget(kill=1, ask=1), requests=PAUSE, turns=False),
    ),
    Control(
        name="pause-not-kept",
        what="in a pause the site is judged as ever",
        hole=17,
        invariant="S6",
        patches=((rule, "_HANDLERS", Around(_paused_as_steady)), (moves, "TRANSITIONS", Around(_any_transition))),
        world=Small(name="c", about="", budget=Budget(kill=1, ask=1), requests=PAUSE, turns=False),
    ),
    Control(
        name="failback-without-a-window",
        what="home takes back as soon as it was ready for a minute, whatever window is open",
        hole=0,
        invariant="S7",
        patches=((planned, "_failback", Around(_window_always_open)),),
        world=Small(name="c", about="", budget=Budget(), failback=True, at=1, turns=False),
    ),
    Control(
        name="failback-by-a-wrong-clock",
        what="nobody compares the leader's clock with the store's",
        hole=21,
        invariant="S7",
        patches=((planned, "_failback", Around(_clocks_not_compared)),),
        world=Small(
            name="c",
            about="",
            budget=Budget(wrong=1),
            views=(View.TRUE, View.AHEAD),
            failback=True,
            at=1,
            turns=False,
        ),
    ),
    Control(
        name="failback-again-and-again",
        what="the record does not remember that the window was used",
        hole=0,
        invariant="S7",
        patches=((moves, "_window_spent", lambda case, *_: case.record.window_spent_s),),
        world=Small(
            name="c",
            about="",
            budget=Budget(window=1, ask=1),
            requests=(asked.request(1, Verb.SWITCHOVER, "wk2"),),
            failback=True,
            at=1,
            turns=False,
        ),
    ),
    Control(
        name="request-forgotten",
        what="the record does not remember what was answered",
        hole=19,
        invariant="9.3",
        patches=((operators, "_answered", Around(_forgets_replies)),),
        world=Small(
            name="c",
            about="",
            budget=Budget(ask=1),
            requests=(asked.request(1, Verb.SWITCHOVER),),
            turns=False,
        ),
    ),
    Control(
        name="request-never-answered",
        what="a request that cannot be carried out waits for ever",
        hole=19,
        invariant="L6",
        patches=((operators, "close", lambda _, decision: decision),),
        world=Small(
            name="c",
            about="",
            budget=Budget(ask=1),
            requests=(asked.request(1, Verb.SWITCHOVER, "wk2"),),
            dead=(1,),
            turns=False,
        ),
        states_max=5_000,
    ),
    Control(
        name="planned-in-a-hurry",
        what="a planned move does not wait for an association that was never answered",
        hole=2,
        invariant="9.9",
        patches=((planned, "LATE_CALL_S", 0.0),),
        world=Small(
            name="c",
            about="",
            budget=Budget(ask=2, lost=2),
            requests=(asked.request(1, Verb.SWITCHOVER, "wk2"), asked.request(2, Verb.SWITCHOVER, "wk1")),
            turns=False,
        ),
    ),
    Control(
        name="epochs-begin-anew",
        what="after a loss of the record nobody looks at the floor",
        hole=20,
        invariant="S2",
        patches=((adoption, "_after_loss", lambda seen, settings, now_s, _: adoption.first(seen, settings, now_s, None)),),
        world=Small(name="c", about="", budget=Budget(lose=1, takeover=1, kill=1)),
    ),
    Control(
        name="no-quiet-after-a-loss",
        what="after a loss of the record automatic moves begin at once",
        hole=20,
        invariant="S6",
        patches=((moves, "is_quiet", lambda _: False),),
        world=Small(name="c", about="", budget=Budget(lose=1, takeover=1, kill=1)),
    ),
    Control(
        name="home-takes-back",
        what="home takes the address as soon as it answers again",
        hole=22,
        invariant="S8",
        patches=((settled, "_reconcile", Around(_home_takes_back)),),
        world=Small(name="c", about="", budget=Budget(kill=1, on=1), turns=False),
    ),
    Control(
        name="adoption-without-epoch",
        what="an association that somebody made by hand is adopted within the old epoch",
        hole=0,
        invariant="S2",
        patches=((settled, "adopt", Around(_same_epoch)),),
        world=Small(name="c", about="", budget=Budget(hand=1)),
    ),
    Control(
        name="no-rescue",
        what="when the target refuses the address, people are told, and nothing else is tried",
        hole=8,
        invariant="5.9",
        patches=(
            (motion, "REFUSALS_TO_RETARGET", 1),
            (motion, "rescue", lambda case: moves.to_manual(case, "the target does not take the address")),
            (settled, "rescue", lambda case: case.stay("manual")),
        ),
        world=Small(name="c", about="", budget=Budget(kill=1, refuse=1)),
        states_max=5_000,
    ),
    Control(
        name="never-asked-again",
        what="a call of a move that had no answer is not asked for again",
        hole=0,
        invariant="5.9",
        patches=((motion, "_due", lambda *_: False),),
        world=Small(name="c", about="", budget=Budget(kill=1, lost=1)),
        states_max=5_000,
    ),
    Control(
        name="never-believed",
        what="a move is not taken as verified, neither by reads nor at the deadline",
        hole=15,
        invariant="L2",
        patches=((motion, "_settle_if_proven", lambda case, why: case.stay(why)),),
        world=Small(name="c", about="", budget=Budget(kill=1)),
        states_max=5_000,
    ),
    Control(
        name="no-reconcile",
        what="an association that is not the record's is left where it is",
        hole=0,
        invariant="L3",
        patches=((settled, "_restore_association", lambda case, _: case.stay("left")),),
        world=Small(name="c", about="", budget=Budget(hand=1)),
        states_max=5_000,
    ),
    Control(
        name="no-standby-is-good-enough",
        what="no standby is ever found able to take over",
        hole=0,
        invariant="L1",
        patches=((settled, "choose_target", lambda _: (None, "nobody")),),
        world=Small(name="c", about="", budget=Budget(kill=1)),
        states_max=5_000,
    ),
    Control(
        name="late-isolation-not-undone",
        what="a late isolation that hits the holder is not undone",
        hole=4,
        invariant="L3",
        patches=((fences, "_undo", lambda fence, *_: (fence, ())),),
        world=Small(name="c", about="", budget=Budget(wrong=4), views=_BLIND),
        states_max=20_000,
    ),
)


def run(control: Control) -> Verdict:
    """Search with the guard taken out, until its invariant is broken."""
    with patched((*defects.repairs(), *control.patches)):
        search = Search(control.world)
        if control.invariant in liveness.PROMISES:
            found = search.run(control.states_max)
            lively = liveness.Liveness(search).check(search.before, control.invariant)
            path = list(lively.path) if lively.violation == control.invariant else None
        else:
            found = search.run(control.states_max, wanted=control.invariant)
            path = found.violations.get(control.invariant)
        story = Story(search.world).lines(search.world.start(), path) if path else []
    return Verdict(name=control.name, found=replace(found, violations={}), story=tuple(story))


def run_named(name: str) -> Verdict:
    """As `run`, by name: a patch does not travel between processes."""
    return run(next(control for control in CONTROLS if control.name == name))
