"""A trap before the emulated cloud: holds one call of a function on its way in, or the answer to it on its way out.

    way in    the request has left its sender and reached nobody: held, then let in (late) or dropped (lost)
    way out   the call is carried out and written down; its answer is held, then given or dropped with its connection

So a fault can strike at exactly that moment of a failover. A trap is set for one action, and where the action's name does
not say which, for what it is about; it catches the first such call that does not come from the lab's own clients, tells the
lab, and is open again for all others. Used by `lab.gate` and `lab.arm.server`; their threads wait in it, commands arrive on
another one.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

HOLD_S = 120.0
"""A call that nobody released is dropped then: a lab that forgets it does not hang."""


class Way(Enum):
    """Where a call is held."""

    IN = "in"
    OUT = "out"


class Fate(Enum):
    """What becomes of a held call, or of its answer."""

    GO_ON = "go-on"
    DROP = "drop"


@dataclass
class _Set:
    """One trap that was set."""

    action: str
    way: Way
    about: str = ""
    caught: bool = False
    fate: Fate | None = None


@dataclass
class Trap:
    """Open to everything until it is set.

    Attributes:
        own_caller: the lab's own access key id, whose calls are never held.
        tell: told of the action and the way as soon as a call is held.
    """

    own_caller: str
    tell: Callable[[str, Way], None]
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _sets: list[_Set] = field(default_factory=list["_Set"])

    def set(self, action: str, way: Way, about: str = "") -> None:
        """Hold the next call of this action; several traps may be set at once.

        `about`: and only one whose method and path begin so, in any letter case.
        """
        with self._changed:
            self._sets.append(_Set(action, way, about.lower()))

    def release(self, fate: Fate) -> int:
        """Let every held call go, open every trap that caught none; gives how many calls were held."""
        with self._changed:
            held = [trap for trap in self._sets if trap.caught]
            for trap in held:
                trap.fate = fate
            self._sets.clear()
            self._changed.notify_all()
            return len(held)

    def meet(self, action: str, caller: str, way: Way, about: str = "") -> Fate:
        """Wait in the trap, if one is set for this call; gives what is to become of it."""
        with self._changed:
            trap = self._fitting(action, caller, way, about.lower())
            if trap is None:
                return Fate.GO_ON
            trap.caught = True
        self.tell(action, way)
        with self._changed:
            self._changed.wait_for(lambda: trap.fate is not None, HOLD_S)
            return trap.fate or Fate.DROP

    def _fitting(self, action: str, caller: str, way: Way, about: str) -> _Set | None:
        if caller == self.own_caller:
            return None
        wanted = (action, way, False)
        return next(
            (trap for trap in self._sets if (trap.action, trap.way, trap.caught) == wanted and about.startswith(trap.about)),
            None,
        )
