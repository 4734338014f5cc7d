"""Traps of real permissions: emulators allow everything, so only the recorded documents show what would be denied.

Sections 3 and 4 of the table.
"""

import json

from failover_lambda.contract import Settings
from tests.infra.stand import REGION
from tests.infra.traps.look import (
    ADDRESSES,
    ATTACHMENT,
    FUNCTION,
    FUNCTIONS,
    GROUPS,
    INSTANCE,
    INSTANCES,
    INTERFACES,
    PROBERS,
    ROLE,
    Statement,
    allowing,
    documents,
    listed,
    part,
    statements,
)
from tests.infra.traps.registry import trap
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import ELSEWHERE_PARTITION, Stand, Variant

RIGHTS = "infra/aws/permissions.py"
WATCHDOG = "infra/aws/watchdog.py"


def arbiter(stand: Stand, action: str) -> Statement:
    """The one statement by which the arbiter may do that."""
    return allowing(stand.usual, "arbiter", action)


@trap(
    "3/associate-resources",
    slips=(
        Slip(
            "instances are left out, because the call names none",
            RIGHTS,
            "[*address, *instances, *interfaces]",
            "[*address, *interfaces]",
        ),
        Slip("the address is left out", RIGHTS, "[*address, *instances, *interfaces]", "[*instances, *interfaces]"),
    ),
)
def missing_resource_denies_the_move_associate_names_address_instances_and_interfaces(stand: Stand) -> None:
    statement = arbiter(stand, "ec2:AssociateAddress")

    assert statement["Action"] == "ec2:AssociateAddress"
    assert sorted(statement["Resource"]) == sorted([*ADDRESSES, *INSTANCES, *INTERFACES])


@trap(
    "3/disassociate-resources",
    slips=(
        Slip(
            "instances are named, and not the interfaces",
            RIGHTS,
            '"ec2:DisassociateAddress", [*address, *interfaces]',
            '"ec2:DisassociateAddress", [*address, *instances]',
        ),
    ),
)
def disassociate_takes_address_and_interfaces_and_no_instances(stand: Stand) -> None:
    assert sorted(arbiter(stand, "ec2:DisassociateAddress")["Resource"]) == sorted([*ADDRESSES, *INTERFACES])


@trap(
    "3/tag-condition-on-interfaces",
    slips=(
        Slip(
            "the move is limited to what carries the site's tag",
            RIGHTS,
            'allow("GiveTheAddress", "ec2:AssociateAddress", [*address, *instances, *interfaces])',
            'allow("GiveTheAddress", "ec2:AssociateAddress", [*address, *instances, *interfaces], '
            '{"Null": {"aws:ResourceTag/tandem-site": "false"}})',
        ),
    ),
)
def tag_condition_on_interfaces_would_deny_every_move_there_is_none(stand: Stand) -> None:
    for statement in statements(stand.usual, "arbiter").values():
        if any(":network-interface/" in resource for resource in listed(statement["Resource"])):
            assert "Condition" not in statement, statement["Action"]


@trap(
    "3/stop-start-register",
    slips=(
        Slip(
            "every instance of the account may be stopped",
            RIGHTS,
            '["ec2:StartInstances", "ec2:StopInstances"], instances)',
            '["ec2:StartInstances", "ec2:StopInstances"], scope.arns.ec2("instance", ["*"]))',
        ),
        Slip(
            "only the first worker may be stopped",
            RIGHTS,
            '["ec2:StartInstances", "ec2:StopInstances"], instances)',
            '["ec2:StartInstances", "ec2:StopInstances"], instances[:1])',
        ),
    ),
)
def stop_and_start_reach_the_workers_and_nothing_else(stand: Stand) -> None:
    for action in ("ec2:StopInstances", "ec2:StartInstances"):
        assert arbiter(stand, action)["Resource"] == INSTANCES


