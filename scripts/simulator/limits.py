"""RingCentral's rate limits: a sliding window per user and group, and a penalty that restarts when ignored.

https://developers.ringcentral.com/guide/basics/rate-limits
"""

import math
import threading
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime

from msgspec import Struct

from scripts.simulator.clock import Clock
from scripts.simulator.problems import ApiError

RETRY_AFTER_STYLES = ("seconds", "date", "absent", "huge", "bare")  # bare: no header about limits at all
_HUGE_RETRY_AFTER = "86400"


class _Window(Struct):
    """What one user did in one group."""

    taken: deque[float]
    penalty_until: float = 0.0
    penalty_seconds: float = 0.0
    retry_after: str = "seconds"


class RateLimits:
    """Count requests and refuse those over the limit."""

    def __init__(
        self,
        limits: Mapping[str, int],
        window_seconds: float,
        clock: Clock,
        feel: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._limits = dict(limits)
        self._seconds = window_seconds
        self._clock = clock
        self._feel = feel
        self._windows: dict[tuple[str, str], _Window] = {}
        self._provoked: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def take(self, user: str, group: str) -> dict[str, str]:
        """Count a request and give the headers of its answer; raise the 429 when it is one too many.

        A refused request starts the penalty, and one sent during the penalty starts it anew.
        """
        with self._lock:
            now = self._clock()
            window = self._windows.setdefault((user, group), _Window(taken=deque()))
            if now < window.penalty_until:
                raise self._refuse(window, group, now)
            while window.taken and window.taken[0] <= now - self._seconds:
                window.taken.popleft()
            if group in self._provoked:
                window.penalty_seconds, window.retry_after = self._provoked.pop(group)
                self._feel("rate_limit")
                raise self._refuse(window, group, now)
            if len(window.taken) >= self._limits[group]:
                window.penalty_seconds, window.retry_after = self._seconds, "seconds"
                raise self._refuse(window, group, now)
            window.taken.append(now)
            return self._headers(group, self._limits[group] - len(window.taken))

    def in_penalty(self, user: str, group: str) -> bool:
        """Say whether a request sent now would be sent against the rules."""
        with self._lock:
            window = self._windows.get((user, group))
            return window is not None and self._clock() < window.penalty_until

    def provoke(self, group: str, seconds: float, retry_after: str) -> None:
        """Have the next request of the group refused, with a penalty of this length."""
        with self._lock:
            self._provoked[group] = (seconds, retry_after)

    def forgive(self) -> None:
        """Forget penalties, provoked or earned."""
        with self._lock:
            self._provoked.clear()
            self._windows.clear()

    def _refuse(self, window: _Window, group: str, now: float) -> ApiError:
        window.penalty_until = now + window.penalty_seconds
        window.taken.clear()
        if window.retry_after == "bare":
            return ApiError("global_rate_exceeded")
        headers = self._headers(group, 0) | self._retry_after(window)
        return ApiError("rate_exceeded", headers=headers)

    def _headers(self, group: str, remaining: int) -> dict[str, str]:
        return {
            "X-Rate-Limit-Group": group,
            "X-Rate-Limit-Limit": str(self._limits[group]),
            "X-Rate-Limit-Remaining": str(remaining),
            "X-Rate-Limit-Window": str(math.ceil(self._seconds)),
        }

    @staticmethod
    def _retry_after(window: _Window) -> dict[str, str]:
        match window.retry_after:
            case "absent":
                return {}
            case "huge":
                return {"Retry-After": _HUGE_RETRY_AFTER}
            case "date":
                until = datetime.fromtimestamp(math.ceil(window.penalty_until), UTC)
                return {"Retry-After": format_datetime(until, usegmt=True)}
            case _:
                return {"Retry-After": str(math.ceil(window.penalty_seconds))}
