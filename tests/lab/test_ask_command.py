"""`python -m lab ask`: words are looked at before anybody is asked, and a lab that is up answers."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab import ask_command, processes
from lab.ask_command import add_arguments, ask, fields_of
from lab.blob_desk import BlobDesk
from lab.providers.azure_native.process import ARM, BLOB, CERTIFICATE
from lab.running_lab import CannotAskError, find
from lab.supervisor import REPOSITORY


def words(*said: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(said)


def ready(labs: Path, lab_id: str, *, cloud: str = "aws", started: int | None = None, pid: int | None = None) -> Path:
    """A ready file of this very process, which surely runs; or of another one."""
    this = processes.identify(os.getpid())
    assert this
    process = {"pid": pid or this.pid, "started": this.started if started is None else started}
    table = {"aws": "t", "azure": "https://records.blob.core.windows.net/record"}[cloud]
    config = {"region": "eu-central-1", "site": f"site-{lab_id}", "stateTable": table, "workers": {"wk1": {}, "wk2": {}}}
    folder = labs / lab_id
    folder.mkdir()
    endpoints = {"ec2, iam, kms, sts": "http://127.0.0.1:1", "others": "http://127.0.0.1:1"}
    said = {"process": process, "endpoints": endpoints, "outputs": {"cliConfig": config, "stateTable": table}}
    said |= {"cloud": cloud, "stack": f"{cloud}-dev", "ports": {"http": 8080}}
    said["pulumi"] = {ARM: "http://127.0.0.1:1", BLOB: "http://127.0.0.1:1", CERTIFICATE: ""}
    (folder / "up.json").write_text(json.dumps(said))
    return folder


def test_what_is_asked_for_is_what_was_said() -> None:
    assert fields_of(words("switchover")) == {}
    assert fields_of(words("failover", "--worker", "wk2", "--unproven")) == {"worker": "wk2", "unproven": True}
    assert fields_of(words("pause", "--seconds", "600")) == {"duration_s": 600.0}
    assert fields_of(words("order", "--order", "wk2, wk1")) == {"order": ["wk2", "wk1"]}
    assert fields_of(words("failback", "--drain", "30")) == {"drain_s": 30.0}


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            (),
            "no verb was given; verbs are switchover, failover, failback, pause, resume, maintenance, ",
        ),
        (("reboot",), "'reboot' is nothing that can be asked for; verbs are switchover, failover,"),
        (
            ("pause",),
            "a pause needs its length, and seconds is missing; any number above 0. For example: make lab-ask VERB=pause SEC",
        ),
        (("maintenance", "--seconds", "-5"), "a maintenance needs its length, and seconds is -5; any number above 0."),
        (
            ("switchover", "--seconds", "5"),
            "seconds is 5, and switchover has no length; only pause and maintenance have one. Leave it out",
        ),
    ],
)
def test_wrong_words_are_named_with_what_is_allowed_and_what_to_do(said: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(CannotAskError) as caught:
        fields_of(words(*said))
    assert str(caught.value).startswith(sentence)


def test_without_a_lab_the_next_step_is_said(tmp_path: Path) -> None:
    with pytest.raises(CannotAskError) as caught:
        ask(words("switchover"), tmp_path)
    assert str(caught.value) == (f"no lab is up below {tmp_path} (none was ever brought up). Bring one up with: make lab-up")


def test_a_lab_whose_process_is_gone_is_none(tmp_path: Path) -> None:
    """The pid is somebody else's by now."""
    ready(tmp_path, "old", started=1)
    with pytest.raises(CannotAskError, match="1 were up and are gone"):
        find(labs=tmp_path)


def test_the_newest_of_those_that_run_is_asked_unless_one_is_named(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        later = processes.identify(other.pid)
        assert later
        ready(tmp_path, "first")
        folder = ready(tmp_path, "second", started=later.started, pid=later.pid)
        ready(tmp_path, "gone", started=later.started + 1)
        lab = find(labs=tmp_path)
        assert (lab.folder, lab.desk.site, lab.workers) == (folder, "site-second", ("wk1", "wk2"))
        assert find("first", tmp_path).desk.site == "site-first"
        with pytest.raises(
            CannotAskError, match=r"the lab gone is not up; those that are: first, second\. Leave the id out"
        ):
            find("gone", tmp_path)
    finally:
        other.communicate(b"\n")


def test_a_worker_that_is_not_there_is_named_before_anybody_is_asked(tmp_path: Path) -> None:
    ready(tmp_path, "lab")
    with pytest.raises(CannotAskError) as caught:
        ask(words("switchover", "--worker", "wk9"), tmp_path)
    assert str(caught.value) == (
        "wk9 is no worker of site-lab; its workers are wk1, wk2. For example: make lab-ask VERB=switchover WORKER=wk2"
    )


def test_a_table_that_does_not_answer_is_named(tmp_path: Path) -> None:
    ready(tmp_path, "lab")
    with pytest.raises(CannotAskError, match=r"the table t of .*/lab did not answer: .*127\.0\.0\.1:1"):
        ask(words("switchover"), tmp_path)


def test_on_azure_the_desk_is_at_the_container_of_the_record(tmp_path: Path) -> None:
    ready(tmp_path, "lab", cloud="azure")
    found = find(labs=tmp_path)
    assert isinstance(found.desk, BlobDesk)
    assert (found.desk.site, found.workers, found.http_port) == ("site-lab", ("wk1", "wk2"), 8080)
    url = r"container http://127\.0\.0\.1:1/devstoreaccount1/records-record"
    with pytest.raises(CannotAskError, match=rf"the {url} of .*/lab did not answer: .*; is it the right lab\?"):
        ask(words("switchover"), tmp_path)


def test_where_nobody_has_led_yet_the_inbox_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ready(tmp_path, "lab", cloud="azure")
    monkeypatch.setattr(BlobDesk, "leader", lambda _self: "")
    monkeypatch.setattr(ask_command, "GRACE_S", 0.0)
    with pytest.raises(CannotAskError, match="nobody has led site-lab within 0 s, so there is no inbox yet"):
        ask(words("switchover"), tmp_path)


def test_where_nothing_is_deployed_the_command_that_does_it_is_told(tmp_path: Path) -> None:
    file = ready(tmp_path, "lab", cloud="azure") / "up.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "outputs": {}}))
    with pytest.raises(CannotAskError, match=r"in the lab lab yet\. Deploy with: make up STACK=azure-dev"):
        find(labs=tmp_path)


def lab_ask(*said: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "lab", "ask", *said]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=150, check=False)


def test_the_command_ends_with_status_2_and_one_sentence() -> None:
    done = lab_ask("reboot")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip().startswith("lab: 'reboot' is nothing that can be asked for; verbs are switchover, ")
    assert "Traceback" not in done.stderr
