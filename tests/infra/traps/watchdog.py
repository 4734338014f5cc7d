"""Traps of real functions, schedules, alarms, tables and logs (sections 4, 5 and 8 of the table)."""

from failover_lambda.contract import RECORD_KEY
from tests.infra.traps.look import (
    FUNCTION,
    GROUP,
    INVOKE_LIMITS,
    LOG_GROUP,
    PERMISSION,
    PROBERS,
    RULE,
    SUBNET,
    TABLE,
    TARGET,
    key_arn,
    part,
    site,
)
from tests.infra.traps.registry import trap
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import OTHER_CHOICES, Stand, Variant

FUNCTIONS = "infra/aws/function.py"
RECORD = "infra/aws/record.py"
RULES = "infra/aws/rules.py"
SCHEDULE = "infra/aws/schedule.py"
WATCHDOG = "infra/aws/watchdog.py"

STARTERS = ("schedule", "state-change")
"""The parts of the rules that start an arbiter."""
RETENTION_DAYS = {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
"""What CloudWatch Logs takes (botocore 1.44.5, logs, shape `Days`)."""


@trap(
    "5/arbiters-life",
    slips=(
        Slip(
            "the function ends when two starts may still lie ahead",
            WATCHDOG,
            "ARBITER_TIMEOUT_S = 180",
            "ARBITER_TIMEOUT_S = 120",
        ),
        Slip(
            "the arbiter is put into the network, where it has no way out",
            WATCHDOG,
            """                "subnet_ids": [],
                "group_ids": [],""",
            """                "subnet_ids": list(self._args["prober_subnet_ids"].values()),
                "group_ids": [self._args["prober_group_id"]],""",
        ),
    ),
)
def life_on_a_one_minute_schedule_the_arbiter_stands_outside_the_network_with_time_for_a_whole_one(stand: Stand) -> None:
    arbiter = part(stand.usual, FUNCTION, "arbiter").inputs

    assert "vpcConfig" not in arbiter
    # An arbiter lives at most 150 s, and ends its last round after that.
    assert arbiter["timeout"] >= 160


@trap(
    "5/probers-group",
    slips=(
        Slip(
            "all probers stand in the first zone",
            WATCHDOG,
            '"subnet_ids": [subnet_id],',
            '"subnet_ids": [next(iter(args["prober_subnet_ids"].values()))],',
        ),
        Slip(
            "probers get the workers' group",
            WATCHDOG,
            '"group_ids": [args["prober_group_id"]]',
            '"group_ids": [args["worker_group_id"]]',
        ),
    ),
)
def prober_stands_in_its_zone_with_a_group_that_reaches_the_workers(stand: Stand) -> None:
    usual = stand.usual
    for name in PROBERS:
        zone = name.removeprefix("prober-")
        assert part(usual, FUNCTION, name).inputs["vpcConfig"] == {
            "subnetIds": [part(usual, SUBNET, f"prober-{zone}").id],
            "securityGroupIds": [part(usual, GROUP, "prober").id],
        }


@trap(
    "7/zones",
    slips=(
        Slip(
            "a third zone is taken although no account is sure to have it",
            "infra/regions.py",
            "known.zones_per_account < VANTAGES",
            "len(known.zones) < VANTAGES",
        ),
    ),
)
def two_zones_of_an_account_that_has_no_third_get_two_probers(stand: Stand) -> None:
    probers = [each for each in stand.of(Variant.ELSEWHERE).of_type(FUNCTION) if "-prober-" in each.name]

    assert len(probers) == 2


@trap(
    "5/runtime",
    slips=(
        Slip(
            "the runtime is written down",
            FUNCTIONS,
            'runtime=args["runtime"]',
            'runtime="python3.13"',
        ),
        Slip(
            "the processor is left to the cloud's default",
            FUNCTIONS,
            '            architectures=[args["architecture"]],\n',
            "",
        ),
    ),
)
def runtime_and_processor_are_settings_with_these_defaults(stand: Stand) -> None:
    for variant, runtime, architecture in (
        (Variant.USUAL, "python3.13", "arm64"),
        (Variant.OTHER, OTHER_CHOICES["lambdaRuntime"], OTHER_CHOICES["lambdaArchitecture"]),
    ):
        functions = [each.inputs for each in stand.of(variant).of_type(FUNCTION)]
        assert {each.get("runtime") for each in functions} == {runtime}
        assert {tuple(each.get("architectures", [])) for each in functions} == {(architecture,)}


@trap(
    "5/reserved-concurrency-small-account",
    slips=(
        Slip(
            "three are always set aside",
            FUNCTIONS,
            'reserved_concurrent_executions=args["reserved_concurrency"]',
            'reserved_concurrent_executions=max(3, args["reserved_concurrency"])',
        ),
        Slip(
            "the choice is forgotten",
            FUNCTIONS,
            '            reserved_concurrent_executions=args["reserved_concurrency"],\n',
            "",
        ),
    ),
)
def reserved_concurrency_in_a_small_account_can_be_left_out(stand: Stand) -> None:
    for variant, wanted in ((Variant.USUAL, -1), (Variant.OTHER, int(OTHER_CHOICES["reservedConcurrency"]))):
        functions = stand.of(variant).of_type(FUNCTION)
        assert {each.inputs.get("reservedConcurrentExecutions") for each in functions} == {wanted}


@trap(
    "5/rate",
    "5/state-change-event",
    slips=(
        Slip("the plural", SCHEDULE, 'EVERY_MINUTE = "rate(1 minute)"', 'EVERY_MINUTE = "rate(1 minutes)"'),
        Slip(
            "the rule stands on a bus of its own",
            RULES,
            '        schedule_expression=own.get("schedule_expression"),\n',
            '        schedule_expression=own.get("schedule_expression"),\n        event_bus_name=f"{name}-bus",\n',
        ),
    ),
)
def rate_is_written_in_the_singular_on_the_default_bus(stand: Stand) -> None:
    rule = part(stand.usual, RULE, "schedule").inputs

    assert rule["scheduleExpression"] == "rate(1 minute)"
    assert "eventBusName" not in rule
    assert rule.get("state") == "ENABLED"


@trap(
    "5/bus-retries",
    "5/reserved-concurrency-two",
    slips=(
        Slip(
            "a failed tick is repeated by the function's own queue",
            SCHEDULE,
            "            maximum_event_age_in_seconds=EVENT_AGE_S_MAX,\n            maximum_retry_attempts=RETRIES,\n",
            "            maximum_event_age_in_seconds=EVENT_AGE_S_MAX,\n",
        ),
        Slip(
            "the rule retries as often as the bus does, 185 times",
            RULES,
            '"maximum_event_age_in_seconds": EVENT_AGE_S_MAX, "maximum_retry_attempts": RETRIES',
            '"maximum_event_age_in_seconds": EVENT_AGE_S_MAX',
        ),
        Slip("a tick may be an hour late", RULES, "EVENT_AGE_S_MAX = 60", "EVENT_AGE_S_MAX = 3600"),
    ),
)
def retries_of_a_day_are_switched_off_at_the_rule_and_at_the_function(stand: Stand) -> None:
    targets = [part(stand.usual, TARGET, starter).inputs for starter in STARTERS]
    limits = part(stand.usual, INVOKE_LIMITS, "arbiter").inputs

    for target in targets:
        assert target.get("retryPolicy") == {"maximumEventAgeInSeconds": 60, "maximumRetryAttempts": 0}
    assert (limits.get("maximumEventAgeInSeconds"), limits.get("maximumRetryAttempts")) == (60, 0)
    assert limits["functionName"] == part(stand.usual, FUNCTION, "arbiter").inputs["name"]


@trap(
    "5/permission-to-invoke",
    slips=(
        Slip(
            "the permission is for another rule",
            RULES,
            "        source_arn=rule.arn,\n",
            "        source_arn=rule.arn.apply(lambda arn: arn.removesuffix(part) + SCHEDULE),\n",
        ),
        Slip(
            "the scheduler is let in instead of the bus",
            RULES,
            'principal="events.amazonaws.com"',
            'principal="scheduler.amazonaws.com"',
        ),
        Slip(
            "the rule fires before it may",
            RULES,
            "opts=child(owner, depends_on=[permission, *before, *args",
            "opts=child(owner, depends_on=[*before, *args",
        ),
    ),
)
def permission_to_invoke_is_given_to_this_rule_and_there_before_it_fires(stand: Stand) -> None:
    for starter in STARTERS:
        permission = part(stand.usual, PERMISSION, starter)
        assert permission.inputs["principal"] == "events.amazonaws.com"
        assert permission.inputs["sourceArn"] == part(stand.usual, RULE, starter).outputs["arn"]
        assert permission.inputs["action"] == "lambda:InvokeFunction"
        assert permission.inputs["function"] == part(stand.usual, FUNCTION, "arbiter").inputs["name"]
        assert permission.urn in part(stand.usual, TARGET, starter).depends_on
    assert len({each.inputs["statementId"] for each in stand.usual.of_type(PERMISSION)}) == len(STARTERS)


@trap(
    "5/table-identity",
    slips=(
        Slip(
            "a range key is added",
            RECORD,
            "            hash_key=RECORD_KEY,\n",
            '            hash_key=RECORD_KEY,\n            range_key="shard",\n',
        ),
        Slip(
            "the table's name is generated",
            RECORD,
            "            name=self.table_name,\n",
            "",
        ),
        Slip(
            "an attribute that is no key is declared",
            RECORD,
            'attributes=[{"name": RECORD_KEY, "type": "S"}]',
            'attributes=[{"name": RECORD_KEY, "type": "S"}, {"name": "document", "type": "S"}]',
        ),
        Slip(
            "Pulumi does not protect the table",
            RECORD,
            'opts=child(self, protect=args["protect"])',
            "opts=child(self)",
        ),
    ),
)
def table_identity_never_changes_and_it_is_protected(stand: Stand) -> None:
    table = stand.usual.only(TABLE)

    assert table.protect
    assert table.inputs.get("name") == f"{site(stand.usual)}-record"
    assert (table.inputs["hashKey"], "rangeKey" in table.inputs) == (RECORD_KEY, False)
    assert table.inputs["attributes"] == [{"name": RECORD_KEY, "type": "S"}]


@trap(
    "5/table-identity",
    slips=(
        Slip(
            "the key is named by its alias",
            RECORD,
            '"kms_key_arn": args["key_arn"]',
            """"kms_key_arn": f"alias/{args['site']}\"""",
        ),
        Slip("the table goes by the cloud's own key", RECORD, ', "kms_key_arn": args["key_arn"]', ""),
    ),
)
def table_names_its_key_by_arn_and_not_by_alias(stand: Stand) -> None:
    chosen = stand.usual.only(TABLE).inputs["serverSideEncryption"]

    assert (chosen["enabled"], chosen.get("kmsKeyArn")) == (True, key_arn(stand.usual))


@trap(
    "5/deletion-protection",
    slips=(
        Slip(
            "the table stays protected when a destroy is prepared",
            RECORD,
            'deletion_protection_enabled=args["deletion_protection"]',
            "deletion_protection_enabled=True",
        ),
        Slip(
            "the table is not protected",
            RECORD,
            '            deletion_protection_enabled=args["deletion_protection"],\n',
            "",
        ),
    ),
)
def deletion_protection_of_the_table_goes_with_the_switch_for_a_two_step_destroy(stand: Stand) -> None:
    kept, loose = (stand.of(variant).only(TABLE).inputs for variant in (Variant.USUAL, Variant.OTHER))

    assert (kept.get("deletionProtectionEnabled"), loose.get("deletionProtectionEnabled")) == (True, False)


@trap(
    "4/log-group-comes-back",
    slips=(
        Slip("logs are kept for ever", FUNCTIONS, '            retention_in_days=self._args["log_retention_days"],\n', ""),
        Slip(
            "logs are kept for a year and a day, which the service does not know",
            FUNCTIONS,
            'retention_in_days=self._args["log_retention_days"]',
            'retention_in_days=self._args["log_retention_days"] + 1',
        ),
    ),
)
def every_function_has_a_group_of_its_name_with_retention_and_key(stand: Stand) -> None:
    groups = {each.inputs["name"]: each.inputs for each in stand.usual.of_type(LOG_GROUP)}

    for function in stand.usual.of_type(FUNCTION):
        group = groups[f"/aws/lambda/{function.inputs['name']}"]
        assert group.get("retentionInDays") in RETENTION_DAYS
        assert group.get("kmsKeyId") == key_arn(stand.usual)
