"""Did the cloud keep what it was asked for? Compares a resource's inputs with its outputs, read back.

Here: one pure function. An input that an emulator accepts and forgets is found by it, whatever the emulator's documentation
says. The handlers' base classes import this file, and what compares for Pulumi's engine (`comparison`, `drift`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

NOT_TOLD = "accepted; read back, the emulator does not tell it"
ANOTHER = "accepted; read back, the emulator has another value"


def unconfirmed(asked: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every input that reading back did not confirm, as its path and why; values are left out, they may be secret.

    Something empty or false that is not told counts as confirmed; so does an object that came back with more in it, a list
    in another order, and JSON text that says the same.

    >>> list(unconfirmed({"size": 20, "root": {"iops": 5}, "on": False}, {"size": 8, "root": {"type": "gp3"}}))
    ... # doctest: +NORMALIZE_WHITESPACE
    [('size', 'accepted; read back, the emulator has another value'),
     ('root.iops', 'accepted; read back, the emulator does not tell it')]
    """
    for key, value in asked.items():
        if key not in told:
            if says_something(value):
                yield key, NOT_TOLD
        elif isinstance(value, Mapping) and isinstance(told[key], Mapping):
            inner = unconfirmed(cast("Mapping[str, Any]", value), told[key])
            yield from ((f"{key}.{path}", why) for path, why in inner)
        elif not same(value, told[key]):
            yield key, ANOTHER


def same(one: Any, other: Any) -> bool:
    """Whether two values mean the same to the cloud: lists in any order, JSON text by what it says.

    >>> same(["a", "b"], ["b", "a"]), same('{"x": 1}', '{"x":1}'), same(1, 2)
    (True, True, False)
    """
    return _comparable(one) == _comparable(other)


def says_something(value: Any) -> bool:
    """Whether a value differs from none at all: not empty, not false, not zero."""
    if isinstance(value, Mapping):
        return any(says_something(item) for item in cast("Mapping[str, Any]", value).values())
    return bool(value)


def _comparable(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    if isinstance(value, Sequence) and not isinstance(value, str):
        return sorted(cast("Sequence[Any]", value), key=_sorted_keys)
    return value


def _sorted_keys(item: Any) -> str:
    """One text for objects that are equal, whatever the order of their keys."""
    return json.dumps(item, sort_keys=True, default=repr)
