"""Handlers over a dictionary instead of a cloud, for tests of what stands between Pulumi's engine and a handler."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from lab.providers.handler import Ask, Handler, NotReadyError, State
from lab.providers.registry import Registry
from lab.recording import Created

VPC = "aws:ec2/vpc:Vpc"
ROLE = "aws:iam/role:Role"
SUBNET = "aws:ec2/subnet:Subnet"


@dataclass
class Shelf:
    """What exists, by id; `unready` are ids that are there and not ready."""

    things: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    unready: set[str] = field(default_factory=set[str])
    asked: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])


class Thing(Handler):
    """Keeps its inputs on the shelf and tells them again, with an `arn`."""

    prefix: ClassVar[str]
    takes: ClassVar[tuple[str, ...]]

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def create(self, ask: Ask) -> Created:
        """Put it on the shelf."""
        self.shelf.asked.append(dict(ask.inputs))
        made = f"{self.prefix}-{len(self.shelf.things) + 1}"
        self.shelf.things[made] = {name: ask[name] for name in self.takes if name in ask}
        if made in self.shelf.unready:
            raise NotReadyError(f"{made} is pending", State(made, self.told(made)))
        return Created(made, self.told(made))

    def ready(self, state: State) -> bool:
        """Unless the test says otherwise."""
        return state.id not in self.shelf.unready

    def read(self, state: State) -> Mapping[str, Any] | None:
        """What stands on the shelf."""
        return self.told(state.id) if state.id in self.shelf.things else None

    def update(self, state: State, ask: Ask, changed: frozenset[str]) -> Created:
        """Change what stands on the shelf."""
        for name in set(ask.inputs) - changed:
            ask.get(name)
        self.shelf.asked.append({name: ask.get(name) for name in changed})
        thing = self.shelf.things[state.id]
        for name in changed:
            thing.pop(name, None)
            if name in ask:
                thing[name] = ask[name]
        return Created(state.id, self.told(state.id))

    def delete(self, state: State) -> None:
        """Take it off the shelf."""
        self.shelf.things.pop(state.id, None)

    def told(self, made: str) -> dict[str, Any]:
        """As a cloud tells it."""
        thing = self.shelf.things[made]
        return {**thing, "arn": f"arn:{made}", "tagsAll": dict(thing.get("tags", {}))}


class Vpc(Thing):
    """Has no name of its own."""

    type = VPC
    prefix = "vpc"
    takes = ("cidrBlock", "tags", "instanceTenancy", "enableDnsSupport")
    required = frozenset({"cidrBlock"})
    replaces = frozenset({"cidrBlock", "instanceTenancy"})
    defaults: ClassVar[Mapping[str, Any]] = {"instanceTenancy": "default", "enableDnsSupport": True}


class Subnet(Thing):
    """Needs two inputs."""

    type = SUBNET
    prefix = "subnet"
    takes = ("vpcId", "cidrBlock", "tags")
    required = frozenset({"vpcId", "cidrBlock"})
    replaces = frozenset({"vpcId", "cidrBlock"})


class Role(Thing):
    """Is named, has an object inside, and something that nobody tells again."""

    type = ROLE
    prefix = "role"
    takes = ("name", "inlinePolicies", "path", "password", "tags")
    named = "name"
    untold = frozenset({"password"})
    replaces = frozenset({"name", "inlinePolicies.name"})

    def told(self, made: str) -> dict[str, Any]:
        """Without the password."""
        return {name: value for name, value in super().told(made).items() if name != "password"}


def shelved(shelf: Shelf) -> Registry:
    """The handlers over one shelf, and one function."""
    handlers = (Vpc(shelf), Subnet(shelf), Role(shelf))
    return Registry.of(handlers, {"aws:index/getRegion:getRegion": lambda ask: {"region": "here", **ask.pick(name="name")}})
