"""Notices as events: the document of docs/EVENTS.md, and what a bus makes of it."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from failover_lambda.aws import bus
from failover_lambda.aws.report import LiveReporter
from failover_lambda.contract import Channel
from failover_lambda.errors import CouldNotAskError
from failover_lambda.model import Kind, Loss
from tests.contract.emulators import PATIENT, client
from tests.contract.judge import Judge
from tests.contract.test_report import NOTICE
from tests.fakes import make_settings

pytestmark = pytest.mark.contract

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "EVENTS.md").read_text()
WITH_BUS = make_settings(notice_event_bus="hospital")


def test_an_event_is_what_the_page_says() -> None:
    example = json.loads(re.findall(r"```json\n(\{\n.*?\n\})\n```", PAGE, re.DOTALL)[0])
    assert bus.detail(NOTICE) == example


def test_every_member_of_the_detail_is_on_the_page_in_its_order() -> None:
    table = PAGE[PAGE.index("| member of") : PAGE.index("An example")]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(bus.detail(NOTICE))


def test_every_kind_of_notice_is_on_the_page() -> None:
    table = PAGE[PAGE.index("| `what` | it says |") : PAGE.index("**Delivery.**")]
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) - {"what"}
    source = "".join(path.read_text() for path in (ROOT / "failover_lambda").glob("*.py"))
    literal = re.findall(r'(?:\.telling\(|notify\([^"()]*(?:\([^()]*\))?[^"()]*,)\s*"([a-z-]+)"', source)
    assert {"manual", "rejoined", "move-overdue", "both-down", "adopted"} <= set(literal)
    assert listed == set(literal) | {each.value for each in (*Kind, *Loss)} | {"settled", "disabled"}


def test_an_event_is_put_once_on_that_bus_and_named_after_what_happened() -> None:
    events = Judge("events")
    events.answers["PutEvents"] = {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}
    LiveReporter(WITH_BUS, Judge("sns").client, events.client).tell(NOTICE, Channel.BUS)
    (entry,) = events.only("PutEvents")["Entries"]
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == ("hospital", "tandem", "failover")
    assert entry["Time"] == datetime.fromtimestamp(NOTICE.at_s, UTC)


def test_an_answer_of_200_that_took_nothing_is_a_failure() -> None:
    """PutEvents says for each entry whether it was taken; the call itself succeeds."""
    events = Judge("events")
    refused = {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}
    events.answers["PutEvents"] = {"FailedEntryCount": 1, "Entries": [refused]}
    reporter = LiveReporter(WITH_BUS, Judge("sns").client, events.client)
    with pytest.raises(CouldNotAskError, match=r"tell lis-2-1 by the bus: .*ThrottlingException: slow down"):
        reporter.tell(NOTICE, Channel.BUS)


def test_without_a_bus_a_notice_for_it_could_not_be_told() -> None:
    with pytest.raises(CouldNotAskError, match="no event bus is configured"):
        LiveReporter(make_settings(), Judge("sns").client).tell(NOTICE, Channel.BUS)


def test_a_notice_that_has_left_is_a_line_and_one_that_has_not_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    sns = Judge("sns")
    LiveReporter(make_settings(), sns.client).tell(NOTICE, Channel.TOPIC)
    said = json.loads(capsys.readouterr().out)
    assert (said["event"], said["channel"], said["what"], said["notice"]) == ("told", "topic", "failover", "lis-2-1")
    with pytest.raises(CouldNotAskError):
        LiveReporter(make_settings(), sns.client).tell(NOTICE, Channel.BUS)
    assert capsys.readouterr().out == ""


@pytest.mark.lab
def test_an_event_reaches_whoever_has_a_rule_on_the_bus(ministack: str) -> None:
    events, sqs = client("events", ministack, PATIENT), client("sqs", ministack, PATIENT)
    events.create_event_bus(Name="hospital")
    queue: str = sqs.create_queue(QueueName="machines")["QueueUrl"]
    arn: str = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["tandem"], "detail-type": ["failover"], "detail": {"site": ["lis"]}}
    events.put_rule(Name="moves", EventBusName="hospital", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="moves", EventBusName="hospital", Targets=[{"Id": "queue", "Arn": arn}])
    LiveReporter(WITH_BUS, client("sns", ministack), client("events", ministack)).tell(NOTICE, Channel.BUS)
    (received,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    event: dict[str, Any] = json.loads(received["Body"])
    assert (event["source"], event["detail-type"]) == ("tandem", "failover")
    assert event["detail"] == bus.detail(NOTICE)


@pytest.mark.lab
def test_an_event_that_did_not_leave_could_not_be_told(ministack: str) -> None:
    nowhere = client("events", "http://127.0.0.1:1")
    with pytest.raises(CouldNotAskError, match="tell lis-2-1 by the bus: no answer"):
        LiveReporter(WITH_BUS, client("sns", ministack), nowhere).tell(NOTICE, Channel.BUS)
