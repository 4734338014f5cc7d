"""Processes that search and simulate beside each other, and end with whoever started them, however that ended."""

import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

LOOKS_EVERY_S = 0.5


def pool(processes: int) -> ProcessPoolExecutor:
    """So many processes. One that is killed leaves none of them behind: each looks after its parent."""
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_end_with, initargs=(os.getpid(),))


def _end_with(parent: int) -> None:
    threading.Thread(target=_look_after, args=(parent,), daemon=True).start()


def _look_after(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOKS_EVERY_S)
    os._exit(1)
