"""A private /16 of 127.0.0.0/8 for each lab, so that several can run on one machine at once.

On Linux every address of 127/8 is local: worker addresses, the Elastic IP and the receiver are real sockets on
`127.N.x.y` and need no privileges and no mapping. N is 64 to 250; two labs of one user never share one, because each
holds an exclusive lock on a small file in the user's runtime folder. The lock is an open file: it ends with the last
process that holds it, so nothing goes stale, and the files stay behind on purpose (removing one could let two labs lock
two files of one name). Labs of two users do not see each other's locks; what is listening on an address is seen whoever
owns it.

Standard library only. The lab passes `Network.lock` on to its keeper and to nobody else.
"""

import fcntl
import ipaddress
import os
import random
import socket
import tempfile
from collections.abc import Collection, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

FIRST, LAST = 64, 250
"""N of the networks; below and above lie 127.0.0.1 and what other programs like to use."""
WILDCARD = "0.0.0.0"
_LISTENING = "0A"
"""State of a socket in /proc/net/tcp (include/net/tcp_states.h: TCP_LISTEN)."""


class NoFreeNetworkError(Exception):
    """Every network is taken, or a port is bound on all addresses of this machine."""


@dataclass(frozen=True)
class Network:
    """127.N.0.0/16, held until `release`, or until the last process that inherited `lock` ends."""

    number: int
    lock: int = field(repr=False)
    """File descriptor of the held lock; not inherited unless passed on."""

    @property
    def cidr(self) -> str:
        """The network in prefix notation."""
        return f"127.{self.number}.0.0/16"

    def address(self, third: int, fourth: int) -> str:
        """127.N.third.fourth."""
        return str(ipaddress.IPv4Address(f"127.{self.number}.{third}.{fourth}"))

    def release(self) -> None:
        """Let go of the lock; the network is free when those who inherited it have let go too."""
        os.close(self.lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


@dataclass(frozen=True)
class Listener:
    """A TCP socket that somebody on this machine listens on."""

    address: str
    port: int


def take(ports: Collection[int], folder: Path | None = None) -> Network:
    """Take a network on whose addresses nobody listens at `ports`.

    Args:
        ports: the ports that the lab will bind on addresses of the network.
        folder: where the lock files are; the user's runtime folder if None.

    Raises:
        NoFreeNetworkError: a port is bound on every address, or all networks are in use.
    """
    listeners = tcp_listeners(Path("/proc/net/tcp").read_text())
    refuse_wildcards(listeners, ports)
    place = folder or _lock_folder()
    place.mkdir(parents=True, exist_ok=True)
    for number in random.sample(range(FIRST, LAST + 1), LAST - FIRST + 1):
        if in_use(number, listeners, ports) or not _bindable(number, ports):
            continue
        lock = _try_lock(place / f"127.{number}.lock")
        if lock is not None:
            return Network(number, lock)
    raise NoFreeNetworkError(
        f"none of the networks 127.{FIRST}.0.0/16 to 127.{LAST}.0.0/16 is free: each is locked by another lab (files in "
        f"{place}) or has a listener on one of the ports {sorted(ports)}; end a lab that is not needed any more"
    )


def in_use(number: int, listeners: Iterable[Listener], ports: Collection[int]) -> bool:
    """Whether somebody listens at one of the ports on an address of 127.N.0.0/16."""
    return any(listener.port in ports and listener.address.startswith(f"127.{number}.") for listener in listeners)


def tcp_listeners(proc_net_tcp: str) -> list[Listener]:
    """The listening sockets in the text of /proc/net/tcp, where an address is a little-endian hexadecimal word."""
    rows = (line.split() for line in proc_net_tcp.splitlines()[1:])
    places = (row[1].split(":") for row in rows if row[3] == _LISTENING)
    return [Listener(socket.inet_ntoa(bytes.fromhex(word)[::-1]), int(port, 16)) for word, port in places]


def refuse_wildcards(listeners: Iterable[Listener], ports: Collection[int]) -> None:
    """Raise NoFreeNetworkError if somebody listens at one of the ports on every address."""
    taken = sorted({listener.port for listener in listeners if listener.address == WILDCARD and listener.port in ports})
    if taken:
        raise NoFreeNetworkError(
            f"port {', '.join(map(str, taken))} is bound on every address (0.0.0.0) by another program, so no address of "
            f"127.0.0.0/8 can be used with it; stop that program (`ss -ltnp` names it) and try again"
        )


def _bindable(number: int, ports: Collection[int]) -> bool:
    """Catches what /proc/net/tcp does not list, such as a socket on [::] that takes IPv4 too."""
    for port in ports:
        with closing(socket.socket()) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the lab's servers do: pass over TIME_WAIT
            try:
                trial.bind((f"127.{number}.255.254", port))
            except OSError:
                return False
    return True


def _try_lock(path: Path) -> int | None:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def _lock_folder() -> Path:
    """The first of runtime, cache and temporary folder that this user can write to."""
    candidates = (os.environ.get("XDG_RUNTIME_DIR"), os.environ.get("XDG_CACHE_HOME"), Path.home() / ".cache")
    for candidate in candidates:
        if candidate and os.access(candidate, os.W_OK | os.X_OK):
            return Path(candidate) / "tandem" / "networks"
    return Path(tempfile.gettempdir()) / f"tandem-{os.getuid()}" / "networks"
