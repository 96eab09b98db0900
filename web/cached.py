"""Something that is costly to make and may be a moment old: made once for everybody who looks at the same time."""

import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from redis.exceptions import RedisError

from runtime.clocks import stopwatch
from runtime.logs import log

T = TypeVar("T")

KEPT_TIMES: Final = 10
"""How many times as long as it took to make, what is made behind is kept at least."""


class _Made(Generic[T]):
    """What `make` gave last, and until when that is good for `seconds`."""

    def __init__(self, make: Callable[[], T], *, seconds: float) -> None:
        self._make = make
        self._seconds = seconds
        self._lock = threading.Lock()
        self._value: T | None = None
        self._until = float("-inf")


class Cached(_Made[T]):
    """Keeps what `make` gave for `seconds`. While one request makes it anew, the others get what there was."""

    def get(self) -> T:
        """Give it, at most `seconds` and one making old."""
        value = self._value
        if value is not None and (stopwatch() < self._until or self._lock.locked()):
            return value
        with self._lock:
            if self._value is None or stopwatch() >= self._until:
                self._value = self._make()
                self._until = stopwatch() + self._seconds
            return self._value


class Behind(_Made[T]):
    """The same for what takes so long that nobody shall wait for it: made by a thread, None until it was made once.

    What took long is kept for longer: its making slows down whatever else the process does.
    """

    def get(self) -> T | None:
        """Give what was made last, and have it made anew where that is old."""
        if stopwatch() >= self._until and self._lock.acquire(blocking=False):
            threading.Thread(target=self._renew, name="behind", daemon=True).start()
        return self._value

    def _renew(self) -> None:
        began = stopwatch()
        try:
            self._value = self._make()
        except RedisError as error:  # what there was stands; the next look tries again
            log.warning("dashboard.not_counted", error=type(error).__name__)
        finally:
            ended = stopwatch()
            self._until = ended + max(self._seconds, KEPT_TIMES * (ended - began))
            self._lock.release()
