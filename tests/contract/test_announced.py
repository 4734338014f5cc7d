"""The contract of `ports.Cloud.read_announcements`, and what EC2's answers mean.

moto knows no scheduled events: over it (the lab's EC2) only an answer without any can be seen. Answers with events come
from botocore's Stubber, which holds each of them against its model of EC2.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from failover_lambda.aws.cloud import LiveCloud
from failover_lambda.errors import CouldNotAskError, DeniedError
from failover_lambda.model import Command, Do
from tests.contract.cloud_worlds import CloudWorld, LiveWorld
from tests.contract.emulators import client
from tests.contract.judge import SETTINGS, Judge

pytestmark = pytest.mark.contract

DUE = datetime(2027, 1, 5, 3, 0, tzinfo=UTC)
LATER = datetime(2027, 1, 6, 3, 0, tzinfo=UTC)


def event(number: int, code: str = "system-reboot", description: str = "scheduled reboot", **more: Any) -> dict[str, Any]:
    return {"InstanceEventId": f"instance-event-{number}", "Code": code, "Description": description, **more}


def announced(*statuses: tuple[str, list[dict[str, Any]]], **more: Any) -> Any:
    """What the adapter makes of an answer that is in the form of EC2's."""
    ec2: Any = client("ec2", "http://127.0.0.1:1")
    shown = [{"InstanceId": instance_id, "Events": events} for instance_id, events in statuses]
    answer = {"InstanceStatuses": shown, "ResponseMetadata": {"RequestId": "r-1"}, **more}
    with Stubber(ec2) as stubber:
        stubber.add_response("describe_instance_status", answer, {"InstanceIds": ["i-1", "i-2"]})
        return LiveCloud(SETTINGS, ec2).read_announcements()


# Over every adapter


def test_where_nothing_is_announced_nobody_is_named(world: CloudWorld) -> None:
    assert world.cloud.read_announcements() == {}


def test_of_a_machine_that_is_stopped_nothing_is_told(world: CloudWorld) -> None:
    world.cloud.run(Command(do=Do.STOP, epoch=1, worker="wk1"))
    assert world.cloud.read_announcements() == {}


@pytest.mark.lab
def test_one_machine_that_is_gone_is_no_answer_about_the_others(live_world: LiveWorld) -> None:
    first, second = live_world.settings.workers
    gone = replace(first, instance_id="i-00000000000000000")
    settings = replace(live_world.settings, workers=(gone, second))
    with pytest.raises(CouldNotAskError, match=r"DescribeInstanceStatus: answered 400 InvalidInstanceID\.NotFound"):
        LiveCloud(settings, client("ec2", live_world.endpoint)).read_announcements()


# What EC2's answers mean


@pytest.mark.parametrize(
    "code", ["instance-reboot", "system-reboot", "system-maintenance", "instance-retirement", "instance-stop"]
)
def test_every_kind_of_event_is_an_announcement(code: str) -> None:
    assert announced(("i-1", [event(7, code, NotBefore=DUE)]), ("i-2", [])) == {"wk1": f"{code} instance-event-7"}


@pytest.mark.parametrize("over", ["[Completed] scheduled reboot", "[Canceled] scheduled reboot"])
def test_what_is_over_or_was_called_off_is_announced_no_more(over: str) -> None:
    assert announced(("i-1", [event(7, description=over, NotBefore=DUE)]), ("i-2", [event(8, NotBefore=DUE)])) == {
        "wk2": "system-reboot instance-event-8"
    }


def test_of_several_the_one_that_begins_first_is_named() -> None:
    events = [event(8, "instance-retirement", NotBefore=LATER), event(7, NotBefore=DUE)]
    assert announced(("i-1", events)) == {"wk1": "system-reboot instance-event-7"}
    over = event(6, description="[Completed] reboot", NotBefore=datetime(2026, 1, 1, tzinfo=UTC))
    assert announced(("i-1", [over, *events])) == {"wk1": "system-reboot instance-event-7"}
    assert announced(("i-1", [*events, event(9, "instance-stop")])) == {"wk1": "instance-stop instance-event-9"}


def test_an_event_that_is_put_off_stays_the_same_announcement() -> None:
    assert announced(("i-1", [event(7, NotBefore=DUE)])) == announced(("i-1", [event(7, NotBefore=LATER)]))


def test_an_event_without_an_id_is_told_from_others_by_its_time() -> None:
    assert announced(("i-1", [{"Code": "instance-stop", "NotBefore": DUE}])) == {
        "wk1": "instance-stop 2027-01-05T03:00:00+00:00"
    }


@pytest.mark.parametrize(
    "answer",
    [
        {"statuses": [("i-1", [])], "more": {"NextToken": "more"}},
        {"statuses": [("i-9", [event(7, NotBefore=DUE)])], "more": {}},
        {"statuses": [("i-1", [{"Code": "instance-stop"}])], "more": {}},
    ],
    ids=["only a part", "of a stranger", "neither id nor time"],
)
def test_an_answer_that_is_not_whole_or_not_about_us_is_no_answer(answer: dict[str, Any]) -> None:
    with pytest.raises(CouldNotAskError, match="the answer cannot be read"):
        announced(*answer["statuses"], **answer["more"])


def test_a_denial_is_told_from_silence() -> None:
    ec2: Any = client("ec2", "http://127.0.0.1:1")
    with Stubber(ec2) as stubber:
        stubber.add_client_error("describe_instance_status", "UnauthorizedOperation", http_status_code=403)
        with pytest.raises(DeniedError, match="DescribeInstanceStatus: answered 403 UnauthorizedOperation"):
            LiveCloud(SETTINGS, ec2).read_announcements()


def test_the_question_names_the_workers_machines_and_nothing_else() -> None:
    ec2 = Judge("ec2")
    LiveCloud(SETTINGS, ec2.client).read_announcements()
    assert ec2.requests == [("DescribeInstanceStatus", {"InstanceIds": ["i-1", "i-2"]})]
