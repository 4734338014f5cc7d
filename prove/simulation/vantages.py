"""The ports `Probers` and `PublicPath`: what can be seen of the workers, from inside and through the address."""

import random
from collections.abc import Sequence

from failover_lambda.errors import CouldNotAskError
from failover_lambda.model import Answer, ProbeReport, PublicAnswer, Sight
from prove.simulation import figures
from prove.simulation.cloud import Address
from prove.simulation.events import AskedPublic, Looked
from prove.simulation.ground import Machine
from prove.simulation.replies import Port, Wire

ROUND_MARGIN_S = 0.5
"""An answer that comes later than both timeouts and this is in no round; told in the log, decided by the watchdog."""

PROBER_MARGIN_S = 0.4
"""After both timeouts and this the arbiter's client gives a prober up (`failover_lambda.aws.clients`)."""


class SimulatedProbers(Port):
    """Port `Probers` of one arbiter."""

    def __init__(self, address: Address, wire: Wire, owner: str, dice: random.Random) -> None:
        self._address = address
        self._wire = wire
        self._owner = owner
        self._dice = dice
        self._zones = {prober.function_name: prober.zone for prober in address.settings.probers}
        self._members = frozenset(worker.name for worker in address.settings.workers)

    @property
    def vantages(self) -> Sequence[str]:
        """See the port."""
        return tuple(self._zones)

    def look(self, vantage: str, connect_s: float) -> Sight:
        """See the port. Every worker is asked at the same moment, in the middle of nothing: a round is short."""
        zone = self._address.region.zones[self._zones[vantage]]
        region, answer_s = self._address.region, self._address.settings.answer_s(connect_s)
        waits_s = connect_s + answer_s
        broken = zone.lost or zone.no_prober
        if broken or (not region.calm and self._dice.random() < figures.INVOKE_LOSS):
            took_s = waits_s + PROBER_MARGIN_S if broken else figures.INVOKE.draw(self._dice)
            self._note(vantage, {}, took_s, waits_s, (), anchor=False)
            return self._wire.fails(CouldNotAskError(f"invoke {vantage}: no answer"), took_s)
        answers: dict[str, Answer] = {}
        lost: list[str] = []
        longest_s = 0.0
        share = zone.loss + (0.0 if region.calm else figures.PROBE_LOSS)
        for name, machine in self._address.machines.items():
            if name not in self._members:
                continue
            answer = machine.answer(zone.name, answer_s)
            answers[name], took_s = self._ask(machine, answer, share, connect_s)
            longest_s = max(longest_s, took_s)
            if answer is Answer.HEALTHY and answers[name] is not answer and not zone.loss:
                lost.append(name)
        anchor = not zone.anchorless
        took_s = max(longest_s, 0.0 if anchor else connect_s) + figures.INVOKE.draw(self._dice)
        self._note(vantage, answers, took_s, waits_s, tuple(lost), anchor=anchor)
        reports = tuple(ProbeReport(worker=name, answer=answer) for name, answer in answers.items())
        return self._wire.now(Sight(vantage=vantage, zone=zone.name, anchor_reached=anchor, reports=reports), took_s)

    def _ask(self, machine: Machine, answer: Answer, share: float, connect_s: float) -> tuple[Answer, float]:
        if answer is Answer.TIMEOUT or self._dice.random() < share:
            return Answer.TIMEOUT, connect_s
        answer_s, took_s = self._address.settings.answer_s(connect_s), figures.HEALTH_PAGE.draw(self._dice)
        if answer is Answer.SILENT or took_s > answer_s:
            return Answer.SILENT, took_s % connect_s + answer_s
        return answer, took_s + (machine.slow_s if answer is Answer.HEALTHY and machine.ailments else 0.0)

    def _note(
        self,
        vantage: str,
        answers: dict[str, Answer],
        took_s: float,
        waits_s: float,
        lost: tuple[str, ...],
        *,
        anchor: bool,
    ) -> None:
        now_s, site = self._address.now_s, self._address.settings.site
        in_time = took_s <= waits_s + ROUND_MARGIN_S
        zone = self._zones[vantage]
        event = Looked(now_s, site, self._owner, vantage, zone, anchor, now_s + took_s, in_time, answers, lost)
        self._address.chronicle.add(event)


class SimulatedPublicPath(Port):
    """Port `PublicPath` of one arbiter, which is outside of the network."""

    def __init__(self, address: Address, wire: Wire, owner: str, dice: random.Random) -> None:
        self._address = address
        self._wire = wire
        self._owner = owner
        self._dice = dice

    def ask(self, public_ip: str, connect_s: float) -> PublicAnswer | None:
        """See the port."""
        del public_ip
        address = self._address
        if not address.settings.public_health_port:
            return self._wire.now(None, 0.0)
        machine = address.machines.get(address.leads_to)
        heard = machine is not None and not machine.why_not(address.settings.answer_s(connect_s))
        lost = not address.region.calm and self._dice.random() < figures.PUBLIC_LOSS
        if machine is None or lost or not heard:
            said, took_s = PublicAnswer(worker="", boot_id="", answer=Answer.TIMEOUT), connect_s
        else:
            took_s = figures.PUBLIC_PAGE.draw(self._dice) + (machine.slow_s if machine.ailments else 0.0)
            said = PublicAnswer(worker=machine.name, boot_id="", answer=Answer.HEALTHY)
        asked = machine.name if machine else ""
        address.chronicle.add(AskedPublic(address.now_s, address.settings.site, self._owner, said, asked))
        return self._wire.now(said, took_s)
