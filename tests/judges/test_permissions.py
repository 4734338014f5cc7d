"""The watchdog's permissions, judged by iam-simulate: what it asks is allowed, and nothing beside it is.

Requests come from the recorder (real rule, real adapters, ids of the recorded deployment), policies from the recorded
deployment; what a request needs was written from AWS's documentation in `needs`.
"""

import fnmatch
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from lab.recording import Registration
from tests.infra.stand import listed
from tests.judges.needs import Need, covers
from tests.judges.recorded import PARTITIONS, Recorded, Role, recorded
from tests.judges.simulator import ALLOWED, DENIED, Question, ask

pytestmark = pytest.mark.judge

BY_PARTITION = pytest.mark.parametrize("partition", PARTITIONS)

STEPS = {
    "GiveTheAddress": {"give the address"},
    "TakeTheAddress": {"take the address"},
    "Look": {"look"},
    "AskTheProbers": {"ask the probers"},
    "Isolate": {"isolate"},
    "StopAndStart": {"stop", "start"},
    "StartWithEncryptedDisks": {"start"},
    "Record": {"record"},
    "RecordIsEncrypted": {"record"},
    "Tell": {"tell"},
    "TopicIsEncrypted": {"tell"},
    "TellMachines": {"tell machines"},
    "DeadLetters": {"keep what failed"},
    "Log": {"log"},
}
"""The steps that end when a statement of the arbiter is missing."""


def not_allowed(at: Recorded, roles: Mapping[str, Role]) -> dict[str, set[Need]]:
    """What each role needs and may not do; one question to the judge for all."""
    asked = [(name, role, need) for name, role in roles.items() for need in sorted(role.needs)]
    answers = ask(at.question(role, need) for _, role, need in asked)
    denied: dict[str, set[Need]] = {name: set() for name in roles}
    for (name, _, need), verdict in zip(asked, answers, strict=True):
        if verdict != ALLOWED:
            denied[name].add(need)
    return denied


@BY_PARTITION
def test_everything_that_the_functions_ask_is_allowed(partition: str) -> None:
    at = recorded(partition)

    assert not_allowed(at, {role.name: role for role in at.roles}) == {role.name: set() for role in at.roles}


def wrong(need: Need) -> Iterator[Need]:
    """The same, somewhere else: of another account, region, name, or in another context."""
    if need.resource != "*":
        partition, service, region, account, rest = need.resource.split(":", 5)[1:]
        for other in (
            f"arn:{partition}:{service}:{region}:999999999999:{rest}",
            f"arn:{partition}:{service}:us-east-2:{account}:{rest}",
            need.resource.replace("/aws/lambda/", "/aws/lambda/x") if service == "logs" else f"{need.resource}0",
        ):
            yield replace(need, resource=other)
    for key, value in need.context:
        if key == "ec2:Region" and need.resource != "*":
            continue  # such a resource names its region itself
        other_value = "false" if value == "true" else value.replace("eu-central-1", "us-east-2")
        yield replace(need, context=tuple((name, other_value if name == key else old) for name, old in need.context))


def foreign(at: Recorded, role: Role, need: Need) -> Question:
    question = at.question(role, need)
    elsewhere = ":999999999999:" in need.resource
    # The stranger opened its resource to everybody: only our own policy stands in the way.
    opened = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
    return replace(question, account="999999999999", resource_policy=opened) if elsewhere else question


@BY_PARTITION
def test_the_same_on_another_resource_or_in_another_context_is_not_allowed(partition: str) -> None:
    at = recorded(partition)
    others = [(role, other) for role in at.roles for need in role.needs for other in wrong(need) if other not in role.needs]

    answers = zip(others, ask(foreign(at, role, other) for role, other in others), strict=True)

    assert [(role.name, other) for (role, other), verdict in answers if verdict == ALLOWED] == []


def test_each_statement_of_the_arbiter_that_is_dropped_ends_exactly_its_steps() -> None:
    at = recorded()
    assert set(at.arbiter.statements) == set(STEPS)

    denied = not_allowed(at, {sid: at.arbiter.without(sid) for sid in STEPS})

    assert {sid: {need.step for need in needs} for sid, needs in denied.items()} == STEPS
    for sid, needs in denied.items():
        actions = listed(at.arbiter.statements[sid]["Action"])
        assert {need for need in needs if not any(fnmatch.fnmatchcase(need.action, each) for each in actions)} == set(), sid


