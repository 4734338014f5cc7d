"""`make up` and its kin: what is missing is said with the next step; what is run is Pulumi's command on the right lab."""

import argparse
import json
import os
import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab import processes, pulumi_command, pulumi_project
from lab.background_lab import READY
from lab.deploying import By
from lab.pulumi_command import NoEngineError, Session, find
from lab.pulumi_project import Project
from lab.repairing import Said, UnresolvedError
from lab.stack_file import StackFileError


def asked(what: str, stack: str = "aws-dev", *flags: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    pulumi_command.add_arguments(parser)
    return parser.parse_args([what, "--stack", stack, *(("--", *flags) if flags else ())])


def up(labs: Path, name: str, stack: str, **more: Any) -> Path:
    """A lab that this process pretends to be."""
    this = processes.identify(os.getpid())
    assert this
    folder = labs / name
    (folder / "project").mkdir(parents=True)
    process = {"pid": this.pid, "started": this.started, **more}
    (folder / READY).write_text(json.dumps({"process": process, "stack": stack, "pulumi": {"WHICH": name}}))
    return folder


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `pulumi` that writes down what it is asked, where, and for which lab."""
    command = tmp_path / "pulumi"
    command.write_text(
        '#!/bin/sh\necho "$WHICH: $*" >> "$PWD/../asked"\n'
        'case "$*" in "stack export"*) cat ../exported 2>/dev/null || echo "{\\"deployment\\": {}}" ;; esac\n'
        '[ "$1" != "$FAILS" ]\n'
    )
    command.chmod(0o755)
    monkeypatch.setattr(pulumi_project, "command", lambda: command)
    return command


def said(folder: Path) -> list[str]:
    return (folder / "asked").read_text().splitlines()


def test_without_an_engine_the_way_to_one_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi_project, "command", lambda: None)
    with pytest.raises(NoEngineError, match="Get one with: make engine"):
        pulumi_command.run(asked("up"))


@pytest.mark.usefixtures("engine")
def test_an_unknown_stack_is_refused_with_those_that_are_there() -> None:
    with pytest.raises(StackFileError, match=r"no stack file Pulumi\.aws-moon\.yaml .*there are: .*Pulumi\.aws-dev\.yaml"):
        pulumi_command.run(asked("up", "aws-moon"))


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("verb", ["refresh", "repair", "down"])
def test_what_needs_a_lab_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    monkeypatch.setattr(pulumi_command, "find", lambda stack: find(stack, tmp_path))
    with pytest.raises(NoEngineError, match=r"no lab is up for aws-prod\. Begin with: make up STACK=aws-prod"):
        pulumi_command.run(asked(verb, "aws-prod"))


def test_the_newest_living_lab_of_the_stack_is_found(tmp_path: Path) -> None:
    up(tmp_path, "gone", "aws-dev", pid=2**22 + 1)
    up(tmp_path, "other", "aws-prod")
    folder = up(tmp_path, "mine", "aws-dev")
    assert find("aws-dev", tmp_path) == Project(folder, "aws-dev", {"WHICH": "mine"})
    assert find("aws-stage", tmp_path) is None


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(("cloud", "stage"), [("aws", "prod"), ("azure", "dev")])
def test_the_lab_that_is_brought_up_is_of_the_cloud_and_the_stage_of_the_stacks_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: str, stage: str
) -> None:
    """The first call finds none; the second finds the one that was brought up."""
    stack, brought = f"{cloud}-{stage}", list[dict[str, Any]]()

    def bring(profile: str, **wanted: Any) -> int:
        brought.append({"profile": profile, **wanted})
        up(tmp_path, "new", stack)
        return 0

    monkeypatch.setattr(pulumi_command.background_lab, "up", bring)
    monkeypatch.setattr(pulumi_command, "find", lambda stack: find(stack, tmp_path))
    assert pulumi_command.run(asked("preview", stack)) == 0
    assert brought == [{"profile": "instant", "cloud": cloud, "stage": stage, "by": By.NOBODY}]
    assert said(tmp_path / "new") == [f"new: stack init {stack}", f"new: preview --stack {stack}"]


def begin(folder: Path, *resources: dict[str, Any]) -> None:
    """The stack's state is there."""
    file = folder / "state" / ".pulumi" / "stacks" / "tandem" / "aws-dev.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"checkpoint": {"latest": {"resources": resources}}}))


def session(engine: Path, folder: Path, *flags: str, **environment: str) -> Session:
    return Session(engine, Project(folder, "aws-dev", {"WHICH": folder.name, **environment}), flags)


def test_the_first_run_makes_the_stack_and_flags_are_handed_on(engine: Path, tmp_path: Path) -> None:
    folder = up(tmp_path, "one", "aws-dev")
    assert session(engine, folder, "--refresh").carry_out("up") == 0
    assert said(folder) == ["one: stack init aws-dev", "one: up --yes --skip-preview --refresh --stack aws-dev"]


def test_a_stack_that_is_there_is_not_made_again(engine: Path, tmp_path: Path) -> None:
    folder = up(tmp_path, "one", "aws-dev")
    begin(folder)
    assert session(engine, folder).carry_out("preview") == 0
    assert said(folder) == ["one: preview --stack aws-dev"]


def test_a_repair_releases_the_lock_and_looks_what_was_being_made_before_it_goes_on(engine: Path, tmp_path: Path) -> None:
    folder = up(tmp_path, "one", "aws-dev")
    begin(folder)
    assert session(engine, folder, FAILS="cancel").carry_out("repair") == 0  # there was no lock: that is well
    assert said(folder) == [
        "one: cancel --yes --stack aws-dev",
        "one: stack export --stack aws-dev --non-interactive --color never",
        "one: refresh --yes --skip-preview --stack aws-dev",
        "one: up --yes --skip-preview --stack aws-dev",
    ]


def test_a_repair_leaves_out_the_attributes_that_a_killed_engine_cut_off(
    engine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = up(tmp_path, "one", "aws-dev")
    begin(folder)
    state = folder / "state" / ".pulumi" / "stacks" / "tandem" / "aws-dev.json"
    cut, whole = state.with_name("aws-dev.json.attrs"), state.with_name("aws-dev.json.bak.attrs")
    cut.write_text("")
    whole.write_text("{}")
    assert session(engine, folder).carry_out("repair") == 0
    assert (cut.exists(), whole.exists(), state.exists()) == (False, True, True)
    assert "aws-dev.json.attrs was cut off while it was written" in capsys.readouterr().out


def test_a_repair_takes_out_of_the_state_what_a_failed_replacement_let_go_of(engine: Path, tmp_path: Path) -> None:
    folder = up(tmp_path, "one", "aws-dev")
    disk = {"type": "aws:ec2/volumeAttachment:VolumeAttachment", "urn": "disk", "pendingReplacement": True}
    begin(folder, disk)
    assert session(engine, folder).carry_out("repair") == 0
    assert said(folder)[-2:] == [
        "one: state remove disk --yes --stack aws-dev --non-interactive --color never",
        "one: up --yes --skip-preview --stack aws-dev",
    ]


def test_a_repair_whose_refresh_fails_goes_no_further(engine: Path, tmp_path: Path) -> None:
    folder = up(tmp_path, "one", "aws-dev")
    assert session(engine, folder, FAILS="refresh").carry_out("repair") == 1
    assert not any(": up" in line for line in said(folder))


def test_a_repair_that_cannot_tell_what_was_made_changes_nothing(engine: Path, tmp_path: Path) -> None:
    folder = up(tmp_path, "one", "aws-dev")
    begin(folder)
    urn = "urn:pulumi:aws-dev::tandem::aws:s3/bucket:Bucket::pail"
    creating = {"type": "creating", "resource": {"urn": urn, "custom": True, "type": "aws:s3/bucket:Bucket", "inputs": {}}}
    (folder / "exported").write_text(json.dumps({"deployment": {"pending_operations": [creating]}}))
    mine = session(engine, folder)
    with pytest.raises(UnresolvedError, match="no way to find one of aws:s3/bucket:Bucket") as error:
        mine.carry_out("repair")
    assert list(error.value.reasons) == [urn]
    assert not any("import" in line or "refresh" in line for line in said(folder))
    told = replace(mine, said=Said(not_made=frozenset({urn})))
    assert told.carry_out("repair") == 0
    taken = json.loads((folder / "taken.json").read_text())
    assert taken == {"deployment": {"resources": []}}


def test_a_repair_is_refused_while_the_engine_is_at_work(engine: Path, tmp_path: Path) -> None:
    folder = up(tmp_path, "one", "aws-dev")
    begin(folder)
    lab_id = f"test-{uuid.uuid4().hex}"
    engine.unlink()
    engine.symlink_to("/bin/sleep")
    working = subprocess.Popen([engine, "60"], env={processes.LAB_ID_VARIABLE: lab_id})
    try:
        with pytest.raises(
            NoEngineError, match=rf"pulumi is at work on aws-dev \(process {working.pid}: .*end it with Ctrl-C"
        ):
            session(engine, folder, **{processes.LAB_ID_VARIABLE: lab_id}).carry_out("repair")
    finally:
        working.kill()
        working.wait()


def test_a_repair_is_refused_while_a_plugin_of_a_killed_engine_lives(
    engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulumi_command, "PLUGINS_END_S", 0.1)
    folder = up(tmp_path, "one", "aws-dev")
    begin(folder)
    lab_id = f"test-{uuid.uuid4().hex}"
    left = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)", "lab.providers.serve"], env={processes.LAB_ID_VARIABLE: lab_id}
    )
    try:
        with pytest.raises(NoEngineError, match=rf"still there after 0\.1 s: {left.pid}: .*End it first"):
            session(engine, folder, **{processes.LAB_ID_VARIABLE: lab_id}).carry_out("repair")
    finally:
        left.kill()
        left.wait()


def test_what_a_person_found_is_said_by_flags() -> None:
    parser = argparse.ArgumentParser()
    pulumi_command.add_arguments(parser)
    told = parser.parse_args(["repair", "--made", "urn:a", "id-1", "--made", "urn:b", "id-2", "--not-made", "urn:c"])
    assert (dict(told.made), told.not_made) == ({"urn:a": "id-1", "urn:b": "id-2"}, ["urn:c"])


def test_a_lab_stays_up_when_its_stack_could_not_be_deleted(engine: Path, tmp_path: Path) -> None:
    folder = up(tmp_path, "one", "aws-dev")
    assert session(engine, folder, FAILS="destroy").carry_out("down") == 1
    assert (folder / READY).exists()
