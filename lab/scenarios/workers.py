"""Faults of a worker: dead, off, cut off, slow, lying, full, restarting, rebooting."""

from lab.faultkind import FaultKind
from lab.hypervisor import Cut
from lab.scenarios.checks import (
    check,
    decided_after,
    nothing_moved,
    outage_is_shown,
    was_not_even_suspected,
    was_suspected,
)
from lab.scenarios.expectations import moves, stays
from lab.scenarios.scenario import Scenario
from lab.scenarios.stage import Stage
from lab.story import BACKLOG_S, hold_receiver

WATCH_S = 8.0
"""How long a fault that must move nothing is watched: many rounds."""

RESTART_S = 20.0
"""How long a service takes to start again."""

SLOW_S = 0.15
"""Below the shortest timeout of a probe (burst, 0.3 s), with room for a busy machine."""

TOO_SLOW_S = 2.0
"""Above the longest timeout of a probe that the lab configures (0.4 s, for the answer)."""


def _with_backlog(stage: Stage, kind: FaultKind, what: str) -> None:
    """The receiver is slow just before the fault, so that messages wait in the holder's log."""
    hold_receiver(stage.site, on=True)
    stage.site.supervisor.pause(BACKLOG_S)
    stage.fault(kind, stage.holder, what)


def _killed(stage: Stage) -> None:
    _with_backlog(stage, FaultKind.KILL, f"{stage.holder} is killed (SIGKILL)")
    stage.site.hypervisor.process(stage.holder).kill()
    hold_receiver(stage.site, on=False)
    stage.wait_moved()
    stage.bring_back()


def _frozen(stage: Stage) -> None:
    _with_backlog(stage, FaultKind.FREEZE, f"{stage.holder} is frozen (SIGSTOP)")
    stage.site.hypervisor.process(stage.holder).freeze()
    hold_receiver(stage.site, on=False)
    stage.wait_moved()
    stage.bring_back()


def _stopped(stage: Stage) -> None:
    stage.fault(FaultKind.STOP, stage.holder, f"somebody stops {stage.holder} at the console")
    stage.console().stop_instances(InstanceIds=[stage.instance_id(stage.holder)])
    stage.wait_moved()
    stage.bring_back()


def _terminated(stage: Stage) -> None:
    stage.fault(FaultKind.TERMINATE, stage.holder, f"somebody terminates {stage.holder} at the console")
    stage.console().terminate_instances(InstanceIds=[stage.instance_id(stage.holder)])
    stage.wait_moved()


def _cut_in(stage: Stage) -> None:
    stage.fault(FaultKind.CUT_IN, stage.holder, f"nothing that others begin reaches {stage.holder} any more")
    stage.site.hypervisor.cut(stage.holder, on=True, way=Cut.IN)
    stage.wait_moved()
    stage.bring_back()


def _cut_out(stage: Stage) -> None:
    stage.fault(FaultKind.CUT_OUT, stage.holder, f"nothing that {stage.holder} begins gets out any more")
    stage.site.hypervisor.cut(stage.holder, on=True, way=Cut.OUT)
    stage.watch(WATCH_S, "it answers, and what it accepts piles up")
    stage.act("healed", stage.holder)
    stage.site.hypervisor.cut(stage.holder, on=False)
    stage.wait_served(stage.holder)


def _cut_both(stage: Stage) -> None:
    stage.fault(FaultKind.CUT, stage.holder, f"{stage.holder} is cut off from the network")
    stage.site.hypervisor.cut(stage.holder, on=True)
    stage.wait_moved()
    stage.bring_back()


def _slow(stage: Stage) -> None:
    stage.fault(FaultKind.SLOW, stage.holder, f"{stage.holder} answers everything {SLOW_S:g} s late")
    stage.tell(stage.holder, "slow", seconds=SLOW_S)
    stage.watch(WATCH_S, "slow, and within the probes' patience")
    stage.act("fast-again", stage.holder)
    stage.tell(stage.holder, "slow", seconds=0.0)
    stage.wait_served(stage.holder)


def _pauses(stage: Stage) -> None:
    stage.fault(FaultKind.SLOW, stage.holder, f"{stage.holder} answers everything {TOO_SLOW_S:g} s late")
    stage.tell(stage.holder, "slow", seconds=TOO_SLOW_S)
    stage.watch(WATCH_S, "silent for the probes, and shorter than the slow grace")
    stage.act("fast-again", stage.holder)
    stage.tell(stage.holder, "slow", seconds=0.0)
    stage.wait_served(stage.holder)
    stage.wait_phase("steady")


def _too_slow(stage: Stage) -> None:
    stage.fault(FaultKind.SLOW, stage.holder, f"{stage.holder} answers everything {TOO_SLOW_S:g} s late")
    stage.tell(stage.holder, "slow", seconds=TOO_SLOW_S)
    stage.wait_moved()
    stage.bring_back()


