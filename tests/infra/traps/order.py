"""Traps of order: what has to be there first, and what has to be gone first (sections 1, 4, 5, 7 and 8 of the table)."""

from tests.infra.traps.look import (
    ALARM,
    ATTACHMENT,
    EGRESS,
    EIP,
    FIRST_TICK,
    FUNCTION,
    INGRESS,
    INSTANCE,
    INVOKE_LIMITS,
    LOG_GROUP,
    PERMISSION,
    RULE,
    SUBNET,
    TABLE,
    TARGET,
    TOPIC_POLICY,
    VOLUME_ATTACHMENT,
    WORKERS,
    part,
)
from tests.infra.traps.registry import trap
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand

FUNCTION_FILE = "infra/aws/function.py"
FAILOVER = "infra/aws/failover.py"
PAIR = "infra/aws/pair.py"
RULES = "infra/aws/rules.py"
WORKERS_FILE = "infra/aws/workers.py"


@trap(
    "1/associate-to-pending",
    "8/address-at-destroy",
    slips=(
        Slip(
            "the schedule waits for the address and not for the workers",
            FAILOVER,
            "[address.resource, *workers.resources, self._dead_letters]",
            "[address.resource, self._dead_letters]",
        ),
        Slip(
            "the rule waits for nothing",
            RULES,
            """        state="ENABLED",
        tags=tags(args["site"], args["tags"]),
        opts=child(owner, depends_on=args["after"]),""",
            """        state="ENABLED",
        tags=tags(args["site"], args["tags"]),
        opts=child(owner),""",
        ),
    ),
)
def pending_worker_or_released_address_the_schedule_comes_after_both_and_goes_before_them(stand: Stand) -> None:
    """A destroy goes the other way round, in any order that this allows."""
    usual = stand.usual
    first = {part(usual, EIP, "address").urn, *(each.urn for each in usual.of_type(INSTANCE))}

    starters = [each for kind in (RULE, TARGET, PERMISSION) for each in usual.of_type(kind)]
    assert starters
    assert [each.name for each in starters if not first <= usual.needs(each)] == []


@trap(
    "8/address-at-destroy",
    slips=(
        Slip(
            "the workers wait for nothing",
            PAIR,
            "self._workers(ground, [address.resource], address.address_id)",
            "self._workers(ground, [], address.address_id)",
        ),
    ),
)
def address_in_use_cannot_be_released_so_the_workers_go_first(stand: Stand) -> None:
    address = part(stand.usual, EIP, "address").urn

    assert [each.name for each in stand.usual.of_type(INSTANCE) if address not in stand.usual.needs(each)] == []


@trap(
    "5/vpc-function-role",
    "8/function-interfaces",
    slips=(
        Slip(
            "a function waits for its log group and not for its rights",
            FUNCTION_FILE,
            "self._function(role, [log_group, allowed])",
            "self._function(role, [log_group])",
        ),
    ),
)
def interfaces_of_functions_are_put_in_and_taken_out_while_their_role_may(stand: Stand) -> None:
    for function in stand.usual.of_type(FUNCTION):
        assert stand.usual.named(ATTACHMENT, function.name).urn in function.depends_on
        subnets = set(function.inputs.get("vpcConfig", {}).get("subnetIds", []))
        assert {each.urn for each in stand.usual.of_type(SUBNET) if each.id in subnets} <= stand.usual.needs(function)


@trap(
    "4/log-group-comes-back",
    slips=(
        Slip(
            "a function waits for its rights and not for its log group",
            FUNCTION_FILE,
            "self._function(role, [log_group, allowed])",
            "self._function(role, [allowed])",
        ),
    ),
)
def a_log_group_is_there_before_the_first_line_and_goes_after_the_last(stand: Stand) -> None:
    groups = {each.inputs["name"]: each.urn for each in stand.usual.of_type(LOG_GROUP)}

    for function in stand.usual.of_type(FUNCTION):
        assert groups[f"/aws/lambda/{function.inputs['name']}"] in function.depends_on


@trap(
    "1/associate-to-pending",
    "3/stale-policies",
    slips=(
        Slip(
            "the first tick does not wait for the rules of the groups",
            FAILOVER,
            "[*starters, workers, telling, self.record, *ground.ways]",
            "[*starters, workers, telling, self.record]",
        ),
        Slip(
            "the first tick does not wait for the disks of the workers",
            FAILOVER,
            "[*starters, workers, telling, self.record, *ground.ways]",
            "[*starters, telling, self.record, *ground.ways]",
        ),
    ),
)
def the_first_tick_comes_after_everything_that_it_needs(stand: Stand) -> None:
    needed = stand.usual.needs(stand.usual.only(FIRST_TICK))

    for type_token in (
        INSTANCE,
        EIP,
        TARGET,
        FUNCTION,
        TABLE,
        VOLUME_ATTACHMENT,
        INVOKE_LIMITS,
        TOPIC_POLICY,
        EGRESS,
        INGRESS,
    ):
        missing = [each.name for each in stand.usual.of_type(type_token) if each.urn not in needed]
        assert missing == [], type_token


@trap(
    "5/first-minutes",
    slips=(
        Slip(
            "the alarms wait for nothing",
            "infra/aws/alarms.py",
            'opts=child(self, depends_on=args["after"]),',
            "opts=child(self),",
        ),
    ),
)
def first_minutes_the_alarm_waits_for_the_schedule(stand: Stand) -> None:
    targets = {each.urn for each in stand.usual.of_type(TARGET)}

    assert all(targets <= stand.usual.needs(alarm) for alarm in stand.usual.of_type(ALARM))


@trap(
    "7/changed-in-place",
    slips=(
        Slip(
            "the workers are changed side by side",
            WORKERS_FILE,
            'depends_on=[*args["after"], *self.resources],',
            'depends_on=args["after"],',
        ),
    ),
)
def both_in_parallel_never_the_second_worker_waits_for_the_first(stand: Stand) -> None:
    first, second = (part(stand.usual, INSTANCE, name) for name in WORKERS)

    assert first.urn in second.depends_on


@trap(
    "7/other-replacing-properties",
    slips=(
        Slip(
            "a new worker is made before the old one is gone",
            WORKERS_FILE,
            """                # The old one has the pinned address until it is gone.
                delete_before_replace=True,
""",
            "",
        ),
        Slip(
            "a new attachment is made before the old one is gone",
            WORKERS_FILE,
            "            opts=child(self, delete_before_replace=True),\n",
            "            opts=child(self),\n",
        ),
    ),
)
def two_cannot_have_one_address_or_one_disk_so_the_old_goes_first(stand: Stand) -> None:
    """The engine makes the new resource before it deletes the old one, unless it is told not to."""
    for each in (*stand.usual.of_type(INSTANCE), *stand.usual.of_type(VOLUME_ATTACHMENT)):
        assert each.delete_before_replace, each.name
