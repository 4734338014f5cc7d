"""Writes the table by which the lab's azure-native provider turns inputs into a request, and an answer into outputs.

    uv venv tools/azure-native/.venv
    uv pip install --python tools/azure-native/.venv/bin/python --require-hashes -r tools/azure-native/requirements.txt
    tools/azure-native/.venv/bin/python tools/azure-native/table.py > lab/providers/azure_native/table.json

Two packages are walked side by side, property by property. `pulumi_azure_native` says what a program may give, what it gets,
what is required, which api-version is asked, and which lists are also kept as resources of their own. The azure-mgmt-*
packages, Microsoft's own clients, say where each property stands in the body, what it is called there, and at which path
the resource lies. A property that cannot be placed ends the run, unless it is named in `PLACED_BY_HAND`.
"""

import importlib
import inspect
import json
import re
import sys
import typing
from dataclasses import dataclass
from importlib import metadata
from types import ModuleType
from typing import Any

from pulumi import _types as pulumi_types

STANDALONE = "These are also available as standalone resources."
API = re.compile(r"Uses Azure REST API version (\S+)\.\s")
URL = re.compile(r'"(/[^"]*\{\w+\}[^"]*)"')
CONSTANT = re.compile(r'pulumi\.set\(__self__, "(\w+)", \'([^\']*)\'\)')


@dataclass(frozen=True)
class Row:
    """Where one type is found in both packages; `request` is the function that makes the request of a PUT."""

    token: str
    models: str
    model: str
    operations: str
    request: str


def _network(name: str, collection: str) -> Row:
    return Row(f"network:{name}", "network.models", name, "network.operations._operations", f"{collection}_create_or_update")


def _compute(name: str, collection: str) -> Row:
    return Row(f"compute:{name}", "compute.models", name, "compute.operations._operations", f"{collection}_create_or_update")


def _monitor(name: str, model: str, file: str, request: str = "create_or_update") -> Row:
    return Row(f"monitor:{name}", "monitor.models", model, f"monitor.operations._{file}_operations", request)


def _insights(name: str, model: str, version: str, file: str) -> Row:
    models = f"applicationinsights.{version}"
    return Row(
        f"applicationinsights:{name}",
        f"{models}.models",
        model,
        f"{models}.operations._{file}_operations",
        "create_or_update",
    )


def _web(name: str, model: str, request: str) -> Row:
    return Row(f"web:{name}", "web.models", model, "web.operations._operations", request)


def _storage(name: str, model: str, request: str) -> Row:
    return Row(f"storage:{name}", "storage.models", model, "storage.operations._operations", request)


