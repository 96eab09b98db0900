"""What the headers of an answer say about rates and times.

Proxies and new versions of the platform may leave any of them out, or write what they like. Names are in lower case.
https://developers.ringcentral.com/guide/basics/rate-limits
"""

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

import msgspec

from runtime.budget import Group

_MOST: Final = 10_000_000


class RateLimit(msgspec.Struct, frozen=True):
    """What the X-Rate-Limit headers of an answer say; None is not said."""

    group: str | None
    limit: int | None
    remaining: int | None
    window: float | None


def rate_limit(headers: Mapping[str, str]) -> RateLimit:
    """Read the X-Rate-Limit headers of an answer."""
    limit = _number(headers.get("x-rate-limit-limit"))
    remaining = _number(headers.get("x-rate-limit-remaining"))
    window = _number(headers.get("x-rate-limit-window"))
    return RateLimit(
        group=headers.get("x-rate-limit-group", "").lower() or None,
        limit=None if limit is None or limit < 1 else int(limit),
        remaining=None if remaining is None else int(remaining),
        window=window or None,
    )


def is_about(said: RateLimit, group: Group) -> bool:
    """Whether the headers speak of the group that we counted the request in. A name we do not know does no harm."""
    return said.group in {None, group} or said.group not in set(Group)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After: seconds, or a date, which is compared with the answer's own Date, whoever's clock is wrong."""
    text = headers.get("retry-after", "")
    seconds = _number(text)
    if seconds is not None:
        return seconds
    try:
        until, now = parsedate_to_datetime(text), parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return min(number, _MOST) if math.isfinite(number) and number >= 0 else None
