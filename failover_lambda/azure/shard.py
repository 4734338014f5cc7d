"""What is in the blob of a shard, and every change of it; pure.

    {"lease":   {"owner", "token", "beat", "wish", "asked", "answered"}, or null where nobody ever had it
     "inbox":   entries of operators, each a text as in `requests`
     "records": {SITE: {"document": the record as JSON, or "packed": the same, compressed, base64
                        "version", "writer": OWNER#TOKEN of the lease it was written under}}}

Lease and records lie in one blob, because one condition then guards both: whoever takes the lease changes the blob's ETag,
and no write of the leader before, however late it arrives, finds the ETag that it was made for.

A change takes a shard and gives the next one; it raises ConflictError where its condition is not true, and gives the shard
back as it was where an earlier copy of the very change is in it already.

May import `contract`, `model`, `errors`, `document` and `requests`.
"""

import base64
import binascii
import dataclasses
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from failover_lambda import requests
from failover_lambda.document import Found, written
from failover_lambda.errors import ConflictError, StoreUnavailableError
from failover_lambda.model import Lease, Record, Request

Entry = Any
"""What stands in a record's place: a JSON object as above, unless another hand was there."""

LEASE_FIELDS: Final = ("owner", "token", "beat", "wish", "asked", "answered")


@dataclass(frozen=True, kw_only=True)
class Shard:
    """A shard as it is stored."""

    lease: Lease | None = None
    """Without its inbox: see `held`."""
    inbox: tuple[str, ...] = ()
    records: Mapping[str, Entry] = field(default_factory=dict[str, Entry])

    @property
    def held(self) -> Lease | None:
        """The lease with what lies in the inbox; StoreUnavailableError where an entry cannot be read."""
        if self.lease is None:
            return None
        try:
            return replace(self.lease, inbox=tuple(requests.parse(text) for text in self.inbox))
        except (KeyError, TypeError, ValueError) as exc:
            raise StoreUnavailableError(f"the inbox cannot be read: {type(exc).__name__} {exc}") from exc


# As text


