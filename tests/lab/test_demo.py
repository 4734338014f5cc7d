"""The whole lab, end to end: the real program, the deployed functions, real workers, real messages, one fault each.

The watchdog runs as functions that the emulated platform's schedule starts; nothing of it runs in the lab's process.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import processes
from lab.site import LABS
from lab.supervisor import REPOSITORY
from tests.judges.lab_actions import MOVE, not_granted, used_by_functions

pytestmark = [pytest.mark.lab, pytest.mark.timeout(420)]

KEYS = {
    "schema_version", "lab_id", "cloud", "profile", "engine", "fault",
    "detected_s", "decided_s", "moved_s", "verified_s", "outage_s",
    "messages", "double_serving_s", "stale_deliveries", "epoch_before", "epoch_after", "holder_before", "holder_after",
    "promises", "violations", "versions",
}  # fmt: skip
MESSAGES = {"sent", "acked", "lost", "repeated", "doubled", "reordered", "stranded"}


def run_demo(fault: str, divisor: int, out: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "lab", "demo", "--fault", fault, "--out", str(out)]
    command += ["--schedule-divisor", str(divisor)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=400, check=False)


@pytest.mark.parametrize(("fault", "divisor"), [("kill", 10), ("freeze", 10), ("cut", 1)])
def test_a_pair_fails_over_and_every_promise_is_kept(fault: str, divisor: int, tmp_path: Path) -> None:
    """Divisor 1 is the schedule in real minutes."""
    done = run_demo(fault, divisor, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert set(report) >= KEYS
    assert set(report["messages"]) >= MESSAGES
    assert (report["holder_before"], report["holder_after"]) == ("wk1", "wk2")
    assert report["epoch_after"] > report["epoch_before"]
    # One witness each: the observer polls, so it may see the decision after the gate has answered the move that followed.
    # That it was stored before is a promise of its own, judged with the times between which each poll lies.
    assert report["detected_s"] <= report["decided_s"] <= report["verified_s"]
    assert report["moved_s"] <= report["verified_s"]
    assert {"record-before-call", "timeline-consistent"} <= {promise["name"] for promise in report["promises"]}
    assert report["violations"] == []
    assert all(promise["kept"] is True for promise in report["promises"])
    assert report["messages"]["acked"] > 100
    page = (tmp_path / "report.html").read_text()
    assert "<svg" in page
    assert "<script" not in page
    # Granted = used, over the whole lab: the emulators' own log of what the functions asked.
    used = used_by_functions(LABS / report["lab_id"] / "logs")
    assert (MOVE - used, not_granted(used)) == (set(), set())


class Serving:
    """A lab in the foreground of a process of its own."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lab", "serve"],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.folder = self._wait_up()
        self.lab_id = self.folder.name

    def _wait_up(self) -> Path:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.words()
            for path in LABS.glob("*/up.json"):
                if json.loads(path.read_text() or "{}").get("process", {}).get("pid") == self.process.pid:
                    return path.parent
            time.sleep(0.1)
        raise AssertionError("the lab did not come up")

    def words(self) -> str:
        return self.process.stdout.read().decode() if self.process.stdout else ""

    def lines(self, log: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "logs" / log).read_text().splitlines()]

    def left(self, deadline_s: float) -> list[str]:
        """Commands of processes of this lab that are still there after at most `deadline_s`."""
        deadline = time.monotonic() + deadline_s
        while (found := processes.of_lab(self.lab_id)) and time.monotonic() < deadline:
            time.sleep(0.1)
        return [processes.command(process.pid) for process in found]


@pytest.fixture
def serving() -> Iterator[Serving]:
    lab = Serving()
    yield lab
    if lab.process.poll() is None:
        os.kill(lab.process.pid, signal.SIGKILL)
    lab.process.communicate()
    assert lab.left(60) == []
    (lab.folder / "up.json").unlink(missing_ok=True)


def test_the_schedule_starts_the_arbiter_that_leads_in_a_process_that_is_not_the_labs(serving: Serving) -> None:
    """From the platform's own log, not from the checker's reading of it."""
    deadline = time.monotonic() + 90
    leading: dict[str, Any] = {}
    while not leading and time.monotonic() < deadline:
        time.sleep(0.5)
        owners = {line["owner"] for line in serving.lines("record.jsonl") if line["event"] == "lease"}
        starts = [line for line in serving.lines("function-starts.jsonl") if line["event"] == "start"]
        leading = next((line for line in starts if line["request_id"] in owners and line["source"] == "schedule"), {})
    assert leading, "no arbiter that the schedule started ever led"
    assert "rule/" in leading["rule"]
    assert leading["pid"] != serving.process.pid
    assert leading["parent"] != serving.process.pid


def lab_ask(*words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "lab", "ask", *words]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=200, check=False)


def test_whoever_asks_a_lab_that_is_up_gets_the_watchdogs_reply(serving: Serving) -> None:
    """Moved, refused in its words, and home again. Other tests have labs up at the same time, so it is named."""
    this = ("--lab", serving.lab_id)
    there = lab_ask("switchover", *this, "--worker", "wk2", "--why", "patch wk1")
    assert there.returncode == 0, there.stdout + there.stderr
    assert f"/{serving.lab_id}: switchover as lab-" in there.stdout
    assert "done: wk2 holds in epoch 2: verified" in there.stdout
    assert "now: wk2 holds in epoch 2, phase steady" in there.stdout
    again = lab_ask("switchover", *this, "--worker", "wk2")
    assert (again.returncode, "refused: wk2 holds already" in again.stdout) == (1, True), again.stdout + again.stderr
    home = lab_ask("failback", *this)
    assert "done: wk1 holds in epoch 3: verified" in home.stdout, home.stdout + home.stderr
    records = [line["record"] for line in serving.lines("record.jsonl") if line["event"] == "record"]
    assert list(dict.fromkeys(record["holder"] for record in records)) == ["wk1", "wk2"]
    assert [reply["done"] for reply in records[-1]["replies"]] == [True, False, True]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_survives_the_end_of_a_lab(serving: Serving, number: signal.Signals) -> None:
    assert len(processes.of_lab(serving.lab_id)) > 5
    os.kill(serving.process.pid, number)
    serving.process.wait(timeout=60)
    assert serving.left(60) == []
