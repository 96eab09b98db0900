"""What a call can be found by: numbers, extensions, direction, outcome, state; and what may be meant by a number.

Numbers are kept as digits. What a person types need not be in the spelling RingCentral used, and may lack the country:
then every number it could be is looked for.
"""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import lru_cache
from typing import Final

from telephony.endings import INBOUND, OUTBOUND, direction
from telephony.events import CallData
from telephony.numbers import e164
from telephony.sessions import PartyState, Session


class Kind(StrEnum):
    """What a term is about."""

    NUMBER = "number"
    EXTENSION = "extension"
    DIRECTION = "direction"
    OUTCOME = "outcome"
    STATE = "state"


Term = tuple[Kind, str]

ENDED: Final[Term] = (Kind.STATE, "ended")
UNRESOLVED: Final[Term] = (Kind.STATE, "unresolved")
DIRECTIONS: Final = frozenset({INBOUND, OUTBOUND})
_DIRECTIONS: Final[tuple[Term, ...]] = tuple((Kind.DIRECTION, one) for one in sorted(DIRECTIONS))

MOST: Final = 24
"""Numbers and extensions by which one call can be found, beside those of its own two ends. What it has more of, as
where a whole queue was rung, is cut in alphabetical order."""

_NOT_A_DIGIT: Final = re.compile(r"[^0-9]")
_LONGEST: Final = 15
_FROM_ABROAD: Final = ("00", "011")
_NORTH_AMERICAN: Final = 10

_CODES: Final = """
1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90
91 92 93 94 95 98 212 213 216 218 220 221 225 233 234 250 251 254 255 256 260 263 264 350 351 352 353 354 355 356 357
358 359 370 371 372 373 374 375 376 377 380 381 382 383 385 386 387 389 420 421 423 502 503 504 505 506 507 509 591 592
593 594 595 597 598 673 852 853 855 856 880 886 960 961 962 963 964 965 966 967 968 970 971 972 973 974 975 976 977 992
993 994 995 996 998
"""
COUNTRY_CODES: Final = tuple(_CODES.split())
"""Country codes that a number written without one may lack (ITU-T E.164, its list of assigned country codes)."""

_ZERO_STAYS: Final = ("39", "225", "378")
"""Codes of countries whose numbers begin with a zero that is dialled from abroad as well."""


def of_session(session: Session) -> frozenset[Term]:
    """Give the terms of a call as far as its notifications tell."""
    found = _of_parties(session.parties)
    if len(found) > MOST:
        found = {*_cut(found), *_of_parties(session.parties[:1])}
    return frozenset({*found, (Kind.DIRECTION, direction(session))})


def of_event(data: CallData) -> frozenset[Term]:
    """Give the terms of a call as an event tells it."""
    found: set[Term] = {(Kind.EXTENSION, extension) for extension in data.extensions}
    for end in set(data.ends):
        found.update(_of_end(end.phone_number or end.raw_phone_number, end.extension_id))
    certain: list[Term] = [(Kind.OUTCOME, data.outcome)]
    for end in (data.from_, data.to):
        certain += _of_end(end.phone_number or end.raw_phone_number, end.extension_id)
        if end.extension_number:
            certain.append((Kind.EXTENSION, end.extension_number))
    if data.direction in DIRECTIONS:
        certain.append((Kind.DIRECTION, data.direction))
    if not data.confirmed:
        certain.append(UNRESOLVED if data.revision else ENDED)
    return frozenset({*_cut(found), *certain})


def opposites(terms: Iterable[Term]) -> Iterator[Term]:
    """Give the terms that do not apply (any more) to a call of these: another direction, a state it has left."""
    known = frozenset(terms)
    if not known.isdisjoint(_DIRECTIONS):
        yield from (one for one in _DIRECTIONS if one not in known)
    if any(kind is Kind.OUTCOME for kind, _ in known):
        yield from (state for state in (ENDED, UNRESOLVED) if state not in known)


def spellings(typed: str) -> tuple[str, ...]:
    """Give every number, as digits, that somebody may mean: with and without a country, a prefix, a separator."""
    digits = _NOT_A_DIGIT.sub("", typed)
    if not digits:
        return ()
    if typed.lstrip().startswith("+"):
        return _fitting([digits, _without_trunk(digits), *_north_american(digits)])
    abroad = [digits[len(prefix) :] for prefix in _FROM_ABROAD if digits.startswith(prefix)]
    return _fitting([digits, *_north_american(digits), *abroad, *_national(digits)])


@lru_cache(maxsize=8192)
def digits_of(number: str | None) -> str | None:
    """Give the digits by which a number is found; None where it has too few or too many to be one."""
    digits = _NOT_A_DIGIT.sub("", e164(number) or number or "")
    return digits if 1 < len(digits) <= _LONGEST else None


def _of_parties(parties: Iterable[PartyState]) -> set[Term]:
    found: set[Term] = set()
    for party in parties:
        found.update(_of_end(party.from_.phone_number, party.from_.extension_id))
        found.update(_of_end(party.to.phone_number, party.to.extension_id))
        if party.extension_id:
            found.add((Kind.EXTENSION, party.extension_id))
    return found


@lru_cache(maxsize=8192)
def _of_end(number: str | None, extension_id: str | None) -> tuple[Term, ...]:
    digits = digits_of(number)
    by_number: tuple[Term, ...] = ((Kind.NUMBER, digits),) if digits else ()
    return (*by_number, (Kind.EXTENSION, extension_id)) if extension_id else by_number


def _cut(found: set[Term]) -> Iterable[Term]:
    return found if len(found) <= MOST else sorted(found)[:MOST]


def _north_american(digits: str) -> Iterator[str]:
    """Add or leave out the country code of North America, where ten digits are a whole number."""
    if len(digits) == _NORTH_AMERICAN and digits[0] not in "01":
        yield "1" + digits
    elif len(digits) == _NORTH_AMERICAN + 1 and digits.startswith("1"):
        yield digits[1:]


def _national(digits: str) -> Iterator[str]:
    """Add each country that may be meant where a number begins with the zero of a call within a country."""
    if digits.startswith("0"):
        yield from (code + digits.lstrip("0") for code in COUNTRY_CODES)
        yield from (code + digits for code in _ZERO_STAYS)


def _without_trunk(digits: str) -> str:
    """Leave out a national prefix that was typed after the country code, as in +44 (0)20."""
    code = next((code for code in COUNTRY_CODES if digits.startswith(code + "0")), None)
    return code + digits[len(code) + 1 :] if code else digits


def _fitting(numbers: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(number for number in numbers if 1 < len(number) <= _LONGEST))
