"""Plan how to ask the call log: the fewest requests that answer all calls that are due.

The call log may be asked ten times a minute, and one answer can hold a thousand records. So the steady lane is a change
feed: one request brings whatever changed, however many calls that is and however long ago they began. Where RingCentral
refuses the feeds, calls are found in windows of the list, which filters on a record's start: each window is as long as
one page reaches, and lies where most calls are waiting, those that wait long counting more. A call that stands alone is
looked up by its id. Calls that the feed does not show are found in the same way. What is only looked at again rides
along where a window has room, and has the requests that are left over: it moves no window.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from typing import Final

import msgspec

PAGE: Final = 1000
"""Records in one answer of the list, and of the larger feed."""

FULLNESS: Final = 0.8
"""How full a page is planned to be: the density of calls is only an estimate."""

SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(hours=24)
"""Bounds of a window; and how much earlier than we know of a call that is looked up may have begun."""

MARGIN: Final = timedelta(minutes=2)
MARGIN_SHARE: Final = 1 / 8
"""A window reaches beyond its calls on either side, as records may start a little off what the notifications said: by
the margin, or by that part of the window where it is short. A page of a busy account holds less than four minutes."""

STRAGGLER_SECONDS: Final = 60.0
"""A feed that has not shown a call for so long may never do so: where there is a request to spare, it is looked up."""

PATIENCE_SECONDS: Final = 300.0
"""A feed that has not shown a call for so long is not relied on for it any more."""


class Lane(StrEnum):
    """A way to ask the call log, named like RingCentral's endpoint; the best first."""

    EXTRACT = "call-log-extract-sync"
    SYNC = "call-log-sync"
    LIST = "call-log"


class Wanted(msgspec.Struct, frozen=True):
    """A call whose record is wanted, or is only looked at `again`: that can wait for all others.

    It has been over for `waiting` seconds, and due to be asked about for `due_for`: since it was asked about last.
    Until `ended_at` further records of it may have begun. Where one of its records was missed before, the `whole` is
    wanted.
    """

    telephony_session_id: str | None
    started_at: datetime
    ended_at: datetime | None = None
    waiting: float = 0.0
    due_for: float = 0.0
    again: bool = False
    whole: bool = False

    @property
    def urgency(self) -> float:
        """How much it counts where not all can be answered: in the end more than any crowd that came later.

        How long it has been over does not count: a call whose record is late, and which was asked about a minute ago,
        would keep all others waiting until it is given up.
        """
        return (1 + self.due_for / 60) ** 2


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

    def without(self, others: Iterable["Window"]) -> "tuple[Window, ...]":
        """Give the parts of it that lie in none of the others, the earliest first."""
        left: tuple[Window, ...] = (self,)
        for other in others:
            parts = [
                (
                    Window(one.date_from, min(one.date_to, other.date_from)),
                    Window(max(one.date_from, other.date_to), one.date_to),
                )
                for one in left
            ]
            left = tuple(part for pair in parts for part in pair if part.date_from < part.date_to)
        return left

    def covers_all_of(self, other: "Window") -> bool:
        """Say whether whatever is in the other window is in this one."""
        return self.date_from <= other.date_from and other.date_to <= self.date_to


class Feed(msgspec.Struct, frozen=True):
    """Ask for everything that changed since the last time, in this lane."""

    lane: Lane


Request = Feed | LookUp | Window


def plan(
    wanted: Sequence[Wanted],
    *,
    lane: Lane,
    most: int,
    density: float | None,
    shown_since: datetime | None = None,
    in_turn: bool = True,
) -> tuple[Request, ...]:
    """Give at most `most` requests that answer as much of `wanted` as they can.

    `density` is how many records began per second of the call log, as far as it is known. In the feed lanes a poll is
    planned even for nobody: whoever asks has a reason, be it only that it is time to look. One request more is for the
    calls that the feed does not show, among them those that began before `shown_since`; if there is but one request in
    all, it is for whom it helps most. What is left over is for calls of which a window has shown nothing, or not all:
    one of the latter takes the place of those it has waited longer than, if it is `in_turn`.
    """
    if most < 1:
        return ()
    whole = [one for one in wanted if one.whole and one.telephony_session_id]
    others = [one for one in wanted if not (one.whole and one.telephony_session_id)]
    alone = sorted(whole, key=lambda one: one.urgency)[-1:]
    if lane is Lane.LIST:
        planned = _with_one_alone(others, alone, density, most, in_turn=in_turn)
        return (*planned, *_look_ups([*whole, *_late(others)], planned)[: most - len(planned)])
    shown = [one for one in others if is_shown(one, shown_since)]
    hidden = [one for one in others if not is_shown(one, shown_since)]
    if most > 1:
        beside = _with_one_alone([*hidden, *_late(shown)], alone, density, 1, in_turn=in_turn)
        return (Feed(lane), *(beside or _look_ups(alone, ())))
    groups = _groups(hidden, density, 1)
    helped = [one for group in groups for one in group]
    if _goes_first(alone, max(_worth(helped), _worth(shown)), in_turn=in_turn):
        return tuple(_look_ups(alone, ()))
    # Of equals those go first whom the feed never shows: it answers the others later just as well.
    return _requests(groups, density) if helped and _worth(helped) >= _worth(shown) else (Feed(lane),)


def is_shown(one: Wanted, shown_since: datetime | None) -> bool:
    """Say whether a feed that shows calls that began since then (None: all) can be relied on to show this one."""
    return one.waiting < PATIENCE_SECONDS and (shown_since is None or one.started_at >= shown_since)


