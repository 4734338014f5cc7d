"""A Pulumi project for one lab: the program as it is, the lab's own stack file, and state that lies in the lab's folder.

    project/Pulumi.yaml, project/infra, project/.venv     links: the program is untouched, and so is what it runs in
    project/stacks/Pulumi.STACK.yaml                      the lab's own stack file (`lab.stack_file`)
    home/                                                 Pulumi's home, with the lab's providers as installed plugins
    state/                                                Pulumi's file back end: no account, no login

`Project.environment` is all that a `pulumi` needs to work on it, whoever starts it: the lab, a test, or a person.
Here: folders and values. Not here: running anything (`lab.pulumi_cli`).
"""

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.providers import plugin
from lab.recording import STACK_TYPE
from lab.stack_file import REPOSITORY, LabStack

BIN = REPOSITORY / ".tools" / "pulumi" / "bin"
"""Where `make engine` puts the engine, and its language host if it has one of ours."""

LINKS = ("Pulumi.yaml", "infra", ".venv")

SETTINGS = {
    "PULUMI_CONFIG_PASSPHRASE": "",
    "PULUMI_SKIP_UPDATE_CHECK": "true",
    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    "PULUMI_DISABLE_REGISTRY_RESOLVE": "true",
    "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
    "PULUMI_DIY_BACKEND_NO_LEGACY_WARNING": "true",
}
"""So that the engine asks nobody outside and nothing of the user's own set-up takes part."""


@dataclass(frozen=True)
class Project:
    """One stack of one lab, as a folder."""

    folder: Path
    stack: str
    environment: Mapping[str, str]

    @property
    def stack_file(self) -> Path:
        """Its configuration; may be changed between two updates, as a user changes hers."""
        return self.folder / "project" / "stacks" / f"Pulumi.{self.stack}.yaml"

    @property
    def work(self) -> Path:
        """Where `pulumi` is to be started."""
        return self.folder / "project"

    @property
    def state_file(self) -> Path | None:
        """Where the stack's state lies; None before `pulumi stack init`."""
        return next((self.folder / "state" / ".pulumi" / "stacks").glob(f"*/{self.stack}.json"), None)


def make(folder: Path, stack: LabStack, environment: Mapping[str, str]) -> Project:
    """Make it, or write the stack file anew where it exists.

    Args:
        folder: The lab's.
        stack: What is to be deployed.
        environment: Where the emulators answer and with which keys, and what marks a process as the lab's.
    """
    home, state = folder / "home", folder / "state"
    project = Project(
        folder,
        stack.file.stack,
        {
            **environment,
            **SETTINGS,
            "PULUMI_HOME": str(home),
            "PULUMI_BACKEND_URL": state.as_uri(),
        },
    )
    for each in (home, state, project.stack_file.parent):
        each.mkdir(parents=True, exist_ok=True)
    for name in LINKS:
        link = project.work / name
        if not link.is_symlink():
            link.symlink_to(REPOSITORY / name)
    plugin.install_all(home, sys.executable)
    project.stack_file.write_text(stack.to_yaml())
    return project


def stored_outputs(project: Project) -> dict[str, Any]:
    """The stack's outputs as they stand in its state now; empty before the first update. No `pulumi` is asked."""
    return next((dict(each.get("outputs") or {}) for each in stored_resources(project) if each["type"] == STACK_TYPE), {})


def stored_resources(project: Project) -> Sequence[Mapping[str, Any]]:
    """The resources of the stack's state, what others depend on first; none before the first update."""
    file = project.state_file
    if not file:
        return ()
    return (json.loads(file.read_text())["checkpoint"].get("latest") or {}).get("resources") or ()


def drop_cut_attributes(project: Project) -> Sequence[Path]:
    """Take away the attributes of the state that an engine was killed in the middle of writing; what was taken away.

    Pulumi's file back end puts a file's content in place in one step, and the attributes beside it not. Where they are cut
    off no command reads the state any more ("failed to load checkpoint: EOF"); without them every one does.
    """
    file = project.state_file
    cut = [each for each in file.parent.glob(f"{file.name}*.attrs") if not each.stat().st_size] if file else []
    for each in cut:
        each.unlink()
    return cut


def command() -> Path | None:
    """The `pulumi` that is at hand; None where `make engine` has not been run."""
    found = shutil.which("pulumi", path=str(BIN))
    return Path(found) if found else None
