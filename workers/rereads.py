"""Look again at calls that are resolved: their records are rewritten and get recordings late.

Kept not per call but per minute in which calls began, so that a busy account has no more of it than it has minutes.
A feed that is read to its end answers all of them at once.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, cast

from redis import Redis

from runtime import keys
from runtime.leases import Command
from telephony.fetch_plan import Wanted
from workers.sweep import Sweep

STARTS_SECONDS: Final = 60
TIMES_SECONDS: Final = 15
"""Calls are looked at again together if they began in the same minute and are due in the same quarter of one."""

TOO_LATE_SECONDS: Final = 900.0
"""When there is no time for it this long, it is given up: later looks and reconciliation remain."""

MOST: Final = 200
"""Minutes looked after in one sweep."""


def scheduled(account: str, started_at: float, times: Iterable[float]) -> set[Command]:
    """Give the commands that have a call's minute looked at again at `times`."""
    minute = int(started_at // STARTS_SECONDS) * STARTS_SECONDS
    rounded = {int(-(-when // TIMES_SECONDS) * TIMES_SECONDS) for when in times}
    return {("ZADD", keys.rereads(account), str(when), f"{when}:{minute}") for when in rounded}


def due(redis: "Redis", account: str, now: float) -> dict[str, tuple[Wanted, Wanted]]:
    """Load what is due, by its member of the sorted set: the first and the last moment of each minute."""
    members = redis.zrange(keys.rereads(account), "-inf", now, byscore=True, offset=0, num=MOST)
    return {text: _wanted(text) for text in (member.decode() for member in cast("list[bytes]", members))}


def next_time(redis: "Redis", account: str) -> float | None:
    """Say when the next one is due."""
    first = cast("list[tuple[bytes, float]]", redis.zrange(keys.rereads(account), 0, 0, withscores=True))
    return first[0][1] if first else None


def done(account: str, asked: dict[str, tuple[Wanted, Wanted]], found: Sweep, now: float) -> list[Command]:
    """Give the commands that strike off what the sweep answered from end to end, and what is too late."""
    return [
        ("ZREM", keys.rereads(account), text)
        for text, ends in asked.items()
        if all(found.has_asked_about(end) for end in ends) or _is_too_late(text, now)
    ]


def _is_too_late(text: str, now: float) -> bool:
    return now - float(text.partition(":")[0]) > TOO_LATE_SECONDS


def _wanted(text: str) -> tuple[Wanted, Wanted]:
    minute = int(text.partition(":")[2])
    first, last = (datetime.fromtimestamp(minute + seconds, UTC) for seconds in (0, STARTS_SECONDS))
    return Wanted(None, first, again=True), Wanted(None, last, again=True)
