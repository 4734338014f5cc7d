"""From the texts of a stack file to the configuration of its cloud, or to every fault in them at once; pure.

`cloud` is read first, for it says which keys there are. Where it cannot be read, only the keys that both clouds have are
looked at besides.

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
from infra.config.keys import (
    CONFIGS,
    COUNTERPARTS,
    FIELDS,
    WORKERS,
    AwsConfig,
    AzureConfig,
    Cloud,
    StackConfig,
    clouds_of,
    declaration,
    fields_of,
    key_name,
    unit,
)
from infra.config.kinds import TextReader, UnshownError, schema_of, words
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


def parse(source: Source) -> AwsConfig | AzureConfig:
    """The configuration that the texts mean.

    Raises:
        ConfigError: with all faults: values in the order of `docs/CONFIG.md`, keys of the other cloud, unknown keys, rules
            between keys.
    """
    texts = {key: text for key, text in source.texts.items() if text}
    cloud = _cloud(texts.get("cloud"), source)
    of = CONFIGS[cloud] if cloud else StackConfig
    values: dict[str, Any] = {}
    in_part: dict[str, tuple[Any, ...]] = {}
    faults: list[Fault] = []
    for key, field in fields_of(of).items():
        try:
            values[field] = _value(of, field, texts.get(key), values, source)
        except _UnusableError as exc:
            faults.extend(exc.faults)
            if exc.readable:
                in_part[field] = exc.readable
    if cloud:
        faults += _of_the_other_cloud(cloud, texts, source)
    faults += _unknown(texts)
    # Built without checks: fields that could not be read are missing, and no rule that looks at them is asked.
    readable: dict[str, Any] = {**values, **in_part}
    partial = of.model_construct(None, **readable)
    faults += relations.faults(partial, values.keys(), in_part.keys(), loopback=source.loopback_cloud)
    if faults or not cloud:
        raise ConfigError(faults)
    return CONFIGS[cloud].model_validate(values)


def _cloud(text: str | None, source: Source) -> Cloud | None:
    """The cloud that a stack file names; none where that is a fault, which is told with the others."""
    try:
        return _value(StackConfig, "cloud", text, {}, source)
    except _UnusableError:
        return None


class _UnusableError(Exception):
    """The text of one key gives no value; without faults where another key's fault is the reason."""

    def __init__(self, *faults: Fault, readable: tuple[Any, ...] = ()) -> None:
        super().__init__()
        self.faults = faults
        self.readable = readable
        """Of a list, the items that could be read all the same."""


def _value(of: type[StackConfig], field: str, text: str | None, before: Mapping[str, Any], source: Source) -> Any:
    if text is None:
        return _default(of, field, before)
    if text in declaration(of, field).not_yet:
        raise _UnusableError(
            _fault(of, field, f"{text}, which is not in this version{_on(of, field, text)}", _step(of, field, before))
        )
    if _is_list(of, field):
        return _list_value(of, field, text, before)
    try:
        return _adapter(of, field).validate_python(text, context={"read_text": source.read_text})
    except ValidationError as exc:
        raise _UnusableError(*_faults(of, field, text, exc.errors(), _step(of, field, before))) from exc


def _on(of: type[StackConfig], field: str, text: str) -> str:
    """The cloud of a configuration, where a value is not in this version on that cloud only."""
    if field not in StackConfig.model_fields or text in declaration(StackConfig, field).not_yet:
        return ""
    return "".join(f" on {cloud.value}" for cloud, config in CONFIGS.items() if config is of)


def _list_value(of: type[StackConfig], field: str, text: str, before: Mapping[str, Any]) -> Any:
    items, form = _items(text)
    readable = tuple(_readable(of, field, items))
    step = _step(of, field, before, readable)
    if form:
        raise _UnusableError(_fault(of, field, f"{text} ({form})", step), readable=readable)
    try:
        return _adapter(of, field).validate_python(items)
    except ValidationError as exc:
        raise _UnusableError(*_faults(of, field, text, exc.errors(), step), readable=readable) from exc


def _items(text: str) -> tuple[list[Any], str]:
    """The items that a text means, and why it is no list; empty when it is one."""
    try:
        plain = json.loads(text)
    except json.JSONDecodeError:
        return [piece.strip() for piece in text.split(",")], "a text, not a list"
    if isinstance(plain, dict):
        return [], "keys with values, not a list"
    return (cast("list[Any]", plain), "") if isinstance(plain, list) else ([plain], "a single value, not a list")


def _readable(of: type[StackConfig], field: str, items: Sequence[Any]) -> Iterator[Any]:
    """Each item that is in range by itself, however many there are."""
    adapter: TypeAdapter[Any] = TypeAdapter(get_args(of.model_fields[field].annotation)[0])
    for item in items:
        with contextlib.suppress(ValidationError):
            yield adapter.validate_python(item)


def _default(of: type[StackConfig], field: str, before: Mapping[str, Any]) -> Any:
    declared = declaration(of, field)
    info = of.model_fields[field]
    if declared.by_tier:
        if "tier" not in before:
            raise _UnusableError
        return declared.by_tier[before["tier"].value]
    if info.is_required():
        raise _UnusableError(_fault(of, field, "not set", _step(of, field, before)))
    return info.default


def _adapter(of: type[StackConfig], field: str) -> TypeAdapter[Any]:
    return TypeAdapter(kind_of(of, field))


