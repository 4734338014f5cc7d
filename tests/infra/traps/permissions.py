"""Traps of real permissions: emulators allow everything, so only the recorded documents show what would be denied.

Sections 3 and 4 of the table.
"""

import json
from fnmatch import fnmatchcase

from failover_lambda.contract import Settings
from lab.recording import Deployment
from tests.infra.stand import ACCOUNT, REGION
from tests.infra.traps.look import (
    ADDRESSES,
    ALARM,
    ATTACHMENT,
    FUNCTION,
    FUNCTIONS,
    GROUPS,
    INSTANCE,
    INSTANCES,
    INTERFACES,
    KEY,
    LOG_GROUP,
    PROBERS,
    ROLE,
    TOPIC,
    TOPIC_POLICY,
    Statement,
    allowing,
    documents,
    key_arn,
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
    "3/start-on-encrypted-disks",
    slips=(
        Slip(
            "the grant is forgotten",
            RIGHTS,
            '            "kms:CreateGrant",\n            scope.key_arn,',
            '            "kms:ListGrants",\n            scope.key_arn,',
        ),
        Slip(
            "the grant may be used by anybody",
            RIGHTS,
            '{**scope.arns.via("ec2"), "Bool": {"kms:GrantIsForAWSResource": "true"}}',
            'scope.arns.via("ec2")',
        ),
    ),
)
def starting_with_encrypted_disks_needs_a_grant_for_aws_itself(stand: Stand) -> None:
    statement = arbiter(stand, "kms:CreateGrant")

    assert statement["Resource"] == key_arn(stand.usual)
    assert statement["Condition"] == {
        "StringEquals": {"kms:ViaService": f"ec2.{REGION}.amazonaws.com"},
        "Bool": {"kms:GrantIsForAWSResource": "true"},
    }


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
            '["ec2:DescribeAddresses", "ec2:DescribeInstances"],',
            '["ec2:DescribeAddresses", "ec2:DescribeInstances", "ec2:CreateTags"],',
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
        (["ec2:DescribeAddresses", "ec2:DescribeInstances"], {"StringEquals": {"ec2:Region": REGION}})
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
    "4/encrypted-table",
    slips=(
        Slip(
            "the key may be read with and not written with",
            RIGHTS,
            '"kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")',
            '"kms:DescribeKey")',
        ),
        Slip(
            "the key is bound to another service's use",
            RIGHTS,
            'list(TABLE_KEY_ACTIONS), scope.key_arn, scope.arns.via("dynamodb")',
            'list(TABLE_KEY_ACTIONS), scope.key_arn, scope.arns.via("s3")',
        ),
    ),
)
def table_with_a_key_needs_the_key_of_its_caller(stand: Stand) -> None:
    statement = arbiter(stand, "kms:DescribeKey")

    assert set(statement["Action"]) == {
        "kms:Decrypt",
        "kms:Encrypt",
        "kms:ReEncrypt*",
        "kms:GenerateDataKey*",
        "kms:DescribeKey",
    }
    assert statement["Resource"] == key_arn(stand.usual)
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": f"dynamodb.{REGION}.amazonaws.com"}}


@trap(
    "4/lambda-publishing",
    slips=(
        Slip(
            "the topic may be published to, and its key not used",
            RIGHTS,
            '["kms:Decrypt", "kms:GenerateDataKey*"], scope.key_arn, scope.arns.via("sns")',
            '["kms:Decrypt"], scope.key_arn, scope.arns.via("sns")',
        ),
    ),
)
def publishing_to_an_encrypted_topic_needs_the_key(stand: Stand) -> None:
    assert arbiter(stand, "sns:Publish")["Resource"] == stand.usual.only(TOPIC).outputs["arn"]
    via = {"StringEquals": {"kms:ViaService": f"sns.{REGION}.amazonaws.com"}}
    (key,) = (each for each in statements(stand.usual, "arbiter").values() if each.get("Condition") == via)
    assert (set(key["Action"]), key["Resource"]) == ({"kms:Decrypt", "kms:GenerateDataKey*"}, key_arn(stand.usual))


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
    "4/log-group-with-key",
    slips=(
        Slip(
            "the logs service is named without its region",
            RIGHTS,
            '{"Service": f"logs.{arns.region}.amazonaws.com"}',
            '{"Service": "logs.amazonaws.com"}',
        ),
        Slip(
            "the key is opened to log groups of another name",
            "infra/aws/ground.py",
            """f"{LOG_GROUP_PREFIX}{args['site']}-*\"""",
            """f"{LOG_GROUP_PREFIX}tandem/{args['site']}-*\"""",
        ),
        Slip(
            "the service may decrypt and not encrypt",
            RIGHTS,
            '["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"]',
            '["kms:Decrypt*", "kms:Describe*"]',
        ),
    ),
)
def log_group_with_a_key_the_key_lets_the_logs_service_in_for_these_groups(stand: Stand) -> None:
    (logs,) = key_statements(stand.usual, f"logs.{REGION}.amazonaws.com")

    assert {"kms:Decrypt*", "kms:Encrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"} <= set(logs["Action"])
    patterns = listed(logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"])
    encrypted = [each for each in stand.usual.of_type(LOG_GROUP) if each.inputs.get("kmsKeyId")]
    assert encrypted
    for group in encrypted:
        arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group.inputs['name']}"
        assert any(fnmatchcase(arn, pattern) for pattern in patterns), group.name


