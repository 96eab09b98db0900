"""The picture of a call's legs: who was rung when, for how long, and who answered. Pure: numbers to draw with."""

from datetime import datetime
from typing import Final

import msgspec

from telephony.call_outcome import Endpoint, LegOutcome
from telephony.events import CallData
from telephony.times import parse_time
from telephony.words import LegRole

WIDE: Final = 1000
"""Units across; the template stretches them over whatever room there is."""

_LEAST: Final = 6
_RINGOUT: Final = "ringout"


class Bar(msgspec.Struct, frozen=True):
    """One leg of `who`, drawn from `x` on. `after` is how many seconds after the call's beginning it began."""

    leg: LegOutcome
    who: Endpoint
    x: int | None
    width: int
    after: float | None


class Picture(msgspec.Struct, frozen=True):
    """All legs over the time from the first beginning to the last end; `answered` is where somebody took the call."""

    bars: tuple[Bar, ...]
    seconds: float
    answered: int | None

    @property
    def ticks(self) -> tuple[int, ...]:
        """Whole seconds to write below: the beginning, the middle if it is one, the end."""
        end = round(self.seconds)
        return (0, end // 2, end) if end > 1 else (0, end)


def picture(data: CallData) -> Picture:
    """Draw the legs of a call."""
    legs = [(leg, _time(leg.start_time)) for leg in data.legs]
    known = [(leg, start) for leg, start in legs if start is not None]
    first = min((start for _, start in known), default=None)
    ends = [start.timestamp() + (leg.duration_seconds or 0) for leg, start in known]
    seconds = max(1.0, max(ends, default=0.0) - first.timestamp()) if first else 1.0
    bars = tuple(_bar(leg, start, first, seconds) for leg, start in legs)
    answered = _time(data.answer_time)
    at = None if answered is None or first is None else _across((answered - first).total_seconds(), seconds)
    return Picture(bars, seconds, at if at is not None and 0 <= at <= WIDE else None)


def _bar(leg: LegOutcome, start: datetime | None, first: datetime | None, seconds: float) -> Bar:
    if start is None or first is None:
        return Bar(leg, _who(leg), None, 0, None)
    after = (start - first).total_seconds()
    width = max(_LEAST, _across(leg.duration_seconds or 0, seconds))
    return Bar(leg, _who(leg), min(_across(after, seconds), WIDE - _LEAST), width, after)


def _who(leg: LegOutcome) -> Endpoint:
    """Give whom a leg rang, or who came in by it: the legs of a RingOut are `from` whom they rang."""
    is_ringout = (leg.leg_type or "").casefold().startswith(_RINGOUT)
    return leg.from_ if is_ringout or leg.role is LegRole.CALLER else leg.to


def _across(part: float, whole: float) -> int:
    return round(WIDE * part / whole)


def _time(text: str | None) -> datetime | None:
    return parse_time(text or "")