def test_a_prober_needs_each_of_its_statements_and_its_code_may_use_no_right_of_its_placement() -> None:
    at = recorded()
    steps = {"Log": {"log"}, "LambdaPlacesIt": {"be placed"}}
    dropped = {f"{role.name} {sid}": role.without(sid) for role in at.probers for sid in steps}
    by_code = [(role, need) for role in at.probers for need in code_of(at, role)]

    for name, needs in not_allowed(at, dropped).items():
        assert {need.step for need in needs} == steps[name.split()[1]]
    assert set(ask(at.question(role, need) for role, need in by_code)) == {DENIED}
    assert set(ask(at.question(role.without("CodeDoesNot"), need) for role, need in by_code)) == {ALLOWED}


def code_of(at: Recorded, prober: Role) -> list[Need]:
    """What Lambda may do to place the function, asked by the function's own code: Lambda names the function then."""
    caller = ("lambda:SourceFunctionArn", at.ground.arn("lambda", f"function:{prober.name}"))
    return [replace(need, context=(caller,)) for need in sorted(prober.needs) if need.step == "be placed"]


# Granted = used


def test_every_action_that_is_granted_is_used_and_every_used_one_is_granted() -> None:
    for role in recorded().roles:
        granted = {action for statement in role.statements.values() for action in listed(statement["Action"])}
        used = {need.action for need in role.needs}
        unused = {action for action in granted if not any(fnmatch.fnmatchcase(need, action) for need in used)}
        missing = {need for need in used if not any(fnmatch.fnmatchcase(need, action) for action in granted)}
        assert (unused, missing) == (set(), set()), role.name


def test_every_resource_that_is_granted_for_an_action_is_used_with_it() -> None:
    for role in recorded().roles:
        for sid, statement in role.statements.items():
            for resource in listed(statement["Resource"]):
                users = [need for need in role.needs if covers({**statement, "Resource": resource, "Condition": {}}, need)]
                assert users, f"{role.name}: {sid} grants {resource}, and nothing that was recorded uses it"


def test_only_the_arbiter_calls_anything_and_every_rare_call_is_reached_by_a_story() -> None:
    """StartInstances (a late stop of ours is undone) and the groups of the workers (put back) among them."""
    calls = {
        (request.operation, str(request.params.get("Groups", "")))
        for taped in recorded().requests.values()
        for request in taped
        if request.operation in ("StartInstances", "ModifyNetworkInterfaceAttribute")
    }

    assert ("StartInstances", "") in calls
    groups = {names for operation, names in calls if operation == "ModifyNetworkInterfaceAttribute"}
    assert len(groups) == len({"isolated", "restored"})


# The policies of resources


LOGS_KEY, STAND_IN = "kms:EncryptionContext:aws:logs:arn", "aws:SourceArn"
"""The tool leaves out keys of an encryption context: one that it knows stands for this one, in policy and request."""


def service(at: Recorded, name: str, action: str, resource: str, policy: Any) -> Question:
    return Question(principal=name, action=action, resource=resource, account=at.ground.account, resource_policy=policy)


@BY_PARTITION
def test_alarms_of_this_site_reach_the_topic_and_nobody_elses_do(partition: str) -> None:
    at = recorded(partition)
    topic = at.deployment.only("aws:sns/topic:Topic").outputs["arn"]
    alarm = at.ground.arn("cloudwatch", "alarm:tandem-aws-test-watchdog-silent")

    def publish(source: str, account: str) -> Question:
        asked = {"aws:SourceArn": source, "aws:SourceAccount": account}
        question = service(at, "cloudwatch.amazonaws.com", "sns:Publish", topic, at.topic_policy)
        return replace(question, context=asked)

    stranger = at.ground.arn("cloudwatch", "alarm:another-site-silent")
    own, other_alarm, other_account = ask(
        [publish(alarm, at.ground.account), publish(stranger, at.ground.account), publish(alarm, "999999999999")]
    )
    assert own == ALLOWED
    assert ALLOWED not in (other_alarm, other_account)


