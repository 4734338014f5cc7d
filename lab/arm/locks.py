"""Management locks: CanNotDelete refuses every DELETE below its scope, ReadOnly every PUT, PATCH, POST and DELETE.

A lock itself is made and taken away all the same, or nobody could remove it. What stands inside another resource (a rule, a
subnet) is guarded like any other; what goes with something else (a disk with its machine) is not looked at.
"""

from lab.arm.bodies import same, text
from lab.arm.ids import key_of, scopes_of
from lab.arm.messages import Refusal
from lab.arm.world import World

LOCK = "Microsoft.Authorization/locks"
_WORDS = {"DELETE": "delete"}


def locked(world: World, method: str, target_id: str, target_type: str) -> Refusal | None:
    """Why a lock forbids a write; None: none does."""
    if same(target_type, LOCK):
        return None
    above, below = set(scopes_of(target_id)), key_of(target_id) + "/"
    for lock in world.of_type(LOCK):
        scope = lock.id.rpartition("/providers/")[0]
        level = text(lock.body, "properties", "level")
        stops = method == "DELETE" or same(level, "ReadOnly")
        # A group is not deleted from over the head of what is locked inside it.
        inside = method == "DELETE" and key_of(scope).startswith(below)
        if stops and (key_of(scope) in above or inside):
            verb = _WORDS.get(method, "write")
            return Refusal(
                409,
                "ScopeLocked",
                f"The scope '{target_id}' cannot perform {verb} operation because following scope(s) are locked: '{scope}'. "
                "Please remove the lock and try again.",
            )
    return None
