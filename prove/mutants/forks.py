"""Work in children of this process, a few at once, each with a time limit: whatever a child does to itself ends with it."""

import gc
import os
import pickle
import selectors
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, TypeVar

Task = TypeVar("Task")
Note = Callable[[str], None]
"""Given to the work, for saying where it is: the last word stays known however the child ends."""


class End(Enum):
    """How a child ended."""

    ANSWERED = "answered"
    DIED = "died"
    """It left without an answer: ended from inside, or by a signal, or its own machinery is wrong."""
    TOO_LONG = "too long"


@dataclass(frozen=True)
class Ended(Generic[Task]):
    """One task after its child."""

    task: Task
    end: End
    answer: Any
    """What the work returned."""
    noted: str
    """The last word before the end."""
    status: int
    """As `subprocess` gives it: negative after a signal."""


@dataclass
class _Child(Generic[Task]):
    task: Task
    process: int
    until: float
    said: list[bytes] = field(default_factory=list[bytes])
    too_long: bool = False


def forked(
    tasks: Sequence[Task], work: Callable[[Task, Note], Any], longest_s: Callable[[Task], float], *, at_once: int
) -> Iterator[Ended[Task]]:
    """Do `work` on each task in a child of its own; yields them as they end, in whatever order."""
    waiting = list(reversed(tasks))
    with selectors.DefaultSelector() as living:
        while waiting or living.get_map():
            while waiting and len(living.get_map()) < at_once:
                task = waiting.pop()
                pipe, process = _fork(task, work)
                living.register(pipe, selectors.EVENT_READ, _Child(task, process, time.monotonic() + longest_s(task)))
            yield from _ended_now(living)


def _fork(task: Task, work: Callable[[Task, Note], Any]) -> tuple[int, int]:
    if threading.active_count() != 1:
        raise RuntimeError(f"a fork among several threads: {threading.enumerate()}")
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if process == 0:
        os.close(reader)
        _in_child(writer, task, work)
    os.close(writer)
    return reader, process


def _in_child(writer: int, task: Task, work: Callable[[Task, Note], Any]) -> None:
    """Never returns."""
    status = 1
    try:
        gc.disable()  # the child ends before it would pay
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1):
            os.dup2(nowhere, stream)
        answer = work(task, lambda text: _say(writer, "note", text))
        _say(writer, "answer", answer)
        status = 0
    except BaseException:  # noqa: BLE001 - the child ends here, whatever it was
        traceback.print_exc()
    finally:
        os._exit(status)


def _say(writer: int, kind: str, what: object) -> None:
    message = pickle.dumps((kind, what), protocol=pickle.HIGHEST_PROTOCOL)
    left = len(message).to_bytes(8, "big") + message
    while left:
        left = left[os.write(writer, left) :]


def _heard(said: bytes) -> Iterator[tuple[str, Any]]:
    """What was said completely; a child that was killed in the middle of it leaves a rest."""
    at = 0
    while at + 8 <= len(said):
        end = at + 8 + int.from_bytes(said[at : at + 8], "big")
        if end > len(said):
            return
        yield pickle.loads(said[at + 8 : end])  # noqa: S301 - from a child of our own
        at = end


def _ended_now(living: selectors.BaseSelector) -> Iterator[Ended[Any]]:
    for key, _ in living.select(timeout=0.2):
        child: _Child[Any] = key.data
        piece = os.read(key.fd, 1 << 20)
        child.said.append(piece)
        if not piece:
            living.unregister(key.fd)
            os.close(key.fd)
            yield _result(child)
    for key in list(living.get_map().values()):
        child = key.data
        if not child.too_long and time.monotonic() > child.until:
            child.too_long = True
            with suppress(ProcessLookupError):
                os.kill(child.process, signal.SIGKILL)


def _result(child: _Child[Any]) -> Ended[Any]:
    _, status = os.waitpid(child.process, 0)
    noted, answered, answer = "", False, None
    for kind, what in _heard(b"".join(child.said)):
        if kind == "note":
            noted = what
        else:
            answered, answer = True, what
    end = End.ANSWERED if answered else End.TOO_LONG if child.too_long else End.DIED
    return Ended(child.task, end, answer, noted, os.waitstatus_to_exitcode(status))
