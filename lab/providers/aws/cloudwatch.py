"""Alarms and dashboards.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Mapping
from typing import Any

from lab.providers.aws import tagging
from lab.providers.aws.cloud import REGION, AwsHandler, fixed, physical_name, tag_list, tag_map, tagged, told
from lab.providers.handler import Ask, State

ALARM_OPTIONS = (
    "comparisonOperator",
    "evaluationPeriods",
    "datapointsToAlarm",
    "metricName",
    "namespace",
    "period",
    "statistic",
    "extendedStatistic",
    "threshold",
    "unit",
    "treatMissingData",
    "actionsEnabled",
    "alarmDescription",
    "alarmActions",
    "insufficientDataActions",
)


class MetricAlarm(AwsHandler):
    """An alarm on one metric, or on an expression over several."""

    type = "aws:cloudwatch/metricAlarm:MetricAlarm"
    replaces = REGION | {"name"}
    defaults = fixed(actionsEnabled=True, treatMissingData="missing")
    named = "name"
    changes = frozenset({*ALARM_OPTIONS, "okActions", "dimensions", "metricQueries"})
    retag = staticmethod(tagging.by_arn("cloudwatch", "ResourceARN"))
    gone = ()

    def _make(self, ask: Ask) -> State:
        name = physical_name(ask)
        self.client("cloudwatch").put_metric_alarm(AlarmName=name, Tags=tag_list(ask.get("tags")), **_alarm(ask))
        return State(name)

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        """The whole alarm again; what the program does not name any more is then as if it never had been."""
        del changed
        self.client("cloudwatch").put_metric_alarm(AlarmName=state.id, **_alarm(ask))

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        cloudwatch = self.client("cloudwatch")
        alarms = cloudwatch.describe_alarms(AlarmNames=[state.id])["MetricAlarms"]
        if not alarms:
            return None
        outputs = told(alarms[0], *ALARM_OPTIONS, AlarmArn="arn", AlarmName="name", OKActions="okActions")
        if alarms[0].get("Dimensions"):
            outputs["dimensions"] = {each["Name"]: each["Value"] for each in alarms[0]["Dimensions"]}
        tags = cloudwatch.list_tags_for_resource(ResourceARN=outputs["arn"]).get("Tags")
        return outputs | tagged(tag_map(tags))

    def _remove(self, state: State) -> None:
        self.client("cloudwatch").delete_alarms(AlarmNames=[state.id])


class Dashboard(AwsHandler):
    """A page of widgets."""

    type = "aws:cloudwatch/dashboard:Dashboard"
    replaces = REGION | {"dashboardName"}
    required = frozenset({"dashboardBody", "dashboardName"})
    changes = frozenset({"dashboardBody"})
    gone = ("ResourceNotFound", "DashboardNotFoundError")

    def _make(self, ask: Ask) -> State:
        self._put(ask)
        return State(ask["dashboardName"])

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        del state, changed
        self._put(ask)

    def _put(self, ask: Ask) -> None:
        self.client("cloudwatch").put_dashboard(**ask.pick("dashboardName", "dashboardBody"))

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        page = self.client("cloudwatch").get_dashboard(DashboardName=state.id)
        return told(page, "dashboardName", "dashboardBody", "dashboardArn")

    def _remove(self, state: State) -> None:
        self.client("cloudwatch").delete_dashboards(DashboardNames=[state.id])


def _alarm(ask: Ask) -> dict[str, Any]:
    wanted = ask.pick(*ALARM_OPTIONS, OKActions="okActions")
    if "dimensions" in ask:
        wanted["Dimensions"] = _dimensions(ask["dimensions"])
    if "metricQueries" in ask:
        wanted["Metrics"] = [_query(each) for each in ask.each("metricQueries")]
    return wanted


def _query(ask: Ask) -> dict[str, Any]:
    query = ask.pick("id", "expression", "label", "period", "returnData", "accountId")
    metric = ask.inner("metric")
    if metric:
        what = metric.pick("namespace", "metricName") | {"Dimensions": _dimensions(metric.get("dimensions") or {})}
        query["MetricStat"] = {"Metric": what} | metric.pick("period", "stat", "unit")
    return query


def _dimensions(dimensions: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": key, "Value": value} for key, value in dimensions.items()]


HANDLERS = (MetricAlarm, Dashboard)
