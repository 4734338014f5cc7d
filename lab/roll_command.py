"""`python -m lab roll --stack STACK --worker WORKER`, or `make roll`: a rolling change on the lab that is up for the stack.

On a terminal the plan is shown and agreed to before anything is paused or changed; elsewhere, and with `--yes`, nobody is
asked.
"""

import argparse
import sys
import urllib.request
from collections.abc import Callable, Mapping, Sequence

from lab import pulumi_command, pulumi_project, running_lab, stack_file
from lab.pulumi_cli import Pulumi
from lab.pulumi_command import NoEngineError
from lab.roll_plan import Step
from lab.rolling import Roll, RollFailedError, RollRefusedError

HEALTH_PATH = "/health"
"""Where every worker of a lab says how it is."""

HEALTH_S = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of `python -m lab roll`."""
    parser.add_argument("--stack", default="aws-dev", help="one of stacks/ (%(default)s)")
    parser.add_argument("--worker", default="", help="the standby that takes the new image, type (size) or user data")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(arguments: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Roll. 0: done, or nothing to do; 1: refused, nothing was changed; 2: it failed on its way.

    Raises:
        NoEngineError, CannotAskError, StackFileError: no engine, no lab for the stack, nothing deployed, no such stack.
    """
    command = pulumi_project.command()
    if not command:
        raise NoEngineError("there is no Pulumi engine in this checkout yet. Get one with: make engine")
    cloud, _, stage = str(arguments.stack).partition("-")
    stack_file.load(stage, cloud=cloud)
    lab = pulumi_command.find(arguments.stack)
    if not lab:
        raise NoEngineError(f"no lab is up for {arguments.stack}. Begin with: make up STACK={arguments.stack}")
    outputs = pulumi_project.stored_outputs(lab)
    if outputs and not outputs["stateTable"]:
        print(f"refused: {arguments.stack} has no watchdog that could be paused. {_BY_HAND}", file=sys.stderr)
        return 1
    running = running_lab.find(lab.folder.name)
    roll = Roll(
        pulumi=Pulumi(command, lab),
        desk=running.desk,
        silent=running.silent,
        machines=running.machines,
        is_healthy=health_at(running.http_port),
        worker=arguments.worker,
        say=say,
        agree=lambda steps: arguments.yes or _agreed(steps),
    )
    try:
        print(f"done: {roll.carry_out()}")
    except RollRefusedError as exc:
        print(f"refused, and nothing was changed: {exc}", file=sys.stderr)
        return 1
    except RollFailedError as exc:
        print(f"failed: {exc}", file=sys.stderr)
        return 2
    except running.silent as exc:
        print(f"failed: the {running.store} did not answer: {exc}. Look at the lab, then repeat this", file=sys.stderr)
        return 2
    return 0


_BY_HAND = "Take it out of the balancer, and roll it as docs/RUNBOOK.md tells (Another image)"


def health_at(port: int) -> Callable[[Mapping[str, str]], bool]:
    """Asks a worker's own health page, at the address where the fixed one would lead to."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def is_healthy(worker: Mapping[str, str]) -> bool:
        url = f"http://{worker['addressPrivateIp']}:{port}{HEALTH_PATH}"
        try:
            with direct.open(url, timeout=HEALTH_S) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    return is_healthy


def _agreed(steps: Sequence[Step]) -> bool:
    if not sys.stdin.isatty():
        return True
    return input(f"bring in these {len(steps)} steps? [y/N] ").strip().lower() in {"y", "yes"}
