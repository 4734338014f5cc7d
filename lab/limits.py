"""What AWS's own models say of a request beyond its types: lengths, patterns, closed sets. botocore checks none of these.

botocore's validator looks at names, types and minima; maxima, patterns and enumerations stand in the same models and are
left to the service, and the emulators do not look either. `guard` makes a client refuse what AWS would refuse.

Not here: limits that no model holds (names of network load balancers, policy sizes); those are in `infra.naming` and in
the tests of the program. The lab and tests may import this file.
"""

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape

_PROPERTIES = {r"\p{L}": r"\w", r"\p{N}": r"\d", r"\p{Z}": r"\s"}
r"""Unicode classes of the models' patterns in the words of `re`. `\w` takes digits and `_` too, as all these patterns do."""


class BeyondLimitsError(Exception):
    """A request that AWS would refuse."""


def guard(client: Any) -> None:
    """Make a boto3 client refuse requests that are beyond the limits of its own model, before they leave.

    The client raises BeyondLimitsError with every fault.
    """
    client.meta.events.register("provide-client-params.*", _refuse)


def _refuse(params: Mapping[str, Any], model: OperationModel, **_: object) -> None:
    faults = faults_of(params, model)
    if faults:
        raise BeyondLimitsError(f"AWS would refuse this {model.name}: {'; '.join(faults)}")


def faults_of(params: Mapping[str, Any], model: OperationModel) -> list[str]:
    """What is wrong with a request's parameters, one sentence each."""
    return list(_faults(params, model.input_shape, "")) if model.input_shape else []


def _faults(value: Any, shape: Shape, path: str) -> Iterator[str]:
    """A value of a wrong type has no faults here: botocore's own validator tells it."""
    match shape:
        case StructureShape() if isinstance(value, Mapping):
            for name in value.keys() & shape.members.keys():
                yield from _faults(value[name], shape.members[name], f"{path}.{name}".lstrip("."))
        case MapShape() if isinstance(value, Mapping):
            yield from _beyond(len(value), "entries", shape, path)
            yield from _entry_faults(value, shape, path)
        case ListShape() if isinstance(value, Sequence):
            yield from _beyond(len(value), "items", shape, path)
            for at, part in enumerate(value):
                yield from _faults(part, shape.member, f"{path}[{at}]")
        case _:
            yield from _scalar_faults(value, shape, path)


def _entry_faults(value: Mapping[Any, Any], shape: MapShape, path: str) -> Iterator[str]:
    for key, part in value.items():
        yield from _faults(key, shape.key, f"{path} (key {key})")
        yield from _faults(part, shape.value, f"{path}[{key}]")


def _scalar_faults(value: Any, shape: Shape, path: str) -> Iterator[str]:
    match value:
        case str() if isinstance(shape, StringShape):
            yield from _text_faults(value, shape, path)
        case bytes() | bytearray():
            yield from _beyond(len(value), "bytes", shape, path)
        case int() | float():
            yield from _beyond(value, "", shape, path)
        case _:
            pass  # a time, or of a wrong type


def _text_faults(value: str, shape: StringShape, path: str) -> Iterator[str]:
    yield from _beyond(len(value), "characters", shape, path)
    if shape.enum and value not in shape.enum:
        yield f"{path} is {value!r}, and the choices are {', '.join(shape.enum)}"
    pattern = shape.metadata.get("pattern")
    if pattern and not compiled(pattern).fullmatch(value):
        yield f"{path} is {value!r}, which is not of the form {pattern}"


def _beyond(size: float, unit: str, shape: Shape, path: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    found = f"{path} has {size:g} {unit}" if unit else f"{path} is {size:g}"
    if low is not None and size < low:
        yield f"{found}, at least {low} is needed"
    if high is not None and size > high:
        yield f"{found}, at most {high} is taken"


@functools.cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A model's pattern in Python's words. A pattern that Python cannot read is an error, never a check left out."""
    text = pattern
    for name, spelled in _PROPERTIES.items():
        text = text.replace(name, spelled)
    return re.compile(text, re.DOTALL)
