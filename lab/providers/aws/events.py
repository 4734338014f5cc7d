"""Rules of the event bus (schedules among them) and their targets.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Mapping
from typing import Any

from lab.providers.aws import tagging
from lab.providers.aws.cloud import NAMES, REGION, AwsHandler, fixed, physical_name, tag_list, tag_map, tagged, told
from lab.providers.handler import Ask, State

GONE = "ResourceNotFoundException"
DEFAULT_BUS = "default"
RULE_OPTIONS = ("scheduleExpression", "eventPattern", "description", "state", "roleArn")
TARGET_OPTIONS = ("arn", "input", "inputPath", "roleArn")
NOT_OBEYED = "the emulator keeps it and does not obey it: no retries, no dead letters of rule targets"


class RefusedTargetError(Exception):
    """The bus took the call and refused the target in it."""


class EventRule(AwsHandler):
    """A schedule or a pattern."""

    type = "aws:cloudwatch/eventRule:EventRule"
    replaces = REGION | NAMES | {"eventBusName"}
    defaults = fixed(eventBusName=DEFAULT_BUS, forceDestroy=False)
    named = "name"
    changes = frozenset(RULE_OPTIONS)
    retag = staticmethod(tagging.by_arn("events", "ResourceARN"))
    untold = frozenset({"forceDestroy"})
    gone = (GONE,)

    def _make(self, ask: Ask) -> State:
        name = physical_name(ask)
        wanted = ask.pick(*RULE_OPTIONS, "eventBusName")
        self.client("events").put_rule(Name=name, Tags=tag_list(ask.get("tags")), **wanted)
        return State(name, {"eventBusName": wanted.get("EventBusName", DEFAULT_BUS)})

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        """The whole rule again; where the program says nothing of the state, a rule stays on or off as it is."""
        del changed
        kept = {"State": state.outputs["state"]} | ask.pick(*RULE_OPTIONS)
        self.client("events").put_rule(Name=state.id, EventBusName=state.outputs["eventBusName"], **kept)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        events = self.client("events")
        bus = state.outputs["eventBusName"]
        rule = events.describe_rule(Name=state.id, EventBusName=bus)
        tags = events.list_tags_for_resource(ResourceARN=rule["Arn"]).get("Tags")
        return told(rule, "arn", "name", *RULE_OPTIONS) | {"eventBusName": bus} | tagged(tag_map(tags))

    def _remove(self, state: State) -> None:
        self.client("events").delete_rule(Name=state.id, EventBusName=state.outputs["eventBusName"])


class EventTarget(AwsHandler):
    """What a rule starts."""

    type = "aws:cloudwatch/eventTarget:EventTarget"
    replaces = REGION | {"eventBusName", "rule", "targetId"}
    required = frozenset({"arn", "rule"})
    defaults = fixed(eventBusName=DEFAULT_BUS, forceDestroy=False)
    untold = frozenset({"forceDestroy"})
    changes = frozenset({*TARGET_OPTIONS, "retryPolicy", "deadLetterConfig", "inputTransformer"})
    gone = (GONE,)

    def _make(self, ask: Ask) -> State:
        rule, bus = ask["rule"], ask.get("eventBusName", DEFAULT_BUS)
        target_id = physical_name(ask, "targetId")
        self._put(rule, bus, _target(ask, target_id))
        return State(f"{rule}-{target_id}", {"targetId": target_id, "eventBusName": bus})

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        del changed
        self._put(ask["rule"], state.outputs["eventBusName"], _target(ask, state.outputs["targetId"]))

    def _put(self, rule: str, bus: str, target: Mapping[str, Any]) -> None:
        answer = self.client("events").put_targets(Rule=rule, EventBusName=bus, Targets=[target])
        if answer["FailedEntryCount"]:
            raise RefusedTargetError(f"the bus refused the target: {answer['FailedEntries'][0]}")

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        known = {name: state.outputs[name] for name in ("rule", "eventBusName")}
        answer = self.client("events").list_targets_by_rule(Rule=known["rule"], EventBusName=known["eventBusName"])
        for target in answer["Targets"]:
            if target["Id"] == state.outputs["targetId"]:
                return known | told(target, *TARGET_OPTIONS, Id="targetId") | _transformer(target)
        return None

    def _remove(self, state: State) -> None:
        bus, rule = state.outputs["eventBusName"], state.outputs["rule"]
        self.client("events").remove_targets(Rule=rule, EventBusName=bus, Ids=[state.outputs["targetId"]])


def _target(ask: Ask, target_id: str) -> dict[str, Any]:
    objects = {
        "RetryPolicy": ask.inner("retryPolicy").pick("maximumRetryAttempts", "maximumEventAgeInSeconds"),
        "DeadLetterConfig": ask.inner("deadLetterConfig").pick("arn"),
        "InputTransformer": ask.inner("inputTransformer").pick("inputTemplate", InputPathsMap="inputPaths"),
    }
    for key in ("retryPolicy", "deadLetterConfig"):
        if key in ask:
            ask.gap(key, NOT_OBEYED)
    return {"Id": target_id} | ask.pick(*TARGET_OPTIONS) | {name: value for name, value in objects.items() if value}


def _transformer(target: Mapping[str, Any]) -> dict[str, Any]:
    kept = told(target.get("InputTransformer", {}), "inputTemplate", InputPathsMap="inputPaths")
    return {"inputTransformer": kept} if kept else {}


HANDLERS = (EventRule, EventTarget)
