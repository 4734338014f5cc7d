"""botocore's models judge every request that the adapters make: nothing unknown, nothing missing, no wrong type or length.

The watchdog's clients do not validate (it costs time on the path of a failover, and turns a mistake into a refusal at run
time), so it is done here, once, over all of them.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from failover_lambda.aws.cloud import LiveCloud
from failover_lambda.aws.probers import LiveProbers
from failover_lambda.aws.report import LiveReporter
from failover_lambda.aws.state import LiveStore
from failover_lambda.contract import Channel
from failover_lambda.errors import CouldNotAskError
from failover_lambda.model import Command, Do, Lease, Notice, Outcome
from tests.contract.judge import ANSWERS, SETTINGS, SIGHT, Judge
from tests.contract.test_record_store import full_record

pytestmark = pytest.mark.contract

LEASE = Lease(owner="arbiter-1", token=1, beat=1, wish="")
NOTICE = Notice(id="n-1", at_s=1.0, what="moved", site="lis", source="wk1", target="wk2", why="x", epoch=2, seconds=1.3)


@pytest.fixture
def ec2() -> Judge:
    return Judge("ec2")


def run(ec2: Judge, do: Do, **fields: Any) -> None:
    command = Command(do=do, epoch=1, worker="wk1", **fields)
    assert LiveCloud(SETTINGS, ec2.client).run(command).outcome is Outcome.DONE


def test_an_association_names_card_and_private_ip_and_refuses_to_take(ec2: Judge) -> None:
    """An absent AllowReassociation moves the address without asking; only an explicit False refuses."""
    run(ec2, Do.ASSOCIATE)
    assert ec2.only("AssociateAddress") == {
        "AllocationId": "eipalloc-1",
        "NetworkInterfaceId": "eni-1",
        "PrivateIpAddress": "10.0.1.10",
        "AllowReassociation": False,
    }


def test_an_association_names_the_second_private_ip_of_a_worker_with_an_address_of_its_own(ec2: Judge) -> None:
    """Without PrivateIpAddress it would land on the first one, and push the worker's own address off."""
    worker = replace(SETTINGS.worker("wk1"), address_private_ip="10.0.1.11")
    settings = replace(SETTINGS, workers=(worker,))
    assert LiveCloud(settings, ec2.client).run(Command(do=Do.ASSOCIATE, epoch=1, worker="wk1")).outcome is Outcome.DONE
    assert ec2.only("AssociateAddress")["PrivateIpAddress"] == "10.0.1.11"
    assert ec2.only("AssociateAddress")["AllowReassociation"] is False


def test_a_disassociation_names_the_association_of_its_command(ec2: Judge) -> None:
    run(ec2, Do.DISASSOCIATE, association_id="eipassoc-7")
    assert ec2.only("DisassociateAddress") == {"AssociationId": "eipassoc-7"}


@pytest.mark.parametrize(("do", "groups"), [(Do.ISOLATE, ["sg-isolated"]), (Do.RESTORE, ["sg-worker"])])
def test_isolation_swaps_the_groups_of_the_card_and_nothing_else(ec2: Judge, do: Do, groups: list[str]) -> None:
    run(ec2, do)
    assert ec2.only("ModifyNetworkInterfaceAttribute") == {"NetworkInterfaceId": "eni-1", "Groups": groups}


def test_a_stop_cuts_the_power(ec2: Judge) -> None:
    run(ec2, Do.STOP)
    assert ec2.only("StopInstances") == {"InstanceIds": ["i-1"], "Force": True, "SkipOsShutdown": True}


def test_a_start_names_its_instance(ec2: Judge) -> None:
    run(ec2, Do.START)
    assert ec2.only("StartInstances") == {"InstanceIds": ["i-1"]}


def test_a_call_reads_nothing_before_it_acts(ec2: Judge) -> None:
    for do in Do:
        run(ec2, do, association_id="eipassoc-7")
    assert not [operation for operation in ec2.operations if operation.startswith("Describe")]
    assert len(ec2.requests) == len(Do)


def test_each_read_of_the_cloud_is_one_question(ec2: Judge) -> None:
    cloud = LiveCloud(SETTINGS, ec2.client)
    cloud.read_address()
    cloud.read_instances()
    cloud.read_announcements()
    assert ec2.requests == [
        ("DescribeAddresses", {"AllocationIds": ["eipalloc-1"]}),
        ("DescribeInstances", {"Filters": [{"Name": "instance-id", "Values": ["i-1", "i-2"]}]}),
        ("DescribeInstanceStatus", {"InstanceIds": ["i-1", "i-2"]}),
    ]


def test_a_part_of_the_instances_is_no_answer(ec2: Judge) -> None:
    """Those on the next page would be taken for gone, and gone is proof that a worker is dead."""
    ec2.answers["DescribeInstances"] = {**ANSWERS["DescribeInstances"], "NextToken": "more"}
    with pytest.raises(CouldNotAskError, match="only a part of the instances was told"):
        LiveCloud(SETTINGS, ec2.client).read_instances()


def test_an_association_that_names_only_its_card_is_on_the_worker_of_that_card(ec2: Judge) -> None:
    shown = {**ANSWERS["DescribeAddresses"]["Addresses"][0], "AssociationId": "eipassoc-1"}
    ec2.answers["DescribeAddresses"] = {"Addresses": [{**shown, "NetworkInterfaceId": "eni-2"}]}
    association = LiveCloud(SETTINGS, ec2.client).read_address().association
    assert association is not None
    assert association.instance_id == "i-2"


