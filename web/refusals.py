"""Tell of refused strangers without letting them fill the log: one line a while for each account, with their number."""

import threading
from typing import Final

from runtime.clocks import stopwatch
from runtime.logs import log

EVERY_SECONDS: Final = 10.0


class Refusals:
    """Counts between two lines. Safe to share by threads."""

    def __init__(self, every: float = EVERY_SECONDS) -> None:
        self._every = every
        self._lock = threading.Lock()
        self._told_at: dict[str, float] = {}
        self._untold: dict[str, int] = {}

    def tell(self, account: str) -> None:
        """Count one, and say so: at once if nothing was said for a while, else with the next line."""
        with self._lock:
            now, count = stopwatch(), self._untold.pop(account, 0) + 1
            if now - self._told_at.get(account, float("-inf")) < self._every:
                self._untold[account] = count
                return
            self._told_at[account] = now
        log.warning("notification.refused", account=account, why="verification", count=count)
