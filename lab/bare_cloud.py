"""An emulated cloud without workers, and the real engine on it: as many stacks as one wants. For tests and measurements."""

import contextlib
import uuid
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lab import networks, stack_file
from lab.aws_cloud import AwsCloud
from lab.child import Event
from lab.deploying import Deployer
from lab.emulators import CloudSettings, Emulators
from lab.lab_cloud import LabCloud
from lab.profiles import INSTANT
from lab.providers.handler import State
from lab.providers.registry import Registry
from lab.pulumi_cli import Pulumi
from lab.supervisor import Supervisor

NO_THING = frozenset({"aws:lambda/invocation:Invocation"})
"""Types that leave nothing in the cloud: a call that was made once."""

SCHEDULE_DIVISOR = 10.0
"""On AWS a watchdog is started every six seconds, so that one lives while the engine works."""


@dataclass(frozen=True)
class Cloud:
    """The emulated cloud, and what stacks are made with."""

    command: Path
    name: str
    """With which the names of its stacks begin."""
    running: LabCloud
    network: str
    supervisor: Supervisor

    @property
    def emulators(self) -> Emulators:
        """Those of AWS; TypeError on another cloud."""
        if not isinstance(self.running, AwsCloud):
            raise TypeError(f"this cloud is {self.running.title}: what it was asked for is AWS's")
        return self.running.emulators

    def stack(self, stage: str, config: Mapping[str, str] | None = None, name: str = "") -> Pulumi:
        """The engine on one of our stacks, nothing deployed yet.

        Args:
            stage: Of the stack file.
            config: Keys of the program that shall be otherwise; texts as in a stack file.
            name: Of its folder, where one stage is wanted twice.
        """
        file = stack_file.load(stage, cloud=self.name)
        own = {f"{file.project}:{key}": text for key, text in (config or {}).items()}
        derived = stack_file.derived(
            replace(file, texts={**file.texts, **own}), network=self.network, environment=self.running.environment()
        )
        folder = self.supervisor.folder / (name or stage)
        pulumi = Pulumi(self.command, Deployer(folder, self.running, derived, self.supervisor.environment()).project())
        pulumi.init()
        return pulumi

    @property
    def registry(self) -> Registry:
        """Our handlers, to ask the cloud past the engine."""
        return self.running.registry()

    def left_of(self, state: Mapping[str, Any]) -> list[str]:
        """The resources of a state that the cloud still has."""
        registry = self.registry
        handlers = registry.handlers
        return [
            each["urn"]
            for each in resources(state)
            if each["type"] not in NO_THING
            and handlers[each["type"]].read(State(each["id"], each.get("outputs", {}))) is not None
        ]


def resources(state: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Those that are in the cloud: neither components nor providers."""
    for each in state.get("resources", []):
        if each.get("custom") and not each["type"].startswith("pulumi:"):
            yield each


@contextlib.contextmanager
def cloud(command: Path, folder: Path, name: str = "aws") -> Generator[Cloud]:
    """A cloud of its own, ended with the block; of Azure also the function app, once it is deployed."""
    with networks.take([2575]) as network, Supervisor(folder, uuid.uuid4().hex[:8], lock=network.lock) as supervisor:
        running = (_azure if name == "azure" else _aws)(supervisor, network.cidr)
        try:
            yield Cloud(command, name, running, network.cidr, supervisor)
        finally:
            running.close()


def _aws(supervisor: Supervisor, network: str) -> LabCloud:
    settings = CloudSettings(network=network, profile=INSTANT, schedule_divisor=SCHEDULE_DIVISOR)
    return AwsCloud(Emulators.start(supervisor, settings))


def _azure(supervisor: Supervisor, network: str) -> LabCloud:
    from lab.azure_cloud import AzureCloud, AzureSettings  # noqa: PLC0415 - a cloud of AWS needs nothing of Azure

    return AzureCloud.start(supervisor, AzureSettings(network=network), _no_machines)


def _no_machines(_event: Event) -> None:
    """Nobody lives and dies with the machines of this cloud."""
