"""A clock that a test sets forward, for Redis, its scripts, the simulator and the workers alike."""

import heapq
import itertools
from collections.abc import Callable
from typing import Any, Final, Self, cast

from redis.commands.core import Script

from runtime.redis_client import WORK, _Client, connect

MORNING: Final = 1_772_442_000.0  # 2026-03-02T09:00:00Z
_KEY: Final = "tests:clock"
_TIME: Final = "redis.call('TIME')"
_OURS: Final = f"""
local function clock()
  local now = redis.call('GET', '{_KEY}')
  local seconds = string.match(now, '^%d+')
  return {{seconds, string.format('%d', (tonumber(now) - tonumber(seconds)) * 1000000)}}
end
"""


class Clock:
    """Seconds since 1970. It stands still until it is set, and knows what is to happen when."""

    def __init__(self, now: float = MORNING) -> None:
        self.now = now
        self._entries: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def __call__(self) -> float:
        return self.now

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Enter what is to happen."""
        heapq.heappush(self._entries, (moment, next(self._numbers), action))

    def next_moment(self) -> float:
        """Say when something happens next."""
        return self._entries[0][0] if self._entries else float("inf")

    def happen(self) -> None:
        """Let the next thing happen."""
        heapq.heappop(self._entries)[2]()

    def pass_time(self, seconds: float) -> None:
        """Let time pass: whatever is to happen, happens."""
        until = self.now + seconds
        while (moment := self.next_moment()) <= until:
            self.now = max(moment, self.now)
            self.happen()
        self.now = until


class RedisWithClock(_Client):
    """The real server, but for its clock: what asks it for the time, scripts too, is told the test's."""

    @classmethod
    def at(cls, url: str) -> Self:
        """Connect as workers do."""
        return cast("Self", cls.from_pool(connect(url, WORK).connection_pool))

    def keep_time(self, clock: Clock) -> None:
        """Tell the time by `clock`."""
        self.set_response_callback("TIME", lambda _answer, **_options: divmod(round(clock() * 1_000_000), 1_000_000))
        self.note_time(clock)

    def note_time(self, clock: Clock) -> None:
        """Tell the scripts, too; each time the clock was set."""
        self.set(_KEY, f"{clock():.6f}")

    def register_script(self, script: Any) -> Script:
        """Have a script ask our clock."""
        return super().register_script(_OURS + script.replace(_TIME, "clock()") if _TIME in script else script)