def fullest(window: Window) -> float:
    """Say how many records per second fill a page in this window: `window_length` of that is its length."""
    return FULLNESS * PAGE / max(1.0, (window.date_to - window.date_from).total_seconds())


def window_length(density: float | None, *, shortest: timedelta = SHORTEST) -> timedelta:
    """Say how long a window of one page may be."""
    if not density:
        return LONGEST
    return max(shortest, timedelta(seconds=min(FULLNESS * PAGE / density, LONGEST.total_seconds())))


def _margin(density: float | None) -> timedelta:
    return min(MARGIN, window_length(density) * MARGIN_SHARE)


def _groups(wanted: Sequence[Wanted], density: float | None, most: int) -> list[Sequence[Wanted]]:
    """Put together the calls that one window can hold; give the groups that count most.

    Those who wait are grouped as if nothing were looked at again, so that they lose no request to it.
    """
    span = window_length(density) - 2 * _margin(density)
    by_start = sorted(wanted, key=lambda one: one.started_at)
    groups: list[Sequence[Wanted]] = []
    left: Sequence[Wanted] = [one for one in by_start if one.again]
    for group in _heaviest([one for one in by_start if not one.again], span, most):
        joined = _joined(group, left, span)
        groups.append(joined)
        left = _without(left, joined)
    return [*groups, *_heaviest(left, span, most - len(groups))]


def _heaviest(left: Sequence[Wanted], span: timedelta, most: int) -> list[Sequence[Wanted]]:
    """Take those within one `span` who count most, then of those who are left, and so on."""
    groups: list[Sequence[Wanted]] = []
    while left and len(groups) < most:
        group = _run(left, [one.urgency for one in left], span)
        groups.append(group)
        left = _without(left, group)
    return groups


def _joined(group: Sequence[Wanted], again: Sequence[Wanted], span: timedelta) -> Sequence[Wanted]:
    """Give a group with as many who ride along as its window has room for; each of its own counts more than those."""
    earliest, latest = group[-1].started_at - span, group[0].started_at + span
    near = [one for one in again if earliest <= one.started_at <= latest]
    both = sorted([*group, *near], key=lambda one: one.started_at)
    return _run(both, [1 if one.again else 1 + len(near) for one in both], span)


def _run(wanted: Sequence[Wanted], weights: Sequence[float], span: timedelta) -> Sequence[Wanted]:
    """Find the calls, in the order of their starts, that lie within one `span` and weigh most together."""
    sums = [0.0, *accumulate(weights)]
    best, first = (0, 1), 0
    for last in range(1, len(wanted) + 1):
        while wanted[last - 1].started_at - wanted[first].started_at > span:
            first += 1
        if sums[last] - sums[first] > sums[best[1]] - sums[best[0]]:
            best = (first, last)
    return wanted[slice(*best)]


def _without(wanted: Sequence[Wanted], group: Sequence[Wanted]) -> Sequence[Wanted]:
    taken = set(group)
    return [one for one in wanted if one not in taken]


def _worth(group: Sequence[Wanted]) -> tuple[float, int]:
    """Say how much it helps to answer these: first those who wait, then what is looked at again."""
    return sum(one.urgency for one in group if not one.again), sum(one.again for one in group)


def _goes_first(alone: Sequence[Wanted], others: tuple[float, int], *, in_turn: bool) -> bool:
    """Say whether who is `alone` takes a request from others worth so much: in turn, or where none of them waits."""
    return _worth(alone) > others and (in_turn or not others[0])


def _with_one_alone(
    wanted: Sequence[Wanted], alone: Sequence[Wanted], density: float | None, most: int, *, in_turn: bool
) -> tuple[Request, ...]:
    """Plan for those who count most; who is `alone` takes the last request from those it has waited longer than."""
    groups = _groups(wanted, density, most)
    if len(groups) == most and _goes_first(alone, _worth(groups[-1]), in_turn=in_turn):
        return (*_requests(groups[:-1], density), *_look_ups(alone, ()))
    return _requests(groups, density)


def _requests(groups: Sequence[Sequence[Wanted]], density: float | None) -> tuple[Request, ...]:
    return tuple(_request(group, density) for group in groups)


def _late(wanted: Sequence[Wanted]) -> list[Wanted]:
    """Give the stragglers: their records may begin at another time than was heard."""
    return [one for one in wanted if not one.again and one.waiting >= STRAGGLER_SECONDS]


def _look_ups(wanted: Sequence[Wanted], planned: Sequence[Request]) -> list[LookUp]:
    """Look up each by its id, the most urgent first, but for those that are looked up already."""
    by_urgency = sorted(wanted, key=lambda one: one.urgency, reverse=True)
    return [one for one in map(_look_up, by_urgency) if one is not None and one not in planned]


def _look_up(one: Wanted) -> LookUp | None:
    session_id = one.telephony_session_id
    return LookUp(session_id, one.started_at - LONGEST) if session_id else None


def _request(group: Sequence[Wanted], density: float | None) -> Request:
    """Look one up, or ask for a window: until the last call ended, as far as a page reaches."""
    alone = _look_up(group[0]) if len(group) == 1 else None
    if alone:
        return alone
    margin, first, last = _margin(density), group[0].started_at, group[-1].started_at
    end = max(one.ended_at or one.started_at for one in group)
    longest = first - margin + window_length(density)
    return Window(first - margin, max(last + margin, min(end + margin, longest)))
