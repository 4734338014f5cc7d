"""What the azure-native provider does around every resource: nothing of it is as with bridged providers.

Here: names, location and api-version that it adds; Diff, Read and previews in its own way. No types, no HTTP but the one
question where a resource group lies.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from lab.providers.azure_native.comparing import compare
from lab.providers.azure_native.drifting import adopted, inputs_now
from lab.providers.azure_native.handlers import ArmHandler
from lab.providers.azure_native.mapping import missing
from lab.providers.azure_native.names import BY_CHANCE, HIDDEN
from lab.providers.azure_native.storage import BlobHandler
from lab.providers.checking import Checked
from lab.providers.comparison import Change
from lab.providers.customs import Customs
from lab.providers.handler import Handler
from lab.providers.naming import Naming
from lab.providers.plain import reveal
from lab.providers.registry import Registry

STABLE = ("name", "location")
"""Outputs that an update never changes, so that a preview may tell them."""


class AzureCustoms(Customs):
    """A provider of one subscription."""

    writes_unchanged: ClassVar[bool] = True

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def registry(self, inputs: Mapping[str, Any]) -> Registry:
        """The one there is."""
        del inputs
        return self._registry

    def for_handler(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Without what the provider notes for itself."""
        return {name: value for name, value in inputs.items() if not name.startswith(HIDDEN)}

    def checked(
        self, handler: Handler, name: str, news: Mapping[str, Any], olds: Mapping[str, Any], naming: Naming
    ) -> Checked:
        """Add name, location and api-version; find every required input that is missing, at every depth."""
        own = _own(handler)
        whole = own.whole(name, news, olds, naming)
        failures = {path: f"missing required property '{path}'" for path in missing(own.row, reveal(whole))}
        return Checked({key: value for key, value in whole.items() if key not in news}, failures)

    def changes(
        self,
        handler: Handler,
        olds: Mapping[str, Any],
        known: Mapping[str, Any],
        news: Mapping[str, Any],
        ignored: Sequence[str],
    ) -> list[Change]:
        """Inputs against inputs; the engine has taken back what is ignored."""
        del ignored
        return compare(handler.replaces, olds, reveal(dict(known)), news)

    def deletes_first(self, handler: Handler, olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
        """Always, unless the provider itself made the old name by chance."""
        del handler, news
        return olds.get(BY_CHANCE) is not True

    def drifted(
        self,
        handler: Handler,
        inputs: Mapping[str, Any],
        known: Mapping[str, Any],
        told: Mapping[str, Any],
        unconfirmed: frozenset[str],
    ) -> dict[str, Any]:
        """The difference of the last answer and this one, laid over the inputs."""
        del unconfirmed
        return inputs_now(_own(handler).row, inputs, known, told)

    def adopted(self, handler: Handler, resource_id: str, told: Mapping[str, Any]) -> dict[str, Any]:
        """Every output that could be an input, and what stands in the id."""
        return adopted(_own(handler).row, resource_id, told)

    def outputs(self, inputs: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
        """What a handler tells, as it is."""
        del inputs
        return dict(told)

    def recorded(self, inputs: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
        """What was told, and no input beside it."""
        del inputs
        return dict(told)

    def previewed(
        self, handler: Handler, wanted: Mapping[str, Any], known: Mapping[str, Any], olds: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The inputs that are outputs as well; the rest is unknown, but for name and location of what is there."""
        del olds
        row = _own(handler).row
        alike = {name for name in wanted if name in row.outputs and not row.inputs.get(name, {}).get("of")}
        stays = {name: known[name] for name in STABLE if name in known}
        return {**{name: value for name, value in wanted.items() if name in alike}, **stays}


def _own(handler: Handler) -> ArmHandler | BlobHandler:
    if not isinstance(handler, ArmHandler | BlobHandler):
        raise TypeError(f"{type(handler).__name__} is no handler of azure-native")
    return handler
