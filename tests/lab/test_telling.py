"""What the deployed program tells, and what it hears: its rule of state changes and its dead letters, at work."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from failover_lambda.leadership import LEFT_TO_THE_LEADER
from lab import networks
from lab.emulators import CloudSettings, Emulators
from lab.profiles import INSTANT
from lab.recording import Deployment
from lab.supervisor import REPOSITORY, Supervisor
from tests.lab.test_aws_providers import World

pytestmark = pytest.mark.lab


class Deployed:
    """The program in the emulated cloud, on a schedule whose first start is ten minutes away."""

    def __init__(self, supervisor: Supervisor, emulators: Emulators, deployment: Deployment) -> None:
        self.supervisor = supervisor
        self.emulators = emulators
        self.outputs = deployment.outputs
        self.rule: str = deployment.named(
            "aws:cloudwatch/eventRule:EventRule", f"{self.outputs['cliConfig']['site']}-state-change"
        ).outputs["arn"]
        self.dead_letters: str = deployment.only("aws:sqs/queue:Queue").outputs["url"]

    def logged(self, log: str) -> list[dict[str, Any]]:
        """A raw log."""
        return [json.loads(line) for line in (self.supervisor.logs / f"{log}.jsonl").read_text().splitlines()]

    def starts_by_event(self) -> list[dict[str, Any]]:
        """Starts of the arbiter that an event rule made."""
        return [line for line in self.logged("function-starts") if line["event"] == "start" and line["source"] == "event"]

    def said(self, event: str) -> list[dict[str, Any]]:
        """What the arbiters printed under that name."""
        printed = [
            line["line"] for line in self.logged("function-output") if line["function"] == self.outputs["watchdogName"]
        ]
        found = [json.loads(line) for line in printed if line.startswith("{")]
        return [line for line in found if line.get("event") == event]

    def stop(self, worker: str) -> str:
        """At the console; returns the instance's id."""
        instance: str = self.outputs["workers"][worker]["instanceId"]
        self.emulators.client("ec2").stop_instances(InstanceIds=[instance])
        return instance


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("lab")
    with networks.take([2575]) as network, Supervisor(folder, f"test-{uuid.uuid4().hex}", lock=network.lock) as supervisor:
        settings = CloudSettings(network=network.cidr, profile=INSTANT, schedule_divisor=0.1)
        emulators = Emulators.start(supervisor, settings)
        deployment = World(emulators, network.cidr).deploy(REPOSITORY / "infra" / "__main__.py")
        yield Deployed(supervisor, emulators, deployment)


def test_a_worker_that_goes_down_starts_an_arbiter_which_leads_if_nobody_does(deployed: Deployed) -> None:
    """Stopping and stopped are two events: one arbiter leads, the other one leaves it to that. Booting starts none."""
    instance = deployed.stop("wk2")
    deployed.supervisor.wait_for("two starts", lambda: len(deployed.starts_by_event()) == 2, 30)
    assert {start["rule"] for start in deployed.starts_by_event()} == {deployed.rule}
    deployed.supervisor.wait_for("one that leads", lambda: bool(deployed.said("leading")), 30)
    deployed.supervisor.wait_for("one that does not", lambda: bool(left_to_it(deployed)), 30)
    started = [line for line in deployed.said("start") if line["tick"] == "event"]
    assert [line["instance"] for line in started] == [instance, instance]
    assert sorted(line["state"] for line in started) == ["stopped", "stopping"]
    (leader,) = (line["owner"] for line in deployed.said("leading") if line["owner"] in owners(started))
    assert [line["owner"] for line in left_to_it(deployed)] == [owner for owner in owners(started) if owner != leader]


def left_to_it(deployed: Deployed) -> list[dict[str, Any]]:
    return [line for line in deployed.said("end") if line.get("ended") == LEFT_TO_THE_LEADER]


def owners(started: list[dict[str, Any]]) -> list[str]:
    return [line["owner"] for line in started]


def test_a_start_that_fails_is_a_dead_letter_with_its_error(deployed: Deployed) -> None:
    """Lambda writes it, in the arbiter's name."""
    sqs = deployed.emulators.client("sqs")
    deployed.emulators.client("lambda").invoke(
        FunctionName=deployed.outputs["watchdogName"], InvocationType="Event", Payload=json.dumps({"tick": "nonsense"})
    )
    letters: list[dict[str, Any]] = []

    def arrived() -> bool:
        answer = sqs.receive_message(QueueUrl=deployed.dead_letters, MaxNumberOfMessages=10)
        letters.extend(json.loads(message["Body"]) for message in answer.get("Messages", []))
        return bool(letters)

    deployed.supervisor.wait_for("a dead letter", arrived, 30)
    (letter,) = letters
    assert letter["requestPayload"] == {"tick": "nonsense"}
    assert "'nonsense' is not a valid TickKind" in json.dumps(letter["responsePayload"])


def test_the_page_is_there_under_its_name(deployed: Deployed) -> None:
    name = deployed.outputs["dashboardUrl"].rpartition("/")[2]
    page = deployed.emulators.client("cloudwatch").get_dashboard(DashboardName=name)
    assert len(json.loads(page["DashboardBody"])["widgets"]) > 10
