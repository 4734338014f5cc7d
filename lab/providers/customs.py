"""What a provider does around every one of its resources, whatever the type: the part of a cloud that is no handler.

Here: the interface between `lab.providers.servicer`, which knows no cloud, and a provider's own: `lab.providers.bridged` for
providers over pulumi-terraform-bridge (`lab.providers.aws.customs`), `lab.providers.azure_native.customs`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from lab.providers.checking import Checked
from lab.providers.comparison import Change
from lab.providers.handler import Handler
from lab.providers.naming import Naming
from lab.providers.registry import Registry


class ConfigurationError(Exception):
    """The provider cannot work with what it was given; every fault is in the message."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("the lab's provider cannot start: " + "; ".join(faults))


class Customs(ABC):
    """One configured provider of one cloud."""

    writes_unchanged: ClassVar[bool] = False
    """Whether an update in which nothing differs (the engine repeats what failed half-way) is written all the same."""

    @abstractmethod
    def registry(self, inputs: Mapping[str, Any]) -> Registry:
        """The handlers for a resource with these inputs, or for a call with these arguments."""

    @abstractmethod
    def for_handler(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs as a handler understands them; they may be old ones."""

    @abstractmethod
    def checked(
        self, handler: Handler, name: str, news: Mapping[str, Any], olds: Mapping[str, Any], naming: Naming
    ) -> Checked:
        """What the provider adds to a resource's inputs, and what is wrong with them; unknown values may be among them."""

    @abstractmethod
    def changes(
        self,
        handler: Handler,
        olds: Mapping[str, Any],
        known: Mapping[str, Any],
        news: Mapping[str, Any],
        ignored: Sequence[str],
    ) -> list[Change]:
        """Every leaf that an update would change.

        Args:
            handler: Says which inputs need a new resource.
            olds: The inputs of the last run.
            known: The outputs of the last run.
            news: The inputs of this run, after the engine took back what `ignoreChanges` names.
            ignored: The paths of `ignoreChanges`.
        """

    @abstractmethod
    def deletes_first(self, handler: Handler, olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
        """Whether the old resource must go before the one that replaces it can be made."""

    @abstractmethod
    def drifted(
        self,
        handler: Handler,
        inputs: Mapping[str, Any],
        known: Mapping[str, Any],
        told: Mapping[str, Any],
        unconfirmed: frozenset[str],
    ) -> dict[str, Any]:
        """The inputs after a refresh.

        Args:
            handler: Says what its cloud never tells.
            inputs: As the state has them.
            known: The outputs as the state has them.
            told: The outputs as the cloud tells them now.
            unconfirmed: Inputs that the emulator did not confirm when they were last set.
        """

    @abstractmethod
    def adopted(self, handler: Handler, resource_id: str, told: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs of a resource that was never the engine's (`.get`, import)."""

    @abstractmethod
    def outputs(self, inputs: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
        """What a handler tells, as the provider tells it."""

    @abstractmethod
    def recorded(self, inputs: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
        """What stands in the state for a resource with these inputs, of which `outputs` tells this."""

    @abstractmethod
    def previewed(
        self, handler: Handler, wanted: Mapping[str, Any], known: Mapping[str, Any], olds: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What a preview says of a resource with these inputs; what it leaves out is unknown.

        Args:
            handler: Of its type.
            wanted: All inputs of this run.
            known: The outputs of the last run; empty for a new resource.
            olds: The inputs of the last run.
        """
