"""Deploys the program into a lab's emulators: by Pulumi's real engine where it is at hand, else in this process.

Both run the same program and call the same handlers (`lab.providers`); only the engine between them differs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from lab import pulumi_project
from lab.engine import deploy
from lab.lab_cloud import LabCloud
from lab.pulumi_cli import Pulumi
from lab.stack_file import REPOSITORY, LabStack

PROGRAM = REPOSITORY / "infra" / "__main__.py"

MADE_LATER = "nobody yet: an empty lab waits for pulumi up"
"""How an empty lab names its engine."""


class By(Enum):
    """Who deploys the program."""

    IN_PROCESS = "in-process"
    """The SDK's mock runtime, in this process."""
    AT_HAND = "at-hand"
    """Pulumi's own engine if `make engine` has provided it, else the one in this process."""
    NOBODY = "nobody"
    """The lab stays empty: a person, or a test, runs `pulumi up` against it."""


@dataclass(frozen=True)
class Deployed:
    """What came of it."""

    engine: str
    outputs: Mapping[str, Any]


@dataclass(frozen=True)
class Deployer:
    """Deploys one stack into one lab.

    Args:
        folder: The lab's.
        cloud: Where to.
        stack: What.
        environment: What every process of the lab finds in its environment.
    """

    folder: Path
    cloud: LabCloud
    stack: LabStack
    environment: Mapping[str, str]

    def deploy(self, by: By, say: Callable[[str], None]) -> Deployed:
        """Deploy, and say first by whom.

        Raises:
            DeployError, PulumiError: the program, or the emulated cloud, refused something.
        """
        command = pulumi_project.command()
        if by is By.NOBODY:
            self.project()
            return Deployed(MADE_LATER, {})
        if by is By.AT_HAND and command:
            say(f"deploying the program with Pulumi's own engine, ending with {self.cloud.last_step}")
            return self._by_pulumi(command)
        more = "; make engine provides the real one" if by is By.AT_HAND else ""
        say(f"deploying the program with the Pulumi SDK's mock runtime{more}, ending with {self.cloud.last_step}")
        return self._in_process()

    def project(self) -> pulumi_project.Project:
        """The stack as a Pulumi project in the lab's folder."""
        found_by = {**self.environment, **self.stack.environment, **self.cloud.credentials()}
        return pulumi_project.make(self.folder, self.stack, found_by)

    def _by_pulumi(self, command: Path) -> Deployed:
        pulumi = Pulumi(command, self.project())
        pulumi.init()
        pulumi.up()
        return Deployed(pulumi.engine, pulumi.outputs())

    def _in_process(self) -> Deployed:
        registry = self.cloud.registry()
        deployment = deploy(
            PROGRAM,
            project=self.stack.file.project,
            stack=self.stack.file.stack,
            config=self.stack.file.texts,
            create=registry.create,
            invoke=registry.invoke,
            environment=self.stack.environment,
        )
        return Deployed(deployment.engine, deployment.outputs)
