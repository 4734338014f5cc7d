"""An operator's request as the text that lies in the inbox, and back. Pure.

    {"id": "k3v9-1", "site": "lis", "verb": "switchover", "who": "mia", "why": "patch wk1", "asked_s": 1764300000.0,
     "patience_s": 60.0, "worker": "wk2"}

Whoever may write into the inbox may write nonsense: it is taken in as a request without a verb, which the rule refuses with
the fault (RULE 9.4), so that whoever asked reads an answer. May import `contract` and `model`.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from failover_lambda.contract import from_plain, to_plain
from failover_lambda.model import Request, Verb

ENTRY_CHARACTERS_MAX = 1000
WHO_CHARACTERS_MAX = 64
WHY_CHARACTERS_MAX = 160
ID = re.compile(r"[A-Za-z0-9._-]{1,24}")
"""What an id may be: short, because the record remembers thirty-two of them."""

_OURS = frozenset({"fault", "first_seen_s", "epoch"})
"""Fields that the watchdog fills in."""
_FIELDS = frozenset(field.name for field in fields(Request)) - _OURS
_PRINTABLE = re.compile(r"[^ -~]+")


def to_text(request: Request) -> str:
    """The entry for the inbox: what differs from the defaults, in a fixed order.

    Raises:
        ValueError: the watchdog would refuse it for its form; says why.
    """
    plain = to_plain(request)
    defaults = {field.name: field.default for field in fields(Request)}
    said = {name: value for name, value in plain.items() if name in _FIELDS and value != to_plain(defaults[name])}
    text = json.dumps(said, separators=(",", ":"), sort_keys=True)
    if fault := parse(text).fault:
        raise ValueError(fault)
    return text


def parse(text: str) -> Request:
    """The request that an entry means; never raises: what cannot be read has no verb and a fault."""
    try:
        plain = _table(text)
        fault = _fault(plain)
        if not fault:
            request: Request = from_plain(Request, plain)
            return request
    except (ValueError, TypeError) as exc:
        plain, fault = {}, f"an entry of the inbox cannot be read: {exc}"
    return _unreadable(text, plain, fault)


def _table(text: str) -> dict[str, Any]:
    if len(text) > ENTRY_CHARACTERS_MAX:
        raise ValueError(f"{len(text)} characters, at most {ENTRY_CHARACTERS_MAX}")
    plain = json.loads(text)
    if not isinstance(plain, dict):
        raise TypeError("it is no JSON object")
    return plain  # pyright: ignore[reportUnknownVariableType]


def _fault(plain: Mapping[str, Any]) -> str:
    """What is wrong with its fields, all at once; "" = nothing."""
    needed = [name for name in ("id", "site", "verb", "who", "why", "asked_s", "patience_s") if name not in plain]
    unknown = sorted(set(plain) - _FIELDS)
    verbs = [verb.value for verb in Verb]
    faults = [
        *([f"{', '.join(needed)} missing"] if needed else []),
        *([f"{', '.join(unknown)} unknown"] if unknown else []),
        *([f"verb {plain['verb']!r} is none of {', '.join(verbs)}"] if plain.get("verb", verbs[0]) not in verbs else []),
        *([f"id {plain['id']!r} is not 1 to 24 of letters, digits, . _ -"] if not _is_id(plain.get("id", "x")) else []),
        *(_too_long(plain, "who", WHO_CHARACTERS_MAX)),
        *(_too_long(plain, "why", WHY_CHARACTERS_MAX)),
    ]
    return "; ".join(faults)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and ID.fullmatch(value) is not None


def _too_long(plain: Mapping[str, Any], name: str, most: int) -> list[str]:
    value = plain.get(name, "-")
    fits = isinstance(value, str) and 0 < len(value) <= most and _PRINTABLE.search(value) is None
    return [] if fits else [f"{name} must be 1 to {most} printable characters"]


def _unreadable(text: str, plain: Mapping[str, Any], fault: str) -> Request:
    own_id = plain.get("id")
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]
    site, asked_s = plain.get("site"), plain.get("asked_s")
    return Request(
        id=str(own_id) if _is_id(own_id) else f"unreadable-{digest}",
        site=site if isinstance(site, str) else "",
        verb=None,
        who="",
        why="",
        asked_s=float(asked_s) if isinstance(asked_s, int | float) else 0.0,
        patience_s=1.0,
        fault=_PRINTABLE.sub("?", fault)[:WHY_CHARACTERS_MAX],
    )
