"""The record's table out of reach, for a minute: with nothing else, with a holder that dies, in the middle of a move.

The functions' way to it is taken away: connections get no answer. For the probers it is the anchor as well, as it is on the
real cloud. The observer looks past the door, so what it tells of the record is true all the time.
"""

from lab.faultkind import FaultKind
from lab.rawevents import Verb
from lab.scenarios.checks import (
    check,
    decided_after,
    made_once,
    moved_between,
    no_decision_between,
    nothing_moved,
    one_leader_at_a_time,
    somebody_leads_after,
    was_not_even_suspected,
)
from lab.scenarios.expectations import moves, stays
from lab.scenarios.levers import close_store, hold_call, let_in, token, wait_held, wait_leader_since
from lab.scenarios.scenario import Scenario
from lab.scenarios.stage import Stage

GONE_S = 60.0
DIES_AFTER_S = 20.0
"""The holder dies so long after the table went: nobody leads any more by then."""

SCHEDULE_DIVISOR = 4.0
"""A start each 15 s: the arbiters that wait for the lease would pile up at the lab's usual pace."""

GONE, BACK = "record-gone", "record-back"


def _gone(stage: Stage) -> None:
    led = token(stage)
    stage.fault(FaultKind.STORE, None, "the record's table is out of reach")
    close_store(stage, on=True)
    stage.watch(GONE_S, "nobody can read or write the record")
    close_store(stage, on=False)
    wait_leader_since(stage, led)
    stage.wait_served(stage.holder)


def _gone_and_holder_dies(stage: Stage) -> None:
    close_store(stage, on=True)
    stage.watch(DIES_AFTER_S, "nobody can read or write the record")
    stage.fault(FaultKind.KILL, stage.holder, f"{stage.holder} is killed meanwhile")
    stage.site.hypervisor.process(stage.holder).kill()
    stage.watch(GONE_S - DIES_AFTER_S, "nothing can be decided")
    close_store(stage, on=False)
    stage.wait_moved()
    stage.bring_back()


def _gone_in_the_middle(stage: Stage) -> None:
    hold_call(stage, Verb.DISASSOCIATE, "out")
    stage.fault(FaultKind.KILL, stage.holder, f"{stage.holder} is killed")
    stage.site.hypervisor.process(stage.holder).kill()
    wait_held(stage)
    close_store(stage, on=True)
    let_in(stage)
    stage.wait_served(stage.standby)
    stage.watch(GONE_S, "served, and nobody can write it down")
    close_store(stage, on=False)
    stage.wait_moved()
    stage.bring_back(rejoins=False)


SCENARIOS = (
    Scenario(
        name="record-gone-for-a-minute",
        injected=f"The record's table is out of reach of every function for {GONE_S:g} s.",
        must="A leader whose renewal had no answer stops acting (2.4); nothing is decided (5.6), the holder serves on.",
        kind=FaultKind.STORE,
        play=_gone,
        expects=stays(
            check(nothing_moved), check(was_not_even_suspected), somebody_leads_after(BACK), check(one_leader_at_a_time)
        ),
        schedule_divisor=SCHEDULE_DIVISOR,
        store_door=True,
    ),
    Scenario(
        name="record-gone-and-the-holder-dies",
        injected=f"The record's table is out of reach for {GONE_S:g} s; the holder is killed {DIES_AFTER_S:g} s into it.",
        must="A decision that cannot be stored sends nothing (5.1, 5.6): the address moves when the table is back.",
        kind=FaultKind.KILL,
        play=_gone_and_holder_dies,
        expects=moves(no_decision_between(GONE, BACK), decided_after(BACK), check(made_once)),
        schedule_divisor=SCHEDULE_DIVISOR,
        store_door=True,
    ),
    Scenario(
        name="record-gone-between-the-two-calls",
        injected=f"The record's table goes out of reach for {GONE_S:g} s between the two calls of a move.",
        must="The second call is sent at once, without asking store or lease (5.6): the standby serves meanwhile.",
        kind=FaultKind.KILL,
        play=_gone_in_the_middle,
        expects=moves(moved_between(GONE, BACK), check(made_once)),
        schedule_divisor=SCHEDULE_DIVISOR,
        store_door=True,
    ),
)
