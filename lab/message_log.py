r"""The worker's durable store: which messages it took, and which of them it has delivered.

    {"op":"accepted","seq":1,"key":[...],"text":"MSH|..."}     before the sender's acknowledgement
    {"op":"delivered","seq":1}                                 after the receiver's acknowledgement

Append only: a line is on disk (fsync) when the call that wrote it returns. A line without its newline is the write
that a kill interrupted; nobody was told of it, so it is cut off when the store is opened again. Any other line that
cannot be read means that the store is damaged, and the worker must not serve from it.

Everything stays in memory too, so this suits a lab's hours and not a hospital's years. The worker is its one writer.
"""

import asyncio
import json
import os
from pathlib import Path
from typing import Any, Final, NamedTuple

from lab.hl7_messages import MessageKey

_MODE: Final = 0o644
_FLAGS: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
_FULL: Final = "/dev/full"
"""Linux's own full disk: every write fails with ENOSPC (full(4))."""


class StoreDamagedError(Exception):
    """A line in the middle of the store is not what this module writes; the text names file and line."""


class Entry(NamedTuple):
    """One accepted message: its number in this store (from 1), its key, its text."""

    seq: int
    key: MessageKey
    text: str


class MessageLog:
    """One worker's store at `path`, created where it does not exist. One process at a time may open it.

    Raises `StoreDamagedError` or OSError.
    """

    def __init__(self, path: Path) -> None:
        whole_lines = _without_torn_tail(path)
        self._entries, self._undelivered = _replayed(path, whole_lines)
        self._keys = {entry.key for entry in self._entries}
        self._writing = asyncio.Lock()
        self._path = path
        self._file = os.open(path, _FLAGS, _MODE)
        self._takes = True
        _sync_folder(path.parent)

    def knows(self, key: MessageKey) -> bool:
        """Tell whether this message is on disk."""
        return key in self._keys

    def undelivered(self) -> tuple[Entry, ...]:
        """Give the accepted messages that nobody has marked as delivered, oldest first."""
        return tuple(self._undelivered.values())

    async def accept(self, key: MessageKey, text: str) -> Entry | None:
        """Put a message on disk, once: None says that it is there already (a sender's repeat)."""
        async with self._writing:
            if key in self._keys:
                return None
            entry = Entry(len(self._entries) + 1, key, text)
            await self._append({"op": "accepted", "seq": entry.seq, "key": key, "text": text})
            self._entries.append(entry)
            self._keys.add(key)
            self._undelivered[entry.seq] = entry
            return entry

    async def mark_delivered(self, entry: Entry) -> None:
        """Put on disk that the receiver has acknowledged this message."""
        async with self._writing:
            await self._append({"op": "delivered", "seq": entry.seq})
            self._undelivered.pop(entry.seq, None)

    @property
    def takes(self) -> bool:
        """Whether the last write was durable; a worker that cannot store is not healthy."""
        return self._takes

    def fill_disk(self, *, on: bool) -> None:
        """Let the kernel answer every further write with "no space left on device", or let the disk have room again."""
        target = os.open(_FULL if on else self._path, _FLAGS, _MODE)
        os.dup2(target, self._file, inheritable=False)
        os.close(target)

    async def _append(self, record: dict[str, object]) -> None:
        line = json.dumps(record, ensure_ascii=False).encode() + b"\n"
        # On a thread: a slow disk must not make the worker's health answers late.
        try:
            await asyncio.to_thread(self._write_and_sync, line)
        except OSError:
            self._takes = False
            raise
        self._takes = True

    def _write_and_sync(self, line: bytes) -> None:
        os.write(self._file, line)
        os.fsync(self._file)


def _without_torn_tail(path: Path) -> list[bytes]:
    """Give the file's whole lines, and cut what follows the last newline off the file."""
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        os.truncate(path, len(whole))
    return whole.splitlines()


def _replayed(path: Path, lines: list[bytes]) -> tuple[list[Entry], dict[int, Entry]]:
    entries: list[Entry] = []
    undelivered: dict[int, Entry] = {}
    for number, line in enumerate(lines, start=1):
        try:
            record: Any = json.loads(line)
            if record["op"] == "accepted":
                entry = Entry(record["seq"], MessageKey(*record["key"]), record["text"])
                entries.append(entry)
                undelivered[entry.seq] = entry
            else:
                undelivered.pop(record["seq"], None)
        except (ValueError, KeyError, TypeError) as error:
            raise StoreDamagedError(f"{path}:{number} is no line of a message store: {line[:80]!r}") from error
    return entries, undelivered


def _sync_folder(folder: Path) -> None:
    """Make the file's own name durable, which fsync of the file does not do."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
