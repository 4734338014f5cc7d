"""From the texts of a stack file to a `StackConfig`, or to every fault in them at once; pure.

The caller brings everything: texts by key, a reader for the files that keys name, and where the cloud is. Nothing here reads
the environment, `pulumi`, or a clock.
"""

import contextlib
import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, cast, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from infra.config import relations
from infra.config.faults import ConfigError, Fault, line
from infra.config.keys import FIELDS, WORKERS, StackConfig, declaration, key_name, unit
from infra.config.kinds import TextReader, schema_of, words
from infra.regions import AWS_REGIONS

NEAR = 0.7
"""How alike two keys are, of 1, that one is taken for a slip of the other: a letter or two."""

RENAMED = {"vpcCidr": "networkCidr"}
"""Keys of an earlier version, and what they are called now."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a configuration is read from."""

    texts: Mapping[str, str]
    """Every key of the stack file to its text, as Pulumi hands it over: lists as JSON. An empty text means "not set"."""
    read_text: TextReader
    loopback_cloud: bool
    """Whether the cloud's endpoint is this machine: only then may there be loopback networks and placeholders."""


def parse(source: Source) -> StackConfig:
    """The configuration that the texts mean.

    Raises:
        ConfigError: with all faults: values in the order of `docs/CONFIG.md`, unknown keys, rules between keys.
    """
    texts = {key: text for key, text in source.texts.items() if text}
    values: dict[str, Any] = {}
    in_part: dict[str, tuple[Any, ...]] = {}
    faults: list[Fault] = []
    for key, field in FIELDS.items():
        try:
            values[field] = _value(field, texts.get(key), values, source)
        except _UnusableError as exc:
            faults.extend(exc.faults)
            if exc.readable:
                in_part[field] = exc.readable
    faults += _unknown(texts)
    # Built without checks: fields that could not be read are missing, and no rule that looks at them is asked.
    readable: dict[str, Any] = {**values, **in_part}
    partial = StackConfig.model_construct(None, **readable)
    faults += relations.faults(partial, values.keys(), in_part.keys(), loopback=source.loopback_cloud)
    if faults:
        raise ConfigError(faults)
    return StackConfig.model_validate(values)


class _UnusableError(Exception):
    """The text of one key gives no value; without faults where another key's fault is the reason."""

    def __init__(self, *faults: Fault, readable: tuple[Any, ...] = ()) -> None:
        super().__init__()
        self.faults = faults
        self.readable = readable
        """Of a list, the items that could be read all the same."""


def _value(field: str, text: str | None, before: Mapping[str, Any], source: Source) -> Any:
    if text is None:
        return _default(field, before)
    if text in declaration(field).not_yet:
        raise _UnusableError(_fault(field, f"{text}, which is not in this version", _step(field, before)))
    if _is_list(field):
        return _list_value(field, text, before)
    try:
        return _adapter(field).validate_python(text, context={"read_text": source.read_text})
    except ValidationError as exc:
        raise _UnusableError(*_faults(field, text, exc.errors(), _step(field, before))) from exc


def _list_value(field: str, text: str, before: Mapping[str, Any]) -> Any:
    items, form = _items(text)
    readable = tuple(_readable(field, items))
    step = _step(field, before, readable)
    if form:
        raise _UnusableError(_fault(field, f"{text} ({form})", step), readable=readable)
    try:
        return _adapter(field).validate_python(items)
    except ValidationError as exc:
        raise _UnusableError(*_faults(field, text, exc.errors(), step), readable=readable) from exc


def _items(text: str) -> tuple[list[Any], str]:
    """The items that a text means, and why it is no list; empty when it is one."""
    try:
        plain = json.loads(text)
    except json.JSONDecodeError:
        return [piece.strip() for piece in text.split(",")], "a text, not a list"
    if isinstance(plain, dict):
        return [], "keys with values, not a list"
    return (cast("list[Any]", plain), "") if isinstance(plain, list) else ([plain], "a single value, not a list")


