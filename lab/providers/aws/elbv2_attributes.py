"""The attributes of balancers, groups and listeners: the cloud keeps each one as a text under a long name.

Only the handlers of this service import this file.
"""

from collections.abc import Container, Mapping
from typing import Any

from lab.providers.aws.cloud import as_text, fixed, tag_list, tag_map
from lab.providers.handler import Ask

AS_TEXT = frozenset({"preserveClientIp"})
"""Inputs that the provider has as texts too."""


def with_tags(ask: Ask) -> dict[str, Any]:
    """The tags of something that is being created, as a keyword argument; this service refuses an empty list."""
    tags = tag_list(ask.get("tags"))
    return {"Tags": tags} if tags else {}


def asked(
    ask: Ask, names: Mapping[str, str], which: Container[str], without: Mapping[str, Any] = fixed()
) -> list[dict[str, str]]:
    """The attributes behind these inputs.

    Args:
        ask: What the program wants.
        names: Every input, and the attribute behind it.
        which: The inputs that are meant.
        without: What holds for an input that the program does not name; with no value here the attribute is left alone.
    """
    named = {name: key for name, key in names.items() if name in which and (name in ask or name in without)}
    return [{"Key": key, "Value": as_text(ask.get(name, without.get(name)))} for name, key in named.items()]


def kept(attributes: list[Mapping[str, str]], names: Mapping[str, str]) -> dict[str, Any]:
    """The inputs, as the attributes that the cloud keeps say them."""
    known = {each["Key"]: each["Value"] for each in attributes}
    return {name: _value(name, known[key]) for name, key in names.items() if key in known}


def _value(name: str, text: str) -> Any:
    if name in AS_TEXT:
        return text
    return text == "true" if text in {"true", "false"} else int(text)


def tags_of(elb: Any, arn: str) -> dict[str, str]:
    """The tags of whatever has this ARN."""
    return tag_map(elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"])
