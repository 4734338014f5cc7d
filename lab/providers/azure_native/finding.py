"""Finds in the emulated Azure what an interrupted run may have made; what `lab.providers.aws.finding` is on AWS.

It is simpler here: where a resource lies is made of its inputs alone, the name that chance gave it included (the engine
writes down the inputs before it asks), and Resource Manager is asked whether something is there. That it is the one that was
asked for follows from how azure-native makes one: it looks first, and refuses to make what is there.

What there is one of in its parent, always (`singletons`), is made again by the next up, and is the same one then.
"""

from collections.abc import Mapping
from typing import Any

from lab.arm.settings import SUBSCRIPTION
from lab.providers.azure_native import registry
from lab.providers.azure_native.handlers import ArmHandler
from lab.providers.azure_native.process import cloud
from lab.providers.azure_native.singletons import Singleton
from lab.providers.azure_native.storage import BlobHandler, Container
from lab.providers.handler import State


class UnfindableError(LookupError):
    """Nothing says whether the cloud has it; the message says why."""


class Finder:
    """Looks for the resources of a state.

    Args:
        environment: Where the emulators answer, as the provider process gets it.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._cloud = cloud(environment, environment.get("ARM_SUBSCRIPTION_ID") or SUBSCRIPTION)
        self._handlers = registry(self._cloud).handlers

    def ids(self, resource: Mapping[str, Any]) -> list[str]:
        """The id of this resource, which is as a state has it (`type` and `inputs`), if something lies there.

        Raises:
            UnfindableError: there is no way to find one of this type, or of these inputs.
        """
        handler, inputs = self._handler(resource), resource.get("inputs") or {}
        if isinstance(handler, Singleton):
            return []
        unsaid = [name for name in handler.row.in_path if not isinstance(inputs.get(name), str)]
        if unsaid:
            raise UnfindableError(f"it would be found by its {', '.join(unsaid)}, and it has none, or a secret one")
        resource_id = handler.row.id_of(inputs, self._cloud.subscription)
        if isinstance(handler, BlobHandler):
            return [resource_id] if handler.read(State(resource_id, dict(inputs))) is not None else []
        document = handler.document(resource_id)
        return [str(document["id"])] if document is not None else []  # spelt as Azure spells it

    def complete(self, resource: Mapping[str, Any], resource_id: str) -> None:
        """Wait until its making has ended, and do what it may have left undone and no update would do."""
        handler = self._handler(resource)
        if isinstance(handler, ArmHandler):
            self._cloud.wait_ended(resource_id, handler.row.api)
        if isinstance(handler, Container):
            handler.fill(resource_id)

    def _handler(self, resource: Mapping[str, Any]) -> ArmHandler | BlobHandler:
        handler = self._handlers.get(resource["type"])
        if not isinstance(handler, ArmHandler | BlobHandler):
            raise UnfindableError(f"the lab has no way to find one of {resource['type']}")
        return handler