def _readable(field: str, items: Sequence[Any]) -> Iterator[Any]:
    """Each item that is in range by itself, however many there are."""
    adapter: TypeAdapter[Any] = TypeAdapter(get_args(StackConfig.model_fields[field].annotation)[0])
    for item in items:
        with contextlib.suppress(ValidationError):
            yield adapter.validate_python(item)


def _default(field: str, before: Mapping[str, Any]) -> Any:
    declared = declaration(field)
    info = StackConfig.model_fields[field]
    if declared.by_tier:
        if "tier" not in before:
            raise _UnusableError
        return declared.by_tier[before["tier"].value]
    if info.is_required():
        raise _UnusableError(_fault(field, "not set", _step(field, before)))
    return info.default


def _adapter(field: str) -> TypeAdapter[Any]:
    return TypeAdapter(kind_of(field))


def kind_of(field: str) -> Any:
    """The type of a field with its ranges, as one annotation."""
    info = StackConfig.model_fields[field]
    kind: Any = info.annotation
    for piece in info.metadata:
        kind = Annotated[kind, piece]
    return kind


def _is_list(field: str) -> bool:
    return schema_of(kind_of(field))["type"] == "array"


def _faults(field: str, text: str, errors: Sequence[ErrorDetails], step: str) -> Iterator[Fault]:
    """One per mistake. Where items of a list are wrong, what pydantic then says of the whole list is an echo."""
    of_items = [error for error in errors if error["loc"]]
    for error in of_items or errors:
        yield _fault(field, _found(str(error["input"]) if of_items else text, error), step)


def _found(found: str, error: ErrorDetails) -> str:
    """What was found, and the reason where the words of the range do not give it."""
    reason = error.get("ctx", {}).get("error")
    return f"{found} ({reason})" if isinstance(reason, ValueError) and str(reason) != "unknown" else found


def _fault(field: str, found: str, step: str) -> Fault:
    return Fault(key_name(field), found, words(schema_of(kind_of(field)), unit(field), declaration(field).not_yet), step)


def _step(field: str, before: Mapping[str, Any], readable: Sequence[Any] = ()) -> str:
    """What to do next; for a list, the user's own items where they are right."""
    key = key_name(field)
    if readable and _is_right(field, before, readable):
        return line(key, readable)
    if declaration(field).step:
        return declaration(field).step
    if field == "zones" and "region" in before:
        return line(key, AWS_REGIONS[before["region"]].zones[:WORKERS])
    return line(key, [example(field)]) if _is_list(field) else f"pulumi config set {key} {example(field)}"


def _is_right(field: str, before: Mapping[str, Any], items: Sequence[Any]) -> bool:
    """Whether these items alone would be taken, beside the values that were read before."""
    try:
        values = {**before, field: _adapter(field).validate_python(items)}
    except ValidationError:
        return False
    found = relations.faults(StackConfig.model_construct(**values), values.keys(), (), loopback=False)
    return all(fault.key != key_name(field) for fault in found)


def example(field: str) -> str:
    """A text that a stack file may have there: the default, or the declared example where there is no telling default.

    Empty where the declaration has a step instead. Items of a list stand with `, ` between them.
    """
    declared = declaration(field)
    if declared.example or declared.step:
        return declared.example
    default = next(iter(declared.by_tier.values())) if declared.by_tier else StackConfig.model_fields[field].default
    items = default if isinstance(default, tuple) else (default,)
    return ", ".join(as_text(item) for item in items)


def as_text(value: Any) -> str:
    """A plain value as a stack file writes it."""
    plain = getattr(value, "value", value)
    return str(plain).lower() if isinstance(plain, bool) else str(plain)


def _unknown(texts: Mapping[str, str]) -> Iterator[Fault]:
    for key in sorted(set(texts) - set(FIELDS)):
        near = [RENAMED[key]] if key in RENAMED else difflib.get_close_matches(key, FIELDS, n=1, cutoff=NEAR)
        step = f"did you mean {near[0]}? Else " if near else ""
        yield Fault(key, "not a key of this program", "the keys of docs/CONFIG.md", f"{step}pulumi config rm {key}")
