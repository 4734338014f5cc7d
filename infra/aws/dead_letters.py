"""Where a start of the arbiter goes that nobody could carry out: one queue, which an alarm watches.

Two write into it. EventBridge, when it cannot hand an event to Lambda: let in by the queue's policy, for these two rules
only. Lambda, when a start failed, or waited longer than it was worth: by the arbiter's own role.

It is encrypted with SQS's own key and not with the stack's: a customer's key would have to let in EventBridge as well, and
whoever cannot use the key loses the letter without a word. A letter holds an id and a state of an instance, no more.
"""

from collections.abc import Sequence
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from infra.aws.permissions import Arns, dead_letters_policy
from infra.naming import Kind, physical, tags
from infra.shapes import AccountHandle, child

RETENTION_S = 14 * 24 * 3600
"""The longest that SQS keeps a message (API reference, SetQueueAttributes)."""


def queue_name(site: str) -> str:
    """The queue's name."""
    return physical(Kind.QUEUE, f"{site}-dead-letters")


class DeadLettersArgs(TypedDict):
    """Arguments of `DeadLetters`."""

    site: str
    region: str
    account: AccountHandle
    rule_names: Sequence[str]
    """The rules that may write."""
    tags: dict[str, str]


class DeadLetters(pulumi.ComponentResource):
    """The queue and its policy. Whoever waits for this component finds both."""

    queue_arn: pulumi.Output[str]

    def __init__(self, name: str, args: DeadLettersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:DeadLetters", name, {}, opts)
        queue = aws.sqs.Queue(
            f"{name}-dead-letters",
            name=queue_name(args["site"]),
            message_retention_seconds=RETENTION_S,
            sqs_managed_sse_enabled=True,
            tags=tags(args["site"], args["tags"]),
            opts=child(self),
        )
        self.queue_arn = queue.arn
        account = args["account"]
        policy = pulumi.Output.all(account.partition, account.account_id, queue.arn).apply(
            lambda found: dead_letters_policy(Arns(found[0], args["region"], found[1]), found[2], args["rule_names"])
        )
        aws.sqs.QueuePolicy(f"{name}-dead-letters", queue_url=queue.url, policy=policy, opts=child(self))
        self.register_outputs({"queue_arn": self.queue_arn})
