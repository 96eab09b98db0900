"""Tell of refused notifications without letting them fill the log: a line a while for each account, with their number.

Strangers send what they like; and while Redis is away RingCentral tries again what was not stored, hundreds a second.
"""

import threading
from typing import Final

from runtime.clocks import stopwatch
from runtime.logs import log

EVERY_SECONDS: Final = 10.0


class Refusals:
    """Counts between two lines of an event, at a level of `logging`. Safe to share by threads."""

    def __init__(self, event: str, level: int, every: float = EVERY_SECONDS) -> None:
        self._event = event
        self._level = level
        self._every = every
        self._lock = threading.Lock()
        self._told_at: dict[tuple[str, str], float] = {}
        self._untold: dict[tuple[str, str], int] = {}

    def tell(self, account: str, *, why: str, count: int = 1, **more: str) -> None:
        """Count some more, and say so: at once if nothing was said for a while, else with the next line.

        A line says `more` of the last one only.
        """
        kind = account, why
        with self._lock:
            now, count = stopwatch(), self._untold.pop(kind, 0) + count
            if now - self._told_at.get(kind, float("-inf")) < self._every:
                self._untold[kind] = count
                return
            self._told_at[kind] = now
        log.log(self._level, self._event, account=account, why=why, count=count, **more)
