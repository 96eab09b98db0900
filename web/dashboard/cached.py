"""Something that is costly to make and may be a moment old: made once for everybody who looks at the same time."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from runtime.clocks import stopwatch

T = TypeVar("T")


class Cached(Generic[T]):
    """Keeps what `make` gave for `seconds`. While one request makes it anew, the others get what there was."""

    def __init__(self, make: Callable[[], T], *, seconds: float, clock: Callable[[], float] = stopwatch) -> None:
        self._make = make
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._value: T | None = None
        self._until = float("-inf")

    def get(self) -> T:
        """Give it, at most `seconds` and one making old."""
        value = self._value
        if value is not None and (self._clock() < self._until or self._lock.locked()):
            return value
        with self._lock:
            if self._value is None or self._clock() >= self._until:
                self._value = self._make()
                self._until = self._clock() + self._seconds
            return self._value
