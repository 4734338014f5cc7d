"""Where a Resource Manager path leads. Pure; anybody in the lab may import this.

    /subscriptions/S/resourceGroups/G/providers/Microsoft.Network/virtualNetworks/v/subnets/s
    <------------- scope -----------> <--------------------- of the provider --------------->

Segments come in pairs, a type and a name. One that is left over at the end is a collection (GET) or an action (POST) of
what stands before it. An id is written in many letter cases and means the same: ids are kept as they were first written
(but for `resourceGroups`, which the clients write in two ways), and looked up by `key_of`.
"""

from dataclasses import dataclass

_PROVIDERS = "providers"
_GROUPS = "resourceGroups"
GROUP_TYPE = "Microsoft.Resources/resourceGroups"
SUBSCRIPTION_TYPE = "Microsoft.Resources/subscriptions"


def key_of(arm_id: str) -> str:
    """The form in which ids are compared.

    >>> key_of("/subscriptions/S/resourcegroups/G/")
    '/subscriptions/s/resourcegroups/g'
    """
    return arm_id.rstrip("/").lower()


@dataclass(frozen=True)
class Target:
    """What a path names.

    Attributes:
        id: the resource, group or subscription, without what is left over.
        type: its whole type, as it was written.
        name: its name.
        rest: a collection or an action of it; a collection of a provider is written `Microsoft.X/types`. Else empty.
    """

    id: str
    type: str
    name: str
    rest: str = ""

    @property
    def key(self) -> str:
        """How it is looked up."""
        return key_of(self.id)

    @property
    def subscription(self) -> str:
        """The subscription's id, as written; empty outside of any."""
        return _after(self.id, "subscriptions")

    @property
    def group(self) -> str:
        """The resource group's name, as written; empty outside of any."""
        return _after(self.id, "resourcegroups")

    @property
    def group_key(self) -> str:
        """How the resource group is looked up; empty outside of any."""
        return key_of(f"/subscriptions/{self.subscription}/resourceGroups/{self.group}") if self.group else ""

    @property
    def namespace(self) -> str:
        """The provider's namespace, "Microsoft.Network"."""
        return (self.rest or self.type).partition("/")[0] if "/" in self.rest else self.type.partition("/")[0]

    @property
    def parent_id(self) -> str:
        """What a child resource stands in; empty for one that stands in none."""
        return self.id.rpartition("/")[0].rpartition("/")[0] if self.type.count("/") > 1 else ""


def parse(path: str) -> Target:
    """Read a path.

    >>> parse("/subscriptions/S/resourceGroups/G/providers/Microsoft.Compute/virtualMachines/wk1/powerOff").rest
    'powerOff'
    >>> parse("/subscriptions/S/resourceGroups/G/providers/Microsoft.Compute/disks")
    Target(id='/subscriptions/S/resourceGroups/G', type='Microsoft.Resources/resourceGroups', name='G', rest='Microsoft.Compute/disks')

    Raises:
        ValueError: it is no such path.
    """  # noqa: E501 - a doctest's result is one line
    parts = [_GROUPS if part.lower() == _GROUPS.lower() else part for part in path.split("/") if part]
    at = len(parts) - 1 - next((i for i, part in enumerate(reversed(parts)) if part.lower() == _PROVIDERS), len(parts))
    if at < 0:
        return _scope(parts)
    scope, (namespace, *pairs) = parts[:at], parts[at + 1 :] or [""]
    rest = pairs.pop() if len(pairs) % 2 else ""
    if not pairs:
        owner = parse("/" + "/".join(scope))
        if owner.rest:
            raise ValueError(f"{path!r} names no resource before its provider")
        return Target(owner.id, owner.type, owner.name, f"{namespace}/{rest}")
    text = "/" + "/".join([*scope, parts[at], namespace, *pairs])
    return Target(text, "/".join([namespace, *pairs[::2]]), pairs[-1], rest)


def _scope(parts: list[str]) -> Target:
    match [part.lower() for part in parts]:
        case ["subscriptions", _]:
            return Target("/" + "/".join(parts), SUBSCRIPTION_TYPE, parts[1])
        case ["subscriptions", _, "resourcegroups"]:
            return Target("/" + "/".join(parts[:2]), SUBSCRIPTION_TYPE, parts[1], GROUP_TYPE)
        case ["subscriptions", _, "resourcegroups", _]:
            return Target("/" + "/".join(parts), GROUP_TYPE, parts[3])
        case ["subscriptions", _, rest]:
            return Target("/" + "/".join(parts[:2]), SUBSCRIPTION_TYPE, parts[1], rest)
        case _:
            raise ValueError(f"{'/'.join(parts)!r} is no path of Resource Manager: a subscription comes first")


def _after(arm_id: str, word: str) -> str:
    parts = arm_id.split("/")
    at = next((i for i, part in enumerate(parts) if part.lower() == word), len(parts))
    return parts[at + 1] if at + 1 < len(parts) else ""


def scopes_of(arm_id: str) -> tuple[str, ...]:
    """The keys of everything that a role assignment may stand at to hold here, the widest last.

    >>> scopes_of("/subscriptions/S/resourceGroups/G")
    ('/subscriptions/s/resourcegroups/g', '/subscriptions/s')
    """
    parts = key_of(arm_id).split("/")[1:]
    return tuple("/" + "/".join(parts[:end]) for end in range(len(parts), 1, -1))
