"""Tells a process that Pulumi's engine started that the engine is gone: one that is killed ends nobody, and tells nobody.

Two things are looked at, and either is enough: the parent, and whether somebody listens at the engine's address, which every
plugin is given. A signal at the parent's death (prctl) is no way: it comes when the *thread* ends that started the process,
and the engine's threads come and go.
"""

import os
import socket
import threading
import time
from collections.abc import Callable

PARENT_EACH_S = 0.2
"""How late it may be."""

ENGINE_EACH = 5
"""The address is tried every so many looks at the parent, once a second."""

MISSES_MAX = 3
CONNECT_S = 1.0


def watch(parent: int, address: str, gone: Callable[[], None]) -> None:
    """Call `gone`, once, as soon as the parent is another process or nobody has listened at the address for some seconds.

    Args:
        parent: The parent at the start.
        address: `HOST:PORT`; anything else, as when the process is started by hand, is not looked at.
        gone: Called on a thread of its own.
    """
    host, _, port = address.rpartition(":")
    engine = (host, int(port)) if host and port.isdigit() and not host.startswith("-") else None
    threading.Thread(target=_watch, args=(parent, engine, gone), daemon=True).start()


def _watch(parent: int, engine: tuple[str, int] | None, gone: Callable[[], None]) -> None:
    looks = misses = 0
    while os.getppid() == parent and misses < MISSES_MAX:
        time.sleep(PARENT_EACH_S)
        looks += 1
        if engine and looks % ENGINE_EACH == 0:
            misses = 0 if _answers(engine) else misses + 1
    gone()


def _answers(engine: tuple[str, int]) -> bool:
    try:
        socket.create_connection(engine, CONNECT_S).close()
    except OSError:
        return False
    return True
