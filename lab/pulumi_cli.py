"""Runs Pulumi's own command on a lab's project: preview, up, refresh, destroy, what there is.

A run that fails raises `PulumiError` with what the engine said of it: the resource and the cloud's reason stand there.
Everything that was said is in `pulumi.log` of the lab's folder.
"""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.pulumi_project import Project

LONGEST_S = 900.0
"""Of one run; a lab that waits longer hangs."""

STOP_S = 30.0
"""From the first signal to the end of an engine that is told to stop."""

PROVIDERS = {"aws": "AWS", "azure": "azure-native"}
"""By the cloud's name, with which a stack's begins."""

SAID_MAX = 4000
"""Characters of its own words in an error."""

_CHANGES = ("--yes", "--skip-preview", "--suppress-outputs")
_COUNT = re.compile(
    r"^\s+(?:[+~±-]+\s*)?(\d+) (to create|created|to update|updated|to delete|deleted|unchanged|replaced|to replace)"
)


_DIAGNOSTICS = re.compile(r"^Diagnostics:$(.*?)(?=^\w)", re.MULTILINE | re.DOTALL)


class PulumiError(Exception):
    """The engine ended with an error; `said` is all of its output, the message has what it says of the errors."""

    def __init__(self, arguments: str, status: int, said: str) -> None:
        self.status = status
        self.said = said
        super().__init__(f"pulumi {arguments} ended with status {status}:\n{_diagnostics(said)[-SAID_MAX:].rstrip()}")


def _diagnostics(said: str) -> str:
    """The part of an output in which the engine tells what went wrong; all of it where there is no such part."""
    found = _DIAGNOSTICS.findall(said + "\n.")
    return "".join(found).strip("\n") if found else said


@dataclass(frozen=True)
class Run:
    """One run of the command that went well."""

    said: str
    seconds: float

    def count(self, what: str) -> int:
        """How many resources the summary calls so (`created`, `unchanged`, `to update`, ...)."""
        return sum(int(found[1]) for found in map(_COUNT.match, self.said.splitlines()) if found and found[2] == what)

    @property
    def changes(self) -> int:
        """How many resources were, or would be, otherwise."""
        lines = (_COUNT.match(line) for line in self.said.splitlines())
        return sum(int(found[1]) for found in lines if found and found[2] != "unchanged")


@dataclass(frozen=True)
class Pulumi:
    """The command, for one project."""

    command: Path
    project: Project

    @property
    def engine(self) -> str:
        """How the lab's output names it."""
        version = self._run("version").said.strip()
        provider = PROVIDERS[self.project.stack.partition("-")[0]]
        return f"Pulumi {version.removeprefix('v')} (the real engine, file back end), the lab's own {provider} provider"

    def init(self) -> None:
        """Make the stack, if it is not there."""
        if not self.project.state_file:
            self._run("stack", "init", self.project.stack)

    def preview(self, *flags: str) -> Run:
        """What an `up` would do."""
        return self._run("preview", *self._of_stack, *flags)

    def preview_as_data(self, *flags: str) -> Mapping[str, Any]:
        """The same, as `pulumi preview --json` tells it: `steps`, each with `op` and `urn`."""
        said = self._run("preview", "--json", *self._of_stack, *flags).said
        return json.loads(said[said.index("{") :])

    def up(self, *flags: str) -> Run:
        """Bring the cloud to what the program says."""
        return self._run("up", *self._of_stack, *_CHANGES, *flags)

    def refresh(self, *flags: str) -> Run:
        """Bring the state to what the cloud says."""
        return self._run("refresh", *self._of_stack, *_CHANGES, *flags)

    def destroy(self, *flags: str) -> Run:
        """Delete everything."""
        return self._run("destroy", *self._of_stack, *_CHANGES, *flags)

    def cancel(self) -> Run:
        """Release the lock of an engine that is gone."""
        return self._run("cancel", "--yes", *self._of_stack)

    def outputs(self) -> Mapping[str, Any]:
        """The stack's outputs; one that is secret reads `[secret]`."""
        return json.loads(self._run("stack", "output", "--json", *self._of_stack).said)

    def state(self) -> Mapping[str, Any]:
        """The state as it is stored."""
        return self.exported()["deployment"]

    def exported(self) -> Mapping[str, Any]:
        """The same with the version of its format, as `pulumi stack import` takes it back."""
        return json.loads(self._run("stack", "export", *self._of_stack).said)

    def forget(self, urns: Sequence[str]) -> None:
        """Take resources out of the state, and leave the cloud as it is; those that depend on others first."""
        self._run("state", "remove", *urns, "--yes", *self._of_stack)

    def take(self, exported: Mapping[str, Any]) -> None:
        """Put a state of another time in place of the present one."""
        file = self.project.folder / "taken.json"
        file.write_text(json.dumps(exported))
        self._run("stack", "import", "--file", str(file), *self._of_stack)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the command and leave it to the caller, in a process group of its own; its output is a pipe."""
        return subprocess.Popen(
            [str(self.command), *arguments, "--non-interactive", "--color", "never"],
            cwd=self.project.work,
            env=dict(self.project.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    @property
    def _of_stack(self) -> tuple[str, str]:
        return "--stack", self.project.stack

    def _run(self, *arguments: str) -> Run:
        began_s = time.monotonic()
        running = self.start(*arguments)
        try:
            said, _ = running.communicate(timeout=LONGEST_S)
        except BaseException:
            stop(running)
            raise
        with (self.project.folder / "pulumi.log").open("a") as log:
            log.write(f"$ pulumi {' '.join(arguments)}\n{said}\nstatus {running.returncode}\n\n")
        if running.returncode:
            raise PulumiError(" ".join(arguments), running.returncode, said)
        return Run(said, time.monotonic() - began_s)


def stop(running: "subprocess.Popen[str]") -> None:
    """Tell an engine to stop as Ctrl-C does, and kill it and what it started where it does not."""
    if running.poll() is not None:
        return
    running.send_signal(signal.SIGINT)
    try:
        running.communicate(timeout=STOP_S)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate()
