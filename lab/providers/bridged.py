"""What providers over pulumi-terraform-bridge do around every resource: checking, comparing and drift by the bridge's rules.

Here: the rules that `checking`, `comparison` and `drift` hold, put together. A cloud's own is its subclass.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from lab.providers.checking import Checked, check, with_defaults
from lab.providers.comparison import Change, compare, deletes_first
from lab.providers.customs import Customs
from lab.providers.drift import inputs_now, outputs_now
from lab.providers.handler import Handler
from lab.providers.memory import Memory
from lab.providers.naming import DEFAULTED, Naming


class BridgedCustoms(Customs):
    """A provider over the bridge."""

    from_outputs: ClassVar[frozenset[str]] = frozenset()
    """Properties that are compared with what the cloud last said, and not with the last inputs."""

    @abstractmethod
    def completed(self, type_token: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """What the provider adds to a resource's inputs before it checks them; unknown values may be among them."""

    @abstractmethod
    def ignored(self, paths: Sequence[str]) -> list[str]:
        """The paths of `ignoreChanges`, and those of what the provider computes from them."""

    def checked(
        self, handler: Handler, name: str, news: Mapping[str, Any], olds: Mapping[str, Any], naming: Naming
    ) -> Checked:
        """What the cloud adds, then a name and the list of what was filled in."""
        completed = self.completed(handler.type, news)
        checked = check(handler, name, {**news, **completed}, olds, naming)
        return Checked({**completed, **checked.added}, checked.failures)

    def changes(
        self,
        handler: Handler,
        olds: Mapping[str, Any],
        known: Mapping[str, Any],
        news: Mapping[str, Any],
        ignored: Sequence[str],
    ) -> list[Change]:
        """Inputs with defaults filled in on both sides, and some of the outputs."""
        return compare(
            handler,
            with_defaults(handler, olds),
            known,
            with_defaults(handler, news),
            from_outputs=self.from_outputs - Memory.of(known).unconfirmed,
            ignored=self.ignored(ignored),
        )

    def deletes_first(self, handler: Handler, olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
        """Where both would bear the program's own name."""
        del olds
        return deletes_first(handler, news)

    def drifted(
        self,
        handler: Handler,
        inputs: Mapping[str, Any],
        known: Mapping[str, Any],
        told: Mapping[str, Any],
        unconfirmed: frozenset[str],
    ) -> dict[str, Any]:
        """Only what was an input becomes another input."""
        del known
        return inputs_now(inputs, told, handler.untold | unconfirmed)

    def adopted(self, handler: Handler, resource_id: str, told: Mapping[str, Any]) -> dict[str, Any]:
        """What is known to be an input of the type."""
        del resource_id
        known = handler.required | handler.defaults.keys() | {each.partition(".")[0] for each in handler.replaces} | {"tags"}
        return {name: value for name, value in told.items() if name in known}

    def recorded(self, inputs: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs with what the cloud told laid over them."""
        return outputs_now(told, inputs)

    def previewed(
        self, handler: Handler, wanted: Mapping[str, Any], known: Mapping[str, Any], olds: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The outputs of the last run that were no inputs, and the inputs of this one."""
        del handler
        left = {name: value for name, value in known.items() if name not in olds}
        return {**left, **{name: value for name, value in wanted.items() if name != DEFAULTED}}
