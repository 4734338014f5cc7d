"""What a handler of one resource type is, and the two values that it is given.

Here: `Handler` (create, read, update, delete, and what else Pulumi's engine asks of a type), `Ask` (what the program wants)
and `State` (what exists). Not here: any cloud. Only `lab.providers` imports this file.

`Ask` remembers which inputs a handler looked at, at every depth. What nobody looked at becomes a gap of the deployment: an
input cannot be dropped in silence.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

from lab.providers.plain import pascal
from lab.recording import Created, Gap

WHOLE = "*"
"""The `what` of a gap that stands for the whole resource."""

UNKNOWN_INPUT = "the lab's handler does not know this input"


class Ask:
    """The inputs of one resource (camelCase, plain), or of one object inside them."""

    def __init__(self, type_token: str, name: str, inputs: Mapping[str, Any], path: str = "") -> None:
        self.type = type_token
        self.name = name
        self.inputs = inputs
        self._path = path
        self._read: set[str] = set()
        self._inner: dict[str, Ask] = {}
        self._gaps: list[Gap] = []

    def __contains__(self, key: str) -> bool:
        return key in self.inputs

    def __bool__(self) -> bool:
        return bool(self.inputs)

    def __getitem__(self, key: str) -> Any:
        """The value of an input that the provider requires; KeyError when the program left it out."""
        self._read.add(key)
        return self.inputs[key]

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or the default where the program gave none."""
        self._read.add(key)
        return self.inputs.get(key, default)

    def pick(self, *keys: str, **renamed: str) -> dict[str, Any]:
        """The inputs that are there, by the cloud's names: `pick("cidrBlock", VpcId="vpcId")` as CidrBlock and VpcId."""
        names = {pascal(key): key for key in keys} | renamed
        return {name: self[key] for name, key in names.items() if key in self}

    def inner(self, key: str) -> "Ask":
        """The object in an input; an empty one where the program gave none."""
        self._read.add(key)
        return self._ask(self.inputs.get(key) or {}, key)

    def each(self, key: str) -> list["Ask"]:
        """The objects in an input that is a list."""
        self._read.add(key)
        items = cast("list[Mapping[str, Any]]", self.inputs.get(key) or [])
        return [self._ask(item, f"{key}[{index}]") for index, item in enumerate(items)]

    def gap(self, what: str, why: str) -> None:
        """Note that an input was not applied, or with `WHOLE` that the resource was not made at all."""
        self._read.add(what)
        self._gaps.append(Gap(self.type, self.name, self._path + what, why))

    @property
    def is_not_made(self) -> bool:
        """Whether the whole resource is a gap."""
        return any(gap.what == WHOLE for gap in self._gaps)

    def gaps(self) -> Iterator[Gap]:
        """What was noted, and what nobody looked at."""
        yield from self._gaps
        for key in sorted(set(self.inputs) - self._read):
            yield Gap(self.type, self.name, self._path + key, UNKNOWN_INPUT)
        for inner in self._inner.values():
            yield from inner.gaps()

    def _ask(self, inputs: Mapping[str, Any], key: str) -> "Ask":
        """The same one each time, so that it remembers all that was looked at."""
        if key not in self._inner:
            self._inner[key] = Ask(self.type, self.name, inputs, f"{self._path}{key}.")
        return self._inner[key]


@dataclass(frozen=True)
class State:
    """One resource that exists: its id, and its inputs and outputs as they were when it was created (secrets revealed)."""

    id: str
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])


class CannotUpdateError(Exception):
    """An input that the real provider changes in place, and for which the lab has no call."""

    def __init__(self, type_token: str, changed: frozenset[str]) -> None:
        self.changed = changed
        super().__init__(f"the lab cannot change {', '.join(sorted(changed))} of {type_token} in place")


class Handler(ABC):
    """Creates, reads and deletes the resources of one type. Called on several threads at once, so it keeps nothing.

    Whatever the cloud's SDK raises passes through: the engine reports it with type and name.
    """

    type: ClassVar[str]
    """The provider's type token."""

    replaces: ClassVar[frozenset[str]] = frozenset()
    """Inputs that the real provider cannot change in place: a change of one makes a new resource. Top level, or `a.b` inside
    an object or the objects of a list."""

    required: ClassVar[frozenset[str]] = frozenset()
    """Inputs without which the real provider refuses the resource."""

    defaults: ClassVar[Mapping[str, Any]] = {}
    """What the real provider fills in for an input that the program leaves out; a literal of its schema, never computed."""

    named: ClassVar[str] = ""
    """The input that the real provider fills from the logical name and a random tail; "" = none."""

    @abstractmethod
    def create(self, ask: Ask) -> Created:
        """Make the resource and wait until the cloud calls it ready. The gaps of `ask` are added by the registry."""

    @abstractmethod
    def read(self, state: State) -> Mapping[str, Any] | None:
        """The outputs as the cloud tells them now; None when the resource is gone."""

    def update(self, state: State, ask: Ask, changed: frozenset[str]) -> Created:
        """Change what exists to what `ask` wants, in place; the id stays.

        Args:
            state: The resource as it was last known.
            ask: All inputs as they are wanted now.
            changed: The top-level inputs that are otherwise than before; never one of `replaces`.

        Raises:
            CannotUpdateError: the lab knows no way to change one of these.
        """
        del state, ask
        raise CannotUpdateError(self.type, changed)

    def replaced_by(self, before: Mapping[str, Any], wanted: Mapping[str, Any]) -> frozenset[str]:
        """What replaces the resource under a condition only, beside `replaces`; most types have nothing of the kind.

        Args:
            before: All inputs as they were.
            wanted: All inputs as they are wanted now.

        Returns:
            Top-level inputs that differ, and for which the real provider makes a new resource because of the values.
        """
        del before, wanted
        return frozenset()

    @abstractmethod
    def delete(self, state: State) -> None:
        """Remove the resource; no error when it is gone already."""
