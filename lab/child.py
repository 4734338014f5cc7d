"""One child process of the lab, as the lab sees it: commands in, events out, signals, a bounded wait for everything.

The child's side of the protocol is `lab.control`. One thread per child reads its standard output; nothing else is
concurrent. A child must not pass its standard output on to processes of its own, because its end is noticed when that
closes. What it prints on standard error goes to a file, whose last lines stand in every error about it.
"""

import contextlib
import json
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from lab import processes

Event = Mapping[str, Any]
"""One event line; always has the key `event`."""

_TAIL_LINES = 20
_KEPT_EVENTS = 1000
"""Events that nobody waited for, per child; the oldest go first."""
_STEP_S = 2.0
"""How long each of the steps of an end is waited for: end of input, SIGTERM, SIGKILL."""
_POLL_S = 0.005


class ChildError(Exception):
    """Something is wrong with a child; `name` says which."""

    def __init__(self, name: str, what: str) -> None:
        self.name = name
        super().__init__(f"{name}: {what}")


class ChildEndedError(ChildError):
    """The child ended although nobody told it to, or is asked for something after its end."""


class ChildSilentError(ChildError):
    """The child did not do what was waited for, in time."""


class ChildRefusedError(ChildError):
    """The child refused a command; the text is its own."""


class ChildProtocolError(ChildError):
    """The child wrote a line that is no event, or handling one failed."""


