"""What a benchmark found: tables to compare, and the figures that have a goal."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from scripts.terminal.tables import Column, table

Cell = str | int | float | None


class Figure(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """One number that was promised. `value` is None when nothing could be measured, which meets no goal."""

    name: str
    value: float | None
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def is_met(self) -> bool:
        """Say whether the goal was reached."""
        return self.value is not None and (
            (self.at_most is None or self.value <= self.at_most)
            and (self.at_least is None or self.value >= self.at_least)
        )

    @property
    def goal(self) -> str:
        """Say the goal in words."""
        parts = (("at most", self.at_most), ("at least", self.at_least))
        return ", ".join(f"{word} {shown(limit)}" for word, limit in parts if limit is not None)


class Table(Struct, frozen=True):
    """Rows to compare with each other."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Result(Struct, frozen=True, kw_only=True):
    """What one benchmark found; `remarks` say how it was measured and what to make of it."""

    benchmark: str
    remarks: str = ""
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()


def render(result: Result) -> str:
    """Lay out a result for people."""
    return "\n".join(_lines(result))


def _lines(result: Result) -> Iterator[str]:
    yield f"== {result.benchmark}"
    yield from result.remarks.splitlines()
    for one in result.tables:
        yield ""
        yield one.title
        yield from _laid_out(one.columns, one.rows)
    if result.figures:
        yield ""
        rows = [(one.name, one.value, one.unit, one.goal, _verdict(one)) for one in result.figures]
        yield from _laid_out(("figure", "measured", "unit", "goal", "met"), rows)


def _verdict(one: Figure) -> str:
    if not one.goal:
        return ""
    return "yes" if one.is_met else "NO"


def _laid_out(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[str]:
    heads = [Column(name, right=place > 0) for place, name in enumerate(columns)]
    return table(heads, [[shown(cell) for cell in row] for row in rows])


def shown(value: Cell) -> str:
    """Write a number with three figures that count, anything else as it is."""
    if value is None:
        return ""
    if isinstance(value, str | int):
        return f"{value:,}" if isinstance(value, int) else value
    size = abs(value)
    places = next((places for places, least in ((0, 100), (1, 10), (2, 1), (3, 0.1)) if size >= least), 4)
    return f"{value:,.{places}f}"
