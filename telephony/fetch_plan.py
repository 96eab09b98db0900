"""Plan how to ask the call log: the fewest requests that answer all calls that are due.

The call log may be asked ten times a minute, and one request can return a thousand records. So calls that began close
together share a window, and only a call that stands alone is looked up by its id. Windows filter on the record's start,
which may differ from the first notification's by some seconds.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

import msgspec

MARGIN: Final = timedelta(minutes=2)
"""How far a record's start may lie from what the notifications said."""

NEAR: Final = timedelta(minutes=10)
"""Calls that began within this of each other share a window, while there are requests to spare."""


class Wanted(msgspec.Struct, frozen=True):
    """A call whose record is wanted."""

    telephony_session_id: str
    started_at: datetime


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


Request = LookUp | Window


def plan(wanted: Sequence[Wanted], *, most: int) -> tuple[Request, ...]:
    """Give at most `most` requests that answer all of `wanted`; the oldest calls first."""
    if not wanted or most < 1:
        return ()
    groups = _near_groups(sorted(wanted, key=lambda one: one.started_at))
    while len(groups) > most:
        groups = _with_nearest_joined(groups)
    return tuple(_request(group) for group in groups)


def _near_groups(wanted: Sequence[Wanted]) -> list[list[Wanted]]:
    groups: list[list[Wanted]] = []
    for one in wanted:
        if groups and one.started_at - groups[-1][-1].started_at <= NEAR:
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _with_nearest_joined(groups: list[list[Wanted]]) -> list[list[Wanted]]:
    gaps = [after[0].started_at - before[-1].started_at for before, after in pairwise(groups)]
    at = gaps.index(min(gaps))
    return [*groups[:at], groups[at] + groups[at + 1], *groups[at + 2 :]]


def _request(group: Sequence[Wanted]) -> Request:
    first, last = group[0], group[-1]
    if len(group) == 1:
        return LookUp(first.telephony_session_id, first.started_at - MARGIN)
    return Window(first.started_at - MARGIN, last.started_at + MARGIN)
