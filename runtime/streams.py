"""Redis's streams: what places in them are, and how they are read: from end to end, or a page at a time.

A place is what Redis calls the id of an entry: when it was added, in milliseconds since 1970, and a number.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar, cast

import msgspec
from redis import Redis
from redis.exceptions import ResponseError

T = TypeVar("T")

Fields = Mapping[bytes, bytes]

PATTERN: Final = "[0-9]{1,15}-[0-9]{1,15}"
"""What a place looks like where strangers name one."""

_PLACE: Final = re.compile(PATTERN)
_FIRST: Final = (0, 0)
_TOGETHER: Final = 1000
_AT_FIRST: Final = 100
"""Entries read in one go: more and more, unless they are large."""

_MOST_BYTES: Final = 4 * 1024 * 1024
"""What is read in one go, or little more; bodies have 256 KiB at most, and a thousand such would fill a process."""


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Some of a list, newest first, and what to ask for to get those before them; None when there are none."""

    items: tuple[T, ...]
    next: str | None


def place_of(text: str | None) -> str | None:
    """Read a place that a stranger names; any other word is as good as none."""
    return text if text and _PLACE.fullmatch(text) else None


def order(place: str) -> tuple[int, int]:
    """Give what places are ordered by; what stands before a slash says in which log a place is."""
    milliseconds, _, number = place.rpartition("/")[2].partition("-")
    return int(milliseconds), int(number or 0)


def added_at(place: str) -> float:
    """Say when the entry at this place was added. Seconds since 1970."""
    return order(place)[0] / 1000


def end(redis: Redis, stream: str) -> tuple[str, int]:
    """Give the place of the last entry, though it be dropped since, and how many entries there ever were."""
    return ends(redis, [stream])[0]


def ends(redis: Redis, streams: Sequence[str]) -> list[tuple[str, int]]:
    """Say the same of several streams, in one round trip."""
    with redis.pipeline(transaction=False) as pipeline:
        for stream in streams:
            pipeline.xinfo_stream(stream)
        return [_end(known) for known in pipeline.execute(raise_on_error=False)]


def _end(known: Any) -> tuple[str, int]:
    """Read what Redis knows of a stream; it calls one that holds nothing an error."""
    if isinstance(known, ResponseError) and "no such key" in str(known):
        return "0-0", 0
    if isinstance(known, Exception):
        raise known
    place = known["last-generated-id"]
    return place.decode() if isinstance(place, bytes) else place, int(known.get("entries-added", 0))


def entries(redis: Redis, stream: str, *, first: str = "-", last: str = "+") -> Iterator[tuple[bytes, Fields]]:
    """Read a stream from the place `first` to the place `last`, the oldest entry first."""
    count = _AT_FIRST
    while page := cast("list[Any]", redis.xrange(stream, min=first, max=last, count=count)):
        yield from page
        if len(page) < count:
            return
        first = f"({page[-1][0].decode()}"
        size = sum(len(value) for _, fields in page for value in fields.values())
        count = max(1, min(_TOGETHER, 4 * count, count * _MOST_BYTES // max(1, size)))


def page(
    redis: Redis, stream: str, read: Callable[[str, Fields], T], *, after: str | None = None, limit: int = 50
) -> Page[T]:
    """Read a page, newest first, of what is older than the entry at `after`; `read` makes an item of each entry."""
    if after and order(after) == _FIRST:
        return Page((), None)  # Redis takes it for a mistake to ask for what is older
    newest = f"({after}" if after else "+"
    rows = cast("list[Any]", redis.xrevrange(stream, max=newest, count=limit + 1))
    items = tuple(read(place.decode(), fields) for place, fields in rows[:limit])
    return Page(items, rows[limit - 1][0].decode() if len(rows) > limit else None)
