"""What a deployment left behind, as plain data: registrations, stack outputs and gaps.

Here: the values and the lookups on them. Not here: the run that makes them (`lab.engine`). Anybody in `lab` and its tests
may import this file; tests of the program assert on these values only.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.providers.plain import secrets_in

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_TYPE_PREFIX = "pulumi:providers:"


@dataclass(frozen=True)
class Gap:
    """Something that the program asked for and the lab did not do."""

    type: str
    name: str
    what: str
    """The input's path (`metadataOptions.httpTokens`), or `*` for the whole resource."""
    why: str


@dataclass(frozen=True)
class Created:
    """What creating one resource gave: its id, its outputs (camelCase, plain), and what was not applied."""

    id: str
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One resource as the program registered it and as it came out.

    Inputs and outputs carry the provider's own names (camelCase) and plain values, each secret in a `Secret`; outputs are
    the inputs with what the provider returned laid over them. `depends_on` holds what the program named *and* what its
    inputs refer to (the protocol does not tell them apart), with a component replaced by the resources in it.
    """

    type: str
    name: str
    urn: str
    custom: bool
    """False for a component, which has neither id nor provider."""
    inputs: Mapping[str, Any]
    parent: str
    """URN of the parent; empty for the stack itself."""
    depends_on: tuple[str, ...]
    provider: str
    """`URN::id` of an explicit provider; empty for the default one."""
    protect: bool
    retain_on_delete: bool
    delete_before_replace: bool
    ignore_changes: tuple[str, ...]
    replace_on_changes: tuple[str, ...] = ()
    id: str
    outputs: Mapping[str, Any]

    @property
    def secret_inputs(self) -> frozenset[str]:
        """Names of the inputs that are secret or hold a secret at some depth."""
        return frozenset(key for key, value in self.inputs.items() if any(secrets_in(value)))


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One run of the program. Registrations stand in the order of completion: whatever a resource needs stands before it."""

    engine: str
    project: str
    stack: str
    registrations: tuple[Registration, ...]
    outputs: Mapping[str, Any]
    gaps: tuple[Gap, ...]
    messages: tuple[str, ...]
    """What the program said by `pulumi.log`, debugging apart."""

    def of_type(self, type_token: str) -> tuple[Registration, ...]:
        """The registrations of one type, in order of completion."""
        return tuple(each for each in self.registrations if each.type == type_token)

    def named(self, type_token: str, name: str) -> Registration:
        """The one registration of that type and name.

        Raises:
            LookupError: naming those of the type that are there.
        """
        found = [each for each in self.of_type(type_token) if each.name == name]
        if len(found) != 1:
            there = ", ".join(sorted(each.name for each in self.of_type(type_token))) or "none"
            raise LookupError(
                f"{len(found)} resources of type {type_token} are named {name!r}; of this type there are: {there}"
            )
        return found[0]

    def only(self, type_token: str) -> Registration:
        """The one registration of that type; LookupError when there are none or several."""
        found = self.of_type(type_token)
        if len(found) != 1:
            there = ", ".join(sorted(each.name for each in found)) or "none"
            raise LookupError(f"asked for the only resource of type {type_token}; there are {len(found)}: {there}")
        return found[0]

    def by_urn(self, urn: str) -> Registration:
        """The registration of that URN; KeyError when there is none."""
        for each in self.registrations:
            if each.urn == urn:
                return each
        raise KeyError(urn)

    def needs(self, registration: Registration) -> frozenset[str]:
        """URNs of everything that has to be there before this resource: what it names, what those name, and so on."""
        found: set[str] = set()
        ahead = list(needed_directly(registration))
        urns = {each.urn: each for each in self.registrations}
        while ahead:
            urn = ahead.pop()
            if urn in urns and urn not in found:
                found.add(urn)
                ahead.extend(needed_directly(urns[urn]))
        return frozenset(found)


def needed_directly(registration: Registration) -> Iterator[str]:
    """URNs of what this resource names: dependencies, parent, provider."""
    yield from registration.depends_on
    if registration.parent:
        yield registration.parent
    if registration.provider:
        yield registration.provider.rpartition("::")[0]


def urn(*, stack: str, project: str, parent: str, type_token: str, name: str) -> str:
    """The URN by the engine's own rule: a type carries the types of all ancestors but the stack's, joined by `$`.

    (pulumi sdk/go/common/resource/urn; the mock monitor's own rule differs from the third level on.)

    >>> root = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev"
    >>> top = urn(stack="dev", project="p", parent=root, type_token="a:b:C", name="c")
    >>> urn(stack="dev", project="p", parent=top, type_token="x:y:Z", name="z")
    'urn:pulumi:dev::p::a:b:C$x:y:Z::z'
    """
    ancestry = parent.split("::")[2] if parent else ""
    qualified = f"{ancestry}${type_token}" if ancestry not in {"", STACK_TYPE} else type_token
    return f"urn:pulumi:{stack}::{project}::{qualified}::{name}"
