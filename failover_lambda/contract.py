"""The names that the program and the watchdog share, and the settings that travel between them.

The program (`infra`) writes `Settings.to_environment()` into the function; the function reads `Settings.from_environment()`
back. Nothing else reads the function's environment. Standard library only; everybody may import this file.
"""

import dataclasses
import functools
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Self

ENVIRONMENT_PREFIX = "TANDEM_"
METRIC_NAMESPACE = "Tandem"
SITE_DIMENSION = "Site"
"""The one dimension of every metric, so that stacks of one account do not hear each other's heartbeat."""

MOVES_KEPT = 24
"""Moves that the record remembers for the budget; no larger budget can be configured."""

CLOCKS_AGREE_S = 60.0
"""Further apart, our clock and the store's are not believed to tell a window of the day (RULE 10.3)."""

UTC = "UTC"
"""The one time zone that needs no file."""

RECORD_KEY = "pk"
"""Partition key of the record table (string). Items: `record#SITE`, `epoch#SITE`, `quarantine#SITE#N`, `lease#SHARD`; where
one watchdog serves many sites, `site#SITE` as well."""

SITE_PREFIX = "site#"
"""How the keys of a fleet's list begin."""

INBOX = "inbox"
"""Attribute of the lease's item that holds what operators ask for (string set)."""

OWNER_TAG = "tandem:site"
"""Tag on address and workers: which site they belong to. A site's name is its own within an account and region, because
functions and table are named after it; and an address belongs to one account and region."""


class Metric(Enum):
    """What the arbiter that leads writes once a minute, and when it ends. The smallest set that the alarms need."""

    HEARTBEAT = "Heartbeat"
    """1: a round was complete since the last line; 0: an arbiter led, and none was. No line at all is silence."""
    STANDBYS_NOT_READY = "StandbysNotReady"
    """How many standbys were asked in the last round and found healthy and ready by nobody; left out if nobody could ask."""
    FAILED_TICKS = "FailedTicks"
    """Ticks since the last line in which something could not be read, stored or told."""
    SUSPECT_SECONDS = "SuspectSeconds"
    """How much of the time since the last line was spent in the phase `suspect`."""
    NEEDS_PERSON = "NeedsPerson"
    """1 in the phases `manual` and `both-down`, which no automatic move ends; else 0."""
    MOVES_LEFT = "MovesLeft"
    """Automatic moves that the budgets still allow; left out while the watchdog is switched off."""


class Tier(Enum):
    """The promise that a stack makes; see docs/CONFIG.md."""

    ZERO_REDUNDANCY = "zero-redundancy"
    COLD_SPARE = "cold-spare"
    HOT_SPARE = "hot-spare"
    HIGH_AVAILABILITY = "high-availability"
    FAULT_TOLERANT = "fault-tolerant"


class FencePolicy(Enum):
    """What has to be true of the old holder before a new one receives; RULE.md section 6."""

    ADDRESS_IS_FENCE = "address-is-fence"
    STRICT = "strict"


class Rejoin(Enum):
    """Who starts a fenced worker again; RULE.md 6.5."""

    OPERATOR = "operator"
    AUTO = "auto"
    """The watchdog, once it was seen stopped."""


class ProbeKind(Enum):
    """What the probers ask a worker."""

    TCP = "tcp"
    HTTP = "http"
    HTTPS = "https"
    MLLP = "mllp"


class Channel(Enum):
    """A way by which notices leave."""

    TOPIC = "topic"
    """To people."""
    BUS = "bus"
    """To machines, where an event bus is configured."""


class TickKind(Enum):
    """Why an arbiter was started; the `tick` field of its event."""

    LOOP = "loop"
    """By the schedule: tick until a successor holds the lease."""
    ONCE = "once"
    """By a deployment or the command line: tick until the site is settled, then answer."""
    EVENT = "event"
    """By a worker's machine that goes down: lead as `loop` does if nobody leads, else end at once."""


@dataclass(frozen=True, kw_only=True)
class Worker:
    """One worker, as the watchdog addresses it. A worker is its name and its instance id together."""

    name: str
    instance_id: str
    network_interface_id: str
    private_ip: str
    """The primary one of its card."""
    address_private_ip: str
    """Where the fixed address leads to: the primary one, or a second one where the first has a public address of its own."""
    zone: str
    group_ids: tuple[str, ...]
    """The security groups of a worker that is not isolated."""


