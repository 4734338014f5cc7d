"""Plain values: what a program's resource inputs look like once they have left the wire.

Here: the two conversions between the engine's protobuf values and Python values, the wrapped kinds (secret, unknown, assets
and archives). Not here: the zip that an archive becomes (`archives`), anything of a cloud, anything that talks. Anybody in
`lab` and its tests may import this file.

The wire knows one kind of number; a number without a fraction is an `int` here, because the clouds' SDKs refuse `1.0`. A
secret stays wrapped in `Secret`, at the depth where the program marked it, until `reveal` takes the wrapping off.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from google.protobuf.struct_pb2 import ListValue, NullValue, Struct, Value

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key that turns an object into a marked value (pulumi SDK 3.272, runtime/rpc.py)."""


class Mark:
    """What the signature of a marked value says (same source)."""

    SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the protocol's mark, not a secret
    ASSET = "c44067f5952c0a294b673a41bacd8c17"
    ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
    RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"


UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands for a text that only a real run will tell."""

UNKNOWNS = frozenset(
    {
        UNKNOWN,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # a boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # a number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # a list
        "030794c1-ac77-496b-92df-f27374a8bd58",  # an asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # an archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # an object
    }
)
"""Every text that stands for an unknown value in a preview (pulumi sdk/go/common/resource/plugin/rpc.go)."""


@dataclass(frozen=True)
class Secret:
    """A value that no log, message or report shows: its `repr` hides it, and nothing turns it into text or JSON."""

    value: Any = field(repr=False)


@dataclass(frozen=True)
class Unknown:
    """A value of a preview that only the real run will tell."""

    mark: str = UNKNOWN


@dataclass(frozen=True)
class FileAsset:
    """One file, by its path. A hash is the engine's, of the content; the SDK itself sends none."""

    path: str
    hash: str = ""


@dataclass(frozen=True)
class TextAsset:
    """One file, by its text."""

    text: str
    hash: str = ""


@dataclass(frozen=True)
class FileArchive:
    """A folder, or a zip file, by its path."""

    path: str
    hash: str = ""


@dataclass(frozen=True)
class AssetArchive:
    """Files and folders by the names that they have inside the archive."""

    assets: Mapping[str, Any]
    hash: str = ""


@dataclass(frozen=True)
class Elided:
    """An asset or an archive of a state: the engine sends its hash and leaves out the rest."""

    mark: str
    hash: str


def from_wire(properties: Struct) -> dict[str, Any]:
    """The properties as plain values; a property without a value is left out, as the SDK does."""
    plain = {key: _from_value(value) for key, value in properties.fields.items()}
    return {key: value for key, value in plain.items() if value is not None}


def to_wire(properties: Mapping[str, Any]) -> Struct:
    """The inverse of `from_wire`; a resource reference, which came in as its id, goes out as a text.

    Raises:
        TypeError: naming the kind of a value that the wire cannot carry.
    """
    return Struct(fields={key: _to_value(value) for key, value in properties.items() if value is not None})


def reveal(value: Any) -> Any:
    """The value with every `Secret` in it unwrapped; for the hand that passes it to the cloud, and for nothing else."""
    return _rebuilt(value, lambda secret: reveal(secret.value))


def secrets_in(value: Any) -> Iterator[Secret]:
    """Every `Secret` in the value, at any depth."""
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Mapping):
        for item in cast("Mapping[str, Any]", value).values():
            yield from secrets_in(item)
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from secrets_in(item)


def secret_names(values: Mapping[str, Any]) -> set[str]:
    """The names whose values are secret or hold a secret."""
    return {name for name, value in values.items() if any(secrets_in(value))}


def sentence(exc: BaseException) -> str:
    """What an error says; one that says a single word (a KeyError, say) is named by its kind too."""
    said = str(exc)
    return said if " " in said else f"{type(exc).__name__}: {said}"


def has_unknowns(value: Any) -> bool:
    """Whether something in the value, at any depth, is not known yet."""
    match value:
        case Unknown():
            return True
        case Secret(inner):
            return has_unknowns(inner)
        case Mapping():
            return any(has_unknowns(item) for item in cast("Mapping[str, Any]", value).values())
        case list():
            return any(has_unknowns(item) for item in cast("list[Any]", value))
        case _:
            return False


