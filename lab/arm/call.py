"""One call in the middle of being answered: everything that reading and writing need to know of it."""

from dataclasses import dataclass

from lab.arm.access import Caller
from lab.arm.ids import Target
from lab.arm.kinds import Kind
from lab.arm.messages import Refusal, RefusedError, Request
from lab.arm.settings import Settings
from lab.arm.world import World

NOT_EMULATED = "NotEmulated"
"""Error code of what the lab does not play; Azure has no such code."""


@dataclass(frozen=True)
class Call:
    """A request whose caller is known and may ask for it."""

    world: World
    settings: Settings
    request: Request
    target: Target
    action: str
    caller: Caller

    @property
    def now_s(self) -> float:
        """The time."""
        return self.caller.now_s


def not_emulated(what: str) -> RefusedError:
    """For the caller to raise: this lab does not play it. 400, so that no SDK tries again."""
    return RefusedError(Refusal(400, NOT_EMULATED, f"{what}: the lab's Resource Manager does not play it"))


def not_found(target: Target, kind: Kind | None) -> RefusedError:
    """For the caller to raise: there is no such resource."""
    if kind and kind.collection:
        return RefusedError(Refusal(404, "NotFound", f"Resource {target.id} not found."))
    if kind and kind.type.endswith("/resourceGroups"):
        return group_not_found(target)
    name = f"{target.type}/{target.name}"
    return RefusedError(
        Refusal(
            404,
            "ResourceNotFound",
            f"The Resource '{name}' under resource group '{target.group}' was not found. For more details please go to "
            "https://aka.ms/ARMResourceNotFoundFix",
        )
    )


def group_not_found(target: Target) -> RefusedError:
    """For the caller to raise: there is no such resource group."""
    return RefusedError(Refusal(404, "ResourceGroupNotFound", f"Resource group '{target.group}' could not be found."))
