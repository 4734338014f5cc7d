"""Functions, who may invoke them, how their events are retried, and one invocation during a deployment.

Only `lab.providers.aws` imports this file.
"""

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from lab.providers.archives import zip_bytes
from lab.providers.aws.cloud import AwsHandler, error_code, physical_name, tagged, told, wait_until
from lab.providers.handler import WHOLE, Ask, State

GONE = "ResourceNotFoundException"

ANSWER_MARGIN_S = 30
"""How much longer than a function's timeout a synchronous invocation may take to answer: a cold start comes before it."""

PROVIDER_TIMEOUT_S = 3
PROVIDER_MEMORY_MB = 128
NONE_RESERVED = -1
"""The provider's defaults."""

FUNCTION_OPTIONS = ("role", "handler", "runtime", "architectures", "description", "packageType")


class FunctionFailedError(Exception):
    """A function that a deployment invoked ended with an error."""

    def __init__(self, function: str, message: str, log_tail: str) -> None:
        self.function = function
        self.log_tail = log_tail
        lines = "\n".join(f"    {line}" for line in log_tail.splitlines()) or "    (none)"
        super().__init__(f"the function {function} failed: {message}\n  its last log lines:\n{lines}")


class Function(AwsHandler):
    """A function with its code."""

    type = "aws:lambda/function:Function"
    untold = frozenset({"code", "sourceCodeHash", "publish", "skipDestroy", "replaceSecurityGroupsOnDestroy"})
    gone = (GONE,)

    def _make(self, ask: Ask) -> State:
        client = self.client("lambda")
        name = physical_name(ask)
        client.create_function(FunctionName=name, **_definition(ask))
        wait_until(f"function {name}", lambda: self._configuration(name)["State"] == "Active")
        if ask.get("reservedConcurrentExecutions", NONE_RESERVED) != NONE_RESERVED:
            client.put_function_concurrency(FunctionName=name, **ask.pick("reservedConcurrentExecutions"))
        return State(name)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        function = self.client("lambda").get_function(FunctionName=state.id)
        settings = function["Configuration"]
        arn = settings["FunctionArn"]
        outputs = told(
            settings,
            *FUNCTION_OPTIONS,
            "timeout",
            "memorySize",
            "version",
            "lastModified",
            "codeSha256",
            CodeSize="sourceCodeSize",
        )
        outputs |= {
            "arn": arn,
            "name": state.id,
            "qualifiedArn": f"{arn}:{settings['Version']}",
        }
        reserved = function.get("Concurrency", {}).get("ReservedConcurrentExecutions", NONE_RESERVED)
        outputs["reservedConcurrentExecutions"] = reserved
        return outputs | _nested(settings) | tagged(function.get("Tags") or {})

    def _remove(self, state: State) -> None:
        self.client("lambda").delete_function(FunctionName=state.id)

    def _configuration(self, name: str) -> Mapping[str, Any]:
        return self.client("lambda").get_function_configuration(FunctionName=name)


class Permission(AwsHandler):
    """Who may invoke a function."""

    type = "aws:lambda/permission:Permission"
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
    gone = (GONE,)

    def _make(self, ask: Ask) -> State:
        wanted = ask.pick("maximumRetryAttempts", "maximumEventAgeInSeconds", "qualifier", FunctionName="functionName")
        if "destinationConfig" in ask:
            wanted["DestinationConfig"] = _destinations(ask.inner("destinationConfig"))
        try:
            self.client("lambda").put_function_event_invoke_config(**wanted)
        except ClientError as exc:
            if not _is_not_emulated(exc):
                raise
            ask.gap(WHOLE, "the emulator has no event invoke configuration")
        return State(wanted["FunctionName"])

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
    untold = frozenset({"functionName", "qualifier", "input", "triggers", "lifecycleScope", "terraformKey"})
    gone = ()

    def _make(self, ask: Ask) -> State:
        wanted = ask.pick("functionName", "qualifier", Payload="input")
        name = wanted["FunctionName"]
        answer = self._patient_client(name).invoke(InvocationType="RequestResponse", LogType="Tail", **wanted)
        result = answer["Payload"].read().decode()
        if "FunctionError" in answer:
            raise FunctionFailedError(name, result, base64.b64decode(answer.get("LogResult", "")).decode(errors="replace"))
        return State(f"{name}_$LATEST_{zlib.crc32(wanted['Payload'].encode()):08x}", {"result": result})

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        """The result as it was: an invocation leaves nothing that could be asked."""
        return {"result": state.outputs["result"]}

    def _remove(self, state: State) -> None:
        """Nothing: what was invoked was invoked."""

    def _patient_client(self, function: str) -> Any:
        """A client that waits longer than the function may take; with a shorter wait it would be started again."""
        timeout_s = self.client("lambda").get_function_configuration(FunctionName=function)["Timeout"]
        return self.cloud.patient_client("lambda", timeout_s + ANSWER_MARGIN_S)


def _definition(ask: Ask) -> dict[str, Any]:
    definition: dict[str, Any] = {
        "Code": {"ZipFile": zip_bytes(ask["code"])},
        "Timeout": ask.get("timeout", PROVIDER_TIMEOUT_S),
        "MemorySize": ask.get("memorySize", PROVIDER_MEMORY_MB),
        "Tags": ask.get("tags") or {},
    } | ask.pick(*FUNCTION_OPTIONS, "publish", KMSKeyArn="kmsKeyArn")
    logging = ("logFormat", "logGroup", "applicationLogLevel", "systemLogLevel")
    objects = {
        "Environment": ask.inner("environment").pick("variables"),
        "VpcConfig": ask.inner("vpcConfig").pick("subnetIds", "securityGroupIds"),
        "LoggingConfig": ask.inner("loggingConfig").pick(*logging),
        "TracingConfig": ask.inner("tracingConfig").pick("mode"),
        "EphemeralStorage": ask.inner("ephemeralStorage").pick("size"),
        "DeadLetterConfig": ask.inner("deadLetterConfig").pick("targetArn"),
    }
    return definition | {name: value for name, value in objects.items() if value}


DESTINATIONS = {"onSuccess": "OnSuccess", "onFailure": "OnFailure"}


def _destinations(ask: Ask) -> dict[str, Any]:
    """The provider's block of one destination is an object; the cloud's too."""
    return {name: ask.inner(key).pick("destination") for key, name in DESTINATIONS.items() if key in ask}


def _nested(settings: Mapping[str, Any]) -> dict[str, Any]:
    objects = {
        "environment": told(settings.get("Environment", {}), "variables"),
        "vpcConfig": told(settings.get("VpcConfig", {}), "subnetIds", "securityGroupIds", "vpcId"),
        "loggingConfig": told(settings.get("LoggingConfig", {}), "logFormat", "logGroup"),
    }
    return {name: value for name, value in objects.items() if value}


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


HANDLERS = (Function, Permission, FunctionEventInvokeConfig, Invocation)
