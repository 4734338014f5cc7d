"""From the texts of a stack file to a `StackConfig`, or to every fault in them at once; pure.

The caller brings everything: texts by key, a reader for the files that keys name, and where the cloud is. Nothing here reads
the environment, `pulumi`, or a clock.
"""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from infra.config import relations
from infra.config.faults import ConfigError, Fault
from infra.config.keys import FIELDS, StackConfig, declaration, key_name, unit
from infra.config.kinds import TextReader, schema_of, words

NEAR = 0.7
"""How alike two keys are, of 1, that one is taken for a slip of the other: a letter or two."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a configuration is read from."""

    texts: Mapping[str, str]
    """Every key of the stack file to its text, as Pulumi hands it over: lists as JSON. An empty text means "not set"."""
    read_text: TextReader
    loopback_cloud: bool
    """Whether the cloud's endpoint is this machine: only then may networks be loopback networks."""


def parse(source: Source) -> StackConfig:
    """The configuration that the texts mean.

    Raises:
        ConfigError: with all faults: values in the order of `docs/CONFIG.md`, unknown keys, rules between keys.
    """
    texts = {key: text for key, text in source.texts.items() if text}
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for key, field in FIELDS.items():
        try:
            values[field] = _value(field, texts.get(key), values.get("tier"), source)
        except _UnusableError as exc:
            faults.extend(exc.faults)
    faults += _unknown(texts)
    # Built without checks: fields that could not be read are missing, and no rule that looks at them is asked.
    partial = StackConfig.model_construct(**values)
    faults += relations.faults(partial, frozenset(values), loopback=source.loopback_cloud)
    if faults:
        raise ConfigError(faults)
    return StackConfig.model_validate(values)


class _UnusableError(Exception):
    """The text of one key gives no value; without faults where another key's fault is the reason."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__()
        self.faults = faults


def _value(field: str, text: str | None, tier: Any, source: Source) -> Any:
    if text is None:
        return _default(field, tier)
    declared = declaration(field)
    if text in declared.not_yet:
        raise _UnusableError(_fault(field, f"{text}, which is not in this version"))
    try:
        return _adapter(field).validate_python(_plain(field, text), context={"read_text": source.read_text})
    except ValidationError as exc:
        raise _UnusableError(*(_fault(field, found) for found in _all_found(text, exc.errors()))) from exc
    except (OSError, ValueError) as exc:
        raise _UnusableError(_fault(field, f"{text} ({exc})")) from exc


def _default(field: str, tier: Any) -> Any:
    declared = declaration(field)
    info = StackConfig.model_fields[field]
    if declared.by_tier:
        if tier is None:
            raise _UnusableError
        return declared.by_tier[tier.value]
    if info.is_required():
        raise _UnusableError(_fault(field, "not set"))
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


def _plain(field: str, text: str) -> Any:
    if schema_of(kind_of(field))["type"] != "array":
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError as exc:
        raise ValueError("a text, not a list") from exc


def _all_found(text: str, errors: Sequence[ErrorDetails]) -> Iterator[str]:
    """One phrase per mistake. Where items of a list are wrong, what pydantic then says of the whole list is an echo."""
    of_items = [error for error in errors if error["loc"]]
    for error in of_items or errors:
        yield _found(str(error["input"]) if of_items else text, error)


def _found(found: str, error: ErrorDetails) -> str:
    """What was found, and the reason where the words of the range do not give it."""
    reason = error.get("ctx", {}).get("error")
    return f"{found} ({reason})" if isinstance(reason, ValueError) and str(reason) != "unknown" else found


def _fault(field: str, found: str) -> Fault:
    key = key_name(field)
    schema = schema_of(kind_of(field))
    return Fault(key, found, words(schema, unit(field), declaration(field).not_yet), _step(field, key, schema["type"]))


def _step(field: str, key: str, json_type: str) -> str:
    path = f"--path '{key}[0]'" if json_type == "array" else key
    return f"pulumi config set {path} {example(field)}"


def example(field: str) -> str:
    """A text that a stack file may have there: the default, or the declared example where there is no telling default."""
    declared = declaration(field)
    if declared.example:
        return declared.example
    default = next(iter(declared.by_tier.values())) if declared.by_tier else StackConfig.model_fields[field].default
    return as_text(default[0] if isinstance(default, tuple) else default)


def as_text(value: Any) -> str:
    """A plain value as a stack file writes it."""
    plain = getattr(value, "value", value)
    return str(plain).lower() if isinstance(plain, bool) else str(plain)


def _unknown(texts: Mapping[str, str]) -> Iterator[Fault]:
    for key in sorted(set(texts) - set(FIELDS)):
        near = difflib.get_close_matches(key, FIELDS, n=1, cutoff=NEAR)
        step = f"did you mean {near[0]}? Else " if near else ""
        yield Fault(key, "not a key of this program", "the keys of docs/CONFIG.md", f"{step}pulumi config rm {key}")
