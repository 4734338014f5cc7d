"""Processes by identity: which of them belong to a lab, and signals that never reach a stranger.

A pid alone says little, because the kernel hands it out again. Here a process is its pid together with its start time,
both from `/proc/PID/stat`, and a signal goes through a pidfd that was opened before that pair was compared: between the
comparison and the signal the process can end, but nobody else can take its place. A process belongs to a lab if the
environment it was started with says so. Linux only. Standard library only; used by `lab.keeper`, `lab.supervisor` and
`lab.emulators`.
"""

import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LAB_ID_VARIABLE = "TANDEM_LAB_ID"
"""Every process of a lab carries it in its environment, and so do the children of those processes."""

_STATE, _START_TICKS = 0, 19
"""Positions in /proc/PID/stat after the command's closing parenthesis (proc(5): fields 3 and 22)."""
_ENDED = frozenset("ZX")
_POLL_S = 0.02


@dataclass(frozen=True)
class ProcessId:
    """One process for good: `started` is its start in clock ticks since boot."""

    pid: int
    started: int


def identify(pid: int) -> ProcessId | None:
    """The process that has this pid now; None if there is none, or only the zombie of one."""
    fields = _stat(pid)
    if fields is None or fields[_STATE] in _ENDED:
        return None
    return ProcessId(pid, int(fields[_START_TICKS]))


def alive(process: ProcessId) -> bool:
    """Whether this very process still runs, or is stopped; a zombie does not."""
    return identify(process.pid) == process


def state(pid: int) -> str | None:
    """The kernel's letter for the process (R, S, D, T, Z, ...); None without a process."""
    fields = _stat(pid)
    return None if fields is None else fields[_STATE]


def of_lab(lab_id: str, also: str | None = None) -> list[ProcessId]:
    """Every living process that was started with this lab's id; with `also`, only those that have that variable too."""
    wanted = f"{LAB_ID_VARIABLE}={lab_id}".encode()
    prefix = b"" if also is None else f"{also}=".encode()
    found: list[ProcessId] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        process = identify(int(entry.name))  # before the environment: a pid reused in between fails the test in send()
        variables = _environment(entry)
        if process and wanted in variables and any(variable.startswith(prefix) for variable in variables):
            found.append(process)
    return found


def send(process: ProcessId, number: signal.Signals) -> bool:
    """Send a signal to this very process; False if it has ended already."""
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return False
    try:
        if not alive(process):
            return False
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True


def wait_gone(processes: Iterable[ProcessId], deadline_s: float) -> list[ProcessId]:
    """Wait until all have ended, at most `deadline_s` seconds; returns those that have not."""
    end = time.monotonic() + deadline_s
    left = [process for process in processes if alive(process)]
    while left and time.monotonic() < end:
        time.sleep(_POLL_S)
        left = [process for process in left if alive(process)]
    return left


def command(pid: int) -> str:
    """The command line, for messages; empty if it cannot be read."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def program(pid: int) -> Path | None:
    """The file that it runs; None if that cannot be known."""
    try:
        return Path(f"/proc/{pid}/exe").readlink()
    except OSError:
        return None


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()


def _environment(entry: Path) -> list[bytes]:
    try:
        return (entry / "environ").read_bytes().split(b"\0")
    except OSError:  # gone, or somebody else's
        return []
