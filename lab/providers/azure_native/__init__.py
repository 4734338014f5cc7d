"""azure-native's types over the emulated Resource Manager (`lab.arm`), and over Azurite for what lies in containers.

    table.json  what every type is on the wire, frozen; written by tools/azure-native/table.py
    mapping     inputs to body, answer to outputs: pure
    handlers    create, read, update, delete of every type alike; singletons, storage: those that are otherwise
    customs     what the provider does around them: names, comparing, drift

The same handlers serve a deployment in this process and the real engine (`process`).
"""

from lab.providers.azure_native.blobs import Blobs
from lab.providers.azure_native.client import Client
from lab.providers.azure_native.cloud import Cloud
from lab.providers.azure_native.handlers import ArmHandler, handler_of
from lab.providers.azure_native.invokes import functions
from lab.providers.azure_native.singletons import AppSettings, BlobService
from lab.providers.azure_native.storage import BlobHandler, Container
from lab.providers.azure_native.tables import table
from lab.providers.registry import Registry

OWN_WAYS: dict[str, type[ArmHandler]] = {
    "azure-native:storage:BlobContainer": Container,
    "azure-native:storage:BlobServiceProperties": BlobService,
    "azure-native:web:WebAppApplicationSettings": AppSettings,
}
"""Types that do something in a way of their own."""

HANDLERS: tuple[type[ArmHandler], ...] = tuple(
    handler_of(token, OWN_WAYS.get(token, ArmHandler)) for token in sorted(table().rows)
)
"""Every type of the table; `storage:Blob` is the one beside it."""


def registry(cloud: Cloud) -> Registry:
    """The handlers of one subscription, ready for `lab.engine.deploy`."""
    return Registry.of([*(handler(cloud) for handler in HANDLERS), BlobHandler(cloud)], functions(cloud))


__all__ = ["HANDLERS", "BlobHandler", "Blobs", "Client", "Cloud", "registry"]
