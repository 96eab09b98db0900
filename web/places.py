"""Places in streams, as addresses tell them."""

import re
from typing import Final

PATTERN: Final = "[0-9]{1,15}-[0-9]{1,15}"

_PLACE: Final = re.compile(PATTERN)


def place_of(text: str | None) -> str | None:
    """Read a place; any other word is as good as none."""
    return text if text and _PLACE.fullmatch(text) else None
