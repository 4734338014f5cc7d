"""A new image and a bigger type by rolling, on the real engine: a real lab, HL7 traffic all the time, worker after worker.

One story, told once; each test looks at a part of it. The message accounting at the end is the demo's own.
"""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from lab import pulumi_project, roll_plan, site
from lab.asking import new_id
from lab.checkers import Findings, PromiseName, check
from lab.deploying import By
from lab.faultkind import FaultKind
from lab.providers.rules import VARIABLE as RULES_VARIABLE
from lab.pulumi_cli import Pulumi, PulumiError
from lab.report_inputs import write_lab_info
from lab.roll_command import health_at
from lab.roll_plan import INSTANCE, Step
from lab.rolling import VARIABLE, Roll, RollFailedError, RollRefusedError
from lab.site import Options, Site
from lab.story import DEADLINES, undelivered, wait_for_arbiter
from lab.traffic import Traffic
from tests.engine.projects import configure

pytestmark = pytest.mark.engine

NEW_IMAGE, NEW_TYPE = "ami-0fedcba9876543210", "m6i.xlarge"
OPERATORS = ("TerminateInstances", "RunInstances", "DetachVolume", "AttachVolume", "StopInstances", "StartInstances")
CHANGES = (*OPERATORS, "ModifyInstanceAttribute")
MOVES = ("AssociateAddress", "DisassociateAddress", "ReleaseAddress", "AllocateAddress")


@dataclass(frozen=True)
class Owned:
    """What must outlive a rolling change, or be changed by it, as cloud and record have it."""

    address: tuple[str, str, str]
    """Public address, association, and the worker's private address that it leads to."""
    machines: Mapping[str, str]
    images: Mapping[str, tuple[str, str]]
    """Worker to image and type."""
    data_disks: Mapping[str, str]
    """Worker to the volume behind its data device."""
    holder: str
    phase: str


@dataclass
class Told:
    """What came of each part of the story."""

    stack: str
    refused: dict[str, str] = field(default_factory=dict[str, str])
    plans: dict[str, tuple[Step, ...]] = field(default_factory=dict[str, tuple[Step, ...]])
    done: dict[str, str] = field(default_factory=dict[str, str])
    calls: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """What was asked of EC2 in each part, in order, with the worker it was about."""
    owned: dict[str, Owned] = field(default_factory=dict[str, Owned])
    served: dict[str, int] = field(default_factory=dict[str, int])
    """Messages acknowledged during each part."""
    last_changes: int = -1
    findings: list[Findings] = field(default_factory=list[Findings])


@dataclass(frozen=True)
class Rolled:
    """A lab under traffic, and the engine on it."""

    site: Site
    pulumi: Pulumi
    traffic: Traffic
    told: Told

    def put(self, **values: Any) -> None:
        """Change keys of the stack file, as an operator does."""
        configure(self.pulumi, **values)

    def roll(self, worker: str, **environment: str) -> str:
        """As `make roll` does it."""
        return Roll(
            pulumi=self.under(**environment),
            desk=self.site.desk(),
            ec2=self.site.client("ec2"),
            is_healthy=health_at(self.site.ports.http),
            worker=worker,
            say=lambda _: None,
            agree=lambda _: True,
        ).carry_out()

    def under(self, **environment: str) -> Pulumi:
        """The same engine, with more in its environment."""
        project = self.pulumi.project
        return replace(self.pulumi, project=replace(project, environment={**project.environment, **environment}))

    def part(self, name: str, act: Callable[[], str]) -> None:
        """A part of the story: what it said, what was asked of EC2, what was served meanwhile, and how things stand then."""
        before, began_t = self.traffic.acknowledged(), time.monotonic()
        self.told.done[name] = act()
        self.told.served[name] = self.traffic.acknowledged() - before
        self.told.calls[name] = self.calls(began_t)
        self.told.owned[name] = self.owned()

    def calls(self, since_t: float) -> list[str]:
        """What changed machines, their disks or an address since then."""
        lines = [json.loads(line) for line in (self.site.logs / "gate.jsonl").read_text().splitlines()]
        return [each["action"] for each in lines if each["t_in"] > since_t and each["action"] in (*CHANGES, *MOVES)]

    def refusal(self, name: str, act: Callable[[], object]) -> None:
        """A part that is refused or fails; what it said."""
        with pytest.raises((RollRefusedError, RollFailedError, PulumiError)) as refused:
            act()
        self.told.refused[name] = str(refused.value)

    def ask(self, verb: str, **more: Any) -> None:
        """Ask the watchdog, and wait until it has done it."""
        desk, own_id = self.site.desk(), new_id()
        desk.put(desk.entry(verb, own_id=own_id, why="a test", **more))
        self.site.wait_for(f"the answer to {verb}", lambda: desk.answer(own_id) is not None, DEADLINES.settled)
        answer = desk.answer(own_id)
        assert answer
        assert answer.done, answer.why

    def owned(self) -> Owned:
        """As it is now."""
        ec2, outputs = self.site.client("ec2"), pulumi_project.stored_outputs(self.pulumi.project)
        (address,) = ec2.describe_addresses(AllocationIds=[outputs["addressId"]])["Addresses"]
        ids = {worker["instanceId"]: name for name, worker in outputs["workers"].items()}
        alive = [{"Name": "instance-state-name", "Values": ["running"]}]
        found = [each for one in ec2.describe_instances(Filters=alive)["Reservations"] for each in one["Instances"]]
        disks = [(each["VolumeId"], one) for each in ec2.describe_volumes()["Volumes"] for one in each["Attachments"]]
        record = self.site.stored()
        return Owned(
            address=(address["PublicIp"], address["AssociationId"], address["PrivateIpAddress"]),
            machines={ids.get(each["InstanceId"], "?"): each["InstanceId"] for each in found},
            images={ids.get(each["InstanceId"], "?"): (each["ImageId"], each["InstanceType"]) for each in found},
            data_disks={ids[one["InstanceId"]]: volume for volume, one in disks if one["Device"] == "/dev/sdf"},
            holder=record["holder"],
            phase=record["phase"],
        )


