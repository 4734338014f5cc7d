"""The stack's output `operatorPolicy`, judged by iam-simulate: whoever has it can ask and read the reply, no more.

The requests are those of the real adapter and of docs/RUNBOOK.md's line for the AWS CLI. What DynamoDB makes of a request
for IAM (its keys, the attributes that its expressions name, what it asks to have returned) is worked out here from the
request, by the DynamoDB guide, "Using IAM policy conditions for fine-grained access control".
"""

import contextlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from failover_lambda.aws.state import LiveStore
from failover_lambda.contract import RECORD_KEY, Settings, lease_key, record_key
from failover_lambda.errors import WatchdogError
from failover_lambda.model import Request, Verb
from lab.asking import TableDesk
from tests.contract.judge import Judge
from tests.infra import stand
from tests.judges.findings import by_parliament
from tests.judges.needs import TABLE_KEY_USES
from tests.judges.recorded import PARTITIONS, Recorded, recorded
from tests.judges.simulator import ALLOWED, Policy, Question, ask

pytestmark = pytest.mark.judge

BY_PARTITION = pytest.mark.parametrize("partition", PARTITIONS)
Params = Mapping[str, Any]


def policy(at: Recorded) -> Policy:
    return json.loads(at.deployment.outputs["operatorPolicy"])


def settings(at: Recorded) -> Settings:
    return Settings.from_environment(stand.environment(at.deployment))


def question(at: Recorded, action: str, resource: str, context: Mapping[str, str | Sequence[str]]) -> Question:
    return Question(
        principal=f"arn:{at.ground.partition}:sts::{at.ground.account}:assumed-role/operators/mia",
        action=action,
        resource=resource,
        account=at.ground.account,
        context=context,
        identity=[policy(at)],
        resource_policy=at.key_policy if action.startswith("kms:") else None,
    )


def of_request(at: Recorded, operation: str, params: Params) -> Question:
    """What DynamoDB asks IAM about one request."""
    table = at.ground.arn("dynamodb", f"table/{params['TableName']}")
    key: Params = params.get("Key") or params["Item"]
    context: dict[str, str | Sequence[str]] = {"dynamodb:LeadingKeys": [key[RECORD_KEY]["S"]]}
    if attributes := _attributes(params):
        context["dynamodb:Attributes"] = sorted({RECORD_KEY, *attributes})
    if "ReturnValues" in params:
        context["dynamodb:ReturnValues"] = params["ReturnValues"]
    return question(at, f"dynamodb:{operation}", table, context)


def _attributes(params: Params) -> set[str]:
    """The attributes that a request writes, or names in an expression."""
    text = " ".join(
        str(params.get(name, "")) for name in ("UpdateExpression", "ConditionExpression", "ProjectionExpression")
    )
    names = {params["ExpressionAttributeNames"][word] for word in re.findall(r"#\w+", text)}
    plain = set(re.findall(r"(?<![#:\w])[a-z]\w*(?![\w(])", text)) - {"attribute_exists"}
    return names | plain | set(params.get("Item", {}))


def requests_of(at: Recorded) -> list[tuple[str, Params]]:
    """As the watchdog's own adapter puts a request, as the lab does by the runbook, and the reading of the reply."""
    told, judge = settings(at), Judge("dynamodb")
    judge.answers["GetItem"] = {}
    request = Request(
        id="mia-1", site=told.site, verb=Verb.PAUSE, who="mia", why="work", asked_s=1.0, patience_s=60.0, duration_s=60.0
    )
    with contextlib.suppress(WatchdogError):
        LiveStore(told, judge.client).put_request(request)
    desk = TableDesk(judge.client, told.record_table, told.site)
    desk.put(desk.entry("failback", own_id="mia-2", why="home"))
    desk.record()
    assert not judge.faults
    return list(judge.requests)


@BY_PARTITION
def test_whoever_has_the_policy_can_ask_and_read_the_reply(partition: str) -> None:
    at = recorded(partition)
    asked = [of_request(at, operation, params) for operation, params in requests_of(at)]
    assert [each.action.partition(":")[2] for each in asked] == ["UpdateItem", "UpdateItem", "GetItem"]
    via = {"kms:ViaService": f"dynamodb.{at.ground.region}.amazonaws.com"}
    asked += [question(at, f"kms:{use}", at.ground.key_arn, via) for use in TABLE_KEY_USES]

    assert set(ask(asked)) == {ALLOWED}


