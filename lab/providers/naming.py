"""The name that a resource gets when its program gives none: the logical name and a random tail.

Here: pure functions over the type, the inputs of this run and those of the last. Only `lab.providers.checking` imports this
file.

As the real AWS provider: separator `-`, 7 hex digits (pulumi-aws provider/autonaming.go; pulumi-terraform-bridge
pkg/tfbridge/info/autonaming.go). A name once made is kept as long as the program still gives none; the names that were
made, and not given, stand in the inputs under `__defaults`, as the bridge writes it, so that states of the real provider
are understood. The tail comes from the engine's seed, so that a preview and the run after it may agree; its digits are not
those of the real provider for the same seed.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, cast

DEFAULTED = "__defaults"
"""The input in which the names of the inputs stand that the provider filled in (pulumi-terraform-bridge, schema.go)."""

TAIL_DIGITS = 7


class Mode(Enum):
    """What the engine's own configuration of names (`pulumi:autonaming`) says."""

    UNSET = "unset"
    PROPOSE = "propose"
    ENFORCE = "enforce"
    DISABLE = "disable"


@dataclass(frozen=True)
class Naming:
    """What the engine gives for a name: a seed, and perhaps a name of its own."""

    seed: bytes = b""
    mode: Mode = Mode.UNSET
    proposed: str = ""


def made_name(key: str, logical: str, news: Mapping[str, Any], olds: Mapping[str, Any], naming: Naming) -> str | None:
    """The name for an input that takes one; None where the program gives it (or a prefix), and where there shall be none.

    Args:
        key: The input; "" = the type has no names.
        logical: The resource's name in the program.
        news: The inputs of this run.
        olds: The inputs of the last run, with `__defaults`; empty for a new resource.
        naming: What the engine gives.

    >>> made_name("name", "web", {}, {"name": "web-1234567", "__defaults": ["name"]}, Naming())
    'web-1234567'
    """
    if not key or key in news or f"{key}Prefix" in news:
        return None
    if isinstance(olds.get(key), str) and key in defaulted(olds, otherwise=frozenset({key})):
        return olds[key]
    match naming.mode:
        case Mode.DISABLE:
            return None
        case Mode.PROPOSE | Mode.ENFORCE:
            return naming.proposed
        case Mode.UNSET:
            return f"{logical}-{_tail(naming.seed)}"


def defaulted(inputs: Mapping[str, Any], otherwise: frozenset[str] = frozenset()) -> frozenset[str]:
    """The inputs that the provider filled in; `otherwise` where the inputs do not say."""
    names = inputs.get(DEFAULTED)
    return frozenset(cast("list[str]", names)) if isinstance(names, list) else otherwise


def _tail(seed: bytes) -> str:
    return hashlib.sha256(seed or secrets.token_bytes()).hexdigest()[:TAIL_DIGITS]
