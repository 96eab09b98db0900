"""Draw the plots of docs/benchmarks.md: SVG from the figures recorded in docs/benchmarks.json, both axes logarithmic.

Drawn by hand: a few lines in a frame need no library, and the same figures give the same file on every machine.
"""

import math
from collections.abc import Iterator, Sequence
from html import escape
from itertools import cycle
from typing import Final

import msgspec

from scripts.venv import ROOT

RECORDED: Final = ROOT / "docs" / "benchmarks.json"
FOLDER: Final = "docs/images"

WIDTH, HEIGHT = 720, 380
LEFT, RIGHT, TOP, BOTTOM = 70, 700, 50, 315
MARGIN: Final = 1.4
"""An axis goes so many times beyond its outermost ticks."""

COLOURS: Final = ("#1f5fbf", "#b85c00", "#7a7a7a", "#2f7d4f")
_HEAD: Final = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="system-ui, sans-serif"'
    ' font-size="13" fill="#222222" role="img">'
)


class Axis(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is told along an axis, and the values that are written at it."""

    label: str
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Say how far along the axis a value is, from 0 to 1."""
        low, high = math.log(min(self.ticks) / MARGIN), math.log(max(self.ticks) * MARGIN)
        return (math.log(value) - low) / (high - low)


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was measured of one thing: where it stands across and up. A single point is a dot."""

    label: str
    points: tuple[tuple[float, float], ...]


class Plot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One plot, and the command whose figures it shows."""

    file: str
    title: str
    command: str
    across: Axis
    up: Axis
    lines: tuple[Line, ...]


def plots() -> tuple[Plot, ...]:
    """Read what is recorded."""
    return msgspec.json.decode(RECORDED.read_bytes(), type=tuple[Plot, ...])


def drawn(plot: Plot) -> str:
    """Draw one plot."""
    parts = (_HEAD, f"<title>{escape(plot.title)}</title>", *_frame(plot), *_lines(plot), "</svg>")
    return "\n".join(parts) + "\n"


def _frame(plot: Plot) -> Iterator[str]:
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
    yield _text(LEFT, 28, plot.title, 'font-size="15" font-weight="600"')
    for tick in plot.across.ticks:
        x = _x(plot, tick)
        yield f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{BOTTOM}" stroke="#e4e4e4"/>'
        yield _text(x, BOTTOM + 20, f"{tick:,.12g}", 'text-anchor="middle"')
    for tick in plot.up.ticks:
        y = _y(plot, tick)
        yield f'<line x1="{LEFT}" y1="{y:.1f}" x2="{RIGHT}" y2="{y:.1f}" stroke="#e4e4e4"/>'
        yield _text(LEFT - 8, y + 4, f"{tick:,.12g}", 'text-anchor="end"')
    yield _text(RIGHT, BOTTOM + 38, plot.across.label, 'text-anchor="end" fill="#555555"')
    yield _text(LEFT - 8, TOP - 6, plot.up.label, 'fill="#555555" text-anchor="start"')


def _lines(plot: Plot) -> Iterator[str]:
    for place, (line, colour) in enumerate(zip(plot.lines, cycle(COLOURS), strict=False)):
        points = [(_x(plot, across), _y(plot, up)) for across, up in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in points)
        yield from _legend(place, line.label, colour, len(plot.lines))


def _legend(place: int, label: str, colour: str, of: int) -> Iterator[str]:
    x = LEFT + place * (RIGHT - LEFT) / max(3, of)
    yield f'<circle cx="{x + 4:.1f}" cy="{HEIGHT - 14}" r="4" fill="{colour}"/>'
    yield _text(x + 14, HEIGHT - 10, label)


def _x(plot: Plot, value: float) -> float:
    return LEFT + (RIGHT - LEFT) * plot.across.share(value)


def _y(plot: Plot, value: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * plot.up.share(value)


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}"{f" {more}" if more else ""}>{escape(text)}</text>'


def pages() -> Sequence[tuple[str, Plot]]:
    """Name the file of each plot."""
    return [(f"{FOLDER}/{plot.file}", plot) for plot in plots()]
