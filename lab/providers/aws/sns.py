"""Topics, their policies and subscriptions.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Mapping
from typing import Any

from lab.providers.aws.cloud import AwsHandler, physical_name, tag_list, tag_map, tagged, told
from lab.providers.handler import Ask, State

GONE = ("NotFound", "NotFoundException")
TOPIC_OPTIONS = ("displayName", "policy", "kmsMasterKeyId", "deliveryPolicy")


class Topic(AwsHandler):
    """A topic."""

    type = "aws:sns/topic:Topic"
    gone = GONE

    def _make(self, ask: Ask) -> State:
        attributes, tags = ask.pick(*TOPIC_OPTIONS), tag_list(ask.get("tags"))
        answer = self.client("sns").create_topic(Name=physical_name(ask), Attributes=attributes, Tags=tags)
        return State(answer["TopicArn"])

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        sns = self.client("sns")
        attributes = sns.get_topic_attributes(TopicArn=state.id)["Attributes"]
        tags = sns.list_tags_for_resource(ResourceArn=state.id).get("Tags")
        names = {"arn": state.id, "name": state.id.rpartition(":")[2]}
        return names | told(attributes, *TOPIC_OPTIONS, "owner") | tagged(tag_map(tags))

    def _remove(self, state: State) -> None:
        self.client("sns").delete_topic(TopicArn=state.id)


class TopicPolicy(AwsHandler):
    """Who may publish to a topic; replaces the policy that the topic came with."""

    type = "aws:sns/topicPolicy:TopicPolicy"
    gone = GONE

    def _make(self, ask: Ask) -> State:
        arn = ask["arn"]
        self.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=ask["policy"])
        return State(arn)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        attributes = self.client("sns").get_topic_attributes(TopicArn=state.id)["Attributes"]
        return {"arn": state.id} | told(attributes, "policy", "owner")

    def _remove(self, state: State) -> None:
        """Nothing: the topic goes next; the provider would put the default policy back."""


class TopicSubscription(AwsHandler):
    """Where a topic's messages go."""

    type = "aws:sns/topicSubscription:TopicSubscription"
    untold = frozenset({"endpointAutoConfirms", "confirmationTimeoutInMinutes"})
    gone = GONE

    def _make(self, ask: Ask) -> State:
        attributes = ask.pick("filterPolicy", "filterPolicyScope", "redrivePolicy", "deliveryPolicy")
        if "rawMessageDelivery" in ask:
            attributes["RawMessageDelivery"] = str(ask["rawMessageDelivery"]).lower()
        wanted = ask.pick("protocol", "endpoint", TopicArn="topic")
        answer = self.client("sns").subscribe(Attributes=attributes, ReturnSubscriptionArn=True, **wanted)
        return State(answer["SubscriptionArn"])

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        attributes = self.client("sns").get_subscription_attributes(SubscriptionArn=state.id)["Attributes"]
        pending = {"arn": state.id, "pendingConfirmation": attributes.get("PendingConfirmation") == "true"}
        return pending | told(attributes, "protocol", "endpoint", TopicArn="topic", Owner="ownerId")

    def _remove(self, state: State) -> None:
        self.client("sns").unsubscribe(SubscriptionArn=state.id)


HANDLERS = (Topic, TopicPolicy, TopicSubscription)
