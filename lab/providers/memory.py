"""What the provider remembers of a resource from one run to the next, in the state and nowhere else.

Here: one value, and its place among the outputs: `__meta`, where bridged providers keep theirs as a JSON text; the engine
shows nothing that begins with two underscores. Only `lab.providers.servicer` imports this file.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lab.providers.handler import WHOLE
from lab.recording import Gap

META = "__meta"
_OURS = "lab"


@dataclass(frozen=True)
class Memory:
    """What is remembered of one resource."""

    unconfirmed: frozenset[str] = frozenset()
    """Inputs that the emulator did not confirm when they were last set; what it tells of them is no drift."""
    unready: str = ""
    """Why it was not ready when it was made; empty: it was."""

    @classmethod
    def of(cls, outputs: Mapping[str, Any]) -> "Memory":
        """What stands among the outputs; nothing where the real provider or nobody wrote there."""
        try:
            ours = json.loads(outputs.get(META) or "{}").get(_OURS) or {}
        except ValueError:
            ours = {}
        return cls(frozenset(ours.get("unconfirmed", ())), ours.get("unready", ""))

    @property
    def is_not_made(self) -> bool:
        """Whether the lab made nothing at all, and said so by a gap."""
        return WHOLE in self.unconfirmed

    def after(self, changed: Iterable[str], gaps: Iterable[Gap]) -> "Memory":
        """What is remembered when these inputs were set and these gaps came of it."""
        tops = {gap.what.partition(".")[0].partition("[")[0] for gap in gaps}
        return Memory(self.unconfirmed - set(changed) | tops)

    def outputs(self) -> dict[str, str]:
        """The place among the outputs; empty when there is nothing to remember."""
        ours = {"unconfirmed": sorted(self.unconfirmed), "unready": self.unready}
        said = {key: value for key, value in ours.items() if value}
        return {META: json.dumps({_OURS: said})} if said else {}
