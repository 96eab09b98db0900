"""What can be chosen about the benchmarks."""

import sys
from collections.abc import Callable

from msgspec import Struct


def to_stderr(text: str) -> None:
    """Say what goes on, apart from the results."""
    print(text, file=sys.stderr, flush=True)


class Options(Struct, frozen=True, kw_only=True):
    """`quick` makes everything small: does it work at all, in at most 20 s; its figures mean nothing."""

    quick: bool = False
    seconds: float = 3.0  # of each stretch of load, for ingest
    rates: tuple[float, ...] = ()  # calls a minute, for call-log; none: a short set of its own
    outcomes: int = 0  # that are kept at most, for retained; none: as many as it likes
    say: Callable[[str], None] = to_stderr
