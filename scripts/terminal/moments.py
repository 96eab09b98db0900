"""Read moments as people type them, and write them as people read them. All are UTC."""

import re
from argparse import ArgumentTypeError
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from telephony.times import any_time, iso_ms_at_or_none, parse_time

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
AGO = re.compile(r"(\d{1,9})\s*([smhd])")


def moment(text: str, *, now: datetime) -> datetime:
    """Read a moment: `90s`, `15m`, `2h` or `3d` ago, or an ISO time or date. Raises ArgumentTypeError."""
    ago = AGO.fullmatch(text.strip())
    try:
        found = now - timedelta(**{UNITS[ago[2]]: int(ago[1])}) if ago else any_time(text)
    except OverflowError:
        found = None
    if found is None:
        raise ArgumentTypeError(f"{text!r} is no time: write 90s, 15m, 2h, 3d or 2026-11-23T15:20:00Z")
    return found


def moment_option(text: str) -> datetime:
    """Read a moment as an option of the command line tells it, such as `2h` ago."""
    return moment(text, now=datetime.now(UTC))


def times_told(document: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Write these of its times, which are stored as seconds since 1970, as all that leave are: text, in UTC."""
    return {**document, **{name: iso_ms_at_or_none(document[name] or None) for name in names}}


def clock_time(when: datetime) -> str:
    """Write a moment to the second, as a line of a table shows it: `11-23 15:20:31`."""
    return f"{when.astimezone(UTC):%m-%d %H:%M:%S}"


def fine_time(when: datetime) -> str:
    """Write a moment to the millisecond: `15:20:31.250`."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds")[11:23]


def seconds_between(earlier: str | None, later: str | None) -> float | None:
    """Give the seconds between two times of an event; None where one is missing."""
    begin, end = parse_time(earlier or ""), parse_time(later or "")
    return None if begin is None or end is None else (end - begin).total_seconds()
