"""Finds the handler of a resource type and the function of an invoke.

A `Registry` gives an engine its callables: `create`, `update`, `delete`, `read` and `invoke`. It knows no cloud;
`lab.providers.aws.registry` builds the one for AWS.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from lab.providers.handler import Ask, Handler, State
from lab.providers.plain import reveal
from lab.recording import Created, Registration

Function = Callable[[Ask], Mapping[str, Any]]


class NoHandlerError(LookupError):
    """The program uses a type or a function that the lab does not have."""

    def __init__(self, kind: str, token: str, there: Iterable[str]) -> None:
        self.token = token
        self.there = tuple(sorted(there))
        super().__init__(
            f"the lab has no {kind} for {token}; it has: {', '.join(self.there)}. "
            f"Add one under lab/providers, or leave this out of a stack that the lab deploys"
        )


@dataclass(frozen=True)
class Registry:
    """Handlers by type token and functions by function token."""

    handlers: Mapping[str, Handler]
    functions: Mapping[str, Function]

    @classmethod
    def of(cls, handlers: Iterable[Handler], functions: Mapping[str, Function]) -> Self:
        """A registry of these handlers; ValueError when two of them claim one type."""
        by_type: dict[str, Handler] = {}
        for handler in handlers:
            if handler.type in by_type:
                raise ValueError(f"two handlers claim {handler.type}")
            by_type[handler.type] = handler
        return cls(by_type, functions)

    def create(self, type_token: str, name: str, inputs: Mapping[str, Any]) -> Created:
        """Create one resource; its gaps say which inputs were not applied.

        Raises:
            NoHandlerError: there is no handler for the type.
        """
        ask = Ask(type_token, name, inputs)
        created = self._handler(type_token).create(ask)
        return replace(created, gaps=(*created.gaps, *ask.gaps()))

    def update(
        self, type_token: str, name: str, state: State, inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> Created:
        """Change one resource in place; its gaps say which of the changed inputs were not applied.

        Args:
            type_token: The provider's type token.
            name: The logical name, for the gaps.
            state: The resource as it was last known.
            inputs: All inputs as they are wanted now.
            changed: The top-level inputs that are otherwise than before; never one that replaces the resource.

        Raises:
            NoHandlerError: there is no handler for the type.
            CannotUpdateError: the lab knows no way to change one of these in place.
        """
        ask = Ask(type_token, name, inputs)
        updated = self._handler(type_token).update(state, ask, changed)
        return replace(updated, gaps=(*updated.gaps, *ask.gaps()))

    def read(self, registration: Registration) -> Mapping[str, Any] | None:
        """What the cloud says of the resource now; None when it is gone."""
        return self._handler(registration.type).read(_state(registration))

    def delete(self, registration: Registration) -> None:
        """Delete one resource."""
        self._handler(registration.type).delete(_state(registration))

    def invoke(self, token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask one function of the provider.

        Raises:
            NoHandlerError: there is no such function.
            ValueError: the lab's function does not understand one of the arguments.
        """
        if token not in self.functions:
            raise NoHandlerError("function", token, self.functions)
        ask = Ask(token, "", arguments)
        result = self.functions[token](ask)
        if ignored := [gap.what for gap in ask.gaps()]:
            raise ValueError(f"the lab's {token} does not understand the argument {', '.join(ignored)}")
        return result

    def _handler(self, type_token: str) -> Handler:
        if type_token not in self.handlers:
            raise NoHandlerError("handler", type_token, self.handlers)
        return self.handlers[type_token]


def _state(registration: Registration) -> State:
    return State(registration.id, reveal(registration.outputs))
