"""The port `ports.Reporter` on Azure: lines, and nothing but lines."""

import json
from dataclasses import replace
from typing import Any

import pytest

from failover_lambda.azure.report import LiveReporter
from failover_lambda.contract import Channel, Metric
from failover_lambda.errors import CouldNotAskError
from failover_lambda.wording import message
from tests.contract.test_report import NOTICE, VITALS
from tests.fakes import make_settings

pytestmark = pytest.mark.contract


@pytest.fixture
def reporter() -> LiveReporter:
    return LiveReporter(make_settings())


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    (line,) = capsys.readouterr().out.splitlines()
    return json.loads(line)


def test_an_event_is_one_json_line(reporter: LiveReporter, capsys: pytest.CaptureFixture[str]) -> None:
    reporter.event("tick", {"reason": "two\nlines"})
    said = printed(capsys)
    assert (said["event"], said["reason"]) == ("tick", "two\nlines")


def test_vitals_are_one_line_with_a_field_for_each_metric(
    reporter: LiveReporter, capsys: pytest.CaptureFixture[str]
) -> None:
    reporter.vitals(VITALS)
    said = printed(capsys)
    assert (said["event"], said["Site"]) == ("vitals", "lis")
    assert {name: said[name] for name in (metric.value for metric in Metric)} == {
        "Heartbeat": 1,
        "StandbysNotReady": 1,
        "FailedTicks": 2,
        "SuspectSeconds": 1.235,
        "NeedsPerson": 1,
        "MovesLeft": 0,
    }


def test_a_figure_that_is_not_known_is_left_out(reporter: LiveReporter, capsys: pytest.CaptureFixture[str]) -> None:
    reporter.vitals(replace(VITALS, standbys_not_ready=None, moves_left=None))
    assert set(printed(capsys)) == {
        "event",
        "t",
        "at_s",
        "Site",
        "Heartbeat",
        "FailedTicks",
        "SuspectSeconds",
        "NeedsPerson",
    }


def test_a_notice_is_one_line_that_says_all_that_a_mail_needs(
    reporter: LiveReporter, capsys: pytest.CaptureFixture[str]
) -> None:
    reporter.tell(NOTICE, Channel.TOPIC)
    said = printed(capsys)
    assert {name: said[name] for name in ("event", "notice", "what", "site", "source", "target", "epoch", "subject")} == {
        "event": "notice",
        "notice": "lis-2-1",
        "what": "failover",
        "site": "lis",
        "source": "wk1",
        "target": "wk2",
        "epoch": 2,
        "subject": "Tandem lis: failover, from wk1 to wk2",
    }
    assert said["message"] == message(NOTICE)


def test_a_bus_is_no_channel_here(reporter: LiveReporter, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CouldNotAskError, match="tell lis-2-1 by the bus: there is no such channel on Azure"):
        reporter.tell(NOTICE, Channel.BUS)
    assert capsys.readouterr().out == ""
