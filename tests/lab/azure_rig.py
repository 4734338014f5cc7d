"""An emulated Azure for tests of the azure-native provider, and a Pulumi project of a small program over it."""

import json
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.arm.emulator import Emulator
from lab.arm.server import MonotonicClock, Server
from lab.arm.settings import SUBSCRIPTION, Settings
from lab.jsonlog import JsonLog
from lab.providers import plugin
from lab.providers.azure_native import Blobs, Client, Cloud, registry
from lab.providers.azure_native.customs import AzureCustoms
from lab.providers.azure_native.process import ARM, BLOB
from lab.providers.comparison import Change
from lab.providers.handler import State
from lab.providers.naming import Naming
from lab.providers.registry import Registry
from lab.pulumi_cli import Pulumi
from lab.pulumi_project import SETTINGS, Project
from lab.stack_file import REPOSITORY

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/small"
DEPLOYER = "deployer"
PROGRAM = Path(__file__).with_name("azure_program.py")
WHOLE = Path(__file__).with_name("azure_whole.py")
"""Every type and function once, by the SDK's own classes."""


@dataclass(frozen=True)
class Azure:
    """A running emulator."""

    server: Server
    log: Path

    @property
    def emulator(self) -> Emulator:
        """What stands behind the HTTP."""
        return self.server.emulator

    def client(self, caller: str = DEPLOYER) -> Client:
        """Asks it."""
        return Client(self.server.endpoint, caller)

    def cloud(self, *, location: str = "", blobs: Blobs | None = None) -> Cloud:
        """As a provider sees it."""
        return Cloud(self.client(), SUBSCRIPTION, location, blobs)

    def registry(self, **more: Any) -> Registry:
        """The handlers over it."""
        return registry(self.cloud(**more))

    def get(self, path: str) -> dict[str, Any]:
        """The document at a path."""
        return self.client().ask("GET", path, "2024-05-01").body

    def requests(self, method: str = "") -> list[dict[str, Any]]:
        """What was asked, in order."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line for line in lines if method in {"", line["method"]}]


@contextmanager
def azure(folder: Path, settings: Settings | None = None) -> Generator[Azure]:
    """An emulated subscription with nothing in it."""
    log = folder / "requests.jsonl"
    log.touch()
    emulator = Emulator(settings or Settings(), MonotonicClock(), log=JsonLog(log))
    server = Server(emulator, ticking=settings is not None)  # without times of its own nothing ends later
    try:
        yield Azure(server, log)
    finally:
        server.close()


def project(folder: Path, here: Azure, program: Path = PROGRAM, blobs: Blobs | None = None) -> Project:
    """A Pulumi project of that program."""
    made = Project(
        folder,
        "dev",
        {
            **SETTINGS,
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
            ARM: here.server.endpoint,
            **({BLOB: blobs.endpoint} if blobs else {}),
        },
    )
    for each in (folder / "home", folder / "state", made.stack_file.parent, made.work / "infra"):
        each.mkdir(parents=True, exist_ok=True)
    plugin.install(folder / "home", sys.executable, "azure-native")
    (made.work / "infra" / "__main__.py").write_text(program.read_text())
    runtime = {"name": "python", "options": {"toolchain": "pip", "virtualenv": str(REPOSITORY / ".venv")}}
    whole = {"name": "small", "runtime": runtime, "main": "infra/", "stackConfigDir": "stacks"}
    (made.work / "Pulumi.yaml").write_text(json.dumps(whole))
    configure(made)
    return made


def configure(made: Project, **config: str) -> None:
    """The stack file with these keys of the program's own."""
    lines: Mapping[str, str] = {f"small:{key}": value for key, value in config.items()}
    made.stack_file.write_text(json.dumps({"config": dict(lines)}))


def stack(command: Path, made: Project) -> Pulumi:
    """The engine on it, with the stack made."""
    pulumi = Pulumi(command, made)
    pulumi.init()
    return pulumi


@dataclass(frozen=True)
class Made:
    """One resource as a state has it."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    id: str
    outputs: Mapping[str, Any]

    @property
    def state(self) -> State:
        """As a handler is given it."""
        return State(self.id, {**self.inputs, **self.outputs})


@dataclass
class Play:
    """Plays the engine over the handlers, without its protocol: check, create, compare, refresh, update, delete."""

    registry: Registry

    def __post_init__(self) -> None:
        self.customs = AzureCustoms(self.registry)

    def checked(self, type_token: str, name: str, news: Mapping[str, Any], olds: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs as the provider completes them; the test fails if it finds them wanting."""
        checked = self.customs.checked(self.registry.handlers[type_token], name, news, olds, Naming(b"seed"))
        assert checked.failures == {}
        return {**news, **checked.added}

    def make(self, type_token: str, name: str, news: Mapping[str, Any]) -> Made:
        """Check and create."""
        inputs = self.checked(type_token, name, news, {})
        created = self.registry.create(type_token, name, self.customs.for_handler(inputs))
        assert created.gaps == ()
        return Made(type_token, name, inputs, created.id, created.outputs)

    def compared(self, made: Made, news: Mapping[str, Any]) -> list[Change]:
        """What an update to these inputs would change."""
        whole = self.checked(made.type, made.name, news, made.inputs)
        return self.customs.changes(self.registry.handlers[made.type], made.inputs, made.outputs, whole, ())

    def update(self, made: Made, news: Mapping[str, Any]) -> Made:
        """Check and update."""
        inputs = self.checked(made.type, made.name, news, made.inputs)
        changed = frozenset(each.top for each in self.compared(made, news))
        updated = self.registry.update(made.type, made.name, made.state, self.customs.for_handler(inputs), changed)
        assert updated.gaps == ()
        return Made(made.type, made.name, inputs, made.id, updated.outputs)

    def read(self, made: Made) -> Made | None:
        """Refresh; None: it is gone."""
        handler = self.registry.handlers[made.type]
        told = handler.read(made.state)
        if told is None:
            return None
        inputs = self.customs.drifted(handler, made.inputs, made.outputs, told, frozenset())
        return Made(made.type, made.name, inputs, made.id, told)

    def delete(self, made: Made) -> None:
        """Delete."""
        self.registry.handlers[made.type].delete(made.state)


def filled(value: Any, made: Mapping[str, Made]) -> Any:
    """The value with what `tests.lab.azure_cases` leaves open filled in."""
    if isinstance(value, Mapping):
        return {key: filled(each, made) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, made) for each in value]
    if isinstance(value, str) and value.startswith("@"):
        name, _, output = value[1:].partition(".")
        return made[name].outputs[output] if output else made[name].id
    if isinstance(value, str) and value.startswith("#lb"):
        return f"{GROUP}/providers/Microsoft.Network/loadBalancers/lb{value[3:]}"
    return value
