"""An isolation on Azure cuts a worker's card in the lab: a group in the emulated Resource Manager, a real card."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from failover_lambda.model import Command, Do, Outcome
from lab import hypervisor
from lab.azure_cloud import AzureCloud, AzureSettings
from lab.child import Event
from lab.hypervisor import Hypervisor
from lab.networks import take
from lab.supervisor import Supervisor
from lab.tail import Tail
from tests.contract.azure_world import AzureWorld

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]

PORTS = hypervisor.Ports(llp=2575, http=8080, public=8081)
WAIT_S = 60.0
COMPUTE_API = "2024-11-01"


@dataclass
class Lab:
    """Two machines that run, without a watchdog."""

    supervisor: Supervisor
    machines: Hypervisor
    cloud: AzureCloud
    world: AzureWorld

    def card_of(self, worker: str) -> str:
        """What its network card is now; nothing as long as its relay has not said so."""
        lines = Tail(self.supervisor.logs / f"relay-{worker}.jsonl").read()
        return next((str(line["card"]) for line in reversed(lines) if "card" in line), "")

    def becomes(self, worker: str, card: str) -> None:
        """Wait until its card is that."""

        def it_is() -> bool:
            self.machines.check()
            return self.card_of(worker) == card

        self.supervisor.wait_for(f"the card of {worker} to be {card}", it_is, WAIT_S)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with (
        take((PORTS.llp, PORTS.http, PORTS.public)) as network,
        Supervisor(tmp_path / "lab", uuid.uuid4().hex[:8], lock=network.lock) as supervisor,
    ):
        receiver_at, found = network.address(251, 1), list[Hypervisor]()

        def heard(event: Event) -> None:
            found[0].take(event)  # nothing happens in an empty subscription, so there is one by then

        cloud = AzureCloud.start(supervisor, AzureSettings(network=network.cidr), heard)
        found.append(Hypervisor(supervisor, PORTS, f"{receiver_at}:{PORTS.llp}", cloud.describe, cloud.is_fixed))
        world = AzureWorld(cloud.arm, 1, space=network.cidr.removesuffix(".0.0/16"))
        try:
            yield Lab(supervisor, found[0], cloud, world)
        finally:
            cloud.close()
            found[0].close()


def test_isolation_cuts_a_card_with_the_connections_that_stand_and_its_end_opens_it(lab: Lab) -> None:
    """`flushConnection`: flows are judged anew, so that no connection of before outlives the fence."""
    lab.supervisor.wait_for("both workers to run", lambda: len(lab.machines.machines) == 2, WAIT_S)
    lab.becomes("wk2", "open")
    assert lab.world.cloud.run(Command(do=Do.ISOLATE, epoch=9, worker="wk2")).outcome is Outcome.DONE
    lab.becomes("wk2", "cut")
    assert lab.machines.machines["wk2"].isolated
    assert lab.card_of("wk1") == "open"
    assert lab.world.cloud.run(Command(do=Do.RESTORE, epoch=9, worker="wk2")).outcome is Outcome.DONE
    lab.becomes("wk2", "open")


def test_a_machine_that_is_made_anew_under_its_id_runs_again(lab: Lab) -> None:
    lab.supervisor.wait_for("both workers to run", lambda: len(lab.machines.machines) == 2, WAIT_S)
    lab.becomes("wk2", "open")
    former, client = lab.machines.machines["wk2"], lab.cloud.client
    body = client.ask("GET", former.instance_id, COMPUTE_API).body
    client.ask("DELETE", former.instance_id, COMPUTE_API)
    lab.supervisor.wait_for("the machine to be gone", lambda: former.state == "terminated", WAIT_S)
    asked = {part: body[part] for part in ("location", "zones", "properties")}
    client.ask("PUT", former.instance_id, COMPUTE_API, asked)
    lab.supervisor.wait_for("another one", lambda: lab.machines.machines["wk2"] is not former, WAIT_S)
    lab.becomes("wk2", "open")
    machine = lab.machines.machines["wk2"]
    lab.supervisor.wait_for("its process", lambda: machine.process is not None and not machine.process.ended, WAIT_S)
    assert machine.instance_id == former.instance_id
    assert machine.process is not former.process


def test_a_package_that_cannot_be_fetched_stops_the_lab_with_its_reason(lab: Lab) -> None:
    lab.cloud.check()
    lab.cloud.deploy("/subscriptions/s/x", "https://nowhere.blob.core.windows.net/bundle/watchdog.zip")

    def is_told() -> bool:
        try:
            lab.cloud.check()
        except RuntimeError as exc:
            return "bundle/watchdog.zip" in str(exc.__cause__)
        return False

    lab.supervisor.wait_for("the lab to say why no function runs", is_told, WAIT_S)
