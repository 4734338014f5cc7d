"""The effects of a watchdog on its world, in their order: every write of the record, every call to the cloud.

A hook hears of each effect before it is applied and after it; it may raise `KilledError` there, and the arbiter's process is
gone: before the effect, or after it and before its answer is known. A write that the store refused is no effect.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from failover_lambda.errors import StoreUnavailableError
from failover_lambda.model import Answered, Command, Lease, Record
from tests.worlds import World


class KilledError(BaseException):
    """The arbiter's process is gone. No `Exception`: nothing in the watchdog may survive it."""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One write, or one call."""

    record: Record | None = None
    """A write: what is to be stored."""
    before: Record | None = None
    """A write: what was stored until then."""
    supersedes: bool = False
    """A write in place of a record that was lost: it follows from none."""
    command: Command | None = None
    """A call: what is asked."""
    dropped: tuple[str, ...] = ()
    """Requests that are taken out of the inbox."""

    @property
    def begins(self) -> bool:
        """A write that begins an epoch."""
        return self.record is not None and (self.before is None or self.record.epoch != self.before.epoch)

    @property
    def names(self) -> Iterator[str]:
        """What a story may call it: `call` or the call's own name; `write`, and `intent` where an epoch begins; `drop`."""
        if self.command:
            yield from ("call", self.command.do.value)
        elif self.dropped:
            yield "drop"
        else:
            yield "write"
            if self.begins:
                yield "intent"


class Hook(Protocol):
    """Whoever wants to hear of effects."""

    def before(self, effect: Effect) -> None:
        """It is about to be applied."""
        ...

    def after(self, effect: Effect, answered: Answered | None) -> None:
        """It was applied, or a call was refused or lost; nobody knows of the answer yet. A write has no `answered`."""
        ...

    def failed(self, effect: Effect, why: str) -> None:
        """A write had no success: nothing was stored, as far as its writer can tell."""
        ...


class Effects:
    """Puts itself between a world's watchdog and its store and cloud."""

    def __init__(self, world: World, *hooks: Hook) -> None:
        """Hooks are told in this order; the first that raises ends the arbiter, and the later ones do not hear of it."""
        self.hooks: Sequence[Hook] = hooks
        self.number = 0
        """Effects so far."""
        self._store, self._save, self._supersede = world.store, world.store.save, world.store.supersede
        self._drop, self._run = world.store.drop_requests, world.cloud.run
        world.store.save = self.save  # type: ignore[method-assign]
        world.store.supersede = self.supersede  # type: ignore[method-assign]
        world.store.drop_requests = self.drop  # type: ignore[method-assign]
        world.cloud.run = self.run  # type: ignore[method-assign]

    def save(self, record: Record, lease: Lease) -> Record:
        """As `RecordStore.save`."""
        return self._write(self._save, Effect(record=record, before=self._store.record), record, lease)

    def supersede(self, record: Record, lease: Lease) -> Record:
        """As `RecordStore.supersede`."""
        effect = Effect(record=record, before=self._store.record, supersedes=True)
        return self._write(self._supersede, effect, record, lease)

    def drop(self, ids: Collection[str]) -> None:
        """As `RecordStore.drop_requests`."""
        effect = Effect(dropped=tuple(ids))
        for hook in self.hooks:
            hook.before(effect)
        self._drop(ids)
        self._applied(effect, None)

    def _write(self, write: Callable[[Record, Lease], Record], effect: Effect, record: Record, lease: Lease) -> Record:
        for hook in self.hooks:
            hook.before(effect)
        standing = self._store.record  # others may have written while a hook let this writer wait
        try:
            stored = write(record, lease)
        except Exception as exc:
            if isinstance(exc, StoreUnavailableError) and self._store.record is not standing:
                self._applied(effect, None)  # only the answer was lost
            for hook in self.hooks:
                hook.failed(effect, str(exc))
            raise
        if self._store.record is not standing:  # else it was ours already, and its answer had been lost
            self._applied(effect, None)
        return stored

    def run(self, command: Command) -> Answered:
        """As `Cloud.run`."""
        effect = Effect(command=command)
        for hook in self.hooks:
            hook.before(effect)
        answered = self._run(command)
        self._applied(effect, answered)
        return answered

    def _applied(self, effect: Effect, answered: Answered | None) -> None:
        self.number += 1
        for hook in self.hooks:
            hook.after(effect, answered)
