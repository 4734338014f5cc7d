"""A deployment of an inline template: the resources that it names, each written as if somebody had asked for it. Pure.

Here: what a template's resources are, as requests. Played is the little that a program puts into one: literal names and
bodies, and texts that are a single `[parameters('name')]`. Every other expression, and every other part of the language
(loops, conditions, nested templates, links), is refused by name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from lab.arm.bodies import as_object, objects, properties, text
from lab.arm.call import not_emulated
from lab.arm.messages import Json

DEPLOYMENT = "Microsoft.Resources/deployments"
_PARAMETER = re.compile(r"\[parameters\('(\w+)'\)\]")
_OF_THE_ENVELOPE = frozenset({"type", "apiVersion", "name", "dependsOn", "comments"})
_UNPLAYED = ("copy", "condition", "scope", "resources")


@dataclass(frozen=True)
class Step:
    """One resource of a template."""

    path: str
    api_version: str
    body: Json


def steps(deployment: Mapping[str, Any], group_id: str) -> list[Step]:
    """The resources of a deployment's template, in their order.

    Raises:
        RefusedError: the template needs something that is not played.
    """
    inside = properties(deployment)
    template = as_object(inside.get("template"))
    if not template:
        raise not_emulated("a deployment without an inline template")
    given = {**_defaults(template), **_values(as_object(inside.get("parameters")))}
    return [_step(each, given, group_id) for each in objects(template.get("resources"))]


def _step(resource: Json, given: Mapping[str, Any], group_id: str) -> Step:
    for name in _UNPLAYED:
        if name in resource:
            raise not_emulated(f"{name!r} in a template's resource")
    whole = as_object(_filled(resource, given))
    namespace, *types = text(whole, "type").split("/")
    names = text(whole, "name").split("/")
    if len(types) != len(names):
        raise not_emulated(f"a template's resource of type {text(whole, 'type')!r} named {text(whole, 'name')!r}")
    pairs = "/".join(f"{kind}/{name}" for kind, name in zip(types, names, strict=True))
    body = {name: value for name, value in whole.items() if name not in _OF_THE_ENVELOPE}
    return Step(f"{group_id}/providers/{namespace}/{pairs}", text(whole, "apiVersion"), body)


def _defaults(template: Json) -> dict[str, Any]:
    declared = as_object(template.get("parameters"))
    return {name: as_object(each)["defaultValue"] for name, each in declared.items() if "defaultValue" in as_object(each)}


def _values(parameters: Json) -> dict[str, Any]:
    return {name: as_object(each).get("value") for name, each in parameters.items()}


def _filled(value: Any, given: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return {name: _filled(each, given) for name, each in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list):
        return [_filled(each, given) for each in cast("list[Any]", value)]
    if not isinstance(value, str) or not value.startswith("[") or value.startswith("[["):
        return value[1:] if isinstance(value, str) and value.startswith("[[") else value
    found = _PARAMETER.fullmatch(value)
    if found is None or found[1] not in given:
        raise not_emulated(f"the template expression {value}")
    return given[found[1]]
