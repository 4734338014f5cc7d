"""The port `Reporter` on Azure: everything is a JSON line on standard output.

The host hands each line to Application Insights as a trace. Rules of the program look at those traces: one on `notice` lines
fires the action group, by which people hear of it, and alarms look at `vitals`. So telling needs no call and no permission
here. May import `contract`, `model`, `lines` and `wording`.
"""

from collections.abc import Mapping
from typing import Final, Protocol

from failover_lambda import lines, wording
from failover_lambda.contract import SITE_DIMENSION, Channel
from failover_lambda.errors import CouldNotAskError
from failover_lambda.model import Notice, Vitals

NOTICE: Final = "notice"
"""The event of a notice to people: fields as of `wording.fields`, with `notice` (its id), `subject` and `message`."""

VITALS: Final = "vitals"
"""The event of the metrics: `Site`, and a field for each of `contract.Metric` that is known."""


class Told(Protocol):
    """Who is told, and under which name: `contract.Settings`."""

    @property
    def site(self) -> str:
        """Whose metrics they are."""
        ...


class LiveReporter:
    """See `ports.Reporter`. May be called from many threads at once."""

    def __init__(self, settings: Told) -> None:
        self._site = settings.site

    def event(self, name: str, fields: Mapping[str, object]) -> None:
        """One JSON line; see `lines`."""
        lines.write(name, fields)

    def vitals(self, vitals: Vitals) -> None:
        """One line with a field for each figure."""
        figures = {metric.value: figure for metric, figure in wording.figures(vitals).items()}
        lines.write(VITALS, {SITE_DIMENSION: self._site, **figures})

    def tell(self, notice: Notice, channel: Channel) -> None:
        """One line. It is handed over when it is printed; that a rule looks at it is the program's to see to."""
        if channel is not Channel.TOPIC:
            raise CouldNotAskError(f"tell {notice.id} by the {channel.value}: there is no such channel on Azure")
        about = {"notice": notice.id, "subject": wording.subject(notice), "message": wording.message(notice)}
        lines.write(NOTICE, {"channel": channel, **about, **wording.fields(notice)})
