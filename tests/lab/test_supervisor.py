"""The supervisor: children that answer, are silent, crash, babble, stand still or do not want to end."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import processes
from lab.child import Child, ChildEndedError, ChildError, ChildProtocolError, ChildRefusedError, ChildSilentError, Event
from lab.supervisor import REPOSITORY, LabIdTakenError, Supervisor

pytestmark = pytest.mark.lab

# A child of the control protocol without the project's own implementation of it.
CHILD = """
import json, os, signal, sys, time
def say(**event): print(json.dumps(event), flush=True)
say(event="ready", environment=dict(os.environ))
for line in sys.stdin:
    command = json.loads(line)
    match command["do"]:
        case "echo": say(event="done", id=command.get("id"), word=command["word"])
        case "refuse": say(event="refused", id=command["id"], why="not today")
        case "crash": sys.exit("out of order")
        case "babble": print("hello", flush=True)
        case "resist":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            say(event="done", id=command["id"])
            time.sleep(1000)
if len(sys.argv) > 1:
    open(sys.argv[1], "a").write(sys.argv[2] + " ")
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    lab = Supervisor(tmp_path / "lab", f"test-{uuid.uuid4().hex}")
    with contextlib.suppress(ChildError), lab:  # what a test provoked is raised at the end once more
        yield lab
    assert processes.of_lab(lab.lab_id) == []


def start(supervisor: Supervisor, name: str, *arguments: str) -> Child:
    child = supervisor.spawn(name, [sys.executable, "-c", CHILD, *arguments])
    child.expect("ready", deadline_s=10)
    return child


def test_command_gets_its_answer(supervisor: Supervisor) -> None:
    child = start(supervisor, "one")
    assert child.call("echo", 10, word="hello")["word"] == "hello"


def test_refused_command_raises_the_childs_own_words(supervisor: Supervisor) -> None:
    with pytest.raises(ChildRefusedError, match=r"^one: 'refuse' was refused: not today$"):
        start(supervisor, "one").call("refuse", 10)


def test_subscriber_gets_every_event_in_order(supervisor: Supervisor) -> None:
    seen: list[Event] = []
    child = supervisor.spawn("one", [sys.executable, "-c", CHILD], on_event=seen.append)
    for word in "abc":
        child.send({"do": "echo", "word": word})
    for _ in "abc":
        child.expect("done", 10)
    assert [event.get("word") for event in seen] == [None, "a", "b", "c"]


def test_silence_names_the_child_the_event_and_the_deadline(supervisor: Supervisor) -> None:
    child = start(supervisor, "one")
    with pytest.raises(
        ChildSilentError, match=r"^one: waited 0\.1 s in vain for the event 'done'; standard error in .*one\.txt"
    ):
        child.expect("done", deadline_s=0.1)


def test_crash_names_the_child_and_ends_with_its_last_words(supervisor: Supervisor) -> None:
    child = start(supervisor, "one")
    child.send({"do": "crash"})
    with pytest.raises(
        ChildEndedError, match=r"(?s)^one: ended .*\(status 1\); standard error in .*one\.txt:\n    out of order$"
    ):
        child.expect("done", deadline_s=10)


def test_crash_of_one_child_reaches_whoever_waits_for_another(supervisor: Supervisor) -> None:
    broken, waited_for = start(supervisor, "broken"), start(supervisor, "sound")
    broken.send({"do": "crash"})
    with pytest.raises(ChildEndedError, match=r"^broken: "):
        waited_for.expect("never", deadline_s=10)


