"""Tables.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Mapping
from typing import Any

from lab.providers.aws.cloud import AwsHandler, found, physical_name, tag_list, tag_map, tagged, told, wait_until
from lab.providers.handler import Ask, State

GONE = "ResourceNotFoundException"
PROVISIONED = "PROVISIONED"
KEY_KINDS = {"HASH": "hashKey", "RANGE": "rangeKey"}


class Table(AwsHandler):
    """A table with its key, encryption, recovery and expiry."""

    type = "aws:dynamodb/table:Table"
    gone = (GONE,)

    def _make(self, ask: Ask) -> State:
        name = physical_name(ask)
        self.client("dynamodb").create_table(TableName=name, Tags=tag_list(ask.get("tags")), **_definition(ask))
        wait_until(f"table {name}", lambda: self._table(name)["TableStatus"] == "ACTIVE")
        self._set_recovery(name, ask.inner("pointInTimeRecovery"))
        self._set_expiry(name, ask.inner("ttl"))
        return State(name)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        dynamodb = self.client("dynamodb")
        table = self._table(state.id)
        backups = dynamodb.describe_continuous_backups(TableName=state.id)["ContinuousBackupsDescription"]
        recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
        outputs = told(table, "streamArn", TableArn="arn", TableName="name")
        outputs |= {
            "billingMode": table.get("BillingModeSummary", {}).get("BillingMode", PROVISIONED),
            "attributes": [told(each, AttributeName="name", AttributeType="type") for each in table["AttributeDefinitions"]],
            "deletionProtectionEnabled": table.get("DeletionProtectionEnabled", False),
            "pointInTimeRecovery": {"enabled": recovery == "ENABLED"},
        }
        outputs |= {KEY_KINDS[each["KeyType"]]: each["AttributeName"] for each in table["KeySchema"]}
        tags = dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"]).get("Tags")
        return outputs | _encryption(table) | tagged(tag_map(tags))

    def _remove(self, state: State) -> None:
        self.client("dynamodb").delete_table(TableName=state.id)
        wait_until(f"end of table {state.id}", lambda: found(lambda: self._table(state.id), GONE) is None)

    def _table(self, name: str) -> Mapping[str, Any]:
        return self.client("dynamodb").describe_table(TableName=name)["Table"]

    def _set_recovery(self, name: str, recovery: Ask) -> None:
        if recovery:
            wanted = {"PointInTimeRecoveryEnabled": recovery["enabled"]} | recovery.pick("recoveryPeriodInDays")
            self.client("dynamodb").update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=wanted)

    def _set_expiry(self, name: str, expiry: Ask) -> None:
        if expiry:
            wanted = {"Enabled": expiry.get("enabled", False)} | expiry.pick("attributeName")
            self.client("dynamodb").update_time_to_live(TableName=name, TimeToLiveSpecification=wanted)


def _definition(ask: Ask) -> dict[str, Any]:
    attributes = [each.pick(AttributeName="name", AttributeType="type") for each in ask.each("attributes")]
    keys = [{"AttributeName": ask[key], "KeyType": kind} for kind, key in KEY_KINDS.items() if key in ask]
    definition: dict[str, Any] = {
        "AttributeDefinitions": attributes,
        "KeySchema": keys,
        "BillingMode": ask.get("billingMode", PROVISIONED),
    } | ask.pick("deletionProtectionEnabled", "tableClass")
    if definition["BillingMode"] == PROVISIONED:
        definition["ProvisionedThroughput"] = ask.pick(ReadCapacityUnits="readCapacity", WriteCapacityUnits="writeCapacity")
    encryption = ask.inner("serverSideEncryption")
    if encryption:
        chosen = {"Enabled": encryption["enabled"], "SSEType": "KMS"}
        definition["SSESpecification"] = chosen | encryption.pick(KMSMasterKeyId="kmsKeyArn")
    if ask.get("streamEnabled"):
        definition["StreamSpecification"] = {"StreamEnabled": True} | ask.pick("streamViewType")
    return definition


def _encryption(table: Mapping[str, Any]) -> dict[str, Any]:
    encryption = table.get("SSEDescription")
    if not encryption:
        return {}
    on = {"enabled": encryption["Status"] in {"ENABLED", "ENABLING"}}
    return {"serverSideEncryption": on | told(encryption, KMSMasterKeyArn="kmsKeyArn")}


HANDLERS = (Table,)