@BY_PARTITION
def test_the_key_serves_the_alarms_and_the_log_groups_of_this_site_only(partition: str) -> None:
    at = recorded(partition)
    key, region = at.ground.key_arn, at.ground.region

    policy = json.loads(json.dumps(at.key_policy).replace(LOGS_KEY, STAND_IN))
    assert policy != at.key_policy

    def used(principal: str, use: str, group: str = "") -> Question:
        context = {STAND_IN: at.ground.arn("logs", f"log-group:{group}")} if group else {}
        return replace(service(at, principal, f"kms:{use}", key, policy), context=context)

    logs, own = f"logs.{region}.amazonaws.com", "/aws/lambda/tandem-aws-test-arbiter"
    assert set(ask(used(logs, use, own) for use in ("Encrypt", "Decrypt", "ReEncryptTo", "GenerateDataKey"))) == {ALLOWED}
    assert set(ask(used("cloudwatch.amazonaws.com", use) for use in ("Decrypt", "GenerateDataKey"))) == {ALLOWED}
    refused = [
        used(logs, "Decrypt", "/aws/lambda/another-site"),
        used(logs, "ScheduleKeyDeletion", own),
        used("logs.us-east-2.amazonaws.com", "Decrypt", own),
        used("cloudwatch.amazonaws.com", "Encrypt"),
        used("s3.amazonaws.com", "Decrypt"),
    ]
    assert ALLOWED not in ask(refused)


def test_a_stranger_gets_nothing_from_the_key_and_the_topic() -> None:
    at = recorded()
    stranger = "arn:aws:iam::999999999999:role/anybody"
    topic = at.deployment.only("aws:sns/topic:Topic").outputs["arn"]
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    asked = [
        service(at, stranger, "kms:Decrypt", at.ground.key_arn, at.key_policy),
        service(at, stranger, "sns:Publish", topic, at.topic_policy),
        service(at, stranger, "sns:Subscribe", topic, at.topic_policy),
    ]

    assert ALLOWED not in ask(replace(question, identity=[everything]) for question in asked)


@BY_PARTITION
def test_the_queue_takes_what_the_rules_of_this_site_could_not_hand_over(partition: str) -> None:
    at = recorded(partition)
    queue = at.ground.arn("sqs", at.deployment.only("aws:sqs/queue:Queue").outputs["name"])
    policy = json.loads(at.deployment.only("aws:sqs/queuePolicy:QueuePolicy").inputs["policy"])

    def send(principal: str, rule: str) -> Question:
        question = service(at, principal, "sqs:SendMessage", queue, policy)
        return replace(question, context={"aws:SourceArn": at.ground.arn("events", f"rule/{rule}")})

    rules = [rule.inputs["name"] for rule in at.deployment.of_type("aws:cloudwatch/eventRule:EventRule")]
    assert rules
    assert set(ask(send("events.amazonaws.com", rule) for rule in rules)) == {ALLOWED}
    assert ALLOWED not in ask([send("events.amazonaws.com", "another-site-schedule"), send("sns.amazonaws.com", rules[0])])


SERVICES = {"arbiter": "lambda", "prober": "lambda", "worker": "ec2", "flows": "vpc-flow-logs"}


@BY_PARTITION
def test_a_role_is_taken_by_its_own_service_and_by_nobody_else(partition: str) -> None:
    at = recorded(partition)

    def take(role: Registration, principal: str) -> Question:
        arn = f"arn:{partition}:iam::{at.ground.account}:role/{role.outputs['name']}"
        policy = json.loads(role.inputs["assumeRolePolicy"])
        account, source = at.ground.account, at.ground.arn("ec2", "vpc-flow-log/fl-1")
        question = service(at, principal, "sts:AssumeRole", arn, policy)
        return replace(question, context={"aws:SourceAccount": account, "aws:SourceArn": source})

    for role in at.deployment.of_type("aws:iam/role:Role"):
        part = role.name.removeprefix("tandem-aws-test-").split("-")[0]
        others = [f"{name}.amazonaws.com" for name in set(SERVICES.values()) - {SERVICES[part]}]
        stranger = "arn:aws:iam::999999999999:role/anybody"
        own, *refused = ask(take(role, it) for it in (f"{SERVICES[part]}.amazonaws.com", *others, stranger))
        assert own == ALLOWED, role.name
        assert ALLOWED not in refused, role.name
