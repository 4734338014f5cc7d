"""`make roll`: who may be rolled and when, what a preview may hold, and what becomes of the pause whatever happens."""

import argparse
import contextlib
import json
import socket
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from failover_lambda.model import Verb
from lab import pulumi_command, pulumi_project, roll_command, roll_limits, roll_plan, rolling, running_lab
from lab.arm.server import Server
from lab.asking import Answer, TableDesk
from lab.half_replaced import half_replaced
from lab.providers.azure_native.client import Client
from lab.providers.azure_native.cloud import Cloud
from lab.pulumi_cli import Pulumi, Run
from lab.pulumi_command import NoEngineError
from lab.pulumi_project import Project
from lab.recording import STACK_TYPE
from lab.roll_command import health_at
from lab.roll_machines import AzureMachines, Ec2Machines
from lab.rolling import Roll, RollFailedError, RollRefusedError
from tests.lab.arm import clouds as arm

STEADY: Mapping[str, Any] = {"holder": "wk1", "epoch": 3, "phase": "steady", "fences": []}
WORKERS = ("wk1", "wk2")
URN = "urn:pulumi:aws-dev::tandem::tandem:index:Pair$tandem:aws:Workers$"
INSTANCE = "aws:ec2/instance:Instance"


# Who may be rolled, and when


def limits(worker: str = "wk2", **record: Any) -> str:
    return roll_limits.limitation({**STEADY, **record}, worker, WORKERS, stack="aws-dev", now_s=1000.0)


def test_a_standby_of_a_steady_site_may_be_rolled() -> None:
    assert limits() == ""


@pytest.mark.parametrize(("worker", "said"), [("", "no worker was named"), ("wk3", "'wk3' is no worker of aws-dev")])
def test_whoever_is_no_worker_is_refused_with_those_that_are(worker: str, said: str) -> None:
    assert limits(worker) == f"{said}; its workers are wk1, wk2. For example: make roll STACK=aws-dev WORKER=wk2"


def test_the_holder_is_refused_with_the_command_that_moves_the_address() -> None:
    assert limits("wk1") == (
        "wk1 holds the address, and only a standby is rolled. Move the address first: make lab-ask VERB=switchover "
        "WORKER=wk2. Then: make roll STACK=aws-dev WORKER=wk1"
    )


def test_before_a_balancer_that_command_is_a_failover() -> None:
    """RULE 9.15: a switchover is refused there."""
    said = roll_limits.limitation(STEADY, "wk1", WORKERS, stack="azure-prod", now_s=1000.0, verb=Verb.FAILOVER)
    assert "make lab-ask VERB=failover WORKER=wk2" in said


PAUSE = {"until_s": 1600.0, "who": "mia", "why": "patching"}


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"phase": "moving"}, "aws-dev is moving: a move is in motion; wait until the phase is steady again"),
        (
            {"phase": "both-down"},
            "aws-dev is both-down: no worker serves; mend that first (docs/RUNBOOK.md, Phase both-down)",
        ),
        (
            {"fences": [{"worker": "wk2"}]},
            "wk2 is fenced, and no standby before it was started and came back (docs/RUNBOOK.md, After a failover)",
        ),
        (
            {"phase": "paused", "pause": PAUSE},
            (
                "failover is paused by mia (patching) for 600 s more, and a roll would end that. Wait, or end it: "
                "make lab-ask VERB=resume"
            ),
        ),
        (
            {"requests": [{"verb": "switchover"}]},
            "requests wait to be carried out (switchover). Wait for their answers",
        ),
    ],
)
def test_a_site_that_is_not_steady_is_told_with_the_reason_and_what_to_do(record: Mapping[str, Any], said: str) -> None:
    assert limits(**record) == f"{said}. Then: make roll STACK=aws-dev WORKER=wk2"


def test_every_phase_but_the_two_that_are_looked_at_apart_has_its_reason() -> None:
    assert {each.value for each in roll_limits.Phase} == roll_limits.PHASES.keys() | {"steady", "paused"}


