"""Read what is stored, be it by another version of Legwork: what only that one can read must stop nobody."""

from typing import TypeVar

import msgspec

T = TypeVar("T")


def readable(text: bytes | None, decoder: msgspec.json.Decoder[T]) -> T | None:
    """Give what is stored; None where nothing is, or nothing that this version can read."""
    try:
        return decoder.decode(text) if text else None
    except msgspec.MsgspecError:
        return None
