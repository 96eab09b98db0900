"""Shifts: what runs beside the thread that takes up bells, so that waiting for the network keeps no bell waiting."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from workers.stopping import Stopping

MOST: Final = 32
"""Shifts of one process at the same time. They wait for answers most of the time."""

_LOOK_SECONDS: Final = 0.1


class Shifts:
    """The shifts of this process, each in a thread of its own."""

    def __init__(self, stopping: Stopping, most: int = MOST) -> None:
        self._stopping = stopping
        self._places = threading.Semaphore(most)
        self._threads = ThreadPoolExecutor(most, thread_name_prefix="shift")

    def begin(self, run: Callable[[str], None], name: str) -> None:
        """Have `run(name)` run, as soon as there is a place; not at all once the process is to stop."""
        while not self._stopping.is_set():
            if self._places.acquire(timeout=_LOOK_SECONDS):
                self._threads.submit(self._run, run, name)
                return

    def finish(self) -> None:
        """Wait until all have ended. They end by themselves once the process is to stop."""
        self._threads.shutdown(wait=True)

    def _run(self, run: Callable[[str], None], name: str) -> None:
        try:
            run(name)
        finally:
            self._places.release()