ROWS = (
    Row(
        "resources:ResourceGroup",
        "resource.resources.models",
        "ResourceGroup",
        "resource.resources.operations._operations",
        "resource_groups_create_or_update",
    ),
    Row(
        "resources:Deployment",
        "resource.deployments.models",
        "Deployment",
        "resource.deployments.operations._operations",
        "deployments_create_or_update",
    ),
    _network("VirtualNetwork", "virtual_networks"),
    _network("Subnet", "subnets"),
    _network("NetworkSecurityGroup", "network_security_groups"),
    _network("SecurityRule", "security_rules"),
    _network("PublicIPAddress", "public_ip_addresses"),
    _network("NatGateway", "nat_gateways"),
    _network("NetworkInterface", "network_interfaces"),
    _network("LoadBalancer", "load_balancers"),
    _compute("VirtualMachine", "virtual_machines"),
    _compute("Disk", "disks"),
    _compute("DiskEncryptionSet", "disk_encryption_sets"),
    _compute("DedicatedHostGroup", "dedicated_host_groups"),
    _compute("DedicatedHost", "dedicated_hosts"),
    Row(
        "keyvault:Vault",
        "keyvault.models",
        "VaultCreateOrUpdateParameters",
        "keyvault.operations._operations",
        "vaults_create_or_update",
    ),
    Row(
        "keyvault:Key",
        "keyvault.models",
        "KeyCreateParameters",
        "keyvault.operations._operations",
        "keys_create_if_not_exist",
    ),
    Row(
        "managedidentity:UserAssignedIdentity",
        "msi.v2024_11_30.models",
        "Identity",
        "msi.v2024_11_30.operations._user_assigned_identities_operations",
        "create_or_update",
    ),
    Row(
        "authorization:RoleDefinition",
        "authorization.v2022_05_01_preview.models",
        "RoleDefinition",
        "authorization.v2022_05_01_preview.operations._role_definitions_operations",
        "create_or_update",
    ),
    Row(
        "authorization:RoleAssignment",
        "authorization.v2022_04_01.models",
        "RoleAssignmentCreateParameters",
        "authorization.v2022_04_01.operations._role_assignments_operations",
        "create",
    ),
    Row(
        "authorization:ManagementLockByScope",
        "resource.locks.models",
        "ManagementLockObject",
        "resource.locks.operations._operations",
        "management_locks_create_or_update_by_scope",
    ),
    _storage("StorageAccount", "StorageAccountCreateParameters", "storage_accounts_create"),
    _storage("BlobServiceProperties", "BlobServiceProperties", "blob_services_set_service_properties"),
    _storage("BlobContainer", "BlobContainer", "blob_containers_create"),
    _web("AppServicePlan", "AppServicePlan", "app_service_plans_create_or_update"),
    _web("WebApp", "Site", "web_apps_create_or_update"),
    _web("WebAppApplicationSettings", "StringDictionary", "web_apps_update_application_settings"),
    Row(
        "operationalinsights:Workspace",
        "loganalytics.models",
        "Workspace",
        "loganalytics.operations._operations",
        "workspaces_create_or_update",
    ),
    _insights("Component", "ApplicationInsightsComponent", "v2020_02_02", "components"),
    _insights("WebTest", "WebTest", "v2022_06_15", "web_tests"),
    _insights("Workbook", "Workbook", "v2023_06_01", "workbooks"),
    _monitor("ActionGroup", "ActionGroupResource", "action_groups"),
    _monitor("MetricAlert", "MetricAlertResource", "metric_alerts"),
    _monitor("ScheduledQueryRule", "ScheduledQueryRuleResource", "scheduled_query_rules"),
    _monitor("ActivityLogAlert", "ActivityLogAlertResource", "activity_log_alerts"),
)
OUTPUT_MODELS = {
    "keyvault:Vault": "Vault",
    "keyvault:Key": "Key",
    "authorization:RoleAssignment": "RoleAssignment",
    "storage:StorageAccount": "StorageAccount",
    "resources:Deployment": "DeploymentExtended",
}
"""Where the answer has another model than the request."""
_DIRECTLY = (
    *(
        (f"monitor:{kind}{end}", "managedIdentity")
        for kind in (
            "AutomationRunbookReceiver",
            "AzureFunctionReceiver",
            "EventHubReceiver",
            "LogicAppReceiver",
            "WebhookReceiver",
        )
        for end in ("Args", "Response")
    ),
    *(
        (f"monitor:Condition{end}", name)
        for name in ("alertSensitivity", "criterionType", "ignoreDataBefore", "minRecurrenceCount")
        for end in ("Args", "Response")
    ),
    *((f"authorization:{name} (answer)", "systemData") for name in ("RoleAssignment", "RoleDefinition")),
    *((f"monitor:ActionGroup{end}", name) for name in ("identity", "systemData") for end in ("", " (answer)")),
    ("resources:DeploymentParameterArgs", "type"),
)
PLACED_BY_HAND: dict[tuple[str, str], list[str]] = {
    **{each: [each[1]] for each in _DIRECTLY},
    **{(f"monitor:ActionGroup{end}", "incidentReceivers"): ["properties", "incidentReceivers"] for end in ("", " (answer)")},
    **{(f"network:IpamPoolPrefixAllocation{end}", "id"): ["pool", "id"] for end in ("Args", "Response")},
}
"""(class of the SDK, property) -> its place in the body, where Microsoft's client, of another version, has none."""
PATHS = {
    "storage:BlobServiceProperties": "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers"
    "/Microsoft.Storage/storageAccounts/{accountName}/blobServices/{blobServicesName}"
}
"""Paths in which Microsoft's client fixes what the SDK asks for."""


