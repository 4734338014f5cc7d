"""One site: its record, address, workers and arbiters, and the people who look after it."""

import random
from dataclasses import dataclass
from typing import Any

from failover_lambda.contract import FencePolicy, ProbeKind, ProberRef, Rejoin, Settings, TickKind, Tier, Worker
from failover_lambda.model import Phase, Request, Verb
from prove.simulation.arbiters import Staff
from prove.simulation.chronicle import Chronicle
from prove.simulation.cloud import Address
from prove.simulation.events import Calm, Power, Serving, Truth
from prove.simulation.ground import START_S, Machine, Region
from prove.simulation.store import Table

PATIENCE_S = 0.3
"""Who answers later than a probe in doubt waits does not serve: RULE section 8 has no patience for the slow."""

STARTED_BY_HAND_S = (60.0, 900.0)
"""Nobody but an operator starts a fenced worker (RULE 6.5): so long after it stopped."""

CALM_START_S = 5.0
ENABLED_AGAIN_S = (60.0, 400.0)
"""After so long in manual somebody switches the watchdog off, and on again a few minutes later."""

OFF_S = 150.0
EVENT_DELAY_S = (0.2, 3.0)
"""From a change of a machine's state to the start of an arbiter by it."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a site is built like."""

    name: str
    worker_zones: tuple[str, ...]
    prober_zones: tuple[str, ...] = ("a", "b", "c")
    public_port: bool = False
    high_availability: bool = False
    moves_per_hour_max: int = 3
    moves_per_day_max: int = 5
    hold_s: float = 60.0
    arbiter_standby: bool = False
    rejoin_auto: bool = False
    restart_grace_s: float | None = None
    """None = as the tier has it."""
    slow_grace_s: float = 15.0


def settings_of(shape: Shape) -> Settings:
    """As the program would write them: the figures of `infra.pace` and the defaults of `infra.config`."""
    calm = shape.high_availability
    usual_grace_s = 30.0 if calm else 0.0
    return Settings(
        site=shape.name,
        tier=Tier.HIGH_AVAILABILITY if calm else Tier.FAULT_TOLERANT,
        enabled=True,
        fence_policy=FencePolicy.ADDRESS_IS_FENCE,
        workers_act_alone=False,
        workers=tuple(_worker(number, zone) for number, zone in enumerate(shape.worker_zones, start=1)),
        address_id="eipalloc-1",
        record_table="record",
        notice_topic="topic",
        probers=tuple(ProberRef(zone=zone, function_name=f"prober-{zone}") for zone in shape.prober_zones),
        isolation_group_id="sg-isolated",
        probe_kind=ProbeKind.HTTP,
        probe_port=8080,
        probe_path="/health",
        ready_path="",
        probe_tls_verify=True,
        probe_tls_ca_pem="",
        public_health_port=8081 if shape.public_port else 0,
        probe_interval_s=5.0 if calm else 1.0,
        probe_timeout_s=0.4,
        timeouts_to_dead=3,
        refusals_to_dead=2,
        restart_grace_s=usual_grace_s if shape.restart_grace_s is None else shape.restart_grace_s,
        slow_grace_s=shape.slow_grace_s,
        boot_grace_s=300.0,
        lease_ttl_s=15.0 if calm else 6.0,
        lease_renew_s=5.0 if calm else 2.0,
        hold_s=shape.hold_s,
        arbiter_standby=shape.arbiter_standby,
        rejoin=Rejoin.AUTO if shape.rejoin_auto else Rejoin.OPERATOR,
        moves_per_hour_max=shape.moves_per_hour_max,
        moves_per_day_max=shape.moves_per_day_max,
    )


def _worker(number: int, zone: str) -> Worker:
    return Worker(
        name=f"wk{number}",
        instance_id=f"i-{number}",
        network_interface_id=f"eni-{number}",
        private_ip=f"10.0.{number}.10",
        address_private_ip=f"10.0.{number}.10",
        zone=zone,
        group_ids=("sg-worker",),
    )


