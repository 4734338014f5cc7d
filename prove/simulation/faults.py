"""What can go wrong, each as a way in and a way out. Which, when and for how long is drawn in `plan`.

A fault of a worker strikes one machine, of a zone every site in it, of the region everybody. A way in returns the way out;
what cannot be undone (a process that died) returns one that does nothing.
"""

import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from failover_lambda.contract import TickKind
from prove.simulation.cloud import STRANGER
from prove.simulation.events import Fault
from prove.simulation.ground import Ailment, Machine, Region, Zone
from prove.simulation.site import Site
from prove.simulation.store import COPIES

Undo = Callable[[], None]


def nothing() -> None:
    """The way out of what is over by itself."""


@dataclass
class Scene:
    """Where faults happen."""

    region: Region
    sites: Sequence[Site]
    dice: random.Random
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def number(self) -> int:
        """A new one for each fault."""
        return next(self._numbers)

    def review(self) -> None:
        """Zones or weather have changed."""
        for site in self.sites:
            site.review()


@dataclass(frozen=True, kw_only=True)
class OnWorker:
    """A fault of one worker."""

    name: str
    weight: float
    lasts_s: tuple[float, float]
    begin: Callable[[Scene, Site, Machine], Undo]


@dataclass(frozen=True, kw_only=True)
class OnZone:
    """A fault of one zone."""

    name: str
    weight: float
    lasts_s: tuple[float, float]
    begin: Callable[[Scene, Zone], Undo]


@dataclass(frozen=True, kw_only=True)
class OnRegion:
    """A fault of everything."""

    name: str
    weight: float
    lasts_s: tuple[float, float]
    begin: Callable[[Scene], Undo]


@dataclass(frozen=True, kw_only=True)
class OnSite:
    """A fault of a site that is none of its workers': people, and its arbiters."""

    name: str
    weight: float
    lasts_s: tuple[float, float]
    begin: Callable[[Scene, Site], Undo]


AnyFault = OnWorker | OnZone | OnRegion | OnSite


def strike(scene: Scene, fault: AnyFault, lasts_s: float, *, site: Site | None = None, target: str = "") -> None:
    """Let a fault begin now, and end after `lasts_s`."""
    agenda = scene.region.agenda
    name = site.name if site and not isinstance(fault, OnZone | OnRegion) else ""
    chronicle = scene.sites[0].chronicle
    chronicle.add(Fault(agenda.time_s, name, fault.name, target, begins=True))
    undo = _begin(scene, fault, site, target)

    def end() -> None:
        chronicle.add(Fault(agenda.time_s, name, fault.name, target, begins=False))
        undo()

    if undo is not nothing:
        agenda.at(agenda.time_s + lasts_s, end)


def _begin(scene: Scene, fault: AnyFault, site: Site | None, target: str) -> Undo:
    match fault:
        case OnRegion():
            return fault.begin(scene)
        case OnZone():
            return fault.begin(scene, scene.region.zones[target])
        case OnSite() if site:
            return fault.begin(scene, site)
        case OnWorker() if site:
            return fault.begin(scene, site, site.machines[target])
        case _:
            raise ValueError(f"{fault.name} needs a site")


# Workers


def _ailing(ailment: Ailment, slow_s: tuple[float, float] = (0.0, 0.0)) -> Callable[[Scene, Site, Machine], Undo]:
    def begin(scene: Scene, site: Site, machine: Machine) -> Undo:
        del site
        number = scene.number
        if slow_s[1]:
            machine.slow_s = scene.dice.uniform(*slow_s)
        machine.ail(number, ailment)
        return lambda: machine.heal(number)

    return begin


def _cut(*, inside: int, outside: int) -> Callable[[Scene, Site, Machine], Undo]:
    def begin(scene: Scene, site: Site, machine: Machine) -> Undo:
        del scene, site

        def by(sign: int) -> None:
            machine.cut_inside += sign * inside
            machine.cut_outside += sign * outside
            machine.review()

        by(1)
        return lambda: by(-1)

    return begin