@trap(
    "3/fence-permission",
    slips=(
        Slip("the groups are left out", RIGHTS, "[*interfaces, *groups]", "interfaces"),
        Slip(
            "the arbiter may put groups on instances too, and with that change their user data",
            RIGHTS,
            '"ec2:ModifyNetworkInterfaceAttribute", [*interfaces, *groups]',
            '["ec2:ModifyNetworkInterfaceAttribute", "ec2:ModifyInstanceAttribute"], [*interfaces, *groups, *instances]',
        ),
        Slip(
            "the workers' own group is left out, so that isolation is never undone",
            WATCHDOG,
            'group_ids=[found["worker_group"], found["isolation_group"]]',
            'group_ids=[found["isolation_group"]]',
        ),
    ),
)
def fence_changes_groups_of_interfaces_and_nothing_else_of_a_machine(stand: Stand) -> None:
    assert arbiter(stand, "ec2:ModifyNetworkInterfaceAttribute")["Resource"] == [*INTERFACES, *GROUPS]
    actions = {action for each in statements(stand.usual, "arbiter").values() for action in listed(each["Action"])}
    assert "ec2:ModifyInstanceAttribute" not in actions


@trap(
    "3/actions-without-resources",
    slips=(
        Slip(
            "reading is limited to the workers, which denies it",
            RIGHTS,
            """            "*",
            {"StringEquals": {"ec2:Region": scope.arns.region}},""",
            """            instances,
            {"StringEquals": {"ec2:Region": scope.arns.region}},""",
        ),
        Slip(
            "an action with resources is put beside those without",
            RIGHTS,
            '["ec2:DescribeAddresses", "ec2:DescribeInstanceStatus", "ec2:DescribeInstances"],',
            '["ec2:DescribeAddresses", "ec2:DescribeInstanceStatus", "ec2:DescribeInstances", "ec2:CreateTags"],',
        ),
        Slip(
            "reading is allowed in every region",
            RIGHTS,
            """            "*",
            {"StringEquals": {"ec2:Region": scope.arns.region}},""",
            """            "*",""",
        ),
    ),
)
def actions_without_resources_stand_alone_with_the_region(stand: Stand) -> None:
    starred = [each for each in statements(stand.usual, "arbiter").values() if "*" in listed(each["Resource"])]

    assert [(sorted(listed(each["Action"])), each.get("Condition")) for each in starred] == [
        (
            ["ec2:DescribeAddresses", "ec2:DescribeInstanceStatus", "ec2:DescribeInstances"],
            {"StringEquals": {"ec2:Region": REGION}},
        )
    ]


@trap(
    "3/actions-without-resources",
    slips=(
        Slip(
            "functions may put metrics, which travel in log lines",
            RIGHTS,
            'allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], streams)',
            'allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents", "cloudwatch:PutMetricData"], streams)',
        ),
    ),
)
def metrics_travel_in_log_lines_no_function_puts_them(stand: Stand) -> None:
    for function in FUNCTIONS:
        actions = {action for each in statements(stand.usual, function).values() for action in listed(each["Action"])}
        assert not [action for action in actions if action.startswith("cloudwatch:")], function


@trap(
    "3/stale-policies",
    slips=(
        Slip(
            "rights go by the site's name instead of the probers that live",
            WATCHDOG,
            'prober_arns=found["probers"]',
            'prober_arns=[Arns(found["partition"], self._args["pair"]["region"], found["account_id"])'
            '.of("lambda", f"function:{self._site}-prober-*")]',
        ),
        Slip(
            "interface and instance are mixed up in what the arbiter is told",
            WATCHDOG,
            'network_interface_id=found["interfaces"][worker.name]',
            'network_interface_id=found["instances"][worker.name]',
        ),
    ),
)
def what_the_arbiter_is_told_and_may_ask_follows_the_live_resources(stand: Stand) -> None:
    usual = stand.usual
    told = Settings.from_environment(part(usual, FUNCTION, "arbiter").inputs["environment"]["variables"])

    for worker in told.workers:
        instance = part(usual, INSTANCE, worker.name)
        live = (instance.id, instance.outputs["primaryNetworkInterfaceId"])
        assert (worker.instance_id, worker.network_interface_id) == live, worker.name
    probers = sorted(part(usual, FUNCTION, name).outputs["arn"] for name in PROBERS)
    assert sorted(arbiter(stand, "lambda:InvokeFunction")["Resource"]) == probers


