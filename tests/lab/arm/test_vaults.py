"""Vaults, keys and encryption sets: names that stay taken, promises that stay, and rights that come before use."""

from typing import Any

import pytest

from lab.arm.settings import SUBSCRIPTION, TENANT, Settings
from lab.arm.times import Times
from tests.lab.arm.clouds import COMPUTE, GROUP, LOCATION, Cloud, build_network

VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
KEY = f"{VAULT}/keys/disks"
SET, DISK = f"{COMPUTE}/diskEncryptionSets/des", f"{COMPUTE}/disks/data"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/des"
ROLES = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
CRYPTO_USER = f"{ROLES}/e147488a-f6f5-4113-8e2d-b22465e65bf6"
READER = f"{ROLES}/acdd72a7-3385-48ef-bd42-f606fba81ae7"
GRANT = f"{VAULT}/providers/Microsoft.Authorization/roleAssignments/55555555-0000-0000-0000-000000000000"


def vault_body(**properties: Any) -> dict[str, Any]:
    inside: dict[str, Any] = {"tenantId": TENANT, "enablePurgeProtection": True, "enableRbacAuthorization": True}
    return {"location": LOCATION, "properties": inside | properties}


def set_body(kind: str = "UserAssigned") -> dict[str, Any]:
    identity = {"type": kind} | ({"userAssignedIdentities": {IDENTITY: {}}} if kind == "UserAssigned" else {})
    key = {"activeKey": {"keyUrl": "https://kv.vault.azure.net/keys/disks"}}
    return {"location": LOCATION, "identity": identity, "properties": key}


def disk_body() -> dict[str, Any]:
    encryption = {"diskEncryptionSetId": SET, "type": "EncryptionAtRestWithCustomerKey"}
    return {"location": LOCATION, "properties": {"creationData": {"createOption": "Empty"}, "encryption": encryption}}


def grant(cloud: Cloud, principal: str, role: str = CRYPTO_USER) -> None:
    given = {"principalId": principal, "principalType": "ServicePrincipal", "roleDefinitionId": role}
    assert cloud.put(GRANT, {"properties": given}).status == 201


def principal_of(cloud: Cloud) -> str:
    return str(cloud.get(IDENTITY)["properties"]["principalId"])


def keyed(role_s: float = 0.0, **vault: Any) -> Cloud:
    """A vault with a key, and an identity without any right."""
    cloud = Cloud(Settings(times=Times("ten", {("*", "*"): 10.0}, role_s=role_s)))
    build_network(cloud)
    assert cloud.put(VAULT, vault_body(**vault)).status == 201
    assert cloud.put(KEY, {"properties": {"kty": "RSA", "keySize": 4096}}).status == 201
    assert cloud.put(IDENTITY, {"location": LOCATION}).status == 201
    return cloud


def test_a_deleted_vaults_name_stays_taken_until_it_is_recovered() -> None:
    cloud = keyed()
    cloud.ask("DELETE", KEY)
    assert cloud.ask("DELETE", VAULT).status == 200
    assert cloud.refused(cloud.put(VAULT, vault_body())) == (409, "ConflictError")
    assert cloud.put(VAULT + "2", vault_body()).status == 201
    assert cloud.put(VAULT, vault_body(createMode="recover")).status == 201


def test_a_vaults_name_is_unique_everywhere() -> None:
    cloud = keyed()
    other = GROUP.replace("pair", "other")
    cloud.put(other, {"location": LOCATION})
    assert cloud.refused(cloud.put(VAULT.replace(GROUP, other), vault_body())) == (409, "VaultAlreadyExists")
    assert cloud.put(VAULT.replace(GROUP, other) + "2", vault_body()).status == 201


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"enablePurgeProtection": False}, "BadRequest"),
        ({"softDeleteRetentionInDays": 7}, "BadRequest"),
        ({"softDeleteRetentionInDays": 90}, None),
        ({"enabledForDeployment": True}, None),
    ],
)
def test_what_a_vault_promised_stays(changed: dict[str, Any], code: str | None) -> None:
    assert keyed().put(VAULT, vault_body(**changed)).error == code


def test_a_key_has_its_address_and_a_second_put_changes_nothing() -> None:
    cloud = keyed()
    before = cloud.get(KEY)["properties"]
    assert before["keyUri"] == "https://kv.vault.azure.net/keys/disks"
    cloud.put(KEY, {"properties": {"kty": "RSA", "keySize": 2048}})
    assert cloud.get(KEY)["properties"] == before


def test_a_set_needs_a_key_in_a_vault_with_purge_protection() -> None:
    cloud = keyed(enablePurgeProtection=None)
    grant(cloud, principal_of(cloud))
    assert cloud.put(SET, set_body()).error == "KeyVaultPurgeProtectionNotEnabled"
    cloud.put(VAULT, vault_body())
    missing = set_body()
    missing["properties"]["activeKey"]["keyUrl"] += "x"
    assert cloud.put(SET, missing).error == "KeyVaultKeyNotFound"
    assert cloud.put(SET, set_body()).status == 202


def test_a_set_with_an_assigned_identity_waits_for_the_role_to_work() -> None:
    cloud = keyed(role_s=60.0)
    assert cloud.refused(cloud.put(SET, set_body())) == (403, "KeyVaultAccessForbidden")
    grant(cloud, principal_of(cloud))
    cloud.wait(59)
    assert cloud.put(SET, set_body()).error == "KeyVaultAccessForbidden"
    cloud.wait(1)
    assert cloud.put(SET, set_body()).status == 202


def test_another_role_is_no_right_to_the_key() -> None:
    cloud = keyed()
    grant(cloud, principal_of(cloud), READER)
    assert cloud.put(SET, set_body()).error == "KeyVaultAccessForbidden"


@pytest.mark.parametrize(("rights", "code"), [([], "KeyVaultAccessForbidden"), (["get", "wrapKey", "unwrapKey"], None)])
def test_without_rbac_a_role_means_nothing_and_a_policy_is_needed(rights: list[str], code: str | None) -> None:
    cloud = keyed(enableRbacAuthorization=False)
    grant(cloud, principal_of(cloud))
    policy = {"objectId": principal_of(cloud), "tenantId": TENANT, "permissions": {"keys": rights}}
    cloud.put(VAULT, vault_body(enableRbacAuthorization=False, accessPolicies=[policy]))
    assert cloud.put(SET, set_body()).error == code


def test_with_the_sets_own_identity_the_disk_is_refused_and_not_the_set() -> None:
    cloud = keyed()
    made = cloud.made(SET, set_body("SystemAssigned"))
    assert cloud.refused(cloud.put(DISK, disk_body())) == (403, "KeyVaultAccessForbidden")
    grant(cloud, made["identity"]["principalId"])
    assert cloud.put(DISK, disk_body()).status == 202


def test_a_set_without_key_or_identity_is_refused() -> None:
    cloud = keyed()
    grant(cloud, principal_of(cloud))
    assert cloud.put(SET, {**set_body(), "properties": {}}).error == "InvalidParameter"
    assert cloud.put(SET, {**set_body(), "identity": None}).error == "InvalidParameter"
    assert cloud.put(SET, set_body()).status == 202


def test_an_encryption_set_of_a_disk_is_not_deleted() -> None:
    cloud = keyed()
    grant(cloud, principal_of(cloud))
    cloud.made(SET, set_body())
    cloud.made(DISK, disk_body())
    assert cloud.ask("DELETE", SET).error == "OperationNotAllowed"
    cloud.ask("DELETE", DISK)
    cloud.wait(10)
    assert cloud.ask("DELETE", SET).status == 202
