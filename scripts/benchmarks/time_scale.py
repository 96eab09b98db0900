"""Let time pass faster: a benchmark of minutes instead of hours.

The simulator plays calls `speed` times faster and RingCentral's minute is as much shorter; the product's waits are
divided by the same number. What cannot be told to be faster (the clock's least pause, how long a runner lingers, the
network, the CPU) is not, so times that are converted back are on the long side: at speed 3 each 0.1 s counts as 0.3 s.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from runtime.settings import Settings

MINUTE: Final = 60.0
_NOT_SCALED: Final = frozenset({"retention_seconds", "inbox_retention_seconds"})


def minute_seconds(speed: float) -> float:
    """Say how long RingCentral's minute lasts. Its headers tell whole seconds, so `speed` must divide 60."""
    if MINUTE % speed:
        raise ValueError(f"a minute cannot be told in whole seconds at speed {speed:g}")
    return MINUTE / speed


def settings(speed: float) -> Mapping[str, str]:
    """Give every wait the product can be told, divided by `speed`, as environment variables."""
    return {
        field.encode_name.upper(): _divided(field.default, speed)
        for field in msgspec.structs.fields(Settings)
        if field.name.endswith("_seconds") and field.name not in _NOT_SCALED
    }


def _divided(seconds: Any, speed: float) -> str:
    every = seconds if isinstance(seconds, tuple) else (seconds,)
    return ",".join(f"{one / speed:g}" for one in every)
