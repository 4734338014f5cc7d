"""Lives of the arbiter's function: started by the schedule, frozen, killed. What runs inside is the watchdog's own."""

import random
from collections.abc import Callable
from dataclasses import replace

from failover_lambda.contract import Settings, TickKind, Worker
from failover_lambda.cycle import Cycle, Ports
from failover_lambda.leadership import Leadership, lead, lead_if_nobody_does, stand_by
from prove.simulation import figures
from prove.simulation.agenda import KilledError, Strand
from prove.simulation.chronicle import Chronicle
from prove.simulation.clocks import SimulatedClock
from prove.simulation.cloud import Address, SimulatedCloud
from prove.simulation.events import Arbiter, Configured
from prove.simulation.replies import Wire, WireExecutor
from prove.simulation.reporter import SimulatedReporter
from prove.simulation.store import SimulatedStore, Table
from prove.simulation.vantages import SimulatedProbers, SimulatedPublicPath

LIFE_S = 150.0
"""As `failover_lambda.aws.arbiter.LIFE_S_MAX`, which cannot be imported without the function's environment."""

STANDBY_LIFE_S = 125.0
"""As `failover_lambda.aws.arbiter.STANDBY_LIFE_S`."""

MINUTE_S = 60.0
USUAL_JITTER_S = 0.5
"""Observed: the same second each minute, half a second up or down."""

ODD_START = 0.15
"""So many starts come anywhere in their minute instead: the schedule's precision is one minute, and two starts can lie
nearly two minutes apart (EventBridge Scheduler user guide)."""

TWICE = 0.02
"""So many starts come twice: asynchronous delivery is at least once."""


class Life:
    """One start of the function, until it ends."""

    def __init__(self, owner: str, address: Address, table: Table, chronicle: Chronicle, dice: random.Random) -> None:
        self.owner = owner
        self._settings: Settings = address.settings
        self._site = address.settings.site
        self._chronicle = chronicle
        region = address.region
        self._agenda = region.agenda
        self.wire = Wire(self._agenda)
        self.clock = SimulatedClock(self._agenda, dice)
        cloud = SimulatedCloud(address, self.wire, owner, dice)
        store = SimulatedStore(table, self.wire, self.clock, dice)
        executor = WireExecutor(self.wire)
        self._reporter = SimulatedReporter(address, self.wire, owner, dice)
        ports = Ports(
            clock=self.clock,
            probers=SimulatedProbers(address, self.wire, owner, dice),
            public=SimulatedPublicPath(address, self.wire, owner, dice),
            cloud=cloud,
            store=store,
            reporter=self._reporter,
        )
        self._cycle = Cycle(self._settings, ports, pool=executor)
        self.leadership = Leadership(owner, self._settings, store, self.clock, executor)
        cloud.token = self._token
        self._strand: Strand | None = None
        self.before_life_s = dice.uniform(*figures.ARBITER_START_S)
        told, workers = self._settings, tuple(worker.name for worker in self._settings.workers)
        event = Configured(self._agenda.time_s, self._site, owner, told.enabled, told.watch_only, workers)
        chronicle.add(event)

    def _token(self) -> int:
        return self.leadership.lease.token if self.leadership.lease else 0

    @property
    def alive(self) -> bool:
        """It did not end and was not killed."""
        return self._strand is not None and not self._strand.ended and not self._strand.killed

    def start(self, kind: TickKind) -> None:
        """Begin now, as the platform would for an event of this kind."""
        self._strand = self._agenda.spawn(f"{self._site} {self.owner}", lambda: self._live(kind))

    def _live(self, kind: TickKind) -> None:
        self._agenda.wait_until(self._agenda.time_s + self.before_life_s)
        leads, life_s = lead if kind is TickKind.LOOP else lead_if_nobody_does, LIFE_S
        if kind is TickKind.LOOP and self._settings.arbiter_standby:
            leads, life_s = stand_by, STANDBY_LIFE_S
        self._note(f"starts ({kind.value})")
        try:
            ended = leads(self._cycle, self.leadership, self.clock, self._reporter, life_s=life_s)
            self._cycle.close()
        except KilledError as exc:
            if self.wire.steps == self.wire.dies_at_step:
                self._note(f"is killed: {exc}")
                for strand in self.wire.helpers:
                    self._agenda.kill(strand)
            raise
        self._note(f"ends: {ended}")

    def kill(self, why: str) -> None:
        """End it where it is; what it has sent goes its way."""
        if self._strand and self.alive:
            self._note(f"is killed: {why}")
            for strand in (self._strand, *self.wire.helpers):
                self._agenda.kill(strand)

    def freeze(self, seconds: float, *, clock_stands: bool) -> None:
        """It does nothing for so long, and wakes without knowing."""
        if self._strand and self.alive:
            self._note(f"freezes for {seconds:.1f} s{', its monotonic clock too' if clock_stands else ''}")
            for strand in (self._strand, *self.wire.helpers):
                strand.frozen_until_s = self._agenda.time_s + seconds
            if clock_stands:
                self.clock.stand_still(seconds)

    def _note(self, what: str) -> None:
        self._chronicle.add(Arbiter(self._agenda.time_s, self._site, self.owner, what))


class Staff:
    """Every arbiter that was started for one site."""

    def __init__(self, address: Address, table: Table, chronicle: Chronicle, seed: str) -> None:
        self._address = address
        self._table = table
        self._chronicle = chronicle
        self._seed = seed
        self._dice = random.Random(f"{seed} schedule")
        self._number = 0
        self.lives: list[Life] = []
        self.on_start: Callable[[Life], None] = lambda _: None
        self.phase_s = self._dice.uniform(0.0, MINUTE_S)
        self.odd_starts = ODD_START

    def open(self, from_s: float) -> None:
        """Fire the schedule from now on."""
        self._minute(from_s)

    def _minute(self, minute_s: float) -> None:
        agenda, dice = self._address.region.agenda, self._dice
        odd = dice.random() < self.odd_starts
        jitter_s = dice.uniform(0.0, MINUTE_S - self.phase_s % MINUTE_S) if odd else dice.uniform(0.0, USUAL_JITTER_S)
        agenda.at(minute_s + jitter_s, self._fire)
        if dice.random() < TWICE:
            agenda.at(minute_s + jitter_s + dice.uniform(0.0, 1.0), self._fire)
        agenda.at(minute_s + MINUTE_S, lambda: self._minute(minute_s + MINUTE_S))

    def _fire(self) -> None:
        self.start(TickKind.LOOP)

    def start(self, kind: TickKind) -> Life:
        """Start an arbiter now, with the settings that are deployed now."""
        self._number += 1
        self.lives = [life for life in self.lives if life.alive]
        dice = random.Random(f"{self._seed} arbiter {self._number}")
        life = Life(f"arb{self._number}", self._address, self._table, self._chronicle, dice)
        self.lives.append(life)
        self.on_start(life)
        life.start(kind)
        return life

    @property
    def leader(self) -> Life | None:
        """Who holds the lease, if it lives."""
        owner = self._table.lease.owner if self._table.lease else ""
        return next((life for life in self.lives if life.owner == owner and life.alive), None)

    def deploy(self, **changes: bool | tuple[Worker, ...]) -> None:
        """Arbiters that start from now on have other settings."""
        self._address.settings = replace(self._address.settings, **changes)  # pyright: ignore[reportArgumentType]
