"""Functions: code and configuration.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from lab.providers.archives import zip_bytes
from lab.providers.aws import tagging
from lab.providers.aws.cloud import REGION, AwsHandler, fixed, physical_name, tagged, told, wait_until
from lab.providers.handler import Ask, State
from lab.providers.plain import pascal

GONE = "ResourceNotFoundException"

PROVIDER_TIMEOUT_S = 3
PROVIDER_MEMORY_MB = 128
NONE_RESERVED = -1
"""The provider's defaults."""

CODE = ("code", "sourceCodeHash", "architectures", "publish")
"""What an update of the code carries."""
OBJECTS = {
    "environment": ("Environment", ("variables",)),
    "vpcConfig": ("VpcConfig", ("subnetIds", "securityGroupIds")),
    "loggingConfig": ("LoggingConfig", ("logFormat", "logGroup", "applicationLogLevel", "systemLogLevel")),
    "tracingConfig": ("TracingConfig", ("mode",)),
    "ephemeralStorage": ("EphemeralStorage", ("size",)),
    "deadLetterConfig": ("DeadLetterConfig", ("targetArn",)),
}
"""An object among the inputs, as the cloud names it, and what it has."""
EMPTY: Mapping[str, Any] = MappingProxyType(
    {
        "Environment": {"Variables": {}},
        "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
        "DeadLetterConfig": {"TargetArn": ""},
        "Description": "",
        "KMSKeyArn": "",
    }
)
"""How an update takes something away; what is not here stays as it is."""
CONFIGURATION = ("role", "handler", "runtime", "description", "timeout", "memorySize", "kmsKeyArn")

FUNCTION_OPTIONS = ("role", "handler", "runtime", "architectures", "description", "packageType")


class Function(AwsHandler):
    """A function with its code."""

    type = "aws:lambda/function:Function"
    replaces = REGION | {"name", "packageType", "tenancyConfig"}
    required = frozenset({"role"})
    defaults = fixed(
        memorySize=PROVIDER_MEMORY_MB,
        packageType="Zip",
        publish=False,
        reservedConcurrentExecutions=NONE_RESERVED,
        skipDestroy=False,
        timeout=PROVIDER_TIMEOUT_S,
    )
    named = "name"
    changes = frozenset({*CODE, *CONFIGURATION, *OBJECTS, "reservedConcurrentExecutions"})
    retag = staticmethod(tagging.by_arn("lambda", "Resource", dict))
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

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        client, name = self.client("lambda"), state.id
        if configuration := _changed_configuration(ask, changed):
            client.update_function_configuration(FunctionName=name, **configuration)
            self._wait_until_updated(name)
        if changed & {*CODE}:
            client.update_function_code(
                FunctionName=name, ZipFile=zip_bytes(ask["code"]), **ask.pick("architectures", "publish")
            )
            self._wait_until_updated(name)
        if "reservedConcurrentExecutions" in changed:
            if ask.get("reservedConcurrentExecutions", NONE_RESERVED) == NONE_RESERVED:
                client.delete_function_concurrency(FunctionName=name)
            else:
                client.put_function_concurrency(FunctionName=name, **ask.pick("reservedConcurrentExecutions"))

    def _wait_until_updated(self, name: str) -> None:
        wait_until(f"function {name}", lambda: self._configuration(name).get("LastUpdateStatus") != "InProgress")

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
            KMSKeyArn="kmsKeyArn",
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


def _definition(ask: Ask) -> dict[str, Any]:
    definition: dict[str, Any] = {
        "Code": {"ZipFile": zip_bytes(ask["code"])},
        "Timeout": ask.get("timeout", PROVIDER_TIMEOUT_S),
        "MemorySize": ask.get("memorySize", PROVIDER_MEMORY_MB),
        "Tags": ask.get("tags") or {},
    } | ask.pick(*FUNCTION_OPTIONS, "publish", KMSKeyArn="kmsKeyArn")
    return definition | _objects(ask, OBJECTS)


def _objects(ask: Ask, names: Iterable[str]) -> dict[str, Any]:
    found = {OBJECTS[name][0]: ask.inner(name).pick(*OBJECTS[name][1]) for name in names if name in OBJECTS}
    return {name: value for name, value in found.items() if value}


def _changed_configuration(ask: Ask, changed: frozenset[str]) -> dict[str, Any]:
    plain = [name for name in CONFIGURATION if name in changed and name != "kmsKeyArn"]
    wanted = ask.pick(*plain, **({"KMSKeyArn": "kmsKeyArn"} if "kmsKeyArn" in changed else {}))
    wanted |= {pascal(name): value for name, value in Function.defaults.items() if name in plain and name not in ask}
    names = [OBJECTS[name][0] for name in OBJECTS if name in changed]
    names += [name for key, name in (("description", "Description"), ("kmsKeyArn", "KMSKeyArn")) if key in changed]
    return {name: EMPTY[name] for name in names if name in EMPTY} | wanted | _objects(ask, changed)


def _nested(settings: Mapping[str, Any]) -> dict[str, Any]:
    objects = {key: told(settings.get(name, {}), *inner) for key, (name, inner) in OBJECTS.items()}
    if objects["vpcConfig"]:
        objects["vpcConfig"] |= told(settings["VpcConfig"], "vpcId")
    return {name: value for name, value in objects.items() if value}


HANDLERS = (Function,)