def kind_of(of: type[StackConfig], field: str) -> Any:
    """The type of a field with its ranges, as one annotation."""
    info = of.model_fields[field]
    kind: Any = info.annotation
    for piece in info.metadata:
        kind = Annotated[kind, piece]
    return kind


def _is_list(of: type[StackConfig], field: str) -> bool:
    return schema_of(kind_of(of, field))["type"] == "array"


def _faults(of: type[StackConfig], field: str, text: str, errors: Sequence[ErrorDetails], step: str) -> Iterator[Fault]:
    """One per mistake. Where items of a list are wrong, what pydantic then says of the whole list is an echo."""
    of_items = [error for error in errors if error["loc"]]
    for error in of_items or errors:
        yield _fault(of, field, _found(str(error["input"]) if of_items else text, error), step)


def _found(found: str, error: ErrorDetails) -> str:
    """What was found, and the reason where the words of the range do not give it."""
    reason = error.get("ctx", {}).get("error")
    if isinstance(reason, UnshownError):
        return str(reason)
    return f"{found} ({reason})" if isinstance(reason, ValueError) and str(reason) != "unknown" else found


def _fault(of: type[StackConfig], field: str, found: str, step: str) -> Fault:
    allowed = words(schema_of(kind_of(of, field)), unit(field), declaration(of, field).not_yet)
    return Fault(key_name(field), found, allowed, step)


def _step(of: type[StackConfig], field: str, before: Mapping[str, Any], readable: Sequence[Any] = ()) -> str:
    """What to do next; for a list, the user's own items where they are right."""
    key = key_name(field)
    if readable and _is_right(of, field, before, readable):
        return line(key, readable)
    if declaration(of, field).step:
        return declaration(of, field).step
    if field == "zones" and before.get("region") in AWS_REGIONS:
        return line(key, AWS_REGIONS[before["region"]].zones[:WORKERS])
    shown = example(of, field)
    return line(key, _items_of(of, field, shown)) if _is_list(of, field) else f"pulumi config set {key} {shown}"


def _items_of(of: type[StackConfig], field: str, shown: str) -> Sequence[object]:
    """The items of an example, as the numbers or texts that a stack file has there."""
    number = schema_of(kind_of(of, field))["items"]["type"] == "integer"
    return [int(item) if number else item for item in shown.split(", ")]


def _is_right(of: type[StackConfig], field: str, before: Mapping[str, Any], items: Sequence[Any]) -> bool:
    """Whether these items alone would be taken, beside the values that were read before."""
    try:
        values = {**before, field: _adapter(of, field).validate_python(items)}
    except ValidationError:
        return False
    found = relations.faults(of.model_construct(**values), values.keys(), (), loopback=False)
    return all(fault.key != key_name(field) for fault in found)


def example(of: type[StackConfig], field: str) -> str:
    """A text that a stack file may have there: the default, or the declared example where there is no telling default.

    Empty where the declaration has a step instead. Items of a list stand with `, ` between them.
    """
    declared = declaration(of, field)
    if declared.example or declared.step:
        return declared.example
    default = next(iter(declared.by_tier.values())) if declared.by_tier else of.model_fields[field].default
    items = default if isinstance(default, tuple) else (default,)
    return ", ".join(as_text(item) for item in items)


def as_text(value: Any) -> str:
    """A plain value as a stack file writes it."""
    plain = getattr(value, "value", value)
    return str(plain).lower() if isinstance(plain, bool) else str(plain)


def _of_the_other_cloud(cloud: Cloud, texts: Mapping[str, str], source: Source) -> Iterator[Fault]:
    """Keys that this cloud has not. Their values are not shown: nobody has looked at them."""
    for key, field in FIELDS.items():
        if key not in texts or cloud in clouds_of(field):
            continue
        (other,) = clouds_of(field)
        if _is_what_pulumi_adds(CONFIGS[other], field, texts[key], source):
            continue
        stands = _counterpart(field)
        allowed = (
            f"{stands}, which stands for it on {cloud.value}"
            if stands
            else f"nothing: no key stands for it on {cloud.value}"
        )
        also = f", and see tandem:{stands}" if stands else ""
        found = f"a key of cloud {other.value}, and this stack's cloud is {cloud.value}"
        yield Fault(key, found, allowed, f"pulumi config rm {key}{also}")


def _is_what_pulumi_adds(of: type[StackConfig], field: str, text: str, source: Source) -> bool:
    """Whether nobody need have set it: Pulumi hands over every default of `Pulumi.yaml`, of all clouds."""
    if schema_of(kind_of(of, field))["type"] == "string":
        return False  # of texts that one cloud has, Pulumi.yaml has no default (`infra.config.docs`)
    try:
        return _value(of, field, text, {}, source) == of.model_fields[field].default
    except _UnusableError:
        return False


def _counterpart(field: str) -> str:
    """The key that stands for a field on the other cloud; empty where none does."""
    pairs = {**dict(COUNTERPARTS), **{azure: aws for aws, azure in COUNTERPARTS}}
    return key_name(pairs[field]) if field in pairs else ""


def _unknown(texts: Mapping[str, str]) -> Iterator[Fault]:
    for key in sorted(set(texts) - set(FIELDS)):
        near = [RENAMED[key]] if key in RENAMED else difflib.get_close_matches(key, FIELDS, n=1, cutoff=NEAR)
        step = f"did you mean {near[0]}? Else " if near else ""
        yield Fault(key, "not a key of this program", "the keys of docs/CONFIG.md", f"{step}pulumi config rm {key}")