@dataclass(frozen=True)
class Place:
    """Where a property stands below its object, and of which model its value or its items are."""

    path: tuple[str, ...]
    model: str
    many: str
    attribute: str
    told: bool = False
    """Whether nobody but Azure writes it."""


class Models:
    """The models of one azure-mgmt package, of either generation of its generator."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module

    def places(self, name: str) -> dict[str, Place]:
        """Every property of a model by its Python name."""
        model = getattr(self.module, name)
        if hasattr(model, "_attribute_map"):
            return self._old(model)
        found: dict[str, Place] = {}
        for each in reversed(model.__mro__):
            notes = inspect.get_annotations(each)
            for attribute, field in each.__dict__.items():
                if type(field).__name__ == "_RestField":
                    rest = getattr(field, "_rest_name_input", None) or attribute
                    kind = str(notes.get(attribute, ""))
                    told = getattr(field, "_visibility", None) == ["read"]
                    found[attribute] = Place((rest,), _model_in(kind), _many_in(kind), attribute, told)
        return found

    def _old(self, model: Any) -> dict[str, Place]:
        found: dict[str, Place] = {}
        for attribute, entry in model._attribute_map.items():  # noqa: SLF001 - told nowhere else
            path = tuple(part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", entry["key"]))
            kind = entry["type"]
            inner = kind.strip("[]{}")
            known = inner if hasattr(self.module, inner) and inner[:1].isupper() else ""
            told = bool(model._validation.get(attribute, {}).get("readonly"))  # noqa: SLF001 - told nowhere else
            found[attribute] = Place(path, known, {"[": "list", "{": "map"}.get(kind[:1], ""), attribute, told)
        return found

    def find(self, name: str, wanted: str) -> Place | None:
        """A property by the SDK's name of it: at the model itself, or inside its `properties`."""
        places = self.places(name)
        if found := _matching(places, wanted):
            return found
        inside = next((each for each in places.values() if each.path == ("properties",)), None)
        if inside is None or not inside.model:
            return None
        inner = _matching(self.places(inside.model), wanted)
        return inner and Place((*inside.path, *inner.path), inner.model, inner.many, inner.attribute, inner.told)

    def subtype(self, name: str, sdk_name: str, constants: dict[str, str]) -> str:
        """The subtype of a model that a class of the SDK stands for."""
        if sdk_name and hasattr(self.module, sdk_name):
            return sdk_name
        model = getattr(self.module, name)
        values = set(constants.values())
        for each in _all_subclasses(model):
            own = getattr(each, "__mapping__", {})
            if values & set(own):
                return own[next(iter(values & set(own)))].__name__
        mapped = getattr(model, "_subtype_map", {})
        for by_value in mapped.values():
            for value, subtype in by_value.items():
                if value in values:
                    return str(subtype)
        return name


def _all_subclasses(model: Any) -> list[Any]:
    return [model, *(each for child in model.__subclasses__() for each in _all_subclasses(child))]


def _model_in(kind: str) -> str:
    found = re.search(r"_models\.(\w+)", kind)
    return found[1] if found else ""


def _many_in(kind: str) -> str:
    found = re.match(r"(?:typing\.)?(?:Optional\[)?(?:typing\.)?(list|dict)\[", kind, re.IGNORECASE)
    return {"list": "list", "dict": "map"}[found[1].lower()] if found else ""


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _matching(places: dict[str, Place], wanted: str) -> Place | None:
    by_rest = [each for each in places.values() if each.path[-1] == wanted]
    by_attribute = [each for each in places.values() if _plain(each.attribute) == _plain(wanted)]
    return next(iter([*by_rest, *by_attribute]), None)


