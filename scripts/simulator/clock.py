"""The only place of the simulator that reads the clock."""

import time
from collections.abc import Callable
from typing import TypeAlias

Clock: TypeAlias = Callable[[], float]


def read_clock() -> float:
    """Give the POSIX time."""
    return time.time()
