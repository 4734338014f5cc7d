"""One page on a site: who holds, what was told and done last, and the curves behind the alarms.

The page's body is plain data (`body`); the component below it only hands it over. What may stand in it: Azure Monitor
workbooks, "Notebook/1.0" (from memory).

No counterpart: `COLUMNS`, `LAMBDA_NAMESPACE`, `FUNCTION_DIMENSION`, `CONSOLES` and the grid (a workbook is one column; the
portal's address holds no partition); `Shown` and `Widget`; in `DashboardArgs` `account`, `arbiter`, `arbiter_log_group`,
`probers`, `dead_letters` and `alarm_arns`. Azure's alone: `workbook_guid`, in `DashboardArgs` `group_id`, `workspace_id`,
`tenant_id`.
"""

import json
import uuid
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_azure_native as azure

from failover_lambda.contract import Metric
from infra.azure.account import Place
from infra.azure.alarms import LINES, RUNBOOK
from infra.naming import tags
from infra.shapes import child

_LINE = f'union isfuzzy=true {LINES} | extend line = parse_json(tostring(column_ifexists("Message", "")))'

WHO_HOLDS = (
    f'{_LINE} | where line.event == "tick" | top 1 by TimeGenerated '
    "| project TimeGenerated, line.holder, line.phase, line.epoch, line.reason"
)
TOLD = (
    f'{_LINE} | where line.event == "notice" | top 20 by TimeGenerated '
    "| project TimeGenerated, line.what, line.source, line.target, line.why, line.epoch, line.channel"
)
DONE = (
    f'{_LINE} | where line.event in ("call", "leading", "start") | top 50 by TimeGenerated '
    "| project TimeGenerated, line.event, line.do, line.worker, line.outcome, line.code, line.reason, line.tick, line.owner"
)
"""Queries over the watchdog's lines; the names are those of its log."""

Item = Mapping[str, Any]


def body(site: str, workspace_id: str) -> str:
    """The page as a workbook wants it; equal arguments give equal text."""
    items = [
        _text(f"# {site}\nWhat to do when an alarm is raised: {RUNBOOK}, in the section with the alarm's name."),
        _query(workspace_id, "Who holds, in which phase", WHO_HOLDS, "table"),
        _query(workspace_id, "Last notices", TOLD, "table"),
        *(_query(workspace_id, metric.value, _curve(metric), "timechart") for metric in Metric),
        _query(workspace_id, "Last calls, starts and leaders", DONE, "table"),
    ]
    return json.dumps({"version": "Notebook/1.0", "items": items, "fallbackResourceIds": [workspace_id]}, sort_keys=True)


def _curve(metric: Metric) -> str:
    return (
        f"{_LINE} | extend figure = todouble(line.{metric.value}) | where isnotnull(figure) "
        "| summarize max(figure) by bin(TimeGenerated, 1m)"
    )


def _text(markdown: str) -> Item:
    return {"type": 1, "content": {"json": markdown}}


def _query(workspace_id: str, title: str, query: str, view: str) -> Item:
    content = {
        "version": "KqlItem/1.0",
        "title": title,
        "query": query,
        "queryType": 0,
        "resourceType": "microsoft.operationalinsights/workspaces",
        "crossComponentResources": [workspace_id],
        "timeContext": {"durationMs": 3 * 3600 * 1000},
        "visualization": view,
        "size": 0,
    }
    return {"type": 3, "content": content, "name": title}


def workbook_guid(group_id: str) -> str:
    """The workbook's name, which must be a GUID: the same at every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{group_id.lower()}/workbook"))


def page_url(tenant_id: str, workbook_id: str) -> str:
    """Where the page is.

    >>> page_url("t", "/subscriptions/s/x")
    'https://portal.azure.com/#@t/resource/subscriptions/s/x/workbook'
    """
    return f"https://portal.azure.com/#@{tenant_id}/resource{workbook_id}/workbook"


class DashboardArgs(Place):
    """Arguments of `Dashboard`."""

    group_id: str
    workspace_id: pulumi.Output[str]
    tenant_id: pulumi.Output[str]


class Dashboard(pulumi.ComponentResource):
    """The page."""

    url: pulumi.Output[str]

    def __init__(self, name: str, args: DashboardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:azure:Dashboard", name, {}, opts)
        site = args["site"]
        page = azure.applicationinsights.Workbook(
            f"{name}-dashboard",
            resource_name_=workbook_guid(args["group_id"]),
            resource_group_name=args["group"],
            location=args["region"],
            kind="shared",
            category="workbook",
            display_name=f"Tandem {site}",
            source_id=args["workspace_id"],
            serialized_data=args["workspace_id"].apply(lambda workspace_id: body(site, workspace_id)),
            tags=tags(site, args["tags"]),
            opts=child(self),
        )
        self.url = pulumi.Output.all(args["tenant_id"], page.id).apply(lambda found: page_url(*found))
        self.register_outputs({"url": self.url})
