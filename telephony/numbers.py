"""Turn phone numbers as RingCentral writes them into E.164, where that takes no guessing.

RingCentral: "usually a plain number including country and area code like 18661234567, but sometimes with some
formatting applied, for example (866)123-4567" (schema BaseCallLogParty). A wrong number in a CRM is worse than none,
so whatever this does not cover is left alone: short extension numbers, 911, masked or withheld callers, ten plain
digits, which may or may not begin with a country code, a `(0)`, which in most countries is dialled at home only, and
what no North American number can be, such as RingCentral's example.
"""

import re
from functools import lru_cache
from typing import Final

_DECORATION: Final = re.compile(r"[ ()./\-\u00a0\u2010-\u2015]")
_TRUNK_ZERO: Final = "(0)"
_INTERNATIONAL: Final = re.compile(r"\+(?:1[0-9]{10}|[2-9][0-9]{6,14})")
_WITH_COUNTRY_CODE: Final = re.compile(r"1[0-9]{10}|[2-9][0-9]{10,14}")
_NORTH_AMERICAN: Final = re.compile(r"\(?([2-9][0-9]{2})\)?[ .\-]?([2-9][0-9]{2})[ .\-]([0-9]{4})")


@lru_cache(maxsize=8192)
def e164(text: str | None) -> str | None:
    """Give `text` as an E.164 number (`+16505550101`), or None where it cannot be one for certain."""
    if not text or _TRUNK_ZERO in text:
        return None
    if national := _NORTH_AMERICAN.fullmatch(text.strip()):
        return "+1" + "".join(national.groups())
    plain = _DECORATION.sub("", text)
    if _INTERNATIONAL.fullmatch(plain):
        return plain
    if _WITH_COUNTRY_CODE.fullmatch(plain):
        return "+" + plain
    return None
