"""Single faults in an otherwise ordinary world: how long from the fault to the accepted move, many times over.

"Ordinary" is what `figures` says of an ordinary day: two questions in a hundred are lost, calls take their time, arbiters
take over from each other once a minute. The site has two workers in two zones, three probers and no public port; how often
it is asked and how patient it is, says its profile. The fault comes at any moment of the minute after the first arbiter
leads.
"""

from dataclasses import dataclass, replace

from prove.simulation import faults
from prove.simulation.arbiters import Life
from prove.simulation.faults import AnyFault, OnZone
from prove.simulation.plan import Length
from prove.simulation.site import Shape, Site
from prove.simulation.world import World

SHAPE = Shape(name="site-1", worker_zones=("a", "b"))
"""The tier fault-tolerant as it is by default."""

LENGTH = Length(trouble_s=2_000.0)
"""The calm is never reached."""

SETTLE_S = 5.0
SPREAD_S = 60.0
SECOND_S = 60.0
"""Where a second arbiter waits, it has come by then, and the two take a minute longer until they repeat themselves."""

PATIENCE_S = 600.0
LONG_S = 1_000.0

ARBITER_KILLED = "arbiter killed at each step"


@dataclass(frozen=True, kw_only=True)
class Story:
    """What strikes the holder, at one moment; the last one is what its clients feel."""

    name: str
    strikes: tuple[tuple[AnyFault, float], ...]


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Settings under which stories are told."""

    name: str
    words: str
    shape: Shape


LEAST_GRACE_S = 0.4
"""A single question waits that long for its answer; `infra.config` takes no less."""

LOOP = Profile(
    name="1 s loop",
    words="tier fault-tolerant, a round each second, restartGraceSeconds 0, slowGraceSeconds 0.4, lease 6 s",
    shape=replace(SHAPE, slow_grace_s=LEAST_GRACE_S),
)
PATIENT = Profile(
    name="1 s loop, slowGraceSeconds 15",
    words="the same with the grace for a silent service that the tier has by default",
    shape=SHAPE,
)
CADENCE = Profile(
    name="5 s cadence",
    words="tier high-availability, a round each 5 s, restartGraceSeconds 0, slowGraceSeconds 0.4, lease 15 s",
    shape=replace(SHAPE, high_availability=True, restart_grace_s=0.0, slow_grace_s=LEAST_GRACE_S),
)


def with_standby(profile: Profile) -> Profile:
    """The same where a second arbiter always waits (RULE 2.7)."""
    return replace(profile, name=f"{profile.name}, arbiterStandby", shape=replace(profile.shape, arbiter_standby=True))


STORIES: tuple[Story, ...] = (
    Story(name="killed", strikes=((faults.KILLED, LONG_S),)),
    Story(name="refused", strikes=((faults.REFUSED, LONG_S),)),
    Story(name="frozen", strikes=((faults.FROZEN, LONG_S),)),
    Story(name="cut off", strikes=((faults.CUT_OFF, LONG_S),)),
    Story(name="slow", strikes=((faults.SLOW_BY_SECONDS, LONG_S),)),
    Story(name="zone lost", strikes=((faults.ZONE_LOST, LONG_S),)),
    Story(name="zone lost, its machine never stops", strikes=((faults.STOP_HANGS, LONG_S), (faults.ZONE_LOST, LONG_S))),
    Story(name="wrong answer", strikes=((faults.WRONG, LONG_S),)),
    Story(name="throttled 60 s", strikes=((faults.THROTTLED, 60.0), (faults.KILLED, LONG_S))),
    Story(name="store down 60 s", strikes=((faults.STORE_DOWN, 60.0), (faults.KILLED, LONG_S))),
)


@dataclass(frozen=True, kw_only=True)
class Told:
    """One run of one story."""

    name: str
    seed: int
    seconds: float | None
    """From the fault to the accepted move; None = there was none within the patience."""
    steps: int
    """Ports' uses of the leader from the fault to the accepted move, both ends counted; 0 = it was not one leader."""
    found: tuple[str, ...]
    """What the checker found."""


def tell(story: Story, seed: int, dies_after: int | None = None, shape: Shape = SHAPE) -> Told:
    """Play one story. `dies_after`: the leader of the moment is killed at this step after the fault."""
    world = World(seed, [shape], LENGTH)
    (site,) = world.sites
    site.operator_starts = False
    with world.running():
        waits_s = SECOND_S if shape.arbiter_standby else 0.0
        first_s = site.staff.phase_s + SETTLE_S + waits_s
        world.agenda.run_until(first_s + world.scene.dice.uniform(0.0, SPREAD_S + waits_s))
        leader = _led(world, site)
        if dies_after is not None:
            leader.wire.dies_at_step = leader.wire.steps + dies_after
        before = leader.wire.steps
        for fault, lasts_s in story.strikes:
            target = site.settings.home.zone if isinstance(fault, OnZone) else site.holder
            faults.strike(world.scene, fault, lasts_s, site=site, target=target)
        end_s = world.agenda.time_s + PATIENCE_S
        while not world.repairs.done and not world.checker.is_broken and world.agenda.time_s < end_s:
            world.agenda.run_until(world.agenda.time_s + 0.05)
        steps = leader.wire.steps - before if site.staff.leader is leader else 0
    found = (
        *(str(violation) for violation in world.checker.violations),
        *(f"false failover: {one}" for judge in world.checker.judges for one in judge.false),
    )
    repair = world.repairs.done[0].seconds if world.repairs.done else None
    return Told(name=story.name, seed=seed, seconds=repair, steps=steps, found=found)


def _led(world: World, site: Site) -> Life:
    """Wait until somebody leads (at the moment of a hand-over nobody does), and the home worker has had its boot grace."""
    while site.table.record is None or site.table.record.grace_until_s is not None or site.staff.leader is None:
        world.agenda.run_until(world.agenda.time_s + 0.1)
    return site.staff.leader


@dataclass(frozen=True, kw_only=True)
class Interrupted:
    """One failover, told twice with the same seed: as it was, and with the arbiter killed at one step of it."""

    seed: int
    step: int
    of: int
    plain_s: float
    seconds: float | None
    found: tuple[str, ...]

    @property
    def delay_s(self) -> float | None:
        """What the death added."""
        return None if self.seconds is None else self.seconds - self.plain_s


def interrupt(seed: int, number: int, shape: Shape = SHAPE) -> Interrupted | None:
    """Kill the arbiter at the step that is due for this number, so that all are met in turn; None = no single leader."""
    plain = tell(STORIES[0], seed, shape=shape)
    if not plain.steps or plain.seconds is None:
        return None
    step = number % plain.steps + 1
    told = tell(STORIES[0], seed, dies_after=step, shape=shape)
    return Interrupted(
        seed=seed, step=step, of=plain.steps, plain_s=plain.seconds, seconds=told.seconds, found=(*plain.found, *told.found)
    )
