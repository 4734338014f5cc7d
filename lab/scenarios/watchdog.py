"""Faults of the watchdog itself: the arbiter killed at each step, two arbiters at once, a frozen one, a late schedule.

The steps are those of a failover: each phase of the record, and each mutating call before it reaches the cloud and after it
took effect there, held at the cloud's gate until the arbiter's process is gone. So "unsent" is a call that never arrives,
"unanswered" one that was carried out and whose answer nobody read, "late" one that arrives after the next leader's move.
"""

import signal
from dataclasses import dataclass

from lab.faultkind import FaultKind
from lab.rawevents import Verb
from lab.scenarios.checks import (
    another_arbiter_finished,
    check,
    late_call_changed_nothing,
    made_once,
    no_start_between,
    one_leader_at_a_time,
)
from lab.scenarios.expectations import moves
from lab.scenarios.levers import (
    drop,
    go_on,
    hold_call,
    let_in,
    silence_schedule,
    start_arbiter,
    strike_leader,
    wait_held,
)
from lab.scenarios.scenario import EVERY_CLOUD, Play, Scenario
from lab.scenarios.stage import Stage

EXTRA_ARBITERS = 2

SILENT_BEFORE_S = 100.0
"""How long the schedule is silent before the holder dies."""

SILENT_S = 120.0
"""How late the schedule is: two starts of a one-minute schedule can lie nearly so far apart."""

AFTERWARDS_S = 3.0
"""How long a frozen arbiter that runs again is watched: several rounds."""

_CALLS = {
    Verb.DISASSOCIATE: "taking the address away",
    Verb.ASSOCIATE: "putting the address on the standby",
    Verb.ISOLATE: "isolating the old holder",
    Verb.STOP: "stopping the old holder",
}
_NEXT = "The next leader goes on from the record (1.4, 2.2) and reads back before it judges (5.8)"


def _killed_at_call(verb: Verb, way: str) -> Play:
    def play(stage: Stage) -> None:
        hold_call(stage, verb, way)
        stage.kill_holder()
        wait_held(stage)
        strike_leader(stage, signal.SIGKILL)
        drop(stage)
        stage.wait_moved()
        stage.bring_back(rejoins=False)

    return play


def _killed_in_phase(phase: str) -> Play:
    def play(stage: Stage) -> None:
        stage.kill_holder()
        stage.wait_phase(phase)
        strike_leader(stage, signal.SIGKILL)
        stage.wait_moved()
        stage.bring_back(rejoins=phase == "suspect")

    return play


def _killed_when_settled(stage: Stage) -> None:
    stage.kill_holder()
    stage.site.wait_for(
        "the move's record",
        lambda: (stage.site.stored()["holder"], stage.site.stored()["phase"]) == (stage.standby, "steady"),
        200,
    )
    strike_leader(stage, signal.SIGKILL)
    stage.wait_moved()
    stage.bring_back(rejoins=False)


def _late_call(verb: Verb) -> Play:
    """The call is held, its arbiter dies, the next leader makes the move, and then the call arrives."""

    def play(stage: Stage) -> None:
        hold_call(stage, verb, "in")
        stage.kill_holder()
        wait_held(stage)
        strike_leader(stage, signal.SIGKILL)
        stage.wait_moved()
        stage.act("late-call-let-in")
        let_in(stage)
        stage.watch(AFTERWARDS_S, "the late call arrives")
        stage.wait_served(stage.standby)
        stage.bring_back(rejoins=False)

    return play


def _frozen_and_back(stage: Stage) -> None:
    hold_call(stage, Verb.DISASSOCIATE, "in")
    stage.kill_holder()
    wait_held(stage)
    frozen = strike_leader(stage, signal.SIGSTOP)
    stage.wait_moved()
    stage.act("late-call-let-in")
    let_in(stage)
    go_on(stage, frozen)
    stage.watch(AFTERWARDS_S, "the frozen arbiter runs again, and its call arrives")
    stage.wait_served(stage.standby)
    stage.bring_back(rejoins=False)


