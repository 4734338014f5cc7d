"""A rule of the default bus that starts the arbiter: the rule, the right to invoke, and the target.

Not a component: the resources belong to whoever calls, `schedule` or `state_change`, and to nobody else.
"""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from infra.naming import Kind, physical, tags
from infra.shapes import child

EVENT_AGE_S_MAX = 60
"""A tick that comes later than the next one is worth nothing. The shortest that AWS takes."""

RETRIES = 0
"""The next minute is the retry; AWS's own default would repeat a failed tick for 24 hours."""

SCHEDULE = "schedule"
STATE_CHANGE = "state-change"
RULES = (SCHEDULE, STATE_CHANGE)
"""The rules of a site, by the part of their names behind the site's."""


def rule_name(site: str, part: str) -> str:
    """The name of one of the rules. The queue's policy is made from it, before there is a rule."""
    return physical(Kind.RULE, f"{site}-{part}")


class StarterArgs(TypedDict):
    """What both rules are told."""

    site: str
    arbiter_name: pulumi.Input[str]
    arbiter_arn: pulumi.Input[str]
    dead_letters_arn: pulumi.Input[str]
    """Where a start goes that could not be handed over."""
    after: Sequence[pulumi.Resource]
    """What must be there before an arbiter starts, and gone only after nothing starts one any more."""
    tags: dict[str, str]


class RuleArgs(TypedDict):
    """What tells one rule from the other: `schedule_expression` or `event_pattern`, `input` or `input_transformer`."""

    description: str
    schedule_expression: NotRequired[str]
    event_pattern: NotRequired[pulumi.Input[str]]
    input: NotRequired[str]
    input_transformer: NotRequired[aws.cloudwatch.EventTargetInputTransformerArgsDict]


def starting_rule(
    owner: pulumi.Resource, name: str, part: str, args: StarterArgs, own: RuleArgs, *, before: Sequence[pulumi.Resource] = ()
) -> None:
    """Make rule, permission and target as children of `owner`.

    Args:
        owner: The component that they belong to.
        name: The pair's name.
        part: One of RULES.
        args: What both rules are told.
        own: What this one does.
        before: What must be there before the rule fires, besides `args["after"]`.
    """
    rule = aws.cloudwatch.EventRule(
        f"{name}-{part}",
        name=rule_name(args["site"], part),
        description=own["description"],
        schedule_expression=own.get("schedule_expression"),
        event_pattern=own.get("event_pattern"),
        state="ENABLED",
        tags=tags(args["site"], args["tags"]),
        opts=child(owner, depends_on=args["after"]),
    )
    # One per rule, with the rule's own ARN: else it fires and nothing runs.
    permission = aws.lambda_.Permission(
        f"{name}-{part}",
        statement_id=part,
        action="lambda:InvokeFunction",
        function=args["arbiter_name"],
        principal="events.amazonaws.com",
        source_arn=rule.arn,
        opts=child(owner, depends_on=args["after"]),
    )
    aws.cloudwatch.EventTarget(
        f"{name}-{part}",
        rule=rule.name,
        target_id="arbiter",
        arn=args["arbiter_arn"],
        input=own.get("input"),
        input_transformer=own.get("input_transformer"),
        retry_policy={"maximum_event_age_in_seconds": EVENT_AGE_S_MAX, "maximum_retry_attempts": RETRIES},
        dead_letter_config={"arn": args["dead_letters_arn"]},
        opts=child(owner, depends_on=[permission, *before, *args["after"]]),
    )
