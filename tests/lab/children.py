"""Start, command and end real processes of the lab in tests; what `tests/lab/conftest.py` hands out.

Every wait has a deadline, and its failure shows what the child wrote on standard error. Processes are ended by the
handle that started them, never by name.
"""

import json
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

WAIT_S: Final = 20.0
"""Far above what any step here takes; it ends a hang, it measures nothing."""

_POLL_S: Final = 0.01
_ROOT: Final = Path(__file__).parents[2]
T = TypeVar("T")


class Child:
    """One lab child, started as `python -m MODULE ARGUMENTS`; construction returns when it has said `ready`.

    Raises AssertionError, with the child's standard error, if it does not get that far.
    """

    def __init__(self, stderr: Path, module: str, *arguments: object) -> None:
        self._what = " ".join([module, *map(str, arguments)])
        self._stderr = stderr
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        with stderr.open("wb") as diagnostics:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module, *map(str, arguments)],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=diagnostics,
                cwd=_ROOT,
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.ready = self.event("ready")
        except BaseException:
            self.end()
            raise

    def event(self, name: str) -> dict[str, Any]:
        """Wait for the next event of this name; other events before it are dropped."""
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                found = self._events.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {name!r} from {self._what}; standard error: {self.diagnostics()}") from None
            if found["event"] == name:
                return found
            if found["event"] in {"ended", "refused"}:
                raise AssertionError(f"{found} from {self._what}; standard error: {self.diagnostics()}")

    def do(self, do: str, **options: object) -> dict[str, Any]:
        """Give a command and wait for its answer; a refusal raises AssertionError."""
        self.say(json.dumps({"do": do, **options}).encode() + b"\n")
        return self.event("done")

    def say(self, line: bytes) -> None:
        """Write bytes to its standard input as they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(line)

    def kill(self) -> None:
        """Kill -9, and wait until the kernel has taken it apart."""
        self.process.kill()
        self.process.wait(WAIT_S)

    def freeze(self) -> None:
        """SIGSTOP."""
        self.process.send_signal(signal.SIGSTOP)

    def hang_up(self) -> None:
        """Close its standard input, as the end of the lab does."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def wait_ended(self) -> int:
        """Wait for its end; gives the exit status, negative for a signal."""
        return self.process.wait(WAIT_S)

    def end(self) -> None:
        """End it whatever its state, and give back what it held; a second time does nothing."""
        self.process.kill()
        self.process.wait(WAIT_S)
        self._reader.join(WAIT_S)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()

    def diagnostics(self) -> str:
        """What it wrote on standard error so far."""
        return self._stderr.read_text()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._events.put(json.loads(line))
        self._events.put({"event": "ended"})


class StartChild(Protocol):
    """`child("lab.relay", "--name", "wk1", ...)`: a started child that is ready; it ends with the test."""

    def __call__(self, module: str, *arguments: object) -> Child: ...


def eventually(what: Callable[[], T]) -> T:
    """Ask until the answer is true in Python's sense, and give it; raises AssertionError at the deadline."""
    deadline = time.monotonic() + WAIT_S
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < deadline, f"still {found!r} after {WAIT_S} s"
        time.sleep(_POLL_S)


def lines(log: Path, event: str | None = None) -> list[Mapping[str, Any]]:
    """Read a raw log, whole lines only: all events, or those of one name."""
    if not log.exists():
        return []
    whole = log.read_text().rpartition("\n")[0]
    read: list[Mapping[str, Any]] = [json.loads(line) for line in whole.splitlines()]
    return [line for line in read if event is None or line["event"] == event]
