"""Reading parts of a body without trusting its shape. Pure."""

from collections.abc import Mapping
from typing import Any, cast

from lab.arm.messages import Json


def properties(item: Mapping[str, Any]) -> Json:
    """The properties of a resource or child; empty where it has none."""
    return as_object(item.get("properties"))


def as_object(value: object) -> Json:
    """The value, if it is an object; else an empty one."""
    return cast("Json", value) if isinstance(value, dict) else {}


def objects(value: object) -> list[Json]:
    """The objects of a list; empty where it is none."""
    return (
        [as_object(each) for each in cast("list[object]", value) if isinstance(each, dict)]
        if isinstance(value, list)
        else []
    )


def items(item: Mapping[str, Any], collection: str) -> list[Json]:
    """The children of a resource that stand in this property."""
    return objects(properties(item).get(collection))


def text(item: Mapping[str, Any], *path: str) -> str:
    """A text deep inside; empty where there is none.

    >>> text({"sku": {"name": "Standard"}}, "sku", "name")
    'Standard'
    """
    value: object = item
    for name in path:
        value = as_object(value).get(name)
    return value if isinstance(value, str) else ""


def reference(item: Mapping[str, Any], *path: str) -> str:
    """The id that a reference `{"id": ...}` deep inside holds; empty where there is none."""
    return text(item, *path, "id")


def same(one: str, other: str) -> bool:
    """Whether two texts are equal for Azure, which knows no letter case."""
    return one.lower() == other.lower()


def named(children: list[Json], name: str) -> Json | None:
    """The child of this name."""
    return next((child for child in children if same(text(child, "name"), name)), None)
