"""The port `Reporter`: JSON lines for the log, metrics inside a log line, notices to people by SNS and to machines by `bus`.

Metrics need no call and no permission: CloudWatch reads them out of a log line (its embedded metric format). May import
`contract`, `model` and `errors`.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol, assert_never

from failover_lambda.aws import bus, lines
from failover_lambda.aws.outcomes import read_once
from failover_lambda.contract import METRIC_NAMESPACE, SITE_DIMENSION, Channel, Metric
from failover_lambda.model import Notice, Vitals

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sns import SNSClient

SUBJECT_CHARACTERS_MAX: Final = 100
"""SNS refuses a longer subject, and one with line ends or anything outside ASCII (API reference of Publish)."""


class Told(Protocol):
    """Who is told, and under which name: `contract.Settings`; `sites.FleetSettings`, whose sites tell by themselves."""

    @property
    def site(self) -> str:
        """The dimension of the metrics."""
        ...

    @property
    def notice_topic(self) -> str:
        """Where people hear of it."""
        ...

    @property
    def notice_event_bus(self) -> str:
        """Where machines do; "" = nowhere."""
        ...


class LiveReporter:
    """See `ports.Reporter`. May be called from many threads at once."""

    def __init__(self, settings: Told, sns: "SNSClient", events: "EventBridgeClient | None" = None) -> None:
        """`events` None: there is no bus, and every notice for it could not be told."""
        self._site = settings.site
        self._topic = settings.notice_topic
        self._bus = settings.notice_event_bus
        self._sns = sns
        self._events = events

    def event(self, name: str, fields: Mapping[str, object]) -> None:
        """One JSON line; see `lines`."""
        lines.write(name, fields)

    def vitals(self, vitals: Vitals) -> None:
        """One line in the embedded metric format."""
        figures = _figures(vitals)
        metrics = [{"Name": metric.value, "Unit": _UNITS.get(metric, "Count")} for metric in figures]
        directive = {"Namespace": METRIC_NAMESPACE, "Dimensions": [[SITE_DIMENSION]], "Metrics": metrics}
        lines.put(
            {
                "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
                SITE_DIMENSION: self._site,
                **{metric.value: figure for metric, figure in figures.items()},
            }
        )

    def tell(self, notice: Notice, channel: Channel) -> None:
        """One Publish, or one PutEvents; and a line that it has left."""
        what = f"tell {notice.id} by the {channel.value}"
        match channel:
            case Channel.TOPIC:
                read_once(what, lambda: self._publish(notice))
            case Channel.BUS:
                read_once(what, lambda: self._put(notice))
            case _:
                assert_never(channel)
        lines.write("told", {"channel": channel, "notice": notice.id, **_told_fields(notice)})

    def _publish(self, notice: Notice) -> str:
        return self._sns.publish(TopicArn=self._topic, Subject=subject(notice), Message=message(notice))["MessageId"]

    def _put(self, notice: Notice) -> None:
        if self._events is None:
            raise bus.RefusedEventError("no event bus is configured")
        bus.put(self._events, self._bus, notice)


def _told_fields(notice: Notice) -> dict[str, object]:
    return {name: getattr(notice, name) for name in ("what", "site", "source", "target", "why", "epoch", "seconds")}


_UNITS: Final = {Metric.SUSPECT_SECONDS: "Seconds"}
"""Of the metrics that are no counts."""


def _figures(vitals: Vitals) -> dict[Metric, float]:
    known: dict[Metric, float | None] = {
        Metric.HEARTBEAT: int(vitals.heartbeat),
        Metric.STANDBYS_NOT_READY: vitals.standbys_not_ready,
        Metric.FAILED_TICKS: vitals.failed_ticks,
        Metric.SUSPECT_SECONDS: round(vitals.suspect_s, 3),
        Metric.NEEDS_PERSON: int(vitals.needs_person),
        Metric.MOVES_LEFT: vitals.moves_left,
    }
    return {metric: figure for metric, figure in known.items() if figure is not None}


def subject(notice: Notice) -> str:
    """The line that people see first."""
    text = f"Tandem {notice.site}: {notice.what}, {_way(notice)}"
    ascii_only = "".join(character if " " <= character <= "~" else "?" for character in text)
    return ascii_only[:SUBJECT_CHARACTERS_MAX]


def message(notice: Notice) -> str:
    """What happened, in plain words, one fact a line."""
    facts = {
        "who": f"the watchdog of site {notice.site}",
        "what": notice.what,
        "from": notice.source or "nobody",
        "to": notice.target or "nobody",
        "why": notice.why,
        "epoch": str(notice.epoch),
        "seconds": f"{notice.seconds:.1f} from the first failing round to this notice" if notice.seconds else "0",
        "when": datetime.fromtimestamp(notice.at_s, UTC).isoformat(timespec="milliseconds"),
        "notice": notice.id,
    }
    return "".join(f"{name + ':':<9}{fact}\n" for name, fact in facts.items())


def _way(notice: Notice) -> str:
    return f"from {notice.source or 'nobody'} to {notice.target or 'nobody'}"
