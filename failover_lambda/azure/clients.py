"""The SDK's clients, built once while the function starts; adapters are handed the one that they need.

The SDK's own defaults would try a call three times more and wait 300 s for a dead endpoint. Here every call is tried once,
with short timeouts; whether to ask again is decided by the rule, after reading. Nobody polls an operation: see `network`.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient

CONNECT_S: Final = 1
READ_S: Final = 10
"""Seconds. A write is answered when Resource Manager has accepted it, after a look at every resource that the body names."""

ENDPOINT_VARIABLE: Final = "TANDEM_RESOURCE_MANAGER"
"""Where Resource Manager answers, and what its tokens are for; not set: Azure's public cloud."""


@dataclass(frozen=True)
class Clients:
    """One client per service; each may be used by many threads at once."""

    network: NetworkManagementClient
    compute: ComputeManagementClient


def build(subscription_id: str, credential: Any, **options: Any) -> Clients:
    """All clients; `options` go to both: `options_of`."""
    once: dict[str, Any] = {"connection_timeout": CONNECT_S, "read_timeout": READ_S, "retry_total": 0} | options
    return Clients(
        network=NetworkManagementClient(credential, subscription_id, **once),
        compute=ComputeManagementClient(credential, subscription_id, **once),
    )


def options_of(environment: Mapping[str, str]) -> dict[str, Any]:
    """The options for the Resource Manager that the environment names: of another cloud, or of a lab.

    Raises:
        ValueError: it is no https address; http is for this very machine alone, because tokens travel in clear then.
    """
    endpoint = environment.get(ENDPOINT_VARIABLE, "").rstrip("/")
    if not endpoint:
        return {}
    named: dict[str, Any] = {"base_url": endpoint, "credential_scopes": [f"{endpoint}/.default"]}
    url = urlsplit(endpoint)
    if url.scheme == "https" and url.hostname:
        return named
    if url.scheme == "http" and _is_this_machine(url.hostname or ""):
        return named | {"per_call_policies": [_InClear()]}
    raise ValueError(f"{ENDPOINT_VARIABLE}={endpoint!r} is no https address")


class _InClear(SansIOHTTPPolicy[Any, Any]):
    """Lets a token travel without TLS, which the clients refuse otherwise."""

    def on_request(self, request: PipelineRequest[Any]) -> None:
        request.context.options.setdefault("enforce_https", False)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
