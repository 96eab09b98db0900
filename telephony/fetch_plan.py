"""Plan how to ask the call log: the fewest requests that answer all calls that are due.

The call log may be asked ten times a minute, and one answer can hold a thousand records. So the steady lane is a change
feed: one request brings whatever changed, however many calls that is and however long ago they began. Where RingCentral
refuses the feeds, calls are found in windows of the list, which filters on a record's start: each window is as long as
one page reaches, and lies where most calls are waiting, those that wait long counting more. A call that stands alone is
looked up by its id, and so is one that the feed does not show.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from typing import Final

import msgspec

PAGE: Final = 1000
"""Records in one answer of the list, and of the larger feed."""

MARGIN: Final = timedelta(minutes=2)
"""How far a record's start may lie from what the notifications said."""

FULLNESS: Final = 0.8
"""How full a page is planned to be: the density of calls is only an estimate."""

SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(hours=24)
"""Bounds of a window."""

STRAGGLER_SECONDS: Final = 60.0
"""After waiting so long, and then about each time as long again, a call the feed does not show is looked up."""


class Lane(StrEnum):
    """A way to ask the call log, named like RingCentral's endpoint; the best first."""

    EXTRACT = "call-log-extract-sync"
    SYNC = "call-log-sync"
    LIST = "call-log"


class Wanted(msgspec.Struct, frozen=True):
    """A call whose record is wanted, and since when (seconds); a `weight` below 1 can wait for others."""

    telephony_session_id: str | None
    started_at: datetime
    waiting: float = 0.0
    weight: float = 1.0


class LookUp(msgspec.Struct, frozen=True):
    """Ask for the records of one call."""

    telephony_session_id: str
    date_from: datetime


class Window(msgspec.Struct, frozen=True):
    """Ask for all records that start in a window."""

    date_from: datetime
    date_to: datetime

    def covers(self, started_at: datetime) -> bool:
        """Say whether a call that started then must be among the window's records, if it has one."""
        return self.date_from <= started_at <= self.date_to


class Feed(msgspec.Struct, frozen=True):
    """Ask for everything that changed since the last time, in this lane."""

    lane: Lane


Request = Feed | LookUp | Window


def plan(wanted: Sequence[Wanted], *, lane: Lane, most: int, density: float | None) -> tuple[Request, ...]:
    """Give at most `most` requests that answer as much of `wanted` as they can.

    `density` is how many records began per second of the call log, as far as it is known. In the feed lanes a poll is
    always planned: whoever asks has a reason, be it only that it is time to look.
    """
    if most < 1:
        return ()
    if lane is not Lane.LIST:
        stragglers = [one for one in wanted if one.telephony_session_id and one.waiting >= STRAGGLER_SECONDS]
        return (Feed(lane), *(_look_up(one) for one in sorted(stragglers, key=_patience)[: min(most - 1, 1)]))
    length = window_length(density)
    requests: list[Request] = []
    left = sorted(wanted, key=lambda one: one.started_at)
    while left and len(requests) < most:
        first, last = _fullest(left, length)
        requests.append(_request(left[first:last]))
        left = left[:first] + left[last:]
    return tuple(requests)


def window_length(density: float | None) -> timedelta:
    """Say how long a window of one page may be."""
    if not density:
        return LONGEST
    seconds = FULLNESS * PAGE / density
    return max(SHORTEST, timedelta(seconds=min(seconds, LONGEST.total_seconds()) - 2 * MARGIN.total_seconds()))


def _fullest(wanted: Sequence[Wanted], length: timedelta) -> tuple[int, int]:
    """Find the stretch of `length` in which the calls that wait weigh most; as indices from, to."""
    sums = [0.0, *accumulate(one.weight * (1 + one.waiting / 60) for one in wanted)]
    best, first = (0, 1), 0
    for last in range(1, len(wanted) + 1):
        while wanted[last - 1].started_at - wanted[first].started_at > length:
            first += 1
        if sums[last] - sums[first] > sums[best[1]] - sums[best[0]]:
            best = (first, last)
    return best


def _request(group: Sequence[Wanted]) -> Request:
    if len(group) == 1 and group[0].telephony_session_id:
        return _look_up(group[0])
    return Window(group[0].started_at - MARGIN, group[-1].started_at + MARGIN)


def _look_up(one: Wanted) -> LookUp:
    return LookUp(one.telephony_session_id or "", one.started_at - MARGIN)


def _patience(one: Wanted) -> float:
    return -one.waiting
