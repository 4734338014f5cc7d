"""The few of Azure's built-in roles that the lab assigns: id -> name, actions, actions that are not. Public constants."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Role(NamedTuple):
    """One built-in role."""

    name: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()


_NO_ACCESS = ("Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write")
BUILTIN_ROLES: Mapping[str, Role] = MappingProxyType(
    {
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": Role("Owner", ("*",)),
        "b24988ac-6180-42a0-ab88-20f7382dd24c": Role("Contributor", ("*",), _NO_ACCESS),
        "acdd72a7-3385-48ef-bd42-f606fba81ae7": Role("Reader", ("*/read",)),
        "4d97b98b-1d4f-4787-a291-c67834d212e7": Role("Network Contributor", ("Microsoft.Network/*",)),
        "9980e02c-c2be-4d73-94e8-173b1dc7cf3c": Role(
            "Virtual Machine Contributor",
            (
                "Microsoft.Compute/virtualMachines/*",
                "Microsoft.Compute/disks/*",
                "Microsoft.Network/networkInterfaces/*",
                "Microsoft.Network/networkSecurityGroups/join/action",
                "Microsoft.Network/publicIPAddresses/join/action",
                "Microsoft.Network/virtualNetworks/subnets/join/action",
            ),
        ),
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": Role("User Access Administrator", ("*/read", "Microsoft.Authorization/*")),
        # These allow nothing in the control plane: they are about keys and blobs.
        "e147488a-f6f5-4113-8e2d-b22465e65bf6": Role("Key Vault Crypto Service Encryption User", ()),
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603": Role("Key Vault Crypto Officer", ()),
        "00482a5a-887f-4fb3-b363-3b7fe8e74483": Role("Key Vault Administrator", ()),
        "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": Role("Storage Blob Data Owner", ()),
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe": Role("Storage Blob Data Contributor", ()),
    }
)
