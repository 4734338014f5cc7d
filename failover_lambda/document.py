"""The record as it is stored: what of it lasts, how it is written, and what to make of what is found in its place. Pure.

`bounded` keeps it small before it is written: times to the millisecond, texts of some length, moves that still count. It is
written as JSON, without the fields that are at their default; one that is long all the same is compressed, so that nearly
every record can be read at the console, and the largest one still costs no more than 4 KB a write. `judged` tells a record
from one that was lost (docs/RULE.md 1.11 to 1.14).

For the adapters of `ports.RecordStore`, and for `cycle`. May import `contract`, `model`, `errors` and `moves`.
"""

import dataclasses
import json
import zlib
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar, cast

from failover_lambda.contract import Settings, UnknownWordError, from_plain, to_plain
from failover_lambda.errors import ConflictError, RecordLostError, RecordUnreadableError
from failover_lambda.model import RECORD_SCHEMA, Loss, Lost, Record
from failover_lambda.moves import DAY_S

PLAIN_BYTES_MAX = 3000
"""A longer document is stored compressed. A site of three workers in the middle of a failover has less than 2,000."""

STORED_BYTES_MAX = 3950
"""Of a document as it is stored: with key, names, version and writer the item stays under 4 KB, whose writes are paid so."""

TEXT_CHARACTERS_MAX = 240
"""Of any text in the record; what is longer ends in an ellipsis."""

TEXT_CHARACTERS = (TEXT_CHARACTERS_MAX, 160, 100, 60)
"""The next bound is taken where a record would be longer than STORED_BYTES_MAX with this one: hardly ever."""

LOSS_CHARACTERS_MAX = 110
"""Of why a record is lost, so that a notice has room for the next step."""

QUARANTINED_MAX = 8
"""So many items lie in quarantine at most; then nobody acts until a person has looked at them (RULE 1.12)."""

_ELLIPSIS = "..."
_CLOUDS_OWN_TIMES = frozenset({"launched_s"})
"""Compared with what the cloud says again later: not to be rounded."""

T = TypeVar("T")


# What lasts


def bounded(record: Record, settings: Settings, now_s: float) -> Record:
    """The record as it is to be written. Nothing is left out that the rule still asks for."""
    counts_s = max(DAY_S, settings.hold_s)
    moves = tuple(move for move in record.moves if now_s - move.at_s < counts_s)
    quiet = record.quiet_until_s is not None and now_s < record.quiet_until_s
    record = dataclasses.replace(record, moves=moves, quiet_until_s=record.quiet_until_s if quiet else None)
    for characters_max in TEXT_CHARACTERS:
        record = _bounded(record, characters_max)
        if len(written(record)) <= STORED_BYTES_MAX:
            break
    return record


def _bounded(value: T, characters_max: int) -> T:
    if isinstance(value, tuple):
        return cast("T", tuple(_bounded(item, characters_max) for item in cast("tuple[object, ...]", value)))
    if isinstance(value, str):
        return cast("T", shortened(value, characters_max))
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    before = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    after = {
        name: _to_millisecond(it) if _is_time(name, it) else _bounded(it, characters_max) for name, it in before.items()
    }
    return value if after == before else dataclasses.replace(value, **after)


def _is_time(name: str, value: object) -> bool:
    return isinstance(value, float) and name.endswith("_s") and name not in _CLOUDS_OWN_TIMES


def _to_millisecond(value: float) -> float:
    return round(value, 3)


def shortened(text: str, characters_max: int = TEXT_CHARACTERS_MAX) -> str:
    """At most so much of it."""
    return text if len(text) <= characters_max else text[: characters_max - len(_ELLIPSIS)] + _ELLIPSIS


# How it is written


def written(record: Record) -> str | bytes:
    """The record as text, or compressed where that is longer than PLAIN_BYTES_MAX. The inverse is `read`."""
    text = json.dumps(to_plain(record, sparse=True), allow_nan=False, separators=(",", ":"), sort_keys=True)
    return text if len(text) <= PLAIN_BYTES_MAX else zlib.compress(text.encode("ascii"), 9)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What stands in the record's place, as far as it could be taken apart."""

    version: int
    """0 = it says none."""
    document: str | bytes | None


