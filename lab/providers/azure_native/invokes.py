"""The functions of azure-native that the program asks: who it is, keys, a signature for a blob, and what a resource is."""

from collections.abc import Mapping
from typing import Any

from lab.providers.azure_native.client import AzureError
from lab.providers.azure_native.cloud import Cloud
from lab.providers.azure_native.mapping import outputs_of
from lab.providers.azure_native.storage import ACCOUNT_TYPE, keys_allowed
from lab.providers.azure_native.tables import table
from lab.providers.handler import Ask
from lab.providers.registry import Function

SAS_INPUTS = (
    *("accountName", "resourceGroupName", "canonicalizedResource", "resource", "permissions", "protocols", "identifier"),
    *("sharedAccessStartTime", "sharedAccessExpiryTime", "iPAddressOrRange", "cacheControl", "contentDisposition"),
    *("contentEncoding", "contentLanguage", "contentType"),
)


def functions(cloud: Cloud) -> dict[str, Function]:
    """Every function, by its token."""
    return {
        "azure-native:authorization:getClientConfig": lambda ask: _client_config(cloud, ask),
        "azure-native:network:getLoadBalancer": lambda ask: _resource(cloud, ask, "azure-native:network:LoadBalancer"),
        "azure-native:network:getPublicIPAddress": lambda ask: _resource(cloud, ask, "azure-native:network:PublicIPAddress"),
        "azure-native:storage:listStorageAccountKeys": lambda ask: _keys(cloud, ask),
        "azure-native:storage:listStorageAccountServiceSAS": lambda ask: _sas(cloud, ask),
    }


def _client_config(cloud: Cloud, ask: Ask) -> Mapping[str, Any]:
    del ask
    caller = cloud.client.caller
    return {"clientId": caller, "objectId": caller, "subscriptionId": cloud.subscription, "tenantId": cloud.tenant}


def _resource(cloud: Cloud, ask: Ask, token: str) -> Mapping[str, Any]:
    """As Azure has it now, in the words of its type."""
    row = table().rows[token]
    ask.get("expand")
    names = {name: ask[name] for name in row.in_path}
    resource_id = row.id_of(names, cloud.subscription)
    document = cloud.get(resource_id, row.api)
    if document is None:
        raise AzureError(404, "ResourceNotFound", f"The resource {resource_id} was not found.")
    return {"id": resource_id, **outputs_of(row, document)}


def _keys(cloud: Cloud, ask: Ask) -> Mapping[str, Any]:
    """Asked of Resource Manager; for real keys too an account may say that they open nothing."""
    ask.get("expand")
    row = table().rows[ACCOUNT_TYPE]
    names = {name: ask[name] for name in ("accountName", "resourceGroupName")}
    told = cloud.client.ask("POST", f"{row.id_of(names, cloud.subscription)}/listKeys", row.api, {}).body
    return {"keys": told.get("keys", [])}


def _sas(cloud: Cloud, ask: Ask) -> Mapping[str, Any]:
    """Signed here, since the key that opens the lab's blobs is the blob service's own."""
    row = table().rows[ACCOUNT_TYPE]
    names = {name: ask[name] for name in ("accountName", "resourceGroupName")}
    ask.get("keyToSign")
    asked = {name: ask.get(name) for name in SAS_INPUTS if name in ask}
    account = cloud.get(row.id_of(names, cloud.subscription), row.api)
    if account is None:
        raise AzureError(404, "ResourceNotFound", f"The storage account {names['accountName']} was not found.")
    keys_allowed(account)
    if cloud.blobs is None:
        raise LookupError("the lab has no blob service here, so nothing could be opened by a signature; start Azurite")
    return {"serviceSasToken": cloud.blobs.sas(asked)}