@dataclass
class Watch:
    """What the children of one lab share: one condition for every change, and what went wrong so far."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    failures: list[ChildError] = field(default_factory=list)

    def fail(self, error: ChildError) -> None:
        """Note a failure, and wake whoever waits."""
        with self.changed:
            self.failures.append(error)
            self.changed.notify_all()

    def check(self) -> None:
        """Raise the first failure there was."""
        if self.failures:
            raise self.failures[0]


@dataclass(frozen=True)
class Launch:
    """How a child is started and ended.

    Attributes:
        argv: the command, by absolute path.
        environment: all of its environment.
        folder: its working directory.
        stderr: the file for its standard error; appended to.
        on_event: called with every event, in the reading thread; must return soon.
        may_end: its end is no failure.
        own_session: not in the lab's session, so that no signal of the terminal reaches it.
        pass_fds: file descriptors it inherits.
    """

    argv: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    stderr: Path
    on_event: Callable[[Event], None] | None = None
    may_end: bool = False
    own_session: bool = False
    pass_fds: tuple[int, ...] = ()


class Child:
    """A running child. All methods may be called from any thread; times are in seconds."""

    def __init__(self, name: str, launch: Launch, watch: Watch) -> None:
        self.name = name
        self.status: int | None = None
        """How the process ended, as `subprocess` tells it; None while it has not."""
        self._launch = launch
        self._watch = watch
        self._inbox: deque[Event] = deque(maxlen=_KEPT_EVENTS)
        self._may_end = launch.may_end
        self._frozen = False
        self._commands = 0
        with launch.stderr.open("ab") as stderr:
            self._process = subprocess.Popen(
                launch.argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=launch.folder,
                env=dict(launch.environment),
                start_new_session=launch.own_session,
                process_group=None if launch.own_session else 0,  # so that Ctrl-C reaches the lab alone
                pass_fds=launch.pass_fds,
            )
        self._input = cast("IO[bytes]", self._process.stdin)  # a pipe, as asked for above
        threading.Thread(target=self._read, name=f"read {name}", daemon=True).start()

    @property
    def pid(self) -> int:
        """The process id; after the end it may be somebody else's."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether the process has ended and its last event was read."""
        return self.status is not None

    def send(self, command: Mapping[str, object]) -> None:
        """Write one command line.

        Raises:
            ChildEndedError: the child does not read any more.
        """
        line = json.dumps(command).encode() + b"\n"
        try:
            self._input.write(line)
            self._input.flush()
        except (BrokenPipeError, ValueError) as exc:
            raise self._ended_error(f"does not take {command} any more") from exc

    def call(self, do: str, deadline_s: float, **options: object) -> Event:
        """Send a command and wait for its answer, the `done` event.

        Raises:
            ChildRefusedError: the child refuses.
            ChildError: as `expect`.
        """
        self._commands += 1
        number = self._commands
        self.send({"do": do, **options, "id": number})
        answer = self._wait(f"the answer to {do!r}", deadline_s, lambda event: event.get("id") == number)
        if answer["event"] == "refused":
            raise ChildRefusedError(self.name, f"{do!r} was refused: {answer.get('why')}")
        return answer

    def expect(self, event: str, deadline_s: float) -> Event:
        """Wait for the next event of this name that nobody has waited for yet.

        Raises:
            ChildSilentError: it did not come in time.
            ChildError: this child ended, or any child of the lab failed.
        """
        return self._wait(f"the event {event!r}", deadline_s, lambda found: found["event"] == event)

    def kill(self) -> None:
        """SIGKILL; returns when the process is gone."""
        self._may_end = True
        self._process.kill()
        if not self.wait_end(_STEP_S):
            raise ChildSilentError(self.name, f"process {self.pid} is still there {_STEP_S:g} s after SIGKILL")

    def freeze(self) -> None:
        """SIGSTOP; returns when the process stands still."""
        self._process.send_signal(signal.SIGSTOP)
        self._frozen = True
        self._wait_state(stopped=True)

    def thaw(self) -> None:
        """SIGCONT; returns when the process goes on."""
        self._process.send_signal(signal.SIGCONT)
        self._frozen = False
        self._wait_state(stopped=False)

    def wait_end(self, deadline_s: float) -> bool:
        """Wait for the end of the process; False if it did not come in time. Does not cause it."""
        with self._watch.changed:
            return self._watch.changed.wait_for(lambda: self.ended, deadline_s)

    def end(self) -> None:
        """End the child, softly if it lets itself be: end of input, SIGTERM, SIGKILL, with a deadline each."""
        if self.ended:
            return
        self._may_end = True
        if self._frozen:
            self.kill()
            return
        for step in (self._close_input, self._process.terminate):
            step()
            if self.wait_end(_STEP_S):
                return
        self.kill()

    def finish(self, deadline_s: float) -> Event:
        """Close the child's input and wait for its last words, the event `ended`, and its end."""
        self._may_end = True
        self._close_input()
        last = self._wait("the event 'ended'", deadline_s, lambda event: event["event"] == "ended", check=False)
        self.wait_end(_STEP_S)
        return last

    def _close_pipes(self) -> None:
        if self._process.stdout:
            self._process.stdout.close()
        self._close_input()

    def _close_input(self) -> None:
        with contextlib.suppress(BrokenPipeError):  # unsent bytes to a process that has gone
            self._input.close()

    def _wait(self, what: str, deadline_s: float, wanted: Callable[[Event], bool], *, check: bool = True) -> Event:
        end = time.monotonic() + deadline_s
        with self._watch.changed:
            while True:
                for event in self._inbox:
                    if wanted(event):
                        self._inbox.remove(event)
                        return event
                if check:
                    self._watch.check()
                if self.ended:
                    raise self._ended_error(f"ended before {what}")
                if not self._watch.changed.wait(end - time.monotonic()):
                    raise ChildSilentError(self.name, f"waited {deadline_s:g} s in vain for {what}{self._tail()}")

    def _wait_state(self, *, stopped: bool) -> None:
        end = time.monotonic() + _STEP_S
        while (processes.state(self.pid) == "T") is not stopped:
            if self.ended or time.monotonic() > end:
                verb = "stop" if stopped else "go on"
                raise ChildSilentError(self.name, f"waited {_STEP_S:g} s in vain for process {self.pid} to {verb}")
            time.sleep(_POLL_S)

    def _read(self) -> None:
        for line in self._process.stdout or ():
            try:
                self._take(json.loads(line))
            except Exception as fault:  # noqa: BLE001 - the thread's edge: reported to the lab, reading goes on
                self._watch.fail(ChildProtocolError(self.name, f"{fault!r} at its line {line!r}"))
        status = self._process.wait()
        self._close_pipes()
        with self._watch.changed:  # whoever sees that it has ended also sees that it should not have
            self.status = status
            if not self._may_end:
                self._watch.fail(self._ended_error("ended by itself"))
            self._watch.changed.notify_all()

    def _take(self, event: Event) -> None:
        if not isinstance(event["event"], str):
            raise TypeError("an event's name is a text")
        if self._launch.on_event:
            self._launch.on_event(event)
        with self._watch.changed:
            self._inbox.append(event)
            self._watch.changed.notify_all()

    def _ended_error(self, what: str) -> ChildEndedError:
        return ChildEndedError(self.name, f"{what} (status {self.status}){self._tail()}")

    def _tail(self) -> str:
        """The last lines of its standard error, as the end of a message."""
        lines = self._launch.stderr.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        where = f"; standard error in {self._launch.stderr}"
        return where + (":\n" + "\n".join(f"    {line}" for line in lines) if lines else " is empty")
