"""What the cycle needs from the world: one Protocol per port.

The docstrings are the contracts; every adapter passes `tests/contract/`. No port knows another; none decides anything.

May import `contract`, `model`, `errors` and `sites` only.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol, TypeVar

from failover_lambda.contract import Channel, Settings
from failover_lambda.errors import CouldNotAskError
from failover_lambda.model import (
    AddressView,
    Answered,
    Command,
    InstanceView,
    Lease,
    Notice,
    PublicAnswer,
    Record,
    Request,
    Sight,
    Vitals,
)
from failover_lambda.sites import Listed

T = TypeVar("T")
BySite = Mapping[str, T | CouldNotAskError]
"""What was asked for many sites at once: each site's own answer, or why it has none. A site that is missing has none."""


class Clock(Protocol):
    """Time, injected."""

    def now_s(self) -> float:
        """Wall clock, seconds since 1970. For the record; never compared between machines to decide who leads."""
        ...

    def monotonic_s(self) -> float:
        """A clock that never jumps. For deadlines and the lease."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; nothing when `seconds` is not positive."""
        ...


class Probers(Protocol):
    """The vantages inside the network."""

    @property
    def vantages(self) -> Sequence[str]:
        """Their names."""
        ...

    def look(self, vantage: str, connect_s: float) -> Sight:
        """Ask every worker and the anchor once, concurrently.

        Each question has `connect_s` for the connection, and `Settings.answer_s(connect_s)` for the answer.

        Raises:
            CouldNotAskError: the vantage itself did not answer, was throttled, or answered what cannot be read.
        """
        ...


class PublicPath(Protocol):
    """The outside vantage: the public health port through the address."""

    def ask(self, public_ip: str, connect_s: float) -> PublicAnswer | None:
        """One question, with the times of `Probers.look`; None when no public health port is configured. Never raises."""
        ...


class Cloud(Protocol):
    """Where packets go, and who can serve. Reads raise; calls return their outcome and never raise.

    No method repeats a call by itself, and none reads a condition anew: the association id of a DISASSOCIATE is the one in
    the command.
    """

    def read_address(self) -> AddressView:
        """One consistent read of the fixed address.

        Raises:
            CouldNotAskError: no answer, throttled, denied, unreadable, or not our address.
        """
        ...

    def read_instances(self) -> tuple[InstanceView, ...]:
        """One read of every worker's machine, in the order of the settings. An instance that is gone is TERMINATED.

        Raises:
            CouldNotAskError: as above.
        """
        ...

    def read_announcements(self) -> Mapping[str, str]:
        """One read of what the platform means to do to the workers' machines: worker to the id of what comes first.

        A worker of which nothing is announced is not named. What was called off or is over is not announced any more.

        Raises:
            CouldNotAskError: as above.
        """
        ...

    def run(self, command: Command) -> Answered:
        """Carry out one command once, conditionally.

        DISASSOCIATE is DONE when the association in the command does not exist any more, by whomever it was ended.
        ASSOCIATE never takes the address from anybody: on another card it is DEFERRED. ISOLATE, RESTORE, STOP and START are
        DONE when it is already so. DEFERRED whenever the answer was "not now" and says nothing of the worker. LOST whenever
        there was no answer that says what happened.
        """
        ...

    def rehearse(self, commands: Sequence[Command]) -> tuple[Answered, ...]:
        """Ask for each command in turn whether our role may run it, and run none. Never raises.

        DONE: it may. REFUSED and `denied`: it may not. Any other answer says nothing, and ends the rehearsal: a cloud that
        does not know how to rehearse would carry the next one out.
        """
        ...


