"""Every type of resource that the emulator has, in one table: where it is kept, and how its operations are called.

A document is kept for itself. A child with a `collection` is kept inside its parent's properties and is a view of it: one
text, two paths, one ETag. A plain type is kept and given back at once; but for vaults, no rule
of its provider is played.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

NETWORK, COMPUTE = "Microsoft.Network", "Microsoft.Compute"


@dataclass(frozen=True)
class Kind:
    """One type.

    Attributes:
        type: its whole name, in Azure's letter case.
        operation: what stands in the name of its operations, `Put{operation}Operation`.
        collection: the parent's property that it is kept in; empty: a document of its own.
        written: whether it is written at a path of its own.
        tracked: whether it has a location and tags.
        plain: no operations, and hardly a rule.
    """

    type: str
    operation: str
    collection: str = ""
    written: bool = True
    tracked: bool = True
    plain: bool = False

    @property
    def namespace(self) -> str:
        """Of its provider."""
        return self.type.partition("/")[0]

    @property
    def segment(self) -> str:
        """The last part of the type."""
        return self.type.rpartition("/")[2]

    @property
    def parent_type(self) -> str:
        """The type it stands in; empty for a top-level one."""
        return self.type.rpartition("/")[0] if self.type.count("/") > 1 else ""


def _inside(parent: str, segment: str, operation: str, *, written: bool = True) -> Kind:
    return Kind(f"{NETWORK}/{parent}/{segment}", operation, segment, written, tracked=False)


_PLAIN = (
    "Microsoft.App/managedEnvironments",
    "Microsoft.Compute/hostGroups",
    "Microsoft.Compute/hostGroups/hosts",
    "Microsoft.Compute/virtualMachines/extensions",
    "Microsoft.Insights/actionGroups",
    "Microsoft.Insights/activityLogAlerts",
    "Microsoft.Insights/components",
    "Microsoft.Insights/metricAlerts",
    "Microsoft.Insights/scheduledQueryRules",
    "Microsoft.Insights/webtests",
    "Microsoft.Insights/workbooks",
    "Microsoft.KeyVault/vaults",
    "Microsoft.KeyVault/vaults/keys",
    "Microsoft.KeyVault/vaults/secrets",
    "Microsoft.Network/networkWatchers",
    "Microsoft.Network/networkWatchers/flowLogs",
    "Microsoft.Network/privateDnsZones",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
    "Microsoft.Network/privateEndpoints",
    "Microsoft.OperationalInsights/workspaces",
    "Microsoft.Storage/storageAccounts",
    "Microsoft.Storage/storageAccounts/blobServices",
    "Microsoft.Storage/storageAccounts/blobServices/containers",
    "Microsoft.Storage/storageAccounts/fileServices",
    "Microsoft.Storage/storageAccounts/queueServices",
    "Microsoft.Storage/storageAccounts/tableServices",
    "Microsoft.Storage/storageAccounts/fileServices/shares",
    "Microsoft.Web/serverfarms",
    "Microsoft.Web/sites",
    "Microsoft.Web/sites/config",
    "Microsoft.Web/sites/extensions",
)
_ALL = (
    Kind("Microsoft.Resources/resourceGroups", "ResourceGroup"),
    Kind(f"{NETWORK}/virtualNetworks", "VirtualNetwork"),
    _inside("virtualNetworks", "subnets", "Subnet"),
    Kind(f"{NETWORK}/networkSecurityGroups", "NetworkSecurityGroup"),
    _inside("networkSecurityGroups", "securityRules", "SecurityRule"),
    Kind(f"{NETWORK}/publicIPAddresses", "PublicIpAddress"),
    Kind(f"{NETWORK}/networkInterfaces", "Nic"),
    _inside("networkInterfaces", "ipConfigurations", "IpConfiguration", written=False),
    Kind(f"{NETWORK}/loadBalancers", "LoadBalancer"),
    _inside("loadBalancers", "frontendIPConfigurations", "FrontendIpConfiguration", written=False),
    _inside("loadBalancers", "backendAddressPools", "LoadBalancerBackendAddressPool"),
    _inside("loadBalancers/backendAddressPools", "loadBalancerBackendAddresses", "BackendAddress", written=False),
    _inside("loadBalancers", "loadBalancingRules", "LoadBalancingRule", written=False),
    _inside("loadBalancers", "probes", "Probe", written=False),
    _inside("loadBalancers", "outboundRules", "OutboundRule", written=False),
    _inside("loadBalancers", "inboundNatRules", "InboundNatRule"),
    Kind(f"{NETWORK}/natGateways", "NatGateway"),
    Kind(f"{NETWORK}/routeTables", "RouteTable"),
    _inside("routeTables", "routes", "Route"),
    Kind(f"{NETWORK}/applicationSecurityGroups", "ApplicationSecurityGroup"),
    Kind(f"{COMPUTE}/virtualMachines", "VirtualMachine"),
    Kind(f"{COMPUTE}/disks", "Disk"),
    Kind(f"{COMPUTE}/diskEncryptionSets", "DiskEncryptionSet"),
    Kind("Microsoft.ManagedIdentity/userAssignedIdentities", "UserAssignedIdentity"),
    Kind("Microsoft.Authorization/roleDefinitions", "RoleDefinition", tracked=False),
    Kind("Microsoft.Authorization/roleAssignments", "RoleAssignment", tracked=False),
    Kind("Microsoft.Authorization/locks", "Lock", tracked=False),
    Kind("Microsoft.Resources/deployments", "Deployment", tracked=False, plain=True),
    *(Kind(name, name.rpartition("/")[2], tracked=name.count("/") == 1, plain=True) for name in _PLAIN),
)
KINDS: Mapping[str, Kind] = MappingProxyType({kind.type.lower(): kind for kind in _ALL})
"""By lower-cased type."""


def kind_of(resource_type: str) -> Kind | None:
    """The type's row, in whatever letter case it is written; None for one that the emulator does not have."""
    return KINDS.get(resource_type.lower())


def children_of(kind: Kind) -> tuple[Kind, ...]:
    """The types that are kept inside this one, nearest only."""
    return tuple(each for each in _ALL if each.collection and each.parent_type == kind.type)
