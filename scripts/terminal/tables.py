"""Write tables for the terminal: whole ones, and ones that grow at the bottom."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

GAP = "  "
NOTHING = "-"


class Column(NamedTuple):
    """One column; `width` is the least it takes. Numbers stand on the right."""

    name: str
    width: int = 0
    right: bool = False


def table(columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lay out a whole table: each column as wide as its widest cell."""
    cells = [[cell(value) for value in row] for row in rows]
    widths = [max(len(text) for text in texts) for texts in zip([c.name for c in columns], *cells, strict=True)]
    fitted = [column._replace(width=max(column.width, width)) for column, width in zip(columns, widths, strict=True)]
    return [heading(fitted), *(line(fitted, row) for row in cells)]


def heading(columns: Sequence[Column]) -> str:
    """Lay out the names of the columns."""
    return line(columns, [column.name for column in columns])


def line(columns: Sequence[Column], row: Sequence[object]) -> str:
    """Lay out one row. A cell that is too wide pushes the others to the right; nothing is cut."""
    placed = zip(columns, (cell(value) for value in row), strict=True)
    texts = (text.rjust(column.width) if column.right else text.ljust(column.width) for column, text in placed)
    return GAP.join(texts).rstrip()


def cell(value: object) -> str:
    """Write one value, so that it does nothing to a terminal."""
    return NOTHING if value is None or value == "" else harmless(str(value))


def harmless(text: str) -> str:
    """Replace what could steer a terminal: a caller's name comes from a stranger."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
