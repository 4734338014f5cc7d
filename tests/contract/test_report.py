"""The port `ports.Reporter` on AWS: lines, metrics in a line, and notices."""

import io
import json
import sys
import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from failover_lambda import lines
from failover_lambda.aws.report import LiveReporter, subject
from failover_lambda.contract import METRIC_NAMESPACE, Channel, Metric
from failover_lambda.errors import CouldNotAskError
from failover_lambda.model import Notice, Phase, Vitals
from failover_lambda.wording import message
from tests.contract.emulators import PATIENT, client
from tests.fakes import make_settings

pytestmark = pytest.mark.contract

NOTICE = Notice(
    id="lis-2-1",
    at_s=1_700_000_000.5,
    what="failover",
    site="lis",
    source="wk1",
    target="wk2",
    why="three rounds in a row without an answer",
    epoch=2,
    seconds=1.34,
)


class NoTopic:
    """Only lines are asked for."""


@pytest.fixture
def reporter() -> LiveReporter:
    no_topic: Any = NoTopic()
    return LiveReporter(make_settings(), no_topic)


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    (line,) = capsys.readouterr().out.splitlines()
    return json.loads(line)


def test_an_event_is_one_json_line_with_its_times(reporter: LiveReporter, capsys: pytest.CaptureFixture[str]) -> None:
    reporter.event("tick", {"reason": "two\nlines", "epoch": 2})
    said = printed(capsys)
    assert (said["event"], said["reason"], said["epoch"]) == ("tick", "two\nlines", 2)
    assert said["at_s"] > 1.7e9
    assert said["t"] > 0


def test_an_event_may_hold_values_of_the_model(reporter: LiveReporter, capsys: pytest.CaptureFixture[str]) -> None:
    reporter.event("tick", {"phase": Phase.STEADY, "notice": NOTICE, "odd": {1}})
    said = printed(capsys)
    assert said["phase"] == "steady"
    assert said["notice"]["target"] == "wk2"
    assert said["odd"] == "{1}"


def test_an_event_that_cannot_be_printed_does_not_raise(
    reporter: LiveReporter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    circle: list[object] = []
    circle.append(circle)
    reporter.event("tick", {"circle": circle})
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed)
    reporter.event("tick", {})
    monkeypatch.undo()
    assert capsys.readouterr().out == ""


def test_lines_of_many_threads_stay_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(io.StringIO):
        """Gives others a chance in the middle of a line."""

        def write(self, text: str) -> int:
            return sum(self._write(character) for character in text)

        def _write(self, character: str) -> int:
            time.sleep(0)
            return super().write(character)

    output = Slow()
    monkeypatch.setattr(sys, "stdout", output)
    threads = [
        threading.Thread(target=lambda n=number: lines.write("tick", {"n": n, "text": "x" * 500})) for number in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(json.loads(line)["n"] for line in output.getvalue().splitlines()) == list(range(16))


VITALS = Vitals(heartbeat=True, failed_ticks=2, suspect_s=1.23456, needs_person=True, standbys_not_ready=1, moves_left=0)


def test_vitals_are_one_line_that_the_platform_turns_into_metrics(
    reporter: LiveReporter, capsys: pytest.CaptureFixture[str]
) -> None:
    """CloudWatch embedded metric format: every name in the directive is a member of the line."""
    reporter.vitals(VITALS)
    said = printed(capsys)
    (directive,) = said["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == METRIC_NAMESPACE
    assert directive["Dimensions"] == [["Site"]]
    assert {metric["Name"]: (said[metric["Name"]], metric["Unit"]) for metric in directive["Metrics"]} == {
        "Heartbeat": (1, "Count"),
        "StandbysNotReady": (1, "Count"),
        "FailedTicks": (2, "Count"),
        "SuspectSeconds": (1.235, "Seconds"),
        "NeedsPerson": (1, "Count"),
        "MovesLeft": (0, "Count"),
    }
    assert {metric["Name"] for metric in directive["Metrics"]} == {metric.value for metric in Metric}
    assert said["Site"] == "lis"
    assert isinstance(said["_aws"]["Timestamp"], int)
    assert said["_aws"]["Timestamp"] > 1.7e12


def test_a_figure_that_is_not_known_is_left_out_and_a_minute_without_a_round_says_0(
    reporter: LiveReporter, capsys: pytest.CaptureFixture[str]
) -> None:
    """A directive names members of its own line only (CloudWatch embedded metric format, metric reference)."""
    reporter.vitals(replace(VITALS, heartbeat=False, standbys_not_ready=None, moves_left=None))
    said = printed(capsys)
    (directive,) = said["_aws"]["CloudWatchMetrics"]
    named = {metric["Name"] for metric in directive["Metrics"]}
    assert named == set(said) - {"_aws", "Site"} == {"Heartbeat", "FailedTicks", "SuspectSeconds", "NeedsPerson"}
    assert said["Heartbeat"] == 0


def test_a_notice_says_who_from_to_why_epoch_and_seconds() -> None:
    assert subject(NOTICE) == "Tandem lis: failover, from wk1 to wk2"
    assert message(NOTICE) == (
        "who:     the watchdog of site lis\n"
        "what:    failover\n"
        "from:    wk1\n"
        "to:      wk2\n"
        "why:     three rounds in a row without an answer\n"
        "epoch:   2\n"
        "seconds: 1.3 from the first failing round to this notice\n"
        "when:    2023-11-14T22:13:20.500+00:00\n"
        "notice:  lis-2-1\n"
    )


def test_a_notice_without_workers_says_nobody() -> None:
    notice = Notice(id="n", at_s=0.0, what="both down", site="lis", source="", target="", why="x", epoch=2, seconds=0.0)
    assert subject(notice) == "Tandem lis: both down, from nobody to nobody"
    assert "seconds: 0\n" in message(notice)


def test_a_subject_is_what_the_service_takes() -> None:
    """At most 100 printable characters of ASCII, on one line."""
    notice = Notice(
        id="n", at_s=0.0, what="é\n" + "w" * 200, site="lis", source="a", target="b", why="x", epoch=2, seconds=0.0
    )
    assert subject(notice).startswith("Tandem lis: ??www")
    assert len(subject(notice)) == 100


@pytest.mark.lab
def test_a_notice_reaches_a_subscriber(ministack: str) -> None:
    sns, sqs = client("sns", ministack, PATIENT), client("sqs", ministack, PATIENT)
    topic: str = sns.create_topic(Name="notices")["TopicArn"]
    queue: str = sqs.create_queue(QueueName="notices")["QueueUrl"]
    attributes: Any = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=attributes["QueueArn"])
    LiveReporter(make_settings(notice_topic=topic), client("sns", ministack)).tell(NOTICE, Channel.TOPIC)
    (received,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    body: dict[str, Any] = json.loads(received["Body"])
    assert (body["Subject"], body["Message"]) == (subject(NOTICE), message(NOTICE))


@pytest.mark.lab
def test_a_notice_that_did_not_leave_could_not_be_told(ministack: str) -> None:
    missing = make_settings(notice_topic="arn:aws:sns:eu-central-1:000000000000:missing")
    with pytest.raises(CouldNotAskError, match="tell lis-2-1 by the topic: answered 404 NotFound"):
        LiveReporter(missing, client("sns", ministack)).tell(NOTICE, Channel.TOPIC)
    with pytest.raises(CouldNotAskError, match="tell lis-2-1 by the topic: no answer"):
        LiveReporter(missing, client("sns", "http://127.0.0.1:1")).tell(NOTICE, Channel.TOPIC)
