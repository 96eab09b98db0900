"""Read the numbers of a command line. Each reader raises ArgumentTypeError that says in words what may be written."""

import math
from argparse import ArgumentTypeError
from collections.abc import Callable


def whole(least: int, most: float = math.inf) -> Callable[[str], int]:
    """Make what reads a whole number within bounds."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            raise ArgumentTypeError(f"must be {_bounds(least, most)}, a whole number, not {text!r}")
        return value

    return read


def number(least: float, most: float = math.inf) -> Callable[[str], float]:
    """Make what reads a number within bounds."""

    def read(text: str) -> float:
        value = _float(text)
        if not least <= value <= most:
            raise ArgumentTypeError(f"must be {_bounds(least, most)}, not {text!r}")
        return value

    return read


def positive(text: str) -> float:
    """Read a number above 0."""
    value = _float(text)
    if not 0 < value < math.inf:
        raise ArgumentTypeError(f"must be above 0, not {text!r}")
    return value


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _bounds(least: float, most: float) -> str:
    return f"{least:g} or more" if most == math.inf else f"from {least:g} to {most:g}"
