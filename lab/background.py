"""Tasks that run beside a process's main coroutine and may not fail in silence.

A child of the lab that half works would make its logs lie. So an unexpected error in a background task ends the
whole process, with the traceback on standard error. Child processes only: never use it inside a test's own process.
"""

import asyncio
import os
import traceback
from collections.abc import Coroutine
from typing import Any, Final

_FAILED: Final = 70  # EX_SOFTWARE of sysexits.h: an internal error


class Background:
    """Keeps its tasks referenced, which the event loop does not, and ends the process when one fails."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run `work` until it ends; its result is dropped."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            traceback.print_exception(error)
            os._exit(_FAILED)
