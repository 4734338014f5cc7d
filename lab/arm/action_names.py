"""The operations of Azure's providers that this emulator knows by name, and which one a call is. Pure.

A role definition that names anything else is refused, as in Azure; so a misspelt action is found when the role is made.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from lab.arm.ids import GROUP_TYPE, Target
from lab.arm.kinds import KINDS

_GROUPS = "Microsoft.Resources/subscriptions/resourceGroups"
_VERBS = MappingProxyType({"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"})
_MORE = (
    "Microsoft.Authorization/permissions/read",
    "Microsoft.Compute/diskEncryptionSets/read",
    "Microsoft.Compute/locations/operations/read",
    "Microsoft.Compute/skus/read",
    "Microsoft.Compute/virtualMachines/deallocate/action",
    "Microsoft.Compute/virtualMachines/instanceView/read",
    "Microsoft.Compute/virtualMachines/powerOff/action",
    "Microsoft.Compute/virtualMachines/restart/action",
    "Microsoft.Compute/virtualMachines/start/action",
    "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
    "Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action",
    "Microsoft.Network/loadBalancers/backendAddressPools/join/action",
    "Microsoft.Network/loadBalancers/frontendIPConfigurations/join/action",
    "Microsoft.Network/loadBalancers/inboundNatRules/join/action",
    "Microsoft.Network/loadBalancers/probes/join/action",
    "Microsoft.Network/locations/operations/read",
    "Microsoft.Network/locations/operationResults/read",
    "Microsoft.Network/natGateways/join/action",
    "Microsoft.Network/networkInterfaces/join/action",
    "Microsoft.Network/networkSecurityGroups/defaultSecurityRules/read",
    "Microsoft.Network/networkSecurityGroups/join/action",
    "Microsoft.Network/publicIPAddresses/join/action",
    "Microsoft.Network/routeTables/join/action",
    "Microsoft.Network/virtualNetworks/joinLoadBalancer/action",
    "Microsoft.Network/virtualNetworks/subnets/join/action",
    "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action",
    "Microsoft.Storage/storageAccounts/listKeys/action",
    "Microsoft.Web/sites/config/list/action",
    f"{_GROUPS}/read",
    f"{_GROUPS}/write",
    f"{_GROUPS}/delete",
    "Microsoft.Resources/subscriptions/read",
)
ACTIONS = frozenset(
    [f"{kind.type}/{verb}" for kind in KINDS.values() if kind.type != GROUP_TYPE for verb in ("read", "write", "delete")]
    + list(_MORE)
)
"""All of them."""

JOINS: Mapping[str, str] = MappingProxyType(
    {
        "microsoft.network/publicipaddresses": "Microsoft.Network/publicIPAddresses/join/action",
        "microsoft.network/virtualnetworks/subnets": "Microsoft.Network/virtualNetworks/subnets/join/action",
        "microsoft.network/virtualnetworks": "Microsoft.Network/virtualNetworks/joinLoadBalancer/action",
        "microsoft.network/networksecuritygroups": "Microsoft.Network/networkSecurityGroups/join/action",
        "microsoft.network/loadbalancers/backendaddresspools": (
            "Microsoft.Network/loadBalancers/backendAddressPools/join/action"
        ),
        "microsoft.network/loadbalancers/inboundnatrules": "Microsoft.Network/loadBalancers/inboundNatRules/join/action",
        "microsoft.network/applicationsecuritygroups": (
            "Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action"
        ),
        "microsoft.network/natgateways": "Microsoft.Network/natGateways/join/action",
        "microsoft.network/routetables": "Microsoft.Network/routeTables/join/action",
        "microsoft.network/networkinterfaces": "Microsoft.Network/networkInterfaces/join/action",
        "microsoft.compute/disks": "Microsoft.Compute/disks/write",
        "microsoft.compute/diskencryptionsets": "Microsoft.Compute/diskEncryptionSets/read",
        "microsoft.managedidentity/userassignedidentities": "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
    }
)
"""Type of what a body names, in lower case -> what the caller must be allowed to do with it."""


def action_of(method: str, target: Target) -> str:
    """The operation that a call is, as roles name it.

    >>> from lab.arm.ids import parse
    >>> group = "/subscriptions/S/resourceGroups/G/providers"
    >>> action_of("POST", parse(f"{group}/Microsoft.Compute/virtualMachines/wk1/powerOff"))
    'Microsoft.Compute/virtualMachines/powerOff/action'
    >>> action_of("GET", parse(f"{group}/Microsoft.Network/networkInterfaces"))
    'Microsoft.Network/networkInterfaces/read'
    """
    own = _GROUPS if target.type == GROUP_TYPE else _canonical(target.type)
    if not target.rest:
        return f"{own}/{_VERBS.get(method, 'action')}"
    if target.rest == GROUP_TYPE:
        return f"{_GROUPS}/read"
    listed = target.rest if "/" in target.rest else f"{own}/{target.rest}"
    return f"{_canonical(listed)}/{'action' if method == 'POST' else _VERBS.get(method, 'action')}"


def _canonical(resource_type: str) -> str:
    kind = KINDS.get(resource_type.lower())
    return kind.type if kind else resource_type


def matches(pattern: str, action: str) -> bool:
    """Whether an action of a role, with its wildcards, covers this one; letter case does not count.

    >>> matches("Microsoft.Network/*/join/action", "Microsoft.Network/virtualNetworks/subnets/join/action")
    True
    """
    expression = ".*".join(re.escape(part) for part in pattern.lower().split("*"))
    return re.fullmatch(expression, action.lower()) is not None


def is_known(pattern: str) -> bool:
    """Whether a role may name it: an operation there is, or a wildcard that covers one."""
    return any(matches(pattern, action) for action in ACTIONS)