def fails_once(folder: Path) -> str:
    """Rules for the provider: the next machine is not made."""
    file = folder / "no-capacity.json"
    said = "InsufficientInstanceCapacity: there is no such machine in this zone now"
    file.write_text(json.dumps([{"type": INSTANCE, "verb": "create", "call": 1, "what": "fail", "message": said}]))
    return str(file)


@pytest.fixture(scope="module")
def story(command: Path, stage: str) -> Iterator[Told]:
    with contextlib.ExitStack() as stack:
        running = stack.enter_context(site.start(Options(by=By.AT_HAND, stage=stage), lambda _: None))
        traffic = Traffic.begin(running)
        wait_for_arbiter(running, lambda _: None)
        rolled = Rolled(running, Pulumi(command, running.project), traffic, Told(f"aws-{stage}"))
        tell(rolled)
        account(rolled)
        yield rolled.told


def tell(rolled: Rolled) -> None:
    told = rolled.told
    told.owned["before"] = rolled.owned()
    rolled.put(amiId=NEW_IMAGE)
    rolled.refusal("a stranger", lambda: rolled.roll("wk9"))
    rolled.refusal("the holder", lambda: rolled.roll("wk1"))
    rolled.refusal("the holder, by pulumi alone", lambda: rolled.under(**{VARIABLE: "wk1"}).up())
    file = rolled.pulumi.project.stack_file
    good = file.read_text()
    rolled.put(tags=["cost-center=1"])
    rolled.refusal("a change of both", lambda: rolled.roll("wk2"))
    file.write_text(good)
    rolled.ask("pause", duration_s=300.0)
    rolled.refusal("a pause", lambda: rolled.roll("wk2"))
    rolled.ask("resume")
    began_t = time.monotonic()
    broken = {RULES_VARIABLE: fails_once(rolled.pulumi.project.folder)}
    rolled.refusal("no capacity", lambda: rolled.roll("wk2", **broken))
    told.calls["no capacity"] = rolled.calls(began_t)
    told.owned["no capacity"] = rolled.owned()
    rolled.part("image, standby", lambda: rolled.roll("wk2"))

    running = rolled.site
    running.log.write("fault", fault=FaultKind.SWITCHOVER.value, worker="wk1")
    rolled.ask("switchover", worker="wk2")
    since_t = time.monotonic()
    running.wait_for("every client on wk2", lambda: rolled.traffic.all_served_by("wk2", since_t), DEADLINES.served)
    running.wait_for("wk1 to deliver what it has", lambda: undelivered(running, "wk1") == 0, DEADLINES.drained)
    told.owned["moved"] = rolled.owned()
    rolled.part("image, former holder", lambda: rolled.roll("wk1"))
    rolled.put(instanceType=NEW_TYPE)
    rolled.part("type", lambda: rolled.roll("wk1"))
    rolled.put(dataMountPath="/srv/hl7")
    told.plans["user data"] = roll_plan.read(rolled.under(**{VARIABLE: "wk1"}).preview_as_data())
    told.last_changes = rolled.pulumi.up().changes


def account(rolled: Rolled) -> None:
    """Let every message arrive, and judge the raw logs."""
    running = rolled.site
    rolled.traffic.stop()
    for worker in ("wk1", "wk2"):
        running.wait_for(f"{worker} to deliver", lambda worker=worker: undelivered(running, worker) == 0, DEADLINES.drained)
    running.deployed = replace(running.deployed, outputs=pulumi_project.stored_outputs(rolled.pulumi.project))
    write_lab_info(running, FaultKind.SWITCHOVER.value, {})
    rolled.told.findings.append(check(running.folder))