def _two_at_once(stage: Stage) -> None:
    stage.kill_holder()
    for _ in range(EXTRA_ARBITERS):
        start_arbiter(stage)
    stage.wait_moved()
    stage.bring_back()


def _schedule_late(stage: Stage) -> None:
    silence_schedule(stage, on=True)
    stage.watch(SILENT_BEFORE_S, "the schedule starts nobody")
    stage.kill_holder()
    stage.wait_moved()
    stage.watch(SILENT_S - SILENT_BEFORE_S, "until the schedule is back")
    silence_schedule(stage, on=False)
    stage.bring_back()


@dataclass(frozen=True)
class _Step:
    """One moment of a failover."""

    name: str
    when: str
    play: Play


def _steps() -> list[_Step]:
    before = [_Step("suspect", "when the record says suspect", _killed_in_phase("suspect"))]
    calls = [
        step
        for verb, what in _CALLS.items()
        for step in (
            _Step(f"{verb.value}-unsent", f"before its call for {what} arrives", _killed_at_call(verb, "in")),
            _Step(
                f"{verb.value}-unanswered",
                f"after its call for {what} took effect, before the answer",
                _killed_at_call(verb, "out"),
            ),
        )
    ]
    after = [
        _Step("verifying", "when the record says verifying", _killed_in_phase("verifying")),
        _Step("settled", "as soon as the record says steady again", _killed_when_settled),
    ]
    return [*before, *calls, *after]


def _killed_scenario(step: _Step) -> Scenario:
    finished = [] if step.name == "settled" else [check(another_arbiter_finished)]
    return Scenario(
        name=f"arbiter-killed-{step.name}",
        injected=f"The holder is killed, and the arbiter {step.when}.",
        must=f"{_NEXT}: one move, told once it is stored (7.1).",
        kind=FaultKind.KILL,
        play=step.play,
        expects=moves(*finished, check(made_once), check(one_leader_at_a_time)),
        clouds=EVERY_CLOUD,
    )


def _late_scenario(verb: Verb) -> Scenario:
    return Scenario(
        name=f"late-call-{verb.value}",
        injected=f"The arbiter is killed with its call for {_CALLS[verb]} on the way, which arrives after the next move.",
        must="A late call names its association and takes the address from nobody, so it changes nothing (5.3, 5.4).",
        kind=FaultKind.KILL,
        play=_late_call(verb),
        expects=moves(check(late_call_changed_nothing), check(another_arbiter_finished), check(made_once)),
        clouds=EVERY_CLOUD,
    )


_DUELS = (
    Scenario(
        name="arbiter-frozen-and-back",
        injected="The arbiter stands still (SIGSTOP) with a call on the way, and runs again after the next leader's move.",
        must="What it does then is refused: it writes nothing (2.5), its late call changes nothing (5.3).",
        kind=FaultKind.KILL,
        play=_frozen_and_back,
        expects=moves(
            check(late_call_changed_nothing), check(another_arbiter_finished), check(made_once), check(one_leader_at_a_time)
        ),
        clouds=EVERY_CLOUD,
    ),
    Scenario(
        name="arbiters-two-at-once",
        injected=f"The holder is killed, and {EXTRA_ARBITERS} more arbiters start in the same moment.",
        must="One leads, the others wait (2.1); a move in motion ends before the lease is handed over (5.6).",
        kind=FaultKind.KILL,
        play=_two_at_once,
        expects=moves(check(made_once), check(one_leader_at_a_time)),
        clouds=EVERY_CLOUD,
    ),
    Scenario(
        name="schedule-late-by-two-minutes",
        injected=f"The schedule starts nobody for {SILENT_S:g} s, real time; the holder dies {SILENT_BEFORE_S:g} s into it.",
        must="An arbiter leads for longer than the longest gap between two starts (2.1): the address moves as ever (3.4).",
        kind=FaultKind.KILL,
        play=_schedule_late,
        expects=moves(no_start_between("schedule-silent", "schedule-back"), check(made_once)),
    ),
)

SCENARIOS = (
    *(_killed_scenario(step) for step in _steps()),
    *(_late_scenario(verb) for verb in (Verb.DISASSOCIATE, Verb.ASSOCIATE)),
    *_DUELS,
)
