"""When an event that was not taken is sent again. Pure: the time and the chance are given."""

from collections.abc import Callable
from typing import Final

_MINUTE: Final = 60.0
_HOUR: Final = 3600.0

SCHEDULE: Final = (0.0, 5.0, 30.0, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 10 * _HOUR)
"""Seconds to wait before each attempt: nine attempts in about 28 hours, so that a night's outage is outlived."""

JITTER: Final = 0.2
"""What failed together does not come back together: every wait is up to so much shorter or longer."""


def longest_wait(attempts: int) -> float:
    """Say for how long an event that was tried `attempts` times waits at most, whatever is asked for."""
    return max(2 * SCHEDULE[min(attempts, len(SCHEDULE) - 1)], _HOUR)


LONGEST_WAIT: Final = max(map(longest_wait, range(len(SCHEDULE))))
"""No event waits for longer until it is tried again."""


def next_attempt(attempts: int, *, now: float, retry_after: float | None, random: Callable[[], float]) -> float | None:
    """Say when an event that was tried `attempts` times is due again; None: never, it is a dead letter.

    `random` gives a number from 0 to 1. What they ask for in `Retry-After` is honoured if it lies between the wait we
    planned and twice that, or an hour if that is more, so that nobody makes us hurry, and nobody parks an event.
    """
    if attempts >= len(SCHEDULE):
        return None
    planned = SCHEDULE[attempts]
    if retry_after is None:
        return now + planned * (1 + JITTER * (2 * random() - 1))
    asked = max(retry_after, planned)
    return now + min(asked * (1 + JITTER * random()), longest_wait(attempts))  # later than they asked, never earlier
