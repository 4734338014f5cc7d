"""Queues and their policies.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Mapping
from typing import Any

from lab.providers.aws.cloud import AwsHandler, as_text, physical_name, tagged
from lab.providers.handler import Ask, State

GONE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "NonExistentQueue")
ATTRIBUTES = {
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "policy": "Policy",
}
"""The provider's name of an attribute, and SQS's own, which knows texts only."""
_SWITCHES = ("sqsManagedSseEnabled",)
_NUMBERS = ("messageRetentionSeconds", "visibilityTimeoutSeconds")


class Queue(AwsHandler):
    """A queue. Its id is its URL."""

    type = "aws:sqs/queue:Queue"
    gone = GONE

    def _make(self, ask: Ask) -> State:
        name = physical_name(ask)
        attributes = {ATTRIBUTES[key]: as_text(ask[key]) for key in ATTRIBUTES if key in ask}
        answer = self.client("sqs").create_queue(QueueName=name, Attributes=attributes, tags=ask.get("tags") or {})
        return State(answer["QueueUrl"])

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
    gone = GONE

    def _make(self, ask: Ask) -> State:
        url = ask["queueUrl"]
        self.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": ask["policy"]})
        return State(url)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        answer = self.client("sqs").get_queue_attributes(QueueUrl=state.id, AttributeNames=["Policy"])
        policy = answer.get("Attributes", {}).get("Policy")
        return {"queueUrl": state.id, "policy": policy} if policy else None

    def _remove(self, state: State) -> None:
        self.client("sqs").set_queue_attributes(QueueUrl=state.id, Attributes={"Policy": ""})


def _from_text(key: str, text: str) -> Any:
    if key in _SWITCHES:
        return text == "true"
    return int(text) if key in _NUMBERS else text


HANDLERS = (Queue, QueuePolicy)
