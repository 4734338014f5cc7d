"""Keys and their aliases.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Mapping
from typing import Any

from lab.providers.aws import tagging
from lab.providers.aws.cloud import NAMES, REGION, AwsHandler, fixed, physical_name, tagged, told
from lab.providers.handler import Ask, State

DELETION_WINDOW_DAYS = 30
"""The provider's default."""

ALIAS_PREFIX = "alias/"


class Key(AwsHandler):
    """A customer managed key."""

    type = "aws:kms/key:Key"
    replaces = REGION | {"customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion", "xksKeyId"}
    defaults = fixed(
        bypassPolicyLockoutSafetyCheck=False,
        customerMasterKeySpec="SYMMETRIC_DEFAULT",
        enableKeyRotation=False,
        isEnabled=True,
        keyUsage="ENCRYPT_DECRYPT",
    )
    changes = frozenset({"description", "enableKeyRotation", "isEnabled", "policy", "rotationPeriodInDays"})
    retag = staticmethod(tagging.kms)
    untold = frozenset({"deletionWindowInDays"})
    gone = ("NotFoundException", "KMSInvalidStateException")

    def _make(self, ask: Ask) -> State:
        kms = self.client("kms")
        wanted = ask.pick("description", "policy", "keyUsage", "multiRegion", KeySpec="customerMasterKeySpec")
        tags = [{"TagKey": key, "TagValue": value} for key, value in (ask.get("tags") or {}).items()]
        key_id = kms.create_key(**wanted, Tags=tags)["KeyMetadata"]["KeyId"]
        if ask.get("enableKeyRotation"):
            kms.enable_key_rotation(KeyId=key_id, **ask.pick("rotationPeriodInDays"))
        if not ask.get("isEnabled", True):
            kms.disable_key(KeyId=key_id)
        return State(key_id)

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        """Enabled first and disabled last, as the provider: a key that is off takes no other change."""
        kms, is_on = self.client("kms"), ask.get("isEnabled", True)
        if "isEnabled" in changed and is_on:
            kms.enable_key(KeyId=state.id)
        if changed & {"enableKeyRotation", "rotationPeriodInDays"}:
            if ask.get("enableKeyRotation"):
                kms.enable_key_rotation(KeyId=state.id, **ask.pick("rotationPeriodInDays"))
            else:
                kms.disable_key_rotation(KeyId=state.id)
        if "description" in changed:
            kms.update_key_description(KeyId=state.id, Description=ask.get("description", ""))
        if "policy" in changed and "policy" in ask:
            kms.put_key_policy(KeyId=state.id, PolicyName="default", Policy=ask["policy"])
        if "isEnabled" in changed and not is_on:
            kms.disable_key(KeyId=state.id)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        kms = self.client("kms")
        key = kms.describe_key(KeyId=state.id)["KeyMetadata"]
        if key["KeyState"] == "PendingDeletion":
            return None
        tags = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=state.id)["Tags"]}
        rotation = kms.get_key_rotation_status(KeyId=state.id)
        return (
            told(key, "arn", "keyId", "description", "keyUsage")
            | {
                "isEnabled": key["Enabled"],
                "multiRegion": key.get("MultiRegion", False),
                "enableKeyRotation": rotation["KeyRotationEnabled"],
                "policy": kms.get_key_policy(KeyId=state.id, PolicyName="default")["Policy"],
            }
            | told(rotation, "rotationPeriodInDays")
            | told(key, KeySpec="customerMasterKeySpec")
            | tagged(tags)
        )

    def _remove(self, state: State) -> None:
        days = state.outputs.get("deletionWindowInDays", DELETION_WINDOW_DAYS)
        self.client("kms").schedule_key_deletion(KeyId=state.id, PendingWindowInDays=days)


class Alias(AwsHandler):
    """A second name of a key."""

    type = "aws:kms/alias:Alias"
    replaces = REGION | NAMES
    required = frozenset({"targetKeyId"})
    named = "name"
    changes = frozenset({"targetKeyId"})
    gone = ("NotFoundException",)

    def _make(self, ask: Ask) -> State:
        name = ALIAS_PREFIX + physical_name(ask).removeprefix(ALIAS_PREFIX)
        self.client("kms").create_alias(AliasName=name, **ask.pick("targetKeyId"))
        return State(name)

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        del changed
        self.client("kms").update_alias(AliasName=state.id, **ask.pick("targetKeyId"))

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        kms = self.client("kms")
        for page in kms.get_paginator("list_aliases").paginate():
            for alias in page["Aliases"]:
                if alias["AliasName"] == state.id:
                    key = kms.describe_key(KeyId=alias["TargetKeyId"])["KeyMetadata"]
                    known = {"targetKeyId": key["KeyId"], "targetKeyArn": key["Arn"]}
                    return {"arn": alias["AliasArn"], "name": state.id} | known
        return None

    def _remove(self, state: State) -> None:
        self.client("kms").delete_alias(AliasName=state.id)


HANDLERS = (Key, Alias)