def others(owned: Owned, worker: str) -> dict[str, str]:
    return {name: machine for name, machine in owned.machines.items() if name != worker}


def test_the_holder_a_stranger_and_a_paused_site_are_refused(story: Told) -> None:
    assert f"'wk9' is no worker of {story.stack}; its workers are wk1, wk2" in story.refused["a stranger"]
    assert "Move the address first: make lab-ask VERB=switchover WORKER=wk2" in story.refused["the holder"]
    assert "wk1 holds the address" in story.refused["the holder, by pulumi alone"]
    assert "failover is paused by lab (a test)" in story.refused["a pause"]


def test_a_preview_in_which_the_other_worker_changes_too_is_refused(story: Told) -> None:
    """A new tag would be no harm; that nobody else is touched is what a rolling change promises."""
    said = story.refused["a change of both"]
    assert f"this up would do more than roll wk2:\n  update Instance tandem-{story.stack}-wk1 (" in said
    assert f"make up STACK={story.stack} does it" in said
    assert story.owned["no capacity"].machines == others(story.owned["before"], "wk2")


def test_an_up_that_fails_says_how_things_stand_and_the_pause_ends(story: Told) -> None:
    said, then = story.refused["no capacity"], story.owned["no capacity"]
    assert "InsufficientInstanceCapacity" in said
    assert "wk2 has no machine: i-" in said
    assert "wk1 holds the address as before" in said
    assert f"then repeat: make roll STACK={story.stack} WORKER=wk2" in said
    assert (then.holder, then.phase) == ("wk1", "steady")
    assert then.address == story.owned["before"].address
    assert then.machines == others(story.owned["before"], "wk2")


def test_the_same_command_again_brings_the_worker_back(story: Told) -> None:
    before, after = story.owned["before"], story.owned["image, standby"]
    assert story.done["image, standby"].startswith("wk2 was made anew (no machine -> i-")
    assert "wk1 held the address throughout, epoch 1; failover is on again" in story.done["image, standby"]
    assert after.images == {"wk1": before.images["wk1"], "wk2": (NEW_IMAGE, before.images["wk2"][1])}
    assert after.address == before.address
    assert others(after, "wk2") == others(before, "wk2")
    assert after.data_disks == before.data_disks


def test_a_new_image_lets_go_of_the_disk_and_makes_one_machine_anew(story: Told) -> None:
    before, after = story.owned["moved"], story.owned["image, former holder"]
    assert story.calls["image, former holder"] == [
        "StopInstances",
        "DetachVolume",
        "TerminateInstances",
        "RunInstances",
        "AttachVolume",
    ]
    assert after.images["wk1"][0] == after.images["wk2"][0] == NEW_IMAGE
    assert after.machines["wk1"] != before.machines["wk1"]
    assert others(after, "wk1") == others(before, "wk1")
    assert (after.address, after.data_disks, after.holder) == (before.address, before.data_disks, "wk2")


def test_a_bigger_type_stops_and_starts_one_machine(story: Told) -> None:
    before, after = story.owned["image, former holder"], story.owned["type"]
    assert story.done["type"].startswith("wk1 was changed in place, by a stop and a start")
    assert story.calls["type"] == ["StopInstances", "ModifyInstanceAttribute", "StartInstances"]
    assert (after.images["wk1"][1], after.images["wk2"]) == (NEW_TYPE, before.images["wk2"])
    assert after.machines == before.machines
    assert (after.address, after.data_disks) == (before.address, before.data_disks)


def test_other_user_data_make_one_machine_anew(story: Told) -> None:
    """They are read at the first boot only."""
    machines = [str(step) for step in story.plans["user data"] if step.type == INSTANCE]
    assert machines == [f"replace Instance tandem-{story.stack}-wk1 (userData)"]


def test_a_plain_up_has_nothing_left_to_do_for_any_worker(story: Told) -> None:
    assert story.last_changes == 0


def test_traffic_goes_on_and_no_message_is_lost(story: Told) -> None:
    """The order is not promised across a switchover (RULE 8): nobody waits for the last message of the old holder."""
    assert all(number > 0 for number in story.served.values()), story.served
    (findings,) = story.findings
    judged = {promise.name: (promise.kept, promise.evidence) for promise in findings.promises}
    for name in (
        PromiseName.NONE_LOST,
        PromiseName.NONE_TWICE,
        PromiseName.AS_SENT,
        PromiseName.DURABLE_FIRST,
        PromiseName.ONE_AT_A_TIME,
    ):
        assert judged[name.value][0] is True, judged[name.value]
    assert not findings.case.ledger.waiting
    broken = {promise.name: promise.evidence for promise in findings.broken}
    assert not broken.keys() - {PromiseName.ORDER_KEPT.value}, broken
