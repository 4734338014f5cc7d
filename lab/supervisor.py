"""Starts, watches and ends every process of a lab. Nothing survives it: not by return, error, Ctrl-C, SIGTERM or `kill -9`.

    with Supervisor(folder, lab_id, lock=network.lock) as supervisor:
        receiver = supervisor.module("receiver", "lab.receiver", "--address", "127.64.251.1", ...)
        receiver.expect("ready", deadline_s=5)

The keeper (`lab.keeper`) is started first and ends whatever is left when this process goes. A child that ends by itself
is an error: it is raised at the next wait, at `check`, or at the end of the block, with the last lines of its standard
error. Every wait has a deadline and says what it waited for.

Folders: `stderr/NAME.txt` of each child, `logs` for raw logs, `tmp` for what programs put away.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self

from lab import processes
from lab.child import Child, ChildError, ChildSilentError, Event, Launch, Watch
from lab.processes import LAB_ID_VARIABLE

REPOSITORY = Path(__file__).resolve().parent.parent
KEEPER_READY_S = 10.0
KEEPER_END_S = 20.0
"""Longer than the keeper's own deadlines together."""
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TZ")
"""All that children get of the lab's own environment: neither credentials nor proxies nor Python settings reach them."""
_POLL_S = 0.02


class LabIdTakenError(Exception):
    """Two labs would bear one id."""

    def __init__(self, lab_id: str, pids: list[int]) -> None:
        super().__init__(f"processes {pids} belong to a lab {lab_id} already; every lab needs an id of its own")


class Supervisor:
    """The children of one lab; a context manager.

    Args:
        folder: the lab's folder; made if missing.
        lab_id: unique on this machine.
        lock: file descriptor of the network's lock, held by the keeper until everything has ended.
    """

    def __init__(self, folder: Path, lab_id: str, lock: int | None = None) -> None:
        self.folder = folder.resolve()
        self.lab_id = lab_id
        self.logs = self.folder / "logs"
        self._lock = lock
        self._watch = Watch()
        self._children: list[Child] = []
        self._keeper: Child | None = None
        self._handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        """Begin.

        Raises:
            LabIdTakenError: processes with this lab's id run already; one lab's keeper would end the other's.
        """
        if others := processes.of_lab(self.lab_id):
            raise LabIdTakenError(self.lab_id, [each.pid for each in others])
        for name in ("stderr", "logs", "tmp"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self._handle_signals(_leave)
        try:
            self._keeper = self._start_keeper()
            self._keeper.expect("ready", KEEPER_READY_S)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
        if error is None:
            self.check()

    def spawn(
        self,
        name: str,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        *,
        on_event: Callable[[Event], None] | None = None,
        may_end: bool = False,
    ) -> Child:
        """Start a child. It gets `environment()` and, on top, `env`; the rest as in `lab.child.Launch`."""
        launch = Launch(
            argv=argv,
            environment=self.environment() | dict(env or {}),
            folder=REPOSITORY,
            stderr=self.folder / "stderr" / f"{name}.txt",
            on_event=on_event,
            may_end=may_end,
        )
        child = Child(name, launch, self._watch)
        self._children.append(child)
        return child

    def module(self, name: str, module: str, *arguments: object, **options: Any) -> Child:
        """Start a module of the project with this Python; `options` as in `spawn`."""
        return self.spawn(name, [sys.executable, "-m", module, *map(str, arguments)], **options)

    def environment(self) -> dict[str, str]:
        """What every child of this lab finds in its environment."""
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        nowhere = {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        return inherited | nowhere | {LAB_ID_VARIABLE: self.lab_id, "TMPDIR": str(self.folder / "tmp")}

    def check(self) -> None:
        """Raise the first thing that went wrong with any child, if something did."""
        with self._watch.changed:
            self._watch.check()

    def pause(self, seconds: float) -> None:
        """Sleep, but not past the failure of a child, which is raised."""
        with self._watch.changed:
            self._watch.changed.wait_for(lambda: self._watch.failures, seconds)
            self._watch.check()

    def wait_for(self, what: str, true: Callable[[], bool], deadline_s: float) -> None:
        """Ask again and again until `true()`.

        Raises:
            TimeoutError: it did not come true in time; the message names `what`.
            ChildError: a child failed meanwhile.
        """
        end = time.monotonic() + deadline_s
        while not true():
            if time.monotonic() > end:
                raise TimeoutError(f"waited {deadline_s:g} s in vain for {what}")
            self.pause(_POLL_S)

    def close(self) -> None:
        """End all children in reverse order, then the keeper, which ends whatever they left behind.

        Raises:
            ChildError: the keeper could not end everything.
        """
        self._handle_signals(signal.SIG_IGN)
        try:
            while self._children:
                self._end(self._children.pop())
            self._end_keeper()
        finally:
            self._restore_signals()

    def _end(self, child: Child) -> None:
        try:
            child.end()
        except ChildError as error:  # the keeper will see to it
            print(error, file=sys.stderr)

    def _start_keeper(self) -> Child:
        launch = Launch(
            argv=[sys.executable, "-m", "lab.keeper", "--lab-id", self.lab_id],
            environment=self.environment(),
            folder=REPOSITORY,
            stderr=self.folder / "stderr" / "keeper.txt",
            own_session=True,
            pass_fds=() if self._lock is None else (self._lock,),
        )
        return Child("keeper", launch, self._watch)

    def _end_keeper(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper and not keeper.ended:
            left = keeper.finish(KEEPER_END_S).get("left")
            if left:
                raise ChildSilentError("keeper", f"processes {left} of lab {self.lab_id} could not be ended")

    def _handle_signals(self, handler: Any) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in _ENDING:
                previous = signal.signal(number, handler)
                self._handlers.setdefault(number, previous)

    def _restore_signals(self) -> None:
        while self._handlers:
            signal.signal(*self._handlers.popitem())


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    """Leave by an exception, so that every context manager runs."""
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)