def test_crash_that_nobody_waited_for_is_raised_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long its last words take to be read: the lab ends at once meanwhile."""
    tail = Child._tail  # pyright: ignore[reportPrivateUsage]

    def read_slowly(child: Child) -> str:
        time.sleep(0.3)
        return tail(child)

    monkeypatch.setattr(Child, "_tail", read_slowly)
    lab = Supervisor(tmp_path, f"test-{uuid.uuid4().hex}")
    with pytest.raises(ChildEndedError, match=r"^one: "), lab:
        crash_unseen(lab)


def crash_unseen(supervisor: Supervisor) -> None:
    child = start(supervisor, "one")
    child.send({"do": "crash"})
    assert child.wait_end(10)


def test_end_of_a_child_that_may_end_is_no_error(supervisor: Supervisor) -> None:
    child = supervisor.spawn("one", [sys.executable, "-c", CHILD], may_end=True)
    child.send({"do": "crash"})
    assert child.wait_end(10)
    supervisor.check()


def test_line_that_is_no_event_is_an_error(supervisor: Supervisor) -> None:
    start(supervisor, "one").send({"do": "babble"})
    with pytest.raises(ChildProtocolError, match=r"^one: .*hello"):
        supervisor.pause(10)


def test_killed_child_is_no_error_and_takes_no_commands(supervisor: Supervisor) -> None:
    child = start(supervisor, "one")
    child.kill()
    supervisor.check()
    with pytest.raises(ChildEndedError, match=r"^one: does not take"):
        child.send({"do": "echo", "word": "late"})


def test_frozen_child_stands_still_until_it_is_thawed(supervisor: Supervisor) -> None:
    child = start(supervisor, "one")
    child.freeze()
    assert processes.state(child.pid) == "T"
    child.send({"do": "echo", "word": "kept"})
    with pytest.raises(ChildSilentError):
        child.expect("done", deadline_s=0.2)
    child.thaw()
    assert child.expect("done", deadline_s=10)["word"] == "kept"


def test_frozen_child_is_ended_with_the_rest(supervisor: Supervisor) -> None:
    child = start(supervisor, "one")
    child.freeze()
    child.end()
    assert child.ended


def test_child_that_resists_is_killed_in_the_end(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    child = start(supervisor, "one")
    child.call("resist", 10)
    monkeypatch.setattr("lab.child._STEP_S", 0.2)
    child.end()
    assert child.status == -signal.SIGKILL


def test_children_are_ended_in_reverse_order(tmp_path: Path) -> None:
    ends = tmp_path / "ends"
    with Supervisor(tmp_path, f"test-{uuid.uuid4().hex}") as supervisor:
        for name in ("first", "second", "third"):
            start(supervisor, name, str(ends), name)
    assert ends.read_text().split() == ["third", "second", "first"]


def test_children_get_nothing_of_the_users_own_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a real one")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with Supervisor(tmp_path, f"test-{uuid.uuid4().hex}") as supervisor:
        environment = supervisor.spawn("one", [sys.executable, "-c", CHILD]).expect("ready", 10)["environment"]
        assert environment["TANDEM_LAB_ID"] == supervisor.lab_id
        assert environment["AWS_CONFIG_FILE"] == os.devnull
        assert not {"AWS_ACCESS_KEY_ID", "https_proxy"} & set(environment)


def test_a_second_lab_of_one_id_is_refused_and_the_first_one_lives(supervisor: Supervisor, tmp_path: Path) -> None:
    """Its keeper would end the first one's processes: two test workers once shared an id so."""
    child = start(supervisor, "one")
    with pytest.raises(LabIdTakenError, match=f"belong to a lab {supervisor.lab_id} already"):
        Supervisor(tmp_path / "second", supervisor.lab_id).__enter__()
    assert child.call("echo", 10, word="alive")["word"] == "alive"


def test_wait_says_what_did_not_come(supervisor: Supervisor) -> None:
    with pytest.raises(TimeoutError, match=r"^waited 0\.1 s in vain for the moon$"):
        supervisor.wait_for("the moon", lambda: False, deadline_s=0.1)


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, -signal.SIGINT)]
)
def test_signal_to_the_lab_ends_it_through_its_context_managers(tmp_path: Path, number: signal.Signals, status: int) -> None:
    lab_id = f"test-{uuid.uuid4().hex}"
    script = f"""
import sys
from pathlib import Path
from lab.supervisor import Supervisor
with Supervisor(Path({str(tmp_path)!r}), {lab_id!r}) as supervisor:
    try:
        supervisor.spawn("one", [sys.executable, "-c", {CHILD!r}]).expect("ready", 10)
        print("up", flush=True)
        supervisor.pause(60)
    finally:
        print("left", flush=True)
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=REPOSITORY) as lab:
        assert lab.stdout is not None
        assert lab.stdout.readline() == b"up\n"
        lab.send_signal(number)
        assert lab.stdout.read() == b"left\n"
    assert lab.returncode == status
    assert processes.of_lab(lab_id) == []
