"""The address, and the port `Cloud`: calls that are late, lost, repeated, throttled or refused; reads that are stale."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from failover_lambda.contract import Settings
from failover_lambda.errors import CouldNotAskError
from failover_lambda.model import AddressView, Answered, Association, Command, Do, InstanceView, Outcome, Power
from prove.simulation import figures
from prove.simulation.chronicle import Chronicle
from prove.simulation.events import Applied, ByHand, ReadAddress, ReadMachines, Sent
from prove.simulation.ground import Machine, Region
from prove.simulation.replies import NEVER_S, Port, Reply, Wire

PUBLIC_IP = "198.51.100.7"

FRESH_S = 2.0
FRESH_STALE = 0.1
"""For so long after a change, so many reads still show what was before: the API is eventually consistent
(sebdah/aws-ec2-assign-elastic-ip#24; no figure is published, these are chosen)."""

LATE_S = (3.0, 600.0)
"""A call that lands late does so this much after it was sent; hole 2 takes fifteen minutes for the most."""

AGAIN_S = (0.5, 30.0)
"""A repeated call lands again this much later."""

STRANGER = "i-stranger"

_ACTIONS = {
    Do.DISASSOCIATE: "DisassociateAddress",
    Do.ASSOCIATE: "AssociateAddress",
    Do.ISOLATE: "ModifyNetworkInterfaceAttribute",
    Do.RESTORE: "ModifyNetworkInterfaceAttribute",
    Do.STOP: "StopInstances",
    Do.START: "StartInstances",
}


@dataclass
class Address:
    """One site's address and machines, as they really are."""

    settings: Settings
    region: Region
    machines: dict[str, Machine]
    chronicle: Chronicle
    dice: random.Random
    association: Association | None = None
    leads_to: str = ""
    """The worker that packets reach; follows the association after a while."""
    one_call: bool = False
    """A planted cloud that lets a call take the address from somebody."""
    _made: int = 0
    _past: list[tuple[float, Association | None]] = field(default_factory=list[tuple[float, Association | None]])

    @property
    def now_s(self) -> float:
        """Virtual time."""
        return self.region.agenda.time_s

    def put(self, association: Association | None) -> None:
        """It is there from now on; packets follow."""
        self._past.append((self.now_s, self.association))
        del self._past[:-8]
        self.association, self.leads_to = association, ""
        if association:
            after_s = 0.0 if self.now_s == 0 else figures.PROPAGATION.draw(self.dice)
            self.region.agenda.at(self.now_s + after_s, lambda: self._follow(association))

    def _follow(self, association: Association) -> None:
        if self.association is association:
            names = {machine.worker.instance_id: name for name, machine in self.machines.items()}
            self.leads_to = names.get(association.instance_id, "")

    def shown(self) -> tuple[Association | None, bool]:
        """What a read shows, and whether it is stale."""
        stale_s = self._stale_s()
        for changed_s, before in self._past:
            if changed_s > self.now_s - stale_s:
                return before, before != self.association
        return self.association, False

    def _stale_s(self) -> float:
        weather = self.region.weather
        if weather.stale and self.dice.random() < weather.stale:
            return self.dice.uniform(0.0, weather.stale_s)
        fresh = bool(self._past) and self.now_s - self._past[-1][0] < FRESH_S
        return FRESH_S if fresh and self.dice.random() < FRESH_STALE else 0.0

    def by_hand(self, worker: str) -> None:
        """Somebody moves it at the console; "" = takes it away, STRANGER = to a machine of somebody else."""
        before = self.association
        self.put(self.new_association(worker) if worker else None)
        self.chronicle.add(ByHand(self.now_s, self.settings.site, before, self.association))

    def new_association(self, worker: str) -> Association:
        """Never the same one twice."""
        self._made += 1
        name = f"assoc-{self._made}"
        if worker == STRANGER:
            return Association(
                association_id=name, instance_id=STRANGER, network_interface_id="eni-x", private_ip="10.9.9.9"
            )
        ref = self.machines[worker].worker
        return Association(
            association_id=name,
            instance_id=ref.instance_id,
            network_interface_id=ref.network_interface_id,
            private_ip=ref.address_private_ip,
        )

    def apply(self, command: Command) -> Answered:
        """A call takes effect."""
        done = Answered(command=command, outcome=Outcome.DONE)
        machine = self.machines.get(command.worker)
        match command.do:
            case Do.DISASSOCIATE:
                if self.association and self.association.association_id == command.association_id:
                    self.put(None)
                return done
            case Do.ASSOCIATE:
                return self._associate(command)
            case Do.ISOLATE | Do.RESTORE:
                if machine and machine.isolated is not (command.do is Do.ISOLATE):
                    machine.isolated = command.do is Do.ISOLATE
                    machine.review()
                return done
            case Do.STOP:
                if machine:
                    machine.stop()
                return done
            case Do.START:
                if machine and not machine.start():
                    return Answered(command=command, outcome=Outcome.DEFERRED, code="IncorrectInstanceState")
                return done

    def _associate(self, command: Command) -> Answered:
        ref = self.machines[command.worker].worker
        now = self.association
        if now and now.network_interface_id != ref.network_interface_id and not self.one_call:
            return Answered(command=command, outcome=Outcome.DEFERRED, code="Resource.AlreadyAssociated")
        if self.machines[command.worker].power is Power.PENDING:
            return Answered(command=command, outcome=Outcome.DEFERRED, code="IncorrectInstanceState")
        if now is None or now.network_interface_id != ref.network_interface_id:
            self.put(self.new_association(command.worker))
        made = self.association.association_id if self.association else ""
        return Answered(command=command, outcome=Outcome.DONE, association_id=made)


class SimulatedCloud(Port):
    """Port `Cloud` of one arbiter."""

    def __init__(self, address: Address, wire: Wire, owner: str, dice: random.Random) -> None:
        self._address = address
        self._wire = wire
        self._owner = owner
        self._dice = dice
        self._members = frozenset(worker.name for worker in address.settings.workers)
        self.token: Callable[[], int] = lambda: 0
        """Of the lease that the arbiter holds; only for the log."""

    @property
    def _now_s(self) -> float:
        return self._address.now_s

    def _hears_nothing(self) -> bool:
        region = self._address.region
        share = region.weather.calls_lost + (0.0 if region.calm else figures.CALL_LOSS)
        return self._dice.random() < share

    def _unread(self, what: str) -> CouldNotAskError | None:
        """Why a read has no answer."""
        if self._address.region.weather.throttled > self._dice.random():
            return CouldNotAskError(f"{what}: RequestLimitExceeded")
        return CouldNotAskError(f"{what}: no answer") if self._hears_nothing() else None

    def _read_takes_s(self, unread: CouldNotAskError | None) -> float:
        slow = self._address.region.weather.reads_slow
        if unread and "no answer" in str(unread):
            return figures.GIVE_UP_S
        return figures.DESCRIBE.draw(self._dice) + (self._dice.uniform(0.5, 2.5) if self._dice.random() < slow else 0.0)

    def read_address(self) -> AddressView:
        """See the port."""
        unread = self._unread("the address")
        took_s = self._read_takes_s(unread)
        if unread:
            return self._wire.fails(unread, took_s)
        association, stale = self._address.shown()
        shown = association.association_id if association else ""
        site = self._address.settings.site
        self._address.chronicle.add(ReadAddress(self._now_s, site, self._owner, shown, stale))
        return self._wire.now(AddressView(public_ip=PUBLIC_IP, association=association, owner=site), took_s)

    def read_instances(self) -> tuple[InstanceView, ...]:
        """See the port."""
        unread = self._unread("the machines")
        took_s = self._read_takes_s(unread)
        if unread:
            return self._wire.fails(unread, took_s)
        machines = self._address.machines.values()
        views = tuple(
            InstanceView(worker=one.name, power=one.power, launched_s=one.launched_s, isolated=one.isolated)
            for one in machines
            if one.name in self._members
        )
        powers = {view.worker: view.power.value for view in views}
        site = self._address.settings.site
        self._address.chronicle.add(ReadMachines(self._now_s, site, self._owner, powers))
        return self._wire.now(views, took_s)

    def read_announcements(self) -> Mapping[str, str]:
        """See the port."""
        unread = self._unread("the announcements")
        took_s = self._read_takes_s(unread)
        if unread:
            return self._wire.fails(unread, took_s)
        machines = self._address.machines.values()
        return self._wire.now({one.name: one.event for one in machines if one.event}, took_s)

    def rehearse(self, commands: Sequence[Command]) -> tuple[Answered, ...]:
        """See the port. Here our role may do everything."""
        took_s = sum(figures.CALL[_ACTIONS[command.do]].draw(self._dice) for command in commands)
        return self._wire.now(tuple(Answered(command=command, outcome=Outcome.DONE) for command in commands), took_s)

    def run(self, command: Command) -> Answered:
        """See the port."""
        weather, dice = self._address.region.weather, self._dice
        half_s = figures.CALL[_ACTIONS[command.do]].draw(dice) / 2
        for share, outcome, code in (
            (weather.throttled, Outcome.DEFERRED, "RequestLimitExceeded"),
            (weather.calls_refused, Outcome.REFUSED, "InvalidNetworkInterface.InUse"),
        ):
            if share > dice.random():
                self._note(command, half_s)
                return self._wire.now(Answered(command=command, outcome=outcome, code=code), half_s)
        if self._hangs(command):
            return self._lost(command, NEVER_S)
        if self._hears_nothing():
            before = dice.random() < 0.5
            late = dice.random() < weather.calls_late
            return self._lost(command, dice.uniform(*LATE_S) if late else NEVER_S if before else half_s)
        if weather.calls_twice > dice.random():
            self._effect(command, half_s + dice.uniform(*AGAIN_S))
        self._note(command, 2 * half_s)
        return self._answered(command, half_s)

    def _note(self, command: Command, heard_after_s: float) -> None:
        site, heard_s = self._address.settings.site, self._now_s + heard_after_s
        self._address.chronicle.add(Sent(self._now_s, site, self._owner, self.token(), command, heard_s))

    def _hangs(self, command: Command) -> bool:
        """A machine in a lost zone can neither be stopped nor started."""
        machine = self._address.machines.get(command.worker)
        if machine is None or command.do in (Do.ASSOCIATE, Do.DISASSOCIATE):
            return False
        return bool(self._address.region.zones[machine.worker.zone].lost)

    def _lost(self, command: Command, after_s: float) -> Answered:
        self._note(command, NEVER_S)
        if after_s != NEVER_S:
            self._effect(command, after_s)
        return self._wire.now(Answered(command=command, outcome=Outcome.LOST), figures.GIVE_UP_S)

    def _answered(self, command: Command, half_s: float) -> Answered:
        reply = Reply[Answered](self._address.region.agenda)

        def happen() -> None:
            reply.arrives(self._now_s + half_s, self._apply(command, half_s))

        self._at(half_s, happen)
        return self._wire.answer(reply)

    def _effect(self, command: Command, after_s: float) -> None:
        self._at(after_s, lambda: self._apply(command, after_s))

    def _at(self, after_s: float, what: Callable[[], object]) -> None:
        region = self._address.region
        at_s = region.agenda.time_s + after_s
        region.agenda.at(at_s if after_s < 1.0 else region.not_in_calm(at_s), what)

    def _apply(self, command: Command, late_s: float) -> Answered:
        address = self._address
        before = address.association
        said = address.apply(command)
        site, now = address.settings.site, address.association
        event = Applied(self._now_s, site, self._owner, command, said.outcome, said.code, before, now, late_s)
        address.chronicle.add(event)
        return said