def test_a_site_without_a_record_waits_for_its_first_tick() -> None:
    assert "no record yet" in roll_limits.limitation({}, "wk2", WORKERS, stack="aws-dev", now_s=0.0)


# What a preview may hold


def step(op: str, name: str, kind: str = INSTANCE, **more: Any) -> dict[str, Any]:
    return {"op": op, "urn": f"{URN}{kind}::{name}", **more}


def faults(*steps: Mapping[str, Any]) -> list[str]:
    return list(roll_plan.faults(roll_plan.read({"steps": [step("same", "site-wk1"), *steps]}), "wk2"))


ROLLED = (
    step("replace", "site-wk2", replaceReasons=["ami"]),
    step("replace", "site-data-wk2", "aws:ec2/volumeAttachment:VolumeAttachment"),
    step("update", "site-arbiter", "aws:lambda/function:Function", diffReasons=["environment"]),
    step("replace", "site-first-tick", "aws:lambda/invocation:Invocation"),
)


def test_the_worker_its_attachment_and_another_first_tick_are_a_rolling_change() -> None:
    assert faults(*ROLLED) == []
    assert str(roll_plan.read({"steps": ROLLED})[0]) == "replace Instance site-wk2 (ami)"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (
            step("update", "site-wk1", diffReasons=["instanceType"]),
            "update Instance site-wk1 (instanceType): another worker",
        ),
        (step("replace", "site-wk12"), "replace Instance site-wk12: another worker"),
        (step("create", "site-wk1"), "create Instance site-wk1: another worker"),
        (
            step("replace", "site-data-wk1", "aws:ec2/volumeAttachment:VolumeAttachment"),
            "replace VolumeAttachment site-data-wk1: it must outlive a rolling change",
        ),
        (
            step("replace", "site-data-wk2", "aws:ebs/volume:Volume"),
            "replace Volume site-data-wk2: it must outlive a rolling change",
        ),
        (step("delete", "site-address", "aws:ec2/eip:Eip"), "delete Eip site-address: it must outlive a rolling change"),
        (
            step("delete-replaced", "site-wk2", oldState={"inputs": {"disableApiTermination": True}}),
            "delete-replaced Instance site-wk2: AWS protects it (deletionProtection is true in the state)",
        ),
    ],
)
def test_whatever_is_more_than_that_is_named(more: Mapping[str, Any], sentence: str) -> None:
    assert faults(*ROLLED, more) == [sentence]


def test_on_azure_the_machine_alone_is_a_rolling_change_and_a_lock_on_it_is_named() -> None:
    machine = step("replace", "site-wk2", "azure-native:compute:VirtualMachine", replaceReasons=["storageProfile"])
    settings = step("update", "site-watchdog", "azure-native:web:WebAppApplicationSettings", diffReasons=["properties"])
    lock = step("replace", "site-wk2", "azure-native:authorization:ManagementLockByScope", replaceReasons=["scope"])
    card = step("replace", "site-wk2", "azure-native:network:NetworkInterface")
    assert faults(machine, settings) == []
    assert faults(machine, lock, card) == [
        "replace ManagementLockByScope site-wk2 (scope): it protects the machine (deletionProtection is true in the state)",
        "replace NetworkInterface site-wk2: it must outlive a rolling change",
    ]
    assert roll_plan.is_made_anew(roll_plan.read({"steps": [machine]}), "wk2")


def test_azures_machines_are_found_by_their_id_with_their_power_and_one_that_is_gone_is_none() -> None:
    pair = arm.Cloud()
    arm.build_pair(pair)
    server = Server(pair.emulator, ticking=False)
    try:
        found = AzureMachines(Cloud(Client(server.endpoint, arm.OWNER), ""))
        assert found.of("wk1", arm.vm_id("wk1")) == {"wk1": "running"}
        pair.ask("POST", f"{arm.vm_id('wk1')}/powerOff")
        pair.wait(10)
        assert found.of("wk1", arm.vm_id("wk1")) == {"wk1": "stopped"}
        assert found.of("wk9", arm.vm_id("wk9")) == {}
    finally:
        server.close()


