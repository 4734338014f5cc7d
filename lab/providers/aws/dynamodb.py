"""Tables.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lab.providers.aws import tagging
from lab.providers.aws.cloud import (
    REGION,
    AwsHandler,
    fixed,
    found,
    physical_name,
    tag_list,
    tag_map,
    tagged,
    told,
    wait_until,
)
from lab.providers.handler import Ask, State

GONE = "ResourceNotFoundException"
PROVISIONED = "PROVISIONED"
KEY_KINDS = {"HASH": "hashKey", "RANGE": "rangeKey"}
CAPACITY = ("billingMode", "readCapacity", "writeCapacity")
STREAM = ("streamEnabled", "streamViewType")
ONE_BY_ONE = ("deletionProtectionEnabled", "tableClass", "serverSideEncryption")


class Table(AwsHandler):
    """A table with its key, encryption, recovery and expiry."""

    type = "aws:dynamodb/table:Table"
    replaces = REGION | {
        *("name", "hashKey", "rangeKey", "localSecondaryIndexes", "importTable", "restoreBackupArn", "restoreDateTime"),
        *("restoreSourceName", "restoreSourceTableArn", "restoreToLatestTime"),
    }
    defaults = fixed(billingMode=PROVISIONED)
    named = "name"
    changes = frozenset({*CAPACITY, *STREAM, *ONE_BY_ONE, "pointInTimeRecovery", "ttl"})
    retag = staticmethod(tagging.by_arn("dynamodb", "ResourceArn"))
    gone = (GONE,)

    def _make(self, ask: Ask) -> State:
        name = physical_name(ask)
        self.client("dynamodb").create_table(TableName=name, Tags=tag_list(ask.get("tags")), **_definition(ask))
        self._wait(name)
        self._set_recovery(name, ask.inner("pointInTimeRecovery"))
        self._set_expiry(name, ask.inner("ttl"))
        return State(name)

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        """One call for each: a table takes one kind of change at a time."""
        for update in _updates(ask, changed):
            self.client("dynamodb").update_table(TableName=state.id, **update)
            self._wait(state.id)
        if "pointInTimeRecovery" in changed:
            self._set_recovery(state.id, ask.inner("pointInTimeRecovery") or Ask(ask.type, ask.name, {"enabled": False}))
        if "ttl" in changed:
            before = {**(state.outputs.get("ttl") or {}), "enabled": False}
            self._set_expiry(state.id, ask.inner("ttl") or Ask(ask.type, ask.name, before))

    def _wait(self, name: str) -> None:
        wait_until(f"table {name}", lambda: self._table(name)["TableStatus"] == "ACTIVE")

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
        outputs |= told(table.get("StreamSpecification", {}), *STREAM)
        if outputs["billingMode"] == PROVISIONED:
            units = {"ReadCapacityUnits": "readCapacity", "WriteCapacityUnits": "writeCapacity"}
            outputs |= told(table.get("ProvisionedThroughput", {}), **units)
        outputs |= {KEY_KINDS[each["KeyType"]]: each["AttributeName"] for each in table["KeySchema"]}
        expiry = dynamodb.describe_time_to_live(TableName=state.id)["TimeToLiveDescription"]
        if expiry["TimeToLiveStatus"] in {"ENABLED", "ENABLING"}:
            outputs["ttl"] = {"enabled": True} | told(expiry, "attributeName")
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


def _updates(ask: Ask, changed: frozenset[str]) -> Iterator[dict[str, Any]]:
    if changed & {*CAPACITY}:
        yield _capacity(ask)
    if "deletionProtectionEnabled" in changed:
        yield {"DeletionProtectionEnabled": ask.get("deletionProtectionEnabled", False)}
    if "tableClass" in changed:
        yield {"TableClass": ask.get("tableClass", "STANDARD")}
    if "serverSideEncryption" in changed:
        yield {"SSESpecification": _wanted_encryption(ask) or {"Enabled": False}}
    if changed & {*STREAM}:
        yield {"StreamSpecification": _stream(ask) or {"StreamEnabled": False}}


def _capacity(ask: Ask) -> dict[str, Any]:
    mode = ask.get("billingMode", PROVISIONED)
    if mode != PROVISIONED:
        return {"BillingMode": mode}
    units = ask.pick(ReadCapacityUnits="readCapacity", WriteCapacityUnits="writeCapacity")
    return {"BillingMode": mode, "ProvisionedThroughput": units}


def _wanted_encryption(ask: Ask) -> dict[str, Any]:
    encryption = ask.inner("serverSideEncryption")
    if not encryption or not encryption["enabled"]:
        return {}
    return {"Enabled": True, "SSEType": "KMS"} | encryption.pick(KMSMasterKeyId="kmsKeyArn")


def _stream(ask: Ask) -> dict[str, Any]:
    return {"StreamEnabled": True} | ask.pick("streamViewType") if ask.get("streamEnabled") else {}


def _definition(ask: Ask) -> dict[str, Any]:
    attributes = [each.pick(AttributeName="name", AttributeType="type") for each in ask.each("attributes")]
    keys = [{"AttributeName": ask[key], "KeyType": kind} for kind, key in KEY_KINDS.items() if key in ask]
    objects = {"SSESpecification": _wanted_encryption(ask), "StreamSpecification": _stream(ask)}
    definition = {"AttributeDefinitions": attributes, "KeySchema": keys} | _capacity(ask)
    definition |= ask.pick("deletionProtectionEnabled", "tableClass")
    return definition | {name: value for name, value in objects.items() if value}


def _encryption(table: Mapping[str, Any]) -> dict[str, Any]:
    encryption = table.get("SSEDescription")
    if not encryption:
        return {}
    on = {"enabled": encryption["Status"] in {"ENABLED", "ENABLING"}}
    return {"serverSideEncryption": on | told(encryption, KMSMasterKeyArn="kmsKeyArn")}


HANDLERS = (Table,)
