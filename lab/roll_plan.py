"""What the preview of a rolling change shows, and why it may not be brought in: nobody but the one worker is changed. Pure.

Here: reading and judging `pulumi preview --json`. Not here: running anything (`lab.rolling`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.half_replaced import ATTACHMENT, CALL
from lab.urns import name_of, type_of

INSTANCE = "aws:ec2/instance:Instance"
VM = "azure-native:compute:VirtualMachine"
MACHINES = frozenset({INSTANCE, VM})
LOCK = "azure-native:authorization:ManagementLockByScope"
OWN = frozenset({*MACHINES, ATTACHMENT, "aws:ec2/capacityReservation:CapacityReservation"})
"""Types of what is one worker's alone and may be made anew with it. Its disk and the addresses are not among them."""

CALM = frozenset({"same", "read", "refresh"})


@dataclass(frozen=True)
class Step:
    """One thing that an up would do."""

    op: str
    type: str
    name: str
    why: tuple[str, ...]
    """Properties that differ."""
    guarded: bool = False
    """AWS refuses to delete it: its `disableApiTermination` is on."""

    @property
    def ends(self) -> bool:
        """Whether something is deleted, for good or to be made anew."""
        return "delete" in self.op or "replace" in self.op

    def is_of(self, worker: str) -> bool:
        """Whether it is about something that this worker alone has."""
        return self.type in OWN and self.name.endswith(f"-{worker}")

    def __str__(self) -> str:
        kind = self.type.rpartition(":")[2]
        return f"{self.op} {kind} {self.name}" + (f" ({', '.join(self.why)})" if self.why else "")


def read(preview: Mapping[str, Any]) -> tuple[Step, ...]:
    """The steps that change something, in the engine's order."""
    return tuple(_step(each) for each in preview.get("steps", ()) if each["op"] not in CALM)


def _step(step: Mapping[str, Any]) -> Step:
    urn = str(step["urn"])
    why = step.get("replaceReasons") or step.get("diffReasons") or ()
    guarded = bool((step.get("oldState") or {}).get("inputs", {}).get("disableApiTermination"))
    return Step(str(step["op"]), type_of(urn), name_of(urn), tuple(why), guarded)


def touches(steps: Sequence[Step], worker: str) -> bool:
    """Whether there is anything to roll."""
    return any(step.type in MACHINES and step.is_of(worker) for step in steps)


def is_made_anew(steps: Sequence[Step], worker: str) -> bool:
    """Whether the worker gets another machine, rather than a stop and a start."""
    return any(step.type in MACHINES and step.is_of(worker) and step.op != "update" for step in steps)


def faults(steps: Sequence[Step], worker: str) -> Iterator[str]:
    """Why these steps are no rolling change of this worker; nothing where they are."""
    for step in steps:
        if step.type in MACHINES and not step.is_of(worker):
            yield f"{step}: another worker"
        elif step.ends and step.type == LOCK:
            yield f"{step}: it protects the machine (deletionProtection is true in the state)"
        elif step.ends and step.type != CALL and not step.is_of(worker):
            yield f"{step}: it must outlive a rolling change"
        elif step.ends and step.guarded:
            yield f"{step}: AWS protects it (deletionProtection is true in the state)"
