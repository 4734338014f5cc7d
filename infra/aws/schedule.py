"""What starts the arbiter: the schedule, every minute, and the deployment itself, once.

An arbiter lives longer than a minute and leads until its successor has the lease, so there is always one.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TypedDict, cast

import pulumi
import pulumi_aws as aws

from failover_lambda.contract import TickKind
from infra.aws.rules import EVENT_AGE_S_MAX, RETRIES, SCHEDULE, StarterArgs, starting_rule
from infra.shapes import child

EVERY_MINUTE = "rate(1 minute)"
"""The shortest schedule there is; `rate(1 minutes)` is refused."""


def tick(kind: TickKind) -> str:
    """The event that asks an arbiter for that kind of tick."""
    return json.dumps({"tick": kind.value})


class ScheduleArgs(TypedDict):
    """Arguments of `Schedule`."""

    starter: StarterArgs
    """`after`: workers and address. Made after them, the schedule is destroyed before them: an arbiter that still lives
    would give the address back to a worker while the address is being released."""


class Schedule(pulumi.ComponentResource):
    """A rule of the default bus (no other takes schedules) that starts an arbiter each minute, and limits for all starts."""

    def __init__(self, name: str, args: ScheduleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:Schedule", name, {}, opts)
        starter = args["starter"]
        # The same limits as at the rule: it hands the event to Lambda, and Lambda keeps it in a queue of its own. A start
        # that failed, or that found no free place within its age, is a dead letter.
        limits = aws.lambda_.FunctionEventInvokeConfig(
            f"{name}-arbiter",
            function_name=starter["arbiter_name"],
            maximum_event_age_in_seconds=EVENT_AGE_S_MAX,
            maximum_retry_attempts=RETRIES,
            destination_config={"on_failure": {"destination": starter["dead_letters_arn"]}},
            opts=child(self, depends_on=starter["after"]),
        )
        starting_rule(
            self,
            name,
            SCHEDULE,
            starter,
            {
                "description": f"Starts an arbiter of {starter['site']}",
                "schedule_expression": EVERY_MINUTE,
                "input": tick(TickKind.LOOP),
            },
            before=[limits],
        )
        self.register_outputs({})


class FirstTickArgs(TypedDict):
    """Arguments of `FirstTick`."""

    arbiter_name: pulumi.Input[str]
    bundle_digest: str
    environment: pulumi.Output[dict[str, str]]
    after: Sequence[pulumi.Resource]
    """Everything that a tick needs, the rules of the groups included."""


class FirstTick(pulumi.ComponentResource):
    """One tick of the deployed bundle, as the last act of a deployment.

    It gives the address to the home worker when nobody has it, so that the pair serves when `pulumi up` returns. The
    function raises when it cannot settle the site; the deployment fails then. It is asked again when bundle or environment
    changed.
    """

    holder: pulumi.Output[str]
    """Who served at that moment. Later on, the record says it."""

    def __init__(self, name: str, args: FirstTickArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:FirstTick", name, {}, opts)
        asked = aws.lambda_.Invocation(
            f"{name}-first-tick",
            function_name=args["arbiter_name"],
            input=tick(TickKind.ONCE),
            triggers={"bundle": args["bundle_digest"], "environment": args["environment"].apply(digest)},
            # A destroy asks nothing.
            lifecycle_scope="CREATE_ONLY",
            opts=child(self, depends_on=args["after"]),
        )
        self.holder = asked.result.apply(holder)
        self.register_outputs({"holder": self.holder})


def digest(variables: Mapping[str, str]) -> str:
    """A short mark of an environment; equal ones have the same."""
    return hashlib.sha256(json.dumps(dict(variables), sort_keys=True).encode()).hexdigest()[:16]


def holder(answer: str) -> str:
    """Who serves, from the answer to a `once` tick; ValueError when it is no such answer."""
    said = json.loads(answer)
    if not isinstance(said, dict) or "holder" not in said:
        raise ValueError(f"the watchdog answered {answer!r} to a once tick, which does not name a holder")
    return str(cast("dict[str, object]", said)["holder"])