def hide(text: str, secrets: Iterator[Secret]) -> str:
    """The text with each secret string in it replaced, so that a cloud's message cannot carry one out."""
    for secret in secrets:
        for word in _words(secret.value):
            text = text.replace(word, "[secret]")
    return text


def camel(name: str) -> str:
    """`DelaySeconds` as `delaySeconds`: a cloud's name of a property as the provider spells it."""
    return name[:1].lower() + name[1:]


def pascal(name: str) -> str:
    """The inverse of `camel`."""
    return name[:1].upper() + name[1:]


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, Mapping):
        for item in cast("Mapping[str, Any]", value).values():
            yield from _words(item)
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _words(item)


def _rebuilt(value: Any, of_secret: Callable[[Secret], Any]) -> Any:
    if isinstance(value, Secret):
        return of_secret(value)
    if isinstance(value, Mapping):
        return {key: _rebuilt(item, of_secret) for key, item in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list):
        return [_rebuilt(item, of_secret) for item in cast("list[Any]", value)]
    return value


def _from_value(value: Value) -> Any:
    match value.WhichOneof("kind"):
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            text = value.string_value
            return Unknown(text) if text in UNKNOWNS else text
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_from_value(item) for item in value.list_value.values]
        case "struct_value":
            return _from_struct(value.struct_value)
        case _:
            return None


def _from_struct(struct: Struct) -> Any:
    fields = struct.fields
    match fields[SIGNATURE].string_value if SIGNATURE in fields else None:
        case None:
            return {key: _from_value(value) for key, value in fields.items()}
        case Mark.SECRET:
            return Secret(_from_value(fields["value"]))
        case Mark.ASSET:
            return _asset(fields)
        case Mark.ARCHIVE:
            return _archive(fields)
        case Mark.RESOURCE:
            return fields["id" if "id" in fields and fields["id"].string_value else "urn"].string_value
        case unknown:
            raise TypeError(f"a value of a kind that the lab does not know came over the wire (signature {unknown})")


def _asset(fields: Mapping[str, Value]) -> FileAsset | TextAsset | Elided:
    if "path" in fields:
        return FileAsset(fields["path"].string_value, _hash(fields))
    if "text" in fields:
        return TextAsset(fields["text"].string_value, _hash(fields))
    if _hash(fields) and "uri" not in fields:
        return Elided(Mark.ASSET, _hash(fields))
    raise TypeError("the lab fetches nothing: an asset is a path or a text, not an address")


def _archive(fields: Mapping[str, Value]) -> FileArchive | AssetArchive | Elided:
    if "path" in fields:
        return FileArchive(fields["path"].string_value, _hash(fields))
    if "assets" in fields:
        return AssetArchive(_from_value(fields["assets"]), _hash(fields))
    if _hash(fields) and "uri" not in fields:
        return Elided(Mark.ARCHIVE, _hash(fields))
    raise TypeError("the lab fetches nothing: an archive is a path or a set of assets, not an address")


def _hash(fields: Mapping[str, Value]) -> str:
    return fields["hash"].string_value if "hash" in fields else ""


def _to_value(value: Any) -> Value:
    match value:
        case None:
            return Value(null_value=NullValue.NULL_VALUE)
        case bool():
            return Value(bool_value=value)
        case int() | float() | str():
            return Value(string_value=value) if isinstance(value, str) else Value(number_value=value)
        case list() | tuple():
            return Value(list_value=ListValue(values=[_to_value(item) for item in cast("list[Any]", value)]))
        case Mapping():
            return Value(struct_value=to_wire(cast("Mapping[str, Any]", value)))
        case _:
            return _wrapped_to_value(value)


def _wrapped_to_value(value: Any) -> Value:
    match value:
        case Secret(inner):
            return _marked(Mark.SECRET, value=inner)
        case Unknown(mark):
            return Value(string_value=mark)
        case Elided(mark, digest):
            return _marked(mark, hash=digest)
        case FileAsset() | TextAsset():
            return _marked(Mark.ASSET, **vars(value))
        case FileArchive() | AssetArchive():
            return _marked(Mark.ARCHIVE, **vars(value))
        case _:
            raise TypeError(f"{type(value).__name__} cannot be sent to the program as an output")


def _marked(mark: str, **fields: Any) -> Value:
    """A marked value; a hash that is not known is left out."""
    wire = {key: _to_value(value) for key, value in fields.items() if key != "hash" or value}
    return Value(struct_value=Struct(fields={SIGNATURE: Value(string_value=mark)} | wire))
