"""What operators ask for: planned moves, a pause, maintenance, a failover, refusals; and the arbiter that dies over it.

The operator's request is t = 0 of a run about a planned move. It is put into the inbox as docs/RUNBOOK.md says, by a client
of the table that is not the watchdog's.
"""

import signal
from dataclasses import dataclass

from lab.api_faults import Fault, Kind
from lab.faultkind import FaultKind
from lab.hypervisor import Cut
from lab.mailbox import Mailbox
from lab.promises.clock import PAUSE
from lab.rawevents import Verb
from lab.scenarios.checks import (
    another_arbiter_finished,
    check,
    decided_after,
    made_once,
    nothing_moved,
    one_leader_at_a_time,
    was_not_even_suspected,
)
from lab.scenarios.expectations import Expected, moves, planned, stays
from lab.scenarios.levers import drop, hold_call, strike_leader, wait_held
from lab.scenarios.operator_checks import (
    answered,
    came_home,
    moves_made,
    nobody_was_fenced,
    nothing_done_between,
    old_holder_delivered_what_it_accepted,
    old_holder_was_fenced,
    only_what_was_handed_over_was_overtaken,
    refused,
    something_was_handed_over,
    told,
    told_between,
)
from lab.scenarios.scenario import Play, Scenario
from lab.scenarios.stage import MOVED_S, Stage

WATCH_S = 8.0
"""How long something that must move nothing is watched: many rounds."""

RESTART_S = 20.0
"""How long a service takes to start again."""

BACKLOG_S = 2.0
"""How long the old holder takes messages that it cannot deliver, before it is asked to let go."""

SHORT_PATIENCE_S = 3.0
LONG_PATIENCE_S = 300.0
"""Of a request that has to outlive an arbiter."""

FIRST, SECOND = "op-1", "op-2"
RESUME = "ask-resume"
DEAD_IN_PAUSE = "holder-dead-in-pause"


def _ask_to_let_go(stage: Stage, *, patience_s: float = LONG_PATIENCE_S) -> None:
    stage.fault(FaultKind.SWITCHOVER, stage.holder, f"an operator asks that {stage.holder} lets go (switchover)")
    stage.request(FIRST, "switchover", "a planned move", patience_s=patience_s)


def _switchover(stage: Stage) -> None:
    _ask_to_let_go(stage)
    stage.wait_moved()
    stage.wait_answered(FIRST)


def _switchover_with_backlog(stage: Stage) -> None:
    stage.act("cut-off-outwards", stage.holder)
    stage.site.hypervisor.cut(stage.holder, on=True, way=Cut.OUT)
    stage.watch(BACKLOG_S, "it takes messages, and cannot deliver them")
    _ask_to_let_go(stage)
    stage.wait_moved()
    stage.act("healed", stage.holder)
    stage.site.hypervisor.cut(stage.holder, on=False)
    stage.wait_answered(FIRST)


def _failback(stage: Stage) -> None:
    _switchover(stage)
    stage.fault(
        FaultKind.FAILBACK, stage.standby, f"an operator asks that {stage.standby} lets go, in favour of home (failback)"
    )
    stage.request(SECOND, "failback", "back home")
    stage.wait_answered(SECOND)
    stage.wait_phase("steady")
    stage.wait_served(stage.holder)


def _pause(stage: Stage) -> None:
    mail = Mailbox.open(stage.site)
    stage.act(PAUSE)
    stage.request(FIRST, "pause", "work on the network", duration_s=3600)
    stage.wait_phase("paused")
    stage.kill_holder()
    stage.site.wait_for(f"a mail {DEAD_IN_PAUSE}", lambda: mail.has(DEAD_IN_PAUSE), MOVED_S)
    stage.act(told(DEAD_IN_PAUSE))
    stage.watch(WATCH_S, "paused, and the holder is dead")
    stage.act(RESUME)
    stage.request(SECOND, "resume", "the work is done")
    stage.wait_moved()
    stage.wait_answered(FIRST, SECOND)
    stage.bring_back()