class Site:
    """See the module."""

    def __init__(self, shape: Shape, region: Region, chronicle: Chronicle, seed: str) -> None:
        self.name = shape.name
        self.region = region
        self.chronicle = chronicle
        self.dice = random.Random(f"{seed} {shape.name}")
        settings = settings_of(shape)
        self.machines = {
            worker.name: Machine(worker, region, random.Random(f"{seed} {shape.name} {worker.name}"), self._changed)
            for worker in settings.workers
        }
        self.address = Address(settings, region, self.machines, chronicle, random.Random(f"{seed} {shape.name} address"))
        self.table = Table(shape.name, region, chronicle)
        self.staff = Staff(self.address, self.table, chronicle, f"{seed} {shape.name}")
        self._known = dict.fromkeys(self.machines, "")
        self._powers = {name: machine.power for name, machine in self.machines.items()}
        self._switched = False
        self._asked = 0
        self.operator_starts = True
        """Somebody starts what was stopped."""

    @property
    def settings(self) -> Settings:
        """As they are deployed now."""
        return self.address.settings

    @property
    def everybody(self) -> tuple[Worker, ...]:
        """Every worker there is, in order."""
        return tuple(machine.worker for machine in self.machines.values())

    @property
    def holder(self) -> str:
        """Who should serve by the record; home before there is one."""
        return self.table.record.holder if self.table.record else self.settings.home.name

    def begin(self) -> None:
        """Everything runs, the address is on the home worker, and the schedule begins."""
        self.address.put(self.address.new_association(self.settings.home.name))
        for name in self.machines:
            self.chronicle.add(Serving(self._now_s, self.name, name, serving=True, because="everything runs"))
        self.staff.open(self._now_s + self.staff.phase_s)
        self._look_after(self._now_s + 30.0)

    @property
    def _now_s(self) -> float:
        return self.region.agenda.time_s

    # The truth, for the log

    def review(self) -> None:
        """Something has changed around the machines."""
        for machine in self.machines.values():
            machine.review()

    def _changed(self, machine: Machine) -> None:
        name = machine.name
        if machine.power is not self._powers[name]:
            self._powers[name] = machine.power
            self.chronicle.add(Power(self._now_s, self.name, name, machine.power.value, machine.launched_s))
            self._on_power(machine)
        why = machine.why_not(PATIENCE_S)
        if why != self._known[name]:
            self._known[name] = why
            self.chronicle.add(Serving(self._now_s, self.name, name, serving=not why, because=why or "it answers"))

    def truth(self) -> Truth:
        """As it really is now."""
        return Truth(
            association=self.address.association,
            instances=self.instances(),
            serving={name: not machine.why_not(PATIENCE_S) for name, machine in self.machines.items()},
            enabled=self.settings.enabled,
        )

    def instances(self) -> dict[str, str]:
        """Worker to instance id, of those that are not configured as well."""
        return {name: machine.worker.instance_id for name, machine in self.machines.items()}

    def ask_for_order(self, *, last: bool) -> None:
        """The calm is over: the log says how it is, and the checker how it should be."""
        self.chronicle.add(Calm(self._now_s, self.name, ends=True, last=last, truth=self.truth()))

    # The people

    def _on_power(self, machine: Machine) -> None:
        agenda = self.region.agenda
        if machine.power.off and self.operator_starts:
            wait_s = CALM_START_S if self.region.calm else self.dice.uniform(*STARTED_BY_HAND_S)
            agenda.at(self._now_s + wait_s, machine.start)
        agenda.at(self._now_s + self.dice.uniform(*EVENT_DELAY_S), lambda: self.staff.start(TickKind.EVENT))

    def recover(self) -> None:
        """Everybody who is down is started."""
        for machine in self.machines.values():
            machine.start()

    def ask(self, verb: Verb, *, patience_s: float, **about: Any) -> None:
        """An operator asks for something."""
        self._asked += 1
        self.table.put(
            Request(
                id=f"r{self._asked}",
                site=self.name,
                verb=verb,
                who="mia",
                why="simulated",
                asked_s=START_S + self._now_s,
                patience_s=patience_s,
                **about,
            )
        )

    def _look_after(self, at_s: float) -> None:
        """Every half minute somebody looks whether a person is needed."""

        def look() -> None:
            record = self.table.record
            stuck = record is not None and record.phase is Phase.MANUAL
            if stuck and self.settings.enabled and not self._switched and not self.region.calm:
                self._switched = True
                wait_s = self.dice.uniform(*ENABLED_AGAIN_S)
                self.region.agenda.at(self._now_s + wait_s, self._switch_off)
            self._look_after(at_s + 30.0)

        self.region.agenda.at(at_s, look)

    def _switch_off(self) -> None:
        if self.region.calm:
            return
        self.staff.deploy(enabled=False)
        self.region.agenda.at(self._now_s + OFF_S, self._switch_on)

    def _switch_on(self) -> None:
        self._switched = False
        self.staff.deploy(enabled=True)
