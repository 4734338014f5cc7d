"""What a log may hold of a body: everything but secrets. Pure."""

from typing import Any, cast

REMOVED = "<removed>"
_NAMES = frozenset(
    [
        "customdata",
        "userdata",
        "protectedsettings",
        "keydata",
        "connectionstring",
        "primarykey",
        "secondarykey",
        "sharedkey",
        "accesskey",
        "accountkey",
        "sastoken",
        "packageuri",
    ]
)
_PARTS = ("password", "secret")


def redacted(value: object) -> Any:
    """The value with everything taken out that may be a secret, by the names of its properties."""
    if isinstance(value, dict):
        named = cast("dict[str, object]", value)
        return {name: _shown(name, each) for name, each in named.items()}
    if isinstance(value, list):
        return [redacted(each) for each in cast("list[object]", value)]
    return value


def _shown(name: str, value: object) -> Any:
    """A yes or no is no secret, whatever it is called (`disablePasswordAuthentication`)."""
    return REMOVED if _is_secret(name) and not isinstance(value, bool) else redacted(value)


def _is_secret(name: str) -> bool:
    lowered = name.lower()
    return lowered in _NAMES or any(part in lowered for part in _PARTS)
