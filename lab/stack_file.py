"""The lab's own stack file, derived from one of `stacks/`: the same stack, on loopback networks and without protection.

Here: reading a stack file as Pulumi does, and the few keys that a lab must have otherwise, each with its reason. Not here:
what the keys mean (`infra.config`) and the deployment. The lab and its tests may import this file.

Where the emulators answer is no key: it travels in the environment (`LabStack.environment`), as it would for any SDK.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from lab.endpoints import MINISTACK_SERVICES, MOTO_SERVICES, Endpoints, variable

REPOSITORY = Path(__file__).resolve().parent.parent
STACKS = REPOSITORY / "stacks"
NOT_SET = "not set"

SENDERS_CIDR = "127.0.0.1/32"
"""Where the lab's senders come from: Linux gives connections to 127/8 this source address."""


class StackFileError(Exception):
    """A stack file is not there, or cannot be used in a lab."""


@dataclass(frozen=True)
class StackFile:
    """The configuration of one stack, as Pulumi hands it to the program."""

    project: str
    stack: str
    texts: Mapping[str, str]
    """Full key (`tandem:region`) to text; lists and objects as JSON."""

    def text(self, key: str, default: str = "") -> str:
        """The text of a key of the project's own namespace, or the default when it is not set."""
        return self.texts.get(f"{self.project}:{key}", default)


@dataclass(frozen=True)
class Difference:
    """One key that the lab has otherwise."""

    key: str
    was: str
    now: str
    why: str

    def __str__(self) -> str:
        return f"{self.key}: {self.now} instead of {self.was} ({self.why})"


@dataclass(frozen=True)
class LabStack:
    """What `lab.engine.deploy` takes, and how it differs from the stack file that it came from."""

    file: StackFile
    environment: Mapping[str, str]
    differences: tuple[Difference, ...]

    def to_yaml(self) -> str:
        """The derived stack file, with each difference as a comment above."""
        comments = "".join(f"# {difference}\n" for difference in self.differences)
        return f"# Derived for a lab. Different from the stack file that it came from:\n{comments}" + yaml.safe_dump(
            {"config": {key: self._typed(key, text) for key, text in self.file.texts.items()}},
            sort_keys=False,
            allow_unicode=True,
        )

    def _typed(self, key: str, text: str) -> Any:
        """As the project's schema wants it: Pulumi refuses a text where a list, a number or a truth value is declared."""
        schema = _document(REPOSITORY / "Pulumi.yaml")["config"].get(key.removeprefix(f"{self.file.project}:"), {})
        return text if schema.get("type", "string") == "string" else json.loads(text)


def load(stage: str, *, cloud: str = "aws", folder: Path = STACKS) -> StackFile:
    """Read `Pulumi.<cloud>-<stage>.yaml`.

    Raises:
        StackFileError: there is no such file, it is no stack file, or it holds a value that only Pulumi can decrypt.
    """
    stack = f"{cloud}-{stage}"
    path = folder / f"Pulumi.{stack}.yaml"
    if not path.is_file():
        there = ", ".join(sorted(each.name for each in folder.glob("Pulumi.*.yaml"))) or "none"
        raise StackFileError(f"there is no stack file {path.name} in {folder}; there are: {there}")
    project = _project(folder)
    return StackFile(project, stack, _texts(path, project))


def derive(file: StackFile, *, network: str, endpoints: Endpoints) -> LabStack:
    """The same stack for a lab on the given loopback /16, with the emulators of AWS at the given endpoints."""
    return derived(file, network=network, environment=endpoints_environment(endpoints))


def derived(file: StackFile, *, network: str, environment: Mapping[str, str]) -> LabStack:
    """The same stack for a lab on the given loopback /16, whose emulators are found by this environment."""
    wanted = {
        "networkCidr": (network, "the lab's network: its addresses are real sockets of this machine"),
        "partnerCidrs": (json.dumps([SENDERS_CIDR]), "the lab's senders are the partners"),
        "protect": ("false", "a lab ends by destroying everything"),
        "deletionProtection": ("false", "same"),
    }
    if file.text("reserveCapacity") == "true":
        wanted["reserveCapacity"] = ("false", "the emulated EC2 has no capacity reservations")
    differences = tuple(
        Difference(key, file.text(key, NOT_SET), now, why)
        for key, (now, why) in wanted.items()
        if file.text(key, NOT_SET) != now
    )
    own = {f"{file.project}:{key}": now for key, (now, _) in wanted.items()}
    return LabStack(StackFile(file.project, file.stack, {**file.texts, **own}), environment, differences)


def endpoints_environment(endpoints: Endpoints) -> dict[str, str]:
    """Where the emulators of AWS are found."""
    services = sorted(MOTO_SERVICES | MINISTACK_SERVICES)
    return {variable(service): endpoints.of(service) for service in services}


def _project(folder: Path) -> str:
    """The project's name: stack files lie in a folder beside `Pulumi.yaml`."""
    return str(_document(folder.parent / "Pulumi.yaml")["name"])


def _texts(path: Path, project: str) -> dict[str, str]:
    config = _document(path).get("config") or {}
    if not isinstance(config, Mapping):
        raise StackFileError(f"{path.name} is no stack file: its config is {config!r}, not keys with values")
    values = cast("Mapping[str, Any]", config)
    return {_full(key, project): _text(path, key, value) for key, value in values.items()}


def _full(key: str, project: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _text(path: Path, key: str, value: Any) -> str:
    if isinstance(value, Mapping) and "secure" in value:
        raise StackFileError(
            f"{path.name}: {key} is encrypted, and only Pulumi can decrypt it; a lab needs a stack file without secrets"
        )
    if isinstance(value, str):
        return value
    return json.dumps(value)  # numbers, true and false, lists and objects alike


def _document(path: Path) -> dict[str, Any]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(document, dict):
        raise StackFileError(f"{path.name} holds no keys")
    return cast("dict[str, Any]", document)
