"""The language host runs a program for the real engine as the official one does. No cloud takes part."""

import inspect
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pulumi.automation import _server
from pulumi.runtime.proto import language_pb2

from lab import keeper, processes
from lab.pulumi_cli import Pulumi, PulumiError
from lab.pulumi_project import SETTINGS, Project

pytestmark = pytest.mark.engine

ROOT = Path(__file__).resolve().parents[2]
HOOKS = """
import os, sys, pulumi
config = pulumi.Config()
"""


@dataclass(frozen=True)
class Toy:
    """A project without a resource."""

    pulumi: Pulumi

    def program(self, text: str) -> None:
        """The program from now on."""
        (self.pulumi.project.work / "infra" / "__main__.py").write_text(HOOKS + text)

    def config(self, text: str) -> None:
        """The stack file from now on."""
        self.pulumi.project.stack_file.write_text(text)


@pytest.fixture
def toy(command: Path, tmp_path: Path) -> Iterator[Toy]:
    environment = {name: os.environ[name] for name in ("PATH", "HOME")}
    environment |= SETTINGS | {
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": (tmp_path / "state").as_uri(),
        processes.LAB_ID_VARIABLE: uuid.uuid4().hex[:8],
    }
    project = Project(tmp_path, "dev", environment)
    for folder in (tmp_path / "home", tmp_path / "state", project.work / "infra", project.stack_file.parent):
        folder.mkdir(parents=True)
    (project.work / "Pulumi.yaml").write_text((ROOT / "Pulumi.yaml").read_text().partition("\n# Below")[0])
    (project.work / ".venv").symlink_to(ROOT / ".venv")
    made = Toy(Pulumi(command, project))
    made.config("config:\n  tandem:word: from the file\n")
    made.program("")
    made.pulumi.init()
    yield made
    keeper.end_lab(environment[processes.LAB_ID_VARIABLE], grace_s=1.0, deadline_s=10.0)  # also after a test that failed


def left_of(toy: Toy) -> list[str]:
    """Command lines of processes that are still there."""
    lab_id = toy.pulumi.project.environment[processes.LAB_ID_VARIABLE]
    return [processes.command(each.pid) for each in processes.of_lab(lab_id)]


def test_a_program_gets_its_configuration_and_its_outputs_are_stored(toy: Toy) -> None:
    toy.program('pulumi.export("word", config.get("word"))\npulumi.export("hidden", pulumi.Output.secret("hush"))\n')
    said = toy.pulumi.up().said
    assert toy.pulumi.outputs() == {"word": "from the file", "hidden": "[secret]"}
    assert "hush" not in said + json.dumps(toy.pulumi.state()), "a secret stands in clear"


def test_a_stack_file_that_is_written_anew_keeps_no_secret_from_its_state(toy: Toy) -> None:
    """Pulumi adds a salt to the stack file; the state has one of its own, so a lab may write its stack file again."""
    toy.program('pulumi.export("hidden", pulumi.Output.secret("hush"))\n')
    toy.pulumi.up()
    toy.config("config:\n  tandem:word: another\n")
    assert toy.pulumi.up().changes == 0
    assert toy.pulumi.outputs() == {"hidden": "[secret]"}


def test_a_program_runs_in_its_folder_and_what_it_prints_is_shown(toy: Toy) -> None:
    toy.program('print("here:", os.path.basename(os.getcwd()), sys.path[0] == os.getcwd(), __name__)\n')
    assert "here: infra True __main__" in toy.pulumi.preview().said


def test_an_error_of_the_program_is_shown_with_its_lines_and_no_line_of_the_host(toy: Toy) -> None:
    toy.program('def build():\n    raise ValueError("no such zone")\n\nbuild()\n')
    with pytest.raises(PulumiError) as failed:
        toy.pulumi.preview()
    assert failed.value.status != 0
    assert "Program failed with an unhandled exception:" in failed.value.said
    assert 'infra/__main__.py", line 7, in <module>\n        build()' in failed.value.said
    assert failed.value.said.count("ValueError: no such zone") == 1
    assert "language_host.py" not in failed.value.said


