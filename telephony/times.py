"""Read RingCentral's times, and write the one form in which ours leave.

In: whatever the platform has written since 2015 (milliseconds or none, `Z`, `+00:00` or `+0000`). Between: aware
datetimes in UTC. Out: UTC ISO 8601 with milliseconds and `Z`.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

_YEARS: Final = range(2000, 2101)
"""Years in which calls are made. A time in another, such as 0001-01-01 or 9999-12-31, is no time but somebody's way to
say that there is none, and nothing can be reckoned from it."""

LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
NEVER: Final = datetime.max.replace(tzinfo=UTC)
"""The first and the last moment there are, one of which stands for a missing one where moments are put in order."""

_TO_SECONDS: Final = len('"2018-11-22T08:42:05')
_TO_MILLISECONDS: Final = len('"2018-11-22T08:42:05.500')
_ENCODER: Final = msgspec.json.Encoder()


def parse_time(text: str) -> datetime | None:
    """Read when something of a call was; None for text that is no such time."""
    moment = any_time(text)
    return moment if moment is not None and is_of_a_call(moment) else None


def any_time(text: str) -> datetime | None:
    """Read a point in time in UTC; None for text that is none. A time without a zone is taken as UTC."""
    try:
        return in_utc(datetime.fromisoformat(text.strip()))
    except ValueError:
        return None


def is_of_a_call(moment: datetime) -> bool:
    """Say whether a call can have been at this time."""
    return moment.year in _YEARS


def in_utc(moment: datetime) -> datetime | None:
    """Give the same moment in UTC; None where that lies outside what a datetime can hold (years 1 and 9999)."""
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def later(moment: datetime | None, milliseconds: int | None) -> datetime | None:
    """Add milliseconds to a moment; None when either is missing or the sum is beyond any calendar."""
    if moment is None or milliseconds is None:
        return None
    try:
        return moment + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def iso_ms(moment: datetime) -> str:
    """Write an aware moment as `2018-11-22T08:42:05.500Z`: always UTC, always three digits, cut and not rounded.

    Raises ValueError for a naive datetime: it names no moment.
    """
    if moment.tzinfo is None:
        raise ValueError("a datetime without a zone names no moment")
    moment = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    text = _ENCODER.encode(moment).decode()  # in quotes, with microseconds unless there are none: isoformat is slow
    return f"{text[1:_TO_MILLISECONDS]}Z" if moment.microsecond else f"{text[1:_TO_SECONDS]}.000Z"


def iso_ms_or_none(moment: datetime | None) -> str | None:
    """Write a moment that may be missing."""
    return None if moment is None else iso_ms(moment)


def moment_at(seconds: float) -> datetime:
    """Read a moment given as seconds since 1970; beyond the years 1 and 9999 it is the nearest there is."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError):
        return NEVER if seconds > 0 else LONG_AGO


def iso_ms_at(seconds: float) -> str:
    """Write a moment given as seconds since 1970."""
    return iso_ms(moment_at(seconds))


def iso_ms_at_or_none(seconds: float | None) -> str | None:
    """Write a moment that may be missing, given as seconds since 1970."""
    return None if seconds is None else iso_ms_at(seconds)
