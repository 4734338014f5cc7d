"""An emulated cloud without workers, and the real engine on it: as many stacks as one wants. For tests and measurements."""

import contextlib
import uuid
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lab import networks, stack_file
from lab.aws_cloud import AwsCloud
from lab.deploying import Deployer
from lab.emulators import ACCOUNT_ID, CloudSettings, Emulators
from lab.profiles import INSTANT
from lab.providers import aws
from lab.providers.handler import State
from lab.providers.registry import Registry
from lab.pulumi_cli import Pulumi
from lab.supervisor import Supervisor

NO_THING = frozenset({"aws:lambda/invocation:Invocation"})
"""Types that leave nothing in the cloud: a call that was made once."""

SCHEDULE_DIVISOR = 10.0
"""A watchdog is started every six seconds, so that one lives while the engine works."""


@dataclass(frozen=True)
class Cloud:
    """The emulators, and what stacks are made with."""

    command: Path
    emulators: Emulators
    network: str
    supervisor: Supervisor

    def stack(self, stage: str, config: Mapping[str, str] | None = None, name: str = "") -> Pulumi:
        """The engine on one of our stacks, nothing deployed yet.

        Args:
            stage: Of the stack file.
            config: Keys of the program that shall be otherwise; texts as in a stack file.
            name: Of its folder, where one stage is wanted twice.
        """
        file = stack_file.load(stage)
        own = {f"{file.project}:{key}": text for key, text in (config or {}).items()}
        derived = stack_file.derive(
            replace(file, texts={**file.texts, **own}), network=self.network, endpoints=self.emulators.endpoints
        )
        folder = self.supervisor.folder / (name or stage)
        pulumi = Pulumi(
            self.command, Deployer(folder, AwsCloud(self.emulators), derived, self.supervisor.environment()).project()
        )
        pulumi.init()
        return pulumi

    @property
    def registry(self) -> Registry:
        """Our handlers, to ask the cloud past the engine."""
        return aws.registry(self.emulators.client, region=self.emulators.region, account_id=ACCOUNT_ID)

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
def cloud(command: Path, folder: Path) -> Generator[Cloud]:
    """A cloud of its own, ended with the block."""
    with networks.take([2575]) as network, Supervisor(folder, uuid.uuid4().hex[:8], lock=network.lock) as supervisor:
        settings = CloudSettings(network=network.cidr, profile=INSTANT, schedule_divisor=SCHEDULE_DIVISOR)
        yield Cloud(command, Emulators.start(supervisor, settings), network.cidr, supervisor)
