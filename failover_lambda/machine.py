"""The machine that a function runs on: its clocks, and what it says of its memory. Standard library only."""

import resource
import time
from pathlib import Path

_STATUS = Path("/proc/self/status")


class RealClock:
    """The machine's clocks."""

    def now_s(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def monotonic_s(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        if seconds > 0:
            time.sleep(seconds)


def peak_mb() -> float:
    """The most memory that this process ever had, in megabytes: the kernel's VmHWM (proc(5)).

    Where there is no such file it is what `getrusage` says, which counts the process that this one was forked from too.
    """
    try:
        status = _STATUS.read_text()
    except OSError:
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    told = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return round(int(told["VmHWM"].split()[0]) / 1024, 1)
