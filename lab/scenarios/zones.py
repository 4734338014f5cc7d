"""Vantages and zones: probers gone, one or all; a whole zone gone; both workers dead.

A prober that is gone cannot be called at all (its function is deleted); with it goes its zone's way to the record's
endpoint, since nobody asks from there any more. A machine in a zone that is gone answers nobody, while the cloud goes on
calling it running.
"""

from lab.faultkind import FaultKind
from lab.scenarios.checks import check, made_once, nothing_moved, was_both_down, was_not_even_suspected
from lab.scenarios.expectations import moves, stays
from lab.scenarios.levers import probers, remove_prober, zone_of
from lab.scenarios.scenario import Scenario
from lab.scenarios.stage import Stage

WATCH_S = 8.0
"""How long a fault that must move nothing is watched: many rounds."""


def _come_back(stage: Stage) -> None:
    """People start the holder's service again."""
    stage.act("service-is-up", stage.holder)
    stage.site.hypervisor.come_up(stage.holder)
    stage.wait_served(stage.holder)
    stage.release(stage.holder)
    stage.wait_phase("steady")


def _one_prober_gone(stage: Stage) -> None:
    ours = {zone_of(stage, stage.holder), zone_of(stage, stage.standby)}
    remove_prober(stage, next(zone for zone in probers(stage) if zone not in ours))
    stage.kill_holder()
    stage.wait_moved()
    stage.bring_back()


def _all_probers_gone(stage: Stage) -> None:
    stage.fault(FaultKind.PROBER, None, "every prober is gone")
    for zone in probers(stage):
        remove_prober(stage, zone)
    stage.watch(WATCH_S, "no vantage is left")
    stage.wait_served(stage.holder)


def _one_prober_left(stage: Stage) -> None:
    standbys = zone_of(stage, stage.standby)
    for zone in probers(stage):
        if zone != standbys:
            remove_prober(stage, zone)
    stage.kill_holder()
    stage.wait_moved()
    stage.bring_back()


def _all_probers_gone_and_holder_dies(stage: Stage) -> None:
    for zone in probers(stage):
        remove_prober(stage, zone)
    stage.fault(FaultKind.RESTART, stage.holder, f"the service of {stage.holder} is gone")
    stage.site.hypervisor.go_down(stage.holder, booting=False)
    stage.watch(WATCH_S, "no vantage is left to say so")
    _come_back(stage)


def _holders_zone_gone(stage: Stage) -> None:
    remove_prober(stage, zone_of(stage, stage.holder))
    stage.fault(FaultKind.CUT, stage.holder, f"the zone of {stage.holder} is gone")
    stage.site.hypervisor.cut(stage.holder, on=True)
    stage.wait_moved()
    stage.bring_back()


def _standbys_zone_gone(stage: Stage) -> None:
    stage.fault(FaultKind.CUT, stage.standby, f"the zone of {stage.standby} is gone")
    stage.site.hypervisor.cut(stage.standby, on=True)
    remove_prober(stage, zone_of(stage, stage.standby))
    stage.watch(WATCH_S, "the standby and its prober are gone")
    stage.act("zone-back", stage.standby)
    stage.site.hypervisor.cut(stage.standby, on=False)
    stage.wait_served(stage.holder)


def _both_dead(stage: Stage) -> None:
    stage.fault(FaultKind.RESTART, stage.holder, "the services of both workers are gone")
    stage.site.hypervisor.go_down(stage.holder, booting=False)
    stage.site.hypervisor.go_down(stage.standby, booting=False)
    stage.wait_phase("both-down")
    stage.watch(WATCH_S, "nothing moves")
    _come_back(stage)
    stage.site.hypervisor.come_up(stage.standby)
    stage.release(stage.standby)


STAYS, STEADY = check(nothing_moved), check(was_not_even_suspected)

SCENARIOS = (
    Scenario(
        name="prober-gone",
        injected="The prober of the tie-breaker's zone is gone, and the holder is killed.",
        must="Two vantages are enough, one of them outside the holder's zone (3.3): the address moves (3.4).",
        kind=FaultKind.KILL,
        play=_one_prober_gone,
        expects=moves(),
    ),
    Scenario(
        name="probers-gone-but-one",
        injected="Only the prober in the standby's zone is left, and the holder is killed.",
        must="Twice as many rounds are needed, and the public health port must fail as well (3.6): the address moves.",
        kind=FaultKind.KILL,
        play=_one_prober_left,
        expects=moves(),
    ),
    Scenario(
        name="probers-gone",
        injected="All three probers are gone.",
        must="A vantage that did not answer has no voice (3.2); the holder answers through the address (3.5).",
        kind=FaultKind.PROBER,
        play=_all_probers_gone,
        expects=stays(STAYS, STEADY),
    ),
    Scenario(
        name="probers-gone-and-the-holder-dies",
        injected="All three probers are gone, and the holder's service dies; people start it again.",
        must="Could not ask is never dead (3.2, 3.9): nothing moves, and the outage lasts until the service is back.",
        kind=FaultKind.RESTART,
        play=_all_probers_gone_and_holder_dies,
        expects=stays(STAYS, released=True),
    ),
    Scenario(
        name="zone-of-the-holder-gone",
        injected="The holder, the prober of its zone and that zone's way to the record's endpoint are gone at once.",
        must="The two vantages that are left are outside the holder's zone and agree (3.3): the address moves (3.4).",
        kind=FaultKind.CUT,
        play=_holders_zone_gone,
        expects=moves(check(made_once)),
    ),
    Scenario(
        name="zone-of-the-standby-gone",
        injected="The standby, the prober of its zone and that zone's way to the record's endpoint are gone at once.",
        must="The holder answers two vantages (3.5), and a standby that is down moves nothing (4.6).",
        kind=FaultKind.CUT,
        play=_standbys_zone_gone,
        expects=stays(STAYS, STEADY),
    ),
    Scenario(
        name="both-workers-dead",
        injected="The services of both workers die at once; people start the holder's first.",
        must="No worker answers anybody: both-down, and nothing moves (3.8, 4.4); when the holder answers, steady.",
        kind=FaultKind.RESTART,
        play=_both_dead,
        expects=stays(STAYS, check(was_both_down), released=True),
    ),
)