class Walk:
    """Both packages, side by side."""

    def __init__(self, models: Models, package: str, types: dict[str, Any], missing: list[str]) -> None:
        self._models = models
        self._package = package
        self._types = types
        self._missing = missing

    def object(self, sdk: type, model: str, *, output: bool = False) -> str:
        """Note one class of the SDK, and whatever it reaches; its name in the table."""
        name = f"{self._package}:{sdk.__name__}"
        if name in self._types:
            return name
        entry: dict[str, Any] = {"properties": {}}
        self._types[name] = entry
        kinds = pulumi_types.output_type_types(sdk) if output else pulumi_types.input_type_types(sdk)
        entry["properties"] = self.properties(name, kinds, model, output=output)
        if not output and (required := required_of(sdk)):
            entry["required"] = required
        return name

    def properties(self, owner: str, kinds: dict[str, Any], model: str, *, output: bool) -> dict[str, Any]:
        """Where each property stands; 0 for one that stands in the object itself, under its own name, and is no object."""
        found: dict[str, Any] = {}
        for wanted, kind in kinds.items():
            by_hand = PLACED_BY_HAND.get((owner, wanted))
            place = Place(tuple(by_hand), "", "", "") if by_hand else self._models.find(model, wanted)
            if place is None:
                self._missing.append(f"{owner}.{wanted} of {model}")
                place = Place((wanted,), "", "", "")
            found[wanted] = self._property(wanted, kind, place, output=output) or 0
        return found

    def _property(self, wanted: str, kind: Any, place: Place, *, output: bool) -> Any:
        entry: dict[str, Any] = {}
        if place.path != (wanted,):
            entry["at"] = list(place.path)
        if place.told and not output:
            entry["told"] = True  # an input for the SDK, and for Azure none
        classes, many = classes_in(kind)
        if many == "list" and place.many == "map" and not classes:
            entry["set"] = True  # a list for the program, a map with empty values for Azure
        if classes:
            entry |= {"many": many} if many else {}
            entry |= self._reference(classes, place.model, output=output)
        return entry

    def _reference(self, classes: list[type], model: str, *, output: bool) -> dict[str, Any]:
        names: dict[str, str] = {}
        for sdk in classes:
            constants = constants_of(sdk)
            stem = re.sub(r"(Response|Args)$", "", sdk.__name__)
            inner = (
                self._models.subtype(model, stem, constants)
                if model
                else (stem if hasattr(self._models.module, stem) else "")
            )
            if not inner:
                continue  # a value of another api-version: passed on as it is
            name = self.object(sdk, inner, output=output)
            names["|".join(sorted(constants.values()))] = name
        if not names:
            return {}
        if len(names) == 1:
            return {"of": next(iter(names.values()))}
        tag = next(iter(key for sdk in classes for key in constants_of(sdk)), "")
        return {"by": wire_name(classes[0], tag), "of": names}


def wire_name(sdk: type, python_name: str) -> str:
    """What the wire calls a property."""
    names = pulumi_types._py_to_pulumi_names_from_py_properties(sdk)  # noqa: SLF001 - told nowhere else
    return names.get(python_name, python_name)


def constants_of(sdk: type) -> dict[str, str]:
    """What the constructor sets whatever is given: a discriminator."""
    return dict(CONSTANT.findall(inspect.getsource(sdk.__init__)))


def required_of(sdk: type) -> list[str]:
    """What the constructor demands."""
    names = pulumi_types.input_type_py_to_pulumi_names(sdk)
    parameters = inspect.signature(sdk.__init__).parameters.values()
    own = [each.name for each in parameters if each.default is inspect.Parameter.empty and each.name in names]
    return sorted(names[each] for each in own)


def classes_in(kind: Any) -> tuple[list[type], str]:
    """The SDK's classes in an annotation, and whether it is a list or a map."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if inspect.isclass(kind) and (pulumi_types.is_input_type(kind) or pulumi_types.is_output_type(kind)):
        return [kind], ""
    many = ""
    if origin is not None and "Sequence" in str(origin):
        many = "list"
    elif origin is not None and "Mapping" in str(origin):
        many = "map"
    classes: list[type] = []
    for each in arguments:
        inner, inside = classes_in(each)
        classes += [found for found in inner if found not in classes]
        many = many or inside
    return classes, many


def standalone(sdk: type) -> list[str]:
    """The lists that are also resources of their own, by the SDK's docstrings."""
    names = pulumi_types.input_type_py_to_pulumi_names(sdk)
    return sorted(
        names[attribute]
        for attribute, value in vars(sdk).items()
        if isinstance(value, property) and STANDALONE in (value.__doc__ or "") and attribute in names
    )


