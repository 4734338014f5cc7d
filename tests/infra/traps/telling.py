"""Traps of what is told and kept: flow logs, dead letters, events of machines (sections 4 and 5 of the table)."""

import json

from tests.infra.stand import ACCOUNT, REGION
from tests.infra.traps.look import (
    ATTACHMENT,
    FLOW_LOG,
    INSTANCE,
    INVOKE_LIMITS,
    LOG_GROUP,
    QUEUE,
    QUEUE_POLICY,
    ROLE,
    RULE,
    TARGET,
    VPC,
    WORKERS,
    allowing,
    listed,
    part,
)
from tests.infra.traps.registry import trap
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand

DEAD_LETTERS = "infra/aws/dead_letters.py"
FLOW_LOGS = "infra/aws/flow_logs.py"
RIGHTS = "infra/aws/permissions.py"
RULES = "infra/aws/rules.py"
SCHEDULE = "infra/aws/schedule.py"
STATE_CHANGE = "infra/aws/state_change.py"
STARTERS = ("schedule", "state-change")


@trap(
    "4/flow-log-role",
    slips=(
        Slip(
            "flow logs of every account may use the role",
            RIGHTS,
            'return trust("vpc-flow-logs", condition)',
            'return trust("vpc-flow-logs")',
        ),
        Slip(
            "the role trusts the service of logs instead of that of flow logs",
            RIGHTS,
            'trust("vpc-flow-logs", condition)',
            'trust("logs", condition)',
        ),
        Slip("the role may not make streams", RIGHTS, '"Write", ["logs:CreateLogStream", ', '"Write", ['),
    ),
)
def flow_log_role_is_for_the_flow_logs_of_this_account_only_and_may_write(stand: Stand) -> None:
    (trusted,) = json.loads(part(stand.usual, ROLE, "flows").inputs["assumeRolePolicy"])["Statement"]

    assert trusted["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert trusted.get("Condition", {}).get("StringEquals") == {"aws:SourceAccount": ACCOUNT}
    group = part(stand.usual, LOG_GROUP, "flows-log").inputs["name"]
    for action in ("logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"):
        resource = allowing(stand.usual, "flows", action)["Resource"]
        assert resource == f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:*"


@trap(
    "4/flow-log-role",
    slips=(
        Slip(
            "the flow log does not wait for its rights",
            FLOW_LOGS,
            "depends_on=[allowed], delete",
            "delete",
        ),
        Slip("the successor is made beside its predecessor", FLOW_LOGS, ", delete_before_replace=True", ""),
    ),
)
def flow_log_without_rights_shows_only_as_a_delivery_error_so_it_waits_and_it_is_replaced_in_order(stand: Stand) -> None:
    flow_log = stand.usual.only(FLOW_LOG)

    assert part(stand.usual, ATTACHMENT, "flows").urn in flow_log.depends_on
    assert part(stand.usual, LOG_GROUP, "flows-log").urn in stand.usual.needs(flow_log)
    assert flow_log.inputs["vpcId"] == stand.usual.only(VPC).id
    assert flow_log.inputs["iamRoleArn"] == part(stand.usual, ROLE, "flows").outputs["arn"]
    assert flow_log.delete_before_replace


@trap(
    "4/dead-letter-writers",
    slips=(
        Slip(
            "the queue lets in the rules of the whole account",
            RIGHTS,
            '{"ArnEquals": {"aws:SourceArn": rules}}',
            '{"StringEquals": {"aws:SourceAccount": arns.account_id}}',
        ),
        Slip(
            "the second rule is forgotten in the queue's policy",
            "infra/aws/failover.py",
            '"rule_names": [rule_name(self._site, part) for part in RULES]',
            '"rule_names": [rule_name(self._site, RULES[0])]',
        ),
        Slip(
            "the queue goes by a key that the bus may not use",
            DEAD_LETTERS,
            "            sqs_managed_sse_enabled=True,\n",
            '            kms_master_key_id="alias/aws/sqs",\n',
        ),
    ),
)
def dead_letters_of_the_bus_are_let_in_by_the_queues_policy_and_its_encryption(stand: Stand) -> None:
    queue = stand.usual.only(QUEUE)
    (statement,) = json.loads(stand.usual.only(QUEUE_POLICY).inputs["policy"])["Statement"]

    assert "kmsMasterKeyId" not in queue.inputs
    assert queue.inputs.get("sqsManagedSseEnabled") is True
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert (statement["Action"], statement["Resource"]) == ("sqs:SendMessage", queue.outputs["arn"])
    rules = sorted(part(stand.usual, RULE, starter).outputs["arn"] for starter in STARTERS)
    assert sorted(statement["Condition"].get("ArnEquals", {}).get("aws:SourceArn", [])) == rules


@trap(
    "4/dead-letter-writers",
    slips=(
        Slip(
            "the arbiter's role may not send its dead letters",
            RIGHTS,
            '        allow("DeadLetters", "sqs:SendMessage", scope.dead_letters_arn),\n',
            '        allow("DeadLetters", "sqs:ReceiveMessage", scope.dead_letters_arn),\n',
        ),
        Slip(
            "a failed start goes nowhere",
            SCHEDULE,
            '            destination_config={"on_failure": {"destination": starter["dead_letters_arn"]}},\n',
            "",
        ),
    ),
)
def dead_letters_of_the_function_are_sent_by_its_own_role(stand: Stand) -> None:
    queue = stand.usual.only(QUEUE).outputs["arn"]
    limits = part(stand.usual, INVOKE_LIMITS, "arbiter")

    assert limits.inputs.get("destinationConfig") == {"onFailure": {"destination": queue}}
    assert allowing(stand.usual, "arbiter", "sqs:SendMessage")["Resource"] == queue


@trap(
    "5/bus-retries",
    "4/dead-letter-writers",
    slips=(
        Slip(
            "what a rule cannot hand over is dropped",
            RULES,
            '        dead_letter_config={"arn": args["dead_letters_arn"]},\n',
            "",
        ),
        Slip(
            "the rules fire before the queue is open to them",
            "infra/aws/failover.py",
            "[address.resource, *workers.resources, self._dead_letters]",
            "[address.resource, *workers.resources]",
        ),
    ),
)
def what_a_rule_cannot_hand_over_goes_to_a_queue_that_is_open_by_then(stand: Stand) -> None:
    for starter in STARTERS:
        target = part(stand.usual, TARGET, starter)
        assert target.inputs.get("deadLetterConfig") == {"arn": stand.usual.only(QUEUE).outputs["arn"]}
        assert stand.usual.only(QUEUE_POLICY).urn in stand.usual.needs(target)


@trap(
    "5/state-change-event",
    slips=(
        Slip(
            "the rule hears the machines of the whole account",
            STATE_CHANGE,
            '"detail": {"instance-id": list(instance_ids), "state": list(STATES)}',
            '"detail": {"state": list(STATES)}',
        ),
        Slip(
            "the rule hears the first worker alone",
            STATE_CHANGE,
            '"instance-id": list(instance_ids)',
            '"instance-id": list(instance_ids)[:1]',
        ),
        Slip(
            "the detail type is misspelt, so that the rule never fires",
            STATE_CHANGE,
            "EC2 Instance State-change Notification",
            "EC2 Instance State Change Notification",
        ),
    ),
)
def state_change_events_name_both_workers_and_nobody_else(stand: Stand) -> None:
    pattern = json.loads(part(stand.usual, RULE, "state-change").inputs["eventPattern"])

    assert pattern["detail-type"] == ["EC2 Instance State-change Notification"]
    workers = sorted(part(stand.usual, INSTANCE, name).id for name in WORKERS)
    assert sorted(listed(pattern["detail"].get("instance-id", []))) == workers
