"""The frozen table that says what each type of azure-native is on the wire: its path, its api-version, its properties.

`table.json` is written by `tools/azure-native/table.py` out of pulumi_azure_native and Microsoft's own clients; its first
line says of which versions. Here: reading it. Only `lab.providers.azure_native` imports this file.

A property is `0` where it stands in its object under the SDK's name and is passed as it is; else an object:

    at    the path to it in the body, where it is another one
    of    the type of its value (or of its items); with `by`, one type for each value of that discriminator
    many  "list" or "map", where there are several of that type
    set   a list for the program, the keys of a map for Azure (`userAssignedIdentities`)
    told  an input for the SDK, and written by nobody but Azure (`etag`)
"""

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

FILE = Path(__file__).with_name("table.json")

Entry = Mapping[str, Any]
PLAIN: Entry = {}

_IN_PATH = re.compile(r"\{(\w+)\}")
_SUBSCRIPTION = "subscriptionId"
_PROVIDER = "/Microsoft."


@dataclass(frozen=True)
class Row:
    """One type.

    Attributes:
        token: as the SDK spells it, `azure-native:network:Subnet`.
        path: where a resource of it lies, with `{names}` of inputs.
        api: the version that is asked.
        inputs: what stands in the body, by the SDK's names.
        outputs: what an answer tells, by the SDK's names.
        required: the inputs without which the SDK refuses it.
        standalone: paths (SDK's names) of lists that are resources of their own too.
    """

    token: str
    path: str
    api: str
    inputs: Mapping[str, Entry]
    outputs: Mapping[str, Entry]
    required: frozenset[str]
    standalone: tuple[tuple[str, ...], ...]

    @property
    def in_path(self) -> tuple[str, ...]:
        """The inputs that stand in the path, in its order."""
        return tuple(name for name in _IN_PATH.findall(self.path) if name != _SUBSCRIPTION)

    @property
    def named(self) -> str:
        """The input that gets a name where the program gives none; "" where the path does not end with one."""
        return self.in_path[-1] if self.path.endswith("}") else ""

    @property
    def is_child(self) -> bool:
        """Whether it lies inside another resource of its provider."""
        return len(_IN_PATH.findall(self.path.rpartition(_PROVIDER)[2])) > 1

    def id_of(self, inputs: Mapping[str, Any], subscription: str) -> str:
        """The path of one resource; KeyError for an input that is missing."""
        return _IN_PATH.sub(
            lambda found: subscription if found[1] == _SUBSCRIPTION else str(inputs[found[1]]).strip("/"), self.path
        )

    def names_in(self, resource_id: str) -> dict[str, str]:
        """The inputs that stand in an id.

        Raises:
            ValueError: it is no id of this type.
        """
        pattern = _IN_PATH.sub(lambda found: f"(?P<{found[1]}>{'.+' if found[1] == 'scope' else '[^/]+'})", self.path)
        found = re.fullmatch(pattern, resource_id, re.IGNORECASE)
        if found is None:
            raise ValueError(f"{resource_id!r} is no id of {self.token}, which lies at {self.path}")
        return {
            name: f"/{value}" if name == "scope" else value
            for name, value in found.groupdict().items()
            if name != _SUBSCRIPTION
        }


@dataclass(frozen=True)
class Table:
    """All of it."""

    sources: Mapping[str, str]
    rows: Mapping[str, Row]
    types: Mapping[str, Mapping[str, Entry]]
    """Properties by type, of what stands inside a resource."""
    needed: Mapping[str, frozenset[str]]
    """Required properties by type."""


@functools.cache
def table() -> Table:
    """The table, read once."""
    whole = json.loads(FILE.read_text())
    return Table(
        whole["sources"],
        {token: _row(token, row) for token, row in whole["resources"].items()},
        {name: _entries(entry["properties"]) for name, entry in whole["types"].items()},
        {name: frozenset(entry.get("required", ())) for name, entry in whole["types"].items()},
    )


def _row(token: str, row: Mapping[str, Any]) -> Row:
    return Row(
        token,
        row["path"],
        row["api"],
        _entries(row["inputs"]),
        _entries(row["outputs"]),
        frozenset(row["required"]),
        tuple(tuple(path) for path in row["standalone"]),
    )


def _entries(properties: Mapping[str, Any]) -> dict[str, Entry]:
    return {name: cast("Entry", entry) if entry else PLAIN for name, entry in properties.items()}
