"""What a refresh writes into the state: outputs as the cloud tells them now, and inputs as far as they drifted.

Here: pure functions. Only `lab.providers.servicer` imports this file.

The rule for inputs is the one of bridged providers (`extractInputs`, pulumi-terraform-bridge pkg/tfbridge/schema.go): only
what was an input before can become another input. Objects are gone through key by key; a key that the cloud no longer
tells goes; a list is cut to the shorter of both and gone through by position. So a tag that somebody added is no input,
and one that somebody changed or took away is.

Two things differ, because an emulator is not the cloud. A value that means the same (JSON with other blanks, a list in
another order) stays as the program wrote it: the real provider has a rule per property for that. And what the emulator
never confirmed when the resource was made is kept (`kept`): that it tells otherwise, or nothing, is no drift.
"""

from collections.abc import Mapping
from typing import Any, cast

from lab.providers.confirm import same, says_something
from lab.providers.naming import DEFAULTED
from lab.providers.plain import Secret, reveal

_GONE = object()


def inputs_now(olds: Mapping[str, Any], told: Mapping[str, Any], kept: frozenset[str]) -> dict[str, Any]:
    """The inputs after a refresh.

    Args:
        olds: The inputs as the state has them.
        told: What the cloud says now.
        kept: Inputs that the cloud does not tell (code, passwords) or that the emulator never confirmed.

    >>> inputs_now({"tags": {"a": "1"}, "size": 8}, {"tags": {"a": "2", "b": "3"}, "size": 8, "arn": "x"}, frozenset())
    {'tags': {'a': '2'}, 'size': 8}
    """
    kept = kept | {DEFAULTED}
    now = {name: old if name in kept else _drifted(old, told.get(name, _GONE)) for name, old in olds.items()}
    left = {name: value for name, value in now.items() if value is not _GONE}
    if isinstance(names := left.get(DEFAULTED), list):
        unchanged = [each for each in cast("list[str]", names) if left.get(each) == olds.get(each)]
        left[DEFAULTED] = unchanged
    return left


def outputs_now(told: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs after a refresh: what the cloud tells, and the inputs (after it) of which it says nothing."""
    silent = {name: value for name, value in inputs.items() if name != DEFAULTED}
    return {**silent, **told}


def _drifted(old: Any, now: Any) -> Any:
    if now is _GONE:
        return _GONE if says_something(reveal(old)) else old
    if isinstance(old, Secret):
        inner = _drifted(old.value, now)
        return _GONE if inner is _GONE else Secret(inner)
    if isinstance(old, Mapping) and isinstance(now, Mapping):
        known, told = cast("Mapping[str, Any]", old), cast("Mapping[str, Any]", now)
        inner = {key: _drifted(value, told.get(key, _GONE)) for key, value in known.items()}
        return {key: value for key, value in inner.items() if value is not _GONE}
    if same(reveal(old), now):
        return old
    if isinstance(old, list) and isinstance(now, list):
        pairs = zip(cast("list[Any]", old), cast("list[Any]", now), strict=False)
        return [value for value in (_drifted(*pair) for pair in pairs) if value is not _GONE]
    return now
