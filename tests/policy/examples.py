"""Examples of the rules: stacks that hold one resource or a few, with what the rule says of them. Plain values.

Every file `examples_*.py` has a tuple `EXAMPLES`; `every.ALL` is all of them. The tests ask the rules by function and by the
served pack.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tandem_policy.values import Resource

SITE = "tandem-aws-test"
OURS = {"tandem:site": SITE}
KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"


@dataclass(frozen=True, kw_only=True)
class Example:
    """What a rule says of a stack; a rule of single resources is asked about each."""

    rule: str
    what: str
    resources: Sequence[Resource]
    says: Sequence[str] = ()
    """Whole messages; none: the example passes."""
    undecided: Sequence[str] = ()
    """Paths of values that the answer hangs on."""
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def name(self) -> str:
        """For the test's name."""
        return f"{self.rule}: {self.what}"


def urn(type_token: str, name: str) -> str:
    """The URN of a resource of the examples' stack."""
    return f"urn:pulumi:test::examples::{type_token}::{name}"


def make(type_token: str, name: str = "it", /, *, protect: bool = False, **props: Any) -> Resource:
    """One resource that depends on nothing."""
    return Resource(type=type_token, name=name, urn=urn(type_token, name), props=props, protect=protect)


def after(resource: Resource, **reads: Resource) -> Resource:
    """The same resource, with the other resources that its properties' values come from."""
    return Resource(
        type=resource.type,
        name=resource.name,
        urn=resource.urn,
        props=resource.props,
        protect=resource.protect,
        depends_on=frozenset(other.urn for other in reads.values()),
        property_depends_on={name: frozenset({other.urn}) for name, other in reads.items()},
    )