@trap(
    "4/log-group-comes-back",
    slips=(
        Slip(
            "functions may create log groups",
            RIGHTS,
            'allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], streams)',
            'allow("Log", ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], streams)',
        ),
        Slip(
            "functions get the managed policy that everybody attaches",
            "infra/aws/function.py",
            "        return role, aws.iam",
            "        aws.iam.RolePolicyAttachment(\n"
            '            f"{self._name}-basic",\n'
            "            role=role.name,\n"
            "            policy_arn=policy.arn.apply(\n"
            """                lambda it: f"arn:{it.split(':')[1]}:iam::aws:policy/service-role/"\n"""
            """                "AWSLambdaBasicExecutionRole"\n"""
            "            ),\n"
            "            opts=child(self),\n"
            "        )\n"
            "        return role, aws.iam",
        ),
    ),
)
def a_log_group_that_comes_back_nobody_may_create_one(stand: Stand) -> None:
    for where, document in documents(stand.usual):
        actions = [action for each in document["Statement"] for action in listed(each["Action"])]
        assert not [action for action in actions if action in {"*", "logs:*", "logs:Create*", "logs:CreateLogGroup"}], where
    attached = [each.inputs["policyArn"] for each in stand.usual.of_type(ATTACHMENT)]
    assert not [arn for arn in attached if "AWSLambda" in arn]


@trap(
    "5/vpc-function-role",
    slips=(
        Slip(
            "one of the rights that Lambda needs is forgotten",
            RIGHTS,
            '    "ec2:DescribeSubnets",\n',
            "",
        ),
        Slip(
            "the rights are bound to one kind of resource",
            RIGHTS,
            'allow("LambdaPlacesIt", list(NETWORK_INTERFACE_ACTIONS), "*")',
            'allow("LambdaPlacesIt", list(NETWORK_INTERFACE_ACTIONS), arns.ec2("network-interface", ["*"]))',
        ),
        Slip(
            "the code may use those rights too",
            RIGHTS,
            '"Condition": {"ArnEquals": {"lambda:SourceFunctionArn": arns.of("lambda", f"function:{function}")}},',
            '"Condition": {"ArnEquals": {"lambda:SourceFunctionArn": arns.of("lambda", function)}},',
        ),
    ),
)
def a_function_in_the_network_is_placed_by_lambda_and_its_code_cannot_use_those_rights(stand: Stand) -> None:
    for function in PROBERS:
        placed = allowing(stand.usual, function, "ec2:CreateNetworkInterface")
        (denied,) = (each for each in statements(stand.usual, function).values() if each["Effect"] == "Deny")
        assert set(placed["Action"]) == {
            "ec2:AssignPrivateIpAddresses",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:UnassignPrivateIpAddresses",
        }
        assert (placed["Resource"], denied["Resource"]) == ("*", "*")
        assert "Condition" not in placed
        assert denied["Action"] == placed["Action"]
        arn = part(stand.usual, FUNCTION, function).outputs["arn"]
        assert denied["Condition"] == {"ArnEquals": {"lambda:SourceFunctionArn": arn}}


@trap(
    "3/partition",
    slips=(
        Slip(
            "a managed policy is named in full",
            "infra/aws/workers.py",
            'f"arn:{it}:iam::aws:policy/AmazonSSMManagedInstanceCore"',
            '"arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"',
        ),
        Slip(
            "the key's policy names the account in the usual partition",
            RIGHTS,
            'return f"arn:{self.partition}:iam::{self.account_id}:root"',
            'return f"arn:aws:iam::{self.account_id}:root"',
        ),
    ),
)
def partition_is_asked_and_never_written_down(stand: Stand) -> None:
    elsewhere = stand.of(Variant.ELSEWHERE)
    texts = {
        f"{each.type} {each.name} {name}": json.dumps(value, default=str)
        for each in elsewhere.registrations
        for name, value in each.inputs.items()
    }

    assert [where for where, text in texts.items() if "arn:aws:" in text] == []
    assert [where for where, text in texts.items() if f"arn:{ELSEWHERE_PARTITION}:" in text] != []


@trap(
    "5/permission-to-invoke",
    slips=(
        Slip(
            "functions trust the machines' service",
            "infra/aws/function.py",
            'assume_role_policy=trust("lambda")',
            'assume_role_policy=trust("ec2")',
        ),
        Slip(
            "machines trust the functions' service",
            "infra/aws/workers.py",
            'assume_role_policy=trust("ec2")',
            'assume_role_policy=trust("lambda")',
        ),
    ),
)
def roles_trust_the_service_that_takes_them(stand: Stand) -> None:
    for name in ("worker", *FUNCTIONS):
        (statement,) = json.loads(part(stand.usual, ROLE, name).inputs["assumeRolePolicy"])["Statement"]
        service = "ec2" if name == "worker" else "lambda"
        assert statement["Principal"] == {"Service": f"{service}.amazonaws.com"}, name
