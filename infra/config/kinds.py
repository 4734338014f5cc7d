"""The types that configuration keys are made of: how a text becomes a value, and how its range reads in a sentence.

Ranges live in the types (pydantic reads them), so `words` and the checks can never disagree. Imported by `keys`, `parsing`
and `docs` only.
"""

import base64
import binascii
import difflib
import re
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any, cast

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, ValidationInfo, WithJsonSchema

from infra.aws.guest import USER_DATA_BYTES_MAX
from infra.naming import TAG_KEY_LENGTH_MAX, TAG_PATTERN, TAG_VALUE_LENGTH_MAX
from infra.regions import AWS_REGIONS, AZURE_REGIONS, AZURE_ZONES
from infra.timetable import cron_fault, time_zones

_SHORT_RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180)
_LONG_RETENTIONS = (365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
LOG_RETENTION_DAYS = _SHORT_RETENTIONS + _LONG_RETENTIONS
"""What CloudWatch Logs takes (botocore 1.44.5, logs, shape `Days`)."""


SERVICE_PATTERN = re.compile(r"(?!com|cn|aws)[a-z0-9][a-z0-9-]*(\.[a-z0-9-]+)?")
"""`kms`, `ecr.api`: what stands behind `com.amazonaws.REGION.`, which is not part of it."""
SERVICES = (
    *("athena", "autoscaling", "backup", "cloudformation", "cloudtrail", "codeartifact.api", "ebs", "ec2", "ec2messages"),
    *("ecr.api", "ecr.dkr", "ecs", "elasticfilesystem", "elasticloadbalancing", "email-smtp", "events", "execute-api"),
    *("firehose", "glue", "kinesis-streams", "kms", "lambda", "license-manager", "logs", "monitoring", "rds", "rds-data"),
    *("s3", "dynamodb", "secretsmanager", "sns", "sqs", "ssm", "ssmmessages", "states", "sts", "transfer", "xray"),
)
"""Names that a slip is told from (PrivateLink guide, "AWS services that integrate", remembered); others are taken too."""
SLIP = 0.85
"""How alike a name and a known one are, of 1, that it is taken for a slip of that one: a letter."""


class UnshownError(ValueError):
    """What is wrong with a value that no message may show; the text stands in its place."""


TextReader = Callable[[str], str]
"""Reads a text file of the project by its path; `OSError` or `UnicodeDecodeError` when it cannot."""


@dataclass(frozen=True)
class FileText:
    """A file named by the configuration, with its contents; both empty when none is named."""

    path: str = ""
    text: str = ""


def _text(what: str) -> WithJsonSchema:
    """Says in words what a text may be, where a pattern would say less."""
    return WithJsonSchema({"type": "string", "allowed": what})


def _known(values: Iterable[object]) -> AfterValidator:
    known = tuple(values)

    def check(value: object) -> object:
        if value not in known:
            raise ValueError("unknown")
        return value

    return AfterValidator(check)


def _flag(value: object) -> object:
    """Only what YAML and Pulumi write; pydantic alone would take `yes` and `1` as well."""
    if value not in ("true", "false", True, False):
        raise ValueError("neither true nor false")
    return value


def _file_text(value: object, info: ValidationInfo) -> FileText:
    if isinstance(value, FileText):
        return value
    read = cast("Mapping[str, TextReader]", info.context)["read_text"]
    return FileText(str(value), _read(str(value), read)) if value else FileText()


def _read(path: str, read: TextReader) -> str:
    try:
        return read(path)
    except FileNotFoundError as exc:
        raise ValueError(f"there is no file {path} in the project's folder") from exc
    except OSError as exc:
        raise ValueError(f"it cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ValueError("no text in UTF-8") from exc


def _holds(bytes_max: int, contains: str = "") -> AfterValidator:
    def check(file: FileText) -> FileText:
        if len(file.text.encode()) > bytes_max:
            raise ValueError(f"a file of {len(file.text.encode())} bytes")
        if file.path and contains not in file.text:
            raise ValueError(f"a file without {contains!r}")
        return file

    return AfterValidator(check)


def _path_of(what: str, bytes_max: int) -> WithJsonSchema:
    return _text(f"{what}, at most {bytes_max} bytes, by its path from the folder of Pulumi.yaml")


def _tag(value: str) -> str:
    key, equals, text = value.partition("=")
    fits = 0 < len(key) <= TAG_KEY_LENGTH_MAX and len(text) <= TAG_VALUE_LENGTH_MAX
    if not (equals and fits and TAG_PATTERN.fullmatch(value)):
        raise ValueError("not key=value")
    return value


def _service(value: str) -> str:
    near = difflib.get_close_matches(value, SERVICES, n=1, cutoff=SLIP)
    if not SERVICE_PATTERN.fullmatch(value):
        raise ValueError("no short name of a service")
    if near and value not in SERVICES:
        raise ValueError(f"did you mean {near[0]}?")
    return value


_MARKETPLACE_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_GALLERY_IMAGE = re.compile(
    r"/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft\.Compute/galleries/[^/]+/images/[^/]+"
    r"/versions/([^/]+)",
    re.IGNORECASE,
)
_IMAGE_VERSION = re.compile(r"\d+\.\d+\.\d+")
"""Major, minor and patch, of the marketplace as of galleries (Azure Compute Gallery, "Image versions", remembered)."""
_MARKETPLACE_PARTS = 4


def _image(value: str) -> str:
    gallery = _GALLERY_IMAGE.fullmatch(value)
    parts = value.split(":")
    if gallery:
        version = gallery[1]
    elif len(parts) == _MARKETPLACE_PARTS and all(map(_MARKETPLACE_PART.fullmatch, parts)):
        version = parts[-1]
    else:
        raise ValueError("neither publisher:offer:sku:version nor an id of an image version")
    if version.lower() == "latest":
        raise ValueError("latest is another version for each worker that is made later")
    if not _IMAGE_VERSION.fullmatch(version):
        raise ValueError(f"{version} is no exact version")
    return value


PUBLIC_KEYS = ("ssh-ed25519", "ssh-rsa")
"""What Azure's Linux machines take (Virtual Machines, "Detailed steps: Create and manage SSH keys": ED25519, and RSA of 2048
bits or more; remembered)."""
RSA_BITS_MIN = 2048
_ED25519_BYTES = 32


def _admin_public_key(value: str) -> str:
    """One line of OpenSSH. No message shows what was found: it may be the other half of the pair."""
    text = value.strip()
    if "PRIVATE KEY" in text or text.startswith("PuTTY-User-Key-File"):
        raise UnshownError(
            "a private key, which is not shown here; it stands in the stack file in clear, so it is not to be used any more"
        )
    if len(text.splitlines()) != 1:
        raise UnshownError("a text of more than one line")
    kind, _, rest = text.partition(" ")
    if kind not in PUBLIC_KEYS:
        raise UnshownError(f"a text of {len(text)} characters that does not begin with {' or '.join(PUBLIC_KEYS)}")
    try:
        fields = _ssh_fields(base64.b64decode(rest.split(" ")[0], validate=True))
    except (binascii.Error, struct.error) as exc:
        raise UnshownError(f"{kind} with a key that cannot be read") from exc
    _check_public_key(kind, fields)
    return text


def _check_public_key(kind: str, fields: list[bytes]) -> None:
    """What stands in it is of that kind and long enough."""
    if fields[:1] != [kind.encode()] or len(fields) != (2 if kind == "ssh-ed25519" else 3):
        raise UnshownError(f"{kind} with a key of another kind")
    if kind == "ssh-ed25519" and len(fields[1]) != _ED25519_BYTES:
        raise UnshownError(f"{kind} with a key of {len(fields[1])} bytes instead of {_ED25519_BYTES}")
    bits = int.from_bytes(fields[-1], "big").bit_length()
    if kind == "ssh-rsa" and bits < RSA_BITS_MIN:
        raise UnshownError(f"{kind} of {bits} bits")


def _ssh_fields(blob: bytes) -> list[bytes]:
    """The parts of a key in OpenSSH's form, each with its length before it (RFC 4253, 6.6).

    Raises:
        struct.error: a part is cut off.
    """
    fields: list[bytes] = []
    while blob:
        (length,) = struct.unpack_from(">I", blob)
        fields += struct.unpack_from(f"{length}s", blob, 4)
        blob = blob[4 + length :]
    return fields


def _digits(value: object) -> object:
    """A zone that stands in a stack file without its quotes."""
    return str(value) if type(value) is int else value


def _cron(value: str) -> str:
    if value and (fault := cron_fault(value)):
        raise ValueError(fault)
    return value


def _time_zone(value: str) -> str:
    if value in time_zones():
        return value
    lower = {name.lower(): name for name in sorted(time_zones())}
    near = difflib.get_close_matches(value.lower(), lower, n=1, cutoff=SLIP)
    raise ValueError(f"did you mean {lower[near[0]]}?" if near else "unknown")


Flag = Annotated[bool, BeforeValidator(_flag)]
Port = Annotated[int, Field(ge=1, le=65535)]
NetworkRange = Annotated[IPv4Network, _text("an IPv4 network such as 10.80.0.0/16, host bits zero")]
RegionName = Annotated[str, _known(AWS_REGIONS), WithJsonSchema({"type": "string", "enum": list(AWS_REGIONS)})]
ZoneName = Annotated[str, _text("a zone of the region such as eu-central-1a")]
AzureRegionName = Annotated[str, _known(AZURE_REGIONS), WithJsonSchema({"type": "string", "enum": list(AZURE_REGIONS)})]
ZoneNumber = Annotated[
    str, BeforeValidator(_digits), _known(AZURE_ZONES), WithJsonSchema({"type": "string", "enum": list(AZURE_ZONES)})
]
WorkerName = Annotated[str, _text("a worker, wk1 or wk2")]
RetentionDays = Annotated[
    int, _known(LOG_RETENTION_DAYS), WithJsonSchema({"type": "integer", "enum": list(LOG_RETENTION_DAYS)})
]
AzureRetentionDays = Annotated[int, Field(ge=30, le=730)]
"""What a workspace keeps for searching (Azure Monitor, "Manage data retention in a Log Analytics workspace", remembered)."""
FUNCTION_MEMORIES_MB = (2048, 4096)
"""Of Flex Consumption. 512 is documented, and refused by its API (azure-rest-api-specs#40898)."""
FunctionMemoryMb = Annotated[
    int, _known(FUNCTION_MEMORIES_MB), WithJsonSchema({"type": "integer", "enum": list(FUNCTION_MEMORIES_MB)})
]
FUNCTION_PYTHONS = ("3.11", "3.12", "3.13")
"""Resource Manager takes whatever is named, and the app then dies (Azure-Functions#2666)."""
FunctionPython = Annotated[str, _known(FUNCTION_PYTHONS), WithJsonSchema({"type": "string", "enum": list(FUNCTION_PYTHONS)})]
ImageName = Annotated[
    str,
    AfterValidator(_image),
    _text("publisher:offer:sku:version with an exact version, or the id of an image version in a gallery"),
]
VmSize = Annotated[str, Field(pattern=r"^Standard_[A-Z][A-Za-z0-9_-]*$"), _text("a machine size such as Standard_D2s_v5")]
AdminPublicKey = Annotated[
    str,
    AfterValidator(_admin_public_key),
    _text(f"an OpenSSH public key on one line, ssh-ed25519 or ssh-rsa of {RSA_BITS_MIN} bits or more"),
]
AmiId = Annotated[str, Field(pattern=r"^ami-[0-9a-f]{8,17}$"), _text("ami- and 8 to 17 hexadecimal digits")]
InstanceType = Annotated[str, Field(pattern=r"^[a-z0-9-]+\.[a-z0-9-]+$"), _text("a machine type such as m6i.large")]
VpcId = Annotated[str, Field(pattern=r"^(vpc-[0-9a-f]{8,17})?$"), _text("vpc- and 8 to 17 hexadecimal digits")]
SubnetId = Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$"), _text("subnet- and 8 to 17 hexadecimal digits")]
EndpointId = Annotated[str, Field(pattern=r"^(vpce-[0-9a-f]{8,17})?$"), _text("vpce- and 8 to 17 hexadecimal digits")]
HostAddress = Annotated[IPv4Address, _text("an IPv4 address such as 10.80.0.10")]
ServiceName = Annotated[
    str,
    AfterValidator(_service),
    _text("the short name of a service that has an interface endpoint, such as secretsmanager"),
]
URL_PATH_LENGTH_MAX = 80
"""Two of them travel in the function's environment, beside the certificates."""
_URL_PATH = f"a path that begins with /, at most {URL_PATH_LENGTH_MAX} characters"
UrlPath = Annotated[str, Field(pattern=r"^/[!-~]*$", max_length=URL_PATH_LENGTH_MAX), _text(_URL_PATH)]
OptionalUrlPath = Annotated[str, Field(pattern=r"^(/[!-~]*)?$", max_length=URL_PATH_LENGTH_MAX), _text(_URL_PATH)]
MountPath = Annotated[
    str,
    Field(pattern=r"^(/[A-Za-z0-9._-]+)+$", max_length=100),
    _text("an absolute path in letters, digits and ._-, such as /data"),
]
ServiceUnit = Annotated[
    str, Field(pattern=r"^([A-Za-z0-9:_.@-]+\.service)?$", max_length=100), _text("a systemd unit such as engine.service")
]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$"), _text("an e-mail address")]
BusName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9._-]{0,256}$"), _text("default, or the name of an event bus of this account and region")
]
"""No slash: that stands in names of partners' buses only (botocore, events, `EventBusName`; guide, "Creating a bus")."""
CRON_LENGTH_MAX = 48
"""Room for any day that people agree on; it travels in the function's environment too."""
Cron = Annotated[
    str,
    Field(max_length=CRON_LENGTH_MAX),
    AfterValidator(_cron),
    _text(f"a cron of five fields such as 0 3 * * SUN, at most {CRON_LENGTH_MAX} characters"),
]
TimeZone = Annotated[
    str, AfterValidator(_time_zone), _text("UTC, or a name of the IANA time zone database such as Europe/Berlin")
]
Tag = Annotated[str, AfterValidator(_tag), _text("key=value in letters, digits, spaces and _.:/=+-@")]
CA_BYTES_MAX = 2048
"""The certificate travels in the function's environment, which has room for 4096 bytes in all."""
UserData = Annotated[
    FileText, BeforeValidator(_file_text), _holds(USER_DATA_BYTES_MAX), _path_of("a text file", USER_DATA_BYTES_MAX)
]
Certificates = Annotated[
    FileText,
    BeforeValidator(_file_text),
    _holds(CA_BYTES_MAX, contains="-----BEGIN CERTIFICATE-----"),
    _path_of("a PEM file", CA_BYTES_MAX),
]