# From the beginning to the end


@dataclass(frozen=True)
class PaperDesk(TableDesk):
    """A watchdog on paper: carries out pause and resume at once, or refuses."""

    now: dict[str, Any] = field(default_factory=lambda: dict(STEADY))
    asked: list[str] = field(default_factory=list[str])
    replies: dict[str, Answer] = field(default_factory=dict[str, Answer])
    refuses: frozenset[str] = frozenset()
    moves_in: frozenset[str] = frozenset()
    is_silent: bool = False
    """About the pause: it is carried out, and the reply is not seen."""
    interrupts: bool = False
    """Ctrl-C, while the pause's reply is waited for."""

    def put(self, entry: str) -> None:
        said = json.loads(entry)
        verb = said["verb"]
        self.asked.append(verb)
        if verb not in self.refuses:
            self.now["phase"] = "paused" if verb == "pause" else "steady"
        if verb in self.moves_in:
            self.now["holder"], self.now["epoch"] = "wk2", 4
        self.replies[said["id"]] = Answer(said["id"], verb not in self.refuses, "not now")

    def answer(self, own_id: str) -> Answer | None:
        if self.asked == ["pause"] and self.interrupts:
            raise KeyboardInterrupt
        return None if self.asked == ["pause"] and self.is_silent else self.replies.get(own_id)

    def record(self) -> dict[str, Any]:
        return dict(self.now)

    def leader(self) -> str:
        """Somebody else each time."""
        return uuid.uuid4().hex


class PaperEc2:
    """Machines of the worker, one of them gone."""

    def describe_instances(self, *, Filters: Sequence[Any]) -> Mapping[str, Any]:  # noqa: N803 - as boto3 has it
        assert Filters == [{"Name": "tag:Name", "Values": ["site-wk2"]}]
        found = {"i-1": "terminated", "i-2": "running"}
        return {"Reservations": [{"Instances": [{"InstanceId": one, "State": {"Name": found[one]}}]} for one in found]}


@dataclass
class Bench:
    """A project whose `pulumi` is a script."""

    folder: Path
    desk: PaperDesk
    said: list[str] = field(default_factory=list[str])
    agreed: bool = True
    healthy: bool = True

    def roll(self, *steps: Mapping[str, Any], **environment: str) -> str:
        (self.folder / "preview.json").write_text(json.dumps({"steps": steps}))
        project = Project(self.folder, "aws-dev", environment)
        roll = Roll(
            pulumi=Pulumi(self.folder / "pulumi", project),
            desk=self.desk,
            silent=(OSError,),
            machines=Ec2Machines(PaperEc2(), "site"),
            is_healthy=lambda _: self.healthy,
            worker="wk2",
            say=self.said.append,
            agree=lambda _: self.agreed,
        )
        return roll.carry_out()

    def ran(self) -> list[str]:
        file = self.folder / "asked"
        return file.read_text().splitlines() if file.exists() else []


IN_PLACE = step("update", "site-wk2", diffReasons=["instanceType"])


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(rolling, "_POLL_S", 0.01)
    (tmp_path / "project").mkdir()
    command = tmp_path / "pulumi"
    command.write_text(
        '#!/bin/sh\necho "$TANDEM_ROLL_WORKER: $1" >> ../asked\n'
        '[ "$1" = preview ] && cat ../preview.json\n[ "$1" != "$FAILS" ] || { echo "error: no such image"; exit 1; }\n'
    )
    command.chmod(0o755)
    state = tmp_path / "state" / ".pulumi" / "stacks" / "tandem" / "aws-dev.json"
    state.parent.mkdir(parents=True)
    outputs = {"workers": {worker: {"addressPrivateIp": "127.0.0.1", "instanceId": "i-2"} for worker in WORKERS}}
    state.write_text(json.dumps({"checkpoint": {"latest": {"resources": [{"type": STACK_TYPE, "outputs": outputs}]}}}))
    client: Any = None
    return Bench(tmp_path, PaperDesk(client, "table", "site"))


