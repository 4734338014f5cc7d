"""Who is told: a topic for people. Its policy lets alarms in, and no rule: none of ours has it as a target."""

from typing import TypedDict

import pulumi
import pulumi_aws as aws

from infra.aws.permissions import Arns, topic_policy
from infra.naming import Kind, physical, tags
from infra.shapes import AccountHandle, child


class TellingArgs(TypedDict):
    """Arguments of `Telling`."""

    site: str
    region: str
    account: AccountHandle
    key_arn: pulumi.Input[str]
    alert_emails: list[str]
    tags: dict[str, str]


class Telling(pulumi.ComponentResource):
    """The topic and who listens to it."""

    topic_arn: pulumi.Output[str]

    def __init__(self, name: str, args: TellingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:Telling", name, {}, opts)
        self._name = name
        self._args = args
        topic = aws.sns.Topic(
            f"{name}-notices",
            name=physical(Kind.TOPIC, f"{args['site']}-notices"),
            # With the cloud's own key no alarm could publish to it.
            kms_master_key_id=args["key_arn"],
            tags=tags(args["site"], args["tags"]),
            opts=child(self),
        )
        self.topic_arn = topic.arn
        self._let_alarms_publish()
        for address in args["alert_emails"]:
            # Named after the address, not after its place in the list. Nothing is sent until its owner confirms.
            aws.sns.TopicSubscription(
                f"{name}-{address}", topic=topic.arn, protocol="email", endpoint=address, opts=child(self)
            )
        self.register_outputs({"topic_arn": self.topic_arn})

    def _let_alarms_publish(self) -> None:
        args = self._args
        account = args["account"]
        policy = pulumi.Output.all(account.partition, account.account_id, self.topic_arn).apply(
            lambda found: topic_policy(Arns(found[0], args["region"], found[1]), found[2], f"{args['site']}-")
        )
        aws.sns.TopicPolicy(f"{self._name}-notices", arn=self.topic_arn, policy=policy, opts=child(self))