def schema_of(kind: Any) -> Mapping[str, Any]:
    """The JSON schema of one of these types."""
    return TypeAdapter(kind).json_schema()


def words(schema: Mapping[str, Any], unit: str = "", leave_out: Iterable[object] = ()) -> str:
    """What a schema takes, as part of a sentence.

    >>> words(schema_of(Port))
    'a whole number from 1 to 65535'
    >>> words(schema_of(Flag))
    'true or false'
    >>> words({"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 2}, "minItems": 1}, "seconds")
    'a list of one or more, each a number of seconds from 0 to 2'
    """
    if "allowed" in schema:
        return schema["allowed"]
    if "enum" in schema:
        known = [str(value) for value in schema["enum"] if value not in set(leave_out)]
        return known[0] if len(known) == 1 else f"one of {', '.join(known)}"
    return _WORDS[schema["type"]](schema, unit)


def _number(schema: Mapping[str, Any], unit: str) -> str:
    kind = "a whole number" if schema["type"] == "integer" else "a number"
    of = f" of {unit}" if unit else ""
    return f"{kind}{of} from {schema['minimum']:g} to {schema['maximum']:g}"


def _list(schema: Mapping[str, Any], unit: str) -> str:
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    count = _count(least, most)
    return f"a list of {count}, each {words(schema['items'], unit)}"


def _count(least: int, most: int | None) -> str:
    if least == most:
        return f"exactly {least}"
    if most is not None:
        return f"{least} {'or' if most == least + 1 else 'to'} {most}"
    return "one or more" if least else "any number"


_WORDS: Mapping[str, Callable[[Mapping[str, Any], str], str]] = {
    "integer": _number,
    "number": _number,
    "boolean": lambda _schema, _unit: "true or false",
    "array": _list,
    "string": lambda schema, _unit: f"a text that matches {schema['pattern']}" if "pattern" in schema else "a text",
}
