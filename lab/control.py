r"""The control protocol of the lab's children: JSON lines, commands on standard input, events on standard output.

    lab   -> child   {"do": "set", "card": "cut", "id": 7}
    child -> lab     {"event": "ready", ...}                                  once, when the child can be used
                     {"event": "done", "do": "set", "id": 7, ...}             the command's answer, or
                     {"event": "refused", "do": "set", "id": 7, "why": "..."}

Commands are carried out one after the other, in the order of arrival; `id` is optional and only echoed. The end of
standard input ends the child at once, whatever it is doing: when the lab goes, by `kill -9` too, nothing outlives it.

Only the processes of the lab import this.
"""

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NoReturn, TypeVar, cast

Answer = Mapping[str, object]
"""What a command gives back: the fields of its `done` event."""

Choice = TypeVar("Choice", bound=Enum)

_CHUNK: Final = 65536
_STANDARD_INPUT: Final = 0


class CommandRefusedError(Exception):
    """The command cannot be carried out; the text says what was found and what is allowed."""


@dataclass(frozen=True)
class Command:
    """One command line: its verb and everything else that stood in it."""

    do: str
    options: Mapping[str, object]

    def flag(self, name: str) -> bool:
        """Read a true or false; raises `CommandRefusedError` for anything else."""
        value = self.options.get(name)
        if not isinstance(value, bool):
            raise CommandRefusedError(f"{self.do}: {name!r} is {value!r}, allowed are true and false")
        return value

    def number(self, name: str, default: float) -> float:
        """Read a number, or the default where the command has none; raises `CommandRefusedError` for anything else."""
        value = self.options.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise CommandRefusedError(f"{self.do}: {name!r} is {value!r}, allowed is a number")
        return float(value)

    def text(self, name: str) -> str:
        """Read a text; raises `CommandRefusedError` for anything else."""
        value = self.options.get(name)
        if not isinstance(value, str):
            raise CommandRefusedError(f"{self.do}: {name!r} is {value!r}, allowed is a text")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Read a list of texts; raises `CommandRefusedError` for anything else."""
        value = self.options.get(name)
        items = cast("list[object]", value) if isinstance(value, list) else [None]
        if not all(isinstance(item, str) for item in items):
            raise CommandRefusedError(f"{self.do}: {name!r} is {value!r}, allowed is a list of texts")
        return tuple(cast("list[str]", items))

    def choice(self, name: str, kind: type[Choice]) -> Choice:
        """Read a member of a closed set by its value; raises `CommandRefusedError` for anything else."""
        value = self.options.get(name)
        try:
            return kind(value)
        except ValueError as error:
            allowed = ", ".join(repr(member.value) for member in kind)
            raise CommandRefusedError(f"{self.do}: {name!r} is {value!r}, allowed are {allowed}") from error


Handler = Callable[[Command], Awaitable[Answer]]


def unknown(command: Command, *known: str) -> CommandRefusedError:
    """Build the refusal of a verb that the child does not have."""
    return CommandRefusedError(f"unknown command {command.do!r}; known here: {', '.join(known)}")


class Console:
    """A child's end of the control protocol; to be made inside the running event loop.

    Standard input is read on a thread from here on, so that its end is seen even while the event loop is busy.
    """

    def __init__(self) -> None:
        self._lines: asyncio.Queue[bytes] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, args=(loop,), daemon=True).start()

    def emit(self, event: str, **fields: object) -> None:
        """Tell the lab; a lab that no longer listens ends the process."""
        try:
            sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            os._exit(0)

    async def serve(self, handler: Handler) -> NoReturn:
        """Carry out commands, one after the other, until standard input ends, which ends the process."""
        while True:
            await self._carry_out(await self._lines.get(), handler)

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        # os.read and not sys.stdin: a thread inside a buffered reader would abort the interpreter's own exit.
        rest = b""
        while data := os.read(_STANDARD_INPUT, _CHUNK):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                loop.call_soon_threadsafe(self._lines.put_nowait, line)
        os._exit(0)

    async def _carry_out(self, line: bytes, handler: Handler) -> None:
        echo: dict[str, object] = {}
        try:
            options = _parsed(line)
            command = Command(do=str(options.pop("do", "")), options=options)
            echo = {"do": command.do} | ({"id": options.pop("id")} if "id" in options else {})
            answer = await handler(command)
        except CommandRefusedError as refusal:
            self.emit("refused", **echo, why=str(refusal))
        else:
            self.emit("done", **echo, **answer)


def _parsed(line: bytes) -> dict[str, object]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise CommandRefusedError(f"a command is one JSON object on one line, not {line!r}") from error
    if not isinstance(value, dict):
        raise CommandRefusedError(f"a command is a JSON object, not {line!r}")
    return cast("dict[str, object]", value)


def run_child(main: Callable[[Console], Coroutine[Any, Any, None]]) -> None:
    """Run a child's main coroutine; Ctrl-C is the lab's to answer, so the child ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    async def start() -> None:
        await main(Console())

    asyncio.run(start())
