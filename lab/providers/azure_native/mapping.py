"""A resource's inputs as the body of a request, an answer as its outputs, and outputs as inputs. Pure.

The real provider does the same by its own metadata (pulumi-azure-native, `provider/pkg/convert`): properties are moved into
the containers in which Azure keeps them, renamed, and gone through type by type. What the table does not know is left out
of the body and reported; of an answer it is left out, as there.
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from lab.providers.azure_native.tables import Entry, Row, table

SELF = "$self/"
"""How a reference to a part of the resource itself begins."""

Json = dict[str, Any]
Entries = Mapping[str, Entry]


def body_of(row: Row, inputs: Mapping[str, Any], resource_id: str = "") -> tuple[Json, tuple[str, ...]]:
    """The body of a PUT with these inputs, and the paths of inputs that have no place in it.

    A reference `$self/...` leads to a part of the resource itself, whose id is given.
    """
    unknown: list[str] = []
    named = {*row.in_path, "azureApiVersion"} - row.inputs.keys()
    body = _body(row.inputs, {key: value for key, value in inputs.items() if key not in named}, "", unknown)
    return _resolved(body, resource_id), tuple(unknown)


def _resolved(value: Any, resource_id: str) -> Any:
    if isinstance(value, Mapping):
        inside = cast("Mapping[str, Any]", value).items()
        return {key: _self(each, resource_id) if key == "id" else _resolved(each, resource_id) for key, each in inside}
    if isinstance(value, list):
        return [_resolved(each, resource_id) for each in cast("list[Any]", value)]
    return value


def _self(value: Any, resource_id: str) -> Any:
    is_own = isinstance(value, str) and value.startswith(SELF)
    return f"{resource_id}/{value.removeprefix(SELF)}" if is_own else value


def outputs_of(row: Row, document: Mapping[str, Any]) -> Json:
    """The outputs that an answer makes."""
    return {**_outputs(row.outputs, document), "azureApiVersion": row.api}


def projected(row: Row, outputs: Mapping[str, Any]) -> Json:
    """The part of the outputs that could have been inputs, in their shape."""
    return _projected(row.inputs, outputs)


def missing(row: Row, inputs: Mapping[str, Any]) -> Iterator[str]:
    """The paths of required inputs that are not there."""
    yield from sorted(row.required - inputs.keys())
    yield from _missing_below(row.inputs, inputs, "")


def standing(row: Row, path: tuple[str, ...]) -> tuple[str, ...]:
    """Where a list of `row.standalone` stands in the body."""
    entries: Entries = row.inputs
    found: tuple[str, ...] = ()
    for name in path:
        entry = entries[name]
        found += tuple(entry.get("at", (name,)))
        entries = table().types.get(entry["of"], {}) if isinstance(entry.get("of"), str) else {}
    return found


def at(document: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """What stands at a path; None where nothing does."""
    value: Any = document
    for name in path:
        value = cast("Mapping[str, Any]", value).get(name) if isinstance(value, Mapping) else None
    return value


def put(document: Json, path: tuple[str, ...], value: Any) -> None:
    """Lay a value down at a path; an object is added to what stands there."""
    for name in path[:-1]:
        document = document.setdefault(name, {})
    there = document.get(path[-1])
    both = isinstance(there, dict) and isinstance(value, dict)
    document[path[-1]] = {**cast("Json", there), **value} if both else value


def _body(entries: Entries, inputs: Mapping[str, Any], path: str, unknown: list[str]) -> Json:
    body: Json = {}
    for name, value in inputs.items():
        if name not in entries:
            unknown.append(f"{path}{name}")
            continue
        entry = entries[name]
        put(body, tuple(entry.get("at", (name,))), _in_body(entry, value, f"{path}{name}", unknown))
    return body


def _in_body(entry: Entry, value: Any, path: str, unknown: list[str]) -> Any:
    if entry.get("set") and isinstance(value, list):
        return {str(each): {} for each in cast("list[Any]", value)}
    inner = lambda item, where: _body(_type_of(entry, item), item, f"{where}.", unknown)  # noqa: E731 - one line, used once
    return _each(entry, value, path, inner)


def _each(entry: Entry, value: Any, path: str, convert: Any) -> Any:
    """The value with its objects converted: itself, or those of its list or map."""
    if "of" not in entry or isinstance(value, str):
        return value
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return [convert(item, f"{path}[{i}]") if isinstance(item, Mapping) else item for i, item in enumerate(items)]
    if not isinstance(value, Mapping):
        return value
    if entry.get("many") == "map":
        inside = cast("Mapping[str, Any]", value)
        return {key: convert(item, f"{path}.{key}") if isinstance(item, Mapping) else item for key, item in inside.items()}
    return convert(value, path)


def _type_of(entry: Entry, item: Mapping[str, Any], *, of_answer: bool = False) -> Entries:
    """The properties of the type that an object is of."""
    of = entry["of"]
    if isinstance(of, str):
        return table().types[of]
    for value, name in of.items():
        properties = table().types[name]
        tag = properties.get(entry["by"], {})
        path = tuple(tag.get("at", (entry["by"],))) if of_answer else (entry["by"],)
        if at(item, path) in value.split("|"):
            return properties
    return {}


def _outputs(entries: Entries, document: Mapping[str, Any]) -> Json:
    outputs: Json = {}
    for name, entry in entries.items():
        value = at(document, tuple(entry.get("at", (name,))))
        if value is not None:
            convert = lambda item, _: _outputs(_type_of(entry, item, of_answer=True), item)  # noqa: B023, E731 - called at once
            outputs[name] = _each(entry, value, name, convert)
    return outputs


def _projected(entries: Entries, outputs: Mapping[str, Any]) -> Json:
    inputs: Json = {}
    for name, entry in entries.items():
        if name not in outputs or entry.get("told"):
            continue
        value = outputs[name]
        if entry.get("set") and isinstance(value, Mapping):
            inputs[name] = sorted(cast("Mapping[str, Any]", value))
        else:
            convert = lambda item, _: _projected(_type_of(entry, item), item)  # noqa: B023, E731 - called at once
            inputs[name] = _each(entry, value, name, convert)
    return inputs


def _missing_below(entries: Entries, inputs: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, value in inputs.items():
        entry = entries.get(name, {})
        if "of" not in entry:
            continue
        several = isinstance(value, list) or entry.get("many") == "map"
        items = (
            cast("list[Any]", value if isinstance(value, list) else [value])
            if not several or isinstance(value, list)
            else []
        )
        for index, item in enumerate(items):
            if isinstance(item, Mapping):
                where = f"{path}{name}[{index}]" if isinstance(value, list) else f"{path}{name}"
                yield from _missing_in(entry, cast("Mapping[str, Any]", item), where)


def _missing_in(entry: Entry, item: Mapping[str, Any], where: str) -> Iterator[str]:
    if isinstance(entry["of"], str):
        yield from (f"{where}.{name}" for name in sorted(table().needed[entry["of"]] - item.keys()))
    yield from _missing_below(_type_of(entry, item), item, f"{where}.")
