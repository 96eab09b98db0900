"""The chart of calls by minute: bars of five tones, as numbers a template draws with. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from web.dashboard.tones import LEGEND, Tone, tone

HEIGHT: Final = 120
STEP: Final = 12
_BAR: Final = 9
_LEAST: Final = 4
"""A quiet hour is not blown up: so many calls at least fill the chart."""


class Piece(msgspec.Struct, frozen=True):
    """A part of a bar."""

    tone: Tone
    x: int
    y: float
    width: int
    height: float


class Chart(msgspec.Struct, frozen=True):
    """What is drawn, and what is said of it to who does not see it."""

    width: int
    pieces: tuple[Piece, ...]
    top: int
    totals: tuple[tuple[Tone, str, int], ...]

    @property
    def total(self) -> int:
        """How many calls that are."""
        return sum(count for _, _, count in self.totals)


def by_minute(minutes: Sequence[Mapping[str, int]]) -> Chart:
    """Draw the minutes, the oldest at the left."""
    columns = [_by_tone(words) for words in minutes]
    top = max(_LEAST, *(sum(one.values()) for one in columns))
    pieces = (piece for at, column in enumerate(columns) for piece in _bar(column, x=at * STEP, top=top))
    totals = tuple((each, name, sum(one.get(each, 0) for one in columns)) for each, name in LEGEND.items())
    return Chart(len(minutes) * STEP, tuple(pieces), top, totals)


def _bar(column: Mapping[Tone, int], *, x: int, top: int) -> Iterator[Piece]:
    y = float(HEIGHT)
    for each in Tone:
        height = HEIGHT * column.get(each, 0) / top
        if height:
            y -= height
            yield Piece(each, x, round(y, 1), _BAR, round(height, 1))


def _by_tone(words: Mapping[str, int]) -> Mapping[Tone, int]:
    found: dict[Tone, int] = {}
    for word, count in words.items():
        found[tone(word)] = found.get(tone(word), 0) + count
    return found