def test_an_association_with_a_stranger_is_shown_as_that(ec2: Judge) -> None:
    shown = {**ANSWERS["DescribeAddresses"]["Addresses"][0], "AssociationId": "eipassoc-1"}
    ec2.answers["DescribeAddresses"] = {"Addresses": [{**shown, "NetworkInterfaceId": "eni-9", "InstanceId": "i-9"}]}
    association = LiveCloud(SETTINGS, ec2.client).read_address().association
    assert association is not None
    assert (association.instance_id, association.network_interface_id) == ("i-9", "eni-9")


@pytest.mark.parametrize("addresses", [[], [{"AllocationId": "eipalloc-9", "PublicIp": "127.0.0.1"}], [{}]])
def test_an_answer_about_another_address_or_none_is_no_answer(ec2: Judge, addresses: list[dict[str, str]]) -> None:
    ec2.answers["DescribeAddresses"] = {"Addresses": addresses}
    with pytest.raises(CouldNotAskError, match="the answer cannot be read"):
        LiveCloud(SETTINGS, ec2.client).read_address()


def test_a_state_that_nobody_knows_is_unknown_and_groups_are_found_without_cards(ec2: Judge) -> None:
    first, second = LiveCloud(SETTINGS, ec2.client).read_instances()
    assert (first.power.value, first.isolated) == ("unknown", True)
    assert (second.power.value, second.isolated) == ("terminated", False)


STORE_CALLS: dict[str, Callable[[LiveStore], object]] = {
    "first lease": lambda store: store.take_lease("arbiter-1", None),
    "next lease": lambda store: store.take_lease("arbiter-1", LEASE),
    "renew": lambda store: store.renew_lease(LEASE),
    "answer": lambda store: store.renew_lease(LEASE, answered="q-1"),
    "release": lambda store: store.release_lease(LEASE),
    "wish": lambda store: store.wish_lease("arbiter-2"),
    "ask": lambda store: store.ask_leader("q-1"),
    "read": lambda store: store.read_lease(),
    "first save": lambda store: store.save(full_record("lis"), LEASE),
    "next save": lambda store: store.save(full_record("lis"), LEASE),
}


@pytest.mark.parametrize("name", STORE_CALLS)
def test_every_operation_of_the_store_is_one_request_and_asks_for_its_capacity(name: str) -> None:
    dynamodb = Judge("dynamodb")
    STORE_CALLS[name](LiveStore(SETTINGS, dynamodb.client))
    ((operation, params),) = dynamodb.requests
    assert params["ReturnConsumedCapacity"] == "TOTAL"
    assert params.get("ConsistentRead") is True or "Condition" in json.dumps(params)
    assert operation != "PutItem" or params["ConditionExpression"] == "attribute_not_exists(#pk)"


def test_a_save_that_is_sent_again_carries_another_request_token() -> None:
    """The same token would make DynamoDB repeat an old success without looking at the lease again."""
    dynamodb = Judge("dynamodb")
    for _ in range(2):
        LiveStore(SETTINGS, dynamodb.client).save(full_record("lis"), LEASE)
    (_, first), (_, second) = dynamodb.requests
    assert first.pop("ClientRequestToken") != second.pop("ClientRequestToken")
    assert first == second


def test_only_a_write_of_a_higher_epoch_carries_the_floor() -> None:
    """RULE 1.11: it costs other writes nothing."""
    dynamodb = Judge("dynamodb")
    store = LiveStore(SETTINGS, dynamodb.client)
    first = store.save(full_record("lis"), LEASE)
    second = store.save(first, LEASE)
    store.save(replace(second, epoch=second.epoch + 1), LEASE)
    parts = [[next(iter(part)) for part in params["TransactItems"]] for _, params in dynamodb.requests]
    assert parts == [["ConditionCheck", "Put", "Update"], ["ConditionCheck", "Put"], ["ConditionCheck", "Put", "Update"]]


def test_a_prober_is_invoked_once_and_waited_for() -> None:
    functions = Judge("lambda")
    assert LiveProbers(SETTINGS, functions.client).look("prober-a", 0.3) == SIGHT
    params = functions.only("Invoke")
    assert set(params) == {"FunctionName", "Payload"}
    asked = json.loads(params["Payload"])
    assert (asked["connect_s"], asked["answer_s"]) == (0.3, SETTINGS.probe_timeout_s)


def test_a_notice_is_published_once() -> None:
    sns = Judge("sns")
    LiveReporter(SETTINGS, sns.client).tell(NOTICE, Channel.TOPIC)
    assert sns.only("Publish")["TopicArn"] == "topic"


def test_the_actions_of_the_watchdog_are_these_and_no_others(ec2: Judge) -> None:
    """What the arbiter's role has to allow, and no more. IAM knows a transaction by its parts, ConditionCheckItem too."""
    for do in Do:
        run(ec2, do, association_id="eipassoc-7")
    cloud = LiveCloud(SETTINGS, ec2.client)
    cloud.read_address()
    cloud.read_instances()
    cloud.read_announcements()
    dynamodb = Judge("dynamodb")
    for call in STORE_CALLS.values():
        call(LiveStore(SETTINGS, dynamodb.client))
    assert ec2.operations == {
        "AssociateAddress",
        "DescribeAddresses",
        "DescribeInstanceStatus",
        "DescribeInstances",
        "DisassociateAddress",
        "ModifyNetworkInterfaceAttribute",
        "StartInstances",
        "StopInstances",
    }
    assert dynamodb.operations == {"GetItem", "TransactWriteItems", "UpdateItem"}
