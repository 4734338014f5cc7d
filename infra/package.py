"""The watchdog's bundle: the same bytes from the same sources, small.

Equal bytes matter: a bundle that differs is deployed, and a deployment ends the arbiter that runs. Nothing is fetched; what
the runtime does not bring travels along. On every cloud that is cronsim, and of the time zones the one that failback windows
are said in, because a runtime may have none, or those of another year. On AWS the runtime brings boto3, and the bundle is
sources only. On Azure it brings no SDK: `sdk` takes that from what is installed, and `bytecode` compiles all of it.
"""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from failover_lambda import contract
from infra import bytecode, sdk
from infra.errors import BundleError
from infra.timetable import time_zone_content

PACKAGE = "failover_lambda"
CRON_PACKAGE = "cronsim"
AZURE = "azure"
"""The cloud whose runtime brings no SDK."""
ZIP_ROOT = "zip_root"
"""Beside the adapters: what stands at the root of the bundle."""
KEPT = "out/bytecode"
"""Below the project: what earlier builds have compiled."""

BYTES_MAX: Mapping[str, int] = {"aws": 250_000, AZURE: 9_000_000}
"""Far above what it is, far below what would slow a cold start."""

_MOMENT = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip file can say."""
_MODE = 0o100644 << 16
"""An ordinary file that everybody may read: the runtime runs as another user."""


@dataclass(frozen=True)
class Bundle:
    """A zip file and what is in it."""

    content: bytes
    names: tuple[str, ...]
    digest: str
    """SHA-256 of names and sources, hexadecimal: the same on machines whose zlib or compiler differs a little."""
    warning: str = ""
    """What is less good about it than it could be, and what to do about that; "" = nothing."""


def build(root: Path, cloud: str, time_zone: str = contract.UTC, *, python: str = "") -> Bundle:
    """Pack the core and one cloud's adapters from the sources below `root`, and what they need for windows in `time_zone`.

    `python` is the version of the function's runtime, as "3.13". On Azure the bundle has bytecode for it if an interpreter
    of that version is at hand, else a warning.

    Raises:
        BundleError: there are no adapters for that cloud, what is to travel along is not installed whole, or the bundle is
            larger than BYTES_MAX.
        KeyError: there is no such time zone.
    """
    package = root / PACKAGE
    adapters = sorted((package / cloud).glob("*.py"))
    if not adapters:
        raise BundleError(f"{package / cloud} holds no modules, so there is no watchdog for {cloud}")
    files = {file.relative_to(root).as_posix(): file.read_bytes() for file in [*package.glob("*.py"), *adapters]}
    files |= _cron()
    if time_zone != contract.UTC:
        files[f"{PACKAGE}/{contract.time_zone_file(time_zone)}"] = time_zone_content(time_zone)
    compiled, warning = bytecode.Compiled("", {}), ""
    if cloud == AZURE:
        files |= _at_root(package / cloud / ZIP_ROOT) | sdk.files()
        interpreter = bytecode.interpreter(python)
        if interpreter:
            compiled = bytecode.kept(interpreter, files, root / KEPT)
        else:
            warning = bytecode.missing(python)
    packed = files | compiled.files
    content = _zip(packed)
    if len(content) > BYTES_MAX[cloud]:
        raise BundleError(f"the watchdog's bundle has {len(content)} bytes, and at most {BYTES_MAX[cloud]} are allowed")
    return Bundle(content, tuple(sorted(packed)), _digest(files, compiled.tag), warning)


def _at_root(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.suffix in (".py", ".json")}


def _cron() -> dict[str, bytes]:
    """The sources of cronsim with their licence, from the package that the lock has installed."""
    installed = metadata.distribution(CRON_PACKAGE).files or []
    sources = {file.as_posix(): file.read_binary() for file in installed if file.suffix == ".py"}
    licences = [file.read_binary() for file in installed if file.name == "LICENSE"]
    if f"{CRON_PACKAGE}/__init__.py" not in sources or len(licences) != 1:
        raise BundleError(f"{CRON_PACKAGE} is not installed whole, with its licence: run make setup-lab")
    return {**sources, f"{CRON_PACKAGE}/LICENSE": licences[0]}


def _digest(files: Mapping[str, bytes], tag: str) -> str:
    """`tag` is that of the bytecode: with it the function starts faster, so a bundle that has it is another one."""
    digest = hashlib.sha256(tag.encode())
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