@dataclass(frozen=True, kw_only=True)
class ProberRef:
    """One prober function and the zone that it looks from."""

    zone: str
    function_name: str


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything the watchdog is told. Durations are seconds; each field's environment name is TANDEM_ + NAME.

    Defaults that a user may change stand in `infra/config.py`; those below are the watchdog's own and are not configured.
    """

    site: str
    tier: Tier
    enabled: bool
    fence_policy: FencePolicy
    workers_act_alone: bool
    """Whether a worker polls or sends on timers by itself: then `address-is-fence` does not cover what it does alone."""
    workers: tuple[Worker, ...]
    """In order: the home worker first, then the standbys as they are to be promoted."""
    address_id: str
    """The cloud's id of the fixed address (AWS: the allocation id)."""
    record_table: str
    notice_topic: str
    notice_event_bus: str = ""
    """Name of the bus that notices are put on besides; empty = none."""
    probers: tuple[ProberRef, ...]
    isolation_group_id: str
    shard: str = "0"

    probe_kind: ProbeKind
    probe_port: int
    probe_path: str
    ready_path: str
    """The path that says whether a worker could take over; "" = a healthy one could."""
    probe_tls_verify: bool
    probe_tls_ca_pem: str
    """Certificates that https probes trust instead of the public ones; empty = the public ones."""
    public_health_port: int
    """The one port that the arbiter may ask through the public address; 0 = none."""

    probe_interval_s: float
    """From the start of one round to the start of the next while the site is steady."""
    probe_timeout_s: float
    """Longest wait for a connection, and again for the answer, in a steady round."""
    burst_interval_s: float = 0.3
    """As `probe_interval_s` while anything is in doubt or in motion."""
    burst_timeout_s: float = 0.3
    """Longest wait for a connection in such a round. The answer has as long as ever (RULE 3.17)."""
    timeouts_to_dead: int
    """Consecutive rounds without an answer that make a verdict dead."""
    refusals_to_dead: int
    """As `timeouts_to_dead`, for rounds in which every asking vantage was refused or answered wrongly."""
    restart_grace_s: float
    """How long refusals must last besides: longer than a restart of the service."""
    slow_grace_s: float
    """How long a service that accepts must stay silent besides: longer than a pause of it."""
    boot_grace_s: float
    """How long a holder named at a site's first tick may take until it answers for the first time."""

    lease_ttl_s: float
    lease_renew_s: float
    arbiter_standby: bool = False
    """A second arbiter always waits for the lease, so that a dead one is replaced within the lease time (RULE 2.7)."""
    hold_s: float
    """Least time between two automatic moves."""
    moves_per_hour_max: int
    moves_per_day_max: int
    move_deadline_s: float = 30.0
    """From an intent until its address must be on the target; then the next target is tried."""
    verify_deadline_s: float = 20.0
    """From the association until the phase `verifying` ends at the latest."""
    call_again_s: float = 3.5
    """After this long an unanswered call is asked again; above connect + read timeout of the SDK (1 + 2 s)."""
    cloud_read_interval_s: float = 5.0
    """How often a steady site's association and instance states are read; in doubt: every round."""
    watch_only: bool = False
    """Decide and tell, but send no call and change no epoch."""
    rejoin: Rejoin = Rejoin.OPERATOR
    failback_enabled: bool = False
    """The home worker may get the address back by itself, inside a window."""
    failback_cron: str = ""
    """When a window opens: five fields as of cron(5), in `failback_time_zone`; empty = never."""
    failback_length_minutes: int = 0
    """How long a window is open, by elapsed time."""
    failback_time_zone: str = UTC
    """Name in the IANA database; its file travels in the bundle, see `time_zone_file`."""
    connections_stay: bool = False
    """Connections that stand go on to a worker that the address has left, until its fence ends them (RULE 9.15)."""
    rule_version: int = 2

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Who has to take a notice before it is done with."""
        return (Channel.TOPIC, Channel.BUS) if self.notice_event_bus else (Channel.TOPIC,)

    def answer_s(self, connect_s: float) -> float:
        """Longest wait for an answer where a connection is waited for `connect_s`: as long in a burst as in a steady round.

        A service that takes its time would be silent in every round of a burst else, though it answers in all others.
        """
        return max(connect_s, self.probe_timeout_s)

    @property
    def home(self) -> Worker:
        """The worker that holds the address when nothing ever happened."""
        return self.workers[0]

    def worker(self, name: str) -> Worker:
        """The worker called `name`; KeyError when there is none."""
        for worker in self.workers:
            if worker.name == name:
                return worker
        raise KeyError(name)

    def to_environment(self) -> dict[str, str]:
        """For the function's environment (4096 bytes in all on AWS): one entry per field that is not at its default.

        The bundle brings the defaults along, and both are deployed together.
        """
        return {
            ENVIRONMENT_PREFIX + field.name.upper(): _to_text(value)
            for field in dataclasses.fields(self)
            if (value := getattr(self, field.name)) != field.default
        }

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """The inverse of `to_environment`.

        Raises:
            ValueError: naming every variable that is missing or cannot be read, all at once.
        """
        hints = _hints(cls)
        values: dict[str, Any] = {}
        faults: list[str] = []
        for field in dataclasses.fields(cls):
            name = ENVIRONMENT_PREFIX + field.name.upper()
            if name not in environment:
                if field.default is dataclasses.MISSING:
                    faults.append(f"{name} is missing")
                continue
            try:
                values[field.name] = _from_text(hints[field.name], environment[name])
            except (ValueError, TypeError, KeyError) as exc:
                faults.append(f"{name}={environment[name]!r} cannot be read as {hints[field.name]}: {exc}")
        if faults:
            raise ValueError("the watchdog's environment is not complete: " + "; ".join(faults))
        return cls(**values)


def time_zone_file(name: str) -> str:
    """Where the bundle keeps the rules of a time zone (TZif), from the folder of this package."""
    return f"timezones/{name}"


def site_key(site: str) -> str:
    """The key of a site's settings in the list of a fleet."""
    return f"{SITE_PREFIX}{site}"


