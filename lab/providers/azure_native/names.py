"""The name that a resource gets when its program gives none. Pure.

As the real provider (pulumi-azure-native `provider/pkg/provider/provider.go`, `getDefaultName`, and
`provider/pkg/resources/resources.go`, `AutoName`): the logical name and 8 hex digits without anything between them; a UUID
for a role's definition and assignment; inside another resource the logical name itself. A name is kept as long as the
program gives none. Where the provider made the name by chance, the inputs say so (`__createBeforeDelete`): only then can a
replacement be made before the old resource goes.
"""

import hashlib
import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from lab.providers.azure_native.tables import Row
from lab.providers.naming import Mode, Naming

HIDDEN = "__"
"""How the names of a provider's own notes among the inputs begin."""

BY_CHANCE = f"{HIDDEN}createBeforeDelete"
"""The input that says that the name was made by chance."""

TAIL_DIGITS = 8

UUIDS = frozenset({"roleAssignmentName", "roleDefinitionId"})
"""Names that are UUIDs."""


def made_name(row: Row, logical: str, news: Mapping[str, Any], olds: Mapping[str, Any], naming: Naming) -> dict[str, Any]:
    """What is added to the inputs for the name; empty where the program gives it, and where there shall be none.

    >>> from lab.providers.azure_native.tables import table
    >>> row = table().rows["azure-native:network:VirtualNetwork"]
    >>> made_name(row, "net", {}, {"virtualNetworkName": "net1234abcd", "__createBeforeDelete": True}, Naming())
    {'virtualNetworkName': 'net1234abcd', '__createBeforeDelete': True}
    """
    key = row.named
    if not key or key in news:
        return {}
    if key in olds:
        return {key: olds[key], **({BY_CHANCE: True} if olds.get(BY_CHANCE) is True else {})}
    if naming.mode is Mode.DISABLE:
        return {}
    if naming.mode is Mode.ENFORCE or (naming.mode is Mode.PROPOSE and key not in UUIDS):
        return {key: naming.proposed, BY_CHANCE: True}
    return _made(row, key, logical, naming.seed)


def _made(row: Row, key: str, logical: str, seed: bytes) -> dict[str, Any]:
    if key in UUIDS:
        return {key: str(uuid.UUID(_digits(seed, 32))), BY_CHANCE: True}
    if row.is_child:
        return {key: logical}
    return {key: logical + _digits(seed, TAIL_DIGITS), BY_CHANCE: True}


def _digits(seed: bytes, count: int) -> str:
    """Hex digits; the same seed gives the same ones, which are not those of the real provider."""
    return hashlib.sha256(seed or secrets.token_bytes()).hexdigest()[:count]
