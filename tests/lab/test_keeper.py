"""The keeper: whatever way a lab ends, nothing of it stays, and nobody else is touched."""

import fcntl
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab import processes
from lab.networks import take
from lab.processes import LAB_ID_VARIABLE, ProcessId
from lab.supervisor import REPOSITORY

pytestmark = pytest.mark.lab

SLEEPER = [sys.executable, "-c", "import time; print(flush=True); time.sleep(1000)"]

# A lab with everything that could outlive it: both emulators with a function at work, a child that is frozen, one that
# ignores SIGTERM and whose child left its session and its parent.
LAB = """
import io, json, sys, zipfile
from pathlib import Path
from lab.emulators import CloudSettings, Emulators
from lab.networks import Network
from lab.profiles import INSTANT
from lab.supervisor import Supervisor

STUBBORN = '''
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
orphan = "import os, time; os.setsid(); os.fork() and os._exit(0); time.sleep(1000)"
subprocess.run([sys.executable, "-c", orphan])
print('{"event": "ready"}', flush=True)
time.sleep(1000)
'''
FROZEN = '''
import sys
print('{"event": "ready"}', flush=True)
sys.stdin.read()
'''
with Supervisor(Path(sys.argv[1]), sys.argv[2], lock=int(sys.argv[3])) as supervisor:
    emulators = Emulators.start(supervisor, CloudSettings("127.240.0.0/16", INSTANT, 1))
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as bundle:
        bundle.writestr("busy.py", "import time\\ndef handler(*_):\\n    print('busy')\\n    time.sleep(1000)\\n")
    functions = emulators.client("lambda")
    functions.create_function(FunctionName="busy", Runtime="python3.13", Handler="busy.handler", Timeout=900,
                              Role="arn:aws:iam::123456789012:role/busy", Code={"ZipFile": code.getvalue()})
    functions.invoke(FunctionName="busy", InvocationType="Event")
    output = supervisor.logs / "function-output.jsonl"
    supervisor.wait_for("the function's first words", lambda: "busy" in output.read_text(), 30)
    for name, program in (("stubborn", STUBBORN), ("frozen", FROZEN)):
        child = supervisor.spawn(name, [sys.executable, "-c", program])
        child.expect("ready", 10)
    child.freeze()
    print("up", flush=True)
    supervisor.pause(1000)
"""


@pytest.fixture
def lab_id() -> Iterator[str]:
    """An id, and at the end the removal of what the code under test should have removed."""
    name = f"test-{uuid.uuid4().hex}"
    yield name
    for process in processes.of_lab(name):
        processes.send(process, signal.SIGKILL)


@pytest.fixture
def sleeper() -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Start a process of a lab that sleeps."""
    started: list[subprocess.Popen[bytes]] = []

    def start(lab_id: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(SLEEPER, env={LAB_ID_VARIABLE: lab_id}, stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout is not None
        process.stdout.readline()  # its environment is in place
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def start_keeper(lab_id: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "lab.keeper", "--lab-id", lab_id, "--grace-s", "0.5"]
    environment = {LAB_ID_VARIABLE: lab_id}
    pipe = subprocess.PIPE
    keeper = subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=REPOSITORY, env=environment, start_new_session=True
    )
    assert keeper.stdout is not None
    assert b"ready" in keeper.stdout.readline()
    return keeper


def wait_until(true: Callable[[], bool], deadline_s: float) -> bool:
    end = time.monotonic() + deadline_s
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    return true()


def test_killed_lab_leaves_no_process_and_gives_its_network_back(tmp_path: Path, lab_id: str) -> None:
    with take((2575,), tmp_path / "locks") as network:
        lock = tmp_path / "locks" / f"127.{network.number}.lock"
        command = [sys.executable, "-c", LAB, str(tmp_path / "lab"), lab_id, str(network.lock)]
        lab = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY, pass_fds=[network.lock])
    with lab:
        assert lab.stdout is not None
        assert lab.stdout.readline() == b"up\n"
        names = " ".join(processes.command(process.pid) for process in processes.of_lab(lab_id))
        assert all(
            part in names for part in ("aws_server", "ministack_main", "_worker.py", "lab.keeper", "time.sleep(1000)")
        )
        lab.kill()
    assert wait_until(lambda: not processes.of_lab(lab_id), deadline_s=30), names_of(lab_id)
    assert lockable(lock)


def names_of(lab_id: str) -> list[str]:
    return [processes.command(process.pid) for process in processes.of_lab(lab_id)]


def lockable(lock: Path) -> bool:
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_keeper_outlives_the_signals_that_end_a_lab(
    lab_id: str, sleeper: Callable[[str], subprocess.Popen[bytes]], number: signal.Signals
) -> None:
    process = sleeper(lab_id)
    with start_keeper(lab_id) as keeper:
        keeper.send_signal(number)
        assert process.poll() is None
        keeper.communicate(timeout=20)
    assert keeper.returncode == 0
    assert process.wait(10) == -signal.SIGTERM


def test_keeper_touches_no_other_lab(lab_id: str, sleeper: Callable[[str], subprocess.Popen[bytes]]) -> None:
    own, foreign, prefix = sleeper(lab_id), sleeper(f"{lab_id}-other"), sleeper(lab_id[:-1])
    with start_keeper(lab_id) as keeper:
        keeper.communicate(timeout=20)
    assert own.wait(10) == -signal.SIGTERM
    assert [foreign.poll(), prefix.poll()] == [None, None]


def test_keeper_kills_what_stands_still(lab_id: str, sleeper: Callable[[str], subprocess.Popen[bytes]]) -> None:
    process = sleeper(lab_id)
    process.send_signal(signal.SIGSTOP)
    with start_keeper(lab_id) as keeper:
        keeper.communicate(timeout=20)
    assert process.wait(10) == -signal.SIGKILL


def test_zombie_counts_as_gone(lab_id: str, sleeper: Callable[[str], subprocess.Popen[bytes]]) -> None:
    process = sleeper(lab_id)
    identity = processes.identify(process.pid)
    assert identity is not None
    assert processes.of_lab(lab_id) == [identity]
    os.kill(process.pid, signal.SIGKILL)
    assert wait_until(lambda: processes.state(process.pid) == "Z", deadline_s=10)
    assert not processes.alive(identity)
    assert processes.of_lab(lab_id) == []


def test_signal_never_reaches_a_process_that_got_the_pid_later(
    lab_id: str, sleeper: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    process = sleeper(lab_id)
    now = processes.identify(process.pid)
    assert now is not None
    earlier = ProcessId(now.pid, now.started - 1)
    assert processes.send(earlier, signal.SIGKILL) is False
    assert process.poll() is None
    assert processes.send(now, signal.SIGKILL) is True
    assert process.wait(10) == -signal.SIGKILL