def resource(row: Row, types: dict[str, Any], missing: list[str]) -> dict[str, Any]:
    """One row of the table."""
    package, name = row.token.split(":")
    sdk = getattr(importlib.import_module(f"pulumi_azure_native.{package}"), name)
    module = sys.modules[sdk.__module__]
    arguments = getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args")
    models = Models(importlib.import_module(f"azure.mgmt.{row.models}"))
    source = inspect.getsource(
        getattr(importlib.import_module(f"azure.mgmt.{row.operations}"), f"build_{row.request}_request")
    )
    found = URL.search(source)
    api = API.search(inspect.getsource(module))
    if found is None or api is None:
        raise SystemExit(f"{row.token}: no path or no api-version")
    path = PATHS.get(row.token, found[1])
    in_path = set(re.findall(r"\{(\w+)\}", path)) - {"subscriptionId"}
    walk = Walk(models, package, types, missing)
    kinds = pulumi_types.input_type_types(arguments)
    if left := in_path - kinds.keys():
        missing.append(f"{row.token}: {sorted(left)} of its path are no inputs")
    twice = {key for key in in_path & kinds.keys() if is_in_the_body_too(models.find(row.model, key))}
    body = {key: kind for key, kind in kinds.items() if key not in in_path or key in twice}
    told = {
        key: kind for key, kind in pulumi_types.resource_types(sdk).items() if key not in {"id", "urn", "azureApiVersion"}
    }
    inputs = walk.properties(row.token, body, row.model, output=False)
    outputs = walk.properties(f"{row.token} (answer)", told, OUTPUT_MODELS.get(row.token, row.model), output=True)
    # What is one of several types is `Any` among the SDK's outputs: it is told in the shape in which it is given.
    outputs |= {name: entry for name, entry in inputs.items() if name in outputs and entry and "by" in entry}
    return {
        "path": path,
        "api": api[1],
        "inputs": inputs,
        "outputs": outputs,
        "required": required_of(arguments),
        "standalone": standalone_of(arguments, body, package),
    }


def is_in_the_body_too(place: Place | None) -> bool:
    """Whether a name that stands in the path is written in the body as well: the name of a web test."""
    return place is not None and not place.told and len(place.path) > 1


def standalone_of(arguments: type, body: dict[str, Any], package: str) -> list[list[str]]:
    """The same at the top and one level below, as paths of the SDK's names."""
    del package
    found = [[name] for name in standalone(arguments)]
    for name, kind in body.items():
        classes, many = classes_in(kind)
        if not many:
            found += [[name, inner] for sdk in classes for inner in standalone(sdk)]
    return found


def main() -> None:
    """Print the table."""
    types: dict[str, Any] = {}
    missing: list[str] = []
    rows = {f"azure-native:{row.token}": resource(row, types, missing) for row in ROWS}
    if missing:
        raise SystemExit("\n".join(["no place was found for:", *sorted(set(missing))]))
    packages = sorted(
        each.metadata["Name"] for each in metadata.distributions() if each.metadata["Name"].startswith("azure-mgmt-")
    )
    sources = {name: metadata.version(name) for name in ["pulumi_azure_native", *packages]}
    parts = [
        f'"sources": {compact(sources)}',
        *(
            f'"{part}": {{\n'
            + ",\n".join(f"{compact(key)}: {compact(value)}" for key, value in sorted(rows_of.items()))
            + "\n}"
            for part, rows_of in (("resources", rows), ("types", types))
        ),
    ]
    print("{\n" + ",\n".join(parts) + "\n}")


def compact(value: Any) -> str:
    """JSON on one line, so that a change is a line."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


if __name__ == "__main__":
    main()
