"""What an update would change, and whether it needs a new resource: what Pulumi's engine is told by Diff.

Here: pure functions over plain values. Only `lab.providers.servicer` imports this file.

The inputs of the last run are compared with those of this one, leaf by leaf, defaults filled in on both sides. The real
provider compares the state (outputs) with the inputs. Between two runs the two are the same, because a refresh writes what
drifted into the inputs of the state (`lab.providers.drift`), with one exception that is repeated here: an entry that
somebody adds to a map is seen in the outputs only. So what stands in `from_outputs` (tags) is compared with the outputs.

Nothing, false, zero and empty are the same, as they are to the schema of the real provider (terraform-plugin-sdk v2). Lists
are compared without regard to order: nearly all lists of the lab's types are sets in the provider's schema.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, cast

from lab.providers.confirm import same, says_something
from lab.providers.handler import Handler
from lab.providers.naming import DEFAULTED, defaulted
from lab.providers.plain import (
    AssetArchive,
    Elided,
    FileArchive,
    FileAsset,
    Secret,
    TextAsset,
    Unknown,
    has_unknowns,
    reveal,
)

Path = tuple[str | int, ...]

_PLAIN_KEY = re.compile(r"[A-Za-z_$][\w$]*")
_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.\[\]]+)')


class Kind(Enum):
    """What happens to one leaf."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True)
class Change:
    """One leaf that differs."""

    path: Path
    kind: Kind
    replaces: bool
    """Whether the real provider makes a new resource for it."""
    of_inputs: bool = True
    """Compared with the inputs of the last run; else with its outputs."""

    @property
    def top(self) -> str:
        """The top-level property."""
        return str(self.path[0])

    @property
    def text(self) -> str:
        """The path in the engine's spelling.

        >>> Change(("ingress", 0, "cidrBlocks"), Kind.ADD, False).text, Change(("tags", "a.b"), Kind.ADD, False).text
        ('ingress[0].cidrBlocks', 'tags["a.b"]')
        """
        steps = (f"[{step}]" if isinstance(step, int) else _key(step) for step in self.path)
        return "".join(steps).removeprefix(".")


def compare(
    handler: Handler,
    olds: Mapping[str, Any],
    outputs: Mapping[str, Any],
    news: Mapping[str, Any],
    *,
    from_outputs: frozenset[str] = frozenset(),
    ignored: Sequence[str] = (),
) -> list[Change]:
    """Every leaf that differs.

    Args:
        handler: Says which inputs need a new resource.
        olds: The inputs of the last run, defaults filled in.
        outputs: What the resource is known to be; looked at for `from_outputs` only.
        news: The inputs of this run, after the engine took back what `ignoreChanges` names; defaults filled in.
        from_outputs: Properties that are compared with the outputs.
        ignored: The paths of `ignoreChanges`, which the engine can apply to inputs only.
    """
    changes: list[Change] = []
    by_condition = handler.replaced_by(reveal(dict(olds)), reveal(dict(news)))
    for name in sorted((olds.keys() | news.keys()) - {DEFAULTED}):
        of_inputs = name not in from_outputs
        old = olds.get(name) if of_inputs else outputs.get(name)
        for path, kind in _differences(old, news.get(name), (name,)):
            if not any(_covers(pattern, path) for pattern in ignored):
                changes.append(Change(path, kind, name in by_condition or _replaces(handler, path), of_inputs))
    return changes


def deletes_first(handler: Handler, news: Mapping[str, Any]) -> bool:
    """Whether the old resource must go before the new one can be made, because both would bear the program's own name.

    The bridge's rule (`nameRequiresDeleteBeforeReplace`, pulumi-terraform-bridge pkg/tfbridge/schema.go): the type takes an
    automatic name, and the program gives one, be it a new one; inputs without `__defaults` count as named automatically.
    """
    named = bool(handler.named) and handler.named in news
    return named and handler.named not in defaulted(news, otherwise=frozenset({handler.named}))


def _differences(old: Any, new: Any, path: Path) -> Iterator[tuple[Path, Kind]]:
    old, new = _bare(old), _bare(new)
    if isinstance(new, Unknown):
        yield path, Kind.ADD if old is None else Kind.UPDATE
    elif _both(old, new, Mapping):
        before, now = cast("Mapping[str, Any]", old or {}), cast("Mapping[str, Any]", new or {})
        for key in sorted(before.keys() | now.keys()):
            yield from _differences(before.get(key), now.get(key), (*path, key))
    elif _is_equal(old, new):
        return
    elif _both(old, new, list) and _holds_objects(old, new):
        before, now = cast("list[Any]", old or []), cast("list[Any]", new or [])
        for index in range(max(len(before), len(now))):
            yield from _differences(_at(before, index), _at(now, index), (*path, index))
    else:
        yield path, _kind(old, new)


def _is_equal(old: Any, new: Any) -> bool:
    if has_unknowns(new):
        return False
    old, new = _by_hash(reveal(old)), _by_hash(reveal(new))
    return same(old, new) or not (says_something(old) or says_something(new))


def _by_hash(value: Any) -> Any:
    """An asset or archive as its hash, where the engine sent one: of the last run it sends nothing else."""
    match value:
        case FileAsset(hash=digest) | TextAsset(hash=digest) | FileArchive(hash=digest) | AssetArchive(hash=digest):
            return digest or value
        case Elided(hash=digest):
            return digest
        case _:
            return value


def _kind(old: Any, new: Any) -> Kind:
    if old is None:
        return Kind.ADD
    return Kind.DELETE if new is None else Kind.UPDATE


def _bare(value: Any) -> Any:
    return _bare(value.value) if isinstance(value, Secret) else value


def _both(old: Any, new: Any, kind: type) -> bool:
    """Whether each is of that kind or missing, and one is there."""
    there = [value for value in (old, new) if value is not None]
    return bool(there) and all(isinstance(value, kind) for value in there)


def _holds_objects(*lists: Any) -> bool:
    return any(isinstance(_bare(item), Mapping) for items in lists for item in items or ())


def _at(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else None


def _replaces(handler: Handler, path: Path) -> bool:
    keys = [str(step) for step in path if not isinstance(step, int)]
    return any(".".join(keys[:length]) in handler.replaces for length in range(1, len(keys) + 1))


def _covers(pattern: str, path: Path) -> bool:
    """Whether a path of `ignoreChanges` names this leaf or something around it."""
    steps = [quoted or index or key for quoted, index, key in _STEP.findall(pattern)]
    pairs = zip(steps, path, strict=False)
    return len(steps) <= len(path) and all(step in {"*", str(part)} for step, part in pairs)


def _key(step: str) -> str:
    escaped = step.replace("\\", "\\\\").replace('"', '\\"')
    return f".{step}" if _PLAIN_KEY.fullmatch(step) else f'["{escaped}"]'
