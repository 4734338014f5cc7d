"""Traps of keys, encrypted topics and log groups (section 4 of the table)."""

import json
from fnmatch import fnmatchcase

from lab.recording import Deployment
from tests.infra.stand import ACCOUNT, REGION
from tests.infra.traps.look import (
    ALARM,
    KEY,
    LOG_GROUP,
    TOPIC,
    TOPIC_POLICY,
    Statement,
    allowing,
    key_arn,
    listed,
    statements,
)
from tests.infra.traps.registry import trap
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand

RIGHTS = "infra/aws/permissions.py"


def arbiter(stand: Stand, action: str) -> Statement:
    """The one statement by which the arbiter may do that."""
    return allowing(stand.usual, "arbiter", action)


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
            'allow("RecordIsEncrypted", list(TABLE_KEY_ACTIONS), scope.key_arn, scope.arns.via("dynamodb"))',
            'allow("RecordIsEncrypted", list(TABLE_KEY_ACTIONS), scope.key_arn, scope.arns.via("s3"))',
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
