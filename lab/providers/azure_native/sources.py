"""Which inputs replace a resource of azure-native, and how well that is known. Data only.

Every input that stands in the path replaces the resource, and every input of the body that the provider's metadata marks so
(pulumi-azure-native `provider/pkg/provider/diff.go`, `calculateDetailedDiff`). The marks come from a list in the provider's
generator (`provider/pkg/gen/replacement.go`, `forceNewMap`) and from `x-ms-mutability` in Azure's own descriptions; both end
in the schema as `willReplaceOnChanges`. No installed package has that schema, so a stored copy of it was read
(danielrbradley/pulumi-azure-native-schema at 3b272d2e30a0), which is of an older version than 3.29.0. What is *not* marked
there is updated in place, and Azure refuses it then where it cannot: zones of an address, custom data of a machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from lab.providers.azure_native.tables import Row


class Standing(Enum):
    """How well something is known, as the page says it."""

    VERIFIED = "verified"
    DOCUMENTED = "documented"
    ASSUMED = "assumed"


@dataclass(frozen=True)
class Marked:
    """The marked inputs of the body of one type, and where that was read."""

    inputs: frozenset[str]
    standing: Standing
    where: str


def _listed(*inputs: str) -> Marked:
    return Marked(frozenset(inputs), Standing.VERIFIED, "`forceNewMap` in `provider/pkg/gen/replacement.go` at 1b7112af33c6")


def _schema(*inputs: str) -> Marked:
    return Marked(frozenset(inputs), Standing.VERIFIED, "schema at 3b272d2e30a0")


UNREAD = Marked(frozenset(), Standing.ASSUMED, "no mark is known; its schema was not read")

MARKED: Mapping[str, Marked] = MappingProxyType(
    {
        "azure-native:authorization:RoleAssignment": _listed("principalId", "scope"),
        "azure-native:network:PublicIPAddress": _listed("location", "publicIPAddressVersion", "publicIPPrefix", "sku"),
        "azure-native:network:Subnet": _listed(),
        "azure-native:network:VirtualNetwork": _listed("location"),
        "azure-native:network:NetworkInterface": _schema(),
        "azure-native:resources:ResourceGroup": _listed("location"),
        "azure-native:storage:BlobContainer": _listed(),
        "azure-native:storage:StorageAccount": _listed("isHnsEnabled", "location"),
        "azure-native:web:AppServicePlan": _schema("reserved"),
        "azure-native:web:WebApp": _listed("location", "kind"),
        "azure-native:compute:VirtualMachine": _schema(),
        "azure-native:compute:Disk": _schema(),
        "azure-native:compute:DedicatedHost": _schema(),
        "azure-native:keyvault:Vault": _schema(),
        "azure-native:keyvault:Key": _schema(),
        "azure-native:managedidentity:UserAssignedIdentity": _schema("location"),
        "azure-native:operationalinsights:Workspace": _schema("location"),
        "azure-native:applicationinsights:Component": _schema("location"),
        "azure-native:monitor:ScheduledQueryRule": _schema("location"),
        "azure-native:monitor:ActionGroup": _schema("location"),
        "azure-native:applicationinsights:WebTest": _schema("location"),
        "azure-native:applicationinsights:Workbook": _schema("location"),
        "azure-native:monitor:MetricAlert": _schema("location"),
        "azure-native:monitor:ActivityLogAlert": _schema("location"),
        "azure-native:network:NetworkSecurityGroup": _schema(),
        "azure-native:network:SecurityRule": _schema(),
        "azure-native:network:NatGateway": _schema(),
        "azure-native:network:LoadBalancer": _schema(),
        "azure-native:compute:DiskEncryptionSet": _schema(),
        "azure-native:authorization:RoleDefinition": _schema(),
        "azure-native:authorization:ManagementLockByScope": _schema(),
        "azure-native:resources:Deployment": _schema(),
        "azure-native:storage:BlobServiceProperties": _schema(),
        "azure-native:web:WebAppApplicationSettings": _schema(),
    }
)
"""By type; what is not here is `UNREAD`."""


def marked(token: str) -> Marked:
    """What is known of a type."""
    return MARKED.get(token, UNREAD)


def replaces(row: Row) -> frozenset[str]:
    """Every input whose change makes a new resource."""
    return frozenset(row.in_path) | marked(row.token).inputs
