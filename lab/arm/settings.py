"""What an emulated subscription is like: chosen once, by whoever starts it."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from lab.arm.times import INSTANT, Times

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
TENANT = "00000000-0000-0000-0000-00000000000a"
_PUBLIC = ipaddress.IPv4Network("203.0.113.0/24")


class Clock(Protocol):
    """Where the time comes from."""

    def now_s(self) -> float:
        """Seconds on a clock that never goes back."""
        ...


@dataclass(frozen=True)
class Settings:
    """The subscription and what it may do.

    Attributes:
        subscription: the one there is.
        tenant: its directory.
        times: how long operations take.
        public_network: where Public IPs come from.
        features: registered features; without `Microsoft.Compute/EncryptionAtHost` that is refused.
        unregistered: namespaces, in lower case, that the subscription has not registered.
        roles: whether roles are checked; without, everybody may do everything.
        principals: object id -> type, of identities that are no resources here.
        owners: object ids that may do everything though roles are checked: the lab and whoever deploys.
        nic_blocked_by: verbs of a machine's running operation on which a PUT of its interface fails, in its operation.
        in_progress_status: HTTP status of AnotherOperationInProgress; 409 and 429 are both reported.
        epoch_s: the wall clock, seconds since 1970, at the emulator's zero.
        seed: of guids.
    """

    subscription: str = SUBSCRIPTION
    tenant: str = TENANT
    times: Times = INSTANT
    public_network: ipaddress.IPv4Network = _PUBLIC
    features: frozenset[str] = frozenset()
    unregistered: frozenset[str] = frozenset()
    roles: bool = False
    principals: Mapping[str, str] = field(default_factory=dict[str, str])
    owners: frozenset[str] = frozenset()
    nic_blocked_by: frozenset[str] = frozenset({"delete"})
    in_progress_status: int = 409
    epoch_s: float = 1_767_225_600.0
    seed: int = 1
