"""One page on a site: the alarms, who holds, what was told and done last, and the curves behind the alarms.

The page's body is plain data (`body`); the component below it only hands it over. What may stand in it: CloudWatch API
reference, "Dashboard Body Structure and Syntax" (read 2026-11-22).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import pulumi
import pulumi_aws as aws

from failover_lambda.contract import METRIC_NAMESPACE, SITE_DIMENSION, Metric
from infra.aws.alarms import PERIOD_S, QUEUE_DIMENSION, QUEUE_LENGTH, QUEUE_NAMESPACE, RUNBOOK
from infra.naming import Kind, physical
from infra.shapes import AccountHandle, child

COLUMNS = 24
"""Width of CloudWatch's grid."""

LAMBDA_NAMESPACE = "AWS/Lambda"
FUNCTION_DIMENSION = "FunctionName"

CONSOLES: Mapping[str, str] = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
"""The console's host by partition; remembered on 2026-11-22. In another partition the stack gives no address of the page."""

WHO_HOLDS = 'filter event = "tick" | sort @timestamp desc | limit 1 | display @timestamp, holder, phase, epoch, reason'
TOLD = (
    'filter event = "told" | sort @timestamp desc | limit 20 | display @timestamp, what, source, target, why, epoch, channel'
)
DONE = (
    'filter event in ["call", "leading", "start"] | sort @timestamp desc | limit 50 '
    "| display @timestamp, event, do, worker, outcome, code, reason, tick, owner"
)
"""Logs Insights over the arbiter's lines; the names are those of its log."""

Widget = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the page is about."""

    site: str
    region: str
    arbiter: str
    arbiter_log_group: str
    probers: Sequence[str]
    """Function names."""
    dead_letters: str
    alarm_arns: Sequence[str]


def body(shown: Shown) -> str:
    """The page as CloudWatch wants it; equal arguments give equal text."""
    return json.dumps({"start": "-PT3H", "widgets": _placed(_rows(shown))}, sort_keys=True)


def _rows(shown: Shown) -> list[tuple[int, list[Widget]]]:
    """Rows of widgets of equal width, each with its height in grid units."""
    return [
        (
            2,
            [_text(f"# {shown.site}\nWhat to do when an alarm is raised: {RUNBOOK}, in the section with the alarm's name.")],
        ),
        (3, [_alarms(shown)]),
        (5, [_log(shown, "Who holds, in which phase", WHO_HOLDS), _log(shown, "Last notices", TOLD)]),
        (
            6,
            [
                _own(shown, "Heartbeat", "Maximum", Metric.HEARTBEAT),
                _own(shown, "In doubt (seconds), failed ticks", "Sum", Metric.SUSPECT_SECONDS, Metric.FAILED_TICKS),
                _own(shown, "Standbys not ready, person needed", "Maximum", Metric.STANDBYS_NOT_READY, Metric.NEEDS_PERSON),
                _own(shown, "Automatic moves left", "Minimum", Metric.MOVES_LEFT),
            ],
        ),
        (
            6,
            [
                _curves(
                    shown, "Dead letters", "Maximum", [[QUEUE_NAMESPACE, QUEUE_LENGTH, QUEUE_DIMENSION, shown.dead_letters]]
                ),
                _functions(shown, "Arbiter: errors, throttles", "Sum", ("Errors", "Throttles"), [shown.arbiter]),
                _functions(shown, "Arbiter: how long it lived (ms)", "Maximum", ("Duration",), [shown.arbiter]),
                _functions(shown, "Probers: errors, throttles", "Sum", ("Errors", "Throttles"), shown.probers),
            ],
        ),
        (6, [_functions(shown, "Probers: slowest answer (ms)", "Maximum", ("Duration",), shown.probers)]),
        (8, [_log(shown, "Last calls, starts and leaders", DONE)]),
    ]


def _placed(rows: Sequence[tuple[int, Sequence[Widget]]]) -> list[Widget]:
    placed: list[Widget] = []
    top = 0
    for height, widgets in rows:
        width = COLUMNS // len(widgets)
        placed += [
            {**widget, "x": place * width, "y": top, "width": width, "height": height}
            for place, widget in enumerate(widgets)
        ]
        top += height
    return placed


def _text(markdown: str) -> Widget:
    return {"type": "text", "properties": {"markdown": markdown}}


def _alarms(shown: Shown) -> Widget:
    return {"type": "alarm", "properties": {"title": "Alarms", "alarms": list(shown.alarm_arns)}}


def _log(shown: Shown, title: str, query: str) -> Widget:
    return {
        "type": "log",
        "properties": {
            "title": title,
            "region": shown.region,
            "query": f"SOURCE '{shown.arbiter_log_group}' | {query}",
            "view": "table",
        },
    }


def _own(shown: Shown, title: str, statistic: str, *metrics: Metric) -> Widget:
    lines = [[METRIC_NAMESPACE, metric.value, SITE_DIMENSION, shown.site] for metric in metrics]
    return _curves(shown, title, statistic, lines)


def _functions(shown: Shown, title: str, statistic: str, metrics: Sequence[str], functions: Sequence[str]) -> Widget:
    lines = [[LAMBDA_NAMESPACE, metric, FUNCTION_DIMENSION, name] for name in functions for metric in metrics]
    return _curves(shown, title, statistic, lines)


def _curves(shown: Shown, title: str, statistic: str, lines: Sequence[Sequence[str]]) -> Widget:
    return {
        "type": "metric",
        "properties": {
            "title": title,
            "region": shown.region,
            "metrics": [list(line) for line in lines],
            "stat": statistic,
            "period": PERIOD_S,
            "view": "timeSeries",
            "yAxis": {"left": {"min": 0}},
        },
    }


def dashboard_name(site: str, region: str) -> str:
    """The page's name. An account has one list of pages for all regions, and a page of the same name is overwritten."""
    return physical(Kind.DASHBOARD, f"{site}-{region}")