def read(text: bytes) -> Shard:
    """The shard in its blob. The inverse is `to_text`.

    Raises:
        StoreUnavailableError: it is no shard: nobody knows who leads.
    """
    try:
        plain: Any = json.loads(text)
        lease, inbox, records = plain["lease"], plain["inbox"], plain["records"]
        shard = Shard(
            lease=None if lease is None else _lease(lease),
            inbox=tuple(sorted(_all_of(str, inbox))),
            records=dict(records.items()),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise StoreUnavailableError(
            f"the blob of the shard cannot be read, so nobody knows who leads: {type(exc).__name__} {exc}. Next: follow "
            "'The record was lost' in docs/RUNBOOK.md"
        ) from exc
    return shard


def _lease(plain: Mapping[str, Any]) -> Lease:
    values = {name: plain[name] for name in LEASE_FIELDS}
    if not all(isinstance(value, int if name in ("token", "beat") else str) for name, value in values.items()):
        raise TypeError(f"a lease of {values}")
    return Lease(**values)


def _all_of(kind: type, values: Any) -> list[Any]:
    if not isinstance(values, list) or not all(isinstance(value, kind) for value in values):
        raise TypeError(f"no list of {kind.__name__}")
    return values


def to_text(shard: Shard) -> bytes:
    """The shard as JSON; equal shards give equal texts."""
    lease = None if shard.lease is None else {name: getattr(shard.lease, name) for name in LEASE_FIELDS}
    plain = {"lease": lease, "inbox": sorted(shard.inbox), "records": dict(shard.records)}
    return json.dumps(plain, allow_nan=False, indent=1, sort_keys=True).encode()


def entry_of(record: Record, lease: Lease) -> Entry:
    """What is stored of a record."""
    text = written(record)
    kept = {"document": text} if isinstance(text, str) else {"packed": base64.b64encode(text).decode()}
    return {"version": record.version, **kept, "writer": f"{lease.owner}#{lease.token}"}


def found_in(entry: Entry) -> Found:
    """What stands in the record's place, whatever it is."""
    fields: Mapping[str, Any] = entry if isinstance(entry, dict) else {}
    version = fields.get("version")
    return Found(version=version if type(version) is int else 0, document=_document(fields))


def _document(fields: Mapping[str, Any]) -> str | bytes | None:
    document, packed = fields.get("document"), fields.get("packed")
    if isinstance(document, str) or not isinstance(packed, str):
        return document if isinstance(document, str) else None
    try:
        return base64.b64decode(packed, validate=True)
    except binascii.Error:
        return None


# The record


def next_version(record: Record) -> Record:
    """The record as it is stored when it is written."""
    return dataclasses.replace(record, version=record.version + 1)


def saved(shard: Shard, record: Record, lease: Lease) -> Shard:
    """With the record as the version after its own."""
    require_held(shard, lease)
    stored, entry = shard.records.get(record.site), entry_of(next_version(record), lease)
    if stored == entry:
        return shard
    found = None if stored is None else found_in(stored).version
    if found != (record.version or None):
        raise ConflictError(f"version {record.version + 1} was to follow, the stored one is {found or 'none'}")
    return _with(shard, record.site, entry)


def superseded(shard: Shard, record: Record, lease: Lease, found: Entry | None) -> Shard:
    """With the record in place of what was found, if that is still there."""
    require_held(shard, lease)
    if shard.records.get(record.site) != found:
        raise ConflictError("what stands in the record's place has changed")
    return _with(shard, record.site, entry_of(next_version(record), lease))


def _with(shard: Shard, site: str, entry: Entry) -> Shard:
    return replace(shard, records={**shard.records, site: entry})


def require_held(shard: Shard, lease: Lease) -> Lease:
    """The lease as it is now, if it is still his."""
    held = shard.lease
    if held is None or (held.owner, held.token) != (lease.owner, lease.token):
        now = f"{held.owner or 'nobody'} with token {held.token}" if held else "nobody"
        raise ConflictError(f"the lease of {lease.owner} with token {lease.token} is gone: held by {now}")
    return held


# The lease


def taken(shard: Shard, owner: str, seen: Lease | None) -> Shard:
    """With the owner, token + 1, if the lease is what was seen."""
    held = shard.lease
    if seen is None:
        first = Lease(owner=owner, token=1, beat=1, wish="")
        if held is None:
            return replace(shard, lease=first)
    elif held and (held.owner, held.token, held.beat) == (seen.owner, seen.token, seen.beat):
        return replace(shard, lease=replace(held, owner=owner, token=held.token + 1, beat=held.beat + 1, wish=""))
    if held and (held.owner, held.token) == (owner, seen.token + 1 if seen else 1):
        return shard  # names are unique, one per life of an arbiter: an earlier copy of this change
    raise ConflictError(f"somebody was faster: the lease is held by {held.owner if held else 'nobody'}")


def renewed(shard: Shard, lease: Lease, answered: str) -> Shard:
    """One beat on. Done twice it is two beats, and does no harm."""
    held = require_held(shard, lease)
    return replace(shard, lease=replace(held, beat=held.beat + 1, answered=answered or held.answered))


def released(shard: Shard, lease: Lease) -> Shard:
    """Held by nobody; token and wish are kept."""
    return replace(shard, lease=replace(require_held(shard, lease), owner=""))


def noted(shard: Shard, **words: str) -> Shard:
    """With a wish or a question. Without a lease there is no leader, and nobody is asked."""
    return shard if shard.lease is None else replace(shard, lease=replace(shard.lease, **words))


# The inbox


def asked(shard: Shard, request: Request) -> Shard:
    """With the entry in the inbox."""
    text = requests.to_text(request)
    if shard.lease is None:
        raise ConflictError("nobody ever led here: there is no inbox")
    return replace(shard, inbox=tuple(sorted({*shard.inbox, text})))


def dropped(shard: Shard, ids: Collection[str]) -> Shard:
    """Without these entries."""
    return replace(shard, inbox=tuple(text for text in shard.inbox if requests.parse(text).id not in ids))
