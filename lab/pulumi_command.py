"""`python -m lab pulumi VERB --stack STACK`: Pulumi's own command on a lab; what `make up`, `make preview` and so on call.

    up, preview    bring up an empty lab first, where none is up for the stack
    refresh        compare the state with the emulated cloud
    repair         after an interrupted run: release the lock, drop what was begun and never known, and bring it to its end
    down           delete everything, and end the lab

Everything that the command prints is Pulumi's own; on a terminal it asks before it changes anything, elsewhere it does not.
What follows `--` is handed to it as it is.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab import background_lab, pulumi_project, stack_file
from lab.background_lab import READY
from lab.deploying import By
from lab.let_go import let_go
from lab.pulumi_project import Project
from lab.site import LABS

VERBS = ("up", "preview", "refresh", "repair", "down")
MAKES_A_LAB = frozenset({"up", "preview"})


class NoEngineError(Exception):
    """There is no `pulumi` in this checkout, or no lab to run it on."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of `python -m lab pulumi`."""
    parser.add_argument("what", choices=VERBS)
    parser.add_argument("--stack", default="aws-dev", help="one of stacks/ (%(default)s)")
    parser.add_argument("--profile", default="instant", help="of a lab that is brought up for it (%(default)s)")
    parser.add_argument("flags", nargs="*", help="for pulumi itself, behind --")


def run(arguments: argparse.Namespace) -> int:
    """Run it; the command's own exit status.

    Raises:
        NoEngineError: no engine, or no lab for this stack.
        StackFileError: there is no such stack.
    """
    command = pulumi_project.command()
    if not command:
        raise NoEngineError("there is no Pulumi engine in this checkout yet. Get one with: make engine")
    cloud, _, stage = str(arguments.stack).partition("-")
    stack_file.load(stage, cloud=cloud)
    lab = find(arguments.stack)
    if not lab and arguments.what in MAKES_A_LAB:
        if status := background_lab.up(arguments.profile, stage=stage, by=By.NOBODY):
            return status
        lab = find(arguments.stack)
    if not lab:
        raise NoEngineError(f"no lab is up for {arguments.stack}. Begin with: make up STACK={arguments.stack}")
    return Session(command, lab, tuple(arguments.flags)).carry_out(arguments.what)


def find(stack: str, labs: Path = LABS) -> Project | None:
    """The newest lab that is up for this stack."""
    ready = background_lab.ready_files(labs)
    alive = [(path, said) for path, said in ready if said.get("stack") == stack and background_lab.is_alive(said)]
    return Project(alive[-1][0].parent, stack, alive[-1][1]["pulumi"]) if alive else None


@dataclass(frozen=True)
class Session:
    """One call of the command, on one lab."""

    command: Path
    lab: Project
    flags: Sequence[str]

    def carry_out(self, verb: str) -> int:
        """What the verb says; the first exit status that is not 0."""
        self._init()
        match verb:
            case "down":
                if status := self._pulumi("destroy", *self._asked(), *self.flags):
                    return status
                background_lab.end(self.lab.folder / READY)
                print("the lab is down")
                return 0
            case "repair":
                self._pulumi("cancel", "--yes", quiet=True)
                cleared = self._pulumi("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
                return cleared or self._forget_let_go() or self._pulumi("up", *self._asked(), *self.flags)
            case "preview":
                return self._pulumi(verb, *self.flags)
            case _:
                return self._pulumi(verb, *self._asked(), *self.flags)

    def _forget_let_go(self) -> int:
        urns = let_go(pulumi_project.stored_resources(self.lab))
        return self._pulumi("state", "remove", *urns, "--yes") if urns else 0

    def _init(self) -> None:
        if not self.lab.state_file:
            self._pulumi("stack", "init", self.lab.stack, quiet=True)

    def _asked(self) -> tuple[str, ...]:
        """On a terminal Pulumi asks; elsewhere nobody could answer."""
        return () if sys.stdin.isatty() else ("--yes", "--skip-preview")

    def _pulumi(self, *arguments: str, quiet: bool = False) -> int:
        environment = {**self.lab.environment, **{name: os.environ[name] for name in ("TERM",) if name in os.environ}}
        stack = () if arguments[0] == "stack" else ("--stack", self.lab.stack)
        out = subprocess.DEVNULL if quiet else None
        return subprocess.run(
            [self.command, *arguments, *stack], cwd=self.lab.work, env=environment, stdout=out, stderr=out, check=False
        ).returncode
