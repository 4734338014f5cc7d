"""From a checked configuration to the arguments of a cloud's `Pair`; pure, and the same for both clouds.

The arguments of a pair have the names of the configuration's fields, and plain values that another language can pass too.
Which there are, each cloud's `arguments.py` lists; a test compares names. Everybody in `infra` may import this file.
"""

from collections.abc import Mapping
from enum import Enum
from ipaddress import IPv4Address, IPv4Network
from typing import cast

from infra.config import StackConfig
from infra.config.kinds import FileText

Plain = str | int | float | Enum | list["Plain"] | dict[str, str]
"""What an argument is: an enum stays one."""

CONTENTS = {"user_data_file": "user_data", "probe_tls_ca_file": "probe_tls_ca_pem"}
"""Configuration fields that name a file: an argument is its contents."""


def plain(config: StackConfig) -> Mapping[str, Plain]:
    """A cloud's whole configuration by the names of its arguments."""
    fields = {field: getattr(config, field) for field in type(config).model_fields if field not in CONTENTS}
    files = {argument: cast("FileText", getattr(config, field)) for field, argument in CONTENTS.items()}
    return {
        **{field: _plain(value) for field, value in fields.items()},
        **{argument: file.text for argument, file in files.items()},
        "tags": dict(tag.split("=", 1) for tag in config.tags),
    }


def _plain(value: object) -> Plain:
    if isinstance(value, tuple):
        return [_plain(item) for item in cast("tuple[object, ...]", value)]
    return str(value) if isinstance(value, IPv4Network | IPv4Address) else cast("Plain", value)
