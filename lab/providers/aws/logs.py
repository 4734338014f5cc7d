"""Log groups.

Only `lab.providers.aws` imports this file. This service's API spells its names as the provider does.
"""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from lab.providers.aws import tagging
from lab.providers.aws.cloud import NAMES, NO_CALL, REGION, AwsHandler, fixed, is_unknown_action, physical_name, tagged
from lab.providers.handler import Ask, State

GROUP_OPTIONS = ("kmsKeyId", "logGroupClass")

FOR_EVER = 0
"""The number of days that means no end."""


class LogGroup(AwsHandler):
    """A log group with its retention and key."""

    type = "aws:cloudwatch/logGroup:LogGroup"
    replaces = REGION | NAMES | {"logGroupClass"}
    defaults = fixed(retentionInDays=FOR_EVER, skipDestroy=False)
    named = "name"
    changes = frozenset({"retentionInDays", "kmsKeyId"})
    retag = staticmethod(tagging.logs)
    untold = frozenset({"skipDestroy"})
    gone = ("ResourceNotFoundException",)

    def _make(self, ask: Ask) -> State:
        logs = self.client("logs")
        name = physical_name(ask)
        options = {key: ask[key] for key in GROUP_OPTIONS if key in ask}
        options |= {"tags": tags} if (tags := ask.get("tags")) else {}
        logs.create_log_group(logGroupName=name, **options)
        if ask.get("retentionInDays"):
            logs.put_retention_policy(logGroupName=name, retentionInDays=ask["retentionInDays"])
        return State(name)

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        logs = self.client("logs")
        if "retentionInDays" in changed:
            if days := ask.get("retentionInDays", FOR_EVER):
                logs.put_retention_policy(logGroupName=state.id, retentionInDays=days)
            else:
                logs.delete_retention_policy(logGroupName=state.id)
        if "kmsKeyId" in changed:
            self._set_key(state.id, ask)

    def _set_key(self, name: str, ask: Ask) -> None:
        logs, key = self.client("logs"), ask.get("kmsKeyId")
        try:
            if key:
                logs.associate_kms_key(logGroupName=name, kmsKeyId=key)
            else:
                logs.disassociate_kms_key(logGroupName=name)
        except ClientError as exc:
            if not is_unknown_action(exc):
                raise
            ask.gap("kmsKeyId", NO_CALL)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        logs = self.client("logs")
        for group in logs.describe_log_groups(logGroupNamePrefix=state.id)["logGroups"]:
            if group["logGroupName"] == state.id:
                arn = group["arn"].removesuffix(":*")
                tags = logs.list_tags_for_resource(resourceArn=arn).get("tags") or {}
                options = {key: group[key] for key in ("retentionInDays", *GROUP_OPTIONS) if key in group}
                return {"arn": arn, "name": state.id} | options | tagged(tags)
        return None

    def _remove(self, state: State) -> None:
        self.client("logs").delete_log_group(logGroupName=state.id)


HANDLERS = (LogGroup,)
