"""Ends a process whose parent has ended, for processes that Pulumi's engine starts: an engine that is killed ends nobody.

A signal at the parent's death (prctl) is no way here: it comes when the *thread* ends that started the process, and the
engine's threads come and go.
"""

import os
import threading
import time

POLL_S = 0.2
"""How late the end may be."""


def end_with(parent: int) -> None:
    """End this process as soon as its parent is not `parent` any more; asked for once, at the start."""
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_S)
    os._exit(1)