def _stop_at_the_console(scene: Scene, site: Site, machine: Machine) -> Undo:
    del scene, site
    machine.stop()
    return nothing


def _hang_when_stopped(scene: Scene, site: Site, machine: Machine) -> Undo:
    """Its host is at fault: a stop that is asked for never ends."""
    del scene, site
    machine.stop_hangs = True

    def over() -> None:
        machine.stop_hangs = False

    return over


def _announce(scene: Scene, site: Site, machine: Machine) -> Undo:
    del site
    machine.event = f"event-{scene.number}"

    def over() -> None:
        machine.event = ""

    return over


# Zones


def _zone(**changes: float) -> Callable[[Scene, Zone], Undo]:
    def begin(scene: Scene, zone: Zone) -> Undo:
        def by(sign: int) -> None:
            for name, change in changes.items():
                setattr(zone, name, getattr(zone, name) + sign * change)
            scene.review()

        by(1)
        return lambda: by(-1)

    return begin


# The region


def _weather(**changes: float) -> Callable[[Scene], Undo]:
    def begin(scene: Scene) -> Undo:
        weather = scene.region.weather

        def by(sign: int) -> None:
            for name, change in changes.items():
                setattr(weather, name, round(getattr(weather, name) + sign * change, 6))

        by(1)
        return lambda: by(-1)

    return begin


# A site's people and arbiters


def _move_by_hand(scene: Scene, site: Site) -> Undo:
    others = [name for name in site.machines if name != site.holder]
    site.address.by_hand(scene.dice.choice(others))
    return nothing


def _take_away_by_hand(scene: Scene, site: Site) -> Undo:
    del scene
    site.address.by_hand("")
    return nothing


def _give_away_by_hand(scene: Scene, site: Site) -> Undo:
    """To a machine of somebody else; given back by hand after a while."""
    del scene
    site.address.by_hand(STRANGER)

    def back() -> None:
        association = site.address.association
        if association and association.instance_id == STRANGER:
            site.address.by_hand(site.holder)

    return back


def _kill_leader(scene: Scene, site: Site) -> Undo:
    del scene
    if site.staff.leader:
        site.staff.leader.kill("a fault")
    return nothing


def _freeze_leader(scene: Scene, site: Site) -> Undo:
    if site.staff.leader:
        seconds = scene.dice.choice((1.5, 4.0, 7.0, 20.0, 90.0)) * scene.dice.uniform(0.7, 1.3)
        site.staff.leader.freeze(seconds, clock_stands=scene.dice.random() < 0.5)
    return nothing


def _freeze_and_replace(scene: Scene, site: Site) -> Undo:
    """The leader freezes while a worker fails over without it."""
    _freeze_leader(scene, site)
    site.staff.start(TickKind.LOOP)
    return nothing


def _set_clock(scene: Scene, site: Site) -> Undo:
    leader = site.staff.leader
    if leader:
        leader.clock.jump(scene.dice.choice((-1, 1)) * scene.dice.uniform(0.5, CLOCK_JUMP_S))
    return nothing


def _start_another(scene: Scene, site: Site) -> Undo:
    del scene
    site.staff.start(TickKind.LOOP)
    return nothing


def _delete_record(scene: Scene, site: Site) -> Undo:
    del scene
    site.table.lose(0)
    return nothing


def _restore_record(scene: Scene, site: Site) -> Undo:
    site.table.lose(scene.dice.randint(1, COPIES))
    return nothing


def _switch_off(scene: Scene, site: Site) -> Undo:
    del scene
    site.staff.deploy(enabled=False)
    return lambda: site.staff.deploy(enabled=True)


def _only_watch(scene: Scene, site: Site) -> Undo:
    del scene
    site.staff.deploy(watch_only=True)
    return lambda: site.staff.deploy(watch_only=False)


def _take_out(scene: Scene, site: Site) -> Undo:
    """A worker leaves the configuration, most often the holder; a site keeps two. It is put back later."""
    if len(site.machines) < MEMBERS_MIN + 1:
        return nothing
    out = site.holder if scene.dice.random() < 0.6 else scene.dice.choice(list(site.machines))
    site.staff.deploy(workers=tuple(worker for worker in site.everybody if worker.name != out))
    return lambda: site.staff.deploy(workers=site.everybody)