def judged(found: Found | None, site: str, floor: int | None) -> Record | None:
    """The record in what was found; None = the site surely never had one.

    Args:
        found: by a strongly consistent read; None = there surely is no such item.
        site: whose it should be.
        floor: the highest epoch that was reached, read before; None = nothing says.

    Raises:
        RecordLostError: it is missing, from a backup or damaged, and the floor says where to go on.
        RecordUnreadableError: it may be a record of another version, or it is damaged and nothing says where to go on.
    """
    if found is None:
        if floor is None:
            return None
        raise _lost(Loss.LOST, floor, 0, f"the record of {site} is missing, and epoch {floor} had been reached")
    try:
        record = _read(found, site)
    except (TypeError, ValueError, zlib.error) as exc:
        _refuse_damaged(found, site, floor, exc)
    if floor is not None and record.epoch < floor:
        why = f"the record of {site} is an old copy: it shows epoch {record.epoch}, and epoch {floor} had been reached"
        raise _lost(Loss.RESTORED, floor, found.version, why)
    return record


def lost_in(found: Found | None, site: str, floor: int | None) -> Lost:
    """What `judged` tells of a record that is lost; ConflictError where it is not lost any more."""
    try:
        record = judged(found, site, floor)
    except RecordLostError as exc:
        return exc.lost
    stored = f"a record of version {record.version}" if record else "neither a record nor a floor"
    raise ConflictError(f"the record was lost, and now there is {stored}")


def _read(found: Found, site: str) -> Record:
    text = zlib.decompress(found.document) if isinstance(found.document, bytes) else found.document
    if text is None:
        raise TypeError("it has no document")
    plain: Any = json.loads(text, parse_constant=_no_number)
    if not isinstance(plain, dict) or type(plain.get("schema")) is not int:
        raise TypeError("it names no schema")
    _require_schema(plain["schema"])
    try:
        record: Record = from_plain(Record, plain)
    except UnknownWordError as exc:
        raise RecordUnreadableError(
            f"the record has what this version does not know: {exc}. A newer watchdog has written it. Next: deploy that "
            "version again; this one neither acts on it nor writes it"
        ) from exc
    if (record.site, record.version) != (site, found.version):
        said = f"it says site {record.site!r} and version {record.version}"
        raise ValueError(f"{said}, its item {site!r} and {found.version}")
    return record


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _require_schema(schema: int) -> None:
    both = f"the record has schema {schema}, this version reads {RECORD_SCHEMA}"
    if schema > RECORD_SCHEMA:
        raise RecordUnreadableError(f"{both}: a newer watchdog has written it. Next: deploy that version again")
    if schema < RECORD_SCHEMA:
        raise RecordUnreadableError(
            f"{both}: it is lifted by an operator and never by itself. Next: deploy the version that wrote it, or follow "
            "'A record of an older schema' in docs/RUNBOOK.md"
        )


def _refuse_damaged(found: Found, site: str, floor: int | None, exc: Exception) -> NoReturn:
    why = f"what stands in the place of the record of {site} is no record: {type(exc).__name__} {exc}"
    if floor is None:
        raise RecordUnreadableError(
            f"{why}; and no epoch is kept beside it. Next: follow 'The record was lost' in docs/RUNBOOK.md"
        ) from exc
    raise _lost(Loss.DAMAGED, floor, found.version, why) from exc


def _lost(what: Loss, floor: int, version: int, why: str) -> RecordLostError:
    return RecordLostError(Lost(what=what, floor=floor, version=version, why=shortened(why, LOSS_CHARACTERS_MAX)))


def quarantine_is_full(site: str) -> RecordUnreadableError:
    """What to raise when there is no room for one more."""
    return RecordUnreadableError(
        f"the record of {site} was lost, and {QUARANTINED_MAX} earlier ones lie in quarantine already. Next: find out what "
        f"writes over it, look at the items quarantine#{site}#1 to #{QUARANTINED_MAX}, and delete them"
    )
