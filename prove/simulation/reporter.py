"""The port `Reporter`: the watchdog's lines go into the log, and notices to people, unless the topic is down."""

import random
from collections.abc import Mapping
from typing import Any

from failover_lambda.contract import Channel
from failover_lambda.errors import CouldNotAskError
from failover_lambda.model import Notice, Vitals
from prove.simulation import figures
from prove.simulation.cloud import Address
from prove.simulation.events import Ticked, Told
from prove.simulation.replies import Port, Reply, Wire


class SimulatedReporter(Port):
    """Port `Reporter` of one arbiter."""

    def __init__(self, address: Address, wire: Wire, owner: str, dice: random.Random) -> None:
        self._site = address.settings.site
        self._region = address.region
        self._chronicle = address.chronicle
        self._wire = wire
        self._owner = owner
        self._dice = dice

    def event(self, name: str, fields: Mapping[str, object]) -> None:
        """See the port."""
        if name != "tick":
            return
        said: Mapping[str, Any] = fields
        self._chronicle.add(
            Ticked(
                self._region.agenda.time_s,
                self._site,
                self._owner,
                said["phase"],
                said["epoch"],
                said["holder"],
                said["reason"],
                said["failed"],
            )
        )

    def vitals(self, vitals: Vitals) -> None:
        """See the port. Nobody reads them here."""

    def tell(self, notice: Notice, channel: Channel) -> None:
        """See the port."""
        if self._region.weather.topic_down:
            return self._wire.fails(CouldNotAskError(f"nobody listens at the {channel.value}"), figures.GIVE_UP_S)
        agenda, reply = self._region.agenda, Reply[None](self._region.agenda)
        half_s = figures.TOPIC.draw(self._dice) / 2

        def happen() -> None:
            self._chronicle.add(Told(agenda.time_s, self._site, self._owner, notice, channel.value))
            reply.arrives(agenda.time_s + half_s)

        agenda.at(agenda.time_s + half_s, happen)
        return self._wire.answer(reply)
