"""The watchdog's bundle: sources only, the same bytes from the same sources, small.

Equal bytes matter: a bundle that differs is deployed, and a deployment ends the arbiter that runs. Nothing is compiled and
nothing is fetched; on AWS the runtime brings boto3.
"""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "failover_lambda"
BYTES_MAX = 150_000
"""Far above what it is, far below what would slow a cold start."""

_MOMENT = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip file can say."""
_MODE = 0o100644 << 16
"""An ordinary file that everybody may read: the runtime runs as another user."""


class BundleError(Exception):
    """The bundle cannot be built as it must be."""


@dataclass(frozen=True)
class Bundle:
    """A zip file and what is in it."""

    content: bytes
    names: tuple[str, ...]
    digest: str
    """SHA-256 of names and sources, hexadecimal: the same on machines whose zlib compresses differently."""


def build(root: Path, cloud: str) -> Bundle:
    """Pack the core and one cloud's adapters from the sources below `root`.

    Raises:
        BundleError: there are no adapters for that cloud, or the bundle is larger than BYTES_MAX.
    """
    package = root / PACKAGE
    adapters = sorted((package / cloud).glob("*.py"))
    if not adapters:
        raise BundleError(f"{package / cloud} holds no modules, so there is no watchdog for {cloud}")
    files = {file.relative_to(root).as_posix(): file.read_bytes() for file in [*package.glob("*.py"), *adapters]}
    content = _zip(files)
    if len(content) > BYTES_MAX:
        raise BundleError(f"the watchdog's bundle has {len(content)} bytes, and at most {BYTES_MAX} are allowed")
    return Bundle(content, tuple(sorted(files)), _digest(files))


def _digest(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return digest.hexdigest()


def _zip(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.create_system = 3  # Unix, wherever it is built
            entry.external_attr = _MODE
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
    return buffer.getvalue()


def write(bundle: Bundle, folder: Path) -> Path:
    """Put the bundle into `folder` under a name made of its digest, so that equal bundles are one file; the path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"watchdog-{bundle.digest[:16]}.zip"
    # Written aside and renamed: two programs at once may build the same bundle.
    unfinished = path.with_name(f"{path.name}.{id(bundle)}")
    unfinished.write_bytes(bundle.content)
    unfinished.replace(path)
    return path
