"""Traps of names, tags and sizes (sections 5 and 8 of the table)."""

import re
from collections.abc import Mapping

from tests.infra.traps.look import (
    ALARM,
    ALIAS,
    FUNCTION,
    LOG_GROUP,
    PERMISSION,
    POLICY,
    PROFILE,
    ROLE,
    RULE,
    TABLE,
    TARGET,
    TOPIC,
)
from tests.infra.traps.registry import trap
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand, Variant

NAMING = "infra/naming.py"
WATCHDOG = "infra/aws/watchdog.py"


NAME_LIMITS: Mapping[str, tuple[int, str]] = {
    ALARM: (255, "[ -~]"),
    ALIAS: (256, "[A-Za-z0-9:/_-]"),
    FUNCTION: (64, "[A-Za-z0-9_-]"),
    LOG_GROUP: (512, "[A-Za-z0-9._/#-]"),
    PERMISSION: (100, "[A-Za-z0-9_-]"),
    POLICY: (128, "[A-Za-z0-9_+=,.@-]"),
    PROFILE: (128, "[A-Za-z0-9_+=,.@-]"),
    ROLE: (64, "[A-Za-z0-9_+=,.@-]"),
    RULE: (64, "[A-Za-z0-9._-]"),
    TABLE: (255, "[A-Za-z0-9_.-]"),
    TARGET: (64, "[A-Za-z0-9._-]"),
    TOPIC: (256, "[A-Za-z0-9_-]"),
}
"""Longest name and its characters (botocore 1.44.5, service models). Security groups: their names are generated."""


NAMED_BY = {PERMISSION: "statementId", TARGET: "targetId"}
"""Where it is not `name`."""


GENERATED = 8
"""Pulumi makes a name by a hyphen and seven characters after the logical one."""


@trap(
    "8/lengths",
    slips=(
        Slip("a site may have eight characters more", NAMING, "SITE_LENGTH_MAX = 32", "SITE_LENGTH_MAX = 40"),
        Slip(
            "the function's part grows",
            WATCHDOG,
            'physical(Kind.FUNCTION, f"{site}-prober-{zone}")',
            'f"{site}-prober-of-the-watchdog-in-zone-{zone}"',
        ),
    ),
)
def names_fit_with_the_longest_stack_and_what_is_added_to_them(stand: Stand) -> None:
    longest = stand.of(Variant.ELSEWHERE)
    seen: set[str] = set()
    for each in longest.registrations:
        if each.type not in NAME_LIMITS:
            continue
        length, characters = NAME_LIMITS[each.type]
        chosen = each.inputs.get(NAMED_BY.get(each.type, "name"))
        name = chosen if isinstance(chosen, str) else f"{each.name}-{'x' * (GENERATED - 1)}"
        assert re.fullmatch(f"{characters}{{1,{length}}}", name), (each.type, name, len(name))
        seen.add(each.type)
    assert seen == set(NAME_LIMITS)


TAG_CHARACTERS = re.compile(r"[A-Za-z0-9 _.:/=+@-]*")
"""What every service takes; IAM and logs are the narrowest (botocore 1.44.5, patterns of `tagKeyType` and `TagKey`)."""


@trap(
    "8/tags",
    "8/default-tags",
    slips=(
        Slip(
            "a tag of our own says who it is for with a comma",
            NAMING,
            "    own = {OWNER_TAG: site}\n",
            '    own = {OWNER_TAG: site, "for": "workers, probers"}\n',
        ),
        Slip("the user's tags are forgotten", NAMING, "    return {**more, **own}", "    return own"),
    ),
)
def tags_are_one_dict_per_resource_in_the_narrowest_characters(stand: Stand) -> None:
    other = stand.of(Variant.OTHER)
    tagged = [each for each in other.registrations if "tags" in each.inputs]

    assert "defaultTags" not in other.only("pulumi:providers:aws").inputs
    assert {each.inputs["tags"].get("stage") for each in tagged} == {"test"}
    for each in tagged:
        assert len(each.inputs["tags"]) <= 50
        for key, value in each.inputs["tags"].items():
            assert TAG_CHARACTERS.fullmatch(key + value), (each.name, key, value)
            assert not key.startswith("aws:")
            assert len(key) <= 128
            assert len(value) <= 256


ENVIRONMENT_BYTES_MAX = 4096


RESERVED_VARIABLES = ("AWS_", "LAMBDA_", "_HANDLER", "_X_AMZN")


@trap(
    "5/sizes",
    slips=(
        Slip(
            "the arbiter is told its region under a reserved name",
            WATCHDOG,
            '                "environment": self.environment,\n',
            '                "environment": self.environment.apply(lambda it: {**it, "AWS_REGION": "eu-central-1"}),\n',
        ),
        Slip(
            "the timeout is set in milliseconds",
            WATCHDOG,
            "PROBER_TIMEOUT_S = 5",
            "PROBER_TIMEOUT_S = 5000",
        ),
    ),
)
def environment_and_timeout_fit_what_the_service_takes(stand: Stand) -> None:
    for function in stand.usual.of_type(FUNCTION):
        variables = function.inputs["environment"]["variables"]
        assert sum(len(name) + len(value) for name, value in variables.items()) < ENVIRONMENT_BYTES_MAX
        assert not [name for name in variables if name.startswith(RESERVED_VARIABLES)]
        assert function.inputs["timeout"] <= 900
