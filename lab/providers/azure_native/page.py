"""The page `lab/providers/azure_native/TYPES.md`: what the lab's provider does with each type.

Here: its text. `lab.providers.page` writes it.
"""

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from lab.providers.azure_native import HANDLERS, OWN_WAYS, BlobHandler, sources
from lab.providers.azure_native.handlers import ArmHandler
from lab.providers.azure_native.names import UUIDS
from lab.providers.azure_native.tables import Row, table

PAGE = Path(__file__).with_name("TYPES.md")
WIDTH = 120

HEAD = """\
# What the lab's provider does with each type of azure-native

Written by `python -m lab.providers.page` from the handlers; a test keeps the two equal. The real provider is
pulumi-azure-native {version}; where a property stands in a body is told by Microsoft's clients:
{clients}.

- **asked**: the path, and the api-version that the SDK asks for.
- **replaced by**: another value makes a new resource. Everything in the path does (verified); of the body what is named
  here. All else is changed in place, by a full PUT out of the inputs, and Azure refuses it where it cannot be.
- **named**: the input that is filled in where the program gives none.
- **written back**: lists that are resources of their own; what the program does not say of them is read and written again.
- **own way**: what this type does otherwise than the rest.
"""


def page() -> str:
    """The whole page."""
    found = table().sources
    named = (f"{name} {version}" for name, version in sorted(found.items()) if name.startswith("azure-mgmt-"))
    clients = textwrap.fill(", ".join(named), WIDTH, break_on_hyphens=False)
    head = HEAD.format(version=found["pulumi_azure_native"], clients=clients)
    standings = Counter(sources.marked(handler.type).standing for handler in HANDLERS)
    shares = ", ".join(f"{standings[each]} {each.value}" for each in sources.Standing)
    summary = f"Of {len(HANDLERS)} types, by what their replacing inputs rest on: {shares}.\n"
    sections = [line for handler in (*HANDLERS, BlobHandler) for line in _section(handler)]
    return "\n".join([head, summary, *sections])


def _section(handler: type[ArmHandler] | type[BlobHandler]) -> Iterator[str]:
    row, marked = handler.row, sources.marked(handler.type)
    yield f"## {handler.type}\n"
    for title, said in (
        ("asked", f"`{row.path}`" + (f" at {row.api}" if row.api else ", in the blob service")),
        ("replaced by", _names(handler.replaces - set(row.in_path))),
        ("named", _naming(row)),
        ("written back", _names(".".join(path) for path in row.standalone)),
        ("own way", _own_way(handler)),
        ("source", f"{marked.standing.value} ({marked.where})" if issubclass(handler, ArmHandler) else BLOB_SOURCE),
    ):
        if said:
            yield f"- {title}: {said}"
    yield ""


BLOB_SOURCE = (
    "verified (pulumi-azure-native `provider/pkg/resources/customresources/custom_storage_azidentity.go` at 0e7c8eefcfa8)"
)


def _naming(row: Row) -> str:
    if not row.named:
        return ""
    if row.named in UUIDS:
        return f"`{row.named}`, a UUID"
    return f"`{row.named}`, {'the logical name' if row.is_child else 'the logical name and 8 hex digits'}"


def _own_way(handler: type[ArmHandler] | type[BlobHandler]) -> str:
    kind = OWN_WAYS.get(handler.type) if issubclass(handler, ArmHandler) else handler
    return (kind.__doc__ or "").split("\n", maxsplit=1)[0] if kind else ""


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
