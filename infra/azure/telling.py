"""Who is told: an action group for people, and an empty one by which a silent watchdog can be called.

A timer of this plan may stop for good while HTTP goes on (azure-functions-host#11828). So silence also fires a second group.
Its receiver is the tick behind HTTP with a key, and keys exist only after the host ran once: it is added by hand
(docs/RUNBOOK.md), and the program never writes that group again.

No counterpart: in `Telling` `topic_arn` (topic_id), in `TellingArgs` `account` and `key_arn`. Azure's alone: in `Telling`
`topic_id` and `caller_id`.
"""

import pulumi
import pulumi_azure_native as azure

from infra.azure.account import Place
from infra.naming import Kind, physical, tags
from infra.shapes import child

EVERYWHERE = "global"
"""Where action groups and alerts on metrics stand."""


class TellingArgs(Place):
    """Arguments of `Telling`."""

    alert_emails: list[str]


class Telling(pulumi.ComponentResource):
    """The groups and who listens to them."""

    topic_id: pulumi.Output[str]
    caller_id: pulumi.Output[str]

    def __init__(self, name: str, args: TellingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:azure:Telling", name, {}, opts)
        site = args["site"]
        self.topic_id = azure.monitor.ActionGroup(
            f"{name}-notices",
            action_group_name=physical(Kind.ACTION_GROUP, f"{site}-notices"),
            resource_group_name=args["group"],
            location=EVERYWHERE,
            # What a text message or the subject of a mail begins with.
            group_short_name=physical(Kind.SHORT_NAME, "tandem"),
            enabled=True,
            # Named after the address, not after its place in the list.
            email_receivers=[
                {"name": address, "email_address": address, "use_common_alert_schema": True}
                for address in args["alert_emails"]
            ],
            tags=tags(site, args["tags"]),
            opts=child(self),
        ).id
        self.caller_id = azure.monitor.ActionGroup(
            f"{name}-caller",
            action_group_name=physical(Kind.ACTION_GROUP, f"{site}-caller"),
            resource_group_name=args["group"],
            location=EVERYWHERE,
            group_short_name=physical(Kind.SHORT_NAME, "tandem-call"),
            enabled=True,
            tags=tags(site, args["tags"]),
            opts=child(self, ignore_changes=["*"]),
        ).id
        self.register_outputs({"topic_id": self.topic_id})
