"""What a refresh makes of the inputs: as azure-native's Read does it. Pure.

The real provider cannot see the inputs in an answer. So it takes the part of the outputs that could have been inputs, of
the last answer and of this one, and lays the difference of the two over the inputs (`provider.go`, `Read`; `diff.go`,
`applyDiff`). Hence an input appears that the program never gave, as soon as somebody changed it in Azure. A list that is a
resource of its own too, and that the inputs do not name, is left out.
"""

import copy
from collections.abc import Mapping
from typing import Any, cast

from lab.providers.azure_native.mapping import projected
from lab.providers.azure_native.tables import Row
from lab.providers.plain import Secret, reveal, secrets_in


def inputs_now(row: Row, inputs: Mapping[str, Any], known: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs after a refresh.

    Args:
        row: The type.
        inputs: As the state has them.
        known: The outputs as the state has them.
        told: The outputs as Azure tells them now.
    """
    plain = reveal(dict(inputs))
    seen = copy.deepcopy(dict(told))
    for path in row.standalone:
        if _missing(plain, path):
            _drop(seen, path)
    now = _laid_over(plain, projected(row, reveal(dict(known))), projected(row, seen))
    secret = {name for name, value in inputs.items() if any(secrets_in(value))}
    return {name: _kept(inputs.get(name), plain.get(name), value, is_secret=name in secret) for name, value in now.items()}


def adopted(row: Row, resource_id: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of a resource that was never the engine's (`.get`, import): those in its path, and what was told."""
    return {**projected(row, told), **row.names_in(resource_id), "azureApiVersion": row.api}


def _kept(before: Any, plain: Any, now: Any, *, is_secret: bool) -> Any:
    """The value as the state had it where it is the same; secret again where it was."""
    if now == plain:
        return before
    return Secret(now) if is_secret else now


def _laid_over(values: Mapping[str, Any], before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    result = {name: value for name, value in values.items() if name in now or name not in before}
    for name, value in now.items():
        if name not in before:
            result[name] = value
        elif before[name] != value:
            result[name] = _value_laid_over(values[name], before[name], value) if name in values else value
    return result


def _value_laid_over(value: Any, before: Any, now: Any) -> Any:
    if isinstance(value, Mapping) and isinstance(before, Mapping) and isinstance(now, Mapping):
        return _laid_over(*(cast("Mapping[str, Any]", each) for each in (value, before, now)))
    if isinstance(value, list) and isinstance(before, list) and isinstance(now, list):
        values, olds, news = (cast("list[Any]", each) for each in (value, before, now))
        return [_element(values, olds, index, each) for index, each in enumerate(news)]
    return now


def _element(values: list[Any], before: list[Any], index: int, now: Any) -> Any:
    """An element that did not change stays as it was given; a new one is taken as it is told."""
    if index >= min(len(values), len(before)):
        return now
    return values[index] if before[index] == now else _value_laid_over(values[index], before[index], now)


def _missing(inputs: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    value: Any = inputs
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            return True
        value = cast("Mapping[str, Any]", value)[name]
    return False


def _drop(document: dict[str, Any], path: tuple[str, ...]) -> None:
    value: Any = document
    for name in path[:-1]:
        value = cast("dict[str, Any]", value).get(name) if isinstance(value, dict) else None
    if isinstance(value, dict):
        cast("dict[str, Any]", value).pop(path[-1], None)
