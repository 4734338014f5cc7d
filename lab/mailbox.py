"""A person with a subscription: what the site's topic sends, read from a queue of one's own.

The topic is the program's; the queue is the lab's, made in the emulated cloud as an operator would make one. May be
imported by scenarios and tests.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from lab.site import Site


@dataclass
class Mailbox:
    """What has arrived since `open`."""

    sqs: Any
    url: str
    letters: list[str] = field(default_factory=list[str])
    """Their texts, one fact a line."""

    @classmethod
    def open(cls, site: Site) -> "Mailbox":
        """Subscribe to the topic of the site."""
        sqs = site.client("sqs")
        url = sqs.create_queue(QueueName=f"mail-{site.lab_id}")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        site.client("sns").subscribe(TopicArn=site.outputs["topicArn"], Protocol="sqs", Endpoint=arn)
        return cls(sqs, url)

    def has(self, what: str) -> bool:
        """Whether a notice of this kind has arrived."""
        for message in self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", []):
            self.letters.append(json.loads(message["Body"])["Message"])
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return any(re.search(rf"^what: +{re.escape(what)}$", letter, re.MULTILINE) for letter in self.letters)
