"""The lab's host of Azure's functions: what a timer, a call and an end do, over a small bundle of its own."""

import base64
import http.client
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lab.child import Child, ChildError, ChildRefusedError, Event, Launch, Watch
from lab.identity_server import token_for
from tests.contract.emulators import ROOT
from tests.lab.functions import WAIT_S, WORKER_PYTHON

pytestmark = pytest.mark.lab

APP = """
import json, os, sys, time
import azure.functions as func

app = func.FunctionApp()

def say(**fields):
    sys.stdout.write(json.dumps(fields) + "\\n")
    sys.stdout.flush()

@app.timer_trigger(arg_name="timer", schedule="*/1 * * * * *", run_on_startup=False, use_monitor=False)
def slow(timer: func.TimerRequest) -> None:
    say(event="begin", past_due=timer.past_due)
    time.sleep(1.2)
    say(event="end")

@app.route("echo", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
def echo(req: func.HttpRequest) -> func.HttpResponse:
    if req.params.get("fail"):
        raise RuntimeError("as asked")
    return func.HttpResponse(req.get_body() + json.dumps(dict(req.params)).encode(), status_code=202)
"""


class Bundle:
    """Starts hosts of small bundles."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.children: list[Child] = []
        self.lines: list[Event] = []

    def start(self, app: str, *flags: str, **files: str) -> Child:
        path = self.folder / "bundle.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in {"function_app.py": app, "host.json": "{}", **files}.items():
                archive.writestr(name, text)
        launch = Launch(
            argv=[
                str(WORKER_PYTHON),
                "-m",
                "lab.functions_host",
                "--bundle",
                str(path),
                "--folder",
                str(self.folder),
                *flags,
            ],
            environment={},
            folder=ROOT,
            stderr=self.folder / "host.err",
            on_event=self.lines.append,
        )
        self.children.append(Child("host", launch, Watch()))
        return self.children[-1]


@pytest.fixture
def bundle(tmp_path: Path) -> Iterator[Bundle]:
    made = Bundle(tmp_path)
    yield made
    for child in made.children:
        child.end()


def call(endpoint: str, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=20)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def until(true: Callable[[], bool]) -> None:
    end_s = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def test_two_firings_of_one_timer_never_overlap_and_marks_that_passed_are_left_out(bundle: Bundle) -> None:
    """Each firing lasts longer than the time between two marks."""
    bundle.start(APP, "--factor", "2").expect("ready", WAIT_S)
    until(lambda: sum(line["event"] == "end" for line in bundle.lines) >= 3)
    order = [line["event"] for line in bundle.lines if line["event"] in {"begin", "end"}]
    assert order[:6] == ["begin", "end"] * 3
    assert [line["past_due"] for line in bundle.lines if line["event"] == "begin"][:3] == [False] * 3


def test_a_firing_that_is_ordered_waits_for_the_one_that_runs(bundle: Bundle) -> None:
    child = bundle.start(APP)
    child.expect("ready", WAIT_S)
    child.expect("begin", WAIT_S)
    assert child.call("fire", WAIT_S, function="slow")["error"] == ""
    order = [line["event"] for line in bundle.lines if line["event"] in {"begin", "end"}]
    assert order[:4] == ["begin", "end"] * 2
    with pytest.raises(ChildRefusedError, match="there is no timer function 'other'; there is slow"):
        child.call("fire", WAIT_S, function="other")


def test_a_timer_that_was_stopped_fires_no_more(bundle: Bundle) -> None:
    child = bundle.start(APP)
    child.expect("ready", WAIT_S)
    child.expect("fired", WAIT_S)
    child.call("timer", WAIT_S, on=False)
    until(
        lambda: (
            [line["event"] for line in bundle.lines].count("begin")
            == [line["event"] for line in bundle.lines].count("fired")
        )
    )
    before = len(bundle.lines)
    time.sleep(2.5)
    assert len(bundle.lines) == before


def test_a_call_is_answered_as_the_function_says_and_wants_the_key(bundle: Bundle) -> None:
    child = bundle.start(APP, "--no-timer")
    endpoint = str(child.expect("ready", WAIT_S)["endpoint"])
    assert call(endpoint, "POST", "/api/echo?x=1&code=lab", b"body ") == (202, b'body {"x": "1"}')
    assert call(endpoint, "POST", "/api/echo", b"", **{"x-functions-key": "lab"})[0] == 202
    assert call(endpoint, "POST", "/api/echo?code=other")[0] == 401
    assert call(endpoint, "GET", "/api/echo?code=lab")[0] == 405
    assert call(endpoint, "POST", "/echo?code=lab")[0] == 404
    assert call(endpoint, "POST", "/api/echo?fail=1&code=lab")[0] == 500
    assert child.expect("answered", WAIT_S)["function"] == "echo"
    until(lambda: bundle.lines[-1].get("error") == "RuntimeError: as asked")


@pytest.mark.parametrize(
    ("app", "why"),
    [
        ("import failover_lambda", "No module named 'failover_lambda'"),
        ("import requests", "No module named 'requests'"),
        ("", "Could not find top level function app instances"),
        (APP.replace('"*/1 * * * * *"', '"0 */5 * * * *"'), "the lab knows schedules as"),
        (
            APP.replace("timer: func.TimerRequest", "timer: func.HttpRequest"),
            "do not match the corresponding function parameter's Python type",
        ),
    ],
    ids=["no checkout", "nothing installed", "no app", "another schedule", "another type"],
)
def test_a_bundle_that_would_not_run_in_azure_does_not_run_here(bundle: Bundle, app: str, why: str) -> None:
    """Neither this checkout nor its environment is on the path, and the worker checks the bindings as it does there."""
    child = bundle.start(app)
    with pytest.raises(ChildError, match=why):
        child.expect("ready", WAIT_S)


def test_the_host_ends_with_its_parent_in_the_middle_of_a_firing(bundle: Bundle) -> None:
    child = bundle.start(APP)
    child.expect("begin", WAIT_S)
    began_s = time.monotonic()
    child.end()
    assert child.ended
    assert time.monotonic() - began_s < 1.0


def test_a_host_whose_parent_was_killed_ends_too(bundle: Bundle, tmp_path: Path) -> None:
    """The kernel closes the pipe, whatever the parent was doing."""
    child = bundle.start(APP, "--no-timer")
    child.expect("ready", WAIT_S)
    program = (
        "import subprocess, sys, time\n"
        "host = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "host.stdout.readline(); print(host.pid, flush=True); time.sleep(60)\n"
    )
    flags = ["-m", "lab.functions_host", "--bundle", str(tmp_path / "bundle.zip"), "--folder", str(tmp_path), "--no-timer"]
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(WORKER_PYTHON), *flags], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    host = int(parent.stdout.readline())
    parent.kill()
    parent.wait(10)
    parent.stdout.close()
    until(
        lambda: (
            not Path(f"/proc/{host}").exists() or "Z" in Path(f"/proc/{host}/stat").read_text().rpartition(")")[2].split()[0]
        )
    )


def test_a_token_for_storage_is_one_that_azurite_reads_and_others_name_the_identity() -> None:
    header, claims, signature = token_for("https://storage.azure.com", "watchdog", 1_700_000_000.0).split(".")
    assert (bool(header), bool(signature)) == (True, True)
    plain = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert (plain["aud"], plain["oid"], plain["exp"] - plain["nbf"]) == ("https://storage.azure.com", "watchdog", 86_460)
    assert token_for("https://management.azure.com", "watchdog", 0.0) == "oid:watchdog"
