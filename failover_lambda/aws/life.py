"""The life of an arbiter on AWS, whatever it leads: how long it may last."""

from typing import Final, Protocol

LIFE_S_MAX: Final = 150.0
"""Above the longest gap between two starts by a one-minute schedule: nearly two minutes, since its precision is one minute.

Source: EventBridge Scheduler user guide, schedule types (read 2026-11-21).
"""

STANDBY_LIFE_S: Final = 125.0
"""The life of an arbiter where one leads and one waits: just above the longest gap, so that the two overlap (RULE 2.7)."""

END_MARGIN_S: Final = 10.0
"""Kept free of the function's own timeout, so that a life ends in order."""

ONCE_WAIT_S: Final = 120.0
"""A deployment waits at most so long for its site to settle."""


class Context(Protocol):
    """What the platform gives the handler besides the event."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Until the platform ends the function."""
        ...
