"""The traces of a person in anything that is stored: how a number or an extension may be spelled there. Pure.

Whatever is stored (JSON, MessagePack, a body nobody could read) holds a number as text, so one pattern over the bytes
finds it in all of them, in keys of packages that are not written yet as well.
"""

import re
from collections.abc import Iterable
from typing import Final

from telephony.search_terms import spellings

FEWEST_DIGITS: Final = 7
"""A shorter number is not one person's: it would be found within every id."""

_BETWEEN: Final = rb"(?:[ ().\-/]|\xc2\xa0|\xe2\x80[\x90-\x95])*"


class TooShort(ValueError):
    """What shall be searched for is so short that it would be found everywhere."""


def of_number(number: str) -> re.Pattern[bytes]:
    """Give what finds a number in any spelling: with and without country code and separators. Raises TooShort."""
    digits = [one for one in spellings(number) if len(one) >= FEWEST_DIGITS]
    if not digits:
        raise TooShort(f"{number!r} has fewer than {FEWEST_DIGITS} digits")
    return _any_of(_BETWEEN.join(bytes([sign]) for sign in one.encode()) for one in sorted(digits, key=len)[::-1])


def of_ids(ids: tuple[str, ...]) -> re.Pattern[bytes]:
    """Give what finds RingCentral's ids of extensions. Raises TooShort."""
    if short := [one for one in ids if len(one) < FEWEST_DIGITS]:
        raise TooShort(f"{short[0]!r} has fewer than {FEWEST_DIGITS} digits")
    return _any_of(re.escape(one.encode()) for one in ids)


def _any_of(alternatives: Iterable[bytes]) -> re.Pattern[bytes]:
    return re.compile(rb"(?<![0-9])(?:" + rb"|".join(alternatives) + rb")(?![0-9])")