def test_it_pauses_brings_it_in_waits_and_resumes(bench: Bench) -> None:
    assert bench.roll(IN_PLACE) == (
        "wk2 was changed in place, by a stop and a start (i-2 running -> i-2 running) and is a healthy standby; wk1 held "
        "the address throughout, epoch 3; failover is on again"
    )
    assert bench.ran() == ["wk2: preview", "wk2: up"]
    assert bench.desk.asked == ["pause", "resume"]


def test_where_nothing_differs_nobody_is_paused(bench: Bench) -> None:
    assert bench.roll(step("update", "site-topic", "aws:sns/topic:Topic")) == (
        "wk2 is as the stack file says; nothing to roll, and nothing was changed"
    )
    assert (bench.ran(), bench.desk.asked) == (["wk2: preview"], [])


def test_a_preview_that_holds_another_worker_is_refused_before_anything_is_paused(bench: Bench) -> None:
    with pytest.raises(
        RollRefusedError, match=r"more than roll wk2:\n  replace Instance site-wk1: another worker\nBring in"
    ):
        bench.roll(IN_PLACE, step("replace", "site-wk1"))
    assert (bench.ran(), bench.desk.asked) == (["wk2: preview"], [])


def test_a_preview_that_fails_says_why(bench: Bench) -> None:
    with pytest.raises(RollRefusedError, match=r"the preview failed\.\n(?s:.*)no such image"):
        bench.roll(IN_PLACE, FAILS="preview")
    assert bench.desk.asked == []


def test_without_agreement_nothing_is_paused(bench: Bench) -> None:
    bench.agreed = False
    with pytest.raises(RollRefusedError, match="nobody agreed"):
        bench.roll(IN_PLACE)
    assert (bench.ran(), bench.desk.asked) == (["wk2: preview"], [])


def test_a_pause_that_is_refused_ends_it(bench: Bench) -> None:
    bench.desk = PaperDesk(bench.desk.dynamodb, "table", "site", refuses=frozenset({"pause"}))
    with pytest.raises(RollRefusedError, match=r"failover could not be paused \(not now\)"):
        bench.roll(IN_PLACE)
    assert bench.ran() == ["wk2: preview"]


def test_a_watchdog_that_never_answers_ends_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rolling, "ANSWER_S", 0.05)
    monkeypatch.setattr(PaperDesk, "answer", lambda _self, _id: None)
    with pytest.raises(RollRefusedError, match=r"no reply within 0\.05 s, so nobody seems to lead"):
        bench.roll(IN_PLACE)
    assert bench.ran() == ["wk2: preview"]


def test_an_address_that_moved_before_the_pause_began_ends_it_and_the_pause(bench: Bench) -> None:
    bench.desk = PaperDesk(bench.desk.dynamodb, "table", "site", moves_in=frozenset({"pause"}))
    with pytest.raises(RollRefusedError, match="meanwhile wk2 holds and the phase is paused"):
        bench.roll(IN_PLACE)
    assert bench.ran() == ["wk2: preview"]
    assert bench.desk.asked == ["pause", "resume"]


def test_a_failing_up_ends_the_pause_and_says_how_things_stand(bench: Bench) -> None:
    with pytest.raises(RollFailedError) as failed:
        bench.roll(IN_PLACE, FAILS="up")
    for part in (
        "no such image",
        "wk2 still has its machine (i-2 running); wk1 holds the address as before.",
        "Automatic failover is resumed, or at the latest when the pause is over.",
        "then repeat: make roll STACK=aws-dev WORKER=wk2 (after an engine that was killed: make repair first)",
        f"{bench.folder}/pulumi.log",
    ):
        assert part in str(failed.value)
    assert bench.desk.asked == ["pause", "resume"]


