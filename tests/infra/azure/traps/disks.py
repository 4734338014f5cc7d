"""Traps of vault, key, encryption set and disks (section 3 of the table)."""

import re

from tests.infra.azure.stand import TENANT
from tests.infra.azure.traps.look import (
    ASSIGNMENT,
    DISK,
    ENCRYPTION_SET,
    IDENTITY,
    KEY,
    SUBNET,
    VAULT,
    VM,
    WORKERS,
    WORKSPACE,
    machines,
    part,
    trap,
)
from tests.infra.azure.traps.variants import Variant
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand

DISKS_FILE = "infra/azure/disks.py"
WORKERS_FILE = "infra/azure/workers.py"


@trap(
    "3/rbac-off",
    slips=(Slip("roles mean nothing to the vault", DISKS_FILE, '                "enable_rbac_authorization": True,\n', ""),),
)
def vault_goes_by_roles_because_it_is_said(stand: Stand) -> None:
    properties = stand.usual.only(VAULT).inputs["properties"]

    assert properties["enableRbacAuthorization"] is True
    assert "accessPolicies" not in properties
    assert properties["tenantId"] == TENANT


@trap(
    "3/name-is-reserved",
    slips=(
        Slip(
            "the vault's name follows from the stack",
            DISKS_FILE,
            '            stem(Kind.VAULT, args["site"], args["where"]),\n',
            '            stem(Kind.VAULT, args["site"], args["where"]),\n'
            '            vault_name=stem(Kind.VAULT, args["site"], args["where"]),\n',
        ),
        Slip(
            "the time of retention is left to the SDK",
            DISKS_FILE,
            '                "soft_delete_retention_in_days": RETENTION_DAYS,\n',
            "",
        ),
    ),
)
def name_of_a_vault_stays_taken_so_the_provider_makes_a_new_one(stand: Stand) -> None:
    for variant in Variant:
        vault = stand.of(variant).only(VAULT)
        assert "vaultName" not in vault.inputs
        assert re.fullmatch(r"[a-z](-?[a-z0-9])+", f"{vault.name}1a2b3c4d")
        assert len(f"{vault.name}1a2b3c4d") <= 24
        assert vault.inputs["properties"]["softDeleteRetentionInDays"] == 90


@trap(
    "3/purge-protection",
    slips=(Slip("a vault without purge protection", DISKS_FILE, '                "enable_purge_protection": True,\n', ""),),
)
def purge_protection_is_on_for_good(stand: Stand) -> None:
    for variant in (Variant.USUAL, Variant.OTHER):
        properties = stand.of(variant).only(VAULT).inputs["properties"]
        assert (properties["enablePurgeProtection"], properties["enableSoftDelete"]) == (True, True)


@trap(
    "3/key-is-data",
    slips=(
        Slip(
            "the key does not wait for the deployer's role",
            DISKS_FILE,
            "opts=child(self, depends_on=[officer], protect",
            "opts=child(self, protect",
        ),
        Slip(
            "the deployer gets the role of an encryption set",
            DISKS_FILE,
            'role_id=args["role"](CRYPTO_OFFICER),',
            'role_id=args["role"](ENCRYPTION_USER),',
        ),
    ),
)
def key_is_data_so_the_deployer_gets_a_role_before_it(stand: Stand) -> None:
    officer = part(stand.usual, ASSIGNMENT, "key-officer")

    assert officer.urn in stand.usual.needs(stand.usual.only(KEY))
    assert officer.inputs["roleDefinitionId"].endswith("/14b46e9e-c2b7-41b4-b07b-48a6ebf60603")
    assert officer.inputs["scope"] == stand.usual.only(VAULT).id
    assert officer.inputs["principalId"] == "5f0e1d2c-3b4a-4958-8776-655443322110"


@trap(
    "3/key-identity-place",
    slips=(
        Slip("an elliptic key", DISKS_FILE, '                "kty": "RSA",\n', '                "kty": "EC",\n'),
        Slip("a key of a kilobit", DISKS_FILE, "KEY_BITS = 3072", "KEY_BITS = 1024"),
        Slip(
            "disks of a kind that goes with no such identity",
            DISKS_FILE,
            'sku={"name": "Premium_LRS"},',
            'sku={"name": "PremiumV2_LRS"},',
        ),
    ),
)
def key_is_of_a_kind_that_disks_take(stand: Stand) -> None:
    properties = stand.usual.only(KEY).inputs["properties"]
    (disk_sku,) = {each.inputs["sku"]["name"] for each in stand.usual.of_type(DISK)}

    assert (properties["kty"], properties["keySize"] in {2048, 3072, 4096}) == ("RSA", True)
    assert not disk_sku.startswith(("UltraSSD", "PremiumV2"))
    places = {each.inputs["location"] for kind in (VAULT, ENCRYPTION_SET, DISK, VM) for each in stand.usual.of_type(kind)}
    assert len(places) == 1


