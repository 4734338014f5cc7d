"""How a rule is declared, and which rules are asked; pure."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from infra.config.faults import Fault
from infra.config.keys import FIELDS, StackConfig

_PLACES = {key: place for place, key in enumerate(FIELDS)}

C = TypeVar("C", bound=StackConfig)
Check = Callable[[C], Iterator[Fault]]


@dataclass(frozen=True)
class Relation:
    """One rule."""

    of: type[StackConfig]
    """The configuration that it is about: that of one cloud, where the reason is that cloud's own, else of both."""
    fields: tuple[str, ...]
    check: Check[Any]
    whole: bool
    """Whether a list counts only when all of it could be read; else its readable items do."""
    real_cloud_only: bool


@dataclass(frozen=True)
class _Readable:
    """The fields that could be read."""

    whole: Collection[str]
    in_part: Collection[str]
    """Lists without some of their items."""

    def suffices(self, relation: Relation) -> bool:
        return all(field in self.whole or (field in self.in_part and not relation.whole) for field in relation.fields)


RELATIONS: list[Relation] = []
"""Filled by the decorator below, when a file of this folder is imported."""


def relation(
    of: type[C], *fields: str, whole: bool = False, real_cloud_only: bool = False
) -> Callable[[Check[C]], Check[C]]:
    """Declare a rule over these fields, as few as it can do with; see `Relation`."""

    def register(check: Check[C]) -> Check[C]:
        RELATIONS.append(Relation(of, fields, check, whole, real_cloud_only))
        return check

    return register


def faults(config: StackConfig, whole: Collection[str], in_part: Collection[str], *, loopback: bool) -> list[Fault]:
    """The faults of every rule about this configuration whose fields could be read.

    `whole` could be; of the lists in `in_part`, some items could. In the order of `docs/CONFIG.md`, by the key of each.
    """
    readable = _Readable(whole, in_part)
    about = [each for each in RELATIONS if isinstance(config, each.of)]
    asked = [each for each in about if readable.suffices(each) and not (loopback and each.real_cloud_only)]
    found = [fault for each in asked for fault in each.check(config)]
    return sorted(found, key=lambda fault: _PLACES[fault.key])
