"""When to look at the call log: after the end, while the record is not there, and again after it was.

The record comes some 15 to 30 seconds after the call and is rewritten later. So not-there-yet is no error, a resolved
call is looked at again, and a record that never comes is given up at a deadline, though never quite forgotten.
"""

from collections.abc import Sequence
from typing import Final

GROWTH: Final = 1.5
LONGEST_WAIT: Final = 60.0
"""Seconds between two looks at a call that has no settled record."""

LATE_LOOKS: Final = (900.0, 3600.0, 4 * 3600.0, 24 * 3600.0)
"""Seconds after the deadline at which an unresolved call is looked at all the same."""


def next_look(looks: int, *, now: float, interval: float) -> float:
    """Say when to look again after `looks` looks in vain; `interval` is the least time between two."""
    return now + min(interval * GROWTH ** min(looks - 1, 20), max(interval, LONGEST_WAIT))


def is_too_late(ended_at: float, *, now: float, deadline: float) -> bool:
    """Say whether the record should have come by now."""
    return now - ended_at >= deadline


def next_of(schedule: Sequence[float], *, since: float, now: float) -> float | None:
    """Give the first time of `schedule` (seconds after `since`) that is still to come; None after the last."""
    return next((since + seconds for seconds in schedule if since + seconds > now), None)
