"""What the lab can break, or ask of the watchdog as an operator, and the words for it.

Standard library only; a file of the checker, used by whoever strikes.
"""

from collections.abc import Mapping
from enum import Enum


class FaultKind(Enum):
    """What the lab broke: a worker, or a part of the watchdog or of the platform that it stands on."""

    KILL = "kill"
    FREEZE = "freeze"
    CUT = "cut"
    CUT_IN = "cut-in"
    CUT_OUT = "cut-out"
    STOP = "stop"
    TERMINATE = "terminate"
    SLOW = "slow"
    LIE = "lie"
    RESTART = "restart"
    FULL_DISK = "full-disk"
    REBOOT = "reboot"
    ARBITER = "arbiter"
    SECOND_ARBITER = "second-arbiter"
    PROBER = "prober"
    STORE = "store"
    SWITCHOVER = "switchover"
    FAILBACK = "failback"
    FAILOVER = "failover"
    REQUESTS = "requests"

    @property
    def done(self) -> str:
        """What its subject is, once it was done."""
        return _FAULT_WORDS[self][1]

    @property
    def subject(self) -> str:
        """What was broken where it is no worker; "" for a fault of a worker."""
        return _FAULT_WORDS[self][0]

    @property
    def lasts(self) -> bool:
        """The worker is down until it is started again."""
        return self not in {FaultKind.CUT_OUT, FaultKind.SLOW, FaultKind.LIE} and not self.planned

    @property
    def planned(self) -> bool:
        """No fault at all: an operator asked that the worker lets go. It lives on, and delivers what it accepted."""
        return self in {FaultKind.SWITCHOVER, FaultKind.FAILBACK}

    @property
    def silences(self) -> bool:
        """The worker's process can write nothing until it is started again."""
        return self in {FaultKind.KILL, FaultKind.FREEZE, FaultKind.TERMINATE, FaultKind.RESTART, FaultKind.REBOOT}


_FAULT_WORDS: Mapping[FaultKind, tuple[str, str]] = {
    FaultKind.KILL: ("", "killed"),
    FaultKind.FREEZE: ("", "frozen"),
    FaultKind.CUT: ("", "cut off from the network"),
    FaultKind.CUT_IN: ("", "cut off inwards"),
    FaultKind.CUT_OUT: ("", "cut off outwards"),
    FaultKind.STOP: ("", "stopped at the console"),
    FaultKind.TERMINATE: ("", "terminated at the console"),
    FaultKind.SLOW: ("", "made slow"),
    FaultKind.LIE: ("", "made to lie about its health"),
    FaultKind.RESTART: ("", "left without its service"),
    FaultKind.FULL_DISK: ("", "left without disk space"),
    FaultKind.REBOOT: ("", "rebooted"),
    FaultKind.ARBITER: ("the arbiter", "killed"),
    FaultKind.SECOND_ARBITER: ("the arbiter", "joined by others"),
    FaultKind.PROBER: ("a vantage", "taken away"),
    FaultKind.STORE: ("the record's table", "out of reach"),
    FaultKind.SWITCHOVER: ("", "relieved by an operator"),
    FaultKind.FAILBACK: ("", "relieved in favour of home by an operator"),
    FaultKind.FAILOVER: ("", "given up by an operator"),
    FaultKind.REQUESTS: ("the watchdog", "asked for what it must refuse"),
}
"""Subject where it is no worker, and what was done to it."""
