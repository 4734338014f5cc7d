"""The keeper: makes sure that nothing of a lab outlives it, however it ends.

Theory of operation. The lab holds the writing end of the keeper's stdin and never writes. When the lab ends, by return,
by Ctrl-C, by an error or by `kill -9`, the kernel closes that end; the keeper reads end of file, ends every process
that was started with this lab's id, orphans included, first with SIGTERM and then with SIGKILL, and exits. It runs in a
session of its own and ignores the signals that end the lab, so a Ctrl-C to the terminal's group does not take it along.

The lock of the lab's network (`lab.networks`) is an open file that the keeper inherits: the kernel releases it when the
keeper exits, so the next lab gets these addresses only when nobody listens there any more.

Run as `python -m lab.keeper --lab-id ID`. Imports `lab.processes` only, so that it starts fast and cannot break with
the rest.
"""

import argparse
import contextlib
import json
import os
import signal
import sys
import time

from lab import processes
from lab.processes import ProcessId

_SCAN_S = 0.05


def main() -> int:
    """Wait for the lab's end, clear up, and say how it went; exit status 1 if something could not be ended."""
    arguments = _arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _say({"event": "ready"})
    while sys.stdin.buffer.read(4096):
        pass
    left = end_lab(arguments.lab_id, grace_s=arguments.grace_s, deadline_s=arguments.deadline_s)
    _say({"event": "ended", "left": [process.pid for process in left]})
    return 1 if left else 0


def end_lab(lab_id: str, grace_s: float, deadline_s: float) -> list[ProcessId]:
    """End every process of the lab but this one.

    Args:
        lab_id: the lab's id, as in the processes' environments.
        grace_s: seconds between SIGTERM and SIGKILL. A stopped process feels only the second.
        deadline_s: seconds after which it gives up on what even SIGKILL has not ended.

    Returns:
        What is still there, normally nothing.
    """
    left = _signal_until_gone(lab_id, signal.SIGTERM, grace_s)
    return _signal_until_gone(lab_id, signal.SIGKILL, deadline_s) if left else []


def _signal_until_gone(lab_id: str, number: signal.Signals, deadline_s: float) -> list[ProcessId]:
    """Signal each process once, those started meanwhile too, until none is left or the time is over."""
    end = time.monotonic() + deadline_s
    told: set[ProcessId] = set()
    while left := _others(lab_id):
        for process in left:
            if process not in told:
                told.add(process)
                print(f"{number.name} to {process.pid}: {processes.command(process.pid)}", file=sys.stderr)
                processes.send(process, number)
        if time.monotonic() >= end:
            return left
        time.sleep(_SCAN_S)
    return []


def _others(lab_id: str) -> list[ProcessId]:
    return [process for process in processes.of_lab(lab_id) if process.pid != os.getpid()]


def _say(event: dict[str, object]) -> None:
    with contextlib.suppress(OSError):  # after a kill -9 of the lab nobody reads this
        print(json.dumps({"t": time.monotonic(), **event}), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.keeper", description=__doc__, allow_abbrev=False)
    parser.add_argument("--lab-id", required=True)
    parser.add_argument("--grace-s", type=float, default=2.0, help="seconds between SIGTERM and SIGKILL")
    parser.add_argument("--deadline-s", type=float, default=10.0, help="seconds until it gives up after SIGKILL")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
