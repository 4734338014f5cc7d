"""States of earlier versions of the program, as the engine stored them: what an upgrade has to start from.

`python -m tests.engine.recorded VERSION` deploys the stacks into bare clouds and writes `states/VERSION/STACK.json`. It is
run once for each release, by the commit that is released, and its files are never written anew: what they hold is the past.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lab import pulumi_project
from lab.bare_cloud import Cloud, cloud
from lab.pulumi_cli import Pulumi
from lab.stack_file import REPOSITORY

STATES = Path(__file__).parent / "states"

STAGES: Mapping[str, Sequence[str]] = {"aws": ("balancer", "dev", "prod"), "azure": ("dev", "prod")}
"""Stage has what prod has, in a smaller size."""

NETWORK = "127.96.0.0/20"
"""Of every recorded state: a preview against it must see the same network again. Nobody listens there."""

OF_THE_MACHINE = ("stackTrace", "sourcePosition", "created", "modified")
"""What the engine notes beside a resource and no update depends on."""


def names() -> list[str]:
    """Every recorded state, as `VERSION/STACK`."""
    return sorted(f"{file.parent.name}/{file.stem}" for file in STATES.glob("*/*.json"))


def load(name: str) -> dict[str, Any]:
    """One of them, as `pulumi stack import` takes it."""
    return json.loads((STATES / f"{name}.json").read_text(encoding="utf-8"))


def stack(here: Cloud, name: str, folder: str) -> Pulumi:
    """The engine on the stack of a recorded state; nothing is in it yet. `folder`: its own in the lab."""
    stage = name.rpartition("-")[2]
    return replace(here, network=NETWORK).stack(stage, name=folder)


def cloud_of(name: str) -> str:
    """The cloud of a recorded state."""
    return name.rpartition("/")[2].partition("-")[0]


def main() -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.engine.recorded", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("version", help="of the release, such as 0.1.0")
    parser.add_argument("--cloud", choices=sorted(STAGES), action="append", help="only this one; may be given again")
    asked = parser.parse_args()
    folder, clouds = STATES / asked.version, asked.cloud or sorted(STAGES)
    recorded = sorted(file.name for each in clouds for file in folder.glob(f"{each}-*.json"))
    if recorded:
        there = f"{folder.relative_to(REPOSITORY)}: {', '.join(recorded)}"
        sys.stderr.write(f"{there} are recorded already, and the past does not change\n")
        return 1
    command = pulumi_project.command()
    if command is None:
        sys.stderr.write("there is no Pulumi engine in this checkout: run make engine\n")
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    for each in clouds:
        with tempfile.TemporaryDirectory() as temporary, cloud(command, Path(temporary), each) as here:
            for stage in STAGES[each]:
                name = f"{each}-{stage}"
                pulumi = stack(here, name, name)
                pulumi.up()
                (folder / f"{name}.json").write_text(_text(pulumi.exported()), encoding="utf-8")
    return 0


def _text(exported: Mapping[str, Any]) -> str:
    """One resource a line, and no path of the machine it was recorded on."""
    deployment = {key: value for key, value in exported["deployment"].items() if key not in {"resources", "metadata"}}
    lines = ",\n".join(_lines(exported["deployment"]["resources"]))
    head = json.dumps(deployment, sort_keys=True)[:-1]
    text = f'{{"version": {exported["version"]}, "deployment": {head}, "resources": [\n{lines}\n]}}}}\n'
    return text.replace(f"{REPOSITORY}/", "")


def _lines(resources: list[dict[str, Any]]) -> Iterator[str]:
    for each in resources:
        yield json.dumps({key: value for key, value in each.items() if key not in OF_THE_MACHINE}, sort_keys=True)


if __name__ == "__main__":
    sys.exit(main())