PENDING = (
    {"type": "aws:ec2/instance:Instance", "urn": "u:wk2", "pendingReplacement": True},
    {"type": "aws:ec2/volumeAttachment:VolumeAttachment", "urn": "u:disk-wk2", "pendingReplacement": True},
    {"type": "aws:ec2/volumeAttachment:VolumeAttachment", "urn": "u:disk-wk1"},
    {"type": "aws:lambda/invocation:Invocation", "urn": "u:first-tick", "pendingReplacement": True},
)


def test_what_a_failed_replacement_let_go_of_is_taken_out_of_the_state_its_dependents_first() -> None:
    assert half_replaced(PENDING) == ["u:first-tick", "u:disk-wk2"]
    assert half_replaced([each for each in PENDING if each["urn"] != "u:disk-wk2"]) == ()


def test_after_a_failed_replacement_that_is_done_before_the_up(bench: Bench) -> None:
    file = next(bench.folder.glob("state/.pulumi/stacks/*/*.json"))
    state = json.loads(file.read_text())
    state["checkpoint"]["latest"]["resources"] += PENDING
    file.write_text(json.dumps(state))
    bench.roll(IN_PLACE)
    assert bench.ran() == ["wk2: preview", ": state", "wk2: up"]
    assert "$ pulumi state remove u:first-tick u:disk-wk2 --yes --stack aws-dev" in (bench.folder / "pulumi.log").read_text()


def test_a_worker_that_does_not_come_back_is_told_and_the_pause_ends(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rolling, "BACK_S", 0.1)
    bench.healthy = False
    with pytest.raises(
        RollFailedError, match=r"wk2 was not back as a healthy standby within 0\.1 s \(i-2 running\); wk1 holds"
    ):
        bench.roll(IN_PLACE)
    assert bench.desk.asked == ["pause", "resume"]


