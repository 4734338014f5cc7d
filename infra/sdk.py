"""Azure's SDK as it travels in the function's bundle: pure Python, from the distributions that the lock has installed.

The platform adds `SITE_PACKAGES` to the path (Azure Functions Python developer guide, "Folder structure"). No compiled file
travels: one that was built for the machine of whoever deploys would not run there. Where a package has both, its Python
sources are taken; charset-normalizer, which requests asks for, is one. What is never imported is left out: the SDK's
asynchronous half, which is a third of it.
"""

from collections.abc import Iterable, Iterator
from importlib import metadata
from typing import Final

from infra.errors import BundleError

SITE_PACKAGES: Final = ".python_packages/lib/site-packages"

DISTRIBUTIONS: Final = (
    "azure-core",
    "azure-mgmt-compute",
    "azure-mgmt-core",
    "azure-mgmt-network",
    "certifi",
    "charset-normalizer",
    "idna",
    "isodate",
    "requests",
    "typing-extensions",
    "urllib3",
)
"""The two clients and all that they need; a test follows their requirements. azure-functions comes with the worker."""

ASYNCHRONOUS: Final = "aio"
"""The folder of the asynchronous half in each of Azure's packages."""

DATA: Final = frozenset({"cacert.pem"})
"""Files besides sources that are read: the authorities that TLS trusts."""

_LICENCES: Final = ("LICENSE", "NOTICE")
_METADATA: Final = "METADATA"
"""Says which version this is, to whoever looks for one."""


def files() -> dict[str, bytes]:
    """Names in the bundle, and contents.

    Raises:
        BundleError: one of them is not installed, or not whole, or brings no licence.
    """
    return {f"{SITE_PACKAGES}/{name}": content for each in DISTRIBUTIONS for name, content in _files_of(each)}


def _files_of(name: str) -> Iterator[tuple[str, bytes]]:
    try:
        parts = metadata.distribution(name).files or []
    except metadata.PackageNotFoundError:
        raise BundleError(f"{name} is not installed: run make setup-dev") from None
    wanted = [part for part in parts if _travels(part.parts, part.suffix)]
    if not any(part.suffix == ".py" for part in wanted) or not any(_is_licence(part.name) for part in wanted):
        raise BundleError(f"{name} is not installed whole, with its licence: run make setup-dev")
    for part in wanted:
        try:
            yield part.as_posix(), part.read_binary()
        except FileNotFoundError:
            raise BundleError(f"{name} is not installed whole, {part.as_posix()} is missing: run make setup-dev") from None


def _travels(parts: Iterable[str], suffix: str) -> bool:
    *folders, name = parts
    if ".." in folders or ASYNCHRONOUS in folders:
        return False
    of_distribution = any(folder.endswith(".dist-info") for folder in folders)
    return name == _METADATA or _is_licence(name) if of_distribution else suffix == ".py" or name in DATA


def _is_licence(name: str) -> bool:
    return name.startswith(_LICENCES)
