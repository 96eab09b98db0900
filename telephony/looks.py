"""When to look at the call log: after the end, while the record is not there, and again after it was.

The record comes some 15 to 30 seconds after the call and is rewritten later. So not-there-yet is no error, a resolved
call is looked at again, and a record that never comes is given up at a deadline, though never quite forgotten.
All times are seconds.
"""

from collections.abc import Sequence
from typing import Final

LONGEST_WAIT: Final = 60.0
"""Between two looks at a call that has no settled record."""

LATE_LOOKS: Final = (900.0, 3600.0, 4 * 3600.0, 24 * 3600.0)
"""After the deadline an unresolved call is looked at all the same, this much later."""

LAGS_KEPT: Final = 50
LAG_SHARE: Final = 0.97
"""A first look comes when all of the account's last records were there but the slowest of fifty: a look in vain costs
six seconds, a little patience costs nearly nothing. With 3 in 50 in vain, six seconds would be what 1 in 20 waits."""

LEAST_SPREAD, MOST_SPREAD = 1.0, 3.0
"""Bounds of a margin for what few records do not show yet, which is divided by how many they are: the slowest of two is
a poor guess at the slowest of all."""


def first_wait(lags: Sequence[float], *, settle: float) -> float:
    """Say how long after a call to look for its record, from how long the last ones took; `settle` at least."""
    if not lags:
        return settle
    known, ordered = len(lags), sorted(lags)
    usual = ordered[int(LAG_SHARE * known)]
    margin = min(max(LEAST_SPREAD, usual - ordered[0]), MOST_SPREAD) / known
    return min(max(settle, usual + margin), max(settle, LONGEST_WAIT))


def next_look(ended_at: float, *, now: float, interval: float) -> float:
    """Say when to look again after a look in vain: soon at first, rarely when the call is long over."""
    return now + min(max(interval, (now - ended_at) / 4), max(interval, LONGEST_WAIT))


def is_too_late(ended_at: float, *, now: float, deadline: float) -> bool:
    """Say whether the record should have come by now."""
    return now - ended_at >= deadline


def next_of(schedule: Sequence[float], *, since: float, now: float) -> float | None:
    """Give the first time of `schedule` (seconds after `since`) that is still to come; None after the last."""
    return next((since + seconds for seconds in schedule if since + seconds > now), None)