MEMBERS_MIN = 2

CLOCK_JUMP_S = 20.0
"""A wall clock is set by this much at most."""

KILLED = OnWorker(name="killed", weight=3, lasts_s=(400, 900), begin=_ailing(Ailment.KILLED))
REFUSED = OnWorker(name="refused", weight=2, lasts_s=(15, 300), begin=_ailing(Ailment.KILLED))
RESTARTING = OnWorker(name="restarts its service", weight=2, lasts_s=(0.5, 25), begin=_ailing(Ailment.KILLED))
RESETTING = OnWorker(name="resets", weight=1, lasts_s=(2, 200), begin=_ailing(Ailment.RESETTING))
HUNG = OnWorker(name="machine hangs", weight=2, lasts_s=(1, 600), begin=_ailing(Ailment.HUNG_MACHINE))
FROZEN = OnWorker(name="frozen", weight=2, lasts_s=(0.5, 300), begin=_ailing(Ailment.FROZEN))
WRONG = OnWorker(name="wrong answer", weight=2, lasts_s=(1, 300), begin=_ailing(Ailment.WRONG))
SLOW = OnWorker(name="slow", weight=2, lasts_s=(1, 300), begin=_ailing(Ailment.SLOW, (0.1, 2.0)))
SLOW_BY_SECONDS = OnWorker(name="slow by seconds", weight=1, lasts_s=(2, 300), begin=_ailing(Ailment.SLOW, (1.0, 4.0)))
CUT_OFF = OnWorker(name="cut off", weight=3, lasts_s=(1, 600), begin=_cut(inside=1, outside=1))
HIDDEN = OnWorker(name="hidden from the probers", weight=0.5, lasts_s=(1, 60), begin=_cut(inside=1, outside=0))
FROM_CLIENTS = OnWorker(name="cut off from its clients", weight=0.5, lasts_s=(1, 60), begin=_cut(inside=0, outside=1))
STOPPED = OnWorker(name="stopped at the console", weight=1, lasts_s=(0, 0), begin=_stop_at_the_console)
ANNOUNCED = OnWorker(name="announced by the platform", weight=1, lasts_s=(30, 600), begin=_announce)
STOP_HANGS = OnWorker(name="stop hangs", weight=1, lasts_s=(30, 600), begin=_hang_when_stopped)
"""For single stories only; no campaign draws it."""

ZONE_LOST = OnZone(name="zone lost", weight=2, lasts_s=(5, 600), begin=_zone(lost=1))
ZONE_APART = OnZone(name="zone apart", weight=2, lasts_s=(2, 200), begin=_zone(apart=1))
ZONE_ALONE = OnZone(name="zone apart, no anchor", weight=1, lasts_s=(2, 200), begin=_zone(apart=1, anchorless=1))
ZONE_NO_CLIENTS = OnZone(name="zone without clients", weight=0.5, lasts_s=(2, 100), begin=_zone(no_clients=1))
NO_PROBER = OnZone(name="prober gone", weight=2, lasts_s=(2, 300), begin=_zone(no_prober=1))
NO_ANCHOR = OnZone(name="anchor gone", weight=1, lasts_s=(2, 300), begin=_zone(anchorless=1))
LOSSY = OnZone(name="prober loses questions", weight=2, lasts_s=(5, 300), begin=_zone(loss=0.3))

