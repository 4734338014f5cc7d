"""Queues and their policies.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Mapping
from typing import Any

from lab.providers.aws import tagging
from lab.providers.aws.cloud import NAMES, REGION, AwsHandler, as_text, fixed, physical_name, tagged
from lab.providers.handler import Ask, State

GONE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "NonExistentQueue")
ATTRIBUTES = {
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
    "delaySeconds": "DelaySeconds",
    "maxMessageSize": "MaximumMessageSize",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "policy": "Policy",
}
"""The provider's name of an attribute, and SQS's own, which knows texts only."""
_SWITCHES = ("sqsManagedSseEnabled",)
NUMBERS = fixed(
    messageRetentionSeconds=345_600,
    visibilityTimeoutSeconds=30,
    delaySeconds=0,
    maxMessageSize=262_144,
    receiveWaitTimeSeconds=0,
)
"""The attributes that are numbers, each with the provider's default (docstring of pulumi_aws.sqs.Queue)."""


class Queue(AwsHandler):
    """A queue. Its id is its URL."""

    type = "aws:sqs/queue:Queue"
    replaces = REGION | NAMES | {"fifoQueue"}
    defaults = fixed(**NUMBERS, contentBasedDeduplication=False, fifoQueue=False)
    named = "name"
    changes = frozenset(ATTRIBUTES)
    retag = staticmethod(tagging.sqs)
    gone = GONE

    def _make(self, ask: Ask) -> State:
        name = physical_name(ask)
        attributes = {ATTRIBUTES[key]: as_text(ask[key]) for key in ATTRIBUTES if key in ask}
        answer = self.client("sqs").create_queue(QueueName=name, Attributes=attributes, tags=ask.get("tags") or {})
        return State(answer["QueueUrl"])

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        """What the program does not name any more gets the provider's default; without one, and for a policy, nothing."""
        wanted = {name: ask.get(name, NUMBERS.get(name)) for name in changed}
        if "kmsMasterKeyId" in changed:
            wanted["kmsMasterKeyId"] = ask.get("kmsMasterKeyId", "")
        attributes = {ATTRIBUTES[name]: as_text(value) for name, value in wanted.items() if value is not None}
        self.client("sqs").set_queue_attributes(QueueUrl=state.id, Attributes=attributes)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        sqs = self.client("sqs")
        attributes = sqs.get_queue_attributes(QueueUrl=state.id, AttributeNames=["All"])["Attributes"]
        arn: str = attributes["QueueArn"]
        names = {"arn": arn, "name": arn.rpartition(":")[2], "url": state.id}
        told = {key: _from_text(key, attributes[name]) for key, name in ATTRIBUTES.items() if attributes.get(name)}
        return names | told | tagged(sqs.list_queue_tags(QueueUrl=state.id).get("Tags") or {})

    def _remove(self, state: State) -> None:
        self.client("sqs").delete_queue(QueueUrl=state.id)


class QueuePolicy(AwsHandler):
    """Who may write into a queue, besides its account's own roles."""

    type = "aws:sqs/queuePolicy:QueuePolicy"
    replaces = REGION | {"queueUrl"}
    required = frozenset({"policy", "queueUrl"})
    changes = frozenset({"policy"})
    gone = GONE

    def _make(self, ask: Ask) -> State:
        self._put(ask)
        return State(ask["queueUrl"])

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        del state, changed
        self._put(ask)

    def _put(self, ask: Ask) -> None:
        self.client("sqs").set_queue_attributes(QueueUrl=ask["queueUrl"], Attributes={"Policy": ask["policy"]})

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        answer = self.client("sqs").get_queue_attributes(QueueUrl=state.id, AttributeNames=["Policy"])
        policy = answer.get("Attributes", {}).get("Policy")
        return {"queueUrl": state.id, "policy": policy} if policy else None

    def _remove(self, state: State) -> None:
        self.client("sqs").set_queue_attributes(QueueUrl=state.id, Attributes={"Policy": ""})


def _from_text(key: str, text: str) -> Any:
    if key in _SWITCHES:
        return text == "true"
    return int(text) if key in NUMBERS else text


HANDLERS = (Queue, QueuePolicy)
