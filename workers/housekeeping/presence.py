"""Presence: since when somebody looks after all that goes on, so that what nobody could do raises no alarm."""

from typing import Final, cast

from redis import Redis

from runtime import keys
from runtime.clocks import stopwatch

PAUSE_SECONDS: Final = 300.0
"""Upkeep does not rest for so long by itself: all was stopped or stood still, or Redis was away."""


def note(redis: Redis, *, before: float, now: float) -> None:
    """Note that somebody looks again since `now`, unless somebody did `before`, and not long ago. Seconds."""
    if not before <= now < before + PAUSE_SECONDS:
        redis.set(keys.ATTENDED, f"{now:.3f}")


def since(redis: Redis, made_at: float, *, now: float) -> float:
    """Say since when this process, `made_at` that moment of the stopwatch, is there, and upkeep comes by. Seconds."""
    attended = float(cast("bytes | None", redis.get(keys.ATTENDED)) or 0)
    return max(attended, now - (stopwatch() - made_at))