def page_url(partition: str, region: str, name: str) -> str:
    """Where the page is; "" where the partition's console is not known.

    >>> page_url("aws", "eu-central-1", "tandem-eu-central-1")
    'https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/tandem-eu-central-1'
    """
    if partition not in CONSOLES:
        return ""
    return f"https://{region}.{CONSOLES[partition]}/cloudwatch/home?region={region}#dashboards/dashboard/{name}"


class DashboardArgs(TypedDict):
    """Arguments of `Dashboard`."""

    site: str
    region: str
    account: AccountHandle
    arbiter: str
    arbiter_log_group: str
    probers: Sequence[str]
    dead_letters: str
    alarm_arns: Sequence[pulumi.Output[str]]


class Dashboard(pulumi.ComponentResource):
    """The page."""

    url: pulumi.Output[str]

    def __init__(self, name: str, args: DashboardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:Dashboard", name, {}, opts)
        page = aws.cloudwatch.Dashboard(
            f"{name}-dashboard",
            dashboard_name=dashboard_name(args["site"], args["region"]),
            dashboard_body=pulumi.Output.all(*args["alarm_arns"]).apply(lambda arns: body(_shown(args, arns))),
            opts=child(self),
        )
        self.url = pulumi.Output.all(args["account"].partition, page.dashboard_name).apply(
            lambda found: page_url(found[0], args["region"], found[1])
        )
        self.register_outputs({"url": self.url})


def _shown(args: DashboardArgs, alarm_arns: Sequence[str]) -> Shown:
    return Shown(
        site=args["site"],
        region=args["region"],
        arbiter=args["arbiter"],
        arbiter_log_group=args["arbiter_log_group"],
        probers=args["probers"],
        dead_letters=args["dead_letters"],
        alarm_arns=alarm_arns,
    )
