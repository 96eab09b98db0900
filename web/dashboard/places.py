"""Places in streams, as the addresses of pages tell them."""

import re
from typing import Final

_PLACE: Final = re.compile(r"\d{1,15}-\d{1,15}", re.ASCII)


def place_of(text: str | None) -> str | None:
    """Read a place; any other word is as good as none."""
    return text if text and _PLACE.fullmatch(text) else None
