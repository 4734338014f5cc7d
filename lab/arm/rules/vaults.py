"""Rules on key vaults, and on who may use their keys: encryption sets, and the disks that name a set.

A vault's name is unique in all of Azure and stays taken after the vault is deleted. A set reaches its key with its identity:
one that is assigned to it must have the right before the set is made; the set's own is made with the set, so there the disk
is refused.
"""

from collections.abc import Iterator

from lab.arm.bodies import as_object, objects, properties, same, text
from lab.arm.change import Change, Rule
from lab.arm.ids import key_of, scopes_of
from lab.arm.messages import Json, Refusal
from lab.arm.world import Document

VAULT, ENCRYPTION_SET = "Microsoft.KeyVault/vaults", "Microsoft.Compute/diskEncryptionSets"
_KEY_ROLES = frozenset(
    {
        "e147488a-f6f5-4113-8e2d-b22465e65bf6",  # Key Vault Crypto Service Encryption User
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",  # Key Vault Crypto Officer
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",  # Key Vault Administrator
    }
)
"""Built-in roles that let an identity wrap and unwrap with a key."""
_KEY_RIGHTS = frozenset({"get", "wrapkey", "unwrapkey"})


def a_vaults_name_is_free(change: Change) -> Iterator[Refusal]:
    """No vault anywhere has the name, and none that was deleted, unless it is recovered (data-safe-haven#2523)."""
    if not change.is_of(VAULT) or not change.is_create:
        return
    name = change.target.name.lower()
    if any(each.key.rpartition("/")[2] == name for each in change.world.of_type(VAULT)):
        yield Refusal(409, "VaultAlreadyExists", f"The vault name '{change.target.name}' is already in use.")
    if name in change.world.deleted_vaults and not same(text(change.new_body, "properties", "createMode"), "recover"):
        yield Refusal(
            409,
            "ConflictError",
            "A vault with the same name already exists in deleted state. You need to either recover or purge existing key "
            "vault.",
        )


def what_a_vault_promised_stays(change: Change) -> Iterator[Refusal]:
    """Purge protection is never turned off, and the retention never changes."""
    if not change.is_of(VAULT) or change.new is None:
        return
    had, wanted = properties(change.old_body), properties(change.new_body)
    if wanted.get("enablePurgeProtection") is False:
        yield Refusal(
            400,
            "BadRequest",
            'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault is an '
            "irreversible action.",
        )
    days = wanted.get("softDeleteRetentionInDays")
    if change.old and days is not None and days != had.get("softDeleteRetentionInDays", 90):
        yield Refusal(
            400, "BadRequest", 'The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.'
        )


def a_set_names_a_protected_key(change: Change) -> Iterator[Refusal]:
    """A set's key stands in a vault with purge protection."""
    if not change.is_of(ENCRYPTION_SET) or change.new is None:
        return
    url = text(change.new_body, "properties", "activeKey", "keyUrl")
    vault = _vault_of(change, url)
    if not url:
        return
    if vault is None or f"{vault.key}/keys/{_key_name(url)}" not in change.world.documents:
        yield Refusal(400, "KeyVaultKeyNotFound", f"The key '{url}' was not found.")
    elif properties(vault.body).get("enablePurgeProtection") is not True:
        yield Refusal(
            400, "KeyVaultPurgeProtectionNotEnabled", f"Key vault '{vault.id}' must have purge protection to encrypt disks."
        )


def an_assigned_identity_reaches_the_key(change: Change) -> Iterator[Refusal]:
    """A set with an assigned identity is refused until that has its right (ansible-collections/azure#1676)."""
    if change.is_of(ENCRYPTION_SET) and change.new is not None and _assigned(change.new_body):
        yield from _unreached(change, change.place.document, change.new_body)


def a_disk_is_made_with_a_key_that_is_reached(change: Change) -> Iterator[Refusal]:
    """A disk, alone or with its machine, is refused while its set does not reach the key."""
    for link in change.asked_links():
        encryption_set = change.world.documents.get(link.key)
        if encryption_set and same(encryption_set.type, ENCRYPTION_SET):
            yield from _unreached(change, encryption_set.id, encryption_set.body)


def _unreached(change: Change, set_id: str, body: Json) -> Iterator[Refusal]:
    vault = _vault_of(change, text(body, "properties", "activeKey", "keyUrl"))
    if vault and not all(_may_use(change, vault, principal) for principal in _principals(change, body)):
        yield Refusal(
            403,
            "KeyVaultAccessForbidden",
            f"Unable to access key vault resource '{text(vault.body, 'properties', 'vaultUri')}' to enable encryption at "
            "rest. Please grant get, wrap and unwrap key permissions to disk encryption set "
            f"'{set_id.rpartition('/')[2]}'. Please visit https://aka.ms/keyvaultaccessssecmk for more information.",
        )


def _may_use(change: Change, vault: Document, principal: str) -> bool:
    """By a role where the vault says so, else by its access policies; what the other one says means nothing."""
    inside = properties(vault.body)
    if inside.get("enableRbacAuthorization") is not True:
        policies = [each for each in objects(inside.get("accessPolicies")) if each.get("objectId") == principal]
        rights = {str(right).lower() for each in policies for right in as_object(each.get("permissions")).get("keys") or ()}
        return rights >= _KEY_RIGHTS or "all" in rights
    at = set(scopes_of(vault.id))
    for assignment in change.world.of_type("Microsoft.Authorization/roleAssignments"):
        given = properties(assignment.body)
        role = key_of(str(given.get("roleDefinitionId"))).rpartition("/")[2]
        works = change.now_s >= assignment.made_s + change.settings.times.role_s
        if works and given.get("principalId") == principal and role in _KEY_ROLES and key_of(str(given["scope"])) in at:
            return True
    return False


def _assigned(body: Json) -> list[str]:
    return list(as_object(as_object(body.get("identity")).get("userAssignedIdentities")))


def _principals(change: Change, body: Json) -> list[str]:
    assigned = [change.world.documents.get(key_of(each)) for each in _assigned(body)]
    found = [text(each.body, "properties", "principalId") for each in assigned if each]
    return found or [text(body, "identity", "principalId")]


def _vault_of(change: Change, key_url: str) -> Document | None:
    name = key_url.removeprefix("https://").partition(".")[0].lower()
    return next((each for each in change.world.of_type(VAULT) if each.key.rpartition("/")[2] == name), None)


def _key_name(key_url: str) -> str:
    return key_url.partition("/keys/")[2].partition("/")[0].lower()


RULES: tuple[Rule, ...] = (
    a_vaults_name_is_free,
    what_a_vault_promised_stays,
    a_set_names_a_protected_key,
    an_assigned_identity_reaches_the_key,
    a_disk_is_made_with_a_key_that_is_reached,
)