class RecordStore(Protocol):
    """The record and the lease, in one table, changed by compare-and-swap only.

    Beside the record the highest epoch is kept once more: the *floor*. It is raised in the very transaction that writes a
    record of a higher epoch, and costs other writes nothing.
    """

    def load(self) -> Record | None:
        """A strongly consistent read; None = surely neither a record nor a floor: the site never had one.

        Raises:
            StoreUnavailableError: no answer.
            RecordUnreadableError: there is an item, and it may be a record of another version; or it is damaged, and there
                is no floor.
            RecordLostError: there is a floor, and the record is missing, damaged, or of an epoch below it.
        """
        ...

    def save(self, record: Record, lease: Lease) -> Record:
        """Write `record` as version `record.version` + 1, and return it so.

        One transaction with two conditions: the stored version is still `record.version` (0 = there is none), **and** the
        lease still carries `lease.owner` and `lease.token`.

        A write of ours whose answer was lost is recognised as ours when it is sent again.

        Raises:
            ConflictError: version or lease have changed, or the floor is above its epoch; nothing was written.
            StoreUnavailableError: no answer; it may or may not have been written.
        """
        ...

    def supersede(self, record: Record, lease: Lease) -> Record:
        """As `save`, in place of a record that `load` told to be lost; `record.version` is the `Lost.version` told there.

        What stands in its place is moved to quarantine, unchanged and under a key of its own, in the same transaction. It is
        looked at anew, and has to be the same when the transaction is carried out.

        Raises:
            ConflictError: it is not lost any more or has changed, the floor is not below the record's epoch, or the lease
                has changed; nothing was written.
            RecordUnreadableError: it may be a record of another version by now, or the quarantine is full; nothing was
                written.
            StoreUnavailableError: no answer; it may or may not have been written.
        """
        ...

    def read_lease(self) -> Lease | None:
        """A strongly consistent read; None = nobody ever held it.

        Raises:
            StoreUnavailableError: no answer.
        """
        ...

    def take_lease(self, owner: str, seen: Lease | None) -> Lease:
        """Become the owner, token + 1, if the item is still exactly what was `seen` (None = absent). The wish is cleared.

        Raises:
            ConflictError: somebody renewed or took it.
            StoreUnavailableError: no answer.
        """
        ...

    def renew_lease(self, lease: Lease, answered: str = "") -> Lease:
        """Beat + 1 if owner and token still match; returns the item as it is now, a wish and a question of others included.

        Raises:
            ConflictError: somebody else has it.
            StoreUnavailableError: no answer.
        """
        ...

    def release_lease(self, lease: Lease) -> None:
        """Owner becomes "" (token and wish kept) if owner and token still match.

        Raises:
            ConflictError: somebody else has it.
            StoreUnavailableError: no answer.
        """
        ...

    def wish_lease(self, owner: str) -> None:
        """Note who would like to have the lease next; changes neither owner nor beat.

        Raises:
            StoreUnavailableError: no answer.
        """
        ...

    def ask_leader(self, question: str) -> None:
        """Note a question; the leader answers it by renewing with `answered` after a complete tick.

        Raises:
            StoreUnavailableError: no answer.
        """
        ...

    def put_request(self, request: Request) -> None:
        """Put an entry into the inbox of the shard, where the leader finds it with its next renewal. Twice is once.

        Raises:
            ValueError: its form is not what the watchdog reads.
            ConflictError: nobody ever led here: there is no inbox.
            StoreUnavailableError: no answer; it may be there.
        """
        ...

    def drop_requests(self, ids: Collection[str]) -> None:
        """Take these entries out of the inbox; one that is not there any more is no fault.

        Raises:
            StoreUnavailableError: no answer.
        """
        ...

    def clock_offset_s(self) -> float | None:
        """How far the store's clock is ahead of ours, by the last answer that told it; None = none has yet.

        Costs no call: every answer is dated. Good to two seconds or so. Never raises.
        """
        ...


class Reporter(Protocol):
    """What leaves the watchdog besides calls."""

    def event(self, name: str, fields: Mapping[str, object]) -> None:
        """One JSON line. Never raises, never prints a secret."""
        ...

    def vitals(self, vitals: Vitals) -> None:
        """One line that the platform turns into the metrics of `contract.Metric`; a figure that is None is left out.

        Costs no call and needs no permission. Never raises.
        """
        ...

    def tell(self, notice: Notice, channel: Channel) -> None:
        """Hand one notice over, by one channel.

        Raises:
            CouldNotAskError: it did not leave; it will be tried again.
        """
        ...


# For many sites at once


class Sites(Protocol):
    """The list of the sites of a shard."""

    def list(self) -> Sequence[Listed]:
        """Every site that is listed for this shard, those that cannot be read included.

        Raises:
            StoreUnavailableError: no answer, or only a part of it: nobody may be taken for gone.
        """
        ...


class SharedProbers(Protocol):
    """The vantages of many sites: those that share a prober are asked with one question."""

    def look(self, vantage: str, sites: Sequence[Settings], connect_s: float) -> BySite[Sight]:
        """As `Probers.look` for each of `sites`, in one call of at most `LOOKED_AT_ONCE` questions.

        Raises:
            CouldNotAskError: the vantage itself could not be asked.
        """
        ...


class SharedCloud(Protocol):
    """The reads of `Cloud` for many sites in as few calls as there can be. What one site has done, harms no other.

    Each may raise CouldNotAskError for all.
    """

    def read_addresses(self, sites: Sequence[Settings]) -> BySite[AddressView]:
        """As `Cloud.read_address`, for each."""
        ...

    def read_instances(self, sites: Sequence[Settings]) -> BySite[tuple[InstanceView, ...]]:
        """As `Cloud.read_instances`, for each."""
        ...

    def read_announcements(self, sites: Sequence[Settings]) -> BySite[Mapping[str, str]]:
        """As `Cloud.read_announcements`, for each."""
        ...


LOOKED_AT_ONCE = 400
"""Questions in one call of a prober, so that each has a socket of its own; Lambda allows 1,024 file descriptors."""

READ_AT_ONCE = 200
"""Workers in one read of the cloud. EC2 takes so many values of filters in a request (API reference, "Filtering")."""