def _maintenance(stage: Stage) -> None:
    stage.act("ask-maintenance", stage.holder)
    stage.request(FIRST, "maintenance", "a new release", worker=stage.holder, duration_s=600)
    stage.wait_answered(FIRST)
    stage.fault(
        FaultKind.RESTART, stage.holder, f"the service of {stage.holder} starts again, in {RESTART_S:g} s, as announced"
    )
    stage.site.hypervisor.go_down(stage.holder, booting=False)
    stage.watch(RESTART_S, "its connections are refused")
    stage.act("service-is-up", stage.holder)
    stage.site.hypervisor.come_up(stage.holder)
    stage.wait_served(stage.holder)
    stage.release(stage.holder)
    stage.act(RESUME, stage.holder)
    stage.request(SECOND, "resume", "the release is in", worker=stage.holder)
    stage.wait_answered(FIRST, SECOND)


def _failover(stage: Stage) -> None:
    stage.fault(FaultKind.FAILOVER, stage.holder, f"an operator gives {stage.holder} up (failover), while it serves")
    stage.request(FIRST, "failover", "its disk makes noises", worker=stage.standby)
    stage.wait_moved()
    stage.wait_answered(FIRST)
    stage.bring_back()


@dataclass(frozen=True)
class _Refusal:
    """One request that is refused, and words of the sentence."""

    id: str
    verb: str
    fields: dict[str, object]
    words: str


_REFUSALS = (
    _Refusal("no-such-worker", "switchover", {"worker": "wk9"}, "wk9 is no worker of this site; its workers are wk1, wk2"),
    _Refusal("drain", "switchover", {"drain_s": 30}, "drain needs the worker's agent"),
    _Refusal("home-already", "failback", {}, "wk1 holds already"),
    _Refusal("two-days", "pause", {"duration_s": 172800}, "at most 86400 s"),
    _Refusal("nothing-paused", "resume", {}, "nothing is to be resumed"),
    _Refusal("no-such-verb", "reboot", {}, "verb 'reboot' is none of"),
)
TOO_LONG = "standby-is-down"
"""A request that waits, and is refused when its patience is over."""


def _refused(stage: Stage) -> None:
    stage.fault(FaultKind.REQUESTS, None, "an operator asks for what is refused")
    for each in _REFUSALS:
        stage.request(each.id, each.verb, "a try", **each.fields)
    stage.wait_answered(*(each.id for each in _REFUSALS))
    stage.act("standby-cut-off", stage.standby)
    stage.site.hypervisor.cut(stage.standby, on=True)
    stage.watch(BACKLOG_S, "the standby answers nobody")
    stage.request(TOO_LONG, "switchover", "a try", patience_s=SHORT_PATIENCE_S)
    stage.wait_answered(TOO_LONG)
    stage.act("standby-back", stage.standby)
    stage.site.hypervisor.cut(stage.standby, on=False)
    stage.watch(WATCH_S, "nothing that was refused changed anything")
    stage.wait_served(stage.holder)


def _killed_before_the_write(stage: Stage) -> None:
    """The leader has read the request, and its write of the record goes nowhere; then it dies."""
    faults = stage.api_faults()
    faults.put([Fault("dynamodb", "TransactWriteItems", Kind.SLOW, times=None)])
    _ask_to_let_go(stage)
    stage.site.wait_for("the write of the record", lambda: bool(faults.fired()), MOVED_S)
    strike_leader(stage, signal.SIGKILL)
    faults.clear()
    stage.wait_moved()
    stage.wait_answered(FIRST)


def _killed_at_the_first_call(way: str) -> Play:
    def play(stage: Stage) -> None:
        hold_call(stage, Verb.DISASSOCIATE, way)
        _ask_to_let_go(stage)
        wait_held(stage)
        strike_leader(stage, signal.SIGKILL)
        drop(stage)
        stage.wait_moved()
        stage.wait_answered(FIRST)

    return play


_LIVES_ON = (
    check(nobody_was_fenced),
    check(old_holder_delivered_what_it_accepted),
    check(only_what_was_handed_over_was_overtaken),
)
_ONCE = (answered(FIRST), moves_made(1))
_KILLED_MUST = "It is carried out once, and answered (9.2, 9.3): the next leader goes on from the record (1.4, 2.2)."


