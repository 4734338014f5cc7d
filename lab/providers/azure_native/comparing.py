"""What an update would change, and whether it needs a new resource: as azure-native's Diff tells it. Pure.

The inputs of the last run against those of this one, and never the outputs; strictly: an empty list is not none, and the
order of a list counts (pulumi-azure-native, `provider/pkg/provider/diff.go`). Only the letter case and the blanks of a
location do not count.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from lab.providers.azure_native.names import HIDDEN
from lab.providers.comparison import Change, Kind, Path
from lab.providers.plain import (
    AssetArchive,
    Elided,
    FileArchive,
    FileAsset,
    Secret,
    TextAsset,
    has_unknowns,
    reveal,
)


def compare(
    replaces: frozenset[str], olds: Mapping[str, Any], outputs: Mapping[str, Any], news: Mapping[str, Any]
) -> list[Change]:
    """Every leaf that differs.

    Args:
        replaces: Inputs that need a new resource, `a.b` inside an object.
        olds: The inputs of the last run.
        outputs: What the resource is known to be: an input that is added and says just that needs no new resource.
        news: The inputs of this run, after the engine took back what `ignoreChanges` names.
    """
    changes: list[Change] = []
    for name in sorted(olds.keys() | news.keys()):
        if name.startswith(HIDDEN) or _is_same_place(name, olds.get(name), news.get(name)):
            continue
        for path, kind in _differences(olds.get(name), news.get(name), (name,)):
            needs = _replaces(replaces, path, kind)
            is_known = kind is Kind.ADD and len(path) == 1 and outputs.get(name) == reveal(news[name])
            changes.append(Change(path, kind, needs and not is_known))
    return changes


def _is_same_place(name: str, old: Any, new: Any) -> bool:
    return name == "location" and isinstance(old, str) and isinstance(new, str) and _place(old) == _place(new)


def _place(location: str) -> str:
    return location.replace(" ", "").lower()


def _differences(old: Any, new: Any, path: Path) -> Iterator[tuple[Path, Kind]]:
    old, new = _bare(old), _bare(new)
    if old is None or new is None:
        if old is not None or new is not None:
            yield path, Kind.ADD if old is None else Kind.DELETE
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        before, now = cast("Mapping[str, Any]", old), cast("Mapping[str, Any]", new)
        for key in sorted(before.keys() | now.keys()):
            yield from _differences(before.get(key), now.get(key), (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _in_lists(cast("list[Any]", old), cast("list[Any]", new), path)
    elif has_unknowns(new) or _plain(old) != _plain(new):
        yield path, Kind.UPDATE


def _in_lists(old: Sequence[Any], new: Sequence[Any], path: Path) -> Iterator[tuple[Path, Kind]]:
    for index, (before, now) in enumerate(zip(old, new, strict=False)):
        yield from _differences(before, now, (*path, index))
    longer, kind = (new, Kind.ADD) if len(new) > len(old) else (old, Kind.DELETE)
    for index in range(min(len(old), len(new)), len(longer)):
        yield (*path, index), kind


def _replaces(replaces: frozenset[str], path: Path, kind: Kind) -> bool:
    """An input replaces by a changed value anywhere in it; what is added or taken away inside it replaces nothing."""
    keys = [str(step) for step in path if not isinstance(step, int)]
    if kind is not Kind.UPDATE:
        return ".".join(keys) in replaces and not isinstance(path[-1], int)
    return any(".".join(keys[:length]) in replaces for length in range(1, len(keys) + 1))


def _bare(value: Any) -> Any:
    return _bare(value.value) if isinstance(value, Secret) else value


def _plain(value: Any) -> Any:
    """An asset or archive as its hash, where the engine sent one: of the last run it sends nothing else."""
    match value:
        case FileAsset(hash=digest) | TextAsset(hash=digest) | FileArchive(hash=digest) | AssetArchive(hash=digest):
            return digest or value
        case Elided(hash=digest):
            return digest
        case _:
            return reveal(value)