def _standby_not_ready(stage: Stage) -> None:
    stage.tell(stage.standby, "unready", on=True)
    stage.kill_holder()
    stage.watch(WATCH_S, "the holder is dead, and the standby is healthy and not ready")
    stage.act("standby-is-ready", stage.standby)
    stage.tell(stage.standby, "unready", on=False)
    stage.wait_moved()
    stage.bring_back()


def _lying(stage: Stage) -> None:
    stage.fault(FaultKind.LIE, stage.holder, f"{stage.holder} answers no message and says that it is healthy")
    stage.tell(stage.holder, "lie", on=True)
    stage.watch(WATCH_S, "health says yes")
    stage.act("honest-again", stage.holder)
    stage.tell(stage.holder, "lie", on=False)
    stage.wait_served(stage.holder)


def _lying_seen(stage: Stage) -> None:
    stage.fault(FaultKind.LIE, stage.holder, f"{stage.holder} answers no message, and the probes are messages")
    stage.tell(stage.holder, "lie", on=True)
    stage.wait_moved()
    stage.bring_back()


def _restart(stage: Stage) -> None:
    stage.fault(FaultKind.RESTART, stage.holder, f"the service of {stage.holder} starts again, in {RESTART_S:g} s")
    stage.site.hypervisor.go_down(stage.holder, booting=False)
    stage.watch(RESTART_S, "its connections are refused")
    stage.act("service-is-up", stage.holder)
    stage.site.hypervisor.come_up(stage.holder)
    stage.wait_served(stage.holder)
    stage.release(stage.holder)
    stage.wait_phase("steady")


def _restart_is_death(stage: Stage) -> None:
    stage.fault(FaultKind.RESTART, stage.holder, f"the service of {stage.holder} starts again, in {RESTART_S:g} s")
    stage.site.hypervisor.go_down(stage.holder, booting=False)
    stage.wait_moved()
    stage.bring_back()


def _full_disk(stage: Stage) -> None:
    stage.fault(FaultKind.FULL_DISK, stage.holder, f"the disk of {stage.holder} is full")
    stage.tell(stage.holder, "fill", on=True)
    stage.wait_moved()
    stage.bring_back()


def _holder_reboots(stage: Stage) -> None:
    _with_backlog(stage, FaultKind.REBOOT, f"somebody reboots {stage.holder} at the console")
    stage.console().reboot_instances(InstanceIds=[stage.instance_id(stage.holder)])
    stage.site.hypervisor.go_down(stage.holder, booting=True)
    hold_receiver(stage.site, on=False)
    stage.wait_moved()
    stage.bring_back()


def _standby_reboots(stage: Stage) -> None:
    stage.fault(FaultKind.REBOOT, stage.standby, f"somebody reboots {stage.standby} at the console")
    stage.console().reboot_instances(InstanceIds=[stage.instance_id(stage.standby)])
    stage.site.hypervisor.go_down(stage.standby, booting=True)
    stage.watch(WATCH_S, "its system starts")
    stage.act("system-is-up", stage.standby)
    stage.site.hypervisor.come_up(stage.standby)
    stage.watch(WATCH_S, "it runs under a new boot id")
    stage.wait_served(stage.holder)


STAYS = check(nothing_moved)
STEADY = check(was_not_even_suspected)

