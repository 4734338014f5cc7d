"""What the checks look with: type tokens, and short ways to what a pair recorded.

Like the checks, this imports nothing of the program.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lab.recording import Deployment, Registration
from tests.infra.traps.registry import Registry

REGISTRY = Registry()
trap = REGISTRY.trap

ACTION_GROUP = "azure-native:monitor:ActionGroup"
ACTIVITY_ALERT = "azure-native:monitor:ActivityLogAlert"
APP = "azure-native:web:WebApp"
ASSIGNMENT = "azure-native:authorization:RoleAssignment"
BALANCER = "azure-native:network:LoadBalancer"
BLOB = "azure-native:storage:Blob"
BLOB_SERVICE = "azure-native:storage:BlobServiceProperties"
CARD = "azure-native:network:NetworkInterface"
CODE = "azure-native:resources:Deployment"
COMPONENT = "azure-native:applicationinsights:Component"
CONTAINER = "azure-native:storage:BlobContainer"
DISK = "azure-native:compute:Disk"
ENCRYPTION_SET = "azure-native:compute:DiskEncryptionSet"
GROUP = "azure-native:network:NetworkSecurityGroup"
HOST = "azure-native:compute:DedicatedHost"
HOST_GROUP = "azure-native:compute:DedicatedHostGroup"
IDENTITY = "azure-native:managedidentity:UserAssignedIdentity"
KEY = "azure-native:keyvault:Key"
LOCK = "azure-native:authorization:ManagementLockByScope"
METRIC_ALERT = "azure-native:monitor:MetricAlert"
NAT_GATEWAY = "azure-native:network:NatGateway"
NETWORK = "azure-native:network:VirtualNetwork"
PLAN = "azure-native:web:AppServicePlan"
PUBLIC_IP = "azure-native:network:PublicIPAddress"
QUERY_RULE = "azure-native:monitor:ScheduledQueryRule"
RESOURCE_GROUP = "azure-native:resources:ResourceGroup"
ROLE = "azure-native:authorization:RoleDefinition"
RULE = "azure-native:network:SecurityRule"
SETTINGS = "azure-native:web:WebAppApplicationSettings"
STORAGE = "azure-native:storage:StorageAccount"
SUBNET = "azure-native:network:Subnet"
VAULT = "azure-native:keyvault:Vault"
VM = "azure-native:compute:VirtualMachine"
WEB_TEST = "azure-native:applicationinsights:WebTest"
WORKBOOK = "azure-native:applicationinsights:Workbook"
WORKSPACE = "azure-native:operationalinsights:Workspace"

TAGLESS_PARTS = frozenset({BLOB, BLOB_SERVICE})
"""Parts of an account, which take no tags."""

WORKERS = ("wk1", "wk2")


def site(deployment: Deployment) -> str:
    """The name of the deployment's site."""
    return deployment.only("tandem:index:Pair").name


def part(deployment: Deployment, type_token: str, name: str) -> Registration:
    """The resource of that type named after that part of the site."""
    return deployment.named(type_token, f"{site(deployment)}-{name}")


def machines(deployment: Deployment) -> dict[str, Mapping[str, Any]]:
    """What was chosen for each worker's machine."""
    return {name: part(deployment, VM, name).inputs for name in WORKERS}


def told(machine: Mapping[str, Any]) -> str:
    """What a machine is told at its first boot."""
    return base64.b64decode(machine["osProfile"]["customData"]).decode()


def rules_of(deployment: Deployment, worker: str) -> list[Mapping[str, Any]]:
    """The rules of a worker's group, in the order in which they are looked at."""
    group = part(deployment, GROUP, worker).outputs["name"]
    rules = [each.inputs for each in deployment.of_type(RULE) if each.inputs["networkSecurityGroupName"] == group]
    return sorted(rules, key=lambda rule: (rule["direction"], rule["priority"]))


def sources(rule: Mapping[str, Any]) -> Sequence[str]:
    """Where a rule lets something come from."""
    return rule.get("sourceAddressPrefixes") or [rule["sourceAddressPrefix"]]


def ports(rule: Mapping[str, Any]) -> Sequence[str]:
    """To which ports."""
    return rule.get("destinationPortRanges") or [rule["destinationPortRange"]]


def own(deployment: Deployment) -> Iterator[Registration]:
    """The resources of the pair, without components and providers."""
    return (each for each in deployment.registrations if each.type.startswith("azure-native:"))


def settings(deployment: Deployment) -> Mapping[str, str]:
    """What the function is told."""
    return deployment.only(SETTINGS).inputs["properties"]


def queries(deployment: Deployment) -> dict[str, Mapping[str, Any]]:
    """What was chosen for each rule on lines, by the end of its name."""
    prefix = f"{site(deployment)}-"
    return {each.name.removeprefix(prefix): each.inputs for each in deployment.of_type(QUERY_RULE)}


def condition(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one condition of a rule on lines."""
    (found,) = rule["criteria"]["allOf"]
    return found
