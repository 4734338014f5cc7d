"""Topics, their policies and subscriptions.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Mapping
from typing import Any

from lab.providers.aws import tagging
from lab.providers.aws.cloud import (
    NAMES,
    REGION,
    AwsHandler,
    as_text,
    fixed,
    physical_name,
    tag_list,
    tag_map,
    tagged,
    told,
)
from lab.providers.handler import Ask, State
from lab.providers.plain import pascal

GONE = ("NotFound", "NotFoundException")
TOPIC_OPTIONS = ("displayName", "policy", "kmsMasterKeyId", "deliveryPolicy")
SUBSCRIPTION_OPTIONS = ("filterPolicy", "filterPolicyScope", "redrivePolicy", "deliveryPolicy")


class Topic(AwsHandler):
    """A topic."""

    type = "aws:sns/topic:Topic"
    replaces = REGION | NAMES | {"fifoTopic"}
    defaults = fixed(contentBasedDeduplication=False, fifoTopic=False)
    named = "name"
    changes = frozenset(TOPIC_OPTIONS)
    retag = staticmethod(tagging.by_arn("sns", "ResourceArn"))
    gone = GONE

    def _make(self, ask: Ask) -> State:
        attributes, tags = ask.pick(*TOPIC_OPTIONS), tag_list(ask.get("tags"))
        answer = self.client("sns").create_topic(Name=physical_name(ask), Attributes=attributes, Tags=tags)
        return State(answer["TopicArn"])

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        for name in sorted(changed):
            if name in ask or name != "policy":  # without a policy of its own a topic keeps the one that it has
                value = ask.get(name, "")
                self.client("sns").set_topic_attributes(TopicArn=state.id, AttributeName=pascal(name), AttributeValue=value)

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
    replaces = REGION | {"arn"}
    required = frozenset({"arn", "policy"})
    changes = frozenset({"policy"})
    gone = GONE

    def _make(self, ask: Ask) -> State:
        self._put(ask)
        return State(ask["arn"])

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        del state, changed
        self._put(ask)

    def _put(self, ask: Ask) -> None:
        self.client("sns").set_topic_attributes(TopicArn=ask["arn"], AttributeName="Policy", AttributeValue=ask["policy"])

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        attributes = self.client("sns").get_topic_attributes(TopicArn=state.id)["Attributes"]
        return {"arn": state.id} | told(attributes, "policy", "owner")

    def _remove(self, state: State) -> None:
        """Nothing: the topic goes next; the provider would put the default policy back."""


class TopicSubscription(AwsHandler):
    """Where a topic's messages go."""

    type = "aws:sns/topicSubscription:TopicSubscription"
    replaces = REGION | {"endpoint", "protocol", "topic"}
    required = frozenset({"endpoint", "protocol", "topic"})
    defaults = fixed(confirmationTimeoutInMinutes=1, endpointAutoConfirms=False, rawMessageDelivery=False)
    changes = frozenset({*SUBSCRIPTION_OPTIONS, "rawMessageDelivery"})
    untold = frozenset({"endpointAutoConfirms", "confirmationTimeoutInMinutes"})
    gone = GONE

    def _make(self, ask: Ask) -> State:
        attributes = {key: as_text(value) for key, value in ask.pick(*SUBSCRIPTION_OPTIONS, "rawMessageDelivery").items()}
        wanted = ask.pick("protocol", "endpoint", TopicArn="topic")
        answer = self.client("sns").subscribe(Attributes=attributes, ReturnSubscriptionArn=True, **wanted)
        return State(answer["SubscriptionArn"])

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        for name in sorted(changed):
            without = {"filterPolicy": "{}", "rawMessageDelivery": False}.get(name, "")
            self.client("sns").set_subscription_attributes(
                SubscriptionArn=state.id, AttributeName=pascal(name), AttributeValue=as_text(ask.get(name, without))
            )

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        attributes = self.client("sns").get_subscription_attributes(SubscriptionArn=state.id)["Attributes"]
        pending = {"arn": state.id, "pendingConfirmation": attributes.get("PendingConfirmation") == "true"}
        pending["rawMessageDelivery"] = attributes.get("RawMessageDelivery") == "true"
        names = ("protocol", "endpoint", *SUBSCRIPTION_OPTIONS)
        return pending | told(attributes, *names, TopicArn="topic", Owner="ownerId")

    def _remove(self, state: State) -> None:
        self.client("sns").unsubscribe(SubscriptionArn=state.id)


HANDLERS = (Topic, TopicPolicy, TopicSubscription)
