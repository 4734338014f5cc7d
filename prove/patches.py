"""Names of a module changed for a while, and surely put back: how a guard is taken out of the rule, or a repair put in."""

import contextlib
from collections.abc import Callable, Generator, Iterable
from types import ModuleType
from typing import Any

Patch = tuple[ModuleType, str, Any]
"""Module, name, and what the name means for a while. A callable value marked by `around` is given the present one."""


class Around:
    """A replacement that is made from what is there now."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self.make = make


@contextlib.contextmanager
def patched(patches: Iterable[Patch]) -> Generator[None]:
    """The patches in force, one after another; a name that does not exist is an error, so no patch misses its aim."""
    kept: list[Patch] = []
    try:
        for module, name, value in patches:
            now = getattr(module, name)
            kept.append((module, name, now))
            setattr(module, name, value.make(now) if isinstance(value, Around) else value)
        yield
    finally:
        for module, name, value in reversed(kept):
            setattr(module, name, value)