def test_an_error_that_is_meant_for_the_user_is_shown_as_it_stands(toy: Toy) -> None:
    toy.program('raise pulumi.RunError("2 faults:\\n  a is 1\\n  b is 2")\n')
    with pytest.raises(PulumiError) as failed:
        toy.pulumi.preview()
    assert "error: 2 faults:\n      a is 1\n      b is 2" in failed.value.said
    assert "Traceback" not in failed.value.said


def test_an_error_in_something_awaited_is_an_error_of_the_run(toy: Toy) -> None:
    toy.program('pulumi.export("x", pulumi.Output.from_input(1).apply(lambda n: n / 0))\n')
    with pytest.raises(PulumiError, match="division by zero"):
        toy.pulumi.preview()


def test_a_missing_program_is_an_error_that_names_it(toy: Toy) -> None:
    (toy.pulumi.project.work / "infra" / "__main__.py").unlink()
    with pytest.raises(PulumiError, match=r"__main__"):
        toy.pulumi.preview()


def test_no_process_is_left_after_a_run_good_or_bad(toy: Toy) -> None:
    toy.pulumi.up()
    assert not left_of(toy)
    toy.program("import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\nraise ValueError(1)\n")
    with pytest.raises(PulumiError):
        toy.pulumi.up()
    assert not left_of(toy)


def test_an_engine_that_is_killed_takes_the_program_with_it(toy: Toy) -> None:
    begun = toy.pulumi.project.folder / "begun"
    toy.program(f'import time\nopen({str(begun)!r}, "w").close()\ntime.sleep(120)\n')
    running = toy.pulumi.start("up", "--stack", "dev", "--yes", "--skip-preview")
    until(begun.exists)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    until(lambda: not left_of(toy))


def test_ctrl_c_ends_the_program_and_the_engine(toy: Toy) -> None:
    begun = toy.pulumi.project.folder / "begun"
    toy.program(f'import time\nopen({str(begun)!r}, "w").close()\ntime.sleep(120)\n')
    running = toy.pulumi.start("preview", "--stack", "dev")
    until(begun.exists)
    running.send_signal(signal.SIGINT)
    running.send_signal(signal.SIGINT)  # the second one is Pulumi's "end now"
    running.communicate(timeout=60)
    assert running.returncode != 0
    until(lambda: not left_of(toy))


def until(true: Callable[[], bool], deadline_s: float = 60.0) -> None:
    end = time.monotonic() + deadline_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_server_of_the_sdk_that_the_host_leans_on_is_as_it_was() -> None:
    """It is private: the program is a field, `Run` logs the error it answers with, the engine is the first argument."""
    assert list(inspect.signature(_server.LanguageServer.__init__).parameters) == ["self", "program"]
    source = inspect.getsource(_server.LanguageServer.Run)
    assert "engine_address = request.args[0] if request.args else" in source
    assert "run_in_stack(self.program)" in source
    assert source.count("log.error(msg)") == source.count("result.error = ") == 3
    assert "bail" in language_pb2.RunResponse.DESCRIPTOR.fields_by_name


def test_only_policy_packs_are_run_as_plugins() -> None:
    host = subprocess.run(
        [sys.executable, "-c", ASK_FOR_A_PLUGIN], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert "UNIMPLEMENTED this host runs policy packs and no resource" in host.stdout


ASK_FOR_A_PLUGIN = """
import subprocess, sys, grpc
from pulumi.runtime.proto import language_pb2, language_pb2_grpc
host = subprocess.Popen([sys.executable, "-m", "lab.language_host", "127.0.0.1:1"], stdout=subprocess.PIPE, text=True)
stub = language_pb2_grpc.LanguageRuntimeStub(grpc.insecure_channel(f"127.0.0.1:{int(host.stdout.readline())}"))
try:
    list(stub.RunPlugin(language_pb2.RunPluginRequest(kind="resource")))
except grpc.RpcError as exc:
    print(exc.code().name, exc.details())
finally:
    host.terminate()
    host.wait()
"""
