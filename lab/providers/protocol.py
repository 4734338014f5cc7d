"""The classes of Pulumi's provider protocol, without the SDK around them.

Importing `pulumi` costs half a second of a process that needs its protocol buffers only, and the engine starts a provider
several times in every run. So this file gives the interpreter two empty packages in its place, unless the SDK is already
there, and imports the generated modules through them. Only `lab.providers` imports it; a process that will want the SDK
itself imports that first.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def _stand_in() -> None:
    found = importlib.util.find_spec("pulumi")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("pulumi is not installed")
    root = Path(found.origin).parent
    for name, folder in (("pulumi", root), ("pulumi.runtime", root / "runtime")):
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package


if "pulumi" not in sys.modules:
    _stand_in()

from pulumi.runtime.proto import (  # noqa: E402 - after the stand-in
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)

MESSAGE_BYTES_MAX = 400 * 1024 * 1024
"""The engine's own limit (pulumi sdk/go/common/util/rpcutil)."""

OPTIONS = (("grpc.max_receive_message_length", MESSAGE_BYTES_MAX), ("grpc.max_send_message_length", MESSAGE_BYTES_MAX))

__all__ = ["MESSAGE_BYTES_MAX", "OPTIONS", "plugin_pb2", "provider_pb2", "provider_pb2_grpc", "status_pb2"]
