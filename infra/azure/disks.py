"""The key that encrypts the disks of the stack, and the workers' data disks.

A data disk is a resource of its own, attached by its id and let go when its machine is deleted: so it outlives the machine.

Order: vault, key and identity; the identity's role; the encryption set; the disks. A set is refused while its identity's
role does not work, which takes seconds to minutes after the role is there (ansible-collections/azure#1676). The set waits
for other things that take their time as well; where that was too short, `pulumi up` once more ends it.

No counterpart: `DELETION_WINDOW_DAYS` (RETENTION_DAYS), in `Disks` `key_arn` (`encryption_set_id`), in `DisksArgs` `account`
(a class of its own here) and `log_groups` (Azure encrypts them by itself). Azure's alone: in `DisksArgs` `where`,
`deployer`, `role` and `meanwhile`.
"""

from collections.abc import Callable, Sequence

import pulumi
import pulumi_azure_native as azure

from infra.azure.account import Deployer, Place, assigned, identity
from infra.naming import Kind, physical, stem, tags
from infra.shapes import child

CRYPTO_OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
"""Azure's own roles "Key Vault Crypto Officer" and "Key Vault Crypto Service Encryption User"."""

RETENTION_DAYS = 90
"""The longest: so long a deleted key can be called back. Fixed when the vault is made."""
KEY_BITS = 3072
ROTATED_AFTER = "P365D"
"""Each version of the key is a year old at most; a set follows within an hour."""


class DisksArgs(Place):
    """Arguments of `Disks`."""

    where: str
    """What tells this stack from one of the same name elsewhere in the world."""
    deployer: Deployer
    role: Callable[[str], str]
    """Id of one of Azure's own roles."""
    zones: dict[str, str]
    """Worker to zone."""
    data_volume_gb: int
    meanwhile: Sequence[pulumi.Resource]
    """What is made while the role begins to work."""
    protect: bool


class Disks(pulumi.ComponentResource):
    """Vault, key, encryption set and data disks."""

    encryption_set_id: pulumi.Output[str]

    def __init__(self, name: str, args: DisksArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:azure:Disks", name, {}, opts)
        self._name = name
        self._args = args
        self.vault = self._vault()
        key = self._key()
        self.encryption_set_id = self._encryption_set(key).id
        self.data_volumes = {worker: self._data_volume(worker, zone) for worker, zone in args["zones"].items()}
        self.data_volume_ids = {worker: disk.id for worker, disk in self.data_volumes.items()}
        self.register_outputs({"encryption_set_id": self.encryption_set_id})

    def _vault(self) -> azure.keyvault.Vault:
        args = self._args
        return azure.keyvault.Vault(
            # A vault's name stays taken for as long as it could be called back, so the provider makes a new one each time.
            stem(Kind.VAULT, args["site"], args["where"]),
            resource_group_name=args["group"],
            location=args["region"],
            properties={
                "tenant_id": args["deployer"].tenant_id,
                "sku": {"family": "A", "name": azure.keyvault.SkuName.STANDARD},
                # Else roles mean nothing to it: the SDK says false where nothing is said.
                "enable_rbac_authorization": True,
                "enable_soft_delete": True,
                "soft_delete_retention_in_days": RETENTION_DAYS,
                # No encryption set without it, and no way back.
                "enable_purge_protection": True,
                "enabled_for_deployment": False,
                "enabled_for_disk_encryption": False,
                "enabled_for_template_deployment": False,
                # The deployment makes the key at the vault's own door, from wherever it runs. Who may, the roles say.
                "network_acls": {"bypass": "AzureServices", "default_action": azure.keyvault.NetworkRuleAction.ALLOW},
                "public_network_access": "Enabled",
            },
            tags=tags(args["site"], args["tags"]),
            opts=child(self, protect=args["protect"]),
        )

    def _key(self) -> azure.keyvault.Key:
        args = self._args
        # The key is data: an owner of the subscription may not touch it without this.
        officer = assigned(
            self,
            f"{self._name}-key-officer",
            principal_id=args["deployer"].object_id,
            principal_kind=args["deployer"].kind,
            role_id=args["role"](CRYPTO_OFFICER),
            scope=self.vault.id,
        )
        return azure.keyvault.Key(
            f"{self._name}-key",
            key_name="disks",
            vault_name=self.vault.name,
            resource_group_name=args["group"],
            # Never changed: a write on a key that is there does nothing.
            properties={
                "kty": "RSA",
                "key_size": KEY_BITS,
                "key_ops": ["wrapKey", "unwrapKey"],
                "rotation_policy": {
                    "lifetime_actions": [
                        {
                            "action": {"type": azure.keyvault.KeyRotationPolicyActionType.ROTATE},
                            "trigger": {"time_after_create": ROTATED_AFTER},
                        }
                    ]
                },
            },
            tags=tags(args["site"], args["tags"]),
            opts=child(self, depends_on=[officer], protect=args["protect"], ignore_changes=["properties"]),
        )

    def _encryption_set(self, key: azure.keyvault.Key) -> azure.compute.DiskEncryptionSet:
        args = self._args
        reader = identity(self, self._name, args, "disks")
        user = assigned(
            self,
            f"{self._name}-disks",
            principal_id=reader.principal_id,
            role_id=args["role"](ENCRYPTION_USER),
            scope=self.vault.id,
        )
        return azure.compute.DiskEncryptionSet(
            f"{self._name}-disks",
            disk_encryption_set_name=physical(Kind.DISK, f"{args['site']}-disks"),
            resource_group_name=args["group"],
            location=args["region"],
            encryption_type="EncryptionAtRestWithCustomerKey",
            identity={"type": "UserAssigned", "user_assigned_identities": [reader.id]},
            active_key={"key_url": key.key_uri_with_version, "source_vault": {"id": self.vault.id}},
            rotation_to_latest_key_version_enabled=True,
            tags=tags(args["site"], args["tags"]),
            # The set moves to the next version by itself; written back, it would encrypt with an old one.
            opts=child(self, depends_on=[user, *args["meanwhile"]], ignore_changes=["activeKey.keyUrl"]),
        )

    def _data_volume(self, worker: str, zone: str) -> azure.compute.Disk:
        args = self._args
        return azure.compute.Disk(
            f"{self._name}-data-{worker}",
            disk_name=physical(Kind.DISK, f"{args['site']}-data-{worker}"),
            resource_group_name=args["group"],
            location=args["region"],
            # The worker's own zone: a disk of another cannot be attached. One that is in all zones may name none.
            zones=[zone],
            sku={"name": "Premium_LRS"},
            creation_data={"create_option": "Empty"},
            disk_size_gb=args["data_volume_gb"],
            encryption={"type": "EncryptionAtRestWithCustomerKey", "disk_encryption_set_id": self.encryption_set_id},
            # Nobody downloads it.
            network_access_policy="DenyAll",
            public_network_access="Disabled",
            tags=tags(args["site"], args["tags"]),
            opts=child(self, protect=args["protect"], replace_on_changes=["zones"]),
        )
