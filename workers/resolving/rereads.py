"""Look again at calls that are resolved: their records are rewritten and get recordings late.

Kept not per call but per minute in which calls began, so that a busy account has no more of it than it has minutes.
A feed that is read to its end answers all of them at once. Of a minute that takes more than a page the list answers a
part at a time; what is left is kept as what it is.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, cast

from redis import Redis

from runtime import keys
from runtime.leases import Command
from telephony.fetch_plan import Wanted, Window
from telephony.times import moment_at
from workers.resolving.sweep import Sweep

STARTS_SECONDS: Final = 60
TIMES_SECONDS: Final = 15
"""Calls are looked at again together if they began in the same minute and are due in the same quarter of one."""

TOO_LATE_SECONDS: Final = 900.0
"""When there is no time for it this long, it is given up: later looks and reconciliation remain."""

MOST: Final = 200
"""Minutes looked after in one sweep."""

_POINTS_SECONDS: Final = 15
"""A minute is wanted as some moments in it, so that a window may answer a part of it."""


def scheduled(account: str, started_at: float, times: Iterable[float]) -> set[Command]:
    """Give the commands that have a call's minute looked at again at `times`."""
    minute = int(started_at // STARTS_SECONDS) * STARTS_SECONDS
    rounded = {int(-(-when // TIMES_SECONDS) * TIMES_SECONDS) for when in times}
    return {("ZADD", keys.rereads(account), str(when), f"{when}:{minute}") for when in rounded}


def due(redis: Redis, account: str, now: float) -> dict[str, Window]:
    """Load what is due, by its member of the sorted set: the minute, or what is left of it."""
    members = redis.zrange(keys.rereads(account), "-inf", now, byscore=True, offset=0, num=MOST)
    return {text: _read(text) for text in (member.decode() for member in cast("list[bytes]", members))}


def wanted(minutes: Iterable[Window]) -> list[Wanted]:
    """Say what is to be asked for: moments of these minutes, none of them twice."""
    moments = {moment for one in minutes for moment in _moments(one)}
    return [Wanted(None, moment, again=True) for moment in sorted(moments)]


def done(account: str, asked: Mapping[str, Window], found: Sweep, now: float) -> list[Command]:
    """Give the commands that strike off what the sweep answered, and what is too late.

    What is left is due as before; what was due later than now was so before the clock was put back, and is due now.
    """
    answered = tuple(found.asked())
    commands: list[Command] = []
    for text, minute in asked.items():
        when = text.partition(":")[0]
        left = () if now - float(when) > TOO_LATE_SECONDS else minute.without(answered)
        if left != (minute,):
            commands.append(("ZREM", keys.rereads(account), text))
            due_at = f"{min(float(when), now):.3f}"
            commands += [("ZADD", keys.rereads(account), due_at, _written(when, part)) for part in left]
    return commands


def _read(text: str) -> Window:
    """Read a member: when it is due, the minute, and where that ends if a part is left of it. Seconds since 1970."""
    _, first, *last = text.split(":")
    seconds = (int(first), int(last[0]) if last else int(first) + STARTS_SECONDS)
    return Window(*(moment_at(one) for one in seconds))


def _written(when: str, part: Window) -> str:
    return f"{when}:{math.floor(part.date_from.timestamp())}:{math.ceil(part.date_to.timestamp())}"


def _moments(minute: Window) -> Iterator[datetime]:
    moment = minute.date_from
    while moment < minute.date_to:
        yield moment
        moment += timedelta(seconds=_POINTS_SECONDS)
    yield minute.date_to
