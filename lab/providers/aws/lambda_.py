"""Who may invoke a function, how its events are retried, and one invocation during a deployment.

Only `lab.providers.aws` imports this file.
"""

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from lab.providers.aws.cloud import REGION, AwsHandler, error_code, fixed, physical_name, told
from lab.providers.handler import WHOLE, Ask, CannotUpdateError, State
from lab.recording import Created

GONE = "ResourceNotFoundException"

ANSWER_MARGIN_S = 30
"""How much longer than a function's timeout a synchronous invocation may take to answer: a cold start comes before it."""

RETRIES = 2
"""The provider's default."""

CREATE_ONLY = "CREATE_ONLY"
"""The scope of an invocation that happens when the resource is made, and never else; the lab has no other."""


class FunctionFailedError(Exception):
    """A function that a deployment invoked ended with an error."""

    def __init__(self, function: str, message: str, log_tail: str) -> None:
        self.function = function
        self.log_tail = log_tail
        lines = "\n".join(f"    {line}" for line in log_tail.splitlines()) or "    (none)"
        super().__init__(f"the function {function} failed: {message}\n  its last log lines:\n{lines}")


class Permission(AwsHandler):
    """Who may invoke a function."""

    type = "aws:lambda/permission:Permission"
    replaces = REGION | {
        *("action", "eventSourceToken", "function", "functionUrlAuthType", "invokedViaFunctionUrl", "principal"),
        *("principalOrgId", "qualifier", "sourceAccount", "sourceArn", "statementId", "statementIdPrefix"),
    }
    required = frozenset({"action", "function", "principal"})
    named = "statementId"
    gone = (GONE,)

    def _make(self, ask: Ask) -> State:
        statement_id = physical_name(ask, "statementId")
        wanted = ask.pick("action", "principal", "sourceArn", "sourceAccount", "qualifier", FunctionName="function")
        self.client("lambda").add_permission(StatementId=statement_id, **wanted)
        return State(statement_id)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        function = state.outputs["function"]
        policy = json.loads(self.client("lambda").get_policy(FunctionName=function)["Policy"])
        for statement in policy["Statement"]:
            if statement["Sid"] == state.id:
                return {"function": function} | _statement(statement)
        return None

    def _remove(self, state: State) -> None:
        self.client("lambda").remove_permission(FunctionName=state.outputs["function"], StatementId=state.id)


class FunctionEventInvokeConfig(AwsHandler):
    """How often and for how long an event that a function failed is tried again, and where it goes then."""

    type = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
    replaces = REGION | {"functionName", "qualifier"}
    required = frozenset({"functionName"})
    defaults = fixed(maximumRetryAttempts=RETRIES)
    changes = frozenset({"destinationConfig", "maximumEventAgeInSeconds", "maximumRetryAttempts"})
    gone = (GONE,)

    def _make(self, ask: Ask) -> State:
        self._put(ask)
        return State(ask["functionName"])

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        del state, changed
        self._put(ask)

    def _put(self, ask: Ask) -> None:
        wanted = ask.pick("maximumRetryAttempts", "maximumEventAgeInSeconds", "qualifier", FunctionName="functionName")
        if "destinationConfig" in ask:
            wanted["DestinationConfig"] = _destinations(ask.inner("destinationConfig"))
        try:
            self.client("lambda").put_function_event_invoke_config(**wanted)
        except ClientError as exc:
            if not _is_not_emulated(exc):
                raise
            ask.gap(WHOLE, "the emulator has no event invoke configuration")

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        answer = self.client("lambda").get_function_event_invoke_config(FunctionName=state.id)
        names = ("maximumRetryAttempts", "maximumEventAgeInSeconds")
        kept = {
            key: {"destination": answer["DestinationConfig"][name]["Destination"]}
            for key, name in DESTINATIONS.items()
            if answer.get("DestinationConfig", {}).get(name)
        }
        return {"functionName": state.id} | told(answer, *names) | ({"destinationConfig": kept} if kept else {})

    def _remove(self, state: State) -> None:
        try:
            self.client("lambda").delete_function_event_invoke_config(FunctionName=state.id)
        except ClientError as exc:
            if not _is_not_emulated(exc):
                raise


class Invocation(AwsHandler):
    """One synchronous invocation as part of the deployment; the deployment fails when the function does."""

    type = "aws:lambda/invocation:Invocation"
    replaces = REGION | {"functionName", "qualifier", "triggers"}
    required = frozenset({"functionName", "input"})
    defaults = fixed(lifecycleScope=CREATE_ONLY, qualifier="$LATEST", terraformKey="tf")
    untold = frozenset({"functionName", "qualifier", "input", "triggers", "lifecycleScope", "terraformKey"})
    gone = ()

    def _make(self, ask: Ask) -> State:
        wanted = ask.pick("functionName", "qualifier", Payload="input")
        name = wanted["FunctionName"]
        if ask.get("lifecycleScope", CREATE_ONLY) != CREATE_ONLY:
            ask.gap("lifecycleScope", "the lab invokes when the resource is made, not when it is changed or deleted")
        answer = self._patient_client(name).invoke(InvocationType="RequestResponse", LogType="Tail", **wanted)
        result = answer["Payload"].read().decode()
        if "FunctionError" in answer:
            raise FunctionFailedError(name, result, base64.b64decode(answer.get("LogResult", "")).decode(errors="replace"))
        return State(f"{name}_$LATEST_{zlib.crc32(wanted['Payload'].encode()):08x}", {"result": result})

    def update(self, state: State, ask: Ask, changed: frozenset[str]) -> Created:
        """Refuse: with what the provider does not replace here it invokes the function once more, and the lab does not."""
        del state, ask
        raise CannotUpdateError(self.type, changed)

    def replaced_by(self, before: Mapping[str, Any], wanted: Mapping[str, Any]) -> frozenset[str]:
        """Another input is another invocation, as long as the scope is the one that the lab has."""
        is_once = wanted.get("lifecycleScope", CREATE_ONLY) == CREATE_ONLY
        return frozenset({"input"} if is_once and before.get("input") != wanted.get("input") else ())

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        """The result as it was: an invocation leaves nothing that could be asked."""
        return {"result": state.outputs["result"]}

    def _remove(self, state: State) -> None:
        """Nothing: what was invoked was invoked."""

    def _patient_client(self, function: str) -> Any:
        """A client that waits longer than the function may take; with a shorter wait it would be started again."""
        timeout_s = self.client("lambda").get_function_configuration(FunctionName=function)["Timeout"]
        return self.cloud.patient_client("lambda", timeout_s + ANSWER_MARGIN_S)


DESTINATIONS = {"onSuccess": "OnSuccess", "onFailure": "OnFailure"}


def _destinations(ask: Ask) -> dict[str, Any]:
    """The provider's block of one destination is an object; the cloud's too."""
    return {name: ask.inner(key).pick("destination") for key, name in DESTINATIONS.items() if key in ask}


def _statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    principal = statement["Principal"]
    conditions = statement.get("Condition", {})
    return {
        "statementId": statement["Sid"],
        "action": statement["Action"],
        "principal": principal if isinstance(principal, str) else next(iter(principal.values())),
    } | {
        name: values[key]
        for name, key in (("sourceArn", "AWS:SourceArn"), ("sourceAccount", "AWS:SourceAccount"))
        for values in conditions.values()
        if key in values
    }


def _is_not_emulated(exc: ClientError) -> bool:
    """Whether the emulator has no such call at all: then it answers by status, not with an error of the service."""
    status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status in {404, 405, 501} and error_code(exc) != GONE


HANDLERS = (Permission, FunctionEventInvokeConfig, Invocation)