@trap(
    "3/role-before-set",
    slips=(
        Slip(
            "the set does not wait for its identity's role",
            DISKS_FILE,
            'depends_on=[user, *args["meanwhile"]]',
            'depends_on=[*args["meanwhile"]]',
        ),
        Slip("nothing is made meanwhile", DISKS_FILE, 'depends_on=[user, *args["meanwhile"]]', "depends_on=[user]"),
        Slip(
            "the identity gets the officer's role",
            DISKS_FILE,
            'role_id=args["role"](ENCRYPTION_USER),',
            'role_id=args["role"](CRYPTO_OFFICER),',
        ),
    ),
)
def set_is_made_after_its_identity_has_its_role_and_some_time_later(stand: Stand) -> None:
    encryption_set = stand.usual.only(ENCRYPTION_SET)
    user, identity = part(stand.usual, ASSIGNMENT, "disks"), part(stand.usual, IDENTITY, "disks")

    assert encryption_set.inputs["identity"] == {"type": "UserAssigned", "userAssignedIdentities": [identity.id]}
    assert user.inputs["principalId"] == identity.outputs["principalId"]
    assert user.inputs["roleDefinitionId"].endswith("/e147488a-f6f5-4113-8e2d-b22465e65bf6")
    needed = stand.usual.needs(encryption_set)
    slow = {stand.usual.only(WORKSPACE).urn, *(each.urn for each in stand.usual.of_type(SUBNET))}
    assert {user.urn, *slow} <= needed


@trap(
    "3/rotation",
    slips=(
        Slip(
            "a new version of the key is no difference to the set",
            DISKS_FILE,
            "            rotation_to_latest_key_version_enabled=True,\n",
            "            rotation_to_latest_key_version_enabled=False,\n",
        ),
        Slip(
            "the set is written back to an old version",
            DISKS_FILE,
            ', ignore_changes=["activeKey.keyUrl"]),',
            "),",
        ),
        Slip("a key for three days", DISKS_FILE, 'ROTATED_AFTER = "P365D"', 'ROTATED_AFTER = "P3D"'),
    ),
)
def rotated_key_is_followed_by_the_set_and_never_written_back(stand: Stand) -> None:
    encryption_set = stand.usual.only(ENCRYPTION_SET)

    assert encryption_set.inputs["rotationToLatestKeyVersionEnabled"] is True
    assert encryption_set.ignore_changes == ("activeKey.keyUrl",)
    assert encryption_set.inputs["activeKey"]["keyUrl"] == stand.usual.only(KEY).outputs["keyUriWithVersion"]
    (action,) = stand.usual.only(KEY).inputs["properties"]["rotationPolicy"]["lifetimeActions"]
    assert action["action"]["type"] == "rotate"
    found = re.fullmatch(r"P(\d+)D", action["trigger"]["timeAfterCreate"])
    assert found
    assert int(found[1]) >= 7


@trap(
    "3/vault-firewall",
    slips=(
        Slip(
            "a firewall that the platform's disks do not pass",
            DISKS_FILE,
            '"network_acls": {"bypass": "AzureServices",',
            '"network_acls": {"bypass": "None",',
        ),
    ),
)
def firewall_of_the_vault_lets_the_platforms_own_services_pass(stand: Stand) -> None:
    acls = stand.usual.only(VAULT).inputs["properties"]["networkAcls"]

    assert acls == {"bypass": "AzureServices", "defaultAction": "Allow"}


@trap(
    "3/zones-of-disks",
    slips=(
        Slip(
            "a disk in all zones that names one", DISKS_FILE, 'sku={"name": "Premium_LRS"},', 'sku={"name": "Premium_ZRS"},'
        ),
        Slip(
            "every data disk stands in the first worker's zone",
            DISKS_FILE,
            "            zones=[zone],\n",
            '            zones=[next(iter(args["zones"].values()))],\n',
        ),
    ),
)
def disk_in_all_zones_names_none_and_any_other_stands_in_its_machines(stand: Stand) -> None:
    for variant in (Variant.USUAL, Variant.BALANCED):
        deployment = stand.of(variant)
        for worker, chosen in machines(deployment).items():
            disk = part(deployment, DISK, f"data-{worker}").inputs
            expected = None if disk["sku"]["name"].endswith("_ZRS") else chosen["zones"]
            assert disk.get("zones") == expected
            (attached,) = chosen["storageProfile"]["dataDisks"]
            assert attached["managedDisk"]["id"] == part(deployment, DISK, f"data-{worker}").id


@trap(
    "3/removed-while-disks-live",
    slips=(
        Slip(
            "the key loses its protection",
            DISKS_FILE,
            'opts=child(self, depends_on=[officer], protect=args["protect"], ignore_changes=["properties"]),',
            'opts=child(self, depends_on=[officer], ignore_changes=["properties"]),',
        ),
        Slip(
            "the root disk is left to the platform's key",
            WORKERS_FILE,
            '                        "disk_encryption_set": {"id": args["encryption_set_id"]},\n',
            "",
        ),
        Slip(
            "data disks are left to the platform's key",
            DISKS_FILE,
            '            encryption={"type": "EncryptionAtRestWithCustomerKey", "disk_encryption_set_id": '
            "self.encryption_set_id},\n",
            "",
        ),
    ),
)
def key_goes_after_the_set_the_disks_and_the_machines_and_is_protected(stand: Stand) -> None:
    usual = stand.usual
    kept = [usual.only(VAULT), usual.only(KEY), *usual.of_type(DISK)]
    assert [each.protect for each in kept] == [True] * len(kept)
    assert not stand.of(Variant.OTHER).only(KEY).protect
    for worker in WORKERS:
        disk, machine = part(usual, DISK, f"data-{worker}"), part(usual, VM, worker)
        assert usual.only(ENCRYPTION_SET).urn in disk.depends_on
        assert (
            usual.only(ENCRYPTION_SET).id
            == (machine.inputs["storageProfile"]["osDisk"]["managedDisk"]["diskEncryptionSet"]["id"])
        )
        assert {disk.urn, usual.only(ENCRYPTION_SET).urn, usual.only(KEY).urn} <= usual.needs(machine)
