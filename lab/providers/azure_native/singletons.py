"""Types of which there is one in its parent, always: it is never made and never deleted, only set, and set back.

As the real provider: Create does not ask whether it is there; Delete writes its default state (`provider.go`,
`isSingleton`).
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from lab.providers.azure_native.client import NOT_FOUND, AzureError
from lab.providers.azure_native.handlers import ArmHandler
from lab.providers.azure_native.mapping import Json
from lab.providers.handler import State


class Singleton(ArmHandler):
    """Set, and set back."""

    default: ClassVar[Mapping[str, Any]] = {}
    """The body that sets it back."""

    def look_first(self, resource_id: str, inputs: Mapping[str, Any]) -> None:
        """It is there as soon as its parent is; Azure refuses the write where that is missing."""
        del resource_id, inputs

    def delete(self, state: State) -> None:
        """Write its default state; its parent may be gone already."""
        try:
            self.cloud.put(state.id, self.row.api, dict(self.default))
        except AzureError as exc:
            if exc.status != NOT_FOUND:
                raise


class AppSettings(Singleton):
    """The settings of an app: secret, so they are read by a POST of its own."""

    default: ClassVar[Mapping[str, Any]] = {"properties": {}}

    def document(self, resource_id: str) -> Json | None:
        """As the app tells them to who may ask."""
        try:
            return self.cloud.client.ask("POST", f"{resource_id}/list", self.row.api, {}).body
        except AzureError as exc:
            if exc.status == NOT_FOUND:
                return None
            raise


class BlobService(Singleton):
    """How an account keeps its blobs. What the default state is, is assumed."""

    default: ClassVar[Mapping[str, Any]] = {
        "properties": {"cors": {"corsRules": []}, "deleteRetentionPolicy": {"enabled": False}}
    }
