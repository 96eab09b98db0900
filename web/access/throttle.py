"""Slow down whoever guesses tokens: each address by itself, and all unknown addresses together.

It is kept in memory, for each process by itself: an API request costs no more than before, strangers cannot make Redis
grow, and the door still closes while Redis is away. docs/adr/0012-one-door-two-tokens.md argues it.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

import msgspec

from runtime.clocks import stopwatch

ADDRESSES: Final = 4096
"""Addresses remembered; the one heard of longest ago is forgotten first."""


class Pace(msgspec.Struct, frozen=True):
    """So many failures at once, then one every `seconds`."""

    burst: int
    seconds: float


EACH: Final = Pace(5, 12.0)
TOGETHER: Final = Pace(50, 1.0)


class Throttle:
    """Counts failures. An address that once gave a right token is never held up by what others do."""

    def __init__(self, *, clock: Callable[[], float] = stopwatch) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._until: OrderedDict[str, float] = OrderedDict()  # when all failures of an address are forgiven
        self._trusted: OrderedDict[str, None] = OrderedDict()
        self._until_together = float("-inf")

    def wait(self, address: str) -> float:
        """Say for how many seconds nothing this address says is looked at; 0.0: now."""
        now = self._clock()
        with self._lock:
            own = _wait(self._until.get(address, now), EACH, now)
            shared = 0.0 if address in self._trusted else _wait(self._until_together, TOGETHER, now)
        return max(own, shared)

    def failed(self, address: str) -> None:
        """Count a wrong token."""
        now = self._clock()
        with self._lock:
            _remember(self._until, address, max(now, self._until.pop(address, now)) + EACH.seconds)
            self._until_together = max(now, self._until_together) + TOGETHER.seconds

    def succeeded(self, address: str) -> None:
        """Note a right token."""
        with self._lock:
            if address not in self._trusted:
                _remember(self._trusted, address, None)


def _wait(until: float, pace: Pace, now: float) -> float:
    """Give the seconds until one more failure fits into the burst."""
    return max(0.0, until - now - (pace.burst - 1) * pace.seconds)


def _remember(found: OrderedDict[str, Any], address: str, value: object) -> None:
    found[address] = value
    if len(found) > ADDRESSES:
        found.popitem(last=False)