def key_statements(usual: Deployment, service: str) -> list[Statement]:
    """What the key's own policy lets a service do."""
    policy = json.loads(usual.only(KEY).inputs["policy"])
    return [each for each in policy["Statement"] if each["Principal"].get("Service") == service]


@trap(
    "4/alarm-to-encrypted-topic",
    slips=(
        Slip(
            "the topic goes by the cloud's own key",
            "infra/aws/telling.py",
            'kms_master_key_id=args["key_arn"]',
            'kms_master_key_id="alias/aws/sns"',
        ),
        Slip(
            "the key's policy knows the alarms' service by the events' name",
            RIGHTS,
            '_to_all("Alarms", {"Service": "cloudwatch.amazonaws.com"}',
            '_to_all("Alarms", {"Service": "monitoring.amazonaws.com"}',
        ),
    ),
)
def alarm_to_an_encrypted_topic_both_sides_let_it(stand: Stand) -> None:
    assert stand.usual.only(TOPIC).inputs.get("kmsMasterKeyId") == key_arn(stand.usual)
    (alarms,) = key_statements(stand.usual, "cloudwatch.amazonaws.com")
    assert {"kms:Decrypt", "kms:GenerateDataKey*"} <= set(alarms["Action"])


@trap(
    "4/own-topic-policy",
    slips=(
        Slip(
            "the policy names the alarms and forgets the account",
            RIGHTS,
            """            {**allow("Account", list(TOPIC_OWNER_ACTIONS), topic_arn), "Principal": {"AWS": arns.root}},\n""",
            "",
        ),
        Slip(
            "alarms are let in by another prefix than theirs",
            "infra/aws/telling.py",
            """found[2], f"{args['site']}-")""",
            """found[2], f"{args['site']}/")""",
        ),
        Slip(
            "whoever has alarms may publish",
            RIGHTS,
            """    alarms = {
        "StringEquals": {"aws:SourceAccount": arns.account_id},
""",
            "    alarms = {\n",
        ),
    ),
)
def own_topic_policy_replaces_the_default_so_it_names_account_and_alarms(stand: Stand) -> None:
    usual = stand.usual
    policy = json.loads(usual.only(TOPIC_POLICY).inputs["policy"])["Statement"]
    account = [each for each in policy if each["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}]
    (alarms,) = (each for each in policy if each["Principal"] == {"Service": "cloudwatch.amazonaws.com"})

    assert ["sns:Publish" in each["Action"] for each in account] == [True]
    assert "sns:Publish" in listed(alarms["Action"])
    assert alarms["Condition"].get("StringEquals") == {"aws:SourceAccount": ACCOUNT}
    assert {each["Resource"] for each in policy} == {usual.only(TOPIC).outputs["arn"]}
    for alarm in usual.of_type(ALARM):
        arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{alarm.inputs['name']}"
        assert fnmatchcase(arn, alarms["Condition"]["ArnLike"]["aws:SourceArn"]), arn


@trap(
    "4/key-policy-mistakes",
    slips=(
        Slip(
            "the arbiter's role is named in the key's policy",
            RIGHTS,
            '_to_all("Account", {"AWS": arns.root}, "kms:*"),',
            '_to_all("Account", {"AWS": [arns.root, arns.root.replace("root", "role/arbiter")]}, "kms:*"),',
        ),
        Slip(
            "the account is left out: nobody could change the policy again",
            RIGHTS,
            '            _to_all("Account", {"AWS": arns.root}, "kms:*"),\n',
            "",
        ),
        Slip(
            "the check against locking oneself out is bypassed",
            "infra/aws/disks.py",
            "            enable_key_rotation=True,\n",
            "            enable_key_rotation=True,\n            bypass_policy_lockout_safety_check=True,\n",
        ),
    ),
)
def key_policy_is_inline_and_names_the_account_and_services_only(stand: Stand) -> None:
    key = stand.usual.only(KEY).inputs
    principals = [each["Principal"] for each in json.loads(key["policy"])["Statement"]]

    assert not stand.usual.of_type("aws:kms/keyPolicy:KeyPolicy")
    assert "bypassPolicyLockoutSafetyCheck" not in key
    assert principals.count({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}) == 1
    assert [each for each in principals if set(each) != {"Service"}] == [{"AWS": f"arn:aws:iam::{ACCOUNT}:root"}]


@trap(
    "4/key-life",
    slips=(
        Slip(
            "the key is not protected",
            "infra/aws/disks.py",
            """            tags=tags(site, args["tags"]),
            opts=child(self, protect=args["protect"]),""",
            """            tags=tags(site, args["tags"]),
            opts=child(self),""",
        ),
        Slip("the key's material stays for ever", "infra/aws/disks.py", "            enable_key_rotation=True,\n", ""),
        Slip(
            "a deleted key is gone after a week",
            "infra/aws/disks.py",
            "DELETION_WINDOW_DAYS = 30",
            "DELETION_WINDOW_DAYS = 7",
        ),
    ),
)
def key_life_it_rotates_is_protected_and_can_be_called_back_for_a_month(stand: Stand) -> None:
    key = stand.usual.only(KEY)

    assert key.protect
    assert (key.inputs.get("enableKeyRotation"), key.inputs.get("deletionWindowInDays")) == (True, 30)


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
