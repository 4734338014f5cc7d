"""The SDK's clients, built once while the function starts; adapters are handed the one that they need.

The SDK's own defaults would try a call three times more and wait 300 s for a dead endpoint. Here every call is tried once,
with short timeouts; whether to ask again is decided by the rule, after reading. Nobody polls an operation: see `network`.
"""

from dataclasses import dataclass
from typing import Any, Final

from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient

CONNECT_S: Final = 1
READ_S: Final = 10
"""Seconds. A write is answered when Resource Manager has accepted it, after a look at every resource that the body names."""


@dataclass(frozen=True)
class Clients:
    """One client per service; each may be used by many threads at once."""

    network: NetworkManagementClient
    compute: ComputeManagementClient


def build(subscription_id: str, credential: Any, **options: Any) -> Clients:
    """All clients; `options` go to both (the lab's endpoint)."""
    once: dict[str, Any] = {"connection_timeout": CONNECT_S, "read_timeout": READ_S, "retry_total": 0} | options
    return Clients(
        network=NetworkManagementClient(credential, subscription_id, **once),
        compute=ComputeManagementClient(credential, subscription_id, **once),
    )
