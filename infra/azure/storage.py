"""A storage account, with nothing left to a default. A part of `record` and `bundle`."""

import pulumi
import pulumi_azure_native as azure

from infra.azure.account import Place
from infra.naming import tags
from infra.shapes import child


def storage_account(
    owner: pulumi.Resource, name: str, place: Place, *, account_name: str, shared_keys: bool, protect: bool
) -> azure.storage.StorageAccount:
    """An account in three zones, open to whoever has a role or, with `shared_keys`, its key.

    Functions are no trusted service: with a firewall that denies, neither the host nor the deployment would reach it but by
    private endpoints.
    """
    return azure.storage.StorageAccount(
        name,
        account_name=account_name,
        resource_group_name=place["group"],
        location=place["region"],
        kind="StorageV2",
        # Fixed for good: a change of it is no plain write.
        sku={"name": "Standard_ZRS"},
        access_tier=azure.storage.AccessTier.HOT,
        allow_shared_key_access=shared_keys,
        default_to_o_auth_authentication=True,
        allow_blob_public_access=False,
        allow_cross_tenant_replication=False,
        enable_https_traffic_only=True,
        minimum_tls_version="TLS1_2",
        public_network_access="Enabled",
        network_rule_set={"default_action": azure.storage.DefaultAction.ALLOW, "bypass": "AzureServices"},
        tags=tags(place["site"], place["tags"]),
        opts=child(owner, protect=protect),
    )


def container(
    owner: pulumi.Resource,
    name: str,
    place: Place,
    *,
    account: azure.storage.StorageAccount,
    container_name: str,
    protect: bool = False,
) -> azure.storage.BlobContainer:
    """A container that nobody reads without a role."""
    return azure.storage.BlobContainer(
        name,
        account_name=account.name,
        container_name=container_name,
        resource_group_name=place["group"],
        public_access=azure.storage.PublicAccess.NONE,
        opts=child(owner, protect=protect),
    )
