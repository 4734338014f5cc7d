"""What starts an arbiter when a worker's machine goes down, in case none leads at that moment.

Only for that case: an arbiter that leads reads the machines by itself, within seconds, and a start that meets one ends at
once. EC2's events may be lost or late, so no failover depends on them.
"""

import json
from collections.abc import Sequence
from typing import TypedDict

import pulumi

from failover_lambda.contract import TickKind
from infra.aws.rules import STATE_CHANGE, StarterArgs, starting_rule

STATES = ("stopping", "stopped", "shutting-down", "terminated")
"""On the way down. A worker that comes up needs nobody in a hurry: it moves nothing, and the next round finds it."""

TRANSFORMER_PATHS = {"instance": "$.detail.instance-id", "state": "$.detail.state"}
TEMPLATE = f'{{"tick": "{TickKind.EVENT.value}", "instance": <instance>, "state": <state>}}'
"""EventBridge puts quotes around a text that stands where JSON wants a value."""


def pattern(instance_ids: Sequence[str]) -> str:
    """Which events: those of these machines, on their way down."""
    return json.dumps(
        {
            "source": ["aws.ec2"],
            "detail-type": ["EC2 Instance State-change Notification"],
            "detail": {"instance-id": list(instance_ids), "state": list(STATES)},
        }
    )


class StateChangeArgs(TypedDict):
    """Arguments of `StateChange`."""

    starter: StarterArgs
    instance_ids: Sequence[pulumi.Output[str]]


class StateChange(pulumi.ComponentResource):
    """A rule of the default bus, where AWS's own events are."""

    def __init__(self, name: str, args: StateChangeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:StateChange", name, {}, opts)
        starting_rule(
            self,
            name,
            STATE_CHANGE,
            args["starter"],
            {
                "description": f"Starts an arbiter of {args['starter']['site']} when a worker goes down and none leads",
                "event_pattern": pulumi.Output.all(*args["instance_ids"]).apply(pattern),
                "input_transformer": {"input_paths": TRANSFORMER_PATHS, "input_template": TEMPLATE},
            },
        )
        self.register_outputs({})
