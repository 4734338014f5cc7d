"""The port `Reporter`: JSON lines for the log, metrics inside a log line, notices to people by SNS and to machines by `bus`.

Metrics need no call and no permission: CloudWatch reads them out of a log line (its embedded metric format). May import
`contract`, `model`, `errors`, `lines` and `wording`.
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol, assert_never

from failover_lambda import lines, wording
from failover_lambda.aws import bus
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
        figures = wording.figures(vitals)
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
        lines.write("told", {"channel": channel, "notice": notice.id, **wording.fields(notice)})

    def _publish(self, notice: Notice) -> str:
        return self._sns.publish(TopicArn=self._topic, Subject=subject(notice), Message=wording.message(notice))["MessageId"]

    def _put(self, notice: Notice) -> None:
        if self._events is None:
            raise bus.RefusedEventError("no event bus is configured")
        bus.put(self._events, self._bus, notice)


_UNITS: Final = {Metric.SUSPECT_SECONDS: "Seconds"}
"""Of the metrics that are no counts."""


def subject(notice: Notice) -> str:
    """The line that people see first, as SNS takes it."""
    ascii_only = "".join(character if " " <= character <= "~" else "?" for character in wording.subject(notice))
    return ascii_only[:SUBJECT_CHARACTERS_MAX]