def made_anew(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The up gives the worker's machine another id."""
    file = next(bench.folder.glob("state/.pulumi/stacks/*/*.json"))
    up = Pulumi.up

    def replaces(pulumi: Pulumi, *flags: str) -> Run:
        file.write_text(file.read_text().replace("i-2", "i-3"))
        return up(pulumi, *flags)

    monkeypatch.setattr(Pulumi, "up", replaces)


@pytest.mark.parametrize("is_new", [True, False])
def test_a_machine_with_another_id_is_back_when_another_arbiter_leads(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, *, is_new: bool
) -> None:
    """The one that led does not know the new machine."""
    monkeypatch.setattr(rolling, "BACK_S", 0.2)
    made_anew(bench, monkeypatch)
    if not is_new:
        monkeypatch.setattr(PaperDesk, "leader", lambda _self: "arbiter-1")
    with contextlib.nullcontext() if is_new else pytest.raises(RollFailedError, match="not back as a healthy standby"):
        bench.roll(IN_PLACE)
    assert bench.desk.asked == ["pause", "resume"]


def test_a_machine_with_its_old_id_waits_for_no_other_arbiter(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Azure a machine that is made anew has the id of the one before."""
    monkeypatch.setattr(PaperDesk, "leader", lambda _self: "arbiter-1")
    monkeypatch.setattr(rolling, "BACK_S", 0.2)
    assert "is a healthy standby" in bench.roll(IN_PLACE)


def test_a_worker_that_was_fenced_meanwhile_is_not_back(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rolling, "BACK_S", 0.2)
    desk = bench.desk
    monkeypatch.setattr(Pulumi, "up", lambda *_: desk.now.update(fences=[{"worker": "wk2"}]))
    with pytest.raises(RollFailedError, match="not back as a healthy standby"):
        bench.roll(IN_PLACE)


def test_a_store_that_takes_no_request_ends_it_before_anything_is_changed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_self: PaperDesk, _entry: str) -> None:
        raise OSError("no route")

    monkeypatch.setattr(PaperDesk, "put", silent)
    with pytest.raises(RollRefusedError, match="failover could not be paused"):
        bench.roll(IN_PLACE)
    assert "the record's store did not answer: no route" in bench.said
    assert bench.ran() == ["wk2: preview"]


def test_a_resume_that_is_refused_is_told_with_the_pause_s_own_end(bench: Bench) -> None:
    bench.desk = PaperDesk(bench.desk.dynamodb, "table", "site", refuses=frozenset({"resume"}))
    assert (
        "failover could not be resumed (not now); the pause ends by itself. Sooner: make lab-ask VERB=resume"
        in bench.roll(IN_PLACE)
    )


def test_a_move_that_somebody_asked_for_meanwhile_is_told(bench: Bench) -> None:
    bench.desk = PaperDesk(bench.desk.dynamodb, "table", "site", moves_in=frozenset({"resume"}))
    assert "the address moved meanwhile, from wk1 to wk2 in epoch 4" in bench.roll(IN_PLACE)


def test_an_interrupted_roll_ends_its_pause(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_self: Pulumi, *_flags: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Pulumi, "up", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bench.roll(IN_PLACE)
    assert bench.desk.asked == ["pause", "resume"]


# The command


def asked(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    roll_command.add_arguments(parser)
    return parser.parse_args(words)


def test_without_an_engine_the_way_to_one_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi_project, "command", lambda: None)
    with pytest.raises(NoEngineError, match="Get one with: make engine"):
        roll_command.run(asked("--worker", "wk2"), print)


def test_without_a_lab_the_way_to_one_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pulumi_project, "command", lambda: tmp_path)
    monkeypatch.setattr(pulumi_command, "find", lambda _stack: None)
    with pytest.raises(NoEngineError, match=r"no lab is up for aws-stage\. Begin with: make up STACK=aws-stage"):
        roll_command.run(asked("--stack", "aws-stage", "--worker", "wk2"), print)


def test_a_stack_without_a_watchdog_is_rolled_by_hand(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pulumi_project, "command", lambda: tmp_path)
    monkeypatch.setattr(pulumi_command, "find", lambda stack: Project(tmp_path, stack, {}))
    monkeypatch.setattr(pulumi_project, "stored_outputs", lambda _lab: {"stateTable": ""})
    assert roll_command.run(asked("--stack", "aws-balancer", "--worker", "wk2"), print) == 1
    assert "aws-balancer has no watchdog that could be paused" in capsys.readouterr().err


def test_a_store_that_does_not_answer_is_told_and_not_raised(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def silent(_self: Roll) -> str:
        raise OSError("refused")

    found = SimpleNamespace(desk=None, machines=None, silent=(OSError,), store="table record", http_port=1)
    monkeypatch.setattr(pulumi_project, "command", lambda: tmp_path)
    monkeypatch.setattr(pulumi_command, "find", lambda stack: Project(tmp_path, stack, {}))
    monkeypatch.setattr(pulumi_project, "stored_outputs", lambda _lab: {"stateTable": "record"})
    monkeypatch.setattr(running_lab, "find", lambda _lab: found)
    monkeypatch.setattr(Roll, "carry_out", silent)
    assert roll_command.run(asked("--worker", "wk2"), print) == 2
    assert "failed: the table record did not answer: refused. Look at the lab, then repeat this" in capsys.readouterr().err


def test_a_worker_that_does_not_listen_is_not_healthy() -> None:
    assert not health_at(free_port())({"addressPrivateIp": "127.0.0.1"})


def free_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_a_pause_whose_reply_nobody_waited_for_is_ended(bench: Bench) -> None:
    """It may be carried out all the same."""
    bench.desk = PaperDesk(bench.desk.dynamodb, "table", "site", interrupts=True)
    with pytest.raises(KeyboardInterrupt):
        bench.roll(IN_PLACE)
    assert bench.desk.asked == ["pause", "resume"]


def test_a_pause_without_a_reply_changes_nothing_and_is_ended(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rolling, "ANSWER_S", 0.1)
    bench.desk = PaperDesk(bench.desk.dynamodb, "table", "site", is_silent=True)
    with pytest.raises(RollRefusedError, match=r"no reply within 0\.1 s, so nobody seems to lead"):
        bench.roll(IN_PLACE)
    assert bench.desk.asked == ["pause", "resume"]
