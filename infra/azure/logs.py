"""Where the watchdog's lines go: a workspace, and the component by which the function's host writes into it.

On AWS the function's log group is all of it.
"""

import pulumi
import pulumi_azure_native as azure

from infra.azure.account import Place
from infra.naming import Kind, physical, tags
from infra.shapes import child

RETENTION_MIN_DAYS = 30
"""The workspace keeps no less; the shorter periods that AWS has are rounded up to it (Azure Monitor, "Data retention")."""


class LogsArgs(Place):
    """Arguments of `Logs`."""

    log_retention_days: int


class Logs(pulumi.ComponentResource):
    """Workspace and component."""

    workspace_id: pulumi.Output[str]
    component_id: pulumi.Output[str]
    connection: pulumi.Output[str]
    """By which lines are sent."""

    def __init__(self, name: str, args: LogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:azure:Logs", name, {}, opts)
        workspace = azure.operationalinsights.Workspace(
            # The provider adds a random part: a deleted workspace keeps its name for two weeks, and gives its old lines to
            # whoever takes that name again.
            physical(Kind.WORKSPACE, f"{args['site']}-logs"),
            resource_group_name=args["group"],
            location=args["region"],
            sku={"name": "PerGB2018"},
            retention_in_days=max(args["log_retention_days"], RETENTION_MIN_DAYS),
            public_network_access_for_ingestion="Enabled",
            public_network_access_for_query="Enabled",
            tags=tags(args["site"], args["tags"]),
            opts=child(self),
        )
        component = azure.applicationinsights.Component(
            f"{name}-watchdog",
            resource_name_=physical(Kind.ALERT_RULE, f"{args['site']}-watchdog"),
            resource_group_name=args["group"],
            location=args["region"],
            kind="web",
            application_type="web",
            flow_type="Bluefield",
            request_source="rest",
            ingestion_mode="LogAnalytics",
            workspace_resource_id=workspace.id,
            # Every line counts: a sampled one may be the one that nobody hears of.
            sampling_percentage=100,
            public_network_access_for_ingestion="Enabled",
            public_network_access_for_query="Enabled",
            tags=tags(args["site"], args["tags"]),
            opts=child(self),
        )
        self.resources: list[pulumi.Resource] = [workspace, component]
        self.workspace_id = workspace.id
        self.component_id = component.id
        self.connection = component.connection_string
        self.register_outputs({"workspace_id": self.workspace_id})
