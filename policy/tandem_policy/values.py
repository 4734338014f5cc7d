"""What a rule reads and what it says: plain values.

A resource's properties carry the provider's own names (camelCase). A value that a preview cannot know yet is `UNKNOWN`. A
rule that only asks whether something is set takes it for set; a rule whose answer hangs on it says `Undecided`, and is asked
again by the update, before the resource is created.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any, Final, cast


class Unknown(Enum):
    """The one value of `UNKNOWN`."""

    UNKNOWN = "unknown"

    def __bool__(self) -> bool:
        """Whatever it will be, it is set."""
        return True


UNKNOWN: Final = Unknown.UNKNOWN

Properties = Mapping[str, Any]
Config = Mapping[str, Any]
"""A rule's configuration: every property of its schema, given or at its default."""

SITE_TAG = "tandem:site"
"""On everything that belongs to a pair; its value is the site's name."""
NAME_TAG = "Name"


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a stack: what the program chose, or in a stack rule what is known of it."""

    type: str
    name: str
    urn: str
    props: Properties
    protect: bool = False
    depends_on: frozenset[str] = frozenset()
    """URNs."""
    property_depends_on: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """URNs that the value of a property comes from, by the property's name; empty where nobody says."""

    @property
    def site(self) -> str:
        """The pair that it belongs to; empty when it belongs to none, or its tags are not known."""
        return text(tags_of(self).get(SITE_TAG))

    @property
    def site_is_unknown(self) -> bool:
        """Whether it may belong to any pair."""
        tags = self.props.get("tags")
        return tags is UNKNOWN or block(tags).get(SITE_TAG) is UNKNOWN

    def reads(self, other: "Resource", property_name: str) -> bool:
        """Whether the property's value comes from the other resource."""
        if self.property_depends_on:
            return other.urn in self.property_depends_on.get(property_name, frozenset())
        return other.urn in self.depends_on


@dataclass(frozen=True)
class Finding:
    """A rule is broken."""

    said: str
    """What was found, and what to do."""
    urn: str = ""
    """Of the resource; empty for the resource that was asked about, and for the stack as a whole."""


@dataclass(frozen=True)
class Undecided:
    """The rule's answer hangs on a value that is not known before the update."""

    path: str
    """Of the value, with dots."""


Answers = Iterator[Finding | Undecided]
OfResource = Callable[[Resource, Config], Answers]
OfStack = Callable[[Sequence[Resource], Config], Answers]


class Level(Enum):
    """What a finding does, unless the user's configuration says otherwise; Pulumi's own words."""

    MANDATORY = "mandatory"
    """It ends the preview or the update."""
    ADVISORY = "advisory"
    """It is shown."""


EXEMPT: Final = "exempt"
EXEMPTIONS: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"name": {"type": "string"}, "why": {"type": "string", "minLength": 1}},
        "required": ["name", "why"],
        "additionalProperties": False,
    },
    "default": [],
    "description": "Resources that need not keep the rule, by their names in the program (* for any letters), and why.",
}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule: a function for each cloud of which it says something.

    Those `of_resource` are asked about every resource, those `of_stack` about all together; a rule has one kind of the two.
    """

    name: str
    sentence: str
    level: Level
    why: str
    of_resource: Sequence[OfResource] = ()
    of_stack: Sequence[OfStack] = ()
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """What this rule may be told, as JSON schema by property; each has a `default` and a `description`."""

    @property
    def schema(self) -> Mapping[str, Mapping[str, Any]]:
        """What it may be told in all."""
        return {**self.options, EXEMPT: EXEMPTIONS}

    def config(self, given: Config | None) -> Config:
        """What is given, over the defaults."""
        return {**{key: declared["default"] for key, declared in self.schema.items()}, **(given or {})}

    def ask_resource(self, resource: Resource, given: Config | None = None) -> Answers:
        """What the rule says of one resource; nothing where it is about stacks, or the resource is exempt."""
        config = self.config(given)
        if not _is_exempt(resource.name, config):
            for ask in self.of_resource:
                yield from ask(resource, config)

    def ask_stack(self, resources: Sequence[Resource], given: Config | None = None) -> Answers:
        """What the rule says of a stack, less what it says of exempt resources; nothing where it is about single ones."""
        config = self.config(given)
        names = {resource.urn: resource.name for resource in resources}
        for ask in self.of_stack:
            for answer in ask(resources, config):
                if not (isinstance(answer, Finding) and _is_exempt(names.get(answer.urn, ""), config)):
                    yield answer


def _is_exempt(name: str, config: Config) -> bool:
    return bool(name) and any(fnmatchcase(name, text(each.get("name"))) for each in maps(config[EXEMPT]))


def text(value: object) -> str:
    """A text as it is, anything else (missing, unknown) as none."""
    return value if isinstance(value, str) else ""


def yes(value: object) -> bool:
    """Whether a property is known to be true; the provider takes some as text."""
    return value is True or value == "true"


def items(value: object) -> Sequence[Any]:
    """A list's items; one value alone is a list of one, nothing and the unknown a list of none."""
    if isinstance(value, list | tuple):
        return cast("Sequence[Any]", value)
    return [] if value is None or value is UNKNOWN else [value]


def maps(value: object) -> Sequence[Properties]:
    """The items that are maps: nested blocks of a resource."""
    return [cast("Properties", item) for item in items(value) if isinstance(item, Mapping)]


def block(value: object) -> Properties:
    """One nested block; empty when it is missing. The provider also takes a list of one."""
    found = maps(value)
    return found[0] if found else {}


def tags_of(resource: Resource) -> Properties:
    """Its tags, those of the provider included where they are known."""
    return {**block(resource.props.get("tagsAll")), **block(resource.props.get("tags"))}


def unknown_at(path: str, *values: object) -> Answers:
    """`Undecided`, if one of the values is not known."""
    if any(value is UNKNOWN for value in values):
        yield Undecided(path)


def of_types(resources: Iterable[Resource], *types: str) -> list[Resource]:
    """The resources of these types."""
    return [resource for resource in resources if resource.type in types]


def integers(minimum: int, default: int, description: str) -> Mapping[str, Any]:
    """The schema of a whole number."""
    return {"type": "integer", "minimum": minimum, "default": default, "description": description}


def switch(description: str) -> Mapping[str, Any]:
    """The schema of a switch that is off."""
    return {"type": "boolean", "default": False, "description": description}


def texts(description: str) -> Mapping[str, Any]:
    """The schema of a list of texts, none by default."""
    return {"type": "array", "items": {"type": "string"}, "default": [], "description": description}
