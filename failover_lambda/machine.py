"""The machine that a function runs on: its clocks, and what it says of its memory. Standard library only."""

import resource
import time


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
    """The most memory that this process ever had, in megabytes."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