def record_key(site: str) -> str:
    """The record's key in the table."""
    return f"record#{site}"


def epoch_key(site: str) -> str:
    """The key of the highest epoch that the site has reached, kept beside the record."""
    return f"epoch#{site}"


def quarantine_key(site: str, number: int) -> str:
    """The key of what once stood in the record's place and was none, or an old one."""
    return f"quarantine#{site}#{number}"


def lease_key(shard: str) -> str:
    """The lease's key in the table."""
    return f"lease#{shard}"


def _to_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Enum):
        return str(value.value)
    return json.dumps(to_plain(value), separators=(",", ":"), sort_keys=True)


def _from_text(kind: Any, text: str) -> Any:
    if kind is str:
        return text
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(text)
    return from_plain(kind, json.loads(text))


def to_plain(value: object, *, sparse: bool = False) -> Any:
    """A value of frozen dataclasses, enums and tuples as plain JSON values. `sparse` leaves out fields at their default."""
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        given = ((field, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {field.name: to_plain(it, sparse=sparse) for field, it in given if not (sparse and it == field.default)}
    if isinstance(value, list | tuple):
        return [to_plain(item, sparse=sparse) for item in typing.cast("list[object]", value)]
    return value


class UnknownWordError(ValueError):
    """A field or a word that this version does not know, and a later one may."""


def from_plain(kind: Any, plain: Any) -> Any:
    """The inverse of `to_plain` for a value of type `kind`.

    Raises:
        UnknownWordError: it has a field, or a word in place of an enum's, that `kind` does not know.
        TypeError: it does not fit.
    """
    origin = typing.get_origin(kind)
    if origin is types.UnionType or origin is typing.Union:
        return None if plain is None else from_plain(_the_other_than_none(kind), plain)
    if origin is tuple:
        if not isinstance(plain, list):
            raise TypeError(f"{plain!r} is no list")
        return tuple(from_plain(typing.get_args(kind)[0], item) for item in typing.cast("list[Any]", plain))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _word(kind, plain)
    if dataclasses.is_dataclass(kind):
        return _dataclass_from_plain(typing.cast("type[Any]", kind), plain)
    if kind is float and isinstance(plain, int) and not isinstance(plain, bool):
        return float(plain)
    if isinstance(kind, type) and type(plain) is not kind:
        raise TypeError(f"{plain!r} is not {kind.__name__}")
    return plain


def _word(kind: type[Enum], plain: Any) -> Enum:
    try:
        return kind(plain)
    except ValueError as exc:
        raise UnknownWordError(str(exc)) from exc


def _the_other_than_none(kind: Any) -> Any:
    (only,) = (arg for arg in typing.get_args(kind) if arg is not types.NoneType)
    return only


@functools.cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    """Looked up once: it takes longer than all the rest, and a fleet reads thousands of sights a second."""
    return typing.get_type_hints(kind)


def _dataclass_from_plain(kind: type[Any], plain: Any) -> Any:
    if not isinstance(plain, dict):
        raise TypeError(f"{plain!r} is no {kind.__name__}")
    hints = _hints(kind)
    fields = {field.name for field in dataclasses.fields(kind)}
    unknown = sorted(set(typing.cast("dict[str, Any]", plain)) - fields)
    if unknown:
        raise UnknownWordError(f"{kind.__name__} has no {', '.join(unknown)}")
    return kind(**{name: from_plain(hints[name], plain[name]) for name in fields if name in plain})