def _update(at: Recorded, key: str, update: str, **more: Any) -> Question:
    table = settings(at).record_table
    params = {"TableName": table, "Key": {RECORD_KEY: {"S": key}}, "UpdateExpression": update, **more}
    return of_request(at, "UpdateItem", params)


@BY_PARTITION
def test_nothing_else_of_the_table_can_be_written_or_read(partition: str) -> None:
    at = recorded(partition)
    told = settings(at)
    lease, record = lease_key(told.shard), record_key(told.site)
    whole = {"TableName": told.record_table, "Item": {RECORD_KEY: {"S": lease}, "owner": {"S": "me"}}}
    read = {"TableName": told.record_table}
    good = _update(at, lease, "ADD inbox :entry")
    refused = {
        "the lease's owner": _update(at, lease, "SET owner = :me"),
        "its owner beside an entry": _update(at, lease, "SET owner = :me ADD inbox :entry"),
        "its beat in a condition": _update(at, lease, "ADD inbox :entry", ConditionExpression="rvn = :seen"),
        "the whole item returned": _update(at, lease, "ADD inbox :entry", ReturnValues="ALL_NEW"),
        "the record": _update(at, record, "SET document = :mine"),
        "an inbox in the record": _update(at, record, "ADD inbox :entry"),
        "another shard's inbox": _update(at, lease_key("1"), "ADD inbox :entry"),
        "the lease put anew": of_request(at, "PutItem", whole),
        "the record put anew": of_request(at, "PutItem", {**whole, "Item": {RECORD_KEY: {"S": record}}}),
        "the record deleted": of_request(at, "DeleteItem", {**read, "Key": {RECORD_KEY: {"S": record}}}),
        "the lease read": of_request(at, "GetItem", {**read, "Key": {RECORD_KEY: {"S": lease}}}),
        "another site's record": of_request(at, "GetItem", {**read, "Key": {RECORD_KEY: {"S": record_key("other")}}}),
        "everything read": question(at, "dynamodb:Scan", good.resource, {}),
        "an entry without a word of what it names": replace(good, context={"dynamodb:LeadingKeys": [lease]}),
        "an entry without a key": replace(good, context={"dynamodb:Attributes": ["inbox"]}),
        "an entry in another table": replace(good, resource=f"{good.resource}-2"),
        "the key beside the table": question(at, "kms:Decrypt", at.ground.key_arn, {"kms:ViaService": "s3.amazonaws.com"}),
    }
    allowed, *verdicts = ask([good, *refused.values()])

    assert allowed == ALLOWED
    assert [name for name, verdict in zip(refused, verdicts, strict=True) if verdict == ALLOWED] == []


@pytest.mark.parametrize(
    ("condition", "lets"),
    [
        ("ForAllValues:StringEquals", {"the lease's owner", "the record"}),
        ("Null", {"nothing named"}),
        ("StringEqualsIfExists", {"the whole item returned"}),
    ],
)
def test_each_condition_of_asking_that_is_dropped_lets_something_through(condition: str, lets: set[str]) -> None:
    at = recorded()
    lease, record = lease_key(settings(at).shard), record_key(settings(at).site)
    tried = {
        "the lease's owner": _update(at, lease, "SET owner = :me"),
        "the record": _update(at, record, "SET document = :mine"),
        "nothing named": question(at, "dynamodb:UpdateItem", _update(at, lease, "").resource, {}),
        "the whole item returned": _update(at, lease, "ADD inbox :entry", ReturnValues="ALL_NEW"),
    }
    weaker = json.loads(json.dumps(policy(at)))
    del next(it for it in weaker["Statement"] if it["Sid"] == "Ask")["Condition"][condition]

    verdicts = ask(replace(each, identity=[weaker]) for each in tried.values())

    assert {name for name, verdict in zip(tried, verdicts, strict=True) if verdict == ALLOWED} == lets


def test_parliament_has_nothing_to_say() -> None:
    assert by_parliament({"operators": policy(recorded())}) == set()