def _killed(name: str, when: str, play: Play, *, api_faults: bool = False) -> Scenario:
    late = [decided_after("arbiter-struck")] if api_faults else []
    return Scenario(
        name=f"operator-switchover-arbiter-killed-{name}",
        injected=f"An operator asks for a switchover; the arbiter that took it in is killed {when}.",
        must=_KILLED_MUST,
        kind=FaultKind.SWITCHOVER,
        play=play,
        expects=planned(*_LIVES_ON, *_ONCE, *late, check(another_arbiter_finished), check(one_leader_at_a_time)),
        api_faults=api_faults,
    )


SCENARIOS = (
    Scenario(
        name="operator-switchover",
        injected="An operator asks for a switchover, under traffic.",
        must="It moves, and nobody is fenced (9.7, 9.8); the old holder delivers what it accepted, late at worst (8).",
        kind=FaultKind.SWITCHOVER,
        play=_switchover,
        expects=planned(*_LIVES_ON, *_ONCE),
    ),
    Scenario(
        name="operator-switchover-with-backlog",
        injected=f"The same, when the holder could deliver nothing for {BACKLOG_S:g} s; it can again after the move.",
        must="The old holder delivers what it accepted (9.8); nobody waits for that, so younger messages pass it (8).",
        kind=FaultKind.SWITCHOVER,
        play=_switchover_with_backlog,
        expects=planned(
            *_LIVES_ON,
            *_ONCE,
            check(something_was_handed_over),
            order=Expected.BROKEN,
        ),
    ),
    Scenario(
        name="operator-failback",
        injected="An operator asks for a switchover, and then for a failback, under traffic.",
        must="The address goes there, and home again (9.7); a worker that was relieved is a standby at once (9.8).",
        kind=FaultKind.SWITCHOVER,
        play=_failback,
        expects=planned(*_LIVES_ON, answered(FIRST), answered(SECOND), moves_made(2), check(came_home)),
    ),
    Scenario(
        name="operator-pause",
        injected=f"An operator pauses the watchdog, the holder is killed, and {WATCH_S:g} s after the mail it is resumed.",
        must="In a pause nothing is sent, and a dead holder is told; after it the address moves (9.6, 3.4).",
        kind=FaultKind.KILL,
        play=_pause,
        expects=moves(
            nothing_done_between(PAUSE, RESUME),
            told_between(DEAD_IN_PAUSE, PAUSE, RESUME),
            decided_after(RESUME),
            answered(FIRST),
            answered(SECOND),
            check(made_once),
        ),
    ),
    Scenario(
        name="operator-maintenance",
        injected=f"The holder's service is gone for {RESTART_S:g} s, announced as maintenance; tier fault-tolerant.",
        must="The silence of a worker in maintenance counts for nothing (9.11): nothing moves, nobody is suspected.",
        kind=FaultKind.RESTART,
        play=_maintenance,
        expects=stays(check(nothing_moved), check(was_not_even_suspected), answered(FIRST), answered(SECOND), released=True),
    ),
    Scenario(
        name="operator-failover",
        injected="An operator asks for a failover away from a holder that serves.",
        must="It needs no verdict, and fences (9.10, 6.3): the address moves, the old holder is isolated and stopped.",
        kind=FaultKind.FAILOVER,
        play=_failover,
        expects=moves(*_ONCE, check(old_holder_was_fenced)),
    ),
    Scenario(
        name="operator-refused",
        injected=(
            f"An operator asks for {len(_REFUSALS)} things that can never be, and with {SHORT_PATIENCE_S:g} s of patience "
            "for a switchover to a standby that is cut off."
        ),
        must="Each gets one reply with a sentence, at once or when its patience is over (9.3, 9.4); nothing changes.",
        kind=FaultKind.REQUESTS,
        play=_refused,
        expects=stays(
            check(nothing_moved),
            check(was_not_even_suspected),
            *(refused(each.id, each.words) for each in _REFUSALS),
            refused(TOO_LONG, "wk2 gave no healthy answer in this round"),
        ),
    ),
    _killed("unsaved", "before its write of the record arrives", _killed_before_the_write, api_faults=True),
    _killed("saved", "after that write, before its first call arrives", _killed_at_the_first_call("in")),
    _killed("begun", "after its first call took effect, before the answer", _killed_at_the_first_call("out")),
)
