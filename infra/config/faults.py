"""What is wrong with a stack's configuration, in words that say what to do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One mistake.

    >>> str(Fault("probePort", "70000", "a whole number from 1 to 65535", "pulumi config set probePort 8080"))
    'probePort is 70000. Allowed: a whole number from 1 to 65535. Next: pulumi config set probePort 8080'
    """

    key: str
    found: str
    allowed: str
    step: str

    def __str__(self) -> str:
        return f"{self.key} is {self.found}. Allowed: {self.allowed}. Next: {self.step}"


def line(key: str, items: Iterable[object]) -> str:
    """The next step for a list: the whole of it, as it would stand in the stack file.

    >>> line("trafficPorts", (2575, 8080))
    'in the stack file, tandem:trafficPorts: [2575, 8080]'
    >>> line("zones", ("1", "2"))
    'in the stack file, tandem:zones: ["1", "2"]'
    """
    return f"in the stack file, tandem:{key}: [{', '.join(map(_item, items))}]"


def _item(item: object) -> str:
    """In quotes where YAML would take a text for a number, which Pulumi refuses."""
    return f'"{item}"' if isinstance(item, str) and item.isdigit() else str(item)


class ConfigError(Exception):
    """A stack's configuration cannot be used; `faults` holds every mistake, and the text shows them all."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        values = "1 value" if len(self.faults) == 1 else f"{len(self.faults)} values"
        lines = "\n".join(f"- {fault}" for fault in self.faults)
        super().__init__(f"{values} of this stack's configuration cannot be used; nothing was created.\n{lines}")