SCENARIOS = (
    Scenario(
        name="worker-killed",
        injected="The holder's process is killed; its machine refuses connections.",
        must="The address moves to the standby after two refused rounds (3.4); who comes back takes nothing (4.2).",
        kind=FaultKind.KILL,
        play=_killed,
        expects=moves(),
    ),
    Scenario(
        name="worker-frozen",
        injected="The holder's process is stopped with SIGSTOP; connections are accepted and nothing answers.",
        must="Accepted and silent for the slow grace is death (3.11): the address moves.",
        kind=FaultKind.FREEZE,
        play=_frozen,
        expects=moves(),
    ),
    Scenario(
        name="worker-stopped-at-the-console",
        injected="An operator stops the holder's machine (StopInstances).",
        must="The cloud's word counts after two reads without a healthy answer (3.7): the address moves.",
        kind=FaultKind.STOP,
        play=_stopped,
        expects=moves(),
    ),
    Scenario(
        name="worker-terminated",
        injected="An operator terminates the holder's machine, with which the association ends.",
        must="The cloud's word counts (3.7), and an address on nobody is put on the standby at once (5.9, 5.12).",
        kind=FaultKind.TERMINATE,
        play=_terminated,
        expects=moves(returns=False),
    ),
    Scenario(
        name="worker-cut-off",
        injected="No packet reaches or leaves the holder; its process lives on.",
        must="The address moves after three rounds without an answer (3.3, 3.4).",
        kind=FaultKind.CUT,
        play=_cut_both,
        expects=moves(),
    ),
    Scenario(
        name="worker-cut-off-inwards",
        injected="Flows from outside get no answer from the holder; those that it begins go on.",
        must="It cannot be asked by anybody, so the address moves (3.3, 3.4); what it still delivers is its own backlog.",
        kind=FaultKind.CUT_IN,
        play=_cut_in,
        expects=moves(),
    ),
    Scenario(
        name="worker-cut-off-outwards",
        injected="The holder answers what comes in; flows that it begins get no answer, so it delivers nothing.",
        must="A healthy answer from any vantage keeps the holder (3.5): nothing moves; what it accepted is delivered later.",
        kind=FaultKind.CUT_OUT,
        play=_cut_out,
        expects=stays(STAYS, STEADY),
    ),
    Scenario(
        name="worker-slow",
        injected=f"The holder answers everything {SLOW_S:g} s late, below the probes' timeouts.",
        must="It answers healthy, so nothing moves (3.5).",
        kind=FaultKind.SLOW,
        play=_slow,
        expects=stays(STAYS),
    ),
    Scenario(
        name="worker-pauses",
        injected=f"The holder answers everything {TOO_SLOW_S:g} s late, above the probes' timeouts, for {WATCH_S:g} s.",
        must="It accepts, and is silent for less than the slow grace (3.11): nothing moves.",
        kind=FaultKind.SLOW,
        play=_pauses,
        expects=stays(STAYS, check(was_suspected)),
    ),
    Scenario(
        name="worker-too-slow",
        injected=f"The holder answers everything {TOO_SLOW_S:g} s late, above the probes' timeouts.",
        must="Accepted and silent for the slow grace is death (3.11): the address moves.",
        kind=FaultKind.SLOW,
        play=_too_slow,
        expects=moves(),
    ),
    Scenario(
        name="worker-lying-to-http",
        injected="The holder takes messages and acknowledges none; its health page says that all is well.",
        must="A healthy answer keeps the holder (3.5): nothing moves, and the outage shows. A probe of kind mllp sees it.",
        kind=FaultKind.LIE,
        play=_lying,
        expects=stays(STAYS, STEADY, check(outage_is_shown)),
    ),
    Scenario(
        name="worker-lying-to-mllp",
        injected="The same lie, where the probes are HL7 messages (probeKind mllp).",
        must="Silence for the slow grace is death (3.11), and a health page speaks for no message (3.5): the address moves.",
        kind=FaultKind.LIE,
        play=_lying_seen,
        expects=moves(),
        config={"probeKind": "mllp", "probePort": "2575"},
    ),
    Scenario(
        name="service-restarts-within-grace",
        injected=f"The holder's service is gone for {RESTART_S:g} s; tier high-availability, restartGraceSeconds 30.",
        must="Refusals count as death only after the restart grace (3.11): nothing moves.",
        kind=FaultKind.RESTART,
        play=_restart,
        expects=stays(STAYS, check(was_suspected), released=True),
        config={"tier": "high-availability", "restartGraceSeconds": "30"},
    ),
    Scenario(
        name="service-restarts-without-grace",
        injected=f"The holder's service is gone for {RESTART_S:g} s; tier fault-tolerant, restartGraceSeconds 0.",
        must="Two refused rounds are death (3.4): the address moves.",
        kind=FaultKind.RESTART,
        play=_restart_is_death,
        expects=moves(),
    ),
    Scenario(
        name="worker-disk-full",
        injected="Every write of the holder's store fails (ENOSPC); it refuses messages and says that it is not ready.",
        must="A wrong answer is a failing one (3.4): the address moves, and no message was acknowledged that is not stored.",
        kind=FaultKind.FULL_DISK,
        play=_full_disk,
        expects=moves(),
    ),
    Scenario(
        name="holder-reboots",
        injected="An operator reboots the holder's machine; no answer comes from it meanwhile.",
        must="Three rounds without an answer are death (3.4): the address moves; the boot brings nothing back (4.2).",
        kind=FaultKind.REBOOT,
        play=_holder_reboots,
        expects=moves(),
    ),
    Scenario(
        name="standby-not-ready",
        injected=f"The holder is killed while the standby's ready page says no, for {WATCH_S:g} s; readyPath is set.",
        must="Who is healthy and not ready is no target (3.14): the address moves when it is.",
        kind=FaultKind.KILL,
        play=_standby_not_ready,
        expects=moves(decided_after("standby-is-ready")),
        config={"readyPath": "/ready"},
    ),
    Scenario(
        name="standby-reboots",
        injected="An operator reboots the standby's machine; it comes back under a new boot id.",
        must="A standby that is down moves nothing (4.6), and a worker that boots moves nothing (4.2).",
        kind=FaultKind.REBOOT,
        play=_standby_reboots,
        expects=stays(STAYS, STEADY),
    ),
)
