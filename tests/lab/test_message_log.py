"""The worker's durable store: what it keeps over a new start, and what is on disk when a call returns."""

import asyncio
import os
from pathlib import Path

import pytest

from lab.hl7_messages import MessageKey
from lab.message_log import MessageLog, StoreDamagedError

FIRST, SECOND = MessageKey("s1", "c1", "00"), MessageKey("s1", "c2", "00")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.jsonl"


def accept(path: Path, *keys: MessageKey) -> None:
    """Take messages in one process life that then ends without a goodbye."""

    async def take() -> None:
        messages = MessageLog(path)
        for key in keys:
            await messages.accept(key, f"MSH|Ü|{key.control_id}\r")

    asyncio.run(take())


def test_a_new_start_finds_what_was_accepted_and_not_delivered(path: Path) -> None:
    accept(path, FIRST, SECOND)

    async def deliver_the_first() -> None:
        messages = MessageLog(path)
        await messages.mark_delivered(messages.undelivered()[0])

    asyncio.run(deliver_the_first())
    again = MessageLog(path)
    assert [(entry.seq, entry.key, entry.text) for entry in again.undelivered()] == [(2, SECOND, "MSH|Ü|c2\r")]
    assert again.knows(FIRST)
    assert again.knows(SECOND)


def test_numbers_go_on_after_a_new_start(path: Path) -> None:
    accept(path, FIRST)
    accept(path, SECOND)
    assert [entry.seq for entry in MessageLog(path).undelivered()] == [1, 2]


def test_the_same_message_on_two_connections_at_once_is_accepted_once(path: Path) -> None:
    async def race() -> list[object]:
        messages = MessageLog(path)
        return list(await asyncio.gather(*(messages.accept(FIRST, "text") for _ in range(5))))

    entries = asyncio.run(race())
    assert [entry is not None for entry in entries] == [True, False, False, False, False]
    assert len(path.read_bytes().splitlines()) == 1


def test_a_message_is_synced_to_disk_before_accept_returns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bytes] = []
    really = os.fsync

    def fsync(descriptor: int) -> None:
        really(descriptor)
        synced.append(path.read_bytes())

    messages = MessageLog(path)
    monkeypatch.setattr(os, "fsync", fsync)
    asyncio.run(messages.accept(FIRST, "text"))
    assert [b'"c1"' in content and content.endswith(b"\n") for content in synced] == [True]


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_write_that_was_interrupted_at_any_byte_leaves_what_was_there_before(path: Path, cut: int) -> None:
    accept(path, FIRST)
    before = path.read_bytes()
    accept(path, SECOND)
    path.write_bytes(path.read_bytes()[: len(before) + cut])
    assert [entry.key for entry in MessageLog(path).undelivered()] == [FIRST]
    assert path.read_bytes() == before


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"op":"accepted","seq":1,"key":["a"],"text":""}'])
def test_a_line_that_nobody_here_writes_is_damage(path: Path, line: str) -> None:
    accept(path, FIRST)
    path.write_text(f"{path.read_text()}{line}\n")
    with pytest.raises(StoreDamagedError, match=r"store\.jsonl:2 is no line of a message store"):
        MessageLog(path)