THROTTLED = OnRegion(name="throttled", weight=2, lasts_s=(5, 90), begin=_weather(throttled=1.0))
HALF_THROTTLED = OnRegion(name="half throttled", weight=2, lasts_s=(5, 180), begin=_weather(throttled=0.5))
CALLS_LOST = OnRegion(name="answers lost", weight=3, lasts_s=(10, 200), begin=_weather(calls_lost=0.3))
CALLS_LATE = OnRegion(name="calls late", weight=3, lasts_s=(10, 200), begin=_weather(calls_lost=0.3, calls_late=0.7))
CALLS_TWICE = OnRegion(name="calls twice", weight=2, lasts_s=(10, 300), begin=_weather(calls_twice=0.5))
CALLS_REFUSED = OnRegion(name="calls refused", weight=1, lasts_s=(5, 60), begin=_weather(calls_refused=0.7))
STALE = OnRegion(name="stale reads", weight=3, lasts_s=(10, 300), begin=_weather(stale=0.5, stale_s=3.0))
SLOW_READS = OnRegion(name="slow reads", weight=1, lasts_s=(10, 200), begin=_weather(reads_slow=0.5))
STORE_DOWN = OnRegion(name="store down", weight=2, lasts_s=(2, 180), begin=_weather(store_down=1))
STORE_LOST = OnRegion(
    name="store loses answers", weight=3, lasts_s=(10, 200), begin=_weather(store_lost=0.2, store_late=0.5)
)
TOPIC_DOWN = OnRegion(name="topic down", weight=1, lasts_s=(10, 200), begin=_weather(topic_down=1))

MOVED_BY_HAND = OnSite(name="moved by hand", weight=1.5, lasts_s=(0, 0), begin=_move_by_hand)
TAKEN_BY_HAND = OnSite(name="taken away by hand", weight=1, lasts_s=(0, 0), begin=_take_away_by_hand)
GIVEN_BY_HAND = OnSite(name="given away by hand", weight=0.3, lasts_s=(30, 120), begin=_give_away_by_hand)
LEADER_KILLED = OnSite(name="leader killed", weight=3, lasts_s=(0, 0), begin=_kill_leader)
LEADER_FROZEN = OnSite(name="leader frozen", weight=3, lasts_s=(0, 0), begin=_freeze_leader)
LEADER_REPLACED = OnSite(name="leader frozen, another starts", weight=2, lasts_s=(0, 0), begin=_freeze_and_replace)
CLOCK_SET = OnSite(name="clock set", weight=1, lasts_s=(0, 0), begin=_set_clock)
RECORD_DELETED = OnSite(name="record deleted", weight=0.15, lasts_s=(0, 0), begin=_delete_record)
RECORD_RESTORED = OnSite(name="record restored", weight=0.15, lasts_s=(0, 0), begin=_restore_record)
SWITCHED_OFF = OnSite(name="switched off", weight=0.5, lasts_s=(90, 300), begin=_switch_off)
WATCHED = OnSite(name="only watched", weight=0.5, lasts_s=(90, 300), begin=_only_watch)
TAKEN_OUT = OnSite(name="taken out of the configuration", weight=0.7, lasts_s=(90, 400), begin=_take_out)
ANOTHER = OnSite(name="another arbiter starts", weight=2, lasts_s=(0, 0), begin=_start_another)

ON_WORKER = (
    *(KILLED, REFUSED, RESTARTING, RESETTING, HUNG, FROZEN, WRONG, SLOW, SLOW_BY_SECONDS),
    *(CUT_OFF, HIDDEN, FROM_CLIENTS, STOPPED, ANNOUNCED),
)
ON_SITE = (
    *(MOVED_BY_HAND, TAKEN_BY_HAND, GIVEN_BY_HAND),
    *(LEADER_KILLED, LEADER_FROZEN, LEADER_REPLACED, CLOCK_SET, ANOTHER),
    *(RECORD_DELETED, RECORD_RESTORED, SWITCHED_OFF, WATCHED, TAKEN_OUT),
)
ON_ZONE = (ZONE_LOST, ZONE_APART, ZONE_ALONE, ZONE_NO_CLIENTS, NO_PROBER, NO_ANCHOR, LOSSY)
ON_REGION = (
    *(THROTTLED, HALF_THROTTLED, CALLS_LOST, CALLS_LATE, CALLS_TWICE, CALLS_REFUSED, STALE, SLOW_READS),
    *(STORE_DOWN, STORE_LOST, TOPIC_DOWN),
)
