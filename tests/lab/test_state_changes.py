"""EC2's state-change events in the lab: moto's instances on ministack's bus, and what the program's rule makes of them."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.aws.state_change import STATES, TEMPLATE, TRANSFORMER_PATHS, pattern
from lab.emulators import CloudSettings, Emulators
from lab.jsonlog import JsonLog
from lab.profiles import INSTANT
from lab.state_changes import StateChanges
from lab.supervisor import Supervisor
from tests.lab.children import eventually, lines
from tests.lab.sites import NETWORK, Machine, build_site, run


class Bus:
    """Where events are put; keeps them, or fails."""

    def __init__(self, *, fails: bool = False) -> None:
        self.entries: list[dict[str, Any]] = []
        self.fails = fails

    def put_events(self, **asked: Any) -> dict[str, Any]:
        if self.fails:
            raise OSError("no bus")
        self.entries += asked["Entries"]
        return {"FailedEntryCount": 0, "Entries": [{"EventId": f"{len(self.entries)}"}]}

    def states(self) -> list[str]:
        return [json.loads(entry["Detail"])["state"] for entry in self.entries]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "state-changes.jsonl"


@pytest.fixture
def changes(log: Path) -> Iterator[StateChanges]:
    made = StateChanges(lambda instance_id: f"arn:{instance_id}", JsonLog(log))
    yield made
    made.close()


def instance(state: str, instance_id: str = "i-1") -> dict[str, Any]:
    return {"event": "instance", "instance_id": instance_id, "state": state, "alive": state == "running"}


def test_what_happened_before_the_bus_was_there_is_published_then_in_its_order(changes: StateChanges, log: Path) -> None:
    bus = Bus()
    for state in ("pending", "running"):
        changes.take(instance(state))
    changes.begin(bus)
    changes.take(instance("stopping"))
    eventually(lambda: len(bus.entries) == 3)
    assert bus.states() == ["pending", "running", "stopping"]
    assert bus.entries[0] == {
        "Source": "aws.ec2",
        "DetailType": "EC2 Instance State-change Notification",
        "Resources": ["arn:i-1"],
        "Detail": '{"instance-id": "i-1", "state": "pending"}',
    }
    eventually(lambda: len(lines(log, "published")) == 3)


def test_an_instance_in_the_state_that_it_was_in_is_no_event(changes: StateChanges) -> None:
    """A stopping machine that loses its power; an address that moves."""
    bus = Bus()
    changes.begin(bus)
    for event in (instance("stopping"), instance("stopping"), {"event": "association"}, instance("stopping", "i-2")):
        changes.take(event)
    eventually(lambda: len(bus.entries) == 2)
    changes.take(instance("stopped"))
    eventually(lambda: len(bus.entries) == 3)
    assert bus.states() == ["stopping", "stopping", "stopped"]


def test_an_event_that_is_lost_is_written_down_and_the_next_one_goes_on(changes: StateChanges, log: Path) -> None:
    bus = Bus(fails=True)
    changes.begin(bus)
    changes.take(instance("stopping"))
    eventually(lambda: len(lines(log, "lost")) == 1)
    bus.fails = False
    changes.take(instance("stopped"))
    eventually(lambda: bus.states() == ["stopped"])
    assert lines(log, "lost")[0]["why"] == "OSError: no bus"


def test_after_its_end_nothing_is_published(changes: StateChanges) -> None:
    bus = Bus()
    changes.begin(bus)
    changes.close()
    changes.take(instance("running"))
    assert bus.entries == []


# With the emulators


class Lab:
    """Both emulators; `heard` is a queue behind the program's pattern, `all_of_it` one behind every change of state."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.supervisor = supervisor
        self.emulators = Emulators.start(supervisor, CloudSettings(NETWORK, INSTANT, schedule_divisor=1))
        self.site = build_site(self.emulators.client("ec2"))
        self.sqs = self.emulators.client("sqs")

    def rule(self, event_pattern: str, **target: Any) -> str:
        """A rule with a queue behind it; returns the queue's URL."""
        name = f"q-{uuid.uuid4().hex[:8]}"
        url: str = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events = self.emulators.client("events")
        events.put_rule(Name=name, EventPattern=event_pattern)
        events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn, **target}])
        return url

    def received(self, url: str, count: int) -> list[Any]:
        """So many messages."""
        found: list[Any] = []

        def enough() -> bool:
            answer = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
            found.extend(json.loads(message["Body"]) for message in answer.get("Messages", []))
            return len(found) >= count

        self.supervisor.wait_for(f"{count} messages", enough, 30)
        return found


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Supervisor(tmp_path_factory.mktemp("lab"), f"test-{uuid.uuid4().hex}") as supervisor:
        yield Lab(supervisor)


@pytest.mark.lab
def test_the_programs_rule_hears_a_worker_that_goes_down_and_no_other_machine(lab: Lab) -> None:
    """The foreign machine is stopped first: its events would be there before the worker's."""
    foreign = machine(lab, "127.240.0.77")
    worker = lab.site.one
    heard = lab.rule(
        pattern([worker.instance, lab.site.two.instance]),
        InputTransformer={"InputPathsMap": TRANSFORMER_PATHS, "InputTemplate": TEMPLATE},
    )
    everything = lab.rule(json.dumps({"source": ["aws.ec2"]}))
    ec2 = lab.emulators.client("ec2")
    for each in (foreign, worker):
        ec2.stop_instances(InstanceIds=[each.instance])
    ec2.start_instances(InstanceIds=[worker.instance])
    ec2.terminate_instances(InstanceIds=[foreign.instance])
    seen = [(event["detail"]["instance-id"], event["detail"]["state"]) for event in lab.received(everything, 6)]
    assert [state for instance_id, state in seen if instance_id == foreign.instance] == ["stopping", "stopped", "terminated"]
    starts = lab.received(heard, 2)
    assert starts == [{"tick": "event", "instance": worker.instance, "state": state} for state in ("stopping", "stopped")]
    assert {start["state"] for start in starts} <= set(STATES)
    assert lab.sqs.receive_message(QueueUrl=heard).get("Messages", []) == []


def machine(lab: Lab, private_ip: str) -> Machine:
    return run(lab.emulators.client("ec2"), lab.site.subnet, lab.site.normal, private_ip)
