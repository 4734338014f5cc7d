"""`python -m lab pulumi VERB --stack STACK`: Pulumi's own command on a lab; what `make up`, `make preview` and so on call.

The cloud is the first word of the stack's name, as of its file's.

    up, preview    bring up an empty lab first, where none is up for the stack
    refresh        compare the state with the emulated cloud
    repair         after an interrupted run: release the lock, find what was being made, and bring it to its end
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

from lab import background_lab, processes, pulumi_project, repairing, stack_file
from lab.background_lab import READY
from lab.deploying import By
from lab.half_replaced import half_replaced
from lab.providers.aws import finding as on_aws
from lab.providers.azure_native import finding as on_azure
from lab.pulumi_cli import Pulumi
from lab.pulumi_project import Project
from lab.repairing import Said
from lab.site import LABS

VERBS = ("up", "preview", "refresh", "repair", "down")
MAKES_A_LAB = frozenset({"up", "preview"})

PLUGINS = ("lab.providers.serve", "lab.language_host", "pulumi-language-", "pulumi-resource-")
"""What an engine starts, by its command line."""

FINDERS = {"aws": on_aws.Finder, "azure": on_azure.Finder}
"""Who looks for what was being made, by the cloud."""

PLUGINS_END_S = 30.0
"""They look for their engine several times a second (`lab.orphan`); a call that they wait for may hold them."""


class NoEngineError(Exception):
    """There is no `pulumi` in this checkout, or no lab to run it on."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of `python -m lab pulumi`."""
    parser.add_argument("what", choices=VERBS)
    parser.add_argument("--stack", default="aws-dev", help="one of stacks/ (%(default)s)")
    parser.add_argument("--profile", default="instant", help="of a lab that is brought up for it (%(default)s)")
    told = parser.add_argument_group("repair", "what you found in the cloud, where it cannot tell by itself")
    told.add_argument("--made", nargs=2, action="append", default=[], metavar=("URN", "ID"), help="it is there")
    told.add_argument("--not-made", action="append", default=[], metavar="URN", help="it is not")
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
        if status := background_lab.up(arguments.profile, cloud=cloud, stage=stage, by=By.NOBODY):
            return status
        lab = find(arguments.stack)
    if not lab:
        raise NoEngineError(f"no lab is up for {arguments.stack}. Begin with: make up STACK={arguments.stack}")
    said = Said(dict(arguments.made), frozenset(arguments.not_made))
    return Session(command, lab, tuple(arguments.flags), said).carry_out(arguments.what)


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
    flags: Sequence[str] = ()
    said: Said = repairing.NOTHING

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
                return self._repair()
            case "preview":
                return self._pulumi(verb, *self.flags)
            case _:
                return self._pulumi(verb, *self._asked(), *self.flags)

    def _forget_half_replaced(self) -> None:
        if urns := half_replaced(pulumi_project.stored_resources(self.lab)):
            Pulumi(self.command, self.lab).forget(urns)

    def _repair(self) -> int:
        self._wait_alone()
        for each in pulumi_project.drop_cut_attributes(self.lab):
            print(f"{each.name} was cut off while it was written, and is left out: nothing is lost with it", flush=True)
        self._pulumi("cancel", "--yes", quiet=True)
        self._adopt()
        refreshed = self._pulumi("refresh", "--yes", "--skip-preview")
        if refreshed:
            return refreshed
        self._forget_half_replaced()
        return self._pulumi("up", *self._asked(), *self.flags)

    def _wait_alone(self) -> None:
        """Wait for what an engine that was killed has left: it notices, and may finish a call before it ends."""
        lab_id = self.lab.environment.get(processes.LAB_ID_VARIABLE, "")
        if engines := [each for each in processes.of_lab(lab_id) if processes.program(each.pid) == self.command.resolve()]:
            raise NoEngineError(
                f"pulumi is at work on {self.lab.stack} (process {engines[0].pid}: {processes.command(engines[0].pid)}). "
                f"Wait for it, or end it with Ctrl-C; repair is for one that was killed"
            )
        plugins = [each for each in processes.of_lab(lab_id) if any(name in processes.command(each.pid) for name in PLUGINS)]
        if left := processes.wait_gone(plugins, PLUGINS_END_S):
            told = "; ".join(f"{each.pid}: {processes.command(each.pid)}" for each in left)
            raise NoEngineError(f"what a killed engine left is still there after {PLUGINS_END_S:g} s: {told}. End it first")

    def _adopt(self) -> None:
        """Look for what was being made, say what became of it, and write that into the state."""
        pulumi = Pulumi(self.command, self.lab)
        exported = pulumi.exported()
        if not exported["deployment"].get("pending_operations"):
            return
        finder = FINDERS[self.lab.stack.partition("-")[0]](self.lab.environment)
        verdicts = repairing.resolve(exported, finder.ids, self.said)
        for each in repairing.pending(exported):
            made = verdicts[each["urn"]]
            print(f"{each['urn']}: {f'was made, {made}' if made else 'was not made, or can be made again'}", flush=True)
            if made:
                finder.complete(each, made)
        pulumi.take(repairing.adopt(exported, verdicts))

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
