"""What a provider does around every one of its resources, whatever the type: the part of a cloud that is no handler.

Here: the interface between `lab.providers.servicer`, which knows no cloud, and a cloud's own (`lab.providers.aws.customs`).
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from lab.providers.registry import Registry


class ConfigurationError(Exception):
    """The provider cannot work with what it was given; every fault is in the message."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("the lab's provider cannot start: " + "; ".join(faults))


class Customs(ABC):
    """One configured provider of one cloud."""

    from_outputs: ClassVar[frozenset[str]] = frozenset()
    """Properties that are compared with what the cloud last said, and not with the last inputs."""

    @abstractmethod
    def registry(self, inputs: Mapping[str, Any]) -> Registry:
        """The handlers for a resource with these inputs, or for a call with these arguments."""

    @abstractmethod
    def completed(self, type_token: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """What the provider adds to a resource's inputs before it checks them; unknown values may be among them."""

    @abstractmethod
    def for_handler(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs as a handler understands them; they may be old ones."""

    @abstractmethod
    def ignored(self, paths: Sequence[str]) -> list[str]:
        """The paths of `ignoreChanges`, and those of what the provider computes from them."""

    @abstractmethod
    def outputs(self, inputs: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
        """What a handler tells, as the provider tells it."""
