"""The one place that reads a clock. Decisions elsewhere are given the time."""

import time

from redis import Redis


def redis_time(redis: Redis) -> float:
    """Read the clock that all machines share, so that their own may differ. Seconds since 1970."""
    seconds, microseconds = redis.time()
    return as_seconds(seconds, microseconds)


def as_seconds(seconds: int, microseconds: int) -> float:
    """Read the answer of Redis's TIME."""
    return int(seconds) + int(microseconds) / 1e6


def stopwatch() -> float:
    """Read a clock that never jumps, for measuring how long something takes. Seconds."""
    return time.monotonic()


def wall_clock() -> float:
    """Read this machine's own clock, for what only this machine promised. Seconds since 1970."""
    return time.time()
